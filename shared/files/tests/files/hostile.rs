//! Files that are broken, or mean harm: what can be read is in, and the rest says why it is not.

use crate::Room;
use crate::written::{Sheet, gzip, zstd};
use ceap_engagement::source::object::{Object, State};
use rstest::rstest;
use serde_json::{Value, json};

fn document() -> Value {
    json!({"mapping": {"type": "'a'", "subject": "row.who", "time": "'2025-11-01T00:00:00Z'"}})
}

fn lines(rows: usize) -> String {
    (0..rows).map(|at| format!("{{\"who\": \"s\", \"n\": {at}}}\n")).collect()
}

async fn ingest(name: &str, bytes: impl Into<Vec<u8>>) -> (Room, Object) {
    let room = Room::new(document());
    let object = room.ingest(name, bytes).await;
    (room, object)
}

/// Its state says why, and so does quarantine, which names the file.
fn fails(room: &Room, object: &Object, said: &str) {
    assert_eq!(object.state, State::Failed);
    let error = object.error.clone().unwrap();
    assert!(error.contains(said), "{error}");
    let (reason, payload) = room.quarantined().pop().unwrap();
    assert_eq!((reason, &payload["object"]), (error, &json!(object.key)));
}

#[tokio::test]
async fn a_truncated_gzip_gives_what_it_holds() {
    let text: String = (0..20_000_u32)
        .map(|at| format!("{{\"who\": \"{:08x}\"}}\n", at.wrapping_mul(2_654_435_761)))
        .collect();
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        let half = packed[..packed.len() / 2].to_vec();
        let (room, object) = ingest("a.jsonl", half).await;
        fails(&room, &object, "breaks off");
        let came = room.events();
        assert!(came.len() > 5_000, "{}", came.len());
        assert_eq!(object.progress.accepted, came.len() as u64);
        let line = came.len() + 1;
        assert!(object.error.unwrap().starts_with(&format!("line {line}: file: breaks off")));
    }
}

#[tokio::test]
async fn a_corrupt_gzip_says_so() {
    let mut packed = gzip(lines(200_000).as_bytes());
    let middle = packed.len() / 2;
    packed[middle..middle + 64].fill(0xff);
    let (room, object) = ingest("a.jsonl.gz", packed).await;
    fails(&room, &object, "cannot be unpacked");
    assert!(object.progress.accepted > 0);
}

#[tokio::test]
async fn a_ragged_row_costs_itself() {
    let (room, object) = ingest("a.csv", "who,n\na,1\nb,2,3\nc\nd,4\n").await;
    assert_eq!(
        (object.state, object.progress.accepted, object.progress.quarantined),
        (State::Done, 2, 2)
    );
    let quarantined = room.quarantined();
    assert_eq!(quarantined[0].0, "line 3: row: has 3 fields, not 2 as the file has columns");
    assert_eq!(quarantined[0].1["row"], "b,2,3");
    assert_eq!(quarantined[0].1["line"], 3);
    assert_eq!(quarantined[1].0, "line 4: row: has 1 field, not 2 as the file has columns");
}

#[tokio::test]
async fn a_column_that_is_missing_is_said_and_does_not_flood() {
    let rows = |n: usize| (0..n).map(|at| vec![at.to_string(), "x".to_owned()]).collect();
    let columns = vec!["id".to_owned(), "city".to_owned()];
    let sheet = Sheet { columns, rows: rows(5_000), numbers: vec![] };
    let (room, object) = ingest("a.parquet", sheet.parquet(5_000)).await;
    fails(&room, &object, "none of its first rows is an event: line 501: subject: is missing");
    assert_eq!((object.progress.quarantined, object.progress.accepted), (1_000, 0));

    // Mended, it is taken in where it stands.
    let mut mended = document();
    mended["mapping"]["subject"] = json!("row.id");
    room.document(mended);
    let told = room.put("a.parquet", sheet.parquet(5_000));
    let object = room.run(&told, "arn:again").await.unwrap();
    assert_eq!((object.state, object.progress.accepted), (State::Done, 5_000));
}

#[rstest]
#[case::closed_never(
    "[{\"who\": \"a\"}, {\"who\": \"b\"}",
    2,
    "breaks off: its array is not closed"
)]
#[case::in_a_value("[{\"who\": \"a\"}, {\"who\": ", 1, "breaks off in the middle of a value")]
#[case::no_json("[{\"who\": \"a\"}, nonsense]", 1, "line 1: file: is not JSON from here on")]
#[case::more_after(
    "[{\"who\": \"a\"}]\n[{\"who\": \"b\"}]",
    1,
    "goes on after its array is closed"
)]
#[tokio::test]
async fn an_array_that_breaks(#[case] text: &str, #[case] rows: u64, #[case] said: &str) {
    let (room, object) = ingest("a.json", text).await;
    fails(&room, &object, said);
    assert_eq!(object.progress.accepted, rows);
}

#[rstest]
#[case::not_gzip("a.csv.gz", b"who\na\n".to_vec(), "should be gzip")]
#[case::not_zstd("a.csv.zst", b"who\na\n".to_vec(), "should be zstd")]
#[case::not_parquet("a.parquet", b"who\na\n".to_vec(), "is no Parquet")]
#[case::parquet_cut("a.parquet", b"PAR1 and then nothing".to_vec(), "is no Parquet that can be read")]
#[case::parquet_tiny("a.parquet", b"PAR1".to_vec(), "is no Parquet that can be read")]
#[case::utf16_without_mark("a.csv", b"w\0h\0o\0\n\0".to_vec(), "is no text")]
#[case::gzip_of_nothing("a.csv.gz", vec![0x1f, 0x8b], "breaks off")]
#[case::columns_twice("a.csv", b"who,who\na,b\n".to_vec(), "header: has the column `who` twice")]
#[tokio::test]
async fn a_file_that_is_none(#[case] name: &str, #[case] bytes: Vec<u8>, #[case] said: &str) {
    let (room, object) = ingest(name, bytes).await;
    fails(&room, &object, said);
    assert_eq!(room.events().len(), 0);
}

#[rstest]
#[case::nothing("a.csv", "", 0)]
#[case::header_alone("a.csv", "who,n\n", 0)]
#[case::header_without_end("a.csv", "who,n", 0)]
#[case::empty_lines("a.jsonl", "\n\n \n", 0)]
#[case::empty_array("a.json", " [ ] ", 0)]
#[case::one_object("a.json", "{\n \"who\": \"a\"\n}\n", 1)]
#[case::objects("a.json", "{\"who\": \"a\"} {\"who\":\n\"b\"}", 2)]
#[case::one_column("a.csv", "who\na\nb\n", 2)]
#[tokio::test]
async fn a_file_that_is_little(#[case] name: &str, #[case] text: &str, #[case] rows: u64) {
    let (room, object) = ingest(name, text).await;
    assert_eq!((object.state, object.progress.accepted), (State::Done, rows), "{:?}", object.error);
    assert_eq!(room.quarantined(), []);
}

#[tokio::test]
async fn a_line_without_end_costs_itself() {
    let long = format!("{{\"who\": \"{}\"}}\n", "x".repeat(3 << 20));
    let text = format!("{}{long}{}", lines(3), lines(2));
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let (room, object) = ingest("a.jsonl", bytes).await;
        assert_eq!((object.state, object.progress.accepted), (State::Done, 5));
        let quarantined = room.quarantined();
        assert_eq!(quarantined[0].0, "line 4: row: is a line of more than 1048576 bytes");
        assert!(quarantined[0].1.to_string().len() < 10_000);
    }
}

/// Blanks without end, in a few kilobytes: there is no header that can be read.
#[tokio::test]
async fn a_bomb_has_no_header() {
    let zeros = vec![b' '; 1 << 20];
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..64 {
        std::io::Write::write_all(&mut packed, &zeros).unwrap();
    }
    let (room, object) = ingest("a.csv.zst", packed.finish().unwrap()).await;
    assert_eq!(object.state, State::Failed);
    assert_eq!(room.events().len(), 0);
}

#[tokio::test]
async fn a_quote_that_is_never_closed_costs_its_line() {
    let rows: String = (0..50_000).map(|at| format!("s{at},text\n")).collect();
    let (room, object) = ingest("a.csv", format!("who,n\na,\"oops\n{rows}")).await;
    assert_eq!((object.progress.accepted, object.progress.quarantined), (50_000, 1));
    assert_eq!(room.quarantined()[0].1["row"], "a,\"oops");
}

#[tokio::test]
async fn rows_that_are_no_events_are_named() {
    let text = "{\"who\": \"a\"}\nnull\n{\"who\": \"\"}\n{\"who\": \"\\u0000\"}\n[]\n{\"n\": 1}\n{\"who\": \"b\"}";
    let (room, object) = ingest("a.jsonl", text).await;
    assert_eq!((object.progress.accepted, object.progress.quarantined), (2, 5));
    let lines: Vec<u64> =
        room.quarantined().iter().map(|(_, it)| it["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn what_lies_where_nothing_should_is_kept_in_quarantine() {
    let room = Room::new(document());
    let mut told = room.put("a.csv", "who\na\n");
    told["object"]["key"] = json!("acme/nowhere/a.csv");
    assert!(room.run(&told, "arn:1").await.is_none());
    told["object"]["key"] = json!("a.csv");
    assert!(room.run(&told, "arn:1").await.is_none());
    told["object"]["key"] = json!("acme/files/folder/");
    told["object"]["size"] = json!(0);
    assert!(room.run(&told, "arn:1").await.is_none());
    let reasons: Vec<String> = room.quarantined().into_iter().map(|it| it.0).collect();
    let expected =
        ["there is no source `nowhere` that takes files", "key: must be <tenant>/<source>/<file>"];
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn what_is_written_over_meanwhile_says_so() {
    let room = Room::new(document());
    let told = room.put("a.csv", "who\na\n");
    room.put("a.csv", "who\nb\n");
    let object = room.run(&told, "arn:1").await.unwrap();
    assert_eq!(object.state, State::Failed);
    assert_eq!(object.error.unwrap(), "the object was written anew before it was read");
}

/// Whatever bytes: it ends, and counts what it says.
#[test]
fn any_bytes_end() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let names = prop::sample::select(vec!["a.csv", "a.json", "a.jsonl", "a.parquet", "a"]);
    let start = prop::sample::select(vec![
        &b""[..],
        b"PAR1",
        b"\x1f\x8b\x08\0",
        b"\x28\xb5\x2f\xfd",
        b"[{",
        b"\xff\xfe",
    ]);
    let bytes = prop::collection::vec(any::<u8>(), 0..400);
    let mut runner = TestRunner::new(Config::with_cases(400));
    let whatever = (names, start, bytes);
    runner
        .run(&whatever, |(name, start, bytes)| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (room, object) = runtime.block_on(ingest(name, [start, &bytes].concat()));
            prop_assert!(matches!(object.state, State::Done | State::Failed));
            prop_assert_eq!(object.progress.accepted, room.events().len() as u64);
            Ok(())
        })
        .unwrap();
}
