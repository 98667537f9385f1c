//! Records of streams and queues, read: what producers and AWS pack together is taken apart, and each JSON value
//! in it is one piece.

mod kpl;

use ceap_kernel::Fault;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::borrow::Cow;
use std::io::Read;

/// What gzip begins with (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes of a record, unpacked: ten times what a record of Kinesis holds.
pub const MAX_UNPACKED: u64 = 10 * 1024 * 1024;

/// Values of one record: a megabyte of what the smallest events take. What is none costs a write each.
pub const MAX_PIECES: usize = 10_000;

/// Characters of what cannot be read that are kept.
const KEPT: usize = 2_000;

/// A piece of a record: what tells it from others, and what it holds or why that cannot be read.
pub type Piece = (String, Result<Value, (Fault, Value)>);

/// The pieces of the record `id`: of each record that the Kinesis Producer Library put into it, unpacked if gzip
/// packed it (as CloudWatch Logs does), each JSON value. A record that holds one piece gives it its own id, others
/// number theirs.
#[must_use]
pub fn pieces(id: &str, data: &[u8]) -> Vec<Piece> {
    let Some(records) = kpl::records(data) else { return values(id, data) };
    let mut found = Vec::with_capacity(records.len().min(MAX_PIECES));
    for (nth, record) in records.into_iter().enumerate() {
        let id = format!("{id}/{nth}");
        if found.len() >= MAX_PIECES {
            found.push((id, Err((too_many(), Value::Null))));
            break;
        }
        found.extend(values(&id, &record));
    }
    found
}

fn too_many() -> Fault {
    let message = format!("holds more than {MAX_PIECES} values; send them in several");
    Fault::invalid("record", message)
}

fn values(id: &str, data: &[u8]) -> Vec<Piece> {
    let unreadable = |message: String| {
        let text: String = String::from_utf8_lossy(data).chars().take(KEPT).collect();
        Err((Fault::invalid("record", message), Value::from(text)))
    };
    let data = match unpacked(data) {
        Ok(data) => data,
        Err(message) => return vec![(id.to_owned(), unreadable(message))],
    };
    let mut found = Vec::with_capacity(1);
    for value in serde_json::Deserializer::from_slice(&data).into_iter() {
        let named = if found.is_empty() { id.to_owned() } else { format!("{id}#{}", found.len()) };
        if found.len() >= MAX_PIECES {
            found.push((named, Err((too_many(), Value::Null))));
            break;
        }
        // After a mistake nobody knows where the next value begins: the iterator ends there.
        found.push((named, value.or_else(|error| unreadable(format!("must be JSON: {error}")))));
    }
    if found.is_empty() {
        found.push((id.to_owned(), unreadable("must be JSON: there is nothing".to_owned())));
    }
    found
}

fn unpacked(data: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !data.starts_with(&GZIP) {
        return Ok(Cow::Borrowed(data));
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(data).take(MAX_UNPACKED).read_to_end(&mut plain);
    read.map_err(|error| format!("is no whole gzip: {error}"))?;
    if u64::try_from(plain.len()).is_ok_and(|bytes| bytes >= MAX_UNPACKED) {
        return Err(format!("must be below {MAX_UNPACKED} bytes, unpacked"));
    }
    Ok(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use rstest::rstest;
    use serde_json::json;
    use std::io::Write;

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn read(data: &[u8]) -> Vec<(String, Result<Value, String>)> {
        let pieces = pieces("7", data).into_iter();
        pieces.map(|(id, read)| (id, read.map_err(|(fault, _)| fault.to_string()))).collect()
    }

    #[rstest]
    #[case(br#"{"a": 1}"#.to_vec())]
    #[case(b"{\"a\": 1}\n".to_vec())]
    #[case(packed(r#"{"a": 1}"#))]
    fn a_record_with_one_value_gives_it_its_id(#[case] data: Vec<u8>) {
        assert_eq!(read(&data), [("7".to_owned(), Ok(json!({"a": 1})))]);
    }

    #[test]
    fn values_one_after_the_other_are_numbered_and_a_mistake_costs_what_follows_it() {
        let found = read(b"{\"a\": 1}\n{\"a\": 2}\n{oops}\n{\"a\": 4}");
        assert_eq!(found.len(), 3);
        assert_eq!(found[1], ("7#1".to_owned(), Ok(json!({"a": 2}))));
        assert_eq!(found[2].0, "7#2");
        assert!(found[2].1.as_ref().unwrap_err().starts_with("record: must be JSON"), "{found:?}");
    }

    #[rstest]
    #[case(b"".to_vec(), "record: must be JSON: there is nothing")]
    #[case(b"<html>".to_vec(), "record: must be JSON")]
    #[case(packed(r#"{"a": 1}"#)[..12].to_vec(), "record: is no whole gzip")]
    #[case(packed(&"0".repeat(11 << 20)), "record: must be below")]
    #[case(vec![0xf3, 0x89, 0x9a, 0xc2, 1, 2, 3], "record: must be JSON")]
    fn what_cannot_be_read_says_why(#[case] data: Vec<u8>, #[case] said: &str) {
        let found = read(&data);
        assert!(found[0].1.as_ref().unwrap_err().starts_with(said), "{found:?}");
    }
}
