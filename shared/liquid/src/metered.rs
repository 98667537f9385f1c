//! Filters that pay.

use crate::work;
use liquid_core::parser::{Filter, FilterArguments, FilterReflection, ParseFilter};
use liquid_core::{Error, Expression, Result, Runtime, Value, ValueView};
use std::fmt;

/// A filter that pays for what it produces, before it does where its arguments multiply.
#[derive(Clone)]
pub struct Metered(pub Box<dyn ParseFilter>);

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
