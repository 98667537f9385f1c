//! Each route of the helpdesk's API: what one request takes of the processor and of DynamoDB, asked of an account that has
//! something of most kinds.

use crate::invoke::{Invoker, as_f64};
use crate::platform::Platform;
use crate::printed::Printed;
use crate::templates::Templates;
use crate::workload::TENANT;
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_helpdesk::api::{Does, Route};
use ceap_helpdesk::routes::{FAMILIES, Family, TICKETS};
use ceap_runtime::drive;
use ceap_runtime::helpdesk::Office;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What one request to a route takes.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// Its function.
    pub function: String,
    /// Its method and path.
    pub route: String,
    /// The status of the answer that is told of: the best that any id brought.
    pub status: u64,
    /// Milliseconds of CPU time.
    pub cpu_ms: f64,
    /// Calls of DynamoDB.
    pub calls: u64,
    /// Calls of AWS that each wait for the one before.
    pub chain: u64,
    /// Read and write units of DynamoDB.
    pub read: f64,
    /// The same.
    pub write: u64,
    /// Bytes of the answer.
    pub bytes: usize,
}

/// Ids that a route is asked with at most, until one brings what is asked for.
const MOST_IDS: usize = 4;

/// Requests with one token: below what the API takes of one in a minute.
const PER_TOKEN: usize = 500;

/// Tickets that the account has, each with a requester of its own.
const TICKETS_MADE: usize = 30;

struct Desk<'a> {
    platform: &'a Platform,
    office: Office,
    invoker: Invoker<'a>,
    asked: usize,
}

/// Every route that does something.
///
/// # Errors
/// When a function fails.
pub async fn routes(templates: &Templates, printed: &Printed) -> Result<Vec<Asked>> {
    let memory = templates.memory()?;
    let platform = Platform::new(templates, &[]).await?;
    let office = Office::of(&platform.env, &platform.config);
    let office = office.map_err(|fault| anyhow!("{fault}"))?;
    let invoker = Invoker::new(&platform.aws, &memory);
    let mut desk = Desk { platform: &platform, office, invoker, asked: 0 };
    desk.populate().await?;
    let ids = desk.ids();
    let mut rows = Vec::new();
    for family in FAMILIES {
        for route in family.routes.iter().flat_map(|routes| routes.iter()) {
            if matches!(route.does, Does::Run(..)) && named(&memory, family) {
                rows.extend(desk.best(family, route, &ids).await?);
            }
        }
    }
    printed.take()?;
    Ok(rows)
}

fn named(memory: &BTreeMap<String, u64>, family: &Family) -> bool {
    memory.contains_key(&function(family))
}

fn function(family: &Family) -> String {
    format!("helpdesk-{}", family.name)
}

impl Desk<'_> {
    async fn populate(&mut self) -> Result<()> {
        for n in 0..TICKETS_MADE {
            let requester = json!({"name": "Ada", "email": format!("ada-{n}@example.com")});
            let ticket = json!({"ticket": {"subject": "It fails", "external_id": format!("x-{n}"),
                "comment": {"body": "It fails when I press the button."}, "tags": ["button"],
                "priority": "normal", "requester": requester}});
            self.ask(&TICKETS, "POST", "/tickets", &ticket).await?;
            let reply = json!({"ticket": {"comment": {"body": "Which button?"}, "status": "open"}});
            self.ask(&TICKETS, "PUT", &format!("/tickets/{}", n.saturating_add(1)), &reply).await?;
        }
        for (path, body) in [
            ("/groups", json!({"group": {"name": "Second line"}})),
            ("/organizations", json!({"organization": {"name": "Acme"}})),
            (
                "/macros",
                json!({"macro": {"title": "Close", "actions": [{"field": "status", "value": "solved"}]}}),
            ),
        ] {
            let families = FAMILIES.iter();
            let family =
                families.into_iter().find(|it| it.paths.contains(&path.trim_start_matches('/')));
            if let Some(family) = family {
                self.ask(family, "POST", path, &body).await?;
            }
        }
        Ok(())
    }

    /// Ids that stand in the account's keys, by the kind of what has them.
    fn ids(&self) -> BTreeMap<String, BTreeSet<u64>> {
        let mut ids: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let text = |item: &Map<String, Value>, name: &str| {
            let value = item.get(name).and_then(|it| it.get("S")).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        for item in self.platform.aws.items("HelpdeskTable") {
            let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
            let partition = pk.split('#').nth(1).unwrap_or_default();
            let kind = match partition {
                "ACCOUNT" => sk.split('#').next().unwrap_or_default(),
                other => other,
            };
            let numbers =
                pk.split('#').chain(sk.split('#')).filter_map(|it| it.parse::<u64>().ok());
            ids.entry(kind.to_lowercase()).or_default().extend(numbers);
        }
        ids
    }

    /// Asks with one id after the other, and tells of the best answer.
    async fn best(
        &mut self,
        family: &Family,
        route: &Route,
        ids: &BTreeMap<String, BTreeSet<u64>>,
    ) -> Result<Option<Asked>> {
        let mut best: Option<Asked> = None;
        for id in fitting(route, ids) {
            let segments = route.path.split('/').map(|it| match it.starts_with('{') {
                true => id.to_string(),
                false => it.to_owned(),
            });
            let path = segments.collect::<Vec<_>>().join("/");
            let method = route.method.as_str();
            let query = format!(
                "ids={id}&external_id=x-1&query=ada&name=ada&start_time=0&user_id={id}&email=ada-1@example.com"
            );
            let asked =
                self.ask(family, method, &format!("{path}?{query}"), &body(route, id)).await?;
            let asked = Asked { route: format!("{method} {}", route.path), ..asked };
            if best.as_ref().is_none_or(|best| asked.status < best.status) {
                best = Some(asked);
            }
            if best.as_ref().is_some_and(|best| best.status < 300) {
                break;
            }
        }
        Ok(best)
    }

    async fn ask(
        &mut self,
        family: &Family,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Asked> {
        let token = self.platform.tokens.get(self.asked / PER_TOKEN).context("too few tokens")?;
        self.asked = self.asked.saturating_add(1);
        let event = event(token, method, path, body);
        let function = function(family);
        self.invoker.bill = crate::invoke::Bill::default();
        let answer = drive::helpdesk(&self.office, family, &event);
        let (answer, cpu) = self.invoker.invoke(&function, answer).await?;
        let meter = &self.invoker.bill.meter;
        let units = meter.all_units();
        let answer: Value = serde_json::from_slice(&answer)?;
        let text = answer.get("body").and_then(Value::as_str).unwrap_or_default();
        Ok(Asked {
            function,
            route: format!("{method} {path}"),
            status: answer.get("statusCode").and_then(Value::as_u64).unwrap_or_default(),
            cpu_ms: cpu.as_secs_f64() * 1000.0,
            calls: meter.calls_of("dynamodb").count,
            chain: meter.chain,
            read: units.read,
            write: units.write.saturating_add(units.index),
            bytes: text.len(),
        })
    }
}

/// A request as API Gateway writes it.
fn event(token: &str, method: &str, path: &str, body: &Value) -> Vec<u8> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = format!("/api/v2{path}");
    let basic = STANDARD.encode(format!("ada@example.com/token:{token}"));
    let mut event = json!({
        "version": "2.0", "routeKey": format!("ANY {path}"), "rawPath": path, "rawQueryString": query,
        "headers": {
            "accept": "application/json", "authorization": format!("Basic {basic}"),
            "content-type": "application/json", "host": "api.example.com", "x-ceap-tenant": TENANT,
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com",
            "domainPrefix": "api", "requestId": "r", "routeKey": format!("ANY {path}"),
            "stage": "$default", "time": "21/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_255_200_000_u64,
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "bench",
            },
        },
        "isBase64Encoded": false,
    });
    if let Some(fields) = event.as_object_mut().filter(|_| method != "GET") {
        fields.insert("body".to_owned(), Value::from(body.to_string()));
    }
    event.to_string().into_bytes()
}

/// The ids of kinds that the path names, and the first of all.
fn fitting(route: &Route, all: &BTreeMap<String, BTreeSet<u64>>) -> Vec<u64> {
    if !route.path.contains('{') {
        return vec![1];
    }
    let of = route.path.split("/{").next().and_then(|it| it.rsplit('/').next());
    let of = of.unwrap_or_default();
    let named = all.iter().filter(|(kind, _)| of.starts_with(kind.trim_end_matches('s')));
    let mut fit: Vec<u64> = named.flat_map(|(_, ids)| ids.iter().copied()).collect();
    fit.sort_unstable();
    fit.dedup();
    fit.truncate(MOST_IDS.saturating_sub(1));
    fit.push(1);
    fit
}

/// A body with something for most routes: a record under the name of each kind that the path names.
fn body(route: &Route, id: u64) -> Value {
    let record = json!({
        "name": "Another", "title": "Another", "subject": "Another", "key": "another", "id": id,
        "comment": {"body": "More of it."}, "tags": ["more"], "type": "text", "value": "more",
        "email": "another@example.com", "user_id": id, "group_id": id, "ticket_id": id,
        "conditions": {"all": [{"field": "status", "operator": "less_than", "value": "closed"}]},
        "actions": [{"field": "priority", "value": "high"}],
        "all": [{"field": "status", "operator": "less_than", "value": "closed"}],
    });
    let mut body = Map::new();
    for segment in route.path.split('/').filter(|it| !it.is_empty() && !it.starts_with('{')) {
        let one = segment.strip_suffix("ies").map(|it| format!("{it}y"));
        let one = one.or(segment.strip_suffix('s').map(str::to_owned));
        body.insert(one.unwrap_or_else(|| segment.to_owned()), record.clone());
        body.insert(segment.to_owned(), json!([record]));
    }
    body.insert("ids".to_owned(), json!([id]));
    body.insert("tags".to_owned(), json!(["more"]));
    Value::Object(body)
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
