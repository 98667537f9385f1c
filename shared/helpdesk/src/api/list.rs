//! Lists that the store keeps, page by page.

use super::call::Call;
use super::page::{DEEPEST, Page, Paging};
use super::refused::Refused;
use crate::record::{Home, Kept, Record, places};
use crate::store::{Found, Item, Range};
use futures::future::try_join_all;
use std::collections::BTreeSet;

/// Records of one read of a list that is read whole.
const WHOLE: usize = 2_000;

/// A list of records of which there are many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// All, by id.
    All,
    /// Those that stand on any of these lists, each by the same rank.
    Of(Vec<String>),
    /// Those that stand on this list and on any of these: as far as pages by number reach.
    Within(String, Vec<String>),
    /// Those that stand on any of these lists, which are so long that they are better counted as what remains of all
    /// without those of others.
    Rest {
        /// The lists.
        of: Vec<String>,
        /// The others.
        but: Vec<String>,
    },
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
    page_of(call, list, Paging::of(call.ask)?, backward).await
}

/// A page of a list.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn page_of<R: Record>(
    call: &Call<'_>,
    list: &List,
    paging: Paging,
    backward: bool,
) -> Result<Page<Kept<R>>, Refused> {
    let ((ranks, more), count) = futures::try_join!(
        ranks::<R>(call, list, &paging, backward),
        counted::<R>(call, list, &paging)
    )?;
    let records = ranked::<R>(call, &ranks).await?;
    let ends = ranks.first().cloned().zip(ranks.last().cloned());
    Ok(Page { records, ends, more, count, paging })
}

/// The records of a list from its first on, at most so many.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn first<R: Record>(
    call: &Call<'_>,
    list: &List,
    most: usize,
) -> Result<Vec<Kept<R>>, Refused> {
    let paging = Paging::Cursor { size: most, at: None, before: false };
    let (ranks, _) = ranks::<R>(call, list, &paging, false).await?;
    ranked::<R>(call, &ranks).await
}

/// The records of these ranks.
async fn ranked<R: Record>(call: &Call<'_>, ranks: &[String]) -> Result<Vec<Kept<R>>, Refused> {
    let ids: Vec<u64> = ranks.iter().filter_map(|rank| places::ranked(rank)).collect();
    Ok(call.get_all::<R>(&ids).await?)
}

/// The page of a part of a partition that is asked for, as it is kept.
///
/// # Errors
/// 400 when it is no page; `Unavailable` or `Throttled`.
pub async fn items(
    call: &Call<'_>,
    partition: &str,
    prefix: &str,
    backward: bool,
) -> Result<Page<Item>, Refused> {
    let paging = Paging::of(call.ask)?;
    let (at, turned) = place(&paging);
    let reach = paging.offset().saturating_add(paging.size());
    let all = Range::of(partition, reach).starting(prefix);
    let range = all.clone().after(at).backward(backward != turned);
    let count = async {
        match paging {
            Paging::Number { .. } => call.desk.store.count(&call.tenant, &all).await.map(Some),
            Paging::Cursor { .. } => Ok(None),
        }
    };
    let (found, count) = futures::try_join!(call.range(&range), count)?;
    let mut records: Vec<Item> = found.items.into_iter().skip(paging.offset()).collect();
    if turned {
        records.reverse();
    }
    let sort = |item: Option<&Item>| item.map(|it| it.key.sort.clone());
    let ends = sort(records.first()).zip(sort(records.last()));
    Ok(Page { records, ends, more: found.more, count, paging })
}

/// The place that a page begins at, and whether it is what stands before it.
fn place(paging: &Paging) -> (Option<String>, bool) {
    match paging {
        Paging::Number { .. } => (None, false),
        Paging::Cursor { at, before, .. } => (at.clone(), *before),
    }
}

/// All records of a kind of which there are few, by id.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn whole<R: Record>(call: &Call<'_>) -> Result<Vec<Kept<R>>, Refused> {
    let mut all: Vec<Kept<R>> = Vec::new();
    loop {
        let after = all.last().map(|it| places::rank(it.id()));
        let found = call.range(&Range::of(R::KIND.name, WHOLE).after(after)).await?;
        for item in &found.items {
            all.push(Kept::read(item)?);
        }
        if !found.more {
            return Ok(all);
        }
    }
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
        List::Of(names) if names.len() == 1 => {
            let name = names.first().map(String::as_str).unwrap_or_default();
            Ok(store.count(tenant, &Range::of(places::list(name), usize::MAX)).await?)
        }
        List::Of(_) | List::Within(..) => {
            let all = every_rank(call, list).await?;
            Ok(u64::try_from(all.len()).unwrap_or(u64::MAX))
        }
        List::Rest { but, .. } => {
            let all = Box::pin(count::<R>(call, &List::All));
            let (all, others) = futures::try_join!(all, on(call, but))?;
            Ok(all.saturating_sub(others))
        }
    }
}

/// How many places these lists have together.
async fn on(call: &Call<'_>, names: &[String]) -> Result<u64, Refused> {
    let (store, tenant) = (call.desk.store, &call.tenant);
    let ranges: Vec<Range> =
        names.iter().map(|name| Range::of(places::list(name), usize::MAX)).collect();
    let counts = try_join_all(ranges.iter().map(|range| store.count(tenant, range))).await?;
    Ok(counts.into_iter().fold(0, u64::saturating_add))
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

/// The ranks of several lists, each once, as far as pages by number reach.
async fn every_rank(call: &Call<'_>, list: &List) -> Result<BTreeSet<String>, Refused> {
    let union = async |names: &[String]| {
        let ranges: Vec<Range> =
            names.iter().map(|name| Range::of(places::list(name), DEEPEST)).collect();
        let found = try_join_all(ranges.iter().map(|range| call.range(range))).await?;
        let items = found.into_iter().flat_map(|found| found.items);
        Ok::<BTreeSet<String>, Refused>(items.map(|item| item.key.sort).collect())
    };
    match list {
        List::All => Ok(BTreeSet::new()),
        List::Of(names) | List::Rest { of: names, .. } => union(names).await,
        List::Within(name, seen) => {
            let (all, seen) = futures::try_join!(union(std::slice::from_ref(name)), union(seen))?;
            Ok(all.intersection(&seen).cloned().collect())
        }
    }
}

/// The ranks of the page, and whether there are more behind them.
async fn ranks<R: Record>(
    call: &Call<'_>,
    list: &List,
    paging: &Paging,
    backward: bool,
) -> Result<(Vec<String>, bool), Refused> {
    let (at, turned) = place(paging);
    let backward = backward != turned;
    let reach = paging.offset().saturating_add(paging.size());
    let names = match list {
        // Of a page that begins with the first or at a cursor, the records are read at once.
        List::All if !R::HIDES && (paging.offset() == 0 || R::KIND.home != Home::Many) => {
            vec![R::KIND.name.to_owned()]
        }
        List::All => vec![places::list(&places::all(R::KIND))],
        List::Of(names) | List::Rest { of: names, .. } => {
            names.iter().map(|name| places::list(name)).collect()
        }
        List::Within(..) => {
            let all = every_rank(call, list).await?;
            return Ok(cut(all, paging, at.as_deref(), backward, turned));
        }
    };
    let ranges: Vec<Range> = names
        .into_iter()
        .map(|name| Range::of(name, reach).after(at.clone()).backward(backward))
        .collect();
    let found = try_join_all(ranges.iter().map(|range| call.range(range))).await?;
    let more = found.iter().any(|found| found.more);
    let items = found.into_iter().flat_map(|Found { items, .. }| items);
    let all: BTreeSet<String> = items.map(|item| item.key.sort).collect();
    let (page, beyond) = cut(all, paging, at.as_deref(), backward, turned);
    Ok((page, more || beyond))
}

/// The page out of these ranks, and whether there are more of them behind it.
fn cut(
    ranks: BTreeSet<String>,
    paging: &Paging,
    at: Option<&str>,
    backward: bool,
    turned: bool,
) -> (Vec<String>, bool) {
    let behind = |rank: &String| {
        at.is_none_or(|at| if backward { rank.as_str() < at } else { rank.as_str() > at })
    };
    let mut ranks: Vec<String> = ranks.into_iter().filter(behind).collect();
    if backward {
        ranks.reverse();
    }
    let more = ranks.len() > paging.offset().saturating_add(paging.size());
    let page = ranks.into_iter().skip(paging.offset()).take(paging.size());
    let mut page: Vec<String> = page.collect();
    if turned {
        page.reverse();
    }
    (page, more)
}
