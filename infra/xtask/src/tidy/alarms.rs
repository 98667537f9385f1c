//! What operators see: alarms lead to runbooks, nothing that may fail is without one, and what is shown exists.

use std::collections::BTreeSet;

use ceap_stacks::{Alarm, Resource, Template, text};
use serde_json::Value;

use super::{Finding, house::House};

/// The table of alarms and their runbooks.
const INDEX: &str = "docs/src/runbooks/index.md";
/// Where an alarm's description says that its runbook lies: this, the page's name, and `.html`.
const ADDRESS: &str = "Runbook: ${RunbookBaseUrl}/";
/// The namespace of our own metrics.
const OURS: &str = "CEAP";
/// Where the enum of our metrics' names may stand.
const ENUM: [&str; 2] = ["shared/kernel/src/metric.rs", "shared/kernel/src/tally.rs"];
/// What shows things by their names, and where it names them.
const SHOWN: [&str; 2] = ["AWS::CloudWatch::Dashboard", "AWS::Logs::QueryDefinition"];
const NAMING: [&str; 3] = ["DashboardBody", "LogGroupNames", "QueryString"];
/// How the names of what is deployed begin.
const NAMED: &str = "ceap-${Stage}-";

/// A row of the table: its page, and the alarms that it names. An ellipsis in a name stands for anything.
struct Row {
    page: String,
    alarms: Vec<String>,
}

/// Alarms name an existing page, the table has each beside that page, and names none that does not exist.
pub fn runbooks(house: &House) -> Vec<Finding> {
    let rows = rows(&house.text(INDEX));
    let (alarms, mut findings) = alarms(house);
    for alarm in &alarms {
        let Some(page) = page(&alarm.description) else {
            let text =
                format!("{}: end its description with {ADDRESS:?}, a page, \".html\"", alarm.id);
            findings.push(Finding::new(&alarm.file, text));
            continue;
        };
        let file = format!("docs/src/runbooks/{page}.md");
        if house.text(&file).is_empty() {
            findings.push(Finding::new(&alarm.file, format!("{}: there is no {file}", alarm.id)));
        }
        let listed = |row: &&Row| row.alarms.iter().any(|name| names(name, &alarm.id));
        let pages: Vec<&str> = rows.iter().filter(listed).map(|row| &*row.page).collect();
        if pages != [page] {
            let text = format!("{} belongs to {page} once: it is listed with {pages:?}", alarm.id);
            findings.push(Finding::new(INDEX, text));
        }
    }
    for name in rows.iter().flat_map(|row| &row.alarms) {
        if !alarms.iter().any(|alarm| names(name, &alarm.id)) {
            findings.push(Finding::new(INDEX, format!("no template has an alarm {name}")));
        }
    }
    findings
}

/// Dead-letter queues and state machines have alarms.
pub fn watched(house: &House) -> Vec<Finding> {
    let (alarms, _) = alarms(house);
    let mut findings = Vec::new();
    for template in &house.templates {
        let own: Vec<&Alarm> = alarms.iter().filter(|alarm| alarm.file == template.file).collect();
        let queues = template.of_kind("AWS::SQS::Queue").filter(|it| it.id.contains("DeadLetters"));
        for queue in queues {
            let value = format!("${{{}.QueueName}}", queue.id);
            if !watches(&own, "ApproximateNumberOfMessagesVisible", "QueueName", &value) {
                let text = format!("{}: nobody is told of messages in it: add an alarm", queue.id);
                findings.push(Finding::new(&template.file, text));
            }
        }
        for machine in template.of_kind("AWS::Serverless::StateMachine") {
            let value = format!("${{{}}}", machine.id);
            for metric in ["ExecutionsFailed", "ExecutionsTimedOut"] {
                if !watches(&own, metric, "StateMachineArn", &value) {
                    let text = format!("{}: add an alarm on its {metric}", machine.id);
                    findings.push(Finding::new(&template.file, text));
                }
            }
        }
    }
    findings
}

/// Metrics of ours that alarms and dashboards name are in the enum.
pub fn metrics(house: &House) -> Vec<Finding> {
    let known: BTreeSet<String> =
        ENUM.iter().flat_map(|file| variants(&house.text(file), "enum Metric")).collect();
    let (alarms, _) = alarms(house);
    let watched = alarms.iter().flat_map(|alarm| {
        let ours = alarm.watched.stats().into_iter().filter(|stat| stat.metric.namespace == OURS);
        ours.map(|stat| (alarm.file.clone(), alarm.id.clone(), stat.metric.name.clone()))
    });
    let shown = boards(house).into_iter().flat_map(|(template, id, body)| {
        let file = &template.file;
        let named = body.as_ref().map(named_metrics).unwrap_or_default();
        named.into_iter().map(move |name| (file.clone(), id.to_owned(), name)).collect::<Vec<_>>()
    });
    let unknown: BTreeSet<_> =
        watched.chain(shown).filter(|(.., name)| !known.contains(name)).collect();
    unknown
        .into_iter()
        .map(|(file, id, name)| {
            Finding::new(file, format!("{id}: no metric of ours is called {name}: see {ENUM:?}"))
        })
        .collect()
}

/// Dashboards are JSON, and what they and saved queries name by its name is deployed by some template.
pub fn dashboards(house: &House) -> Vec<Finding> {
    let known: BTreeSet<String> =
        house.templates.iter().flat_map(Template::resources).filter_map(|it| name(&it)).collect();
    let mut findings = Vec::new();
    for (template, id, body) in boards(house) {
        if body.is_none() {
            findings.push(Finding::new(&template.file, format!("{id}: its body is no JSON")));
        }
    }
    for template in &house.templates {
        for resource in template.resources().filter(|it| SHOWN.contains(&it.kind)) {
            let naming = NAMING.iter().filter_map(|key| resource.properties.get(*key));
            let used = naming.flat_map(|value| deployed_names(&value.to_string()));
            for used in used.collect::<BTreeSet<_>>() {
                if !known.contains(&used) {
                    let text = format!("{}: no template deploys {NAMED}{used}", resource.id);
                    findings.push(Finding::new(&template.file, text));
                }
            }
        }
    }
    findings
}

/// The alarms of all templates, and what is wrong with those that cannot be read.
fn alarms(house: &House) -> (Vec<Alarm>, Vec<Finding>) {
    let (mut all, mut findings) = (Vec::new(), Vec::new());
    for template in &house.templates {
        match Alarm::all(template) {
            Ok(alarms) => all.extend(alarms),
            Err(error) => findings.push(Finding::new(&template.file, format!("{error:#}"))),
        }
    }
    (all, findings)
}

fn watches(alarms: &[&Alarm], metric: &str, dimension: &str, value: &str) -> bool {
    let on = |alarm: &&&Alarm| {
        alarm.watched.stats().iter().any(|stat| {
            stat.metric.name == metric
                && stat.metric.dimensions.get(dimension).map(String::as_str) == Some(value)
        })
    };
    alarms.iter().any(|alarm| on(&alarm))
}

/// The page that a description ends with.
fn page(description: &str) -> Option<&str> {
    let (_, page) = description.rsplit_once(ADDRESS)?;
    page.strip_suffix(".html")
}

/// Rows of a table whose first cell names alarms in backticks and whose second links a page.
fn rows(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|');
        let (first, second) = (cells.next()?, cells.next()?);
        let alarms = first.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let (_, link) = second.split_once("](")?;
        let page = link.split_once(".md")?.0.to_owned();
        Some(Row { page, alarms })
    };
    text.lines().filter_map(row).filter(|row| !row.alarms.is_empty()).collect()
}

/// Whether a name of the table, an ellipsis standing for anything, is this alarm's.
fn names(pattern: &str, id: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == id,
        Some((begin, end)) => {
            id.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end) && rest.len() > end.len())
        }
    }
}

/// The variants of an enum without fields, read as text.
fn variants(code: &str, declaration: &str) -> Vec<String> {
    let Some((_, rest)) = code.split_once(&format!("pub {declaration} {{")) else {
        return Vec::new();
    };
    let body = rest.split_once("\n}").map_or(rest, |(body, _)| body);
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with(['/', '#']));
    lines.filter_map(|line| line.strip_suffix(',')).map(str::to_owned).collect()
}

/// Dashboards with their bodies, placeholders left as they are; none where it is no JSON.
fn boards(house: &House) -> Vec<(&Template, &str, Option<Value>)> {
    let mut all = Vec::new();
    for template in &house.templates {
        for board in template.of_kind("AWS::CloudWatch::Dashboard") {
            let body = board.properties.get("DashboardBody").and_then(text);
            let body = body.and_then(|body| serde_json::from_str(&body).ok());
            all.push((template, board.id, body));
        }
    }
    all
}

/// Names of our metrics in a dashboard: `["CEAP", "Name", …]`, and `MetricName="Name"` in searches of our namespace.
fn named_metrics(body: &Value) -> Vec<String> {
    match body {
        Value::Array(all) if all.first().and_then(Value::as_str) == Some(OURS) => {
            all.get(1).and_then(Value::as_str).map(str::to_owned).into_iter().collect()
        }
        Value::Array(all) => all.iter().flat_map(named_metrics).collect(),
        Value::Object(all) => all.values().flat_map(named_metrics).collect(),
        Value::String(text) if text.contains(&format!("'{{{OURS},")) => {
            let parts = text.split("MetricName=\"").skip(1);
            parts.filter_map(|part| part.split('"').next()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// What follows [`NAMED`] in the name that a resource is given.
fn name(resource: &Resource<'_>) -> Option<String> {
    let keys = ["FunctionName", "QueueName", "Name", "DeliveryStreamName"];
    let given = keys.iter().find_map(|key| resource.properties.get(*key).and_then(text))?;
    given.strip_prefix(NAMED).map(str::to_owned)
}

/// What follows [`NAMED`] wherever it stands in a text.
fn deployed_names(text: &str) -> BTreeSet<String> {
    let parts = text.split(NAMED).skip(1);
    let end = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let names = parts.filter_map(|part| part.split(end).next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_is_read() {
        let text = "| alarm | runbook |\n|---|---|\n| `A…DeadLettersAlarm`, `BAlarm` (feeds) | [Text](x.md) |\n| other | [y](y.md) |";
        let rows = rows(text);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].page, "x");
        assert_eq!(rows[0].alarms, ["A…DeadLettersAlarm", "BAlarm"]);
        assert!(names("A…DeadLettersAlarm", "AnyDeadLettersAlarm"));
        assert!(!names("A…DeadLettersAlarm", "ADeadLettersAlarm"));
        assert!(!names("BAlarm", "BBAlarm"));
    }

    #[test]
    fn a_description_ends_with_its_page() {
        assert_eq!(page("Look. Runbook: ${RunbookBaseUrl}/x.html"), Some("x"));
        assert_eq!(page("Look. Runbook: ${RunbookBaseUrl}/x.html!"), None);
        assert_eq!(page("Look."), None);
    }

    #[test]
    fn names_of_metrics_are_found_in_code_and_dashboards() {
        let code = "/// x\npub enum Metric {\n    A,\n    /// What it is,\n    B,\n}\npub enum Unit {\n    C,\n}";
        assert_eq!(variants(code, "enum Metric"), ["A", "B"]);
        let body = json!({"widgets": [{"properties": {"metrics": [
            ["CEAP", "A", {"stat": "p99"}], ["AWS/SQS", "X"],
            [{"expression": "SEARCH('{CEAP,channel} MetricName=\"B\"', 'Sum', 300)"}],
            [{"expression": "SEARCH('{AWS/SQS,QueueName} MetricName=\"Y\"', 'Sum', 300)"}]]}}]});
        assert_eq!(named_metrics(&body), ["A", "B"]);
    }

    #[test]
    fn names_of_what_is_deployed_are_found_in_texts() {
        let text = "'/aws/lambda/ceap-${Stage}-deliver-email', ceap-${Stage}/failures ceap-${Stage}-lake\"";
        let found: Vec<_> = deployed_names(text).into_iter().collect();
        assert_eq!(found, ["deliver-email", "lake"]);
    }
}
