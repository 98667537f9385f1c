//! What is asked of an export.

use crate::api::{Ask, Call, Refused};
use crate::record::places;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ceap_kernel::{Fault, Timestamp};

/// Records of a page, at most and by default (Zendesk's).
pub(super) const MOST: usize = 1_000;

/// How old what is told is at least.
pub(super) const SETTLED_SECONDS: i64 = 60;

/// What is asked of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The rank behind which it begins.
    pub after: String,
    /// Records of a page.
    pub per_page: usize,
    /// How far a page may go beyond that to end with a whole second.
    pub reach: usize,
}

impl Asked {
    /// What the query asks.
    pub fn read(call: &Call<'_>) -> Result<Self, Refused> {
        let per_page = match given(call.ask, "per_page") {
            None => MOST,
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Refused::parameter("per_page", "must be an integer"))?
                .clamp(1, MOST),
        };
        Ok(Self { after: after(call)?, per_page, reach: MOST })
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

fn after(call: &Call<'_>) -> Result<String, Refused> {
    match given(call.ask, "cursor") {
        Some(cursor) => {
            placed(cursor).ok_or_else(|| Refused::parameter("cursor", "is not a valid cursor"))
        }
        None => start(call),
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
    if second > call.at.as_second().saturating_sub(SETTLED_SECONDS) {
        let text =
            format!("Too recent start_time. Use a start_time older than {SETTLED_SECONDS} seconds");
        return Err(Refused::Other(422, "InvalidValue", text));
    }
    Ok(format!("{second:012}"))
}

/// A place as callers have it, in Zendesk's form: `1576613539.0||467`, in base64.
pub(super) fn cursor(rank: &str) -> String {
    let (second, id) = (second(rank), places::ranked(rank).unwrap_or_default());
    STANDARD.encode(format!("{second}.0||{id}"))
}

fn placed(cursor: &str) -> Option<String> {
    let plain = cursor.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(plain).ok()?).ok()?;
    let (second, id) = text.split_once("||")?;
    let second: i64 = second.split('.').next()?.parse().ok()?;
    let at = Timestamp::from_second(second).ok()?;
    Some(places::timed(at, id.trim_end_matches('|').parse().ok()?))
}

/// The second of a rank.
pub(super) fn second(rank: &str) -> i64 {
    rank.split('#').next().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// The rank before which everything is told by now. It is one second older than start times may be, so that the second
/// after it may be the next one.
pub(super) fn settled(call: &Call<'_>) -> Result<String, Fault> {
    let second = call.at.as_second().saturating_sub(SETTLED_SECONDS);
    Ok(format!("{second:012}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("MTU3NjYxMzUzOS4wfHw0Njd8", Some("001576613539#0000000000000467"))]
    #[case("MTY5NDMwMzUyNi4wfHwxfA==", Some("001694303526#0000000000000001"))]
    #[case("nonsense", None)]
    fn cursors_are_zendesks(#[case] given: &str, #[case] rank: Option<&str>) {
        assert_eq!(placed(given).as_deref(), rank);
        if let Some(rank) = rank {
            assert_eq!(placed(&cursor(rank)).as_deref(), Some(rank));
        }
    }
}
