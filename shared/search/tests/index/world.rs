//! A store in memory, an index in it, and what it should hold.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ceap_kernel::{Clock, Fault, Timestamp};
use ceap_search::{
    Applied, Archive, Batch, Cache, Capacity, Change, Engine, Limits, Patience, Place, Searcher,
    Shape, What, Writer,
    blobs::{Blobs, memory::Memory},
};
use tantivy::{
    TantivyDocument, Term,
    collector::{Count, DocSetCollector},
    query::{AllQuery, TermQuery},
    schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TEXT, Value},
    tokenizer::TokenizerManager,
};

/// A clock that is set by hand.
pub struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What an index should hold: by key, the number that each document has.
pub type Model = BTreeMap<String, u64>;

/// A change as tests write it: a key, and its number unless it is to go.
pub type Short<'a> = (&'a str, Option<u64>);

pub struct World {
    pub store: Arc<Memory>,
    pub clock: Arc<Hand>,
    pub archive: Archive,
    pub body: Field,
    pub number: Field,
}

pub const PATIENCE: Patience = Patience { tries: 3, pause: Duration::from_millis(1) };

impl World {
    pub fn new() -> Self {
        let mut fields = Schema::builder();
        fields.add_text_field("key", STRING | STORED);
        let body = fields.add_text_field("body", TEXT);
        let number = fields.add_u64_field("number", FAST | INDEXED | STORED);
        let shape = Shape::new(fields.build(), "key", TokenizerManager::default(), "1").unwrap();
        let store = Arc::new(Memory::default());
        let archive = Archive {
            blobs: store.clone(),
            place: Place::new("search/acme/"),
            shape: Arc::new(shape),
        };
        let clock = Arc::new(Hand(Mutex::new(Timestamp::UNIX_EPOCH)));
        Self { store, clock, archive, body, number }
    }

    pub fn later(&self, by: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
        self.store.set_now(*now);
    }

    /// An engine that keeps so much in memory.
    pub fn engine(&self, memory: u64) -> Engine {
        let cache = Cache::new(Capacity { memory }, None);
        Engine::start(self.store.clone(), PATIENCE, cache, 4).unwrap()
    }

    pub fn writer(&self) -> Writer {
        self.writer_with(Limits { building: 15 << 20, tries: 20, ..Limits::default() })
    }

    pub fn writer_with(&self, limits: Limits) -> Writer {
        let engine = self.engine(1 << 20);
        Writer::new(self.archive.clone(), engine, self.clock.clone(), limits, PATIENCE)
    }

    /// A writer that reaches the store in another way.
    pub fn writer_over(&self, blobs: Arc<dyn Blobs>) -> Writer {
        let archive = Archive { blobs, ..self.archive.clone() };
        let limits = Limits { building: 15 << 20, ..Limits::default() };
        Writer::new(archive, self.engine(1 << 20), self.clock.clone(), limits, PATIENCE)
    }

    /// A searcher that looks for a new manifest each time.
    pub fn searcher(&self) -> Searcher {
        self.searcher_with(Duration::ZERO, 1 << 20)
    }

    pub fn searcher_with(&self, fresh_for: Duration, memory: u64) -> Searcher {
        self.searcher_on(self.engine(memory), fresh_for)
    }

    pub fn searcher_on(&self, engine: Engine, fresh_for: Duration) -> Searcher {
        Searcher::new(self.archive.clone(), engine, fresh_for)
    }

    /// A document has its number, and the words `all` and `n` with the number's last digit.
    pub fn document(&self, number: u64) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.body, format!("all n{}", number % 10));
        document.add_u64(self.number, number);
        document
    }

    /// A batch whose changes have the positions from `start` on.
    pub fn batch(&self, source: &str, start: u64, changes: &[Short]) -> Batch {
        let change = |(position, (key, number)): (u64, &Short)| Change {
            position: position.into(),
            key: (*key).to_owned(),
            what: number.map_or(What::IsGone, |number| What::Is(self.document(number))),
        };
        let changes = (start..).zip(changes).map(change).collect();
        Batch { source: source.to_owned(), changes, upto: None }
    }

    /// Documents that make a segment too large to be read whole.
    pub fn large(&self, source: &str) -> Batch {
        let word = |number: u64, n: u64| {
            format!("w{:x}", (number * 64 + n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        };
        let document = |number: u64| {
            let words: Vec<String> = (0..40).map(|n| word(number, n)).collect();
            let mut document = self.document(number);
            document.add_text(self.body, words.join(" "));
            document
        };
        let change = |number: u64| Change {
            position: (number + 1).into(),
            key: format!("{source}{number}"),
            what: What::Is(document(number)),
        };
        Batch { source: source.to_owned(), changes: (0..2_000).map(change).collect(), upto: None }
    }

    pub async fn apply(
        &self,
        writer: &Writer,
        source: &str,
        start: u64,
        changes: &[Short<'_>],
    ) -> Result<Applied, Fault> {
        writer.apply(&self.batch(source, start, changes)).await
    }

    /// All that the index holds.
    pub async fn contents(&self, searcher: &Searcher) -> Result<Model, Fault> {
        let (key, number) = (self.archive.shape.key, self.number);
        let found = searcher.search(&AllQuery, move |searcher, query| {
            let found = searcher.search(query, &DocSetCollector)?;
            let read = |address| {
                let document: TantivyDocument = searcher.doc(address)?;
                let key = document.get_first(key).and_then(|v| v.as_str()).unwrap().to_owned();
                let number = document.get_first(number).and_then(|v| v.as_u64()).unwrap();
                Ok((key, number))
            };
            found.into_iter().map(read).collect::<tantivy::Result<Vec<_>>>()
        });
        let found = found.await?;
        let model: Model = found.iter().cloned().collect();
        assert_eq!(found.len(), model.len(), "a key twice: {found:?}");
        Ok(model)
    }

    /// How many documents have this word.
    pub async fn count(&self, searcher: &Searcher, word: &str) -> Result<usize, Fault> {
        let term = Term::from_field_text(self.body, word);
        let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
        searcher.search(&query, |searcher, query| searcher.search(query, &Count)).await
    }

    /// Checks that the index holds what it should, and is searched by what it holds.
    pub async fn check(&self, searcher: &Searcher, model: &Model) {
        assert_eq!(&self.contents(searcher).await.unwrap(), model);
        for digit in [0, 3] {
            let naive = model.values().filter(|number| *number % 10 == digit).count();
            assert_eq!(self.count(searcher, &format!("n{digit}")).await.unwrap(), naive);
        }
    }
}

/// What a model is after changes.
pub fn change(model: &mut Model, changes: &[Short]) {
    for (key, number) in changes {
        match number {
            Some(number) => model.insert((*key).to_owned(), *number),
            None => model.remove(*key),
        };
    }
}
