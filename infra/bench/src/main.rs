//! The benchmarks: `cargo xtask bench`.

use anyhow::{Context, Result, ensure};
use ceap_bench::cost::Cost;
use ceap_bench::platform::Platform;
use ceap_bench::prices::Prices;
use ceap_bench::printed::Printed;
use ceap_bench::report::{Case, Machine, Report};
use ceap_bench::run::run;
use ceap_bench::templates::Templates;
use ceap_bench::workload::{Mix, Rest, use_cases};
use ceap_bench::{beside, cold, routes, standing, throughput};
use clap::{Parser, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What the platform costs and how fast it is
#[derive(Parser)]
struct Args {
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Write the page of the documentation too
    #[arg(long)]
    write: Option<PathBuf>,
    /// Measure only these parts
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// What a million events cost
    Cost,
    /// Batches of 1 to 500
    Batches,
    /// One to 200 use cases
    Installed,
    /// Cold starts of the functions that are built
    Cold,
    /// The helpdesk's API
    Routes,
    /// The platform's API, of the functions that are built
    Platform,
    /// The same job in other languages
    Beside,
}

impl Args {
    fn wants(&self, part: Part) -> bool {
        let wanted = self.only.is_empty() || self.only.contains(&part);
        if wanted {
            eprintln!("measuring: {part:?}");
        }
        wanted
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measured(&args))
}

/// A day of customers who come ten times and leave three events each, and the same thirty events one by one and by ten;
/// the first in batches as the template has them, too.
fn cases(template_batch: Option<u64>) -> Vec<(String, Mix)> {
    let mix = |per_subject, visits, groups| Mix {
        batch: 500,
        per_subject,
        visits,
        groups,
        carts: 10,
        gold: 100,
        rest: Rest::Kept,
    };
    let refused = Mix { rest: Rest::Refused, ..mix(3, 10, 4) };
    let joining = Mix { rest: Rest::Merged, ..mix(3, 34, 1) };
    let mut cases = vec![
        ("3 events of a subject in a batch of 500".to_owned(), mix(3, 10, 4)),
        ("1 event".to_owned(), mix(1, 30, 2)),
        ("10 events".to_owned(), mix(10, 3, 14)),
        ("3 events; a gate refuses 9 of 10 candidates".to_owned(), refused),
        ("3 events; 9 of 10 candidates are repeats of a live one".to_owned(), joining),
    ];
    if let Some(batch) = template_batch.and_then(|it| usize::try_from(it).ok())
        && batch != 500
    {
        let deployed = Mix { batch, groups: 10, ..mix(3, 10, 4) };
        cases.push((format!("3 events, batches of {batch} as deployed"), deployed));
    }
    cases
}

/// What the page of the documentation begins with.
const INTRODUCTION: &str = include_str!("../page.md");

async fn measured(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let templates = Templates::read(&root)?;
    let (prices, memory) = (Prices::read()?, templates.memory()?);
    let unknown = standing::unknown(&templates.counts()).join(", ");
    ensure!(unknown.is_empty(), "nobody has said what these cost when idle: {unknown}");
    let (began, mut printed) = (Instant::now(), Printed::part()?);
    let mut report = Report {
        at: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        machine: Some(Machine::here()),
        template_batch: templates.stream_batch(),
        standing: standing::lines(&templates, &prices)?,
        ..Report::default()
    };
    if args.wants(Part::Cost) {
        for (name, mix) in cases(report.template_batch) {
            let platform = Platform::new(&templates, &use_cases(mix.rest)).await?;
            let found = run(&platform, &printed, &memory, &mix).await?;
            report.cost.push(Case { name, cost: Cost::of(&found, &prices)? });
        }
        report.usd_per_million = report.cost.first().map(|case| case.cost.usd_per_million);
    }
    if args.wants(Part::Batches) {
        report.batches = throughput::batches(&templates, &printed).await?;
    }
    if args.wants(Part::Installed) {
        report.installed = throughput::installed(&templates, &printed).await?;
    }
    if args.wants(Part::Cold) {
        report.cold = cold::starts(&templates, &root, &folder()?).await?;
    }
    if args.wants(Part::Routes) {
        let asked = routes::routes(&templates, &printed, routes::LATENCY).await?;
        (report.routes, report.once) = (asked.each, asked.once);
    }
    if args.wants(Part::Platform) {
        let asked = routes::platform::routes(&templates, &folder()?, routes::LATENCY).await?;
        (report.platform, report.platform_once) = (asked.each, asked.once);
    }
    if args.wants(Part::Beside) {
        report.beside = beside::beside(&templates, &printed).await?;
    }
    report.measured_in_s = began.elapsed().as_secs();
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
