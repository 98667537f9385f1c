//! A gigabyte of JSON Lines through all steps: rows per second, and the most memory that was ever held,
//! which must stay below 256 MB.
//!
//! `cargo bench -p ceap-files`; `CEAP_BENCH_MB` for another size. The file lies on disk and is read in the
//! ranges that S3 would be asked for; the stream counts what it is given and keeps nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::cast_precision_loss, missing_docs)]

use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::source::SourceDocument;
use ceap_engagement::source::library::Stored;
use ceap_engagement::source::object::{Head, ObjectFiles, ObjectStore, State};
use ceap_files::{Ingest, PART_BYTES, SHIFT, Step};
use ceap_kernel::{Fault, SourceId, SystemClock};
use ceap_testkit::World;
use ceap_testkit::builders::{noon, tenant};
use serde_json::json;
use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::time::Instant;

const KEY: &str = "acme/files/large.jsonl";

/// Writes rows until they are so many bytes; how many.
fn generate(path: &std::path::Path, bytes: u64) -> u64 {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let (mut written, mut rows) = (0_u64, 0_u64);
    while written < bytes {
        let line = format!(
            "{{\"customer\":\"c{}\",\"at\":\"2026-11-{:02}T10:00:00Z\",\"amount\":{}.5,\"city\":\"Zürich\",\"items\":[\"sku-{}\",\"sku-{}\"],\"note\":\"a text that nobody maps, as there always is one\"}}\n",
            rows % 100_000,
            rows % 20 + 1,
            rows % 900,
            rows % 777,
            rows % 333,
        );
        file.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        rows += 1;
    }
    file.flush().unwrap();
    rows
}

struct Disk(File);

impl ObjectFiles for Disk {
    async fn head(&self, _: &str) -> Result<Option<Head>, Fault> {
        let size = self.0.metadata().unwrap().len();
        Ok(Some(Head { size, etag: "e".to_owned(), content_encoding: None }))
    }

    async fn read(&self, _: &str, _: &str, from: u64, length: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact_at(&mut bytes, from).unwrap();
        Ok(bytes)
    }
}

/// Writes events as Kinesis is sent them, and forgets them.
#[derive(Default)]
struct Counted(RefCell<(u64, u64)>);

impl EventStream for Counted {
    async fn put(&self, events: &[Arrived]) -> Result<(), Fault> {
        let mut counted = self.0.borrow_mut();
        for event in events {
            counted.0 += 1;
            counted.1 += serde_json::to_vec(event).unwrap().len() as u64;
        }
        Ok(())
    }
}

/// The most memory that this process ever held, in MB (proc(5), `VmHWM`).
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test` runs benches, too: it is enough that this one is built.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mb: u64 = std::env::var("CEAP_BENCH_MB").map_or(1_024, |it| it.parse().unwrap());
    let path = std::env::temp_dir().join(format!("ceap-{}.jsonl", std::process::id()));
    let rows = generate(&path, mb << 20);
    let file = File::open(&path).unwrap();
    // It lives on until it is closed.
    std::fs::remove_file(&path).unwrap();
    let size = file.metadata().unwrap().len();

    let world = World::new(noon());
    let document = json!({"id": "files", "name": "Files", "from": {"files": {"mapping": {"type": "'order_placed'", "subject": "row.customer", "time": "row.at",
        "data": {"amount": "row.amount", "city": "row.city", "items": "row.items"}}}}});
    let source = (tenant("acme"), SourceId::new("files").unwrap());
    let document = SourceDocument::parse(document.to_string().as_bytes()).unwrap();
    world.stores().sources.insert(source, Stored { version: 1, updated_at: noon(), document });
    let ingest = Ingest {
        files: Disk(file),
        sources: world.clone(),
        objects: world.clone(),
        stream: Counted::default(),
        quarantine: world.clone(),
        clock: SystemClock,
        shift: SHIFT,
        part_bytes: PART_BYTES,
    };
    let step = async |step: serde_json::Value| {
        let step: Step = serde_json::from_value(step).unwrap();
        ingest.step(&step).await.unwrap().0
    };
    let told = json!({"object": {"key": KEY, "size": size, "etag": "e", "sequencer": "1"}});
    let began = Instant::now();
    let planned = step(json!({"step": "plan", "execution": "x", "input": told})).await;
    let scanned = began.elapsed().as_secs_f64();
    let parts = planned.parts.unwrap();
    let object = planned.object.unwrap();
    for part in &parts {
        let task = json!({"step": "part", "tenant": "acme", "object": object, "part": part});
        while step(task.clone()).await.more {}
    }
    step(json!({"step": "finish", "execution": "x", "input": told})).await;
    let seconds = began.elapsed().as_secs_f64();
    let kept = ObjectStore::get(&world, &tenant("acme"), &object).await.unwrap().unwrap().object;
    let (events, bytes) = *ingest.stream.0.borrow();
    assert_eq!((kept.state, kept.progress.accepted, events), (State::Done, rows, rows));
    let peak = peak_mb();
    println!(
        "{} MB of JSON Lines in {} parts: {rows} rows in {seconds:.1} s, {:.0} rows per second; {scanned:.1} s of it divided the file; {} MB of events; at most {peak} MB of memory",
        size >> 20,
        parts.len(),
        rows as f64 / seconds,
        bytes >> 20,
    );
    assert!(peak < 256, "{peak} MB of memory");
}
