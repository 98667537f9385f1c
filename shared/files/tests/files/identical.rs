//! Real data that nobody here wrote, in every format: the same events.

use crate::written::{Sheet, gzip, utf16, zstd};
use crate::{Room, said};
use ceap_engagement::source::object::State;
use ceap_testkit::data;
use serde_json::{Value, json};

/// The sheet in every format. Where a name says nothing, the bytes do.
fn files(sheet: &Sheet) -> Vec<(&'static str, Vec<u8>)> {
    let (csv, jsonl, array) = (sheet.csv(",", "\n"), sheet.jsonl(), sheet.array());
    vec![
        ("a.csv", csv.clone().into_bytes()),
        ("a.jsonl", jsonl.clone().into_bytes()),
        ("a.csv.gz", gzip(csv.as_bytes())),
        ("a.parquet", sheet.parquet(700)),
        ("unnamed-csv", sheet.csv(";", "\r\n").into_bytes()),
        ("a.tsv", sheet.csv("\t", "\n").into_bytes()),
        ("mark.csv", [b"\xef\xbb\xbf", csv.as_bytes()].concat()),
        ("utf16le.csv", utf16(&csv, true)),
        ("unnamed-utf16be", utf16(&csv, false)),
        ("a.csv.zst", zstd(csv.as_bytes())),
        ("unnamed-zstd", zstd(csv.as_bytes())),
        ("a.ndjson.gz", gzip(jsonl.as_bytes())),
        ("unnamed-jsonl", jsonl.into_bytes()),
        ("a.json", array.clone().into_bytes()),
        ("unnamed-json", zstd(array.as_bytes())),
        ("unnamed-parquet", sheet.parquet(5_000)),
    ]
}

/// Takes all files in, in one part and in many, and compares what came of them.
async fn the_same_of_all(
    files: Vec<(&str, Vec<u8>)>,
    sheet: &Sheet,
    document: Value,
) -> Vec<Value> {
    let mut first: Option<Vec<Value>> = None;
    for (name, bytes) in files {
        for part_bytes in [64 << 20, 8_000] {
            let mut room = Room::new(document.clone());
            room.part_bytes = part_bytes;
            let object = room.ingest(name, bytes.clone()).await;
            assert_eq!(object.state, State::Done, "{name}: {:?}", object.error);
            assert_eq!(object.progress.rows, sheet.rows.len() as u64, "{name}");
            assert_eq!(room.quarantined(), [], "{name}");
            assert_eq!(object.progress.bytes, object.size, "{name}");
            let parts = object.parts.unwrap();
            let divided = matches!(name, "a.csv" | "a.jsonl" | "a.tsv" | "mark.csv" | "a.parquet");
            assert!(!divided || (parts > 1) == (part_bytes == 8_000), "{name}: {parts} parts");
            let events: Vec<Value> = room.events().iter().map(said).collect();
            match &first {
                Some(first) => assert!(*first == events, "{name} differs, in {parts} parts"),
                None => first = Some(events),
            }
        }
    }
    first.unwrap()
}

#[tokio::test]
async fn shoppers() {
    let name = "online_shoppers/online_shoppers_intention.csv";
    let Some(file) = data::shared(env!("CARGO_MANIFEST_DIR"), name) else { return };
    let numbers = ["ProductRelated_Duration", "BounceRates", "PageValues"];
    let sheet = Sheet::read(&std::fs::read_to_string(file).unwrap(), &numbers);
    assert_eq!(sheet.rows.len(), 12_330, "as the data's README says");
    let document = json!({"mapping": {
        "type": "'session_ended'", "subject": "row.VisitorType + '-' + row.Region",
        "time": "'2025-11-01T00:00:00Z'",
        "data": {"seconds": "double(row.ProductRelated_Duration)", "bounced": "double(row.BounceRates)",
                 "value": "double(row.PageValues)", "month": "row.Month", "bought": "row.Revenue"}}});
    let files = files(&sheet).into_iter().take(4).collect();
    let events = the_same_of_all(files, &sheet, document).await;
    assert_eq!(events.len(), 12_330);
    let seconds: f64 = events.iter().map(|it| it[4]["seconds"].as_f64().unwrap()).sum();
    assert!((seconds - 14_731_374.0).abs() < 14_731.0, "{seconds}");
}

#[tokio::test]
async fn ssh_logins() {
    let name = "ssh_logins/OpenSSH_2k.log_structured.csv";
    let Some(file) = data::shared(env!("CARGO_MANIFEST_DIR"), name) else { return };
    let sheet = Sheet::read(&std::fs::read_to_string(file).unwrap(), &[]);
    let columns = sheet.columns.clone();
    let document = json!({"mapping": {
        "type": "'ssh_logged'", "subject": "'pid-' + row.Pid", "id": "row.LineId",
        "time": format!("'2017 ' + row.{} + ' ' + row.Day + ' ' + row.Time", columns[1]),
        "time_format": "%Y %b %d %H:%M:%S",
        "data": {"content": "row.Content"},
        "when": "row.Content.contains('Failed password')"}});
    let events = the_same_of_all(files(&sheet), &sheet, document).await;
    assert_eq!(events.len(), 520, "as the data's README says");
}

/// Latin 1 by its document: in UTF-8, the same bytes would be none.
#[tokio::test]
async fn an_encoding_is_said() {
    let document = json!({"encoding": "windows-1252", "mapping": {
        "type": "'a'", "subject": "row.name", "time": "'2025-11-01T00:00:00Z'"}});
    let room = Room::new(document.clone());
    let object = room.ingest("a.csv", b"name,city\nada,Z\xfcrich\n\x80uro,Bern\n".to_vec()).await;
    assert_eq!((object.state, object.progress.accepted), (State::Done, 2));
    let events = room.events();
    assert_eq!(events[0].event.data["city"], "Zürich");
    assert_eq!(events[1].event.subject.as_str(), "€uro");

    let mut utf8 = document;
    utf8["encoding"] = json!("auto");
    let room = Room::new(utf8);
    let object = room.ingest("a.csv", b"name,city\nada,Z\xfcrich\nbob,Bern\n".to_vec()).await;
    assert_eq!((object.progress.accepted, object.progress.quarantined), (1, 1));
    assert_eq!(room.quarantined()[0].0, "line 2: row: is no UTF-8; say the source's `encoding`");
}
