//! CloudEvents over HTTP in JSON, in every mode.

use crate::promise::{chosen, decoded, named, noon};
use ceap_connectors::cloudevents::CloudEvents;
use ceap_connectors::{Connector, MAX_ITEMS, Payload};

const KINDS: [&str; 6] = [
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json; charset=utf-8",
    "application/x-ndjson",
    "",
    "text/plain",
];

/// No more items than one payload may have; each is a sound event or says why not.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    // Headers first, where the event's attributes are to stand there: `name: value`, a line each.
    let (head, body) = if choice >= 128 { split(rest) } else { (Vec::new(), rest) };
    let headers: Vec<(&str, &str)> = head.iter().filter_map(|line| line.split_once(": ")).collect();
    let content_type = KINDS[choice % KINDS.len()];
    let payload = Payload { content_type, headers: &headers, body, source: "web", arrived: noon() };
    match CloudEvents.decode(&payload) {
        Err(fault) => named(&fault),
        Ok(items) => {
            assert!(items.len() <= MAX_ITEMS);
            decoded(&items);
        }
    }
}

fn split(data: &[u8]) -> (Vec<String>, &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |at| (&data[..at], &data[at + 2..]));
    (String::from_utf8_lossy(head).lines().map(str::to_owned).collect(), body)
}
