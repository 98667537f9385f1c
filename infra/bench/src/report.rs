//! What was found, as one object and as a page.

use crate::beside::Beside;
use crate::cold::{Cold, STARTS};
use crate::cost::{Cost, Lever, Line};
use crate::routes::{Asked, LATENCY, Once, mean, middle_and_most};
use crate::throughput::{Batched, Installed};
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;

/// Everything.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// When it was measured.
    pub at: String,
    /// On what.
    pub machine: Option<Machine>,
    /// How many seconds that took, building left out.
    pub measured_in_s: u64,
    /// What a million events cost in US dollars: batches of 500, 3 events of each subject, one event in ten a candidate
    /// of its own, one in a hundred sent.
    pub usd_per_million: Option<f64>,
    /// Events of one batch as the template has it.
    pub template_batch: Option<u64>,
    /// Cases by name, the first of them the one above.
    pub cost: Vec<Case>,
    /// What an idle deployment costs in a month.
    pub standing: Vec<Line>,
    /// By sizes of batches.
    pub batches: Vec<Batched>,
    /// By use cases installed.
    pub installed: Vec<Installed>,
    /// Cold starts of the functions that are built.
    pub cold: Vec<Cold>,
    /// Each route of the helpdesk's API.
    pub routes: Vec<Asked>,
    /// Each route of the platform's API.
    pub platform: Vec<Asked>,
    /// Requests to the helpdesk that take more than such usually do.
    pub once: Vec<Once>,
    /// Such requests to the platform.
    pub platform_once: Vec<Once>,
    /// The same job in other languages.
    pub beside: Vec<Beside>,
}

/// What one way of events costs.
#[derive(Debug, Serialize)]
pub struct Case {
    /// Which.
    pub name: String,
    /// What it costs.
    #[serde(flatten)]
    pub cost: Cost,
}

/// What it was measured on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// The processor.
    pub processor: String,
    /// How many.
    pub cores: usize,
    /// The instruction set.
    pub architecture: &'static str,
    /// Whether the benchmarks are compiled as functions are.
    pub optimised: bool,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn here() -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = text.lines().find_map(|line| line.strip_prefix("model name"));
        let model = model.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
        Self {
            processor: model.unwrap_or("unknown").to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            architecture: std::env::consts::ARCH,
            optimised: !cfg!(debug_assertions),
        }
    }
}

impl Report {
    /// As Markdown.
    ///
    /// # Errors
    /// None: text takes all that is written.
    pub fn page(&self) -> Result<String> {
        let mut page = String::new();
        if let Some(machine) = &self.machine {
            writeln!(
                page,
                "Measured {} in {} s on {} cores of {} ({}){}.\n",
                self.at,
                self.measured_in_s,
                machine.cores,
                machine.processor,
                machine.architecture,
                if machine.optimised { "" } else { ", **not optimised**" },
            )?;
        }
        if !self.cost.is_empty() {
            self.costs(&mut page)?;
        }
        self.idle(&mut page)?;
        if !self.batches.is_empty() || !self.installed.is_empty() {
            self.rates(&mut page)?;
        }
        if !self.beside.is_empty() {
            self.others(&mut page)?;
        }
        if !self.routes.is_empty() {
            self.asked(&mut page)?;
        }
        if !self.platform.is_empty() {
            self.asked_of_platform(&mut page)?;
        }
        if !self.cold.is_empty() {
            self.started(&mut page)?;
        }
        Ok(page)
    }

    fn costs(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## What a million events cost\n")?;
        let batch = self.template_batch.map_or_else(String::new, |it| it.to_string());
        writeln!(
            page,
            "Events of 1 KB, in US dollars, without what providers of messages ask. The template's batch is {batch}.\n"
        )?;
        let names: Vec<String> = self.cost.iter().map(|it| it.name.clone()).collect();
        writeln!(page, "| | {} |", names.join(" | "))?;
        writeln!(page, "|---|{}", "---:|".repeat(names.len()))?;
        let mut services: Vec<String> = Vec::new();
        for case in &self.cost {
            for (service, _) in case.cost.services() {
                if !services.contains(&service) {
                    services.push(service);
                }
            }
        }
        for service in services {
            let of = |case: &Case| {
                let found = case.cost.services().into_iter().find(|(name, _)| *name == service);
                found.map_or(0.0, |(_, usd)| usd)
            };
            let cells: Vec<String> = self.cost.iter().map(|it| format!("{:.4}", of(it))).collect();
            writeln!(page, "| {service} | {} |", cells.join(" | "))?;
        }
        let mut row = |name: &str, of: &dyn Fn(&Cost) -> String| -> Result<()> {
            let cells: Vec<String> = self.cost.iter().map(|it| of(&it.cost)).collect();
            Ok(writeln!(page, "| {name} | {} |", cells.join(" | "))?)
        };
        row("**sum**", &|it| format!("**{:.3}**", it.usd_per_million))?;
        row("beside it, the event lake", &|it| format!("{:.3}", it.lake_usd))?;
        row("beside it, what SES tells of each email", &|it| format!("{:.3}", it.receipts_usd))?;
        row("beside it, X-Ray, if it takes each trace", &|it| format!("{:.3}", it.traces_usd))?;
        row("**all of these**", &|it| format!("**{:.3}**", it.usd_with_all))?;
        row("beside it, metrics of our own, a month", &|it| {
            format!("{} · {:.2}", it.metrics, it.usd_metrics_month)
        })?;
        row("each millisecond that AWS takes for a call", &|it| {
            format!("{:.4}", it.usd_per_wait_ms)
        })?;
        row("candidates of 100 events", &|it| format!("{:.1}", it.candidates * 100.0))?;
        row("sends of 100 events", &|it| format!("{:.1}", it.sends * 100.0))?;
        if let Some(first) = self.cost.first() {
            writeln!(page, "\nThe first of these, line by line:\n")?;
            writeln!(page, "| | | units | USD |\n|---|---|---:|---:|")?;
            for Line { service, what, units, usd } in &first.cost.lines {
                let decimals = if *units < 100.0 { 3 } else { 0 };
                writeln!(page, "| {service} | {what} | {units:.decimals$} | {usd:.5} |")?;
            }
            writeln!(page, "\nCalls of AWS that these take:\n")?;
            writeln!(page, "| | |\n|---|---:|")?;
            for (call, count) in &first.cost.calls {
                writeln!(page, "| {call} | {count:.0} |")?;
            }
            writeln!(page, "\nWhat would save how much of the first, none of which is done:\n")?;
            writeln!(page, "| | USD |\n|---|---:|")?;
            for Lever { what, usd } in first.cost.levers.iter().filter(|it| it.usd >= 0.0005) {
                writeln!(page, "| {what} | {usd:.3} |")?;
            }
        }
        Ok(writeln!(page)?)
    }

    fn idle(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## What an idle deployment costs in a month\n")?;
        writeln!(page, "| | | units | USD |\n|---|---|---:|---:|")?;
        for Line { service, what, units, usd } in &self.standing {
            writeln!(page, "| {service} | {what} | {units:.0} | {usd:.2} |")?;
        }
        let sum: f64 = self.standing.iter().map(|line| line.usd).sum();
        Ok(writeln!(page, "| **sum** | | | **{sum:.2}** |\n")?)
    }

    fn rates(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## How many a second, on one core\n")?;
        writeln!(
            page,
            "| batch | `ingest-stream` | slowest to fastest tenth | `filter` + `score` | `deliver` |"
        )?;
        writeln!(page, "|---:|---:|---:|---:|---:|")?;
        for row in &self.batches {
            let (slow, fast) = row.ingest_spread;
            let Batched {
                batch,
                ingest_per_second,
                filter_score_per_second,
                deliver_per_second,
                ..
            } = row;
            writeln!(
                page,
                "| {batch} | {ingest_per_second:.0} | {slow:.0} – {fast:.0} | {filter_score_per_second:.0} | {deliver_per_second:.0} |"
            )?;
        }
        writeln!(
            page,
            "\nIn batches of 500, by how many use cases are installed: the others of types that do not come, or all of the type that \
             nine in ten events are of.\n"
        )?;
        writeln!(
            page,
            "| use cases | `ingest-stream` | all of one type | `filter` + `score` | all of one type | `deliver` | all of one type |"
        )?;
        writeln!(page, "|---:|---:|---:|---:|---:|---:|---:|")?;
        for Installed { use_cases, others, same } in &self.installed {
            writeln!(
                page,
                "| {use_cases} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
                others.ingest,
                same.ingest,
                others.filter_score,
                same.filter_score,
                others.deliver,
                same.deliver
            )?;
        }
        Ok(writeln!(page)?)
    }

    fn others(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## Beside other languages\n")?;
        writeln!(page, "| | signals a second | times as long |")?;
        writeln!(page, "|---|---:|---:|")?;
        for Beside { program, per_second, times_as_long } in &self.beside {
            writeln!(page, "| {program} | {per_second:.0} | {times_as_long:.2} |")?;
        }
        Ok(writeln!(page)?)
    }

    fn asked(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## What a request to the helpdesk takes\n")?;
        writeln!(
            page,
            "Every route that anybody can ask, as a client would (`infra/bench/src/routes/requests.yaml`). Of several requests to \
             one, the dearest counts: that of the longest chain of calls, and of these the one with the most. The function knows how \
             the account is set up, as a busy one does; what the exceptions take stands below. AWS answers after {} ms here, so \
             that what is asked at once is seen to be. CPU is that of one request. What nothing can come of here is not answered, and \
             its figures are left out.\n",
            LATENCY.as_millis()
        )?;
        let mut functions: Vec<&str> = self.routes.iter().map(|it| it.function.as_str()).collect();
        functions.dedup();
        writeln!(
            page,
            "| | routes | answered | CPU in ms, middle | most | DynamoDB calls, mean | most | longest chain | largest answer |"
        )?;
        writeln!(page, "|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
        for function in functions {
            let rows: Vec<Asked> =
                self.routes.iter().filter(|it| it.function == function).cloned().collect();
            let all = rows.len();
            let rows: Vec<Asked> = rows.into_iter().filter(|it| it.status < 400).collect();
            if rows.is_empty() {
                writeln!(page, "| `{function}` | {all} | 0 | – | – | – | – | – | – |")?;
                continue;
            }
            let (middle, most) = middle_and_most(&rows);
            let max = |of: fn(&Asked) -> u64| rows.iter().map(of).max().unwrap_or_default();
            let bytes = rows.iter().map(|it| it.bytes).max().unwrap_or_default();
            writeln!(
                page,
                "| `{function}` | {all} | {} | {middle:.2} | {most:.2} | {:.1} | {} | {} | {bytes} |",
                rows.len(),
                mean(&rows, |it| it.calls),
                max(|it| it.calls),
                max(|it| it.chain),
            )?;
        }
        longest(page, &self.routes)?;
        beyond(page, &self.once)?;
        self.each_route(page)
    }

    fn each_route(&self, page: &mut String) -> Result<()> {
        writeln!(page, "### Each route\n")?;
        let answered: Vec<Asked> =
            self.routes.iter().filter(|it| it.status < 400).cloned().collect();
        table(page, &answered)
    }

    fn asked_of_platform(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## What a request to the platform takes\n")?;
        writeln!(
            page,
            "Every route of `/v1` and of the dialects of SDKs but those of WebSockets (`infra/bench/src/routes/platform.yaml`), asked of the function's own \
             program, which calls AWS over HTTP: so what that takes of the processor is counted, too. It is warm: it knows the \
             credential, which takes its first request in a minute one GetItem. What counts a tenant's requests is among the calls \
             of those requests that it falls on: an UpdateItem at the ninth of a minute, and ever more seldom after it.\n"
        )?;
        longest(page, &self.platform)?;
        beyond(page, &self.platform_once)?;
        table(page, &self.platform)
    }

    fn started(&self, page: &mut String) -> Result<()> {
        writeln!(page, "## How long a function takes to start\n")?;
        writeln!(
            page,
            "Each function's program, started {STARTS} times in turn with a hello-world of the same runtime that builds the clients of \
             AWS that the function's policies allow; the middle of each. The hello-world is one program, which holds the code of all \
             clients, so it is larger than most functions: that is why some take less time than it.\n"
        )?;
        writeln!(
            page,
            "| function | init in ms | hello-world's | times | first event in ms | peak MB | binary MB | clients |"
        )?;
        writeln!(page, "|---|---:|---:|---:|---:|---:|---:|---|")?;
        for it in &self.cold {
            let Cold { function, init_ms, first_ms, refused, peak_mb, binary_mb, .. } = it;
            let Cold { times_hello, hello_ms, clients, .. } = it;
            let clients = clients.join(" ");
            let first = match first_ms {
                Some(first) => match refused {
                    Some(why) => format!("{first:.1} (refused: {why})"),
                    None => format!("{first:.1}"),
                },
                None => "it waits for what is not played".to_owned(),
            };
            writeln!(
                page,
                "| `{function}` | {init_ms:.1} | {hello_ms:.1} | {times_hello:.2} | {first} | {peak_mb:.0} | {binary_mb:.1} | {clients} |"
            )?;
        }
        let slow = self.cold.iter().filter(|it| it.times_hello > 1.3);
        let slow: Vec<String> =
            slow.map(|it| format!("`{}` ({:.2})", it.function, it.times_hello)).collect();
        let told = if slow.is_empty() { "none".to_owned() } else { slow.join(", ") };
        Ok(writeln!(
            page,
            "\nFunctions that take more than 1.3 times as long as a hello-world: {told}."
        )?)
    }
}

/// Those that wait for many calls, and for which.
fn longest(page: &mut String, routes: &[Asked]) -> Result<()> {
    let mut longest = routes.iter().filter(|it| it.chain > 3).peekable();
    if longest.peek().is_none() {
        return Ok(writeln!(page, "\nNo route waits for more than three calls in a row.\n")?);
    }
    writeln!(page, "\nRoutes that wait for more than three calls in a row, and for which:\n")?;
    longest.try_for_each(|it| writeln!(page, "- `{}`: {}", it.route, it.waited_for()))?;
    Ok(writeln!(page)?)
}

fn beyond(page: &mut String, once: &[Once]) -> Result<()> {
    writeln!(page, "What some requests wait for beyond that:\n")?;
    for Once { why, asked } in once {
        writeln!(page, "- {why} (`{}`): {}", asked.route, asked.waited_for())?;
    }
    Ok(writeln!(page)?)
}

fn table(page: &mut String, rows: &[Asked]) -> Result<()> {
    writeln!(
        page,
        "| | status | CPU in ms | DynamoDB calls | chain | read units | write units | bytes |"
    )?;
    writeln!(page, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
    for it in rows {
        let Asked { route, status, cpu_ms, calls, chain, read, write, bytes, .. } = it;
        writeln!(
            page,
            "| `{route}` | {status} | {cpu_ms:.2} | {calls} | {chain} | {read:.1} | {write} | {bytes} |"
        )?;
    }
    Ok(writeln!(page)?)
}
