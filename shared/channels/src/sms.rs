//! Text messages, and what of them fits into how many parts.

use crate::Channel;
use ceap_engagement::message::Content;
use ceap_engagement::profile::{self, Profile};
use ceap_engagement::use_case::Settings;

/// Text messages, by SNS or by End User Messaging.
#[derive(Debug)]
pub struct Sms;

impl Channel for Sms {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn address<'a>(&self, profile: &'a Profile) -> Option<&'a str> {
        profile.phone.as_deref()
    }

    fn reaches(&self, to: &str) -> bool {
        profile::phone(to).is_ok()
    }

    fn sender<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        settings.sms_origination.as_deref()
    }

    fn limit(&self, content: &Content) -> Result<(), String> {
        let Segments { encoding, units, parts } = segments(&content.text);
        let longest = encoding.longest();
        if units <= longest && parts <= MAX_PARTS {
            return Ok(());
        }
        let unit = encoding.unit();
        Err(format!(
            "text: {units} {unit} in {parts} parts, and a text message has at most {longest} in {MAX_PARTS}"
        ))
    }
}

/// Parts of one message. End User Messaging, which SNS sends with, takes 1,530 characters of the GSM
/// alphabet or 630 others (user guide, "SMS character limits"): ten parts. Both are below the 1,600
/// characters of SNS (API reference, `Publish`).
pub const MAX_PARTS: usize = 10;

/// How a text message is written (3GPP TS 23.038 §4): as a whole, in the smaller one that has all of
/// its characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet and its extension table, in septets.
    Gsm7,
    /// UCS-2, in units of 16 bits. Phones read it as UTF-16, so that what is beyond the basic plane
    /// costs two.
    Ucs2,
}

impl Encoding {
    /// Units of a message of one part: 140 octets (3GPP TS 23.040 §9.2.3.16).
    fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units of each part of several: six octets tell which part of which message it is (3GPP TS
    /// 23.040 §9.2.3.24.1).
    fn together(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// Units of the longest message: see [`MAX_PARTS`].
    fn longest(self) -> usize {
        match self {
            Self::Gsm7 => 1_530,
            Self::Ucs2 => 630,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM 7-bit characters",
            Self::Ucs2 => "UCS-2 characters",
        }
    }
}

/// What a text costs as a text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// How it is written.
    pub encoding: Encoding,
    /// Septets or 16-bit units of its characters.
    pub units: usize,
    /// Messages that carry it; each is charged.
    pub parts: usize,
}

/// Counts what `text` costs. No character is divided between two parts: neither the escape from what
/// it escapes (TS 23.038 §6.1.1) nor a surrogate from its other half, so that a part may end one unit
/// early.
#[must_use]
pub fn segments(text: &str) -> Segments {
    let encoding =
        if text.chars().all(|c| septets(c).is_some()) { Encoding::Gsm7 } else { Encoding::Ucs2 };
    let cost = |c: char| match encoding {
        Encoding::Gsm7 => septets(c).unwrap_or_default(),
        Encoding::Ucs2 => c.len_utf16(),
    };
    let units = text.chars().map(cost).fold(0, usize::saturating_add);
    if units <= encoding.alone() {
        return Segments { encoding, units, parts: 1 };
    }
    let (mut parts, mut filled) = (1_usize, 0_usize);
    for cost in text.chars().map(cost) {
        filled = filled.saturating_add(cost);
        if filled > encoding.together() {
            parts = parts.saturating_add(1);
            filled = cost;
        }
    }
    Segments { encoding, units, parts }
}

/// The GSM 7-bit default alphabet (TS 23.038 §6.2.1), in its order and without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Its extension table (§6.2.1.1): each after an escape.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Septets of a character; `None` when it is in neither table.
fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn reaches_e164_numbers() {
        assert!(Sms.reaches("+15555550123"));
        for bad in ["5555550123", "+0155555", "+1 555 555", ""] {
            assert!(!Sms.reaches(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_alphabets() {
        let known = |c: &char| septets(*c).is_some();
        // 128 codes less the escape, and ten behind it.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
        assert_eq!(('\0'..='\u{ffff}').filter(known).count(), 137, "each once");
        assert_eq!((' '..='~').filter(|c| !known(c)).collect::<String>(), "`");
        let place = |c| BASIC.chars().position(|it| it == c);
        // By their codes, one less from the escape (0x1B) on.
        let codes = [('\n', 0x0a), ('_', 0x11), ('Ξ', 0x1a), ('Æ', 0x1c - 1), ('A', 0x41 - 1)];
        for (c, code) in codes {
            assert_eq!(place(c), Some(code), "{c:?}");
        }
    }

    #[rstest]
    #[case("", Encoding::Gsm7, 0, 1)]
    #[case("Hello", Encoding::Gsm7, 5, 1)]
    #[case(&"a".repeat(160), Encoding::Gsm7, 160, 1)]
    #[case(&"a".repeat(161), Encoding::Gsm7, 161, 2)]
    #[case(&"a".repeat(306), Encoding::Gsm7, 306, 2)]
    #[case(&"a".repeat(307), Encoding::Gsm7, 307, 3)]
    #[case(&"a".repeat(1_530), Encoding::Gsm7, 1_530, 10)]
    #[case(&"a".repeat(1_531), Encoding::Gsm7, 1_531, 11)]
    #[case(&"€".repeat(80), Encoding::Gsm7, 160, 1)]
    #[case(&"€".repeat(81), Encoding::Gsm7, 162, 2)]
    // The escape at the border goes to the next part with its character: 152 and 2.
    #[case(&("a".repeat(152) + "€" + &"a".repeat(151)), Encoding::Gsm7, 305, 2)]
    #[case(&("a".repeat(152) + "€" + &"a".repeat(152)), Encoding::Gsm7, 306, 3)]
    #[case(&("a".repeat(151) + "€" + &"a".repeat(153)), Encoding::Gsm7, 306, 2)]
    // Each part has room for 76 of them.
    #[case(&"€".repeat(152), Encoding::Gsm7, 304, 2)]
    #[case(&"€".repeat(153), Encoding::Gsm7, 306, 3)]
    // In the alphabet are Ç and à, not ç and á.
    #[case("Ça à", Encoding::Gsm7, 4, 1)]
    #[case("ça", Encoding::Ucs2, 2, 1)]
    #[case("á", Encoding::Ucs2, 1, 1)]
    #[case("„“", Encoding::Ucs2, 2, 1)]
    #[case("`", Encoding::Ucs2, 1, 1)]
    // One character decides for all.
    #[case(&("a".repeat(69) + "я"), Encoding::Ucs2, 70, 1)]
    #[case(&("a".repeat(70) + "я"), Encoding::Ucs2, 71, 2)]
    #[case(&"я".repeat(70), Encoding::Ucs2, 70, 1)]
    #[case(&"я".repeat(71), Encoding::Ucs2, 71, 2)]
    #[case(&"я".repeat(134), Encoding::Ucs2, 134, 2)]
    #[case(&"я".repeat(135), Encoding::Ucs2, 135, 3)]
    #[case("😀", Encoding::Ucs2, 2, 1)]
    #[case(&"😀".repeat(35), Encoding::Ucs2, 70, 1)]
    #[case(&"😀".repeat(36), Encoding::Ucs2, 72, 2)]
    // The pair at the border goes to the next part as a whole: 66 and 2.
    #[case(&("я".repeat(66) + "😀" + &"я".repeat(65)), Encoding::Ucs2, 133, 2)]
    #[case(&("я".repeat(66) + "😀" + &"я".repeat(66)), Encoding::Ucs2, 134, 3)]
    // Several characters that are seen as one are counted as they are.
    #[case("👨‍👩‍👧", Encoding::Ucs2, 8, 1)]
    fn known_cases(
        #[case] text: &str,
        #[case] encoding: Encoding,
        #[case] units: usize,
        #[case] parts: usize,
    ) {
        assert_eq!(segments(text), Segments { encoding, units, parts });
    }

    #[test]
    fn the_longest_message() {
        let limit = |text: String| Sms.limit(&Content { text, ..Content::default() });
        for fits in ["a".repeat(1_530), "я".repeat(630), "€".repeat(760), String::new()] {
            assert_eq!(limit(fits), Ok(()));
        }
        // Of the third there are 1530 septets, but parts of 152.
        for long in ["a".repeat(1_531), "я".repeat(631), "€".repeat(765)] {
            let why = limit(long).unwrap_err();
            assert!(why.starts_with("text: ") && why.contains("10"), "{why}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_hold_the_units(text in "[a-z€|я😀]{0,400}") {
            let Segments { encoding, units, parts } = segments(&text);
            if parts == 1 {
                prop_assert!(units <= encoding.alone());
            } else {
                prop_assert!(units > encoding.alone());
                prop_assert!(units <= parts * encoding.together());
                // No part but the last ends more than one unit early.
                prop_assert!(units > (parts - 1) * (encoding.together() - 1));
            }
        }
    }
}
