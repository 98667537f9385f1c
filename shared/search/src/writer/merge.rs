//! Merges segments into one, without their deleted documents.

use std::sync::Arc;

use ceap_kernel::{Fault, Timestamp};
use roaring::RoaringBitmap;
use tantivy::{Searcher, indexer::merge_filtered_segments};

use super::{Policy, Writer, again, exhausted, given_up};
use crate::{
    Manifest, Piece, Shape, place,
    reading::Extent,
    segment::{Packed, Shelf, pack},
    tombstones::Ledger,
};

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// How many segments it merged.
    pub from: usize,
    /// Documents that live in the new one.
    pub documents: u32,
    /// Deleted documents that are no more.
    pub forgotten: u32,
    /// Bytes that it read.
    pub read: u64,
    /// Bytes that it wrote.
    pub written: u64,
}

/// The segments of a merge, and their deleted documents when it began.
struct Sources(Vec<(Piece, RoaringBitmap)>);

/// A merge that has been put.
struct Done {
    sources: Sources,
    /// The new segment; `None` if no document lives.
    piece: Option<Piece>,
    at: Timestamp,
}

impl Writer {
    /// Merges the segments that the policy picks, and tells what it did; `None` if there is nothing to merge, or if
    /// another merged them meanwhile. One call is one merge, so a caller with little time makes few.
    ///
    /// # Errors
    /// The store's; `Conflict` if others write all the time.
    pub async fn merge(&self, policy: &Policy) -> Result<Option<Merged>, Fault> {
        let (mut manifest, _) = self.manifest().await?;
        let picked = policy.pick(&manifest);
        if picked.is_empty() {
            return Ok(None);
        }
        manifest.segments.retain(|piece| picked.contains(&piece.id));
        let done = match self.merged(manifest).await {
            // Another has merged them already, and they were collected.
            Err(Fault::NotFound(_)) => return Ok(None),
            other => other?,
        };
        let commit = place::token();
        let mut last = exhausted();
        for tried in 0..self.limits.tries.max(1) {
            match self.try_merge(&done, &commit).await {
                Err(fault) if again(&fault) => last = fault,
                other => return other.map(|named| named.then(|| done.report())),
            }
            self.pause(tried).await;
        }
        Err(given_up(last))
    }

    /// Merges the segments of a manifest, and puts the new one.
    async fn merged(&self, manifest: Manifest) -> Result<Done, Fault> {
        let at = self.clock.now();
        let view = self.view((manifest, None), Extent::Whole).await?;
        let dead = view.dead().map(|dead| dead.cloned().unwrap_or_default());
        let sources = Sources(view.manifest().segments.iter().cloned().zip(dead).collect());
        let shape = Arc::clone(&self.archive.shape);
        let packed = view.run(move |searcher| Ok(merge(searcher, &shape))).await??;
        let mut piece = None;
        if let Some(packed) = packed {
            self.put(&self.archive.place.segment(&packed.piece.id), packed.object).await?;
            piece = Some(packed.piece);
        }
        Ok(Done { sources, piece, at })
    }

    /// Names the new segment in the place of its sources. Tells whether it is named.
    async fn try_merge(&self, done: &Done, commit: &str) -> Result<bool, Fault> {
        let (manifest, etag) = self.manifest().await?;
        if manifest.has(commit) {
            return Ok(true);
        }
        let mut dead = RoaringBitmap::new();
        let mut base = 0_u32;
        for (source, then) in &done.sources.0 {
            // Another has merged it, or its last document has died: what was merged here may be of no use, and can't be
            // told from what is. It is left to be collected.
            let Some(now) = manifest.piece(&source.id) else { return Ok(false) };
            if now.tombstones != source.tombstones
                && let Some(tombstones) = &now.tombstones
            {
                let now = self.archive.tombstones(tombstones).await?;
                let dying = now.iter().filter(|document| !then.contains(*document));
                dead.extend(dying.map(|document| moved(base, then, document)));
            }
            base = base.saturating_add(source.living());
        }
        let mut next = manifest.next(commit);
        let is_source = |piece: &Piece| done.sources.0.iter().any(|(s, _)| s.id == piece.id);
        next.segments.retain(|piece| !is_source(piece));
        // One of which nothing lives any more is left to be collected.
        let living = |piece: &Piece| dead.len() < u64::from(piece.documents);
        if let Some(mut piece) = done.piece.clone().filter(living) {
            if !dead.is_empty() {
                let mut ledger = Ledger::new(self.archive.place.tombstones());
                piece.tombstones = Some(ledger.enter(&dead)?);
                self.put_ledger(ledger).await?;
            }
            next.segments.push(piece);
        }
        self.in_time(done.at)?;
        self.archive.swap(&next, etag.as_ref()).await?;
        Ok(true)
    }
}

impl Done {
    fn report(&self) -> Merged {
        let sources = || self.sources.0.iter().map(|(piece, _)| piece);
        Merged {
            from: sources().count(),
            documents: self.piece.as_ref().map_or(0, |piece| piece.documents),
            forgotten: sources().map(Piece::dead).fold(0, u32::saturating_add),
            read: sources().map(|piece| piece.bytes).sum(),
            written: self.piece.as_ref().map_or(0, |piece| piece.bytes),
        }
    }
}

/// Where a document of a source is in the merged segment: its living documents follow each other from `base` on.
fn moved(base: u32, dead_then: &RoaringBitmap, document: u32) -> u32 {
    let dead = u32::try_from(dead_then.rank(document)).unwrap_or(u32::MAX);
    base.saturating_add(document.saturating_sub(dead))
}

fn merge(searcher: &Searcher, shape: &Shape) -> Result<Option<Packed>, Fault> {
    let wrong = |e| Fault::Internal(format!("segments could not be merged: {e}"));
    let segments = searcher.index().searchable_segments().map_err(wrong)?;
    if searcher.num_docs() == 0 {
        return Ok(None);
    }
    let shelf = Shelf::default();
    let all = segments.iter().map(|_| None).collect();
    merge_filtered_segments(&segments, Shape::settings(), all, shelf.clone()).map_err(wrong)?;
    pack(&shelf, shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_moves_down_by_the_dead_before_it() {
        let dead = RoaringBitmap::from([0, 3]);
        assert_eq!([1, 4, 9].map(|document| moved(100, &dead, document)), [100, 102, 107]);
    }
}
