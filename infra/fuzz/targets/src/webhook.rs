//! Webhooks: a mapping that a tenant wrote, and a body that anybody sends; and signatures.

use crate::promise::{chosen, decoded, halves, named, noon, text};
use ceap_connectors::webhooks::{Request, SCHEMES};
use ceap_engagement::source::MappingDocument;
use ceap_engagement::source::unpack::{Piece, Unpack};
use serde_json::{Value, json};

/// A mapping that many have.
const USUAL: &str = r#"{"type": "'order_' + row.event", "subject": "row.customer", "time": "row.at", "id": "string(row.id)",
    "data": {"amount": "double(row.amount)", "topic": "headers['x-topic']", "all": "row.lines.map(l, l.sku)"}}"#;

/// Events are sound, rows that make none say why, and no signature is guessed.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    match choice % 4 {
        0 => mapped(None, USUAL.as_bytes(), rest),
        1 => mapped(Some("row.orders"), USUAL.as_bytes(), rest),
        2 => {
            let (mapping, body) = halves(rest);
            mapped(None, mapping, body);
        }
        _ => signed(rest),
    }
}

fn mapped(each: Option<&str>, mapping: &[u8], body: &[u8]) {
    let Ok(mapping) = serde_json::from_slice::<MappingDocument>(mapping) else { return };
    let unpack = match Unpack::compile(each, &mapping) {
        Ok(unpack) => unpack,
        Err(fault) => return named(&fault),
    };
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    let headers = json!({"x-topic": "orders/create"});
    let piece = Piece { headers: &headers, id: "d1", source: "shop", arrived: noon() };
    match unpack.events(body, &piece) {
        Ok(items) => decoded(&items),
        Err(fault) => named(&fault),
    }
}

/// The header of each scheme holds whatever it holds.
fn signed(data: &[u8]) {
    let (header, body) = halves(data);
    let header = text(header);
    let all = |_: &str| Some(header.as_str());
    let request = Request { header: &all, body, at: noon() };
    for scheme in SCHEMES {
        let secrets = ["whsec_bm9ib2R5IGtub3dzIHRoaXM=", "nobody knows this"];
        match scheme.verify(&secrets, &request) {
            Ok(()) => panic!("{} took {header:?}", scheme.name()),
            Err(fault) => named(&fault),
        }
        assert!(
            scheme.id(&request).is_none_or(|id| id.len() <= 2 * (header.len() + body.len()) + 64)
        );
    }
}
