//! Numbers as CloudWatch's embedded metric format: one line for each set of labels.
//!
//! Which of a line's words are dimensions, [`Metric::dimensions`] says; the others are properties, so that they can be
//! searched without each making a metric of its own that is paid for. (`metrics_cloudwatch_embedded` holds properties
//! for the whole process; ours differ from line to line.)
//!
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use crate::redact;
use ceap_kernel::{Clock, Fault, Labels, Metric, SystemClock, Tally, TenantId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

const NAMESPACE: &str = "CEAP";

/// Values of one metric that a line holds at most.
const MOST_VALUES: usize = 100;

/// How finely metrics are kept, as the variable `METRIC_DETAIL` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// No dimensions.
    Totals,
    /// By stage, API, family and channel.
    Standard,
    /// By use case, too.
    UseCases,
}

impl FromStr for Depth {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            "totals" => Ok(Self::Totals),
            "standard" => Ok(Self::Standard),
            "use_cases" => Ok(Self::UseCases),
            _ => Err(Fault::invalid("METRIC_DETAIL", "must be totals, standard or use_cases")),
        }
    }
}

static DEPTH: OnceLock<Depth> = OnceLock::new();

/// Sets how finely the process keeps metrics, once.
pub(crate) fn keep(depth: Depth) {
    let _ = DEPTH.set(depth);
}

impl Depth {
    /// Whether it keeps a set of dimensions.
    fn keeps(self, set: &[&str]) -> bool {
        match self {
            Self::Totals => set.is_empty(),
            Self::Standard => !set.contains(&"use_case"),
            Self::UseCases => true,
        }
    }
}

/// One line: its words, and the values of its metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    words: Map<String, Value>,
    values: Vec<(Metric, Value)>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The same, with one more word. `Null` is none.
    pub(crate) fn with(mut self, name: &str, word: impl Into<Value>) -> Self {
        let word = word.into();
        if !word.is_null() {
            self.words.insert(name.to_owned(), word);
        }
        self
    }

    /// The same, with one more metric.
    pub(crate) fn count(mut self, metric: Metric, value: impl Into<Value>) -> Self {
        self.values.push((metric, value.into()));
        self
    }

    fn of(labels: &Labels) -> Self {
        let words = match serde_json::to_value(labels) {
            Ok(Value::Object(words)) => words,
            _ => Map::new(),
        };
        Self { words, values: Vec::new() }
    }

    /// As it is printed at `at`, in milliseconds since 1970.
    #[must_use]
    pub fn told(&self, at: i64) -> Value {
        self.kept(at, DEPTH.get().copied().unwrap_or(Depth::Standard))
    }

    fn kept(&self, at: i64, depth: Depth) -> Value {
        let mut directives: BTreeMap<Vec<&[&str]>, Vec<Value>> = BTreeMap::new();
        for (metric, _) in &self.values {
            let sets = metric.dimensions().iter().copied();
            let named = |set: &&[&str]| set.iter().all(|name| self.words.contains_key(*name));
            let mut sets: Vec<&[&str]> =
                sets.filter(|set| depth.keeps(set)).filter(named).collect();
            if sets.is_empty() {
                sets.push(&[]);
            }
            let metric = json!({"Name": metric, "Unit": metric.unit()});
            directives.entry(sets).or_default().push(metric);
        }
        let directives = directives.into_iter().map(|(sets, metrics)| {
            json!({"Namespace": NAMESPACE, "Dimensions": sets, "Metrics": metrics})
        });
        let directives: Vec<Value> = directives.collect();
        let mut line = Map::new();
        let head = json!({"Timestamp": at, "CloudWatchMetrics": directives});
        line.insert("_aws".to_owned(), head);
        line.extend(self.words.clone());
        line.extend(
            self.values.iter().map(|(metric, value)| (format!("{metric:?}"), value.clone())),
        );
        Value::Object(line)
    }
}

/// Prints the tally for CloudWatch.
pub(crate) fn emit(tally: &Tally) {
    print(&lines(tally));
}

/// The lines of a tally.
#[must_use]
pub fn lines(tally: &Tally) -> Vec<Line> {
    let mut lines: BTreeMap<&Labels, Line> = BTreeMap::new();
    for (labels, metric, count) in tally.iter() {
        let line = lines.entry(labels).or_insert_with(|| Line::of(labels));
        line.values.push((metric, count.into()));
    }
    let mut further = Vec::new();
    for (labels, metric, values) in tally.measured() {
        for values in values.chunks(MOST_VALUES) {
            further.push(Line::of(labels).count(metric, values));
        }
    }
    lines.into_values().chain(further).collect()
}

/// Prints lines for CloudWatch.
pub(crate) fn print(lines: &[Line]) {
    let at = SystemClock.now().as_millisecond();
    let mut out = std::io::stdout().lock();
    for line in lines {
        let mut told = line.told(at);
        redact::clean(&mut told);
        // A metric that can't be written must not fail the work it counts.
        let _ = writeln!(out, "{told}");
    }
    let _ = out.flush();
}

/// How long a request to an API took, by its route and status.
#[must_use]
pub fn request(
    api: &str,
    tenant: Option<&TenantId>,
    route: &str,
    status: u16,
    took: Duration,
) -> Line {
    asked(tenant, route, status)
        .with("api", api)
        .count(Metric::RequestLatency, took.as_secs_f64() * 1000.0)
        .count(Metric::RequestFaults, u8::from(status >= 500))
}

/// The same of a request to the helpdesk, in a family of its routes.
#[must_use]
pub fn helpdesk(
    family: &str,
    tenant: Option<&TenantId>,
    route: &str,
    status: u16,
    took: Duration,
) -> Line {
    asked(tenant, route, status)
        .with("family", family)
        .count(Metric::HelpdeskLatency, took.as_secs_f64() * 1000.0)
        .count(Metric::HelpdeskFaults, u8::from(status >= 500))
}

fn asked(tenant: Option<&TenantId>, route: &str, status: u16) -> Line {
    let tenant = tenant.map(TenantId::as_str);
    Line::new().with("tenant", tenant).with("route", route).with("status", status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_kernel::UseCaseId;

    fn directives(line: &Value) -> &Value {
        &line["_aws"]["CloudWatchMetrics"]
    }

    #[test]
    fn one_line_for_each_set_of_labels() {
        let tenant = TenantId::new("acme").unwrap();
        let use_case = UseCaseId::new("x").unwrap();
        let mut tally = Tally::default();
        tally.add(Metric::EventsIngested, &tenant, None, None, 3);
        tally.add(Metric::EventsDuplicate, &tenant, None, None, 1);
        let of = Labels::of(&tenant, Some(&use_case)).channel("sms").reason("expired");
        tally.count(Metric::MessagesSuppressed, of, 2);
        let lines = lines(&tally);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let first = lines[0].kept(5, Depth::Standard);
        assert_eq!((&first["EventsIngested"], &first["EventsDuplicate"]), (&json!(3), &json!(1)));
        let metrics = json!([{"Name": "EventsIngested", "Unit": "Count"}, {"Name": "EventsDuplicate", "Unit": "Count"}]);
        let directive = json!({"Namespace": "CEAP", "Dimensions": [[]], "Metrics": metrics});
        assert_eq!(directives(&first), &json!([directive]));
        let second = lines[1].kept(5, Depth::UseCases);
        assert_eq!((&second["reason"], &second["channel"]), (&json!("expired"), &json!("sms")));
        assert_eq!(directives(&second)[0]["Dimensions"], json!([[], ["channel"], ["use_case"]]));
        assert_eq!(second["tenant"], "acme");
    }

    #[test]
    fn dimensions_are_what_is_asked_for_and_known() {
        let line = Line::new().with("stage", "filter").count(Metric::RecordsIn, 1);
        let sets = |depth| directives(&line.kept(5, depth))[0]["Dimensions"].clone();
        assert_eq!(sets(Depth::Totals), json!([[]]));
        assert_eq!(sets(Depth::Standard), json!([[], ["stage"]]));
        let without = Line::new().count(Metric::StageDuration, 1).kept(5, Depth::Standard);
        assert_eq!(directives(&without)[0]["Dimensions"], json!([[]]));
        assert!("x".parse::<Depth>().is_err());
    }

    #[test]
    fn many_values_of_one_metric_are_several_lines() {
        let tenant = TenantId::new("acme").unwrap();
        let mut tally = Tally::default();
        for value in 0..150 {
            let labels = Labels::of(&tenant, None).channel("email");
            tally.measure(Metric::MessageLatency, labels, value);
        }
        let told: Vec<Value> = lines(&tally).iter().map(|it| it.kept(5, Depth::Standard)).collect();
        let sizes: Vec<usize> =
            told.iter().map(|it| it["MessageLatency"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [100, 50]);
        assert_eq!(directives(&told[0])[0]["Metrics"][0]["Unit"], "Milliseconds");
    }

    #[test]
    fn a_request_is_told_by_its_route() {
        let tenant = TenantId::new("acme").unwrap();
        let took = Duration::from_micros(1500);
        let line = helpdesk("groups", Some(&tenant), "GET /groups/{id}", 503, took).told(5);
        assert_eq!((&line["route"], &line["status"]), (&json!("GET /groups/{id}"), &json!(503)));
        assert_eq!((&line["HelpdeskLatency"], &line["HelpdeskFaults"]), (&json!(1.5), &json!(1)));
        let line = request("catalogue", None, "GET /v1/messages", 200, took).told(5);
        assert_eq!((&line["RequestFaults"], line.get("tenant")), (&json!(0), None));
        assert_eq!(directives(&line)[0]["Dimensions"], json!([[], ["api"]]));
        assert_eq!(directives(&line)[1]["Dimensions"], json!([["api"]]));
    }
}
