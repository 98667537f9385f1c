//! `cargo xtask fuzz`: decoders of outside bytes, fed with what libFuzzer makes up.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{process, repo::Repo};

/// The workspace of the targets, and what each begins with.
const FOLDER: &str = "infra/fuzz";

/// Which decoders, and for how long.
#[derive(Args)]
pub struct FuzzArgs {
    /// The targets, one after the other; all of them, if none is named
    targets: Vec<String>,
    /// Seconds for each
    #[arg(long, default_value_t = 300)]
    seconds: u32,
    /// Bytes of an input at most
    #[arg(long, default_value_t = 4096)]
    most: u32,
    /// Check memory too (AddressSanitizer): for what others wrote in C or with `unsafe`, half as fast
    #[arg(long)]
    memory: bool,
    /// Afterwards, take what reaches new code into the corpus that is kept, as little as will do
    #[arg(long)]
    keep: bool,
}

/// Runs the targets. The first that finds something ends it, and says where the input is.
pub fn run(repo: &Repo, args: &FuzzArgs) -> Result<()> {
    installed()?;
    let all = targets(repo)?;
    for target in &args.targets {
        ensure!(all.contains(target), "there is no target {target}; there are {}", all.join(", "));
    }
    let chosen = if args.targets.is_empty() { &all } else { &args.targets };
    for target in chosen {
        eprintln!("== {target}");
        one(repo, args, target)?;
    }
    Ok(())
}

fn one(repo: &Repo, args: &FuzzArgs, target: &str) -> Result<()> {
    let kept = repo.path(FOLDER).join("corpora").join(target);
    // What is found on the way stays out of the repository.
    let found = repo.local(&format!("fuzz/corpora/{target}"))?;
    let broken = repo.local(&format!("fuzz/found/{target}/x"))?;
    let broken = broken.parent().map(PathBuf::from).unwrap_or_default();
    std::fs::create_dir_all(&found)
        .with_context(|| format!("cannot create {}", found.display()))?;
    let mut fuzz = cargo_fuzz(repo, args, "run", target);
    fuzz.arg(&found).arg(&kept).arg("--");
    fuzz.arg(format!("-max_total_time={}", args.seconds));
    fuzz.arg(format!("-max_len={}", args.most));
    fuzz.arg(format!("-artifact_prefix={}/", broken.display()));
    fuzz.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    process::shown(&mut fuzz, &format!("the fuzzing of {target}"))?;
    if args.keep {
        merge(repo, args, target)?;
    }
    Ok(())
}

/// The fewest inputs that reach what all of them reach, the smallest first, beside those that are kept already.
fn merge(repo: &Repo, args: &FuzzArgs, target: &str) -> Result<()> {
    let kept = repo.path(FOLDER).join("corpora").join(target);
    let found = repo.local(&format!("fuzz/corpora/{target}"))?;
    let mut fuzz = cargo_fuzz(repo, args, "run", target);
    fuzz.arg(&kept).arg(&found).args(["--", "-merge=1", "-max_len=512"]);
    process::shown(&mut fuzz, &format!("the merging of {target}"))
}

fn cargo_fuzz(repo: &Repo, args: &FuzzArgs, command: &str, target: &str) -> Command {
    // Whatever cargo runs this, libFuzzer needs nightly: asked for by its name, not through the cargo that is set.
    let mut fuzz = Command::new("cargo");
    for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"] {
        fuzz.env_remove(variable);
    }
    fuzz.current_dir(repo.path(FOLDER).join("targets"));
    fuzz.args(["+nightly", "fuzz", command, "--fuzz-dir"]).arg(repo.path(FOLDER));
    fuzz.arg("--target-dir").arg(repo.path("target/fuzz"));
    fuzz.args(["--sanitizer", if args.memory { "address" } else { "none" }]);
    fuzz.arg(target);
    fuzz
}

fn installed() -> Result<()> {
    let found = Command::new("cargo")
        .env_remove("RUSTUP_TOOLCHAIN")
        .args(["+nightly", "fuzz", "--version"])
        .output()
        .is_ok_and(|out| out.status.success());
    if !found {
        bail!(
            "it needs nightly Rust and cargo-fuzz: `rustup toolchain install nightly` and \
             `cargo install cargo-fuzz --locked`"
        );
    }
    Ok(())
}

fn targets(repo: &Repo) -> Result<Vec<String>> {
    let folder = repo.path(FOLDER).join("fuzz_targets");
    let entries = std::fs::read_dir(&folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
