//! Which ids may be looked for in texts.

/// Letters and digits that an id has at least which no text has by accident.
const LEAST: usize = 7;

/// Whether an id is no mere word, so that a text which has it names what it is the id of: long enough, and not of letters
/// alone.
#[must_use]
pub fn telling(id: &str) -> bool {
    id.chars().count() >= LEAST && !id.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_be_anybodys() {
        let ids = ["ada-lovelace", "4711000", "cust_88123", "support", "ada-1", "4711"];
        assert_eq!(ids.map(telling), [true, true, true, false, false, false]);
    }
}
