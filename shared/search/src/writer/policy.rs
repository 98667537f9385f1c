//! Which segments to merge.

use crate::{Manifest, Piece};

/// Which segments to merge: those of about the same size, as a log-structured tree has it. So a document is copied about
/// once for each size, and there are at most `fanout` segments of each, beside those too large to merge.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How many segments of about one size are merged into one of the next.
    pub fanout: usize,
    /// Segments up to this size are of one size, in bytes.
    pub smallest: u64,
    /// The most bytes that a merge of several reads, which bounds its time and its memory (of which it takes about three
    /// times as much): larger segments are not merged with others.
    pub most: u64,
    /// The share of deleted documents, in percent, from which on a segment is merged alone, to be rid of them.
    pub dead: u32,
    /// The most bytes of a segment that is merged alone: larger ones stay as they are.
    pub most_alone: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let most = 256 << 20;
        Self { fanout: 8, smallest: 256 << 10, most, dead: 40, most_alone: most }
    }
}

impl Policy {
    /// Each segment by itself that holds any deleted document, however large: what it costs to be rid of them at once.
    pub const RID: Self =
        Self { fanout: usize::MAX, smallest: 1, most: 0, dead: 0, most_alone: u64::MAX };

    /// The segments to merge next, by their ids; none if there are none.
    #[must_use]
    pub fn pick(&self, manifest: &Manifest) -> Vec<String> {
        let mut small: Vec<&Piece> =
            manifest.segments.iter().filter(|piece| piece.bytes <= self.most).collect();
        small.sort_by_key(|piece| size(piece));
        let mut start = 0;
        while let Some(first) = small.get(start) {
            let level = self.level(first);
            let rest = small.get(start..).unwrap_or_default();
            let same = rest.iter().take_while(|piece| self.level(piece) == level).count();
            if same >= self.fanout.max(2) {
                let picked = self.within_bounds(rest.get(..same).unwrap_or_default());
                if picked.len() > 1 {
                    return picked;
                }
            }
            start = start.saturating_add(same.max(1));
        }
        let ill = manifest.segments.iter().find(|piece| self.is_ill(piece));
        ill.map(|piece| piece.id.clone()).into_iter().collect()
    }

    /// Whether a segment is to be merged alone.
    fn is_ill(&self, piece: &Piece) -> bool {
        let dead = u64::from(piece.dead()).saturating_mul(100);
        let share = u64::from(piece.documents).saturating_mul(u64::from(self.dead));
        piece.bytes <= self.most_alone && piece.dead() > 0 && dead >= share
    }

    /// As many of them as one merge may read, the smallest first.
    fn within_bounds(&self, pieces: &[&Piece]) -> Vec<String> {
        let mut read = 0_u64;
        let fits = pieces.iter().take_while(|piece| {
            read = read.saturating_add(piece.bytes);
            read <= self.most
        });
        fits.map(|piece| piece.id.clone()).collect()
    }

    fn level(&self, piece: &Piece) -> u32 {
        let times = size(piece).checked_div(self.smallest.max(1)).unwrap_or(0);
        times.checked_ilog(self.fanout.max(2) as u64).map_or(0, |level| level.saturating_add(1))
    }
}

/// The bytes of a segment that its living documents take, about.
fn size(piece: &Piece) -> u64 {
    let living = piece.bytes.saturating_mul(u64::from(piece.living()));
    living.checked_div(u64::from(piece.documents)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tombstones;

    fn piece(id: usize, bytes: u64, dead: u32) -> Piece {
        let tombstones = (dead > 0).then(|| Tombstones {
            name: String::new(),
            start: 0,
            end: 0,
            documents: dead,
        });
        Piece { id: id.to_string(), bytes, tail: 0, documents: 100, tombstones }
    }

    fn picked(pieces: Vec<Piece>) -> Vec<String> {
        let policy = Policy { fanout: 3, smallest: 10, most: 1_000, dead: 40, most_alone: 3_000 };
        let mut manifest = Manifest::empty("");
        manifest.segments = pieces;
        policy.pick(&manifest)
    }

    #[test]
    fn segments_of_one_size_are_merged() {
        assert_eq!(picked(vec![piece(0, 5, 0), piece(1, 9, 0)]), [] as [&str; 0]);
        let three = vec![piece(0, 5, 0), piece(1, 100, 0), piece(2, 1, 0), piece(3, 3, 0)];
        assert_eq!(picked(three), ["2", "3", "0"]);
    }

    #[test]
    fn a_merge_reads_no_more_than_it_may() {
        let large = |id| piece(id, 400, 0);
        assert_eq!(picked(vec![large(0), large(1), large(2)]).len(), 2);
        assert!(picked((0..9).map(|id| piece(id, 900, 0)).collect()).is_empty());
        assert!(picked((0..9).map(|id| piece(id, 5_000, 90)).collect()).is_empty());
    }

    #[test]
    fn all_that_hold_deleted_documents_are_written_anew_to_be_rid_of_them() {
        let mut manifest = Manifest::empty("");
        manifest.segments = vec![piece(0, 5, 0), piece(1, 5_000_000_000, 1), piece(2, 5, 0)];
        assert_eq!(Policy::RID.pick(&manifest), ["1"]);
        manifest.segments.remove(1);
        assert!(Policy::RID.pick(&manifest).is_empty());
    }

    #[test]
    fn a_segment_of_deleted_documents_is_merged_alone() {
        assert_eq!(picked(vec![piece(0, 500, 39), piece(1, 500, 40)]), ["1"]);
        assert_eq!(picked(vec![piece(0, 3_001, 90), piece(1, 3_000, 40)]), ["1"]);
    }
}
