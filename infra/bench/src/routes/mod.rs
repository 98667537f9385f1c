//! What one request takes of the processor and of DynamoDB: each route of the helpdesk's API, asked of an account that has
//! something of most kinds, and those of the platform's ([`platform`]).

pub(crate) mod desk;
mod gateway;
pub mod platform;
mod prepared;
pub(crate) mod script;
mod signed;

use crate::aws::{Aws, Meter};
use crate::invoke::as_f64;
use crate::platform::Platform;
use crate::printed::Printed;
use crate::templates::Templates;
use crate::workload::TENANT;
use anyhow::{Result, ensure};
use ceap_helpdesk::api::{Does, Guard, Method, Route};
use ceap_helpdesk::routes::{FAMILIES, Family};
use desk::Desk;
use script::{Request, Script};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long AWS takes to answer: longer than an optimised function takes to ask for all that it asks for at once.
pub const LATENCY: Duration = Duration::from_millis(10);

/// What one request to a route takes.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// Its function.
    pub function: String,
    /// Its method and path.
    pub route: String,
    /// The status of the answer.
    pub status: u64,
    /// Milliseconds of CPU time.
    pub cpu_ms: f64,
    /// Calls of DynamoDB.
    pub calls: u64,
    /// Calls of AWS that each wait for the one before.
    pub chain: u64,
    /// Their operations, one after the other, with those that are asked at once.
    pub waits: Vec<BTreeSet<String>>,
    /// Read and write units of DynamoDB.
    pub read: f64,
    /// The same.
    pub write: u64,
    /// Bytes of the answer.
    pub bytes: usize,
}

impl Asked {
    fn of(
        function: String,
        route: String,
        status: u64,
        cpu: Duration,
        meter: &Meter,
        bytes: usize,
    ) -> Self {
        let units = meter.all_units();
        Self {
            function,
            route,
            status,
            cpu_ms: cpu.as_secs_f64() * 1000.0,
            calls: meter.calls_of("dynamodb").count,
            chain: meter.chain,
            waits: meter.waits.clone(),
            read: units.read,
            write: units.write.saturating_add(units.index),
            bytes,
        }
    }

    /// The calls that it waits for, in words.
    #[must_use]
    pub fn waited_for(&self) -> String {
        let at_once = |it: &BTreeSet<String>| it.iter().cloned().collect::<Vec<_>>().join(" + ");
        self.waits.iter().map(at_once).collect::<Vec<_>>().join(", ")
    }
}

/// What was measured.
#[derive(Debug)]
pub struct Figures {
    /// Every route that can be asked and does something, the dearest of its requests each: that of the longest chain, and
    /// of these the one with the most calls.
    pub each: Vec<Asked>,
    /// Requests that take more than such usually do.
    pub once: Vec<Once>,
}

/// A request that takes more than such usually do.
#[derive(Debug, Clone, Serialize)]
pub struct Once {
    /// Why it does.
    pub why: String,
    /// What it took.
    #[serde(flatten)]
    pub asked: Asked,
}

/// Asks every route, with answers of AWS that take so long: [`LATENCY`], for chains of calls to be what they are.
///
/// # Errors
/// When a function fails, a request is not answered as it should be, or a route is not asked.
pub async fn routes(
    templates: &Templates,
    printed: &Printed,
    latency: Duration,
) -> Result<Figures> {
    let memory = templates.memory()?;
    let platform = Platform::on(Aws::distant(&templates.data, latency)?, TENANT, &[]).await?;
    let mut desk = Desk::new(&platform, &memory)?;
    let mut dearest: BTreeMap<String, Asked> = BTreeMap::new();
    let (mut once, mut wrong) = (Vec::new(), Vec::new());
    let mut script = Script::read()?;
    while let Some(request) = script.next() {
        let asked = match request {
            Ok(request) => {
                one(&mut desk, &mut script, &request).await.map(|asked| (asked, request.once))
            }
            Err(why) => Err(why),
        };
        match asked {
            Ok((asked, Some(why))) => once.push(Once { why, asked }),
            Ok((asked, None)) => {
                keep_dearest(&mut dearest, asked);
            }
            Err(why) => wrong.push(format!("{why:#}")),
        }
    }
    ensure!(wrong.is_empty(), "not as it should be:\n{}", wrong.join("\n"));
    printed.take()?;
    let all = FAMILIES.iter().flat_map(asked_of);
    let (found, missing): (Vec<_>, Vec<_>) =
        all.map(|name| dearest.remove(&name).ok_or(name)).partition(Result::is_ok);
    let missing: Vec<String> = missing.into_iter().filter_map(Result::err).collect();
    ensure!(missing.is_empty(), "nothing asks {}", missing.join(", "));
    Ok(Figures { each: found.into_iter().flatten().collect(), once })
}

/// Of two that wait for as many calls and make as many, the later: the function has done it before.
fn keep_dearest(dearest: &mut BTreeMap<String, Asked>, asked: Asked) {
    let known = dearest.get(&asked.route);
    if known.is_none_or(|it| (it.chain, it.calls) <= (asked.chain, asked.calls)) {
        dearest.insert(asked.route.clone(), asked);
    }
}

/// What a function answers to API Gateway.
struct Written {
    status: u64,
    text: String,
}

impl Written {
    fn read(answer: &[u8]) -> Result<Self> {
        let answer: Value = serde_json::from_slice(answer)?;
        let text = answer.get("body").and_then(Value::as_str).unwrap_or_default();
        let status = answer.get("statusCode").and_then(Value::as_u64).unwrap_or_default();
        Ok(Self { status, text: text.to_owned() })
    }
}

async fn one(desk: &mut Desk<'_>, script: &mut Script, request: &Request) -> Result<Asked> {
    let (asked, answer) = desk.ask(request).await?;
    ensure!(!request.fails(asked.status), "{request}: {} {answer}", asked.status);
    script.keep(request, &answer)?;
    Ok(asked)
}

/// The names of those routes of a family that anybody can ask, and that are not refused whatever is asked.
fn asked_of(family: &Family) -> impl Iterator<Item = String> {
    let routes = family.routes.iter().flat_map(|routes| routes.iter());
    let asked = routes.filter(
        |route| matches!(&route.does, Does::Run(guard, ..) if !matches!(guard, Guard::Step(_))),
    );
    asked.map(name)
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method.as_str(), route.path)
}

/// Who answers a request, and by which route.
fn answering(method: Method, path: &str) -> Option<(&'static Family, &'static Route)> {
    let each = FAMILIES.iter().flat_map(|family| {
        family.routes.iter().flat_map(|routes| routes.iter()).map(move |route| (family, route))
    });
    let fit = each.filter_map(|(family, route)| Some((route.fits(method, path)?.0, family, route)));
    fit.max_by_key(|(named, ..)| *named).map(|(_, family, route)| (family, route))
}

/// The middle of what routes take of the processor, in milliseconds, and the most.
#[must_use]
pub fn middle_and_most(rows: &[Asked]) -> (f64, f64) {
    let mut times: Vec<f64> = rows.iter().map(|row| row.cpu_ms).collect();
    times.sort_by(f64::total_cmp);
    let at = |place: usize| times.get(place).copied().unwrap_or_default();
    (at(times.len() / 2), at(times.len().saturating_sub(1)))
}

/// The mean of what is counted of each.
#[must_use]
pub fn mean(rows: &[Asked], of: impl Fn(&Asked) -> u64) -> f64 {
    let sum: u64 = rows.iter().map(of).sum();
    as_f64(sum) / as_f64(u64::try_from(rows.len().max(1)).unwrap_or(1))
}
