//! Where an export goes on.

use super::asked::second;
use crate::record::places;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ceap_kernel::{Timestamp, hash64};
use serde_json::Value;
use std::collections::BTreeMap;

/// A place, and what was told of those behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cursor {
    /// The rank behind which all lies that was not told, or changed since.
    pub after: String,
    /// What was told of ranks behind it: a few digits of its hash.
    pub told: BTreeMap<String, u32>,
}

/// Ranks that a cursor remembers: it is part of an address, which has 10 KB with all headers.
pub(super) const REMEMBERED: usize = 200;

impl Cursor {
    /// Behind a rank.
    pub const fn behind(after: String) -> Self {
        Self { after, told: BTreeMap::new() }
    }

    /// As callers have it, in Zendesk's form, `1576613539.0||467` in base64, with more behind it where ranks are
    /// remembered: `||<seconds later>.<id>.<hash>,…`, in hexadecimal digits.
    pub fn text(&self) -> String {
        // A start is the place before the first id of its second.
        let id = self.after.split_once('#').and_then(|_| places::ranked(&self.after));
        let (from, id) = (second(&self.after), id.unwrap_or_default());
        let told = self.told.iter().map(|(rank, hash)| {
            let (later, id) = (second(rank).saturating_sub(from), places::ranked(rank));
            format!("{later:x}.{:x}.{hash:x}", id.unwrap_or_default())
        });
        let told: Vec<String> = told.collect();
        let more = if told.is_empty() { String::new() } else { format!("||{}", told.join(",")) };
        STANDARD.encode(format!("{from}.0||{id}{more}"))
    }

    /// One that callers have.
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(plain).ok()?).ok()?;
        let mut parts = text.split("||");
        let (from, id, told) = (parts.next()?, parts.next()?, parts.next());
        let from: i64 = from.split('.').next()?.parse().ok()?;
        let rank =
            |second: i64, id: u64| Some(places::timed(Timestamp::from_second(second).ok()?, id));
        let told = told.into_iter().flat_map(|all| all.split(',')).map(|one| {
            let mut parts = one.split('.');
            let later = i64::from_str_radix(parts.next()?, 16).ok()?;
            let id = u64::from_str_radix(parts.next()?, 16).ok()?;
            let hash = u32::from_str_radix(parts.next()?, 16).ok()?;
            Some((rank(from.checked_add(later)?, id)?, hash))
        });
        let told: Option<BTreeMap<String, u32>> = told.collect();
        let after = rank(from, id.trim_end_matches('|').parse().ok()?)?;
        Some(Self { after, told: told.filter(|all| all.len() <= REMEMBERED)? })
    }
}

/// A few digits of the hash of what is told of a rank.
pub(super) fn hash(values: &[Value]) -> u32 {
    let text: Vec<String> = values.iter().map(Value::to_string).collect();
    let text: Vec<&str> = text.iter().map(String::as_str).collect();
    let [a, b, c, ..] = hash64(&text).to_be_bytes();
    u32::from_be_bytes([0, a, b, c])
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
        assert_eq!(Cursor::read(given).map(|it| it.after).as_deref(), rank);
        if let Some(rank) = rank {
            let cursor = Cursor::behind(rank.to_owned());
            assert_eq!(Cursor::read(&cursor.text()), Some(cursor));
        }
    }

    #[test]
    fn a_start_is_before_every_id_of_its_second() {
        let begun = Cursor::behind("001576613539".to_owned());
        let read = Cursor::read(&begun.text()).unwrap();
        assert_eq!(read.after, "001576613539#0000000000000000");
    }

    #[test]
    fn a_cursor_remembers_what_was_told() {
        let at = |second, id| places::timed(Timestamp::from_second(second).unwrap(), id);
        let told = (1..=200).map(|id| (at(1_576_613_600, (1 << 53) - id), 0xff_ffff));
        let cursor = Cursor { after: at(1_576_613_539, 467), told: told.collect() };
        let text = cursor.text();
        assert!(text.len() < 8_192, "{}", text.len());
        assert_eq!(Cursor::read(&text), Some(cursor));
    }

    #[test]
    fn it_remembers_only_so_much() {
        let told: Vec<String> = (1..=201).map(|id| format!("1.{id:x}.1")).collect();
        let text = STANDARD.encode(format!("1576613539.0||467||{}", told.join(",")));
        assert_eq!(Cursor::read(&text), None);
    }
}
