//! Records that the Kinesis Producer Library put into one
//! ([format](https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md)): a mark, a
//! message of Protocol Buffers, and the MD5 of that.

use md5::{Digest, Md5};
use prost::Message;

const MARK: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];

/// Bytes of an MD5.
const DIGEST: usize = 16;

/// The message; the keys of its records, which nobody asks for here, are left out.
#[derive(Message)]
struct Aggregated {
    #[prost(message, repeated, tag = "3")]
    records: Vec<Record>,
}

#[derive(Message)]
struct Record {
    #[prost(bytes = "vec", tag = "3")]
    data: Vec<u8>,
}

/// The records in it; none if it is a record itself.
pub fn records(data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let rest = data.strip_prefix(&MARK)?;
    let (message, digest) = rest.split_at_checked(rest.len().checked_sub(DIGEST)?)?;
    let whole = Md5::digest(message).as_slice() == digest;
    let aggregated = Aggregated::decode(message).ok().filter(|_| whole)?;
    Some(aggregated.records.into_iter().map(|record| record.data).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    /// Made by `aws_kinesis_agg` 1.2.3 of two records: `{"n": 1}` and `{"n": 2}`.
    const MADE: &str =
        "84mawgoDYWRhCgNib2IaDAgAGgh7Im4iOiAxfRoMCAEaCHsibiI6IDJ9eEODGm3YoPHagfra1YeouQ==";

    #[test]
    fn what_another_library_put_together_is_taken_apart() {
        let data = STANDARD.decode(MADE).unwrap();
        assert_eq!(records(&data).unwrap(), [br#"{"n": 1}"#.to_vec(), br#"{"n": 2}"#.to_vec()]);
    }

    #[test]
    fn what_is_not_whole_is_a_record_itself() {
        let data = STANDARD.decode(MADE).unwrap();
        assert_eq!(records(&data[..data.len() - 1]), None);
        assert_eq!(records(&data[..8]), None);
        assert_eq!(records(br#"{"n": 1}"#), None);
    }
}
