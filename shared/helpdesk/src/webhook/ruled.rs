//! Requests that rules asked for on an update of a ticket.

use super::{Format, Invocation, Status, Webhook, claim, invoke, ulid};
use crate::api::page::encoded;
use crate::api::{Desk, Refused};
use crate::ids::RecordId;
use crate::record::{Known, Record, places};
use crate::rule::{Form, Placeholders};
use crate::ticket::letter::{Notice, Story, told};
use crate::ticket::{Event, What};
use ceap_kernel::TenantId;
use serde_json::{Map, Value};

/// Makes the requests that an update's rules asked for: each once, whatever becomes of it. One of which it is not known
/// whether it was made is not made again.
///
/// # Errors
/// `Unavailable` or `Throttled`: then it is to be begun again, and goes on where it stopped.
pub async fn requests(
    desk: &Desk<'_>,
    tenant: &TenantId,
    notice: &Notice,
    base: &str,
) -> Result<(), Refused> {
    let Some((ticket, audit)) = told(desk.store, tenant, notice).await? else { return Ok(()) };
    let asked: Vec<(u64, u64, &Value)> = audit.events.iter().filter_map(asked).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let keys = asked.iter().map(|(_, id, _)| places::record(Webhook::KIND, *id)).collect();
    let (webhooks, story) = futures::try_join!(
        Known::read(desk.store, tenant, keys),
        Story::read(desk.store, desk.accounts, tenant, &ticket, &audit, base)
    )?;
    let placeholders = story.to(true, None);
    for (event, id, body) in asked {
        let webhook = webhooks.record::<Webhook>(id)?.filter(|it| it.status == Status::Active);
        let (Some(webhook), Some(id)) = (webhook, RecordId::new(event)) else { continue };
        if claim(desk, tenant, &webhook, &Invocation { id, attempts: Vec::new() }).await? {
            let payload = filled(webhook.request_format, body, &placeholders);
            invoke(desk, tenant, &webhook, id, &payload).await?;
        }
    }
    Ok(())
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
