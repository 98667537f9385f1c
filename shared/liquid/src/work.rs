//! How much one rendering may do.
//!
//! Liquid has no end of its own: loops nest, `append` and `replace` multiply. One budget bounds time
//! and memory alike: every element that a loop brings, every byte that a filter or a `capture`
//! produces is paid from it, wherever it happens. The tags below are for whoever rewrites a source to put into it; authors
//! cannot name them.

use liquid_core::error::Error;
use liquid_core::model::ScalarCow;
use liquid_core::{
    Expression, Language, ParseTag, Renderable, Result, Runtime, TagReflection, TagTokenIter,
    ValueView,
};
use std::cell::Cell;
use std::io::Write;

/// About a byte produced, or a nanosecond. A mail of fifty rows takes some hundred thousand.
const BUDGET: u64 = 50_000_000;

/// What an element costs, each time a loop or a partial brings it.
const ELEMENT: u64 = 500;

/// The numbers in a range: the engine makes them all before the first is used.
const MAX_RANGE: i64 = 1_000;

/// Said when the budget is spent.
pub const TOO_MUCH: &str = "does too much; use fewer or smaller loops, or shorter texts";

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(BUDGET) };
}

/// Does one rendering, with a budget of its own. Rendering neither nests nor waits.
pub fn bounded<T>(render: impl FnOnce() -> T) -> T {
    LEFT.set(BUDGET);
    render()
}

/// Pays for `bytes`.
///
/// # Errors
/// When the budget is spent.
pub fn pay(bytes: u64) -> Result<()> {
    let left = LEFT.get().checked_sub(bytes);
    LEFT.set(left.unwrap_or_default());
    left.map(|_| ()).ok_or_else(|| Error::with_msg(TOO_MUCH))
}

/// What showing `value` takes, about.
#[must_use]
pub fn size(value: &dyn ValueView) -> u64 {
    let many = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(32, u64::saturating_add);
    if let Some(scalar) = value.as_scalar() {
        32_u64.saturating_add(scalar.to_kstr().len().try_into().unwrap_or(u64::MAX))
    } else if let Some(items) = value.as_array() {
        many(&mut items.values().map(size))
    } else if let Some(fields) = value.as_object() {
        many(&mut fields.values().map(size))
    } else {
        32
    }
}

/// The tags that pay.
#[derive(Debug, Clone, Copy)]
pub enum Pay {
    /// `{% _elements 5 %}`: so many elements come again.
    Elements,
    /// `{% _range (1..x) %}`: a range is about to be made.
    Range,
    /// `{% _captured x %}`: something was captured.
    Captured,
}

impl Pay {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Elements, Self::Range, Self::Captured];
}

impl TagReflection for Pay {
    fn tag(&self) -> &str {
        match self {
            Self::Elements => "_elements",
            Self::Range => "_range",
            Self::Captured => "_captured",
        }
    }

    fn description(&self) -> &str {
        ""
    }
}

impl ParseTag for Pay {
    fn parse(&self, mut words: TagTokenIter<'_>, _: &Language) -> Result<Box<dyn Renderable>> {
        let word = words.expect_next("a value")?;
        let (from, to) = match self {
            Self::Range => word.expect_range().into_result().map(|(from, to)| (from, Some(to)))?,
            Self::Elements | Self::Captured => (word.expect_value().into_result()?, None),
        };
        Ok(Box::new(Due { pay: *self, from, to }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Debug)]
struct Due {
    pay: Pay,
    from: Expression,
    to: Option<Expression>,
}

impl Renderable for Due {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let integer = |expression: &Expression| -> Result<i64> {
            let value = expression.evaluate(runtime)?;
            let number = value.as_scalar().and_then(|scalar: ScalarCow<'_>| scalar.to_integer());
            number.ok_or_else(|| {
                Error::with_msg("Invalid input").context("cause", "Whole number expected")
            })
        };
        match self.pay {
            Pay::Elements => {
                pay(u64::try_from(integer(&self.from)?).unwrap_or_default().saturating_mul(ELEMENT))
            }
            Pay::Captured => {
                self.from.try_evaluate(runtime).map_or(Ok(()), |it| pay(size(it.as_view())))
            }
            Pay::Range => {
                let from = integer(&self.from)?;
                let to = self.to.as_ref().map_or(Ok(from), integer)?;
                if to.saturating_sub(from) > MAX_RANGE {
                    let message =
                        format!("A range has more than {MAX_RANGE} numbers; use a smaller one");
                    return Err(Error::with_msg(message));
                }
                Ok(())
            }
        }
    }
}
