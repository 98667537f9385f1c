//! The funnel's numbers as CloudWatch's embedded metric format: one line for each set of labels.
//!
//! The tenant and the reason are properties, not dimensions, so that they can be searched without
//! each making a metric of its own that is paid for. (`metrics_cloudwatch_embedded` holds properties
//! for the whole process; ours differ from line to line.)
//!
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use ceap_kernel::{Clock, Labels, Metric, SystemClock, Tally, TenantId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

const NAMESPACE: &str = "CEAP";

/// Prints the tally for CloudWatch.
pub fn emit(tally: &Tally) {
    let at = SystemClock.now().as_millisecond();
    let mut out = std::io::stdout().lock();
    for line in lines(tally, at) {
        // A metric that can't be written must not fail the work it counts.
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}

fn lines(tally: &Tally, at: i64) -> Vec<String> {
    let mut groups: BTreeMap<(&Labels, &str), Vec<(Metric, u64)>> = BTreeMap::new();
    for (labels, metric, count) in tally.iter() {
        groups.entry((labels, property(metric))).or_default().push((metric, count));
    }
    groups.into_iter().map(|((labels, detail), counts)| line(labels, detail, &counts, at)).collect()
}

/// Prints how long a request to the helpdesk took, by its route and status.
pub fn request(family: &str, tenant: Option<&TenantId>, route: &str, status: u16, took: Duration) {
    let at = SystemClock.now().as_millisecond();
    let line = request_line(family, tenant, route, status, took, at);
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn request_line(
    family: &str,
    tenant: Option<&TenantId>,
    route: &str,
    status: u16,
    took: Duration,
    at: i64,
) -> String {
    let metrics = json!([
        {"Name": "HelpdeskLatency", "Unit": "Milliseconds"},
        {"Name": "HelpdeskFaults", "Unit": "Count"},
    ]);
    let line = json!({
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}],
        },
        "tenant": tenant,
        "family": family,
        "route": route,
        "status": status,
        "HelpdeskLatency": took.as_secs_f64() * 1000.0,
        "HelpdeskFaults": u8::from(status >= 500),
    });
    line.to_string()
}

/// What a metric's detail is called.
fn property(metric: Metric) -> &'static str {
    match metric {
        Metric::EventsQuarantined
        | Metric::SignalsFiltered
        | Metric::SignalsQuarantined
        | Metric::MessagesSuppressed => "reason",
        Metric::MessagesQueued
        | Metric::MessagesHeld
        | Metric::MessagesSent
        | Metric::MessagesDelivered
        | Metric::MessagesOpened
        | Metric::MessagesClicked
        | Metric::MessagesReplied
        | Metric::MessagesBounced
        | Metric::MessagesComplained
        | Metric::MessagesUnknown
        | Metric::MessagesFailed => "channel",
        Metric::EventsIngested
        | Metric::EventsDuplicate
        | Metric::EventsUnexpected
        | Metric::SignalsMatched
        | Metric::SignalsScored
        | Metric::CandidatesStored
        | Metric::CandidatesMerged
        | Metric::CandidatesConverted
        | Metric::DocumentsIndexed
        | Metric::TicketsAutomated => "detail",
    }
}

fn line(labels: &Labels, detail: &str, counts: &[(Metric, u64)], at: i64) -> String {
    let metrics: Vec<Value> =
        counts.iter().map(|(metric, _)| json!({"Name": metric, "Unit": "Count"})).collect();
    let directive = json!({
        "Timestamp": at,
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}],
    });
    let mut line = Map::new();
    line.insert("_aws".to_owned(), directive);
    line.insert("tenant".to_owned(), Value::from(labels.tenant.as_str()));
    if let Some(use_case) = &labels.use_case {
        line.insert("use_case".to_owned(), Value::from(use_case.as_str()));
    }
    if let Some(text) = &labels.detail {
        line.insert(detail.to_owned(), Value::from(text.as_str()));
    }
    for (metric, count) in counts {
        line.insert(format!("{metric:?}"), Value::from(*count));
    }
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_kernel::{TenantId, UseCaseId};

    #[test]
    fn one_line_for_each_set_of_labels() {
        let tenant = TenantId::new("acme").unwrap();
        let use_case = UseCaseId::new("x").unwrap();
        let mut tally = Tally::default();
        tally.add(Metric::EventsIngested, &tenant, None, None, 3);
        tally.add(Metric::EventsDuplicate, &tenant, None, None, 1);
        tally.add(Metric::MessagesSuppressed, &tenant, Some(&use_case), Some("expired"), 2);
        let lines = lines(&tally, 5);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let first: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(first["EventsIngested"], 3);
        assert_eq!(first["EventsDuplicate"], 1);
        assert_eq!(first["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "EventsIngested");
        let second: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(second["reason"], "expired");
        assert_eq!(second["tenant"], "acme");
    }

    #[test]
    fn a_request_is_told_by_its_route() {
        let tenant = TenantId::new("acme").unwrap();
        let took = Duration::from_micros(1500);
        let line = request_line("groups", Some(&tenant), "GET /groups/{id}", 503, took, 5);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["route"], &line["status"]), (&json!("GET /groups/{id}"), &json!(503)));
        assert_eq!((&line["HelpdeskLatency"], &line["HelpdeskFaults"]), (&json!(1.5), &json!(1)));
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "HelpdeskLatency");
    }
}
