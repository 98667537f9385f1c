//! Requests that rules asked for on an update of a ticket.

use super::invocation::{Turn, claim};
use super::{Format, Invocation, Status, Webhook, invoke, ulid};
use crate::api::page::encoded;
use crate::api::{Desk, Refused};
use crate::ids::RecordId;
use crate::record::{Known, Record, places};
use crate::rule::{Form, Placeholders};
use crate::satisfaction::Words;
use crate::ticket::letter::{Notice, Story, told};
use crate::ticket::{Event, What};
use ceap_kernel::{TenantId, Timestamp};
use serde_json::{Map, Value};

/// Makes the requests that an update's rules asked for: each once, but that one which was surely refused for a while is
/// tried again. One of which it is not known whether it was made is not made again. In how many seconds there is more to be
/// done, if there is.
///
/// # Errors
/// `Unavailable` or `Throttled`: then it is to be begun again, and goes on where it stopped.
pub async fn requests(
    desk: &Desk<'_>,
    tenant: &TenantId,
    notice: &Notice,
    base: &str,
) -> Result<Option<u32>, Refused> {
    let Some((ticket, audit)) = told(desk.store, tenant, notice).await? else { return Ok(None) };
    let asked: Vec<(u64, u64, &Value)> = audit.events.iter().filter_map(asked).collect();
    if asked.is_empty() {
        return Ok(None);
    }
    let begun =
        |event: u64, webhook: u64| Some(Invocation::new(RecordId::new(event)?).key(webhook));
    let keys = asked.iter().map(|(_, id, _)| places::record(Webhook::KIND, *id));
    let keys = keys.chain(asked.iter().filter_map(|(event, id, _)| begun(*event, *id))).collect();
    let (kept, story) = futures::try_join!(
        Known::read(desk.store, tenant, keys),
        Story::read(desk.store, desk.accounts, tenant, &ticket, &audit, base)
    )?;
    let mut placeholders = story.to(true, None);
    placeholders.satisfaction(&ticket, Words::of(""), None);
    let mut again = None;
    for (event, webhook_id, body) in asked {
        let webhook = kept.record::<Webhook>(webhook_id)?;
        let webhook = webhook.filter(|it| it.status == Status::Active);
        let (Some(webhook), Some(id)) = (webhook, RecordId::new(event)) else { continue };
        let known = begun(event, webhook_id).and_then(|key| kept.item(&key));
        let due = match claim(desk, tenant, &webhook, id, known).await? {
            Turn::Now(invocation) => {
                let payload = filled(webhook.request_format, body, &placeholders);
                invoke(desk, tenant, &webhook, invocation, &payload).await?.again_at
            }
            Turn::Wait(at) => Some(at),
            Turn::Over => None,
        };
        // All that wait are tried at once, when the last of them may be.
        again = again.max(due);
    }
    Ok(again.map(|at| wait(desk.clock.now(), at)))
}

/// Whole seconds until a time, at least one.
fn wait(now: Timestamp, at: Timestamp) -> u32 {
    let seconds = at.as_second().saturating_sub(now.as_second()).saturating_add(1);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

/// The event, the webhook and what it is sent.
fn asked(event: &Event) -> Option<(u64, u64, &Value)> {
    match &event.what {
        What::Webhook { webhook_id, body } => Some((event.id, ulid::read(webhook_id)?, body)),
        _ => None,
    }
}

/// What is sent, with what its placeholders stand for. Values are text there: they cannot change what is sent beside them.
fn filled(format: Format, body: &Value, placeholders: &Placeholders) -> String {
    match format {
        Format::Json => match body {
            Value::String(text) => placeholders.fill(text, Form::Json),
            Value::Array(pairs) => {
                let named = pairs.iter().filter_map(pair).map(|(name, value)| {
                    (name.to_owned(), Value::from(placeholders.fill(value, Form::Plain)))
                });
                Value::Object(named.collect::<Map<String, Value>>()).to_string()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
        },
        Format::Xml => placeholders.fill(body.as_str().unwrap_or_default(), Form::Markup),
        Format::FormEncoded => {
            let pairs = body.as_array().into_iter().flatten().filter_map(pair);
            let written = pairs.map(|(name, value)| {
                let value = placeholders.fill(value, Form::Plain);
                format!("{}={}", encoded(name), encoded(&value))
            });
            written.collect::<Vec<String>>().join("&")
        }
    }
}

fn pair(value: &Value) -> Option<(&str, &str)> {
    Some((value.get(0)?.as_str()?, value.get(1)?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_one_whatever_it_holds() {
        let mut placeholders =
            Placeholders::new(serde_json::json!({"ticket": {"title": "a\"}&b<c"}}));
        placeholders.said(&[]);
        let json =
            filled(Format::Json, &Value::from("{\"t\":\"{{ticket.title}}\"}"), &placeholders);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["t"], "a\"}&b<c");
        let xml = filled(Format::Xml, &Value::from("<t>{{ticket.title}}</t>"), &placeholders);
        assert_eq!(xml, "<t>a&quot;}&amp;b&lt;c</t>");
        let form = serde_json::json!([["t", "{{ticket.title}}"], ["u", "v"]]);
        let form = filled(Format::FormEncoded, &form, &placeholders);
        assert_eq!(form, "t=a%22%7D%26b%3Cc&u=v");
    }
}
