//! What is asked of an export.

use super::cursor::Cursor;
use crate::api::{Ask, Call, Refused};

/// Records of a page, at most and by default (Zendesk's).
pub(super) const MOST: usize = 1_000;

/// How old it is what nothing earlier can join any more.
const SETTLED_SECONDS: i64 = 60;

/// What is asked of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Where it begins.
    pub from: Cursor,
    /// Records of a page.
    pub per_page: usize,
    /// How far a page may go beyond that to end with a whole second.
    pub reach: usize,
}

impl Asked {
    /// What the query asks, which does not start within the last minute (Zendesk's rule).
    pub fn read(call: &Call<'_>) -> Result<Self, Refused> {
        let asked = Self::read_recent(call)?;
        if given(call.ask, "cursor").is_none() && second(&asked.from.after) > settled(call) {
            let text = format!(
                "Too recent start_time. Use a start_time older than {SETTLED_SECONDS} seconds"
            );
            return Err(Refused::Other(422, "InvalidValue", text));
        }
        Ok(asked)
    }

    /// What the query asks, whenever it starts.
    pub fn read_recent(call: &Call<'_>) -> Result<Self, Refused> {
        let per_page = match given(call.ask, "per_page") {
            None => MOST,
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Refused::parameter("per_page", "must be an integer"))?
                .clamp(1, MOST),
        };
        Ok(Self { from: from(call)?, per_page, reach: MOST })
    }

    /// The same, with so many records at most.
    pub fn at_most(self, most: usize) -> Self {
        Self { per_page: self.per_page.min(most), reach: most, ..self }
    }
}

/// A variable of the query. Some clients write those that they have no value for as `undefined`.
pub(super) fn given<'a>(ask: &'a Ask, name: &str) -> Option<&'a str> {
    ask.query(name).map(str::trim).filter(|it| !matches!(*it, "" | "undefined" | "null"))
}

fn from(call: &Call<'_>) -> Result<Cursor, Refused> {
    match given(call.ask, "cursor") {
        Some(text) => {
            Cursor::read(text).ok_or_else(|| Refused::parameter("cursor", "is not a valid cursor"))
        }
        None => Ok(Cursor::behind(start(call)?)),
    }
}

/// The place before the first record of the second that the query names: a Unix time, of which some clients send
/// fractions.
pub(super) fn start(call: &Call<'_>) -> Result<String, Refused> {
    let text = given(call.ask, "start_time");
    let text = text.ok_or_else(|| Refused::parameter("start_time", "is required"))?;
    let second = text.split_once('.').map_or(text, |(whole, _)| whole);
    let fits = text.parse::<f64>().is_ok_and(|it| it >= 0.0);
    let second = second.parse::<i64>().ok().filter(|it| fits && *it >= 0);
    let second = second.ok_or_else(|| Refused::parameter("start_time", "must be a Unix time"))?;
    Ok(format!("{second:012}"))
}

/// The second of a rank.
pub(super) fn second(rank: &str) -> i64 {
    rank.split('#').next().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// The second before which nothing is being written any more: the latest at which an export may start.
pub(super) fn settled(call: &Call<'_>) -> i64 {
    call.at.as_second().saturating_sub(SETTLED_SECONDS)
}
