//! Applies changes: one segment with what is new, tombstones for what was there before.

use ceap_kernel::{Fault, Timestamp};
use tantivy::TantivyDocument;

use super::{
    Batch, What, Writer, again, batch::Net, build::build, exhausted, find::find, given_up,
};
use crate::{Manifest, Piece, Position, View, place, reading::Extent, tombstones::Ledger};

/// What applying a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Documents that were written.
    pub written: usize,
    /// Older versions that are no more.
    pub buried: u64,
    /// The generation of the manifest in which the batch is, if this wrote it.
    pub generation: Option<u64>,
}

/// The segments of what is new in a batch, once they are put.
struct Built {
    /// Up to where the source was in the manifest for which they were built.
    since: Option<Position>,
    pieces: Vec<Piece>,
    written: usize,
    at: Timestamp,
}

impl Writer {
    /// Applies what of a batch is not in the index yet. Once it answers, every searcher that looks for a new manifest
    /// finds the changes.
    ///
    /// # Errors
    /// The store's; `Conflict` if others write all the time. The batch can be applied again after any of them.
    pub async fn apply(&self, batch: &Batch) -> Result<Applied, Fault> {
        let commit = place::token();
        let (mut built, mut last) = (None, exhausted());
        for tried in 0..self.limits.tries.max(1) {
            match self.try_apply(batch, &commit, &mut built).await {
                Err(fault) if again(&fault) => last = fault,
                other => return other,
            }
            self.pause(tried).await;
        }
        Err(given_up(last))
    }

    async fn try_apply(
        &self,
        batch: &Batch,
        commit: &str,
        built: &mut Option<Built>,
    ) -> Result<Applied, Fault> {
        let (manifest, etag) = self.manifest().await?;
        if manifest.has(commit) {
            // The last try did it, and only its answer was lost.
            let written = built.as_ref().map_or(0, |built| built.written);
            return Ok(Applied { written, generation: Some(manifest.generation), buried: 0 });
        }
        let since = manifest.watermark.get(&batch.source).cloned();
        let Some(net) = batch.after(since.as_ref()) else { return Ok(Applied::default()) };
        let built = match built.take().filter(|built| built.since == since) {
            Some(kept) => built.insert(kept),
            None => built.insert(self.build(&net, since).await?),
        };
        let keys = net.changes.keys().map(|key| (*key).to_owned()).collect();
        let view = self.view((manifest, etag), Extent::Tails).await?;
        let mut next = view.manifest().next(commit);
        let buried = self.bury(&view, &mut next, keys).await?;
        next.segments.extend(built.pieces.iter().cloned());
        next.watermark.insert(batch.source.clone(), net.end.clone());
        self.in_time(built.at)?;
        self.archive.swap(&next, view.etag()).await?;
        let generation = Some(next.generation);
        Ok(Applied { written: built.written, buried, generation })
    }

    /// Builds and puts the segments of what is new.
    async fn build(&self, net: &Net<'_>, since: Option<Position>) -> Result<Built, Fault> {
        let at = self.clock.now();
        let documents: Vec<(String, TantivyDocument)> = net
            .changes
            .iter()
            .filter_map(|(key, what)| match what {
                What::Is(document) => Some(((*key).to_owned(), document.clone())),
                What::IsGone => None,
            })
            .collect();
        let (written, shape) = (documents.len(), self.archive.shape.clone());
        let memory = self.limits.building;
        let work = tokio::task::spawn_blocking(move || build(&shape, memory, documents));
        let packed = work
            .await
            .map_err(|e| Fault::Internal(format!("building a segment panicked: {e}")))??;
        let mut pieces = Vec::new();
        for packed in packed {
            self.put(&self.archive.place.segment(&packed.piece.id), packed.object).await?;
            pieces.push(packed.piece);
        }
        Ok(Built { since, pieces, written, at })
    }

    /// Marks the living documents with these keys as deleted. Tells how many.
    async fn bury(
        &self,
        view: &View,
        next: &mut Manifest,
        keys: Vec<String>,
    ) -> Result<u64, Fault> {
        let shape = self.archive.shape.clone();
        let found = view.run(move |searcher| find(searcher, &shape, &keys)).await?;
        let mut buried = 0_u64;
        let mut ledger = Ledger::new(self.archive.place.tombstones());
        let mut kept = Vec::with_capacity(next.segments.len());
        let pieces = std::mem::take(&mut next.segments);
        for ((mut piece, found), dead) in pieces.into_iter().zip(found).zip(view.dead()) {
            if !found.is_empty() {
                buried = buried.saturating_add(found.len());
                let dead = dead.map_or_else(|| found.clone(), |dead| dead | &found);
                // A segment goes with its last document.
                if dead.len() >= u64::from(piece.documents) {
                    continue;
                }
                piece.tombstones = Some(ledger.enter(&dead)?);
            }
            kept.push(piece);
        }
        next.segments = kept;
        self.put_ledger(ledger).await?;
        Ok(buried)
    }

    /// Puts the tombstones of a commit, if there are any.
    pub(super) async fn put_ledger(&self, ledger: Ledger) -> Result<(), Fault> {
        match ledger.bytes.is_empty() {
            true => Ok(()),
            false => self.put(&ledger.name, ledger.bytes).await,
        }
    }
}
