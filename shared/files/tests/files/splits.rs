//! However a file is divided and wherever reading stops, each row comes once, with the same id.

use crate::Room;
use ceap_engagement::source::object::State;
use ceap_kernel::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What came of a file: events by id, and what is in quarantine by id.
type Came = (BTreeMap<String, Value>, BTreeMap<String, u64>);

async fn came(format: &str, text: &str, part_bytes: u64, shift: SignedDuration) -> Came {
    let mut room = Room::new(json!({"format": format, "delimiter": ",",
        "mapping": {"type": "'a'", "subject": "'s'", "time": "'2025-11-01T00:00:00Z'"}}));
    (room.part_bytes, room.shift) = (part_bytes, shift);
    let object = room.ingest("file", text).await;
    let events = room.events();
    let bad = room.quarantined();
    if object.state == State::Done {
        assert_eq!(object.progress.accepted, events.len() as u64, "each once");
        assert_eq!(object.progress.bytes, text.len() as u64);
        assert_eq!(object.progress.rows, (events.len() + bad.len()) as u64);
    }
    let by_id = events.iter().map(|it| (it.event.id.clone(), json!(it.event.data)));
    let lines = bad.iter().map(|(_, payload)| {
        let id = payload["id"].as_str().unwrap_or_default().to_owned();
        (id, payload["line"].as_u64().unwrap_or_default())
    });
    (by_id.collect(), lines.collect())
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 ]{0,6}",
        "[a-zäß€]{1,3}",
        // As it must be quoted, and as it must not be.
        "\"([a-z,\r\n]|\"\"){0,8}\"",
        "[a-z]{0,2}\"[a-z]{0,3}",
        "\"[a-z]{0,3}",
    ]
}

fn csv() -> impl Strategy<Value = String> {
    let row = prop::collection::vec(field(), 1..5);
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n"), Just("\r")];
    let rows = prop::collection::vec((row, end), 0..40);
    rows.prop_map(|rows| {
        let lines = rows.into_iter().map(|(row, end)| row.join(",") + end);
        format!("a,b,c\n{}", lines.collect::<String>())
    })
}

fn jsonl() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[a-z\"ü]{0,9}".prop_map(|text| json!({"text": text}).to_string()),
        Just("{\"broken\": ".to_owned()),
        Just("[1]".to_owned()),
        Just(String::new()),
    ];
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

fn on_one_thread<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn csv_is_the_same_in_any_parts(text in csv(), bytes in 1_u64..200) {
        on_one_thread(async {
            let long = SignedDuration::from_mins(9);
            let whole = came("csv", &text, u64::MAX, long).await;
            prop_assert_eq!(&whole, &came("csv", &text, bytes, long).await);
            // Without time, each batch is a shift of its own, and each scan ends with one part.
            prop_assert_eq!(&whole, &came("csv", &text, bytes, SignedDuration::ZERO).await);
            Ok(())
        })?;
    }

    #[test]
    fn lines_are_the_same_in_any_parts(text in jsonl(), bytes in 1_u64..200) {
        on_one_thread(async {
            let long = SignedDuration::from_mins(9);
            let whole = came("jsonl", &text, u64::MAX, long).await;
            prop_assert_eq!(&whole, &came("jsonl", &text, bytes, long).await);
            Ok(())
        })?;
    }
}

/// What RFC 4180 says of quotes, line breaks in fields and empty lines, written out by hand.
#[test]
fn rows_are_what_the_rfc_says() {
    let text = "a,b,c\n1,\"x\n\"\"y\"\",z\",3\r\n\n4,5,6\n\"7\",,\"\n\"";
    let expected = [["1", "x\n\"y\",z", "3"], ["4", "5", "6"], ["7", "", "\n"]];
    let (events, bad) = on_one_thread(came("csv", text, 1, SignedDuration::from_mins(9)));
    let mut rows: Vec<Value> = events.into_values().collect();
    rows.sort_by_key(|row| row["a"].to_string());
    let expected = expected.map(|[a, b, c]| json!({"a": a, "b": b, "c": c}));
    assert_eq!(rows, expected);
    assert!(bad.is_empty());
}
