//! Lists that the store keeps, page by page.

use super::call::Call;
use super::page::{Page, Paging};
use super::refused::Refused;
use crate::record::{Home, Kept, Record, places};
use crate::store::{Found, Range};
use futures::future::try_join_all;

/// A list of records of which there are many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// All, by id.
    All,
    /// Those that stand on any of these lists, each by the same rank.
    Of(Vec<String>),
}

impl List {
    /// Those that stand on this one.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::Of(vec![name.into()])
    }
}

/// The page of a list that is asked for. Backward begins with the greatest rank.
///
/// At most two calls in sequence, however far the page is.
///
/// # Errors
/// 400 when it is no page; `Unavailable` or `Throttled`.
pub async fn page<R: Record>(
    call: &Call<'_>,
    list: &List,
    backward: bool,
) -> Result<Page<Kept<R>>, Refused> {
    let paging = Paging::of(call.ask)?;
    let ((ranks, more), count) = futures::try_join!(
        ranks::<R>(call, list, &paging, backward),
        counted::<R>(call, list, &paging)
    )?;
    let ids: Vec<u64> = ranks.iter().filter_map(|rank| places::ranked(rank)).collect();
    let records = call.get_all::<R>(&ids).await?;
    let ends = ranks.first().cloned().zip(ranks.last().cloned());
    Ok(Page { records, ends, more, count, paging })
}

/// How many records a list has.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn count<R: Record>(call: &Call<'_>, list: &List) -> Result<u64, Refused> {
    let (store, tenant) = (call.desk.store, &call.tenant);
    match list {
        List::All if R::KIND.home == Home::Many => {
            let parts: Vec<_> =
                (0..places::PARTS).map(|part| places::count(R::KIND, part)).collect();
            let items = store.get(tenant, &parts).await?;
            let numbers = items.iter().filter_map(|item| item.body.parse::<u64>().ok());
            Ok(numbers.fold(0, u64::saturating_add))
        }
        List::All => Ok(store.count(tenant, &Range::of(R::KIND.name, usize::MAX)).await?),
        List::Of(names) => {
            let ranges: Vec<Range> =
                names.iter().map(|name| Range::of(places::list(name), usize::MAX)).collect();
            let counts =
                try_join_all(ranges.iter().map(|range| store.count(tenant, range))).await?;
            Ok(counts.into_iter().fold(0, u64::saturating_add))
        }
    }
}

async fn counted<R: Record>(
    call: &Call<'_>,
    list: &List,
    paging: &Paging,
) -> Result<Option<u64>, Refused> {
    match paging {
        Paging::Number { .. } => count::<R>(call, list).await.map(Some),
        Paging::Cursor { .. } => Ok(None),
    }
}

/// The ranks of the page, and whether there are more behind them.
async fn ranks<R: Record>(
    call: &Call<'_>,
    list: &List,
    paging: &Paging,
    backward: bool,
) -> Result<(Vec<String>, bool), Refused> {
    let (at, turned) = match paging {
        Paging::Number { .. } => (None, false),
        Paging::Cursor { at, before, .. } => (at.clone(), *before),
    };
    let backward = backward != turned;
    let reach = paging.offset().saturating_add(paging.size());
    let names = match list {
        // Of a page that a cursor begins, the records are read at once.
        List::All if paging.offset() == 0 || R::KIND.home != Home::Many => {
            vec![R::KIND.name.to_owned()]
        }
        List::All => vec![places::list(&places::all(R::KIND))],
        List::Of(names) => names.iter().map(|name| places::list(name)).collect(),
    };
    let ranges: Vec<Range> = names
        .into_iter()
        .map(|name| Range::of(name, reach).after(at.clone()).backward(backward))
        .collect();
    let found = try_join_all(ranges.iter().map(|range| call.range(range))).await?;
    let mut more = found.iter().any(|found| found.more);
    let mut ranks: Vec<String> =
        found.into_iter().flat_map(|Found { items, .. }| items).map(|item| item.key.sort).collect();
    ranks.sort_unstable();
    ranks.dedup();
    if backward {
        ranks.reverse();
    }
    more |= ranks.len() > reach;
    let mut ranks: Vec<String> =
        ranks.into_iter().skip(paging.offset()).take(paging.size()).collect();
    if turned {
        ranks.reverse();
    }
    Ok((ranks, more))
}
