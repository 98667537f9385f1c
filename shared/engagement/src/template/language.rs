//! The Liquid that templates are written in.
//!
//! The tags and filters of Shopify's Liquid as crate `liquid` has them, by name, so that an update of
//! the crate adds none. Left out: `include`, which Liquid itself has given up for `render`, because
//! its variables leak; and `tablerow`, which writes markup of its own and fails on `cols: 0`.

use super::escape::Last;
use super::work::{self, Pay};
use liquid_core::parser::{Filter, FilterArguments, FilterReflection, ParseFilter};
use liquid_core::{
    Error, Expression, Language, ParseBlock, ParseTag, Result, Runtime, Value, ValueView,
};
use liquid_lib::stdlib;
use std::fmt;
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

/// A filter that pays for what it produces, before it does where its arguments multiply.
#[derive(Clone)]
struct Metered(Box<dyn ParseFilter>);

impl ParseFilter for Metered {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let positional: Vec<Expression> = arguments.positional.collect();
        let arguments = FilterArguments {
            positional: Box::new(positional.clone().into_iter()),
            keyword: arguments.keyword,
        };
        let filter = self.0.parse(arguments)?;
        let name = self.0.reflection().name().to_owned();
        Ok(Box::new(Paying { filter, name, arguments: positional }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.0.reflection()
    }
}

#[derive(Debug)]
struct Paying {
    filter: Box<dyn Filter>,
    name: String,
    arguments: Vec<Expression>,
}

impl fmt::Display for Paying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.filter.fmt(f)
    }
}

impl Paying {
    fn text(&self, n: usize, runtime: &dyn Runtime) -> String {
        let value = self.arguments.get(n).and_then(|argument| argument.try_evaluate(runtime));
        value.map(|value| value.to_kstr().into_string()).unwrap_or_default()
    }

    /// What the engine would produce only to be told that it is too much.
    fn ahead(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<()> {
        let times = |count: usize, each: &str| {
            work::pay(count.saturating_mul(each.len()).try_into().unwrap_or(u64::MAX))
        };
        match self.name.as_str() {
            "replace" => {
                let search = self.text(0, runtime);
                times(input.to_kstr().matches(search.as_str()).count(), &self.text(1, runtime))
            }
            "join" => {
                let items = input.as_array().map_or(0, |items| items.size());
                times(items.try_into().unwrap_or_default(), &self.text(0, runtime))
            }
            // `%9999999999d` is a width; no date needs three digits of it.
            "date" => {
                let format = self.text(0, runtime);
                let wide = format.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > 2);
                if wide && format.contains('%') {
                    return Err(Error::with_msg(
                        "A date format has a number of more than two digits",
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Filter for Paying {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        self.ahead(input, runtime)?;
        let output = self.filter.evaluate(input, runtime)?;
        work::pay(work::size(&output))?;
        Ok(output)
    }
}
