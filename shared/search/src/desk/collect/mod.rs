//! Collects what is wanted of all segments: how many there are, and the first of them in an order.

mod best;
mod lane;
mod left_out;

pub use left_out::LeftOut;

use ceap_helpdesk::{
    rule::Order,
    search::{
        Key, Of, Place, Sort,
        index::{Hits, Wanted},
    },
};
use ceap_kernel::Fault;
use tantivy::{
    Searcher, TantivyError,
    columnar::Column,
    index::SegmentReader,
    query::{EnableScoring, Query, Weight},
};

use self::{
    best::{Best, Cut},
    lane::Lane,
};
use super::{
    column,
    query::{either, query},
    shape::{Fields, OF, is_sortable, number_of, of_number, place_of},
};

/// What is wanted, ready to be looked for.
pub struct Plan {
    query: Box<dyn Query>,
    sort: Sort,
    /// The filters of each key that counts those that are met.
    met: Vec<Vec<Box<dyn Query>>>,
    left_out: LeftOut,
    backward: bool,
    after: Option<Place>,
    most: usize,
}

/// What all segments share.
struct Weights {
    filter: Box<dyn Weight>,
    met: Vec<Vec<Box<dyn Weight>>>,
}

impl Plan {
    /// What is wanted.
    ///
    /// # Errors
    /// `Internal` if nothing is kept to sort by.
    pub fn new(fields: Fields, wanted: &Wanted<'_>) -> Result<Self, Fault> {
        // Nothing is sorted if only the number is wanted.
        let sort = if wanted.most == 0 { Sort::default() } else { wanted.sort.clone() };
        let met = sort.0.iter().map(|(key, _)| match key {
            Key::Met(filters) => Ok(filters.iter().map(|it| query(fields, it)).collect()),
            Key::Keyword(field) | Key::Ranked(field, _) if !is_sortable(field) => {
                Err(Fault::Internal(format!("search results are not sorted by {field}")))
            }
            Key::Number(_) | Key::Keyword(_) | Key::Ranked(..) => Ok(Vec::new()),
        });
        let met = met.collect::<Result<_, Fault>>()?;
        let left_out = LeftOut::new(wanted.without.iter().filter_map(|of| number_of(*of)));
        Ok(Self {
            query: query(fields, wanted.filter),
            sort,
            met,
            left_out,
            backward: wanted.backward,
            after: wanted.after.cloned(),
            most: wanted.most,
        })
    }

    /// A query with all terms that are looked up.
    pub fn terms(&self) -> Box<dyn Query> {
        let all = std::iter::once(&self.query).chain(self.met.iter().flatten());
        either(all.map(|query| query.box_clone()).collect())
    }

    /// The columns that are read.
    pub fn columns(&self) -> Vec<String> {
        let of = self.of_is_read().then(|| OF.to_owned());
        let keys = self.sort.0.iter().filter_map(|(key, _)| match key {
            Key::Number(field) => Some(column::of_numbers(field)),
            Key::Keyword(field) | Key::Ranked(field, _) => Some(column::of_words(field)),
            Key::Met(_) => None,
        });
        of.into_iter().chain(keys).collect()
    }

    fn of_is_read(&self) -> bool {
        self.most > 0 || !self.left_out.is_empty()
    }

    /// Looks for it, in all segments at once.
    pub fn run(&self, searcher: &Searcher) -> tantivy::Result<Hits> {
        let scoring = EnableScoring::disabled_from_searcher(searcher);
        let met = self.met.iter().map(|met| met.iter().map(|it| it.weight(scoring)).collect());
        let met = met.collect::<tantivy::Result<_>>()?;
        let weights = Weights { filter: self.query.weight(scoring)?, met };
        let segment = |segment: &SegmentReader| self.in_segment(&weights, segment);
        let segments = searcher.segment_readers().iter();
        let found = searcher.index().search_executor().map(segment, segments)?;
        let count = found.iter().map(|hits| hits.count).fold(0, u64::saturating_add);
        let mut places: Vec<Place> = found.into_iter().flat_map(|hits| hits.places).collect();
        places.sort_by(|a, b| self.sort.directed(self.backward, a, b));
        places.truncate(self.most);
        Ok(Hits { places, count })
    }

    fn in_segment(&self, weights: &Weights, segment: &SegmentReader) -> tantivy::Result<Hits> {
        if !self.of_is_read() {
            let count = u64::from(weights.filter.count(segment)?);
            return Ok(Hits { places: Vec::new(), count });
        }
        let of = segment.fast_fields().u64(OF)?;
        let lanes = self.sort.0.iter().zip(&weights.met);
        let lanes = lanes.map(|((key, _), met)| Lane::new(segment, key, met));
        let lanes: Vec<Lane> = lanes.collect::<tantivy::Result<_>>()?;
        let after = self.after.as_ref().map(|after| self.cut(&lanes, after)).transpose()?;
        let mut best = Best::new(self.most, after);
        let mut row = Row { plan: self, lanes, of };
        let (mut count, alive) = (0_u64, segment.alive_bitset());
        weights.filter.for_each_no_score(segment, &mut |documents| {
            for document in documents {
                if alive.is_some_and(|alive| !alive.is_alive(*document)) {
                    continue;
                }
                if self.left_out.has(|| row.of.values.get_val(*document)) {
                    continue;
                }
                count = count.saturating_add(1);
                best.offer(&mut row, *document);
            }
        })?;
        Ok(Hits { places: self.places(&row, best)?, count })
    }

    /// The place behind which to begin, as this segment sees it.
    fn cut(&self, lanes: &[Lane], after: &Place) -> tantivy::Result<Cut> {
        let values = after.values.iter().zip(lanes.iter().zip(&self.sort.0));
        let codes = values.map(|(value, (lane, (_, order)))| {
            Ok(directed(lane.code_of(value.as_ref())?, *order, self.backward))
        });
        let of = Of { kind: after.kind, id: after.id };
        let of = place_of(of);
        let of = if self.backward { !of } else { of };
        Ok(Cut { codes: codes.collect::<tantivy::Result<_>>()?, of })
    }

    fn places(&self, row: &Row<'_>, best: Best) -> tantivy::Result<Vec<Place>> {
        let place = |best: best::Row| {
            let values = row.lanes.iter().zip(&self.sort.0).zip(best.codes);
            let values = values.map(|((lane, (_, order)), code)| {
                undirected(code, *order, self.backward)
                    .map_or(Ok(None), |code| lane.value_of(code).map(Some))
            });
            let of = if self.backward { !best.of } else { best.of };
            let of = of_number(of)
                .ok_or_else(|| TantivyError::SystemError(format!("{of} is no kind and id")))?;
            Ok(Place { values: values.collect::<tantivy::Result<_>>()?, kind: of.kind, id: of.id })
        };
        best.rows().into_iter().map(place).collect()
    }
}

/// What a document of a segment is compared by.
struct Row<'p> {
    plan: &'p Plan,
    lanes: Vec<Lane>,
    of: Column<u64>,
}

impl best::Codes for Row<'_> {
    fn keys(&self) -> usize {
        self.lanes.len()
    }

    fn code(&mut self, key: usize, document: u32) -> u64 {
        let order = self.plan.sort.0.get(key).map_or(Order::Asc, |(_, order)| *order);
        let code = self.lanes.get_mut(key).and_then(|lane| lane.code(document));
        directed(code, order, self.plan.backward)
    }

    fn of(&self, document: u32) -> u64 {
        let of = self.of.values.get_val(document);
        if self.plan.backward { !of } else { of }
    }
}

/// A code such that the least comes first: what has none comes last in either order. No code is the greatest number, nor
/// the greatest but one ([`lane`]).
fn directed(code: Option<u64>, order: Order, backward: bool) -> u64 {
    let forward = match (code, order) {
        (None, _) => u64::MAX,
        (Some(code), Order::Asc) => code,
        (Some(code), Order::Desc) => lane::GREATEST.saturating_sub(code),
    };
    if backward { !forward } else { forward }
}

/// What [`directed`] was made of.
fn undirected(code: u64, order: Order, backward: bool) -> Option<u64> {
    let forward = if backward { !code } else { code };
    match (forward, order) {
        (u64::MAX, _) => None,
        (code, Order::Asc) => Some(code),
        (code, Order::Desc) => Some(lane::GREATEST.saturating_sub(code)),
    }
}
