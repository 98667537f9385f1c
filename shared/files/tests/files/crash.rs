//! A process dies, or a call fails, at any call: each row is in, once by its id, and is counted right.

use crate::written::{Sheet, gzip};
use crate::{Room, said};
use ceap_engagement::source::object::{Progress, State};
use ceap_kernel::SignedDuration;
use ceap_testkit::Strike;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ROWS: usize = 1_700;

fn sheet() -> Sheet {
    let row = |at: usize| vec![format!("s{}", at % 7), at.to_string()];
    let columns = vec!["who".to_owned(), "n".to_owned()];
    Sheet { columns, rows: (0..ROWS).map(row).collect(), numbers: vec!["n"] }
}

fn room(part_bytes: u64) -> Room {
    let mut room = Room::new(json!({"mapping": {
        "type": "'a'", "subject": "row.who", "time": "'2025-11-01T00:00:00Z'",
        "data": {"n": "double(row.n)"}, "when": "double(row.n) != 5.0"}}));
    // Each batch is kept.
    (room.part_bytes, room.shift) = (part_bytes, SignedDuration::ZERO);
    room
}

async fn survives(name: &str, bytes: Vec<u8>, part_bytes: u64) {
    let whole = room(part_bytes);
    let object = whole.ingest(name, bytes.clone()).await;
    assert_eq!((object.state, object.progress.accepted), (State::Done, ROWS as u64 - 1));
    let by_id = |room: &Room| -> BTreeMap<String, Value> {
        room.events().iter().map(|it| (it.event.id.clone(), said(it))).collect()
    };
    let expected = by_id(&whole);
    assert_eq!(expected.len(), ROWS - 1);
    let calls = whole.world.total_calls();
    assert!(calls > 12, "{calls}");
    for strike in Strike::ALL {
        // The last call is the test's own.
        for nth in 0..calls - 1 {
            let room = room(part_bytes);
            let told = room.put(name, bytes.clone());
            room.world.strike(nth, strike);
            let object = room.run(&told, "arn:1").await.unwrap();
            let hit = format!("{name}: {:?}", room.world.struck());
            assert_eq!((object.state, &object.error), (State::Done, &None), "{hit}");
            assert!(by_id(&room) == expected, "{hit}");
            assert_eq!(object.progress, progress(bytes.len()), "{hit}");
            // What was read and not yet kept came again, and nothing else did.
            let again = room.events().len() - expected.len();
            assert!(again <= 500, "{again} came again: {hit}");
        }
    }
}

fn progress(bytes: usize) -> Progress {
    let (rows, bytes) = (ROWS as u64, bytes as u64);
    Progress { rows, accepted: rows - 1, quarantined: 0, left_out: 1, bytes }
}

#[tokio::test]
async fn csv_in_parts() {
    survives("a.csv", sheet().csv(",", "\n").into_bytes(), 9_000).await;
}

#[tokio::test]
async fn gzip_in_one_piece() {
    survives("a.jsonl.gz", gzip(sheet().jsonl().as_bytes()), 1).await;
}

#[tokio::test]
async fn parquet_by_row_groups() {
    survives("a.parquet", sheet().parquet(900), 1).await;
}

/// Two executions of one object: one works, the other sees that and leaves it alone.
#[tokio::test]
async fn told_twice_is_read_once() {
    let room = room(1 << 20);
    let told = room.put("a.csv", sheet().csv(",", "\n"));
    let begin = |execution: &str| json!({"step": "plan", "execution": execution, "input": told});
    let first = room.step(begin("arn:1")).await.unwrap();
    assert_eq!(first.parts, Some(vec![0]));
    assert_eq!(room.step(begin("arn:2")).await.unwrap().parts, None);
    assert_eq!(room.step(begin("arn:1")).await.unwrap(), first, "its own, made again");
    let object = room.run(&told, "arn:1").await.unwrap();
    assert_eq!(object.state, State::Done);
    assert!(room.run(&told, "arn:3").await.is_none());
    assert_eq!(room.events().len(), ROWS - 1);
}

/// The same content put there again: another object, the same events.
#[tokio::test]
async fn put_twice_has_the_same_ids() {
    let room = room(1 << 20);
    let mut told = room.put("a.csv", sheet().csv(",", "\n"));
    let first = room.run(&told, "arn:1").await.unwrap();
    told["object"]["sequencer"] = json!("0062E99A88DC407461");
    let second = room.run(&told, "arn:2").await.unwrap();
    assert_ne!(first.id, second.id);
    let events = room.events();
    let (one, two) = events.split_at(ROWS - 1);
    assert!(one.iter().zip(two).all(|(one, two)| one.event == two.event));
}
