//! Files of events as JSON lines: reading them, and moving their times without touching another byte.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp, tz::Offset};
use serde_json::value::RawValue;

/// Reads a file (`-` is standard input), unpacked if it is gzip, as its lines; blank lines carry nothing.
pub fn read(path: &Path) -> Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice())
            .read_to_end(&mut plain)
            .with_context(|| format!("{} is not a whole gzip file", path.display()))?;
        bytes = plain;
    }
    let lines =
        bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(lines.filter(|line| !line.trim_ascii().is_empty()).map(<[u8]>::to_vec).collect())
}

/// Moves all times by one whole number of seconds so that the newest event is now (or less than a second ago).
/// Lines without a readable time are left as they are: it is the platform's work to say what is wrong with them.
pub fn move_to(now: Timestamp, lines: &mut [Vec<u8>]) {
    let newest = lines.iter().filter_map(|line| Some(find_time(line)?.at)).max();
    let Some(newest) = newest else { return };
    // Whole seconds, so that fractions stay as they were written.
    let nanos = now.as_nanosecond().saturating_sub(newest.as_nanosecond());
    let Ok(seconds) = i64::try_from(nanos.div_euclid(1_000_000_000)) else {
        return;
    };
    for line in lines {
        if let Some(moved) = moved(line, seconds) {
            *line = moved;
        }
    }
}

fn moved(line: &[u8], seconds: i64) -> Option<Vec<u8>> {
    let time = find_time(line)?;
    let at = time.at.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    let local = Offset::from_seconds(time.offset_seconds).ok()?.to_datetime(at);
    if !(0..=9999).contains(&local.year()) {
        return None;
    }
    let new = format!(
        "\"{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}\"",
        local.year(),
        local.month(),
        local.day(),
        time.separator,
        local.hour(),
        local.minute(),
        local.second(),
        time.tail,
    );
    let mut out = line.get(..time.start)?.to_vec();
    out.extend_from_slice(new.as_bytes());
    out.extend_from_slice(line.get(time.end..)?);
    Some(out)
}

/// The top-level `time` of a line: where its JSON text (quotes included) stands and what it says.
struct Time {
    start: usize,
    end: usize,
    at: Timestamp,
    separator: char,
    /// Fraction and offset exactly as written.
    tail: String,
    offset_seconds: i32,
}

fn find_time(line: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(line).ok()?;
    let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
    let raw = fields.get("time")?.get();
    // The raw value borrows from the line, so its address tells its place.
    let start = raw.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(raw.len())?;
    let value: String = serde_json::from_str(raw).ok()?;
    let (separator, tail, offset_seconds) = rfc3339(&value)?;
    let at: Timestamp = value.parse().ok()?;
    Some(Time { start, end, at, separator, tail, offset_seconds })
}

/// Checks the shape of RFC 3339 and splits off what is kept: the separator, the fraction with the offset, and the
/// offset in seconds. Stricter than the parser, so that what the platform may refuse is not repaired here.
fn rfc3339(value: &str) -> Option<(char, String, i32)> {
    if !value.is_ascii() {
        return None;
    }
    let head = value.get(..19)?;
    let shaped = head.bytes().zip("0000-00-00T00:00:00".bytes()).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        other => byte == other,
    });
    if !shaped {
        return None;
    }
    let separator = head.chars().nth(10)?;
    let tail = value.get(19..)?;
    let offset = match tail.strip_prefix('.') {
        None => tail,
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (rest.len() < fraction.len()).then_some(rest)?
        }
    };
    Some((separator, tail.to_owned(), offset_seconds(offset)?))
}

fn offset_seconds(offset: &str) -> Option<i32> {
    if matches!(offset, "Z" | "z") {
        return Some(0);
    }
    let sign = match offset.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(now: &str, lines: &[&str]) -> Vec<String> {
        let mut lines: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        move_to(now.parse().unwrap(), &mut lines);
        lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn the_newest_is_now_and_distances_stay() {
        let out = run(
            "2026-11-01T12:00:00Z",
            &[
                r#"{"time":"2015-12-10T06:55:46Z", "data":{"time":"2015-12-10T06:55:46Z"}}"#,
                r#"{ "id":"é", "time" : "2015-12-10T08:56:46.250+02:00","x":1.0}"#,
            ],
        );
        assert_eq!(
            out[0],
            r#"{"time":"2026-11-01T11:58:59Z", "data":{"time":"2015-12-10T06:55:46Z"}}"#
        );
        assert_eq!(out[1], r#"{ "id":"é", "time" : "2026-11-01T13:59:59.250+02:00","x":1.0}"#);
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        let bad = [
            "not json",
            r#"{"time":5}"#,
            r#"{"time":"yesterday"}"#,
            r#"{"time":"2026-11-01"}"#,
            r#"{"time":"2026-11-01T00:00Z"}"#,
            r#"{"time":"2026-13-01T00:00:00Z"}"#,
            r#"{"id":"no time"}"#,
            r#"[1]"#,
        ];
        let mut all = bad.to_vec();
        all.push(r#"{"time":"2026-10-01T00:00:00Z"}"#);
        let out = run("2026-11-01T12:00:00Z", &all);
        assert_eq!(&out[..bad.len()], &bad);
        assert_eq!(out[bad.len()], r#"{"time":"2026-11-01T12:00:00Z"}"#);
    }

    #[test]
    fn the_future_comes_back_to_now() {
        let out = run("2026-11-01T12:00:00.9Z", &[r#"{"time":"2036-11-01t12:00:01.5z"}"#]);
        assert_eq!(out[0], r#"{"time":"2026-11-01t12:00:00.5z"}"#);
    }

    #[test]
    fn bytes_that_are_not_text_pass() {
        let mut lines = vec![b"{\"time\":\"2026-10-01T00:00:00Z\",\"x\":\"\xff\"}".to_vec()];
        let before = lines.clone();
        move_to("2026-11-01T12:00:00Z".parse().unwrap(), &mut lines);
        assert_eq!(lines, before);
    }
}
