//! Opens the segments of a manifest.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ceap_kernel::Fault;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use roaring::RoaringBitmap;
use serde_json::json;
use tantivy::{
    Index, ReloadPolicy,
    directory::OwnedBytes,
    index::{IndexSettings, SegmentId},
};

use super::{
    cache::Object,
    directory::{Files, Open},
    engine::Engine,
    view::{Dead, View, away},
};
use crate::{
    Archive, Manifest, Piece, Shape, Tombstones, archive::Current, segment::Tail, tombstones,
};

/// Segments up to this size are read whole: one read, as for the tail alone, and then no other.
const SMALL: u64 = 1 << 20;
/// How many segments are opened at once.
const AT_ONCE: usize = 32;
/// What stands for the operation that deleted documents, of which Tantivy makes the name of their file.
const OPSTAMP: u64 = 1;

/// A segment that is open.
pub struct Known {
    /// Its object, and what of it is in memory.
    pub open: Arc<Open>,
    /// Where its files are.
    pub files: BTreeMap<String, Range<u64>>,
}

/// Opens the segments of a manifest, and keeps what it has read of them to do so.
pub struct Library {
    archive: Archive,
    engine: Engine,
    known: Mutex<HashMap<String, Arc<Known>>>,
    dead: Mutex<HashMap<Tombstones, Arc<RoaringBitmap>>>,
}

/// How much of the segments is read when they are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Their tails, to read the rest as it is needed.
    Tails,
    /// All, as merging needs it; nothing of it is kept.
    Whole,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrong(error: impl std::fmt::Display) -> Fault {
    Fault::Internal(format!("the segments could not be opened: {error}"))
}

impl Library {
    /// A library of an index's segments.
    pub fn new(archive: Archive, engine: Engine) -> Self {
        Self { archive, engine, known: Mutex::default(), dead: Mutex::default() }
    }

    /// The newest manifest, if it is another than that of the view.
    ///
    /// # Errors
    /// The store's.
    pub async fn changed(&self, view: Option<&View>) -> Result<Option<Current>, Fault> {
        let (archive, known) = (self.archive.clone(), view.and_then(|view| view.etag().cloned()));
        let changed = self.engine.reads.call(move |_| {
            let (archive, known) = (archive.clone(), known.clone());
            async move { archive.changed(known.as_ref()).await }.boxed()
        });
        changed.await
    }

    /// Opens the segments of a manifest.
    ///
    /// # Errors
    /// The store's; `NotFound` if a segment is not there, as when the manifest is an old one.
    pub async fn open(&self, current: Current, extent: Extent) -> Result<View, Fault> {
        let (manifest, etag) = current;
        let opened = stream::iter(&manifest.segments)
            .map(|piece| async move {
                futures::try_join!(self.segment(piece, extent), self.dead(piece))
            })
            .buffered(AT_ONCE);
        let opened: Vec<(Arc<Known>, Dead)> = opened.try_collect().await?;
        if extent == Extent::Tails {
            self.forget(&manifest);
        }
        let mut files = Files::new(self.engine.clone());
        files.made("meta.json".to_owned(), meta(&manifest, &self.archive.shape)?);
        for (piece, (known, dead)) in manifest.segments.iter().zip(&opened) {
            for (extension, range) in &known.files {
                let path = format!("{}.{extension}", piece.id);
                files.part(path, Arc::clone(&known.open), range.clone());
            }
            if let Some(dead) = dead {
                let alive = tombstones::alive_file(dead, piece.documents)?;
                files.made(format!("{}.{OPSTAMP}.del", piece.id), alive);
            }
        }
        let (trouble, shape) = (files.trouble(), Arc::clone(&self.archive.shape));
        let (executor, directory) = (self.engine.executor.clone(), files.directory());
        let open = move || -> tantivy::Result<tantivy::Searcher> {
            let mut index = Index::open(directory)?;
            index.set_tokenizers(shape.tokenizers.clone());
            index.set_executor(executor);
            let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
            Ok(reader.searcher())
        };
        let searcher = away(&trouble, open).await?;
        let dead = opened.into_iter().map(|(_, dead)| dead).collect();
        Ok(View::new(manifest, etag, searcher, trouble, dead))
    }

    async fn segment(&self, piece: &Piece, extent: Extent) -> Result<Arc<Known>, Fault> {
        let known = lock(&self.known).get(&piece.id).cloned();
        if let (Some(known), Extent::Tails) = (known, extent) {
            return Ok(known);
        }
        let whole = extent == Extent::Whole || piece.bytes <= SMALL;
        let name: Arc<str> = self.archive.place.segment(&piece.id).into();
        let range = if whole { 0..piece.bytes } else { piece.tail..piece.bytes };
        let bytes = self.engine.reads.range(Arc::clone(&name), range).await?;
        let bytes = OwnedBytes::new(bytes);
        let tail = if whole { Tail::of_whole(bytes, piece.tail)? } else { Tail::parse(bytes)? };
        let object = Object { id: piece.id.as_str().into(), name, bytes: piece.bytes };
        let open = Arc::new(Open { object, hot: tail.hot });
        let known = Arc::new(Known { open, files: tail.files });
        if extent == Extent::Tails {
            lock(&self.known).insert(piece.id.clone(), Arc::clone(&known));
        }
        Ok(known)
    }

    async fn dead(&self, piece: &Piece) -> Result<Dead, Fault> {
        let Some(tombstones) = &piece.tombstones else { return Ok(None) };
        let known = lock(&self.dead).get(tombstones).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let (name, range) = (tombstones.name.as_str().into(), tombstones.start..tombstones.end);
        let bytes = self.engine.reads.range(name, range).await?;
        let dead = Arc::new(tombstones::parse(&bytes)?);
        lock(&self.dead).insert(tombstones.clone(), Arc::clone(&dead));
        Ok(Some(dead))
    }

    /// Forgets what this manifest does not name.
    fn forget(&self, manifest: &Manifest) {
        lock(&self.known).retain(|id, _| manifest.piece(id).is_some());
        let named = |dead: &Tombstones| {
            manifest.segments.iter().any(|piece| piece.tombstones.as_ref() == Some(dead))
        };
        lock(&self.dead).retain(|dead, _| named(dead));
    }
}

/// Tantivy's own list of segments.
fn meta(manifest: &Manifest, shape: &Shape) -> Result<Vec<u8>, Fault> {
    let segments: Result<Vec<_>, Fault> = manifest.segments.iter().map(segment_meta).collect();
    let settings: IndexSettings = Shape::settings();
    let meta = json!({
        "index_settings": settings,
        "segments": segments?,
        "schema": shape.schema,
        "opstamp": OPSTAMP,
    });
    serde_json::to_vec(&meta).map_err(wrong)
}

fn segment_meta(piece: &Piece) -> Result<serde_json::Value, Fault> {
    let id = SegmentId::from_uuid_string(&piece.id).map_err(|e| wrong(format!("{e:?}")))?;
    let deletes = piece
        .tombstones
        .as_ref()
        .map(|tombstones| json!({ "num_deleted_docs": tombstones.documents, "opstamp": OPSTAMP }));
    Ok(json!({ "segment_id": id, "max_doc": piece.documents, "deletes": deletes }))
}
