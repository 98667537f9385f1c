//! The type of an event that its sender names in words of its own.

use ceap_engagement::profile::{PROFILE_MERGED, PROFILE_UPDATED};
use ceap_kernel::digest;
use std::borrow::Cow;
use std::fmt::Write;

/// Bytes of a type.
const MAX: usize = 128;

/// Hexadecimal digits that tell apart long names which begin alike.
const DIGITS: usize = 8;

/// The type of the event called `name`: its name, where an event's type may be that. What it may not
/// hold is written otherwise, the same way each time:
///
/// - ASCII that is no letter, digit, space or `. _ - : /` becomes `_`;
/// - other letters and signs become `u` and their code point, in at least four hexadecimal digits;
/// - what does not start with a letter, or is the name of an event of the platform's own, gets `event_`
///   before it;
/// - of what is longer than 128 bytes the end becomes `_` and 8 digits of its digest.
pub fn kind(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/ ".contains(c);
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= MAX
        && name.chars().all(plain);
    if good && !reserved(name) {
        return Cow::Borrowed(name);
    }
    let mut kind = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            c if plain(c) => kind.push(c),
            c if c.is_ascii() => kind.push('_'),
            c => drop(write!(kind, "u{:04X}", u32::from(c))),
        }
    }
    if !kind.starts_with(|c: char| c.is_ascii_alphabetic()) || reserved(&kind) {
        kind.insert_str(0, "event_");
    }
    if kind.len() > MAX {
        kind.truncate(MAX.saturating_sub(DIGITS).saturating_sub(1));
        kind.push('_');
        kind.extend(digest(&[name]).chars().take(DIGITS));
    }
    Cow::Owned(kind)
}

/// Types that change profiles: properties of any kind would be read as changes.
fn reserved(name: &str) -> bool {
    name == PROFILE_UPDATED || name == PROFILE_MERGED
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Order Completed", "Order Completed")]
    #[case("order_completed", "order_completed")]
    #[case("Signed up (web) & paid!", "Signed up _web_ _ paid_")]
    #[case("3DS done", "event_3DS done")]
    #[case("_private", "event__private")]
    #[case("Größe", "Gru00F6u00DFe")]
    #[case("注文完了", "u6CE8u6587u5B8Cu4E86")]
    #[case("🎉", "u1F389")]
    #[case("a\tb\u{0}", "a_b_")]
    #[case("profile_updated", "event_profile_updated")]
    #[case("profile_merged", "event_profile_merged")]
    fn names_become_types(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(kind(name), expected);
    }

    #[test]
    fn long_names_are_told_apart() {
        let long = "Viewed ".repeat(30);
        let (one, other) = (kind(&long).into_owned(), kind(&format!("{long}x")).into_owned());
        assert_eq!((one.len(), other.len()), (MAX, MAX));
        assert_ne!(one, other);
        assert!(one.starts_with("Viewed Viewed "));
        assert_eq!(kind(&"é".repeat(100)).len(), MAX);
        assert_eq!(kind(&"a".repeat(MAX)), "a".repeat(MAX));
    }
}
