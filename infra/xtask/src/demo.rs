//! `demo`: events in, real emails and texts out, and the funnel between.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::funnel::{Funnel, Reader, total};
use crate::outbox::{self, Captured};
use crate::send::{self, Sent};
use crate::token::{self, Credentials, Role};
use crate::up::{self, Build};
use crate::{aws, events, outputs::Outputs, records, repo::Repo};

/// Arguments of `demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// Other events than the samples: CloudEvents as JSON, one per line; gzip is accepted
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Leave the events' times as they are; otherwise all are moved so that the newest is now
    #[arg(long)]
    keep_time: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
    /// Use this tenant instead of a fresh one
    #[arg(long)]
    tenant: Option<String>,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct Report {
    ingested: u64,
    duplicates: u64,
    quarantined: u64,
    matched: u64,
    filtered: BTreeMap<String, u64>,
    scored: u64,
    stored: u64,
    delivered: BTreeMap<String, u64>,
    suppressed: BTreeMap<String, u64>,
    unknown: u64,
    elapsed_s: f64,
    sent: Vec<Captured>,
}

/// How long the books must stay unchanged once they balance: a last message may still arrive.
const QUIET: Duration = Duration::from_secs(3);
/// How long messages held back (quiet hours) are waited for.
const HELD_PATIENCE: Duration = Duration::from_secs(45);
/// How long nothing may change while the books do not balance.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs the demo; the stack is left running.
pub fn run(repo: &Repo, args: &DemoArgs) -> Result<()> {
    let mut lines = read_events(repo, args)?;
    up::start(repo, Build::Functions)?;
    let outputs = Outputs::read(repo)?;
    let credentials = tenant(&outputs, args)?;
    let tenant = credentials.tenant.as_str();
    let before = outbox::ids()?;
    if !args.keep_time {
        events::move_to(Timestamp::now(), &mut lines);
    }

    eprintln!("sending {} events to tenant {tenant}", lines.len());
    let began = Instant::now();
    let mut reader =
        Reader::new(tenant, outputs.all_log_groups(), Timestamp::now().as_millisecond());
    let mut shown = Instant::now();
    let sent = send::send(&lines, tenant, &credentials.write_key, |sent| {
        if shown.elapsed() > Duration::from_secs(2) {
            eprintln!("  {} of {} events sent", sent.lines, lines.len());
            shown = Instant::now();
        }
    })?;
    if sent.refused > 0 {
        eprintln!(
            "  {} lines are larger than the API takes; they count as quarantined",
            sent.refused
        );
    }
    let funnel = wait(&mut reader, sent)?;
    let mut captured = outbox::captured(tenant, &before)?;
    if let Some(table) = outputs.tables.get("engagement") {
        outbox::label(&mut captured, &records::read(table, tenant)?);
    }
    let report = report(funnel.clone(), sent, began.elapsed(), captured);
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print_table(&report, &funnel, tenant);
        print_messages(&report.sent);
        print_next(tenant);
    }
    Ok(())
}

fn read_events(repo: &Repo, args: &DemoArgs) -> Result<Vec<Vec<u8>>> {
    if let Some(file) = &args.from {
        return events::read(file);
    }
    let folder = repo.path("events/demo");
    let mut files = Vec::new();
    for entry in
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut lines = Vec::new();
    for file in &files {
        lines.extend(events::read(file)?);
    }
    if lines.is_empty() {
        bail!("no events in {}: it should hold *.jsonl files", folder.display());
    }
    Ok(lines)
}

fn tenant(outputs: &Outputs, args: &DemoArgs) -> Result<Credentials> {
    if let Some(name) = &args.tenant {
        return token::issue(outputs, name, Role::Admin);
    }
    let name = format!("demo-{}", base36(Timestamp::now().as_millisecond().unsigned_abs()));
    token::create(outputs, &name)?
        .with_context(|| format!("tenant {name} exists already: run the demo again"))
}

/// Short, and unique on this machine when the number is the time.
fn base36(mut n: u64) -> String {
    let mut digits = Vec::new();
    while n > 0 {
        digits.push(
            u32::try_from(n.checked_rem(36).unwrap_or(0))
                .ok()
                .and_then(|d| char::from_digit(d, 36)),
        );
        n = n.checked_div(36).unwrap_or(0);
    }
    digits.into_iter().rev().flatten().collect()
}

/// Waits until the books balance and nothing changes any more.
fn wait(reader: &mut Reader, sent: Sent) -> Result<Funnel> {
    let mut last = Funnel::default();
    let mut changed = Instant::now();
    let mut shown = Instant::now();
    loop {
        let funnel = reader.read(Timestamp::now().as_millisecond())?;
        if funnel != last {
            changed = Instant::now();
            last = funnel;
        }
        let still = changed.elapsed();
        let imbalance = last.imbalance(sent.lines, still > HELD_PATIENCE);
        match imbalance {
            None if still >= QUIET => return Ok(last),
            Some(book) if still >= PATIENCE => {
                bail!(
                    "{book}; nothing has changed for {} s, see `cargo xtask status` for the log",
                    PATIENCE.as_secs()
                )
            }
            _ => {}
        }
        if shown.elapsed() > Duration::from_secs(2) {
            eprintln!("  {}", progress(&last));
            shown = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn progress(funnel: &Funnel) -> String {
    format!(
        "ingested {}, matched {}, filtered out {}, scored {}, stored {}, delivered {}, suppressed {}",
        funnel.ingested,
        funnel.matched,
        total(&funnel.filtered),
        funnel.scored,
        funnel.stored,
        total(&funnel.delivered),
        total(&funnel.suppressed),
    )
}

fn report(funnel: Funnel, sent: Sent, elapsed: Duration, captured: Vec<Captured>) -> Report {
    Report {
        ingested: funnel.ingested,
        duplicates: funnel.duplicates,
        quarantined: funnel.quarantined.saturating_add(sent.refused),
        matched: funnel.matched,
        filtered: funnel.filtered,
        scored: funnel.scored,
        stored: funnel.stored,
        delivered: funnel.delivered,
        suppressed: funnel.suppressed,
        unknown: funnel.unknown,
        elapsed_s: (elapsed.as_secs_f64() * 10.0).round() / 10.0,
        sent: captured,
    }
}

fn print_table(report: &Report, funnel: &Funnel, tenant: &str) {
    println!("\nThe funnel of tenant {tenant}, in {} s\n", report.elapsed_s);
    row("ingested", report.ingested);
    row("duplicates", report.duplicates);
    row("quarantined", report.quarantined);
    row("matched", report.matched);
    rows("filtered out", &report.filtered);
    row("scored", report.scored);
    if funnel.signals_quarantined > 0 {
        row("signals quarantined", funnel.signals_quarantined);
    }
    row("stored", report.stored);
    if funnel.merged > 0 {
        row("joined a candidate", funnel.merged);
    }
    rows("delivered", &report.delivered);
    rows("suppressed", &report.suppressed);
    for (name, n) in [("failed", funnel.failed), ("unknown", report.unknown)] {
        if n > 0 {
            row(name, n);
        }
    }
}

fn row(name: &str, n: u64) {
    println!("  {name:<24}{n:>8}");
}

fn rows(name: &str, tally: &BTreeMap<String, u64>) {
    row(name, total(tally));
    for (part, n) in tally {
        println!("    {part:<22}{n:>8}");
    }
}

fn print_messages(sent: &[Captured]) {
    println!("\n{} messages captured by the local SES and SNS, some of them:", sent.len());
    for example in examples(sent) {
        let use_case = example.use_case.as_deref().unwrap_or("-");
        println!("\n  {} to {} ({use_case})", example.channel, example.to);
        if !example.title.is_empty() {
            println!("  | {}", example.title);
        }
        for line in example.body.lines().filter(|line| !line.trim().is_empty()).take(6) {
            println!("  | {line}");
        }
    }
}

/// The first message of each channel and use case.
fn examples(sent: &[Captured]) -> Vec<&Captured> {
    let mut kinds = BTreeMap::new();
    for message in sent {
        kinds.entry((message.channel, &message.use_case)).or_insert(message);
    }
    kinds.into_values().collect()
}

fn print_next(tenant: &str) {
    println!("\nThe stack is left running on {}. Try next:", aws::API);
    let next = [
        (format!("cargo xtask token --tenant {tenant}"), "credentials for the API"),
        (format!("cargo xtask send FILE --tenant {tenant}"), "events of your own"),
        ("cargo xtask demo --from FILE".to_owned(), "the same with your own events"),
        ("cargo xtask status".to_owned(), "what runs"),
        ("cargo xtask down".to_owned(), "stop it"),
    ];
    for (command, why) in next {
        println!("  {command:<50} {why}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_exactly_the_promised_keys() {
        let report =
            report(Funnel::default(), Sent::default(), Duration::from_millis(1234), Vec::new());
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(
            json,
            r#"{"ingested":0,"duplicates":0,"quarantined":0,"matched":0,"filtered":{},"scored":0,"stored":0,"delivered":{},"suppressed":{},"unknown":0,"elapsed_s":1.2,"sent":[]}"#
        );
    }

    #[test]
    fn names_are_short() {
        assert_eq!(base36(35 * 36 + 10), "za");
    }
}
