//! Functions die while they work, again and again, whichever it is, and all of the stack ends in the middle of its work:
//! nothing is lost, and nobody gets anything twice.
//!
//! Processes of functions die by SIGKILL, as when Lambda loses a host. The local AWS ends as by a power cut: what is under
//! way is never heard of again, and what AWS keeps is there at the next start (`infra/local/keep.py`).

use ceap_e2e::{PATIENCE, Tenant, aws, event, grace, http, stack_to_deploy, time, until};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Functions that die: all between the stream and the provider.
const MORTAL: [&str; 6] = ["ingest-stream", "filter", "score", "store", "deliver", "deliver-email"];

/// Milliseconds from one death to the next.
const EVERY: u64 = 250;

const EVENTS: usize = 5;

/// Of one request.
const AT_ONCE: usize = 400;

/// Times that the stack ends.
const POWER_CUTS: usize = 3;

/// A sequence that is the same from the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % n as u64).unwrap()
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
}

/// The processes that run a function now.
fn processes(function: &str) -> Vec<u32> {
    let name = aws::output(&format!("/functions/{function}"));
    let mark = format!("AWS_LAMBDA_FUNCTION_NAME={name}");
    let pids =
        fs::read_dir("/proc").unwrap().filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    let runs = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it == mark.as_bytes())
    };
    pids.filter(runs).collect()
}

/// Kills one process of a function; false if it has none now.
fn killed(function: &str, dice: &mut Dice) -> bool {
    let found = processes(function);
    let Some(pid) = found.get(dice.below(found.len().max(1))) else { return false };
    Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success()
}

fn install(tenant: &Tenant) {
    let document = "id: greet\nversion: 1\nname: Chaos\npurpose: transactional\n\
        trigger: {event: cart_left}\nscore: {kind: expression, base: 1}\nttl: 24h\n\
        action: {channel: email, subject: Hi, text: You left something.}\n";
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let url = format!("{}/v1/use-cases/greet", aws::API);
    let kept = http::call("PUT", &url, &headers, document.as_bytes());
    assert_eq!(kept.status, 201, "{kept}");
    // Documents are known everywhere within ten seconds.
    std::thread::sleep(Duration::from_secs(11));
}

/// What became of each customer's message, by the platform's records.
fn states(tenant: &Tenant) -> BTreeMap<String, String> {
    let records = tenant.records().into_iter().map(|item| {
        let text = |key: &str| item[key]["S"].as_str().unwrap_or_default().to_owned();
        (text("subject"), text("state"))
    });
    records.collect()
}

/// Customers of a tenant, each of whom leaves a cart again and again, and is to be written to once.
struct Trial {
    tenant: Tenant,
    who: Vec<String>,
    seed: u64,
}

impl Trial {
    fn new(label: &str) -> Self {
        let (seed, customers) = (setting("CEAP_SEED", 20_261_122), setting("CEAP_CUSTOMERS", 60));
        let tenant = Tenant::new(label);
        install(&tenant);
        Self { tenant, who: (0..customers).map(|n| format!("customer-{n}")).collect(), seed }
    }

    /// Sends what each customer does the `nth` time, again until the API has taken it, as clients do.
    fn send(&self, nth: usize) {
        let now = time::now();
        let lines = self.who.iter().map(|who| {
            let data = json!({"email": format!("{who}@{}.example.com", self.tenant.name)});
            match nth {
                0 => event("profile_updated", who, &format!("p-{who}"), now - 60, &data),
                _ => event("cart_left", who, &format!("{nth}-{who}"), now, &json!({})),
            }
        });
        let lines: Vec<String> = lines.map(|it| it.to_string()).collect();
        let url = format!("{}/v1/events", aws::API);
        let key = self.tenant.write_key.as_str();
        let headers = [("x-write-key", key), ("content-type", "application/x-ndjson")];
        for lines in lines.chunks(AT_ONCE) {
            until("the API to take events", PATIENCE, || {
                let body = lines.join("\n");
                let answer = http::reached("POST", &url, &headers, body.as_bytes()).ok()?;
                assert!(matches!(answer.status, 202 | 429 | 500..), "{answer}");
                (answer.status == 202).then_some(())
            });
        }
    }

    /// Nothing is lost, and nobody was written to twice.
    fn adds_up(&self, what: &str) {
        let Self { tenant, who, seed } = self;
        for who in who {
            tenant.wait_for_count(who, "cart_left", EVENTS as u64 - 1);
        }
        // A claim whose sender died is settled once its lease is over and the queue brings the message again.
        let ended = |state: &str| matches!(state, "sent" | "delivered" | "unknown");
        let states = until("each message to have ended", PATIENCE, || {
            let states = states(tenant);
            let kept = tenant.quarantined().len();
            let done = states.values().filter(|state| ended(state)).count();
            (done + kept >= who.len()).then_some(states)
        });
        grace();
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for message in tenant.messages() {
            *sent.entry(message.to).or_default() += 1;
        }
        let unknown = states.values().filter(|it| *it == "unknown").count();
        let known = states.len() - unknown;
        let kept = tenant.quarantined();
        println!(
            "seed {seed}: {} customers, {} events, {what}: {known} sent, {unknown} unknown, {} kept, {} at the provider",
            who.len(),
            who.len() * EVENTS,
            kept.len(),
            sent.values().sum::<usize>(),
        );
        let twice: Vec<_> = sent.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "sent twice: {twice:?}");
        assert!(sent.len() >= known && sent.len() <= known + unknown, "{sent:?} {states:?}");
        let lost: Vec<_> = who.iter().filter(|who| !states.contains_key(*who)).collect();
        let named =
            |who: &String| kept.iter().any(|it| it.to_string().contains(&format!("\"{who}\"")));
        assert!(lost.iter().all(|who| named(who)), "lost: {lost:?}, {kept:?}");
    }
}

#[test]
#[ignore = "kills functions of the stack that others use: run it alone"]
fn functions_die_and_the_totals_add_up() {
    let Some(_stack) = stack_to_deploy() else { return };
    let trial = Trial::new("chaos");
    let (over, deaths) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut dice = Dice(trial.seed);
            while !over.load(Ordering::Relaxed) {
                let function = MORTAL[dice.below(MORTAL.len())];
                deaths.fetch_add(killed(function, &mut dice).into(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(EVERY));
            }
        });
        for nth in 0..EVENTS {
            trial.send(nth);
            std::thread::sleep(Duration::from_secs(4));
        }
        over.store(true, Ordering::Relaxed);
    });
    let deaths = deaths.load(Ordering::Relaxed);
    assert!(deaths > 10, "only {deaths} processes died");
    trial.adds_up(&format!("{deaths} deaths"));
}

#[test]
#[ignore = "ends the stack that others use: run it alone"]
fn the_stack_ends_in_the_middle_and_the_totals_add_up() {
    let Some(_stack) = stack_to_deploy() else { return };
    let trial = Trial::new("power-cut");
    let mut dice = Dice(trial.seed);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for nth in 0..EVENTS {
                trial.send(nth);
                std::thread::sleep(Duration::from_secs(1));
            }
            over.store(true, Ordering::Relaxed);
        });
        for _ in 0..POWER_CUTS {
            std::thread::sleep(Duration::from_millis(dice.below(3000) as u64));
            restart();
        }
    });
    assert!(over.load(Ordering::Relaxed));
    trial.adds_up(&format!("the stack ended {POWER_CUTS} times"));
}

fn restart() {
    let mut restart = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    restart.args(["xtask", "restart"]).current_dir(ceap_e2e::root());
    let ended = restart.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
