//! Dynamic content: texts that are kept once in several languages, and stand as `{{dc.name}}` in what rules say
//! ([dynamic content](https://developer.zendesk.com/api-reference/ticketing/ticket-management/dynamic_content/)).

pub mod check;
mod text;

pub use text::{Contents, named, or_raw};

use crate::ids::RecordId;
use crate::locale;
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Items of an account.
pub const MOST: usize = 1_000;

/// Variants of an item: one for each language that there is would fit.
pub const MOST_VARIANTS: usize = 60;

/// Bytes of a variant, of all variants of an item, and of all items: what an account is set up with is read whole.
pub const MAX_CONTENT: usize = 16 * 1024;
/// See [`MAX_CONTENT`].
pub const MAX_ITEM: usize = 128 * 1024;
/// See [`MAX_CONTENT`].
pub const MAX_ALL: usize = 2 * 1024 * 1024;

/// A text in several languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentItem {
    /// Its id.
    pub id: RecordId,
    /// What it is called.
    pub name: String,
    /// The name that it has in placeholders: made of the first name that it had, which it keeps.
    pub placeholder: String,
    /// In its languages.
    pub variants: Vec<Variant>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its id.
    pub id: RecordId,
    /// The number of the language.
    pub locale_id: u64,
    /// What it says.
    pub content: String,
    /// Whether it is used.
    pub active: bool,
    /// Whether it stands for languages that have none.
    pub default: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

impl ContentItem {
    /// What it says where nothing else fits.
    #[must_use]
    pub fn usual(&self) -> Option<&Variant> {
        self.variants.iter().find(|it| it.default)
    }

    /// What it says in a language (BCP 47): in that very one, in one that differs by its region, or as usual.
    #[must_use]
    pub fn says(&self, tag: &str) -> Option<&str> {
        let language = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
        let used = || self.variants.iter().filter(|it| it.active);
        let tag_of = |it: &Variant| locale::numbered(it.locale_id).map(|it| it.tag);
        let same = || used().find(|it| tag_of(it).is_some_and(|it| it.eq_ignore_ascii_case(tag)));
        let alike = || used().find(|it| tag_of(it).is_some_and(|it| language(it) == language(tag)));
        same().or_else(alike).or_else(|| self.usual()).map(|it| it.content.as_str())
    }

    /// Whether a variant may say what the usual one said before it was changed.
    #[must_use]
    pub fn outdated(&self, variant: &Variant) -> bool {
        self.usual().is_some_and(|it| it.id != variant.id && it.updated_at > variant.updated_at)
    }

    /// Bytes of all that it says.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.variants.iter().fold(0, |sum, it| sum.saturating_add(it.content.len()))
    }
}

/// The name that an item of this name has in placeholders: `Snowboard Problem` is `snowboard_problem`.
#[must_use]
pub fn placeholder(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
    let words: String = name.chars().map(plain).collect();
    words.split_whitespace().collect::<Vec<_>>().join("_")
}

impl Record for ContentItem {
    const KIND: Kind =
        Kind { name: "CONTENT", singular: "item", plural: "items", home: Home::Account };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
