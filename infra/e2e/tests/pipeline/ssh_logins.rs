//! Real events that nobody here wrote: the log of an SSH server, which is not part of the checkout.

use ceap_e2e::events::{failed_logins, shuffled};
use ceap_e2e::{Tenant, event, grace, root, stack, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const FILE: &str = "ssh_logins/OpenSSH_2k.log_structured.csv";

/// The sources with more than 5 failures in any 10 minutes, as the issue names them.
const SOURCES: [&str; 8] = [
    "103.99.0.122",
    "112.95.230.3",
    "119.4.203.64",
    "123.235.32.19",
    "183.62.140.253",
    "185.190.58.151",
    "187.141.143.180",
    "5.188.10.180",
];

/// Not one of the log: once its alert is there, all that was sent before it is through.
const SENTINEL: &str = "192.0.2.1";

/// A file of the shared data; none, with a word about it, when it is not there.
pub fn shared(name: &str) -> Option<String> {
    let folder = std::env::var_os("CEAP_SHARED_DATA").map(PathBuf::from);
    let folder = folder.or_else(|| Some(root().parent()?.join("shared/data")));
    let text = folder.and_then(|folder| std::fs::read_to_string(folder.join(name)).ok());
    if text.is_none() {
        eprintln!("skipped: {name} is not there (set CEAP_SHARED_DATA to its folder)");
    }
    text
}

/// One event for each "Failed password" line; all of one day, moved so that the newest is now.
fn logins(log: &str) -> Vec<Value> {
    let lines: Vec<(&str, &str, i64)> = log
        .lines()
        .filter(|line| line.contains("Failed password"))
        .map(|line| {
            let fields: Vec<&str> = line.splitn(5, ',').collect();
            assert_eq!(fields[1..3], ["Dec", "10"]);
            let clock = format!("2015-12-10T{}Z", fields[3]);
            let (_, rest) = line.split_once(" from ").unwrap();
            (fields[0], rest.split(' ').next().unwrap(), time::parse(&clock))
        })
        .collect();
    let shift = time::now() - lines.iter().map(|(_, _, at)| *at).max().unwrap();
    let login = |(id, source, at): &(&str, &str, i64)| {
        event("login_failed", source, id, at + shift, &json!({}))
    };
    lines.iter().map(login).collect()
}

fn alerts(label: &str, events: &[Value]) {
    let tenant = Tenant::new(label);
    tenant.send(events);
    let found = tenant.wait_for_messages(SOURCES.len());
    assert_eq!(found.len(), SOURCES.len(), "{found:?}");
    tenant.send(&failed_logins(SENTINEL, 6, time::now()));
    let mut expected: Vec<&str> = SOURCES.into();
    expected.push(SENTINEL);
    let _ = tenant.wait_for_messages(expected.len());
    grace();

    let messages = tenant.messages();
    let mut alerted: Vec<&str> = messages.iter().map(|it| named(&it.title)).collect();
    alerted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(alerted, expected, "{label}");
    for message in &messages {
        assert_eq!((message.channel, &message.to), ("email", &tenant.security()));
        let count = message.title.split(' ').find_map(|word| word.parse::<u32>().ok()).unwrap();
        assert!(count > 5, "{message:?}");
    }

    // Nothing was lost and nothing counted twice on the way.
    let mut counts: BTreeMap<&str, BTreeMap<&str, ()>> = BTreeMap::new();
    for event in events {
        let (subject, id) = (event["subject"].as_str().unwrap(), event["id"].as_str().unwrap());
        counts.entry(subject).or_default().insert(id, ());
    }
    for (source, ids) in counts {
        let expected = u64::try_from(ids.len()).unwrap();
        assert_eq!(tenant.count(source, "login_failed"), expected, "{label}: {source}");
    }
    assert_eq!(tenant.quarantined(), Vec::<Value>::new());
}

/// The address in an alert's title.
fn named(title: &str) -> &str {
    let is_address = |word: &&str| word.split('.').filter(|n| n.parse::<u8>().is_ok()).count() == 4;
    title.split(' ').find(is_address).unwrap_or_else(|| panic!("no source in {title:?}"))
}

#[test]
fn eight_sources_whatever_the_order() {
    let Some(_stack) = stack() else { return };
    let Some(log) = shared(FILE) else { return };
    let logins = logins(&log);
    assert_eq!(logins.len(), 520);
    let reversed = logins.iter().rev().cloned().collect::<Vec<_>>();
    let twice = shuffled([logins.clone(), logins.clone()].concat(), 2017);
    std::thread::scope(|scope| {
        scope.spawn(|| alerts("ssh-in-order", &logins));
        scope.spawn(|| alerts("ssh-reversed", &reversed));
        scope.spawn(|| alerts("ssh-shuffled-twice", &twice));
    });
}
