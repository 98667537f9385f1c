//! Personal data and credentials, taken out of every log line just before it is written.
//!
//! Faults are built without them; this is the second lock, for what a library or a later change puts into a text. It works
//! on finished lines, so no field, new or nested, goes around it.

use regex::{Captures, Regex};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::{self, Stdout, Write};
use std::sync::LazyLock;
use tracing_subscriber::fmt::MakeWriter;

/// What is taken out, and what stands in its place.
const KINDS: [(&str, &str); 7] = [
    // RFC 9110 §11.1: a scheme and what it is given.
    (r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "[credential]"),
    // RFC 7519: three parts in base64url, of which the first two are JSON objects.
    (r"\beyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", "[token]"),
    // Credentials of ours, secrets of webhooks, and keys of AWS, Slack, GitHub, Stripe and Twilio.
    (
        r"\b(?:ceap_[a-z0-9-]+_[A-Za-z0-9_-]{16,}|whsec_[A-Za-z0-9+/=_-]{10,}|A[KS]IA[A-Z0-9]{16}|(?:xox[abposr]|xapp)-[A-Za-z0-9-]{10,}|(?:gh[opsur]|github_pat)_[A-Za-z0-9_]{20,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|SK[0-9a-f]{32})",
        "[credential]",
    ),
    // RFC 5321 §4.1.2, as far as addresses are written in practice; `@` may be encoded. Marks that paths and queries are
    // made of end one.
    (r"(?i)[\p{L}\p{N}.!#$'*+^_~%-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+", "[email]"),
    // E.164 with its plus, or 00, and the ways it is spaced out.
    (r"(?i)(?:\+|%2B|\b00)[1-9](?:[ ().-]{0,2}[0-9]){6,14}\b", "[phone]"),
    // As North America writes its own (NANP).
    (r"(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}\b", "[phone]"),
    // A network's number (ISO/IEC 7812) of 13 to 19 digits, alone or in groups, if its last digit is right.
    (r"\b[2-6](?:[ -]?[0-9]){12,18}\b", "[card]"),
];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    KINDS.iter().filter_map(|(pattern, name)| Some((Regex::new(pattern).ok()?, *name))).collect()
});

/// A text without personal data and credentials.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    for (pattern, name) in PATTERNS.iter() {
        let replaced = pattern.replace_all(&clean, |found: &Captures<'_>| {
            let found = found.get(0).map(|it| it.as_str()).unwrap_or_default();
            if *name == "[card]" && !luhn(found) { found.to_owned() } else { (*name).to_owned() }
        });
        if let Cow::Owned(replaced) = replaced {
            clean = Cow::Owned(replaced);
        }
    }
    clean
}

/// Whether the last digit is that of the others (ISO/IEC 7812-1, Luhn).
fn luhn(text: &str) -> bool {
    let digits = text.chars().rev().filter_map(|it| it.to_digit(10));
    let sum = digits.enumerate().fold(0_u32, |sum, (at, digit)| {
        let twice = digit.saturating_mul(2);
        let worth = match at.checked_rem(2) {
            Some(1) if twice > 9 => twice.saturating_sub(9),
            Some(1) => twice,
            _ => digit,
        };
        sum.saturating_add(worth)
    });
    sum.checked_rem(10) == Some(0)
}

/// Takes it out of a value, of the names of its fields too.
pub(crate) fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = redacted(text) {
                *text = clean;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(clean),
        Value::Object(all) => {
            all.values_mut().for_each(clean);
            if all.keys().any(|name| matches!(redacted(name), Cow::Owned(_))) {
                let named = std::mem::take(all).into_iter();
                *all = named.map(|(name, value)| (redacted(&name).into_owned(), value)).collect();
            }
        }
        // Numbers stand where code says what they count; a number of a card would be a text.
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A line as it is written: what its spans know stands beside what the line says itself, which comes first, then the inner.
fn line(text: &str) -> String {
    let Ok(Value::Object(mut line)) = serde_json::from_str::<Value>(text) else {
        return redacted(text).into_owned();
    };
    if let Some(Value::Array(spans)) = line.remove("spans") {
        let mut known = Map::new();
        for span in spans {
            if let Value::Object(mut span) = span {
                span.remove("name");
                known.extend(span);
            }
        }
        known.extend(std::mem::take(&mut line));
        line = known;
    }
    let mut line = Value::Object(line);
    clean(&mut line);
    line.to_string()
}

/// Standard output, behind the redaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redacted;

impl<'a> MakeWriter<'a> for Redacted {
    type Writer = Writer;

    fn make_writer(&'a self) -> Writer {
        Writer(io::stdout())
    }
}

/// Writes lines, each of which comes whole.
#[derive(Debug)]
pub(crate) struct Writer(Stdout);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut out = self.0.lock();
        for each in text.lines().filter(|it| !it.is_empty()) {
            writeln!(out, "{}", line(each))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests;
