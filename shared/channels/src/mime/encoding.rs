//! Text as the letters of an email.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Letters of an encoded line (RFC 2045 §6.7 and §6.8).
pub const LINE: usize = 76;

/// Bytes of text in one encoded word. 52 letters of base64 and 12 around them fit behind `Subject: `
/// into a line of 76 (RFC 2047 §2).
const WORD: usize = 39;

/// Letters that would end a header's line, or that some reader takes for such an end.
pub fn breaks(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// `text` on one line.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut broken = false;
    for letter in text.chars() {
        let was = std::mem::replace(&mut broken, breaks(letter));
        match (was, broken) {
            (true, true) => {}
            (false, true) => clean.push(' '),
            (_, false) => clean.push(letter),
        }
    }
    clean
}

/// Whether readers would take `text` for other text than it is, if it is not encoded.
pub fn misread(text: &str) -> bool {
    text.contains("=?") || text.starts_with(' ')
}

/// A new line of the same header. `mail-builder` folds at 78 letters, and a line with an encoded word
/// may have 76 (RFC 2047 §2).
pub const FOLD: &str = "\r\n ";

/// `text` in encoded words (RFC 2047 §2).
pub fn words(text: &str) -> String {
    let words = pieces(text, WORD, char::len_utf8);
    let words = words.iter().map(|piece| format!("=?utf-8?B?{}?=", STANDARD.encode(piece)));
    words.collect::<Vec<_>>().join(FOLD)
}

/// `text` in pieces of at most `most`, as `length` measures, without cutting a letter.
pub fn pieces(text: &str, most: usize, length: impl Fn(char) -> usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut used: usize = 0;
    for letter in text.chars() {
        let long = length(letter);
        if used.saturating_add(long) > most {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        piece.push(letter);
        used = used.saturating_add(long);
    }
    pieces.push(piece);
    pieces
}

/// A name as one encoded word, or if it is too long as atoms (RFC 5322 §3.2.3) with encoded words
/// between them (RFC 2047 §5): as few of these next to each other as can be, because Python reads a
/// space between them (python/cpython#128110).
pub fn phrase(name: &str) -> String {
    if name.len() <= WORD {
        return words(name);
    }
    let is_atom = |word: &&str| {
        (1..=LINE).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/^_`{|}~".contains(&b))
    };
    let split: Vec<&str> = name.split(' ').collect();
    let runs = split.chunk_by(|one, next| is_atom(one) == is_atom(next)).map(|run| {
        let text = run.join(" ");
        if run.iter().all(is_atom) { text } else { words(&text) }
    });
    runs.collect::<Vec<_>>().join(FOLD)
}

/// RFC 2045 §6.7, and RFC 2049 §3: no line starts with a dot or with `From `, which relays and
/// mailboxes change.
pub fn quoted_printable(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for (n, line) in text.split("\r\n").enumerate() {
        if n > 0 {
            quoted.push_str("\r\n");
        }
        let mut column: usize = 0;
        let mut rest = line.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            let plain = match byte {
                b'=' => false,
                b' ' | b'\t' => !after.is_empty(),
                b'.' => column > 0,
                b'F' => column > 0 || !rest.starts_with(b"From "),
                other => other.is_ascii_graphic(),
            };
            let long = if plain { 1 } else { 3 };
            // One letter less than a line has, for the `=` of a line that goes on.
            if column.saturating_add(long) >= LINE {
                quoted.push_str("=\r\n");
                column = 0;
                continue;
            }
            if plain {
                quoted.push(char::from(byte));
            } else {
                hex(&mut quoted, '=', byte);
            }
            column = column.saturating_add(long);
            rest = after;
        }
    }
    quoted
}

/// `byte` in two hexadecimal digits, upper case as RFC 2045 and RFC 2231 want them.
pub fn hex(text: &mut String, mark: char, byte: u8) {
    let digit =
        |half: u8| char::from_digit(half.into(), 16).unwrap_or_default().to_ascii_uppercase();
    text.extend([mark, digit(byte >> 4), digit(byte & 15)]);
}

/// RFC 2045 §6.8.
pub fn base64_lines(bytes: &[u8]) -> String {
    let mut lines = String::new();
    // 57 bytes are 76 letters.
    for line in bytes.chunks(57) {
        STANDARD.encode_string(line, &mut lines);
        lines.push_str("\r\n");
    }
    lines
}
