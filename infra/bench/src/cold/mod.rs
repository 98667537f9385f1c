//! Cold starts: each function's binary, started as Lambda starts it, against a runtime API and an AWS on this machine.
//!
//! Beside each stands a hello-world of the same runtime that builds the same clients, so that what the function itself adds
//! is seen.

mod clients;
mod http;
pub mod warm;

use crate::aws::Aws;
use crate::platform::Platform;
use crate::routes::desk::Desk;
use crate::routes::script::Request as Asking;
use crate::templates::{FunctionOf, Templates};
use anyhow::{Context, Result, bail, ensure};
use ceap_aws::played::{Asked, Network};
use ceap_helpdesk::api::Method;
use http::{Request, Response};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What starting a function takes.
#[derive(Debug, Clone, Serialize)]
pub struct Cold {
    /// The function.
    pub function: String,
    /// Milliseconds until it asks for its first event, the middle of several starts.
    pub init_ms: f64,
    /// Milliseconds from that event to its answer, if it came in time.
    pub first_ms: Option<f64>,
    /// What that answer said, if it was an error: a task's event may be about what nobody has begun here.
    pub refused: Option<String>,
    /// Megabytes of memory at most.
    pub peak_mb: f64,
    /// Megabytes of the binary.
    pub binary_mb: f64,
    /// How many times as long it takes to start as a hello-world with the same clients.
    pub times_hello: f64,
    /// Which those are.
    pub clients: Vec<&'static str>,
    /// Milliseconds until that hello-world asks for its first event.
    pub hello_ms: f64,
}

/// Starts of each, of which the middle counts.
pub const STARTS: usize = 15;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked whether a function lives.
const MOMENT: Duration = Duration::from_millis(200);

/// The hello-world's binary.
pub const HELLO: &str = "hello";
/// The variable that tells it which clients to build.
pub const CLIENTS: &str = "HELLO_CLIENTS";

/// What the runtime API sees.
#[derive(Debug)]
enum Seen {
    Next(Instant),
    Answered(Instant, Option<String>),
}

/// The tenant that the repository's events are about, and the use cases of theirs.
const TENANT: &str = "acme";
const USE_CASES: [&str; 2] = ["predictive-issue-resolution", "suspicious-activity"];

/// How an error begins that is nobody's but the function's.
const INTERNAL: &str = "internal";

/// The function whose event sets that tenant up.
const FOUNDER: &str = "tenants";

/// Every function whose binary is in `folder`, with the events that are in the repository, of an AWS where their tenant is.
///
/// # Errors
/// When one does not start.
pub async fn starts(templates: &Templates, root: &Path, folder: &Path) -> Result<Vec<Cold>> {
    let aws = Aws::new(&templates.data)?;
    let before = aws.kept();
    let document = |name| std::fs::read_to_string(root.join(format!("use-cases/{name}.yaml")));
    let documents: Vec<String> = USE_CASES.into_iter().map(document).collect::<Result<_, _>>()?;
    let platform = Platform::on(aws, TENANT, &documents).await?;
    open_helpdesk(templates, &platform).await?;
    let (aws, after) = (&platform.aws, platform.aws.kept());
    let port = serve_aws(Arc::clone(aws))?;
    let (mut rows, mut still) = (Vec::new(), Vec::new());
    for function in templates.functions()? {
        let event = first(&root.join("events").join(&function.name));
        let event = event.with_context(|| format!("{}: no event", function.name))?;
        let clients: Vec<&str> = clients::of(&function)?.into_iter().collect();
        let own = Starting {
            binary: folder.join(&function.name),
            clients: String::new(),
            function: &function,
            aws: port,
            event: &event,
            begin: &|| aws.put_back(if function.name == FOUNDER { &before } else { &after }),
        };
        if !own.binary.exists() {
            still.push(format!("{}: is not built", function.name));
            continue;
        }
        let hello =
            Starting { binary: folder.join(HELLO), clients: clients.join(","), ..own.clone() };
        match in_turn(&own, &hello) {
            Ok((Cold { refused: Some(why), .. }, _)) if why.starts_with(INTERNAL) => {
                still.push(format!("{}: {why}", function.name));
            }
            Ok((own, hello)) => rows.push(Cold {
                times_hello: own.init_ms / hello.init_ms,
                hello_ms: hello.init_ms,
                clients,
                ..own
            }),
            Err(error) => still.push(format!("{}: {error:#}", function.name)),
        }
    }
    ensure!(still.is_empty(), "what does not start, or fails: {}", still.join("; "));
    Ok(rows)
}

/// Somebody of the team has been there: so there is a helpdesk for its functions to work on.
async fn open_helpdesk(templates: &Templates, platform: &Platform) -> Result<()> {
    let memory = templates.memory()?;
    let me = Asking::of(Method::Get, "/users/me");
    let (asked, answer) = Desk::new(platform, &memory)?.ask(&me).await?;
    ensure!(asked.status == 200, "{answer}");
    Ok(())
}

/// The first event of a folder, in which answers to some lie, too.
fn first(folder: &Path) -> Option<Vec<u8>> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|it| it.path());
    let is_event = |file: &PathBuf| !file.to_string_lossy().ends_with(".answer.json");
    let mut files: Vec<_> = files.filter(is_event).collect();
    files.sort();
    std::fs::read(files.first()?).ok()
}

/// A program, and what it is started with.
#[derive(Clone)]
struct Starting<'a> {
    binary: PathBuf,
    /// Which clients a hello-world builds.
    clients: String,
    function: &'a FunctionOf,
    aws: u16,
    event: &'a [u8],
    /// Makes AWS what it is before each start.
    begin: &'a dyn Fn(),
}

/// Starts both by turns, so that whatever else this machine does falls on both; the middle of each.
fn in_turn(own: &Starting<'_>, hello: &Starting<'_>) -> Result<(Cold, Cold)> {
    let (mut all, mut hellos) = (Vec::new(), Vec::new());
    let started = |it: &Starting<'_>| start(it).with_context(|| it.binary.display().to_string());
    for _ in 0..STARTS {
        all.push(started(own)?);
        hellos.push(started(hello)?);
        // Who waits for what nobody plays here waits each time.
        if all.iter().any(|it| it.first_ms.is_none()) {
            break;
        }
    }
    Ok((middle(all)?, middle(hellos)?))
}

fn middle(mut all: Vec<Cold>) -> Result<Cold> {
    all.sort_by(|one, other| one.init_ms.total_cmp(&other.init_ms));
    let mut firsts: Vec<f64> = all.iter().filter_map(|it| it.first_ms).collect();
    firsts.sort_by(f64::total_cmp);
    let at = all.len() / 2;
    let found = all.get(at).cloned().context("no start")?;
    Ok(Cold { first_ms: firsts.get(at).copied(), ..found })
}

fn start(starting: &Starting<'_>) -> Result<Cold> {
    let Starting { binary, clients, function, aws, event, begin } = starting;
    begin();
    let (tell, told) = channel();
    let port = serve_runtime(event.to_vec(), tell)?;
    let mut command = command(binary, function, port, *aws);
    command.env(CLIENTS, clients);
    let began = Instant::now();
    let mut child = command.spawn()?;
    let found = watched(&mut child, &told, began);
    child.kill()?;
    child.wait()?;
    let (init, first, refused, peak_mb) = found?;
    #[allow(clippy::cast_precision_loss)] // megabytes
    let binary_mb = std::fs::metadata(binary)?.len() as f64 / 1e6;
    Ok(Cold {
        function: function.name.clone(),
        init_ms: init.as_secs_f64() * 1000.0,
        first_ms: first.map(|it| it.as_secs_f64() * 1000.0),
        refused,
        peak_mb,
        binary_mb,
        times_hello: 1.0,
        clients: Vec::new(),
        hello_ms: 0.0,
    })
}

/// A function's program, as Lambda starts it: with a runtime API and an AWS on these ports.
fn command(binary: &Path, function: &FunctionOf, port: u16, aws: u16) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().envs(&function.variables).stdout(Stdio::null());
    // Why a function ends at once, it says there.
    command.stderr(Stdio::inherit());
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}")),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "log".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "log".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "played".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "played".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{aws}")),
    ] {
        command.env(name, value);
    }
    command
}

fn watched(
    child: &mut Child,
    told: &Receiver<Seen>,
    began: Instant,
) -> Result<(Duration, Option<Duration>, Option<String>, f64)> {
    let asked = loop {
        match told.recv_timeout(MOMENT) {
            Ok(Seen::Next(asked)) => break asked,
            Ok(Seen::Answered(..)) => bail!("an answer to nothing"),
            Err(_) if began.elapsed() > PATIENCE => bail!("asks for nothing"),
            Err(_) => ensure!(child.try_wait()?.is_none(), "ended at once"),
        }
    };
    let (first, refused) = match told.recv_timeout(PATIENCE) {
        Ok(Seen::Answered(at, refused)) => (Some(at.duration_since(asked)), refused),
        Ok(Seen::Next(_)) => bail!("asks again without an answer"),
        Err(_) => (None, None),
    };
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: f64 = peak.and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    Ok((asked.duration_since(began), first, refused, peak / 1024.0))
}

/// The runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) with one event to give.
fn serve_runtime(event: Vec<u8>, tell: Sender<Seen>) -> Result<u16> {
    let event = Mutex::new(Some(event));
    let tell = Mutex::new(tell);
    http::serve(move |request: Request| {
        let now = Instant::now();
        let say = |seen| {
            if let Ok(tell) = tell.lock() {
                // Who started the function has heard enough of it.
                drop(tell.send(seen));
            }
        };
        if request.path.ends_with("/next") {
            let body = event.lock().ok()?.take()?;
            say(Seen::Next(now));
            return Some(Response { status: 200, headers: headers(), body });
        }
        let refused = request.path.ends_with("/error").then(|| message(&request.body));
        say(Seen::Answered(now, refused));
        Some(Response { status: 202, headers: Vec::new(), body: Vec::new() })
    })
}

/// What goes with an event.
fn headers() -> Vec<(String, String)> {
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:123456789012:function:it",
        ),
        (
            "Lambda-Runtime-Trace-Id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        ),
        ("Content-Type", "application/json"),
    ];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// What an error says (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror>).
fn message(body: &[u8]) -> String {
    let error: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let said = error.get("errorMessage").and_then(|it| it.as_str()).unwrap_or("an error");
    said.lines().next().unwrap_or_default().to_owned()
}

/// AWS for other processes. Whose service is asked stands in the signature.
fn serve_aws(aws: Arc<Aws>) -> Result<u16> {
    http::serve(move |request: Request| {
        let signed = request.headers.iter().find(|(name, _)| name == "authorization");
        let scope = signed.and_then(|(_, value)| value.split('/').nth(3)).unwrap_or("unknown");
        let service = if scope == "ses" { "email" } else { scope };
        let asked = Asked {
            method: request.method,
            url: format!("https://{service}.us-east-1.amazonaws.com{}", request.path),
            headers: request.headers,
            body: request.body,
        };
        let sent = aws.sent();
        let answered = aws.answer(&asked, sent);
        std::thread::sleep(aws.latency());
        aws.received(sent);
        let headers = answered.headers.into_iter().filter(|(name, _)| *name != "content-length");
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).collect();
        Some(Response { status: answered.status, headers, body: answered.body })
    })
}
