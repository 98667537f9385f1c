//! HMAC-SHA256 (RFC 2104), compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `tag` is that of the parts, one after the other, under `key`.
pub fn is(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(tag).is_ok()
}

/// What tells a delivery from others: what it says, by its tag, and of which kind it is.
pub fn id(tag: &[u8], kind: Option<&str>) -> String {
    let digits: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    kind.map_or(digits.clone(), |kind| format!("{digits}/{kind}"))
}

/// Bytes written in hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}
