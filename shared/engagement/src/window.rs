//! Durations as documents write them: `90s`, `10m`, `24h`, `7d`.

use ceap_kernel::{Fault, SignedDuration};
use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// The longest window or time to live: 400 days.
pub const MAX: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A duration: a whole number with `s`, `m`, `h` or `d`, from `1s` to `400d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String", extend("pattern" = "^[1-9][0-9]*[smhd]$", "examples" = ["10m"]))]
pub struct Span(SignedDuration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Checked while it is read, so that the reader can add where it stands.
struct Text<T>(PhantomData<T>);

impl<T: TryFrom<String, Error = Fault>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration, as 10m")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::try_from(text.to_owned()).map_err(E::custom)
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

/// Buckets that a window is made of where its events are too many to be kept one by one.
const BUCKETS: i64 = 64;

/// How far back a feature looks: from `1m` to `400d`, or `lifetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(
    with = "String",
    extend("pattern" = "^([1-9][0-9]*[smhd]|lifetime)$", "examples" = ["10m", "lifetime"])
)]
pub enum Window {
    /// So long.
    Span(Span),
    /// Since the subject's first event.
    Lifetime,
}

impl Window {
    /// The instant after which it begins when it ends at `at` (milliseconds since 1970).
    #[must_use]
    pub fn after(self, at: i64) -> i64 {
        match self {
            Self::Span(span) => at.saturating_sub(span.millis()),
            Self::Lifetime => i64::MIN,
        }
    }

    /// The bucket that holds `time` (milliseconds since 1970). Buckets are aligned to 1970 and a
    /// 64th of the window wide; a lifetime is one.
    #[must_use]
    pub fn bucket(self, time: i64) -> i64 {
        match self {
            Self::Span(span) => time.div_euclid(width(span)),
            Self::Lifetime => 0,
        }
    }

    /// The first millisecond since 1970 of a bucket.
    #[must_use]
    pub fn start(self, bucket: i64) -> i64 {
        match self {
            Self::Span(span) => bucket.saturating_mul(width(span)),
            Self::Lifetime => i64::MIN,
        }
    }
}

/// Milliseconds of a bucket; rounded down, so that the error stays below a 64th.
fn width(span: Span) -> i64 {
    span.millis().checked_div(BUCKETS).unwrap_or_default().max(1)
}

impl TryFrom<String> for Window {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        if text == "lifetime" {
            return Ok(Self::Lifetime);
        }
        let span = Span::try_from(text.clone()).ok();
        span.filter(|span| span.duration() >= SignedDuration::from_mins(1))
            .map(Self::Span)
            .ok_or_else(|| {
                let message = format!(
                    "`{text}` must be a whole number with s, m, h or d, from 1m to 400d, or `lifetime`"
                );
                Fault::invalid("window", message)
            })
    }
}

impl From<Window> for String {
    fn from(window: Window) -> String {
        match window {
            Window::Span(span) => span.to_string(),
            Window::Lifetime => "lifetime".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_from_a_minute_to_400_days_or_a_lifetime() {
        for text in ["1m", "60s", "400d", "lifetime"] {
            let window = Window::try_from(text.to_owned()).unwrap();
            assert_eq!(Window::try_from(String::from(window)).unwrap(), window);
        }
        for text in ["59s", "1s", "401d", "0m", "Lifetime", ""] {
            let fault = Window::try_from(text.to_owned()).unwrap_err();
            assert!(fault.to_string().contains("from 1m to 400d"), "{fault}");
        }
    }

    #[test]
    fn a_bucket_is_at_most_a_64th() {
        for text in ["1m", "61s", "7d", "400d"] {
            let window = Window::try_from(text.to_owned()).unwrap();
            let Window::Span(span) = window else { panic!() };
            for time in [-1, 0, 1, 999, 1_800_000_000_123] {
                let start = window.start(window.bucket(time));
                let end = window.start(window.bucket(time) + 1);
                assert!(start <= time && time < end && (end - start) * 64 <= span.millis());
            }
        }
    }

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
