//! `reindex` and `recount`: what a tenant's records and events are summed up in, made anew while the old one serves.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::{aws, outputs::Outputs, repo::Repo, token::DEFAULT_TENANT};

const POLL: Duration = Duration::from_millis(500);

/// Arguments of both.
#[derive(Args)]
pub struct AnewArgs {
    /// Whose
    #[arg(long, default_value = DEFAULT_TENANT)]
    tenant: String,
}

/// Builds the search index anew, and waits until it is done.
pub fn reindex(repo: &Repo, args: &AnewArgs) -> Result<()> {
    let machine = Outputs::read(repo)?.reindex;
    done("the search index", machine, args)
}

/// Makes the reports of tickets anew, and waits until it is done.
pub fn recount(repo: &Repo, args: &AnewArgs) -> Result<()> {
    let machine = Outputs::read(repo)?.recount;
    done("the reports", machine, args)
}

fn done(what: &str, machine: Option<String>, args: &AnewArgs) -> Result<()> {
    let machine = machine.context("it is not deployed: run `cargo xtask up`")?;
    let input = json!({"tenant": args.tenant}).to_string();
    let started =
        aws::states("StartExecution", &json!({"stateMachineArn": machine, "input": input}))?;
    let execution = started.get("executionArn").context("no execution was started")?.clone();
    println!("making {what} of {} anew", args.tenant);
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
