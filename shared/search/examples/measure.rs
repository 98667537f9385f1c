//! Indexes generated tickets and measures what searching them takes, with a store that answers as S3 does.
//!
//! `cargo run --release -p ceap-search --example measure -- 100000`
#![allow(clippy::arithmetic_side_effects)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ceap_kernel::{Fault, SystemClock};
use ceap_search::{
    Archive, Batch, Cache, Capacity, Change, Engine, Limits, Patience, Place, Policy, Searcher,
    Shape, Warm, What, Writer, blobs::memory::Memory,
};
use tantivy::{
    Order, TantivyDocument, Term,
    collector::{Count, TopDocs},
    query::{AllQuery, BooleanQuery, PhraseQuery, Query, TermQuery},
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TEXT},
    tokenizer::TokenizerManager,
};

/// The first byte from S3, and each further one (80 MB a second).
const FIRST_BYTE: Duration = Duration::from_millis(30);
const PER_BYTE: Duration = Duration::from_nanos(12);
/// Tickets in a batch of the stream.
const BATCH: u64 = 5_000;

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A word of a vocabulary of 60,000 by Zipf's law: the n-th is met n times as seldom as the first.
    fn word(&mut self) -> String {
        let share = self.below(1 << 32) as f64 / f64::from(u32::MAX);
        word(share.mul_add(60_000_f64.ln(), 0.0).exp() as u64)
    }

    fn text(&mut self, words: u64) -> String {
        let words: Vec<String> = (0..words).map(|_| self.word()).collect();
        words.join(" ")
    }
}

/// The word with this number: two to five syllables.
fn word(number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu",
        "va",
    ];
    let syllable = |at: u32| SYLLABLES.get((number >> (at * 4)) as usize % 16).copied();
    (0..4).filter_map(syllable).collect()
}

#[derive(Clone, Copy)]
struct Fields {
    subject: Field,
    text: Field,
    tags: Field,
    status: Field,
    group: Field,
    created: Field,
    updated: Field,
}

fn shape() -> Result<(Shape, Fields), Fault> {
    let mut schema = Schema::builder();
    schema.add_text_field("key", STRING);
    let fields = Fields {
        subject: schema.add_text_field("subject", TEXT),
        text: schema.add_text_field("text", TEXT),
        tags: schema.add_text_field("tags", STRING),
        status: schema.add_u64_field("status", FAST | INDEXED),
        group: schema.add_u64_field("group", FAST | INDEXED),
        created: schema.add_u64_field("created", FAST | INDEXED),
        updated: schema.add_u64_field("updated", FAST | INDEXED),
    };
    schema.add_u64_field("id", FAST);
    Ok((Shape::new(schema.build(), "key", TokenizerManager::default(), "1")?, fields))
}

/// A ticket with a description and three comments.
fn ticket(fields: Fields, id_field: Field, id: u64, dice: &mut Dice) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    let words = dice.below(6) + 4;
    document.add_text(fields.subject, dice.text(words));
    for _ in 0..4 {
        let words = dice.below(70) + 15;
        document.add_text(fields.text, dice.text(words));
    }
    for _ in 0..dice.below(4) {
        document.add_text(fields.tags, word(dice.below(300)));
    }
    document.add_u64(fields.status, dice.below(6));
    document.add_u64(fields.group, dice.below(40));
    document.add_u64(fields.created, 1_700_000_000 + id * 60);
    document.add_u64(fields.updated, 1_700_000_000 + id * 60 + dice.below(1_000_000));
    document.add_u64(id_field, id);
    document
}

fn engine(store: &Arc<Memory>) -> Result<Engine, Fault> {
    let cache = Cache::new(Capacity::default(), None);
    Engine::start(store.clone(), Patience::default(), cache, 32)
}

async fn index(
    store: &Arc<Memory>,
    archive: &Archive,
    fields: Fields,
    tickets: u64,
) -> Result<(), Fault> {
    let limits = Limits { building: 200 << 20, ..Limits::default() };
    let patience = Patience::default();
    let writer =
        Writer::new(archive.clone(), engine(store)?, Arc::new(SystemClock), limits, patience);
    let id = archive.shape.schema.get_field("id").map_err(|e| Fault::Internal(e.to_string()))?;
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut applying, mut merging, mut merges) = (Duration::ZERO, Duration::ZERO, 0);
    for first in (0..tickets).step_by(BATCH as usize) {
        let change = |number: u64| Change {
            position: (number + 1).into(),
            key: format!("ticket#{number}"),
            what: What::Is(ticket(fields, id, number, &mut dice)),
        };
        let changes = (first..tickets.min(first + BATCH)).map(change).collect();
        let batch = Batch { source: "tickets".to_owned(), changes, upto: None };
        let start = Instant::now();
        writer.apply(&batch).await?;
        applying += start.elapsed();
        let start = Instant::now();
        while writer.merge(&Policy::default()).await?.is_some() {
            merges += 1;
        }
        merging += start.elapsed();
    }
    let all = applying + merging;
    let rate = |time: Duration| tickets as f64 / time.as_secs_f64();
    println!(
        "{tickets} tickets: {:.0} rows/s without merging, {:.0} rows/s with it ({merges} merges, {:.1} s in all)",
        rate(applying),
        rate(all),
        all.as_secs_f64()
    );
    let (manifest, _) = archive.manifest().await?;
    let bytes: u64 = manifest.segments.iter().map(|piece| piece.bytes).sum();
    let tails: u64 = manifest.segments.iter().map(|piece| piece.bytes - piece.tail).sum();
    let manifest_bytes = manifest.bytes()?.len();
    println!(
        "{} segments, {bytes} bytes ({} a ticket), {tails} of them tails; manifest {manifest_bytes} bytes",
        manifest.segments.len(),
        bytes / tickets.max(1)
    );
    Ok(())
}

/// A query and how it is asked.
#[derive(Clone, Copy)]
enum Kind {
    Term,
    Both,
    Phrase,
    Filter,
    Count,
}

const KINDS: [(&str, Kind); 5] = [
    ("one word, ranked", Kind::Term),
    ("two words, ranked", Kind::Both),
    ("a phrase, ranked", Kind::Phrase),
    ("a view: two filters, sorted", Kind::Filter),
    ("a view's count", Kind::Count),
];

fn query(kind: Kind, fields: Fields, dice: &mut Dice) -> Box<dyn Query> {
    let term = |field, text: &str| Term::from_field_text(field, text);
    let is =
        |term| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) };
    let number = |field, number| is(Term::from_field_u64(field, number));
    match kind {
        Kind::Term => is(term(fields.text, &dice.word())),
        Kind::Both => Box::new(BooleanQuery::intersection(vec![
            is(term(fields.text, &dice.word())),
            is(term(fields.text, &dice.word())),
        ])),
        Kind::Phrase => Box::new(PhraseQuery::new(vec![
            term(fields.text, &word(dice.below(50))),
            term(fields.text, &word(dice.below(50))),
        ])),
        Kind::Filter | Kind::Count => Box::new(BooleanQuery::intersection(vec![
            number(fields.status, dice.below(6)),
            number(fields.group, dice.below(40)),
        ])),
    }
}

async fn ask(searcher: &Searcher, kind: Kind, query: &dyn Query) -> Result<usize, Fault> {
    let run = move |searcher: &tantivy::Searcher, query: &dyn Query| match kind {
        Kind::Term | Kind::Both | Kind::Phrase => {
            Ok(searcher.search(query, &TopDocs::with_limit(30).order_by_score())?.len())
        }
        Kind::Filter => {
            let sorted = TopDocs::with_limit(30).order_by_fast_field::<u64>("updated", Order::Desc);
            Ok(searcher.search(query, &sorted)?.len())
        }
        Kind::Count => searcher.search(query, &Count),
    };
    searcher.search(query, run).await
}

fn warm() -> Warm {
    Warm { columns: vec!["updated".to_owned(), "id".to_owned()], ..Warm::default() }
}

fn shown(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    };
    format!("p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", at(50), at(95), at(99))
}

async fn cold(store: &Arc<Memory>, archive: &Archive, fields: Fields) -> Result<(), Fault> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for (name, kind) in KINDS {
        let (mut times, mut opened) = (Vec::new(), Vec::new());
        let before = store.count();
        for _ in 0..20 {
            let searcher = Searcher::new(archive.clone(), engine(store)?, warm(), Duration::MAX);
            let query = query(kind, fields, &mut dice);
            let start = Instant::now();
            searcher.view().await?;
            opened.push(start.elapsed());
            ask(&searcher, kind, &*query).await?;
            times.push(start.elapsed());
        }
        let after = store.count();
        println!(
            "cold, {name}: {} (opening {}); {} reads, {} bytes each",
            shown(&mut times),
            shown(&mut opened),
            (after.reads - before.reads) / 20,
            (after.bytes_read - before.bytes_read) / 20
        );
    }
    Ok(())
}

async fn hot(store: &Arc<Memory>, archive: &Archive, fields: Fields) -> Result<(), Fault> {
    let engine = engine(store)?;
    let searcher = Searcher::new(archive.clone(), engine.clone(), warm(), Duration::MAX);
    ask(&searcher, Kind::Count, &AllQuery).await?;
    for (name, kind) in KINDS {
        for (state, rounds) in [("first time", 200), ("warm", 200)] {
            let mut dice = Dice(0xD1B5_4A32_D192_ED03);
            let mut times = Vec::new();
            for _ in 0..rounds {
                let query = query(kind, fields, &mut dice);
                let start = Instant::now();
                ask(&searcher, kind, &*query).await?;
                times.push(start.elapsed());
            }
            println!("{state}, {name}: {}", shown(&mut times));
        }
    }
    println!("{} bytes in memory", engine.cache().in_memory());
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let tickets = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let (shape, fields) = shape()?;
    let store = Arc::new(Memory::default());
    let place = Place::new("search/acme/");
    let archive = Archive { blobs: store.clone(), place, shape: Arc::new(shape) };
    index(&store, &archive, fields, tickets).await?;
    store.slow(FIRST_BYTE, PER_BYTE);
    cold(&store, &archive, fields).await?;
    hot(&store, &archive, fields).await
}
