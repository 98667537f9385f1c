//! Ids of webhooks as Zendesk shows them: 26 letters and digits that begin with the time (<https://github.com/ulid/spec>).

use ceap_kernel::hash64;

/// Crockford's digits, in their order.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const LENGTH: u32 = 26;

/// When ids began to be counted, in milliseconds: 2020-01-01 (see `Call::new_id`).
const BEGAN: u64 = 1_577_836_800_000;

/// An id as it is shown: its time, its last bits, and some more that are made of it.
#[must_use]
pub fn shown(id: u64) -> String {
    let milliseconds = (id >> 12).saturating_add(BEGAN);
    let more = hash64(&["webhook", &id.to_string()]);
    let number = (u128::from(milliseconds) << 80)
        | (u128::from(id & 0xfff) << 68)
        | (u128::from(more) << 4)
        | u128::from(more & 0xf);
    let digit = |place: u32| {
        let at = (number >> place.saturating_mul(5)) & 0x1f;
        usize::try_from(at).ok().and_then(|at| DIGITS.get(at)).copied().map_or('0', char::from)
    };
    (0..LENGTH).rev().map(digit).collect()
}

/// The id that is shown as this, if there is one.
#[must_use]
pub fn read(text: &str) -> Option<u64> {
    let mut number = 0_u128;
    for letter in text.bytes() {
        let at = DIGITS.iter().position(|digit| *digit == letter)?;
        number = number.checked_mul(32)?.checked_add(u128::try_from(at).ok()?)?;
    }
    let milliseconds = u64::try_from(number >> 80).ok()?.checked_sub(BEGAN)?;
    let last = u64::try_from((number >> 68) & 0xfff).ok()?;
    let id = milliseconds.checked_mul(1 << 12)? | last;
    (id <= crate::ids::MAX && shown(id) == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_is_read_as_it_is_shown(id in 1_u64..=crate::ids::MAX) {
            let text = shown(id);
            prop_assert_eq!(text.len(), 26);
            prop_assert_eq!(read(&text), Some(id));
            prop_assert_eq!(read(&text.to_lowercase()), None);
        }

        #[test]
        fn later_ids_are_greater(a in 1_u64..=crate::ids::MAX, b in 1_u64..=crate::ids::MAX) {
            prop_assert_eq!(a < b, shown(a) < shown(b));
        }

        #[test]
        fn anything_else_is_no_id(text in "[0-9A-Z]{0,40}") {
            if let Some(id) = read(&text) {
                prop_assert_eq!(shown(id), text);
            }
        }
    }

    #[test]
    fn what_is_made_up_is_no_id() {
        assert_eq!(read("01FMJQSY40HZBCBVPZB9212S8V"), None);
        assert_eq!(read("x"), None);
        assert_eq!(read("é"), None);
    }
}
