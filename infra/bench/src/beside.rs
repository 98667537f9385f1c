//! The same job beside what a user would pick instead: `filter` and `score` as written here for all use cases there can
//! be, and as Python and JavaScript that know this one use case only. Same inputs, same outputs, one run.

use crate::invoke::Invoker;
use crate::platform::Platform;
use crate::printed::Printed;
use crate::run::run;
use crate::templates::Templates;
use crate::workload::{Mix, Rest, use_cases};
use anyhow::{Context, Result, ensure};
use ceap_kernel::Timestamp;
use ceap_models::Loader;
use ceap_runtime::{drive, pipeline};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How fast one of them is.
#[derive(Debug, Serialize)]
pub struct Beside {
    /// In which language, by its program.
    pub program: String,
    /// Signals filtered and scored in a second of CPU time.
    pub per_second: f64,
    /// How many times as long it takes as the platform's functions.
    pub times_as_long: f64,
}

/// Rounds over all inputs: those that warm up what warms up, and those that are measured.
const WARM: u64 = 20;
const ROUNDS: u64 = 100;

/// What others answer.
#[derive(Deserialize)]
struct Answered {
    seconds: f64,
    outputs: Vec<String>,
}

/// What they have to agree on, of each signal.
#[derive(Debug, PartialEq, Deserialize)]
struct Judged {
    id: String,
    score: f64,
    reasons: Vec<String>,
    expires_at: Timestamp,
}

/// The platform's own, Python's and Node's, those that there are on this machine.
///
/// # Errors
/// When one of them says something else than the platform.
pub async fn beside(templates: &Templates, printed: &Printed) -> Result<Vec<Beside>> {
    let memory = templates.memory()?;
    let mix = Mix {
        batch: 500,
        per_subject: 3,
        visits: 2,
        groups: 4,
        carts: 10,
        gold: 100,
        rest: Rest::Merged,
    };
    let platform = Platform::new(templates, &use_cases(Rest::Merged)).await?;
    let inputs = run(&platform, printed, &memory, &mix).await?.signals;
    let sift = pipeline::sift(&platform.env, &platform.config);
    let rate = pipeline::rate(&platform.env, &platform.config, Loader::new);
    let mut outputs = Vec::new();
    let mut invoker = Invoker::new(&platform.aws, &memory);
    for round in 0..WARM.saturating_add(ROUNDS) {
        if round == WARM {
            invoker = Invoker::new(&platform.aws, &memory);
        }
        outputs.clear();
        for input in &inputs {
            let stage = drive::task("filter", &sift, input.as_bytes());
            let (filtered, _) = invoker.invoke("filter", stage).await?;
            let stage = drive::task("score", &rate, &filtered);
            let (scored, _) = invoker.invoke("score", stage).await?;
            outputs.push(String::from_utf8(scored)?);
        }
    }
    printed.take()?;
    let took: f64 = invoker.bill.functions.values().map(|it| it.cpu.as_secs_f64()).sum();
    let expected = judged(&outputs)?;
    let signals = u32::try_from(expected.len())?;
    let all = f64::from(signals) * f64::from(u32::try_from(ROUNDS)?);
    let own =
        Beside { program: "filter, score".to_owned(), per_second: all / took, times_as_long: 1.0 };
    let mut rows = vec![own];
    for (program, file) in [("python3", "job.py"), ("node", "job.mjs")] {
        let Some(answered) = asked(program, file, &inputs)? else { continue };
        let same = judged(&answered.outputs)? == expected;
        ensure!(same, "{program} judges other than the platform");
        rows.push(Beside {
            program: program.to_owned(),
            per_second: all / answered.seconds,
            times_as_long: answered.seconds / took,
        });
    }
    Ok(rows)
}

/// Runs a program; none where there is none of this name.
fn asked(program: &str, file: &str, inputs: &[String]) -> Result<Option<Answered>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("others").join(file);
    let started =
        Command::new(program).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context(program.to_owned()),
    };
    let job = serde_json::json!({"warm": WARM, "rounds": ROUNDS, "inputs": inputs});
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(job.to_string().as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{program} failed: {}", output.status);
    Ok(Some(serde_json::from_slice(&output.stdout)?))
}

fn judged(outputs: &[String]) -> Result<Vec<Judged>> {
    let mut all = Vec::new();
    for output in outputs {
        let output: Value = serde_json::from_str(output)?;
        let signals = output.get("signals").cloned().context("no signals")?;
        all.extend(serde_json::from_value::<Vec<Judged>>(signals)?);
    }
    ensure!(!all.is_empty(), "nothing was judged");
    Ok(all)
}
