//! The Liquid that templates are written in.
//!
//! The tags and filters of Shopify's Liquid as crate `liquid` has them, by name, so that an update of
//! the crate adds none. Left out: `include`, which Liquid itself has given up for `render`, because
//! its variables leak; and `tablerow`, which writes markup of its own and fails on `cols: 0`.

use super::escape::Last;
use ceap_liquid::{Metered, Pay};
use liquid_core::parser::ParseFilter;
use liquid_core::{Language, ParseBlock, ParseTag};
use liquid_lib::stdlib;
use std::sync::LazyLock;

/// The filters whose result is a number, whatever goes in; on anything else they fail.
pub(super) const NUMBERS: [&str; 12] = [
    "abs",
    "at_least",
    "at_most",
    "ceil",
    "divided_by",
    "floor",
    "minus",
    "modulo",
    "plus",
    "round",
    "size",
    "times",
];

/// Built once: it is the same for all.
pub(super) static LANGUAGE: LazyLock<Language> = LazyLock::new(|| {
    let mut language = Language::empty();
    let blocks: [Box<dyn ParseBlock>; 8] = [
        stdlib::RawBlock.into(),
        stdlib::IfBlock.into(),
        stdlib::UnlessBlock.into(),
        stdlib::IfChangedBlock.into(),
        stdlib::ForBlock.into(),
        stdlib::CommentBlock.into(),
        stdlib::CaptureBlock.into(),
        stdlib::CaseBlock.into(),
    ];
    for block in blocks {
        language.blocks.register(block.reflection().start_tag().to_owned(), block);
    }
    let tags: [Box<dyn ParseTag>; 7] = [
        stdlib::AssignTag.into(),
        stdlib::BreakTag.into(),
        stdlib::ContinueTag.into(),
        stdlib::CycleTag.into(),
        stdlib::IncrementTag.into(),
        stdlib::DecrementTag.into(),
        stdlib::RenderTag.into(),
    ];
    for tag in tags.into_iter().chain(Pay::ALL.map(Into::into)) {
        language.tags.register(tag.reflection().tag().to_owned(), tag);
    }
    for filter in filters() {
        let metered = Metered(filter);
        language.filters.register(metered.reflection().name().to_owned(), metered.into());
    }
    for filter in Last::ALL {
        language.filters.register(filter.name().to_owned(), filter.into());
    }
    language
});

pub(super) fn filters() -> Vec<Box<dyn ParseFilter>> {
    vec![
        stdlib::Abs.into(),
        stdlib::Append.into(),
        stdlib::AtLeast.into(),
        stdlib::AtMost.into(),
        stdlib::Capitalize.into(),
        stdlib::Ceil.into(),
        stdlib::Compact.into(),
        stdlib::Concat.into(),
        stdlib::Date.into(),
        stdlib::Default.into(),
        stdlib::DividedBy.into(),
        stdlib::Downcase.into(),
        stdlib::Escape.into(),
        stdlib::EscapeOnce.into(),
        stdlib::First.into(),
        stdlib::Floor.into(),
        stdlib::Join.into(),
        stdlib::Last.into(),
        stdlib::Lstrip.into(),
        stdlib::Map.into(),
        stdlib::Minus.into(),
        stdlib::Modulo.into(),
        stdlib::NewlineToBr.into(),
        stdlib::Plus.into(),
        stdlib::Prepend.into(),
        stdlib::Remove.into(),
        stdlib::RemoveFirst.into(),
        stdlib::Replace.into(),
        stdlib::ReplaceFirst.into(),
        stdlib::Reverse.into(),
        stdlib::Round.into(),
        stdlib::Rstrip.into(),
        stdlib::Size.into(),
        stdlib::Slice.into(),
        stdlib::Sort.into(),
        stdlib::SortNatural.into(),
        stdlib::Split.into(),
        stdlib::Strip.into(),
        stdlib::StripHtml.into(),
        stdlib::StripNewlines.into(),
        stdlib::Times.into(),
        stdlib::Truncate.into(),
        stdlib::TruncateWords.into(),
        stdlib::Uniq.into(),
        stdlib::Upcase.into(),
        stdlib::UrlDecode.into(),
        stdlib::UrlEncode.into(),
        stdlib::Where.into(),
    ]
}
