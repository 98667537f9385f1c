//! Real history that nobody here wrote: the purchases of CDNOW's customers, sent as events, and *win-back*
//! replayed on them from the lake. The data is not part of the checkout.

use crate::messages::call;
use crate::ssh_logins::shared;
use ceap_e2e::{PATIENCE, Tenant, event, lake, stack, time, until};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const FILE: &str = "cdnow/CDNOW_master.txt";

/// A row: its line, the customer, the day as the file writes it, and the amount.
type Row<'a> = (usize, &'a str, &'a str, f64);

fn row((n, line): (usize, &str)) -> Option<Row<'_>> {
    let mut words = line.split_whitespace();
    let customer = words.next().filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((n + 1, customer, words.next()?, words.nth(1)?.parse().ok()?))
}

fn purchase((line, customer, day, amount): &Row<'_>) -> Value {
    let at = time::parse(&format!("{}-{}-{}T00:00:00Z", &day[..4], &day[4..6], &day[6..]));
    event("purchase", customer, &line.to_string(), at, &json!({"amount": amount}))
}

/// The ten-line script: who bought on 1997-12-31 for the last time before 1998-03-31 was over, having
/// spent more than 100 in all.
fn expected(rows: &[Row<'_>]) -> BTreeSet<String> {
    let mut customers: BTreeMap<&str, (&str, f64)> = BTreeMap::new();
    for (_, customer, day, amount) in rows.iter().filter(|row| row.2 <= "19980331") {
        let (last, sum) = customers.entry(customer).or_default();
        *last = (*last).max(day);
        *sum += amount;
    }
    let lost = customers.iter().filter(|(_, (last, sum))| *last == "19971231" && *sum > 100.0);
    lost.map(|(customer, _)| (*customer).to_owned()).collect()
}

fn in_the_lake(tenant: &Tenant) -> usize {
    let counted = "SELECT count(DISTINCT id) FROM events WHERE tenant = ?";
    lake::ask(counted, &[&lake::literal(&tenant.name)])[0][0].parse().unwrap()
}

#[test]
fn win_back_is_replayed_on_what_was_sent() {
    let Some(text) = shared(FILE) else { return };
    let Some(_stack) = stack() else { return };
    let rows: Vec<Row<'_>> = text.lines().enumerate().filter_map(row).collect();
    assert_eq!(rows.len(), 69_659, "as the data's README says");
    let events: Vec<Value> = rows.iter().map(purchase).collect();
    let tenant = Tenant::new("cdnow");
    let begun = Instant::now();
    tenant.send(&events);
    eprintln!("{} events taken in {:?}", events.len(), begun.elapsed());
    until("all of it in the lake", PATIENCE, || (in_the_lake(&tenant) == rows.len()).then_some(()));
    eprintln!("in the lake after {:?}", begun.elapsed());

    let installed = call(&tenant, "POST", "use-cases", "", &json!({"catalogue": "win-back"}));
    assert_eq!(installed.status, 201, "{installed}");
    let day = "1998-03-31T00:00:00Z";
    let asked = json!({"from": day, "to": day, "sample": 100});
    let begun = Instant::now();
    let asked = call(&tenant, "POST", "use-cases/win-back/replay", "", &asked);
    assert_eq!(asked.status, 202, "{asked}");
    let path = format!("use-cases/win-back/runs/{}", asked.json()["id"].as_str().unwrap());
    let run = until("the replay to end", PATIENCE, || {
        let run = call(&tenant, "GET", &path, "", &Value::Null).json();
        (run["finished"] != Value::Null).then_some(run)
    });
    eprintln!("replayed in {:?}", begun.elapsed());
    assert_eq!(run["state"], "done", "{run}");
    let read = rows.iter().filter(|row| row.2 <= "19980331").count();
    assert_eq!(run["counts"]["events"], json!(read), "what came later is not read");
    assert_eq!(run["counts"]["subjects"], json!(23_570));
    let passed = run["result"]["passed"].as_array().unwrap();
    let found = passed.iter().map(|it| it["subject"].as_str().unwrap().to_owned());
    let expected = expected(&rows);
    assert_eq!(expected.len(), 10);
    assert_eq!(found.collect::<BTreeSet<String>>(), expected);
    assert!(tenant.messages().is_empty(), "a replay sends nothing");
}
