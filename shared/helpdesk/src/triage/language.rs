//! In which language a text is: told by its script and by how often which letters follow each other
//! ([whatlang](https://docs.rs/whatlang)). A few words tell it between two languages, seldom between all.

use whatlang::{Detector, Info, Lang};

/// Letters of a text that are looked at.
const MOST: usize = 2_000;

/// The languages that are told, by their codes (ISO 639-3) and tags (BCP 47): those that people may have.
const TAGS: [(&str, &str); 45] = [
    ("afr", "af"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kat", "ka"),
    ("kor", "ko"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mkd", "mk"),
    ("nld", "nl"),
    ("nob", "no"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tha", "th"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("vie", "vi"),
];

/// The tag of a language that can be told, of one that may name a region too: `pt` of `pt-BR`.
#[must_use]
pub fn known(tag: &str) -> Option<&'static str> {
    let first = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    // Bokmål is how Norwegian is mostly written.
    let first = if first == "nb" { "no".to_owned() } else { first };
    TAGS.iter().map(|(_, tag)| *tag).find(|tag| *tag == first)
}

/// How sure it has to be that a text is in a language that the account has chosen.
const LIKELY: f64 = 0.3;

/// The language of a text, if it can be told: for sure; or likely, if it is one that the account has chosen; or among these alone.
#[must_use]
pub fn found<'a>(text: &str, chosen: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
    let text: String = text.chars().take(MOST).collect();
    let chosen: Vec<&str> = chosen.into_iter().filter_map(known).collect();
    let (tag, found) = among(&text, |_| true)?;
    if found.is_reliable() || (chosen.contains(&tag) && found.confidence() >= LIKELY) {
        return Some(tag);
    }
    // Of one language alone everything would be found to be.
    let several = chosen.iter().any(|tag| Some(tag) != chosen.first());
    let (tag, found) = among(&text, |tag| several && chosen.contains(&tag))?;
    found.is_reliable().then_some(tag)
}

fn among(text: &str, allowed: impl Fn(&str) -> bool) -> Option<(&'static str, Info)> {
    let tag = |lang: Lang| TAGS.iter().find(|(code, _)| *code == lang.code()).map(|(_, tag)| *tag);
    let all = Lang::all().iter().copied();
    let fitting = all.filter(|lang| tag(*lang).is_some_and(&allowed)).collect();
    let found = Detector::with_allowlist(fitting).detect(text)?;
    Some((tag(found.lang())?, found))
}
