//! The words of a text, as they are kept and as they are looked for.
//!
//! A word is kept as it stands, in lower case and without diacritics, and, in a text whose language is known, once more
//! as its stem in that language: `running` of an English text as `running` and `=en:run`. Who searches need not know
//! in which language a text is: a word is looked for as it stands, and as its stem in each language that there may be.
//! A text in another language has no such stem, so that none is found by the rules of a language that is not its own.
//!
//! Words are those of Unicode ([UAX 29](https://unicode.org/reports/tr29/)), which leaves out punctuation, as Zendesk's
//! search does. Of Chinese and Japanese each sign is a word, and several together are looked for as a phrase.

use super::Language;
use std::borrow::Cow;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of a word that count.
const LONGEST: usize = 128;

/// How far apart the last word of a text and the first of the next one are, so that no phrase goes over the end of one.
const GAP: u32 = 2;

/// A text in lower case, its signs in their usual forms.
fn lowered(text: &str) -> String {
    // A colon is part of a word in Swedish alone; elsewhere words stand on both sides of it.
    if text.is_ascii() {
        return text.replace(':', " ").to_ascii_lowercase();
    }
    let text: String = text.replace('’', "'").replace(':', " ").nfkc().collect();
    text.to_lowercase()
}

/// The words of a text that is in lower case, and each one without diacritics.
fn words(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let words = text.unicode_words().map(|word| {
        let word = beginning(word);
        (word, folded(word))
    });
    words.filter(|(_, plain)| !plain.is_empty())
}

/// As much of a word as counts.
fn beginning(word: &str) -> &str {
    let end = word.char_indices().nth(LONGEST).map_or(word.len(), |(at, _)| at);
    word.get(..end).unwrap_or(word)
}

/// A word in lower case without its diacritics.
fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let bare = word.nfd().filter(|sign| !is_diacritic(*sign)).nfc();
    let plain = bare.fold(String::with_capacity(word.len()), |mut plain, sign| {
        match sign {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            other => plain.push(other),
        }
        plain
    });
    Cow::Owned(plain)
}

/// Marks on letters that people leave out when they type; the vowels of other scripts are none.
fn is_diacritic(sign: char) -> bool {
    // Latin, Greek and Cyrillic; Hebrew; Arabic.
    matches!(sign, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}')
}

/// The stem of a word that is in lower case, as it is kept.
fn stemmed(word: &str, language: Language) -> String {
    // No word has an equals sign in it, so that no beginning of a word is one of a stem.
    let stem = language.stem(word);
    ["=", language.tag(), ":", &*folded(&stem)].concat()
}

/// Takes what is kept of texts that stand one after the other: which word of them it is, counted from 0, and the word as
/// it stands or its stem with its language before it. Both are at the same place.
pub fn each_token<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    language: Option<Language>,
    mut take: impl FnMut(u32, &str),
) {
    let mut position: u32 = 0;
    for text in texts {
        for (word, plain) in words(&lowered(text)) {
            take(position, &plain);
            if let Some(language) = language {
                take(position, &stemmed(word, language));
            }
            position = position.saturating_add(1);
        }
        position = position.saturating_add(GAP);
    }
}

/// How many words a text has.
#[must_use]
pub fn count(text: &str) -> usize {
    words(&lowered(text)).count()
}

/// What a phrase is looked for as: any of these sequences. None, if it has no words.
#[must_use]
pub fn phrases(text: &str, languages: &[Language]) -> Vec<Vec<String>> {
    let text = lowered(text);
    let plain: Vec<String> = words(&text).map(|(_, plain)| plain.into_owned()).collect();
    if plain.is_empty() {
        return Vec::new();
    }
    let in_language =
        |language: &Language| words(&text).map(|(word, _)| stemmed(word, *language)).collect();
    let stems: BTreeSet<Vec<String>> = languages.iter().map(in_language).collect();
    std::iter::once(plain).chain(stems).collect()
}

/// The words of a text as they stand.
#[must_use]
pub fn plain(text: &str) -> Vec<String> {
    words(&lowered(text)).map(|(_, plain)| plain.into_owned()).collect()
}

/// Whether the words of `sought` stand one after the other in `text`, as they are: names are found so.
#[must_use]
pub fn contains(text: &str, sought: &str) -> bool {
    let (text, sought) = (plain(text), plain(sought));
    !sought.is_empty() && text.windows(sought.len()).any(|part| part == sought)
}

/// An exact value, as it is kept and compared.
#[must_use]
pub fn canonical(value: &str) -> String {
    value.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Please upgrade my account!", &["please", "upgrade", "my", "account"])]
    #[case("Tip-Top Mops", &["tip", "top", "mops"])]
    #[case("alex@mondocam.com", &["alex", "mondocam.com"])]
    #[case("product_question", &["product_question"])]
    #[case("Café crème", &["cafe", "creme"])]
    #[case("STRASSE straße Łódź", &["strasse", "strasse", "lodz"])]
    #[case("can’t", &["can't"])]
    #[case("東京", &["東", "京"])]
    #[case("が", &["が"])]
    #[case("한국어", &["한국어"])]
    #[case("ｆｕｌｌ", &["full"])]
    #[case("error:timeout", &["error", "timeout"])]
    #[case("— … !", &[])]
    fn words_are_plain(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(plain(text), expected);
    }

    #[test]
    fn stems_stand_where_their_words_do() {
        let mut tokens = Vec::new();
        each_token(["Running cats", "ran"], Some(Language::English), |position, term| {
            tokens.push((position, term.to_owned()));
        });
        let expected = [
            (0, "running"),
            (0, "=en:run"),
            (1, "cats"),
            (1, "=en:cat"),
            (4, "ran"),
            (4, "=en:ran"),
        ];
        assert_eq!(tokens, expected.map(|(position, term)| (position, term.to_owned())));
    }

    #[test]
    fn a_phrase_is_looked_for_in_every_language() {
        let languages = [Language::English, Language::German];
        let expected = [vec!["cats"], vec!["=de:cat"], vec!["=en:cat"]];
        assert_eq!(phrases("Cats", &languages), expected);
        assert!(phrases("?!", &languages).is_empty());
    }

    #[rstest]
    #[case("Susan Warren", "susan", true)]
    #[case("Susan Warren", "Susan warren", true)]
    #[case("Susan Warren", "warren susan", false)]
    #[case("Susan Warren", "sus", false)]
    #[case("Susan Warren", "", false)]
    fn names_are_found_by_their_words(#[case] name: &str, #[case] sought: &str, #[case] is: bool) {
        assert_eq!(contains(name, sought), is);
    }
}
