//! What an item may be.

use super::{ContentItem, MAX_ALL, MAX_CONTENT, MAX_ITEM, MOST_VARIANTS};
use crate::locale;
use crate::refusal::Refusal;
use std::collections::BTreeSet;

/// Characters of a name.
const MAX_NAME: usize = 255;

/// Checks an item against all others of its account, which do not have it among them.
pub fn item<'a>(
    item: &ContentItem,
    others: impl Iterator<Item = &'a ContentItem>,
    refusal: &mut Refusal,
) {
    let mut wrong = |field: &str, text: String| refusal.add(field, text, Some("InvalidValue"));
    let mut weight = item.weight();
    for other in others {
        weight = weight.saturating_add(other.weight());
        if other.name == item.name || other.placeholder == item.placeholder {
            wrong("name", format!("Name: has already been taken by {:?}", other.name));
        }
    }
    if item.placeholder.is_empty() {
        wrong(
            "name",
            "Name: must have letters from a to z or digits, of which its placeholder is made"
                .to_owned(),
        );
    }
    if item.name.chars().count() > MAX_NAME {
        wrong("name", format!("Name: is too long (maximum is {MAX_NAME} characters)"));
    }
    variants(item, &mut wrong);
    if item.weight() > MAX_ITEM {
        wrong("variants", format!("Variants: are too long together (maximum is {MAX_ITEM} bytes)"));
    }
    if weight > MAX_ALL {
        wrong(
            "base",
            format!("There is too much dynamic content (maximum is {MAX_ALL} bytes in all)"),
        );
    }
}

fn variants(item: &ContentItem, wrong: &mut impl FnMut(&str, String)) {
    if item.variants.len() > MOST_VARIANTS {
        wrong("variants", format!("Variants: are too many (maximum is {MOST_VARIANTS})"));
    }
    let defaults = item.variants.iter().filter(|it| it.default).count();
    if defaults != 1 {
        let text = "Variants: one of them must be the default one; make another the default first";
        wrong("variants", text.to_owned());
    }
    let mut seen = BTreeSet::new();
    for variant in &item.variants {
        let id = variant.locale_id;
        if locale::numbered(id).is_none() {
            wrong("locale_id", format!("Locale: {id} is not the number of a language"));
        }
        if !seen.insert(id) {
            wrong("locale_id", format!("Locale: there is a variant for {id} already"));
        }
        if variant.content.trim().is_empty() {
            wrong("content", "Content: cannot be blank".to_owned());
        }
        if variant.content.len() > MAX_CONTENT {
            wrong("content", format!("Content: is too long (maximum is {MAX_CONTENT} bytes)"));
        }
        if variant.default && !variant.active {
            wrong("active", "Active: the default variant must be active".to_owned());
        }
    }
}
