//! What clients of Amazon Pinpoint send: events with endpoints, messages, paths.

use crate::promise::{chosen, decoded, halves, named, noon, text};
use ceap_connectors::pinpoint::message::{self, Composer};
use ceap_connectors::pinpoint::{Item, Placed, again, operations, read};
use ceap_engagement::endpoint::{self, ChannelType, told};
use ceap_engagement::pipeline::accept::Decoded;
use ceap_engagement::use_case::Settings;

/// Whatever kind of request it is.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    match choice % 3 {
        0 => match read(rest) {
            Ok(batch) => batch.iter().for_each(item),
            Err(fault) => named(&fault),
        },
        1 => messages(rest),
        _ => {
            let (method, path) = halves(rest);
            if let Some(found) = operations::find(&text(method), &text(path)) {
                assert_eq!(found.method, text(method));
            }
        }
    }
}

/// Events are sound; an endpoint is the same when it was written and read, and says nothing when it is told again.
fn item(item: &Item) {
    for (id, event) in &item.events {
        let placed = Placed { source: "shop", endpoint: &item.id, subject: "ada", arrived: noon() };
        let found = placed.event(id, event);
        if let Decoded::Bad { payload, .. } = &found {
            for again in again(payload, noon()).into_iter().flatten() {
                assert!(matches!(again, Decoded::Bad { .. }), "{found:?} became {again:?}");
            }
        }
        decoded(&[found]);
    }
    let request = match &item.endpoint {
        Ok(request) => request,
        Err(fault) => return named(fault),
    };
    if let Err(fault) = endpoint::key(&item.id) {
        return named(&fault);
    }
    match request.apply(&item.id, None, noon(), "request") {
        Ok(Some(made)) => {
            let written = serde_json::to_string(&made).unwrap();
            assert_eq!(serde_json::from_str::<endpoint::Endpoint>(&written).unwrap(), made);
            assert!(told::changed(None, &made).is_ok());
            assert_eq!(told::changed(Some(&made), &made), Ok(Vec::new()));
        }
        Ok(None) => {}
        Err(fault) => named(&fault),
    }
}

/// Each recipient has a message or a reason; no text is longer than all that was sent together.
fn messages(body: &[u8]) {
    let request = match message::read(body) {
        Ok(request) => request,
        Err(fault) => return named(&fault),
    };
    let composer = Composer { request: &request, settings: &Settings::default() };
    let all = [&request.addresses, &request.endpoints, &request.users];
    for recipient in all.into_iter().flatten().flat_map(|all| all.values()) {
        let kind = recipient.channel_type.unwrap_or(ChannelType::Email);
        if let Err(fault) = composer.compose(kind, recipient, None) {
            named(&fault);
        }
    }
}
