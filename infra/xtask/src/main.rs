//! Developer commands: `cargo xtask --help` lists them.

mod anew;
mod aws;
mod bench;
mod demo;
mod deny;
mod docs;
mod down;
mod events;
mod families;
mod features;
mod funnel;
mod fuzz;
mod http;
mod outbox;
mod outputs;
mod prerequisites;
mod process;
mod records;
mod repo;
mod runner;
mod scaffold;
mod send;
mod stack;
mod status;
mod test;
mod tidy;
mod token;
mod up;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// CEAP's developer commands
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the local AWS, deploy to it, and serve the API on http://127.0.0.1:3000
    Up,
    /// End the local AWS as a power cut would, and start it again with what AWS keeps
    Restart,
    /// Stop what `up` started
    Down,
    /// Show what runs; exit code 1 if it is not healthy
    Status,
    /// Send sample events through the whole platform and show what came out
    Demo(demo::DemoArgs),
    /// Run every check
    Test,
    /// Measure what a million events cost and how many a core takes, with the real SDKs over a played AWS
    Bench(bench::BenchArgs),
    /// Send events from a file of JSON lines
    Send(send::SendArgs),
    /// Make credentials for the running stack
    Token(token::TokenArgs),
    /// Build a tenant's search index anew from its records, while the old one serves
    Reindex(anew::AnewArgs),
    /// Make a tenant's reports of tickets anew from the lake, while the old ones serve
    Recount(anew::AnewArgs),
    /// Check the rules of the house
    Tidy,
    /// Feed the decoders of outside bytes with what libFuzzer makes up; needs nightly Rust and cargo-fuzz
    Fuzz(fuzz::FuzzArgs),
    /// Check what is known of dependencies: advisories, licences, sources, duplicates; needs cargo-deny
    Deny(deny::DenyArgs),
    /// Render the manual into target/book; needs mdBook
    Docs,
    /// Write a new connector, channel, family of routes or function
    New(scaffold::NewArgs),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let repo = repo::Repo::find()?;
    match command {
        Command::Up => up::run(&repo)?,
        Command::Restart => up::restart(&repo)?,
        Command::Down => down::run(&repo)?,
        Command::Status => return Ok(exit_code(status::run(&repo)?)),
        Command::Demo(args) => demo::run(&repo, &args)?,
        Command::Bench(args) => bench::run(&repo, &args)?,
        Command::Test => return test::run(&repo),
        Command::Send(args) => send::run(&repo, &args)?,
        Command::Token(args) => token::run(&repo, &args)?,
        Command::Reindex(args) => anew::reindex(&repo, &args)?,
        Command::Recount(args) => anew::recount(&repo, &args)?,
        Command::Tidy => return Ok(exit_code(tidy::run(&repo)?)),
        Command::Fuzz(args) => fuzz::run(&repo, &args)?,
        Command::Deny(args) => deny::run(&repo, &args)?,
        Command::Docs => docs::run(&repo)?,
        Command::New(args) => scaffold::run(&repo, &args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
