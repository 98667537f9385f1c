//! Functions die while they work, again and again, whichever it is: nothing is lost, and nobody gets anything twice.
//!
//! What dies here are the processes, by SIGKILL, as when Lambda loses a host. The local AWS itself holds in memory what
//! AWS keeps on disks, so it is not killed.

use ceap_e2e::{PATIENCE, Tenant, aws, event, grace, http, stack_to_deploy, time, until};
use serde_json::{Value, json};
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
        let item = aws::plain(&item);
        let record: Value = match &item["record"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        (text("subject"), text("state"))
    });
    records.collect()
}

#[test]
#[ignore = "kills functions of the stack that others use: run it alone"]
fn functions_die_and_the_totals_add_up() {
    let Some(_stack) = stack_to_deploy() else { return };
    let (seed, customers) = (setting("CEAP_SEED", 20_261_122), setting("CEAP_CUSTOMERS", 60));
    let tenant = Tenant::new("chaos");
    install(&tenant);
    let who: Vec<String> = (0..customers).map(|n| format!("customer-{n}")).collect();
    let (over, deaths) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut dice = Dice(seed);
            while !over.load(Ordering::Relaxed) {
                let function = MORTAL[dice.below(MORTAL.len())];
                deaths.fetch_add(killed(function, &mut dice).into(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(EVERY));
            }
        });
        for n in 0..EVENTS {
            let now = time::now();
            let all = who.iter().map(|who| {
                let data = json!({"email": format!("{who}@{}.example.com", tenant.name)});
                match n {
                    0 => event("profile_updated", who, &format!("p-{who}"), now - 60, &data),
                    _ => event("cart_left", who, &format!("{n}-{who}"), now, &json!({})),
                }
            });
            tenant.send(&all.collect::<Vec<_>>());
            std::thread::sleep(Duration::from_secs(4));
        }
        over.store(true, Ordering::Relaxed);
    });
    let deaths = deaths.load(Ordering::Relaxed);
    assert!(deaths > 10, "only {deaths} processes died");

    for who in &who {
        tenant.wait_for_count(who, "cart_left", EVENTS as u64 - 1);
    }
    // A claim whose sender died is settled once its lease is over and the queue brings the message again.
    let ended = |state: &str| matches!(state, "sent" | "delivered" | "unknown");
    let states = until("each message to have ended", PATIENCE, || {
        let states = states(&tenant);
        let kept = tenant.quarantined().len();
        let done = states.values().filter(|state| ended(state)).count();
        (done + kept >= who.len()).then_some(states)
    });
    grace();
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for message in tenant.messages() {
        *sent.entry(message.to).or_default() += 1;
    }
    let twice: Vec<_> = sent.iter().filter(|(_, times)| **times > 1).collect();
    assert_eq!(twice, [], "sent twice");
    let unknown = states.values().filter(|it| *it == "unknown").count();
    let known = states.len() - unknown;
    let kept = tenant.quarantined();
    println!(
        "seed {seed}: {customers} customers, {} events, {deaths} deaths; {known} sent, {unknown} unknown, {} kept",
        who.len() * EVENTS,
        kept.len(),
    );
    assert!(sent.len() >= known && sent.len() <= known + unknown, "{sent:?} {states:?}");
    let lost: Vec<_> = who.iter().filter(|who| !states.contains_key(*who)).collect();
    let named = |who: &String| kept.iter().any(|it| it.to_string().contains(&format!("\"{who}\"")));
    assert!(lost.iter().all(|who| named(who)), "lost: {lost:?}, {kept:?}");
}
