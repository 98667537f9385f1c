//! Pages of an export.

use super::asked::{Asked, second, settled};
use super::cursor::{Cursor, REMEMBERED, hash};
use crate::api::page::link;
use crate::api::{Answer, Call, Refused};
use crate::record::places;
use crate::store::{Item, Range};
use futures::future::try_join_all;
use serde_json::{Map, Value, json};

/// Bytes of the records of a page: what a Lambda function answers ends at 6 MB, in which quotes count double, and side
/// loads come beside them.
const MOST_BYTES: usize = 3_000_000;

/// Where a record stands that is to be told.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// On which of the lists of its kind.
    pub list: usize,
    /// What the list holds; its rank is the key's.
    pub item: Item,
}

impl Place {
    fn rank(&self) -> &str {
        &self.item.key.sort
    }

    /// The id that its rank ends in.
    pub fn id(&self) -> u64 {
        places::ranked(self.rank()).unwrap_or_default()
    }
}

/// A kind of record that is exported.
pub(super) trait Source {
    /// What several are called.
    const NAME: &'static str;

    /// The lists that they stand on, by time.
    fn lists(&self) -> Vec<&'static str>;

    /// What is told of each of these places: nothing where there is nothing any more.
    async fn told(&self, call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused>;
}

/// What lies ahead: of all lists, in the order of their ranks.
struct Ahead {
    places: Vec<Place>,
    more: bool,
}

impl Ahead {
    async fn read(
        call: &Call<'_>,
        lists: &[&str],
        after: &str,
        most: usize,
    ) -> Result<Self, Refused> {
        let range = |list: &&str| {
            let limit = most.saturating_add(1);
            Range::of(places::list(list), limit).after(Some(after.to_owned()))
        };
        let ranges: Vec<Range> = lists.iter().map(range).collect();
        let found = try_join_all(ranges.iter().map(|range| call.range(range))).await?;
        let mut ahead = Self { places: Vec::new(), more: false };
        for (list, found) in found.into_iter().enumerate() {
            ahead.places.extend(found.items.into_iter().map(|item| Place { list, item }));
            ahead.more |= found.more;
        }
        ahead.places.sort_by(|a, b| a.rank().cmp(b.rank()));
        ahead.more |= ahead.places.len() > most;
        ahead.places.truncate(most);
        Ok(ahead)
    }

    /// Whether no more of the second stands behind this many places than they have of it.
    fn whole(&self, count: usize) -> bool {
        let last = count.checked_sub(1).and_then(|at| self.places.get(at)).map(Place::rank);
        match (last, self.places.get(count)) {
            (Some(last), Some(next)) => second(last) != second(next.rank()),
            (Some(_), None) => !self.more,
            (None, _) => true,
        }
    }

    /// The most places, up to so many, that end with a whole second.
    fn up_to(&self, most: usize) -> Option<usize> {
        (1..=most.min(self.places.len())).rev().find(|count| self.whole(*count))
    }

    /// The fewest places, from so many on, that end with a whole second.
    fn from(&self, least: usize) -> Option<usize> {
        (least..=self.places.len()).find(|count| self.whole(*count))
    }

    fn part(&self, count: usize) -> &[Place] {
        self.places.get(..count).unwrap_or(&self.places)
    }

    fn ends(&self, count: usize) -> bool {
        count >= self.places.len() && !self.more
    }
}

/// What is told of places, as far as a page has room: of at least one.
struct Fit {
    count: usize,
    values: Vec<Vec<Value>>,
}

impl Fit {
    async fn of<S: Source>(call: &Call<'_>, source: &S, places: &[Place]) -> Result<Self, Refused> {
        let values = source.told(call, places).await?;
        let mut room = MOST_BYTES;
        let fits = |told: &&Vec<Value>| {
            let bytes = told.iter().map(|it| it.to_string().len()).fold(0, usize::saturating_add);
            let fits = bytes <= room;
            room = room.saturating_sub(bytes);
            fits
        };
        let count = values.iter().take_while(fits).count().max(1).min(values.len());
        Ok(Self { count, values })
    }

    fn values(self, count: usize) -> Value {
        Value::Array(self.values.into_iter().take(count).flatten().collect())
    }
}

/// The page that a time begins, or a cursor within a second.
pub(super) async fn by_time<S: Source>(
    call: &Call<'_>,
    asked: &Asked,
    source: &S,
) -> Result<Answer, Refused> {
    let most = asked.reach.max(asked.per_page);
    let ahead = Ahead::read(call, &source.lists(), &asked.from.after, most).await?;
    let wanted = ahead.up_to(asked.per_page).or_else(|| ahead.from(asked.per_page));
    let wanted = wanted.unwrap_or(ahead.places.len());
    let fit = Fit::of(call, source, ahead.part(wanted)).await?;
    let count =
        if fit.count < wanted { ahead.up_to(fit.count).unwrap_or(fit.count) } else { wanted };
    let last = ahead.part(count).last().map(Place::rank);
    let whole = ahead.whole(count);
    let end = last.map(|rank| second(rank).saturating_add(i64::from(whole)));
    // The next page begins at a time, if one may: what is young is told again.
    let ends = ahead.ends(count);
    let end = end.map(|end| if ends { end.min(settled(call)) } else { end });
    let young = end.is_some_and(|end| end > settled(call));
    let within = last.filter(|_| !ends && (young || !whole));
    let within = within.map(|rank| Cursor::behind(rank.to_owned()).text());
    let next =
        end.map(|end| link(call.ask, &[("start_time", Some(end.to_string())), ("cursor", within)]));
    let values = fit.values(count);
    Ok(Answer::ok(named(
        S::NAME,
        json!({
            "count": values.as_array().map(Vec::len),
            "end_of_stream": ends,
            "end_time": end,
            "next_page": next,
        }),
        values,
    )))
}

/// The page that a cursor begins, or, for the first, a time.
pub(super) async fn by_cursor<S: Source>(
    call: &Call<'_>,
    asked: &Asked,
    source: &S,
) -> Result<Answer, Refused> {
    let most = asked.per_page.saturating_add(asked.from.told.len());
    let ahead = Ahead::read(call, &source.lists(), &asked.from.after, most).await?;
    let fit = Fit::of(call, source, &ahead.places).await?;
    let walk = Walk::along(&ahead, fit, asked, settled(call));
    let after = walk.passed.then(|| walk.next.text());
    let url = after.clone().map(|it| link(call.ask, &[("cursor", Some(it)), ("start_time", None)]));
    Ok(Answer::ok(named(
        S::NAME,
        json!({
            "after_cursor": after,
            "after_url": url,
            "before_cursor": null,
            "before_url": null,
            "end_of_stream": walk.ends,
        }),
        Value::Array(walk.values),
    )))
}

/// What a page by cursor tells.
struct Walk {
    values: Vec<Value>,
    /// Where the next page begins.
    next: Cursor,
    /// Whether there was anything to pass.
    passed: bool,
    ends: bool,
}

impl Walk {
    /// Goes along places until a page is full, or as many are young as a cursor remembers: the others are told later.
    fn along(ahead: &Ahead, fit: Fit, asked: &Asked, settled: i64) -> Self {
        let (mut values, mut next) = (Vec::new(), Cursor::behind(asked.from.after.clone()));
        let (mut told, mut passed, mut full) = (0_usize, 0_usize, false);
        for (place, own) in ahead.part(fit.count).iter().zip(fit.values) {
            full = next.told.len() >= REMEMBERED;
            if full || told >= asked.per_page {
                break;
            }
            let (rank, hash) = (place.rank(), hash(&own));
            if second(rank) < settled {
                next.after = rank.to_owned();
            } else {
                next.told.insert(rank.to_owned(), hash);
            }
            if asked.from.told.get(rank) != Some(&hash) {
                values.extend(own);
                told = told.saturating_add(1);
            }
            passed = passed.saturating_add(1);
        }
        Self { values, next, passed: passed > 0, ends: full || ahead.ends(passed) }
    }
}

fn named(name: &str, about: Value, values: Value) -> Value {
    let mut body = match about {
        Value::Object(about) => about,
        _ => Map::new(),
    };
    body.insert(name.to_owned(), values);
    Value::Object(body)
}
