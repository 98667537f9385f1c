//! `reindex`: a tenant's search index, built anew from its records while the old one serves.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::{aws, outputs::Outputs, repo::Repo, token::DEFAULT_TENANT};

const POLL: Duration = Duration::from_millis(500);

/// Arguments of `reindex`.
#[derive(Args)]
pub struct ReindexArgs {
    /// Whose index
    #[arg(long, default_value = DEFAULT_TENANT)]
    tenant: String,
}

/// Starts it, and waits until it is done.
pub fn run(repo: &Repo, args: &ReindexArgs) -> Result<()> {
    let outputs = Outputs::read(repo)?;
    let machine = outputs.reindex.context("search is not deployed: run `cargo xtask up`")?;
    let input = json!({"tenant": args.tenant}).to_string();
    let started =
        aws::states("StartExecution", &json!({"stateMachineArn": machine, "input": input}))?;
    let execution = started.get("executionArn").context("no execution was started")?.clone();
    println!("building the search index of {} anew", args.tenant);
    loop {
        std::thread::sleep(POLL);
        let told = aws::states("DescribeExecution", &json!({"executionArn": execution}))?;
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("status") {
            "RUNNING" => {}
            "SUCCEEDED" => {
                println!("done: {}", text("output"));
                return Ok(());
            }
            other => bail!("it ended as {other}: {} {}", text("error"), text("cause")),
        }
    }
}
