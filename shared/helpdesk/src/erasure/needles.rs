//! What somebody is known by, looked for in what others wrote, and taken out of it.

use super::Whom;
use crate::user::phone;
use ceap_kernel::{Fault, telling};
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::collections::BTreeSet;

/// What stands where something was taken out, for each letter of it (Zendesk's).
const REDACTED: char = '▇';

/// Digits from which on a number is taken for a telephone's.
const FEWEST_DIGITS: usize = 7;

/// What is looked for.
#[derive(Debug)]
pub struct Needles {
    /// In all texts: what nobody else is known by.
    anywhere: Option<Regex>,
    /// Where they took part: their names, too, which others may have.
    near: Option<Regex>,
}

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Anywhere.
    Anywhere,
    /// Where they took part.
    Near,
}

impl Needles {
    /// What these people are known by.
    ///
    /// # Errors
    /// `Internal` if it is too much to be looked for.
    pub fn of(whom: &Whom) -> Result<Self, Fault> {
        let ids: BTreeSet<&String> =
            whom.subjects.iter().filter(|it| !is_ours(it)).chain(&whom.handles).collect();
        let (alone, words): (Vec<&String>, Vec<&String>) =
            ids.into_iter().partition(|it| telling(it));
        let mut anywhere: Vec<String> = whom.emails().iter().map(|it| address(it)).collect();
        anywhere.extend(whom.phones().iter().filter_map(|it| number(it)));
        anywhere.extend(alone.into_iter().map(|it| plain(it)));
        let mut near = anywhere.clone();
        near.extend(words.into_iter().filter(|it| !it.is_empty()).map(|it| plain(it)));
        near.extend(whom.names.iter().filter(|it| it.chars().count() > 1).map(|it| plain(it)));
        Ok(Self { anywhere: any(anywhere)?, near: any(near)? })
    }

    /// The text without what is looked for; nothing if there is none of it.
    #[must_use]
    pub fn without(&self, text: &str, place: Where) -> Option<String> {
        let regex = match place {
            Where::Anywhere => self.anywhere.as_ref()?,
            Where::Near => self.near.as_ref()?,
        };
        let (mut out, mut from, mut kept) = (String::new(), 0, 0);
        while let Some(found) = regex.find_at(text, from) {
            let (before, after) = (text.get(..found.start())?, text.get(found.end()..)?);
            if stands_alone(before, found.as_str(), after) {
                out.push_str(text.get(kept..found.start())?);
                out.extend(found.as_str().chars().map(|_| REDACTED));
                (kept, from) = (found.end(), found.end());
            } else {
                let first = found.as_str().chars().next().map_or(1, char::len_utf8);
                from = found.start().saturating_add(first);
            }
        }
        if kept == 0 {
            return None;
        }
        out.push_str(text.get(kept..)?);
        Some(out)
    }

    /// Whether any text in a value has what is looked for.
    #[must_use]
    pub fn are_in(&self, value: &Value, place: Where) -> bool {
        self.clean(&mut value.clone(), place)
    }

    /// Takes it out of all texts in a value, and tells whether there was any.
    pub fn clean(&self, value: &mut Value, place: Where) -> bool {
        match value {
            Value::String(text) => match self.without(text, place) {
                Some(left) => {
                    *text = left;
                    true
                }
                None => false,
            },
            Value::Array(all) => all.iter_mut().fold(false, |any, it| self.clean(it, place) | any),
            Value::Object(all) => {
                all.values_mut().fold(false, |any, it| self.clean(it, place) | any)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

/// Whether a subject is the id of a record of ours, which names nobody.
fn is_ours(subject: &str) -> bool {
    let id = subject.strip_prefix("user-").unwrap_or_default();
    !id.is_empty() && id.bytes().all(|it| it.is_ascii_digit())
}

/// As text, and as HTML or an address of the web write it.
fn plain(text: &str) -> String {
    let letter = |c: char| match c {
        c if c.is_whitespace() => r"(?:\s|&nbsp;|%20|\+)+".to_owned(),
        '&' => "(?:&|&amp;|%26)".to_owned(),
        '<' => "(?:<|&lt;|%3C)".to_owned(),
        '>' => "(?:>|&gt;|%3E)".to_owned(),
        '"' => "(?:\"|&quot;|%22)".to_owned(),
        '\'' => "(?:'|&#x27;|&#39;|%27)".to_owned(),
        c if c.is_alphanumeric() && c.is_ascii() || "-._~".contains(c) => {
            regex::escape(&c.to_string())
        }
        c => {
            let mut bytes = [0; 4];
            let encoded: String =
                c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("(?:{}|{encoded})", regex::escape(&c.to_string()))
        }
    };
    text.trim().chars().map(letter).collect()
}

fn address(email: &str) -> String {
    plain(email).replace("(?:@|%40)", "(?:@|%40|&#64;)")
}

/// However it is set apart: `+41 44 555 01 23`, `0041-44-5550123`.
fn number(number: &str) -> Option<String> {
    let canonical = phone::canonical(number);
    let digits: Vec<String> =
        canonical.chars().filter(char::is_ascii_digit).map(String::from).collect();
    let apart = r"(?:[\s().\-/]|&nbsp;){0,3}";
    (digits.len() >= FEWEST_DIGITS).then(|| format!(r"(?:\+|00|%2B)?{}", digits.join(apart)))
}

/// The longest first: an address may begin with what its holder is called.
fn any(mut all: Vec<String>) -> Result<Option<Regex>, Fault> {
    all.retain(|it| !it.is_empty());
    all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    if all.is_empty() {
        return Ok(None);
    }
    let built = RegexBuilder::new(&all.join("|")).case_insensitive(true).build();
    built.map(Some).map_err(|_| Fault::Internal("too much to be looked for".to_owned()))
}

/// Whether what was found is not a part of something longer: another's address, another word.
fn stands_alone(before: &str, found: &str, after: &str) -> bool {
    let (last, mut next) = (before.chars().next_back(), after.chars());
    let (first, second) = (next.next(), next.next());
    let is_address = ["@", "%40", "&#64;"].iter().any(|at| found.contains(at));
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let short = !telling(found);
    let joins = |c: Option<char>, also: &str| c.is_some_and(|c| also.contains(c));
    if is_address {
        let goes_on = joins(first, "-_") || (first == Some('.') && word(second));
        return !word(last) && !joins(last, "._+-") && !word(first) && !goes_on;
    }
    !word(last) && !word(first) && !(short && (joins(last, "-_.") || joins(first, "-_@")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn needles() -> Needles {
        let set = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let whom = Whom {
            subjects: set(&["ada-lovelace", "c1", "user-7"]),
            emails: set(&["Ada.L+x@acme.example"]),
            phones: set(&["+41 44 555 01 23"]),
            names: set(&["Ada Lovelace", "Zoë"]),
            ..Whom::default()
        };
        Needles::of(&whom).unwrap()
    }

    #[rstest]
    #[case("Write to ada.l+x@acme.example.", Some("Write to ▇."))]
    #[case("ADA.L+X@ACME.EXAMPLE", Some("▇"))]
    #[case("q=ada.l%2Bx%40acme.example&x", Some("q=▇&x"))]
    #[case("<a href=\"mailto:ada.l+x@acme.example\">me</a>", Some("<a href=\"mailto:▇\">me</a>"))]
    #[case("my.ada.l+x@acme.example is another's", None)]
    #[case("ada.l+x@acme.example.org is another's", None)]
    #[case("Call +41445550123 or 0041 44 555-01-23", Some("Call ▇ or ▇"))]
    #[case("order 1414455501239", None)]
    #[case("customer ADA-LOVELACE, who", Some("customer ▇, who"))]
    #[case("file of-ada-lovelace.pdf", Some("file of-▇.pdf"))]
    #[case("c1 and user-7 and Ada Lovelace", None)]
    fn what_nobody_else_is_known_by_goes_everywhere(
        #[case] text: &str,
        #[case] expected: Option<&str>,
    ) {
        let left = needles().without(text, Where::Anywhere);
        let marked = left.map(|it| shortened(&it));
        assert_eq!(marked.as_deref(), expected);
    }

    #[rstest]
    #[case("Regards, ada  lovelace", Some("Regards, ▇"))]
    #[case("Ada&nbsp;Lovelace", Some("▇"))]
    #[case("Zoë, not Zoën", Some("▇, not Zoën"))]
    #[case("customer c1: abc1, c1-b", Some("customer ▇: abc1, c1-b"))]
    #[case("user-7", None)]
    fn names_go_where_they_took_part(#[case] text: &str, #[case] expected: Option<&str>) {
        let left = needles().without(text, Where::Near);
        assert_eq!(left.map(|it| shortened(&it)).as_deref(), expected);
    }

    /// Each mark once, whatever its length.
    fn shortened(text: &str) -> String {
        let mut out: Vec<char> = text.chars().collect();
        out.dedup_by(|a, b| *a == REDACTED && *b == REDACTED);
        out.into_iter().collect()
    }

    #[test]
    fn values_are_cleaned_to_their_depths() {
        let mut value = serde_json::json!({"a": ["x", {"b": "by ada-lovelace"}], "n": 1});
        assert!(needles().are_in(&value, Where::Anywhere));
        assert!(needles().clean(&mut value, Where::Anywhere));
        assert_eq!(value["a"][1]["b"], "by ▇▇▇▇▇▇▇▇▇▇▇▇");
        assert!(!needles().clean(&mut value, Where::Anywhere));
        assert_eq!(Needles::of(&Whom::default()).unwrap().without("x", Where::Near), None);
    }
}
