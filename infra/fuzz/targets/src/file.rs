//! Files in the drop bucket: what they are is found out, and their rows are read, whole and in parts.

use crate::promise::{acme, chosen, named, noon, text};
use ceap_engagement::source::files::FilesDocument;
use ceap_engagement::source::object::{Head, Named, Object, ObjectFiles, Part, Plan, Start};
use ceap_files::{Found, Rows, scan, sniff};
use ceap_kernel::{Fault, SourceId};
use serde_json::{Value, json};

/// Names and documents that choose how a file is read.
const WAYS: [(&str, &str); 10] = [
    ("a.csv", "{}"),
    ("a.csv", r#"{"delimiter": ";", "encoding": "windows-1252"}"#),
    ("a.tsv", r#"{"header": false}"#),
    ("a.csv", r#"{"header": false, "columns": ["a", "b"]}"#),
    ("a.json", "{}"),
    ("a.jsonl", "{}"),
    ("a.parquet", "{}"),
    ("a", "{}"),
    ("a.csv", r#"{"encoding": "utf-16le"}"#),
    ("a.jsonl", r#"{"encoding": "utf-16be"}"#),
];

/// Bytes of an object, and no other object.
struct Bucket(Vec<u8>);

impl ObjectFiles for Bucket {
    async fn head(&self, _: &str) -> Result<Option<Head>, Fault> {
        let size = self.0.len() as u64;
        Ok(Some(Head { size, etag: "e".to_owned(), content_encoding: None }))
    }

    async fn read(&self, _: &str, _: &str, from: u64, length: u64) -> Result<Vec<u8>, Fault> {
        let whole = usize::try_from(from)
            .ok()
            .zip(usize::try_from(from.saturating_add(length)).ok())
            .and_then(|(from, to)| self.0.get(from..to));
        let beyond = || panic!("{length} bytes from {from} on are asked for, of {}", self.0.len());
        Ok(whole.unwrap_or_else(beyond).to_vec())
    }
}

/// In parts, a file has the rows that it has in one piece, at the same places, up to the same end.
pub fn run(data: &[u8]) {
    let (choice, bytes) = chosen(data);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(read(WAYS[choice % WAYS.len()], bytes));
}

async fn read((name, document): (&str, &str), bytes: &[u8]) {
    let mut document: Value = serde_json::from_str(document).unwrap();
    document["mapping"] = json!({"type": "'a'", "subject": "'s'"});
    let document: FilesDocument = serde_json::from_value(document).unwrap();
    let (files, key) = (Bucket(bytes.to_vec()), format!("acme/files/{name}"));
    let told = json!({"key": key, "size": bytes.len(), "etag": "e", "sequencer": "1"});
    let told: Named = serde_json::from_value(told).unwrap();
    let object = Object::new(&acme(), &SourceId::new("files").unwrap(), &told, "arn", noon());
    let head = files.head(&key).await.unwrap().unwrap();
    let (layout, start) = match sniff(&files, &object, &head, &document).await {
        Ok(found) => found,
        Err(fault) => return named(&fault),
    };
    let mut plan = Plan { layout, starts: vec![start], whole: false };
    let size = (bytes.len() as u64 / 4).max(16);
    if let Err(fault) = scan(&files, &object, &mut plan, size, || false).await {
        return named(&fault);
    }
    assert!(plan.whole && plan.starts.is_sorted());
    let begin = plan.starts[0];
    let whole = rows(&files, &object, &plan, &Part { from: begin, to: None }).await;
    let mut parts = (Vec::new(), None);
    for number in 0..plan.parts() {
        let part = plan.part(number).unwrap();
        let (found, fault) = rows(&files, &object, &plan, &part).await;
        parts.0.extend(found);
        parts.1 = fault;
        if parts.1.is_some() {
            break;
        }
    }
    assert_eq!(seen(parts), seen(whole), "{:?}: {}", plan, text(bytes));
}

/// What counts of rows. Why one is none may be said otherwise where a part ends behind its first line: it is kept alike.
fn seen((rows, fault): (Vec<Found>, Option<Fault>)) -> Vec<(Start, bool, Value)> {
    let row = |row: Found| match row.row {
        Ok(value) => (row.start, true, value),
        Err((_, kept)) => (row.start, false, kept),
    };
    let end = fault.map(|fault| (Start { at: u64::MAX, line: 0 }, false, fault.to_string().into()));
    rows.into_iter().map(row).chain(end).collect()
}

async fn rows(
    files: &Bucket,
    object: &Object,
    plan: &Plan,
    part: &Part,
) -> (Vec<Found>, Option<Fault>) {
    let mut found: Vec<Found> = Vec::new();
    let mut open = match Rows::open(files, object, &plan.layout, part, part.from).await {
        Ok(open) => open,
        Err(fault) => return (found, Some(fault)),
    };
    let mut last: Option<Start> = None;
    loop {
        match open.next().await {
            Ok(Some(row)) => {
                assert!(last.is_none_or(|last| last < row.start), "{row:?} after {last:?}");
                last = Some(row.start);
                if let Err((fault, _)) = &row.row {
                    named(fault);
                }
                found.push(row);
            }
            Ok(None) => return (found, None),
            Err(fault) => {
                named(&fault);
                return (found, Some(fault));
            }
        }
    }
}
