//! What systems that are polled answer: their pages, and where the next ones are.

use crate::promise::{acme, chosen, halves, named, noon};
use ceap_connectors::http_poll::page;
use ceap_engagement::source::SourceKind;
use ceap_engagement::source::poll::{Ask, HttpPollSource, Next};
use ceap_http::{Answer, HeaderName, HeaderValue, Url};
use ceap_kernel::{Fault, PollId, SourceId};
use serde_json::{Value, json};

/// Bytes that are kept between two pages, as JSON: a cursor or a URL of 8 KiB, each byte of which may be escaped.
const MAX_PLACE: usize = 6 * 8 * 1024 + 64;

/// The next page is on the host of the first, a place is short, and a fault is the answer's.
pub fn run(data: &[u8]) {
    let (way, rest) = chosen(data);
    let (status, rest) = chosen(rest);
    let (head, body) = halves(rest);
    let source = source(way % 6, way & 64 == 0);
    let kind: SourceKind = serde_json::from_value(json!({"http_poll": source})).unwrap();
    let base: Url = source.url.parse().unwrap();
    let answer = answer(way, status, head, body);
    let (tenant, id, poll) = (
        acme(),
        SourceId::new("orders").unwrap(),
        PollId::new("0123456789abcdef0123456789abcdef").unwrap(),
    );
    let mut place: Option<Value> = None;
    for _ in 0..2 {
        let ask = Ask {
            tenant: &tenant,
            source: &id,
            poll: &poll,
            kind: &kind,
            since: None,
            place: place.as_ref(),
        };
        match page(&ask, &source, &base, &answer, noon()) {
            Ok(page) => match page.next {
                Next::Page(next) => {
                    assert!(next.to_string().len() <= MAX_PLACE);
                    if let Some(url) = next.get("url").and_then(Value::as_str) {
                        let url: Url = url.parse().unwrap();
                        assert_eq!(url.origin(), base.origin());
                        assert!(url.username().is_empty() && url.password().is_none());
                    }
                    place = Some(next);
                }
                Next::End | Next::Running(_) => return,
                Next::Later { place: at, why, .. } => {
                    assert!(at == place && !why.is_empty());
                    return;
                }
            },
            // Of a status that says so; what the answer holds is never told.
            Err(fault) => {
                named(&fault);
                assert!(!matches!(fault, Fault::NotFound(_)) || matches!(answer.status, 404 | 410));
                return;
            }
        }
    }
}

fn source(paging: usize, listed: bool) -> HttpPollSource {
    let pages = [
        Value::Null,
        json!({"cursor": {"at": "/next", "parameter": "after"}}),
        json!({"page": {"parameter": "page", "from": 1}}),
        json!({"offset": {"parameter": "offset", "limit": 1}}),
        json!({"link": {}}),
        json!({"next": {"at": "/next"}}),
    ];
    serde_json::from_value(json!({
        "url": "https://api.example.com/v1/orders",
        "items": listed.then_some("/rows"),
        "pages": pages[paging],
        "mapping": {"type": "'order_placed'", "subject": "row.customer"},
    }))
    .unwrap()
}

/// The first line of the head is `Link`, the second `Retry-After`.
fn answer(way: usize, status: usize, head: &[u8], body: &[u8]) -> Answer {
    let known = [200, 200, 200, 200, 204, 301, 400, 401, 403, 404, 410, 418, 429, 500, 503, 599];
    let mut lines = head.split(|byte| *byte == b'\n');
    let names = ["link", "retry-after"];
    let given = names.into_iter().filter_map(|name| {
        let value = HeaderValue::from_bytes(lines.next()?).ok()?;
        Some((HeaderName::from_static(name), value))
    });
    let packed = (way & 32 != 0)
        .then(|| (HeaderName::from_static("content-encoding"), HeaderValue::from_static("gzip")));
    Answer {
        status: known[status % known.len()],
        body: body.to_vec(),
        whole: way & 128 == 0,
        headers: given.chain(packed).collect(),
        retry_after_s: None,
    }
}
