//! `status`: what runs.

use anyhow::Result;

use crate::{aws, outputs::Outputs, repo::Repo, stack};

/// Prints the state; `true` if all is healthy.
pub fn run(repo: &Repo) -> Result<bool> {
    let Some(pid) = stack::pid(repo)? else {
        println!("the local stack does not run: start it with `cargo xtask up`");
        return Ok(false);
    };
    let outputs = Outputs::read(repo);
    let aws = stack::aws_version();
    let api = stack::api_healthy();
    println!("local AWS   {}  {}", aws::ENDPOINT, version(aws.as_deref()));
    println!("API         {}  {}", aws::API, if api { "healthy" } else { "does not answer" });
    println!(
        "process     {}, log {}",
        pid.as_raw_nonzero(),
        repo.local(stack::LOG_FILE)?.display()
    );
    match &outputs {
        Ok(outputs) => {
            let names: Vec<&str> = outputs.functions.keys().map(String::as_str).collect();
            println!("functions   {}: {}", names.len(), names.join(", "));
        }
        Err(error) => println!("functions   {error:#}"),
    }
    let healthy = aws.is_some() && api && outputs.is_ok();
    if !healthy {
        println!(
            "not healthy: run `cargo xtask up`; if that does not help, `cargo xtask down` first"
        );
    }
    Ok(healthy)
}

fn version(found: Option<&str>) -> String {
    found
        .map_or_else(|| "does not answer".into(), |version| format!("healthy, MiniStack {version}"))
}
