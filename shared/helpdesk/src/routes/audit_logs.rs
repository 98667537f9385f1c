//! The log of changes to what an account is set up with, and to what its people may do
//! ([audit logs](https://developer.zendesk.com/api-reference/ticketing/account-configuration/audit_logs/)).

use crate::access::Action::ReadAuditLog;
use crate::account::AuditLog;
use crate::api::call::id_at;
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::record::{Kept, Record, places};
use crate::routes;
use crate::store::Range;
use crate::user::User;
use ceap_kernel::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The log of changes.
pub const ROUTES: &[Route] = routes![
    GET "/audit_logs" Guard::May(ReadAuditLog) => list, "Lists changes to what the account is set up with, and to what people may do";
    GET "/audit_logs/{id}" Guard::May(ReadAuditLog) => show, "Shows such a change";
    POST "/audit_logs/export" refused "CEAP sends no files by email; the list tells the same", "Sends such changes as a file";
];

/// Entries that one request looks through where it filters. The next page goes on behind them.
const WINDOW: usize = 1_000;

/// An entry, with the names that people have now.
fn shown(call: &Call<'_>, log: &AuditLog, names: &Names) -> Value {
    let label = match log.action.as_str() {
        "create" => "Created",
        "destroy" => "Deleted",
        _ => "Updated",
    };
    let person = log.person().and_then(|id| names.get(&id)).unwrap_or(&log.source_label);
    json!({
        "url": call.url(&format!("/audit_logs/{}.json", log.id)),
        "id": log.id,
        "action": log.action,
        "action_label": label,
        "actor_id": log.actor_id,
        "actor_name": names.get(&log.actor_id.get()),
        "source_id": log.source_id,
        "source_type": log.source_type,
        "source_label": person,
        "change_description": log.change_description,
        "ip_address": log.ip_address,
        "created_at": log.created_at,
    })
}

type Names = BTreeMap<u64, String>;

/// The names of the people of these entries.
async fn names(call: &Call<'_>, logs: &[Kept<AuditLog>]) -> Result<Names, Refused> {
    let ids = logs.iter().flat_map(|it| it.person().into_iter().chain([it.actor_id.get()]));
    let ids: BTreeSet<u64> = ids.collect();
    let people = call.get_all::<User>(&ids.into_iter().collect::<Vec<_>>()).await?;
    Ok(people.into_iter().map(|it| (it.id(), it.record.name)).collect())
}

/// What is asked for.
#[derive(Debug, Default)]
struct Filter<'a> {
    source_types: Vec<&'a str>,
    source_ids: Vec<&'a str>,
    actor_ids: Vec<&'a str>,
    ip_addresses: Vec<&'a str>,
    actions: Vec<&'a str>,
    times: Option<(Timestamp, Timestamp)>,
}

impl<'a> Filter<'a> {
    fn of(call: &Call<'a>) -> Result<Self, Refused> {
        let ask = call.ask;
        let source_ids = ask.values("filter[source_id]");
        let source_types = ask.values("filter[source_type]");
        if !source_ids.is_empty() && source_types.is_empty() {
            return Err(Refused::parameter("filter[source_type]", "is required with source_id"));
        }
        let times = match ask.values("filter[created_at]").as_slice() {
            [] => None,
            [from, to] => Some((time(from)?, time(to)?)),
            _ => {
                return Err(Refused::parameter("filter[created_at]", "must be a start and an end"));
            }
        };
        Ok(Self {
            source_types,
            source_ids,
            actor_ids: ask.values("filter[actor_id]"),
            ip_addresses: ask.values("filter[ip_address]"),
            actions: ask.values("filter[action]"),
            times,
        })
    }

    fn is_none(&self) -> bool {
        let all = [
            &self.source_types,
            &self.source_ids,
            &self.actor_ids,
            &self.ip_addresses,
            &self.actions,
        ];
        all.into_iter().all(Vec::is_empty) && self.times.is_none()
    }

    fn fits(&self, log: &AuditLog) -> bool {
        let one = |wanted: &[&str], is: &str| wanted.is_empty() || wanted.contains(&is);
        one(&self.source_types, &log.source_type)
            && one(&self.source_ids, &log.source_id.to_string())
            && one(&self.actor_ids, &log.actor_id.to_string())
            && one(&self.ip_addresses, log.ip_address.as_deref().unwrap_or_default())
            && one(&self.actions, &log.action)
            && self.times.is_none_or(|(from, to)| from <= log.created_at && log.created_at <= to)
    }

    /// The place behind which what fits begins, since ids grow with time.
    fn begins(&self, backward: bool) -> Option<String> {
        let (from, to) = self.times?;
        let second = if backward { to.as_second().saturating_add(1) } else { from.as_second() };
        let at = Timestamp::from_second(second).ok()?;
        let id = if backward { id_at(at) } else { id_at(at).checked_sub(1)? };
        Some(places::rank(id))
    }

    /// Whether nothing behind this one fits any more.
    fn is_over(&self, last: &AuditLog, backward: bool) -> bool {
        self.times.is_some_and(
            |(from, to)| {
                if backward { last.created_at < from } else { last.created_at > to }
            },
        )
    }
}

fn time(text: &str) -> Result<Timestamp, Refused> {
    text.trim().parse().map_err(|_| Refused::parameter("filter[created_at]", "must be times"))
}

/// The newest first, unless the query says otherwise.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let ascending = match call.ask.query("sort") {
        Some(sort) => !sort.starts_with('-'),
        None => call.ask.query("sort_order") == Some("asc"),
    };
    let filter = Filter::of(call)?;
    let page = if filter.is_none() {
        list::page::<AuditLog>(call, &List::All, !ascending).await?
    } else {
        filtered(call, &filter, !ascending).await?
    };
    let names = names(call, &page.records).await?;
    let page = page.map(|it| shown(call, &it, &names));
    Ok(Answer::ok(page.envelope(call.ask, AuditLog::KIND.plural)))
}

/// The page of those that fit within a window of the log. A cursor goes on from window to window; pages by number are
/// those of the first.
async fn filtered(
    call: &Call<'_>,
    filter: &Filter<'_>,
    backward: bool,
) -> Result<Page<Kept<AuditLog>>, Refused> {
    let paging = Paging::of(call.ask)?;
    let (at, turned) = match &paging {
        Paging::Number { .. } => (None, false),
        Paging::Cursor { at, before, .. } => (at.clone(), *before),
    };
    let backward = backward != turned;
    let range = Range::of(AuditLog::KIND.name, WINDOW);
    let range = range.after(at.or_else(|| filter.begins(backward))).backward(backward);
    let found = call.range(&range).await?;
    let mut all: Vec<Kept<AuditLog>> =
        found.items.iter().map(Kept::read).collect::<Result<_, _>>()?;
    let scanned = all.last().map(|it| places::rank(it.id()));
    let over = all.last().is_none_or(|it| filter.is_over(it, backward));
    all.retain(|it| filter.fits(it));
    let total = all.len();
    let (skipped, size) = (paging.offset(), paging.size());
    let mut records: Vec<_> = all.into_iter().skip(skipped).take(size).collect();
    let full = total > skipped.saturating_add(size);
    let rank = |it: Option<&Kept<AuditLog>>| it.map(|it| places::rank(it.id()));
    let first = rank(records.first());
    // Where the window holds no more that fits, the next page begins behind it.
    let last = if full { rank(records.last()) } else { scanned };
    let more = full || (found.more && !over);
    let mut ends = first.or_else(|| last.clone()).zip(last);
    if turned {
        records.reverse();
        ends = ends.map(|(first, last)| (last, first));
    }
    let more = more && (full || matches!(paging, Paging::Cursor { .. }));
    Ok(Page { records, ends, more, count: u64::try_from(total).ok(), paging })
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let log = call.get::<AuditLog>(call.id("id")?).await?;
    let names = names(call, std::slice::from_ref(&log)).await?;
    Ok(Answer::ok(json!({"audit_log": shown(call, &log, &names)})))
}
