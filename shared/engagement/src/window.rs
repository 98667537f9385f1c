//! Durations as documents write them: `90s`, `10m`, `24h`, `7d`.

use ceap_kernel::{Fault, SignedDuration};
use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The longest window or time to live: 400 days.
pub const MAX: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A positive whole number of seconds, at most [`MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String", extend("pattern" = "^[1-9][0-9]*[smhd]$", "examples" = ["10m"]))]
pub struct Span(SignedDuration);

/// Checked while it is read, so that the reader can add where it stands.
impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration, as 10m")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
                Span::try_from(text.to_owned()).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl Span {
    /// As a duration.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        self.0
    }

    /// As milliseconds.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.as_secs().saturating_mul(1000)
    }
}

impl TryFrom<String> for Span {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        let bad = || {
            Fault::invalid(
                "duration",
                format!(
                    "`{text}` must be a whole number with s, m, h or d, from 1s to 400d, as 10m"
                ),
            )
        };
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let seconds: i64 = match text.strip_prefix(digits) {
            Some("s") => 1,
            Some("m") => 60,
            Some("h") => 3600,
            Some("d") => 86_400,
            _ => return Err(bad()),
        };
        let count: i64 = digits.parse().map_err(|_| bad())?;
        let span = SignedDuration::from_secs(count.checked_mul(seconds).ok_or_else(bad)?);
        if span <= SignedDuration::ZERO || span > MAX {
            return Err(bad());
        }
        Ok(Self(span))
    }
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        for (unit, name) in [(86_400, 'd'), (3600, 'h'), (60, 'm')] {
            if seconds.checked_rem(unit) == Some(0) {
                return write!(f, "{}{name}", seconds.checked_div(unit).unwrap_or_default());
            }
        }
        write!(f, "{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_same() {
        for text in ["90s", "10m", "23h", "7d", "400d", "1s"] {
            assert_eq!(Span::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in ["", "10", "m", "1.5h", "-1h", "0s", "401d", "9999999999999999d", "1w", "1 h"] {
            assert!(Span::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
