//! `send`: events from a file of JSON lines to the running API.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use crate::http::{self, Answer};
use crate::token::{self, Role};
use crate::{aws, events, outputs::Outputs, repo::Repo};

/// Arguments of `send`.
#[derive(Args)]
pub struct SendArgs {
    /// CloudEvents as JSON, one per line; gzip is accepted, `-` is standard input
    file: PathBuf,
    /// The tenant to send to
    #[arg(long, default_value = token::DEFAULT_TENANT)]
    tenant: String,
    /// The tenant's write key; without it a new one is made
    #[arg(long)]
    write_key: Option<String>,
    /// Leave the events' times as they are; otherwise all are moved so that the newest is now
    #[arg(long)]
    keep_time: bool,
}

/// What became of the lines.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sent {
    /// Lines that the API took in, good or bad.
    pub lines: u64,
    /// Those that it accepted into the stream.
    pub accepted: u64,
    /// Those that it quarantined at once.
    pub quarantined: u64,
    /// Lines larger than the API takes at all.
    pub refused: u64,
}

impl Sent {
    fn add(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.quarantined = self.quarantined.saturating_add(other.quarantined);
        self.refused = self.refused.saturating_add(other.refused);
    }
}

// Below the API's 500 events and 1 MiB.
const CHUNK_EVENTS: usize = 400;
const CHUNK_BYTES: usize = 900_000;
const TRIES: u32 = 9;

/// Sends a file and prints the counts.
pub fn run(repo: &Repo, args: &SendArgs) -> Result<()> {
    let mut lines = events::read(&args.file)?;
    let write_key = match &args.write_key {
        Some(key) => key.clone(),
        None => token::issue(&Outputs::read(repo)?, &args.tenant, Role::Admin)?.write_key,
    };
    if !args.keep_time {
        events::move_to(Timestamp::now(), &mut lines);
    }
    let sent = send(&lines, &args.tenant, &write_key, |_| ())?;
    println!("{} accepted, {} quarantined", sent.accepted, sent.quarantined);
    if sent.refused > 0 {
        bail!("{} lines are larger than the API takes and were not sent", sent.refused);
    }
    Ok(())
}

/// Sends lines in chunks, telling the running total after each.
pub fn send(
    lines: &[Vec<u8>],
    tenant: &str,
    write_key: &str,
    mut progress: impl FnMut(Sent),
) -> Result<Sent> {
    let mut total = Sent::default();
    let mut rest = lines;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chunk_length(rest));
        total.add(send_chunk(chunk, tenant, write_key)?);
        progress(total);
        rest = after;
    }
    Ok(total)
}

/// How many of the lines make the next chunk: at least one.
fn chunk_length(lines: &[Vec<u8>]) -> usize {
    let mut bytes = 0_usize;
    let fits = |line: &&Vec<u8>| {
        bytes = bytes.saturating_add(line.len()).saturating_add(1);
        bytes <= CHUNK_BYTES
    };
    lines.iter().take(CHUNK_EVENTS).take_while(fits).count().max(1)
}

fn send_chunk(chunk: &[Vec<u8>], tenant: &str, write_key: &str) -> Result<Sent> {
    let answer = post(&chunk.join(&b'\n'), tenant, write_key)?;
    match answer.status {
        200..=299 => {
            let body = answer.json()?;
            let accepted = body
                .get("accepted")
                .and_then(Value::as_u64)
                .context("the API named no accepted count")?;
            let quarantined = body.get("quarantined").and_then(Value::as_array).map_or(0, Vec::len);
            let (lines, quarantined) = (u64::try_from(chunk.len())?, u64::try_from(quarantined)?);
            Ok(Sent { lines, accepted, quarantined, refused: 0 })
        }
        // A line far above the limit cannot be sent at all; its neighbours can.
        413 if chunk.len() == 1 => Ok(Sent { refused: 1, ..Sent::default() }),
        413 => {
            let (first, second) = chunk.split_at(chunk.len().div_ceil(2));
            let mut sent = send_chunk(first, tenant, write_key)?;
            sent.add(send_chunk(second, tenant, write_key)?);
            Ok(sent)
        }
        status => bail!("the API refused the events ({status}): {}", answer.text()),
    }
}

/// One request, tried again while the failure may pass. Events have ids, so a repeat does no harm.
fn post(body: &[u8], tenant: &str, write_key: &str) -> Result<Answer> {
    let url = format!("{}/v1/events", aws::API);
    let bearer = format!("Bearer {write_key}");
    let headers = [
        ("content-type", "application/x-ndjson"),
        ("authorization", bearer.as_str()),
        ("x-ceap-tenant", tenant),
    ];
    let mut wait = Duration::from_millis(200);
    let mut tries = 1_u32;
    loop {
        let outcome = http::post(&url, &headers, body, Duration::from_secs(60));
        let asked = match &outcome {
            Ok(answer) if answer.status != 429 && answer.status < 500 => return outcome,
            Ok(answer) => answer.retry_after.map(Duration::from_secs),
            Err(_) => None,
        };
        if tries >= TRIES {
            return match outcome {
                Ok(answer) => bail!("the API kept failing ({}): {}", answer.status, answer.text()),
                Err(error) => {
                    Err(error.context("the API does not answer: see `cargo xtask status`"))
                }
            };
        }
        std::thread::sleep(asked.unwrap_or(wait).min(Duration::from_secs(30)));
        wait = wait.saturating_mul(2).min(Duration::from_secs(5));
        tries = tries.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_below_both_limits() {
        assert_eq!(chunk_length(&vec![b"x".to_vec(); 1000]), CHUNK_EVENTS);
        assert_eq!(chunk_length(&vec![vec![b'x'; 400_000]; 5]), 2);
        assert_eq!(chunk_length(&vec![vec![b'x'; 2_000_000]; 5]), 1);
        assert_eq!(chunk_length(&[b"x".to_vec()]), 1);
    }
}
