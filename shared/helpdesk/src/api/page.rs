//! Pages, in both of Zendesk's ways
//! ([pagination](https://developer.zendesk.com/api-reference/introduction/pagination/)).

use super::ask::Ask;
use super::refused::Refused;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// Records of a page, at most and by default.
pub const MOST: usize = 100;

/// How far pages by number reach (Zendesk's limit): beyond, a cursor is needed.
pub const DEEPEST: usize = 10_000;

/// What page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// The page of this number, from 1, of so many records.
    Number {
        /// Its number.
        page: usize,
        /// Records of a page.
        per_page: usize,
    },
    /// So many records after or before a place.
    Cursor {
        /// Records of the page.
        size: usize,
        /// The place; none begins with the first.
        at: Option<String>,
        /// Whether what stands before the place is asked for.
        before: bool,
    },
}

impl Paging {
    /// What `ask` asks for.
    ///
    /// # Errors
    /// 400 when it is no page.
    pub fn of(ask: &Ask) -> Result<Self, Refused> {
        if by_cursor(ask) {
            return Self::cursor(ask, MOST);
        }
        let paging = Self::numbered(ask)?;
        if paging.reach() > DEEPEST {
            let text = format!(
                "Requested response size was greater than Search Response Limits: pages by number reach {DEEPEST} records; use page[size] and page[after] beyond"
            );
            return Err(Refused::Other(400, "PaginationLimitExceeded", text));
        }
        Ok(paging)
    }

    /// The page of a number, however far it is.
    ///
    /// # Errors
    /// 400 when it is no page.
    pub fn numbered(ask: &Ask) -> Result<Self, Refused> {
        let page = number(ask, "page", 1)?;
        let per_page = number(ask, "per_page", MOST)?.min(MOST);
        Ok(Self::Number { page, per_page })
    }

    /// The page at a cursor, of at most so many records.
    ///
    /// # Errors
    /// 400 when it is no page.
    pub fn cursor(ask: &Ask, most: usize) -> Result<Self, Refused> {
        let rule = || format!("must be from 1 to {most}");
        let size = match ask.query("page[size]") {
            None => MOST,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=most).contains(size))
                .ok_or_else(|| Refused::parameter("page[size]", rule()))?,
        };
        let (after, before) = (ask.query("page[after]"), ask.query("page[before]"));
        let at = after.or(before).filter(|text| !text.is_empty()).map(place).transpose()?;
        Ok(Self::Cursor { size, at, before: after.is_none() && before.is_some() })
    }

    /// Records of the page at most.
    #[must_use]
    pub const fn size(&self) -> usize {
        match self {
            Self::Number { per_page, .. } => *per_page,
            Self::Cursor { size, .. } => *size,
        }
    }

    /// How many records it takes to reach its end, if it has a number.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.offset().saturating_add(self.size())
    }

    /// How many records stand before it, if it has a number.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self {
            Self::Number { page, per_page } => page.saturating_sub(1).saturating_mul(*per_page),
            Self::Cursor { .. } => 0,
        }
    }
}

/// Whether a page is asked for by a cursor.
#[must_use]
pub fn by_cursor(ask: &Ask) -> bool {
    let cursor = ["page[size]", "page[after]", "page[before]"];
    cursor.iter().any(|name| ask.query(name).is_some())
}

/// A whole number from 1. What is none is the first, as Zendesk takes it.
fn number(ask: &Ask, name: &str, usual: usize) -> Result<usize, Refused> {
    match ask.query(name) {
        None | Some("") => Ok(usual),
        Some(text) => match text.parse::<i64>() {
            Ok(number) => Ok(usize::try_from(number).unwrap_or_default().max(1)),
            Err(_) => Err(Refused::parameter(name, "must be an integer")),
        },
    }
}

/// A place as callers have it.
#[must_use]
pub fn cursor(rank: &str) -> String {
    URL_SAFE_NO_PAD.encode(rank)
}

fn place(cursor: &str) -> Result<String, Refused> {
    let decoded = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|it| String::from_utf8(it).ok());
    decoded.ok_or_else(|| Refused::parameter("page[after]", "is not a valid cursor"))
}

/// A page of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The records.
    pub records: Vec<T>,
    /// The ranks of the first and the last.
    pub ends: Option<(String, String)>,
    /// Whether more stand behind them, in the direction that was asked for.
    pub more: bool,
    /// How many there are in all, if that was to be known.
    pub count: Option<u64>,
    /// What was asked for.
    pub paging: Paging,
}

impl<T> Page<T> {
    /// The page of all records, which stand by their ranks, from the least or from the greatest.
    #[must_use]
    pub fn cut(paging: Paging, all: Vec<(String, T)>) -> Self {
        let total = all.len();
        let size = paging.size();
        let (part, more): (Vec<(String, T)>, bool) = match &paging {
            Paging::Number { .. } => {
                let behind = paging.offset().saturating_add(size);
                (all.into_iter().skip(paging.offset()).take(size).collect(), total > behind)
            }
            Paging::Cursor { at: None, .. } => (all.into_iter().take(size).collect(), total > size),
            Paging::Cursor { at: Some(at), before, .. } => {
                let place = all.iter().position(|(rank, _)| rank == at);
                let backward = all.first().map(|it| &it.0) > all.last().map(|it| &it.0);
                let behind = |rank: &String| if backward { rank < at } else { rank > at };
                if *before {
                    let end = place.unwrap_or_default();
                    let start = end.saturating_sub(size);
                    let part = all.into_iter().skip(start).take(end.saturating_sub(start));
                    (part.collect(), start > 0)
                } else {
                    // A record that is gone left its place: the rank still tells what stands behind it.
                    let start = place.map_or_else(
                        || all.iter().position(|(rank, _)| behind(rank)).unwrap_or(total),
                        |place| place.saturating_add(1),
                    );
                    let more = total > start.saturating_add(size);
                    (all.into_iter().skip(start).take(size).collect(), more)
                }
            }
        };
        let (ranks, records): (Vec<String>, Vec<T>) = part.into_iter().unzip();
        let ends = ranks.first().cloned().zip(ranks.last().cloned());
        Self { records, ends, more, count: u64::try_from(total).ok(), paging }
    }

    /// The same page of something else.
    pub fn map<U>(self, with: impl FnMut(T) -> U) -> Page<U> {
        let Self { records, ends, more, count, paging } = self;
        Page { records: records.into_iter().map(with).collect(), ends, more, count, paging }
    }

    /// What tells of the pages beside it, to be put with the records.
    #[must_use]
    pub fn about(&self, ask: &Ask) -> Map<String, Value> {
        let about = match &self.paging {
            Paging::Number { page, .. } => {
                let numbered = |page: usize| link(ask, &[("page", Some(page.to_string()))]);
                let next = self.more.then(|| numbered(page.saturating_add(1)));
                let previous = (*page > 1).then(|| numbered(page.saturating_sub(1)));
                json!({"next_page": next, "previous_page": previous, "count": self.count})
            }
            Paging::Cursor { at, before, .. } => {
                let (has_next, has_previous) =
                    if *before { (at.is_some(), self.more) } else { (self.more, at.is_some()) };
                let (first, last) = self.ends.clone().unzip();
                let (after, before) = (last.as_deref().map(cursor), first.as_deref().map(cursor));
                let next = after.clone().filter(|_| has_next);
                let previous = before.clone().filter(|_| has_previous);
                let forward = |it| link(ask, &[("page[after]", Some(it)), ("page[before]", None)]);
                let backward = |it| link(ask, &[("page[before]", Some(it)), ("page[after]", None)]);
                json!({
                    "meta": {"has_more": self.more, "after_cursor": after, "before_cursor": before},
                    "links": {"next": next.map(forward), "prev": previous.map(backward)},
                })
            }
        };
        match about {
            Value::Object(about) => about,
            _ => Map::new(),
        }
    }

    /// The page as it is answered, its records under `name`.
    #[must_use]
    pub fn envelope(self, ask: &Ask, name: &str) -> Value
    where
        T: Into<Value>,
    {
        let mut body = self.about(ask);
        let records: Vec<Value> = self.records.into_iter().map(Into::into).collect();
        body.insert(name.to_owned(), Value::Array(records));
        Value::Object(body)
    }
}

/// What was asked, with other variables of the query.
#[must_use]
pub fn link(ask: &Ask, changed: &[(&str, Option<String>)]) -> String {
    let kept = ask.query.iter().filter(|(key, _)| changed.iter().all(|(name, _)| name != key));
    let kept = kept.map(|(key, value)| (key.as_str(), value.as_str()));
    let new = changed.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?)));
    let query: Vec<String> = kept
        .chain(new)
        .map(|(key, value)| format!("{}={}", encoded(key), encoded(value)))
        .collect();
    format!("{}{}?{}", ask.base, ask.raw_path, query.join("&"))
}

/// RFC 3986 §2.3: all but unreserved characters.
#[must_use]
pub fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
