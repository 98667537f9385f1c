//! The benchmarks: `cargo xtask bench`.

use anyhow::{Context, Result, ensure};
use ceap_bench::cost::Cost;
use ceap_bench::platform::Platform;
use ceap_bench::prices::Prices;
use ceap_bench::printed::Printed;
use ceap_bench::report::{Case, Machine, Report};
use ceap_bench::run::run;
use ceap_bench::templates::Templates;
use ceap_bench::workload::{Mix, use_cases};
use ceap_bench::{beside, cold, routes, standing, throughput};
use clap::Parser;
use std::path::{Path, PathBuf};

/// What the platform costs and how fast it is
#[derive(Parser)]
struct Args {
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Write the page of the documentation too
    #[arg(long)]
    write: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measured(&args))
}

/// A day of customers who come ten times and leave three events each, and the same thirty events one by one and by ten.
const CASES: [(&str, Mix); 4] = [
    ("3 events of a subject in a batch", mix(3, 10, 4)),
    ("1", mix(1, 30, 2)),
    ("10", mix(10, 3, 14)),
    (
        "3, nine signals in ten join a candidate that is live",
        Mix { repeats: true, ..mix(3, 34, 1) },
    ),
];

const fn mix(per_subject: usize, visits: usize, groups: usize) -> Mix {
    Mix { batch: 500, per_subject, visits, groups, carts: 10, gold: 100, repeats: false }
}

/// What the page of the documentation begins with.
const INTRODUCTION: &str = include_str!("../page.md");

async fn measured(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let templates = Templates::read(&root)?;
    let (prices, memory) = (Prices::read()?, templates.memory()?);
    let unknown = standing::unknown(&templates.counts()).join(", ");
    ensure!(unknown.is_empty(), "nobody has said what these cost when idle: {unknown}");
    let mut printed = Printed::part()?;
    let mut cost = Vec::new();
    for (name, mix) in CASES {
        eprintln!("a million events, {name}");
        let platform = Platform::new(&templates, &use_cases(mix.repeats)).await?;
        let found = run(&platform, &printed, &memory, &mix).await?;
        cost.push(Case { name: name.to_owned(), cost: Cost::of(&found, &prices)? });
    }
    eprintln!("batches, use cases, cold starts, routes, other languages");
    let report = Report {
        at: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        machine: Machine::here(),
        usd_per_million: cost.first().context("no case")?.cost.usd_per_million,
        template_batch: templates.stream_batch(),
        cost,
        standing: standing::lines(&templates, &prices)?,
        batches: throughput::batches(&templates, &printed).await?,
        installed: throughput::installed(&templates, &printed).await?,
        cold: cold::starts(&templates, &root, &folder()?)?,
        routes: routes::routes(&templates, &printed).await?,
        beside: beside::beside(&templates, &printed).await?,
    };
    let page = report.page()?;
    if let Some(path) = &args.write {
        std::fs::write(path, format!("{INTRODUCTION}{page}"))
            .with_context(|| path.display().to_string())?;
    }
    let text = if args.json { serde_json::to_string(&report)? } else { page };
    printed.tell(&text)
}

/// Where the functions' binaries are: beside this one.
fn folder() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here.parent().context("no folder")?.to_path_buf())
}
