//! Conditions and expressions in CEL, compiled once and bound only to what they name.
//!
//! A condition cannot run away: its length, nesting and loops are bounded when it is saved, its regular
//! expressions are literals of bounded size, and what it loops over is bounded when it is evaluated.

mod arithmetic;
mod bind;
mod cost;
mod facts;
mod language;
mod pattern;
mod syntax;
#[cfg(test)]
mod tests;

pub use facts::{Bound, Facts, names};

use bind::{Bindings, Names};
use ceap_kernel::Fault;
use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelNull, CelString, CelUInt,
};
use cel::common::value::Val;
use cel::objects::Key;
use cel::{ExecutionError, Value as Cel};
use cost::Loops;
use pattern::Pattern;
use serde_json::Value;
use std::collections::BTreeSet;

/// Characters of one expression.
const MAX_LENGTH: usize = 1_000;

/// Bytes of memory that the regular expressions of one expression may take together. What a match
/// takes at worst is this times the length of the text.
const MAX_PATTERN_BYTES: usize = 48 * 1024;

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    field: String,
    source: String,
    expression: IdedExpr,
    names: Names,
    patterns: Vec<Pattern>,
    loops: Option<Loops>,
    paths: Vec<(String, Vec<String>)>,
}

impl Expression {
    /// Compiles `source`, which may use the names of a decision; `field` is its place in the document.
    ///
    /// # Errors
    /// As [`Expression::compile_with`].
    pub fn compile(field: &str, source: &str) -> Result<Self, Fault> {
        Self::compile_with(field, source, names::DECISION)
    }

    /// Compiles `source`, which may use `allowed` [`names`] only; `field` is its place in the document.
    ///
    /// # Errors
    /// `Invalid` at `field` when it is too long, does not parse, uses an unknown name or function, or
    /// could cost too much.
    pub fn compile_with(
        field: &str,
        source: &str,
        allowed: &[&'static str],
    ) -> Result<Self, Fault> {
        let invalid = |message: String| Fault::invalid(field, message);
        if source.chars().count() > MAX_LENGTH {
            return Err(invalid(format!("must be at most {MAX_LENGTH} characters")));
        }
        let (mut expression, info) = language::parse(source)
            .map_err(|error| invalid(format!("is not a CEL expression: {error}")))?;
        check_names(&expression, allowed).map_err(|refused| invalid(placed(refused, &info)))?;
        cost::check(&expression).map_err(|refused| invalid(placed(refused, &info)))?;
        let patterns =
            patterns(&mut expression).map_err(|refused| invalid(placed(refused, &info)))?;
        let named = syntax::paths(&expression);
        let loops = Loops::of(&expression, allowed);
        let names = Names::of(&named, allowed);
        let owned = |path: syntax::Path<'_>| {
            let fields = path.fields.into_iter().map(str::to_owned).collect();
            (path.root.to_owned(), fields)
        };
        let paths = named.into_iter().map(owned).collect();
        arithmetic::rewrite(&mut expression);
        let (field, source) = (field.to_owned(), source.to_owned());
        Ok(Self { field, source, expression, names, patterns, loops, paths })
    }

    /// Its place in the document: `filter[1].when`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The text it was compiled from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Which of the facts it names: `event`, `features`, …
    pub fn roots(&self) -> impl Iterator<Item = &'static str> {
        self.names.roots()
    }

    /// Its value; `None` when it names something that is absent, or divides by zero.
    ///
    /// # Errors
    /// `Invalid` when the facts have other types than the expression expects, or it would have to
    /// iterate over too much of them.
    pub fn value(&self, facts: &impl Bound) -> Result<Option<Value>, Fault> {
        self.evaluate(facts, |value| json(value).ok_or("it has no value in JSON"))
    }

    /// Whether it holds. One that names something absent does not.
    ///
    /// # Errors
    /// As [`Expression::value`], and `Invalid` when it is not a truth value.
    pub fn holds(&self, facts: &impl Bound) -> Result<bool, Fault> {
        let holds = self.evaluate(facts, |value| {
            value.downcast_ref::<CelBool>().map(|it| *it.inner()).ok_or("it must be true or false")
        })?;
        Ok(holds.unwrap_or(false))
    }

    /// Its value as a number; `None` when it names something absent.
    ///
    /// # Errors
    /// As [`Expression::value`], and `Invalid` when it is not a number.
    pub fn number(&self, facts: &impl Bound) -> Result<Option<f64>, Fault> {
        self.evaluate(facts, |value| {
            number(value).filter(|it| it.is_finite()).ok_or("it must be a finite number")
        })
    }

    /// Its value as text; empty when it names something absent.
    ///
    /// # Errors
    /// As [`Expression::value`], and `Invalid` when it is a list or a map.
    pub fn text(&self, facts: &impl Bound) -> Result<String, Fault> {
        let text = self.evaluate(facts, |value| match json(value) {
            Some(Value::String(text)) => Ok(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            _ => Err("it must be text, a number or a truth value"),
        })?;
        Ok(text.unwrap_or_default())
    }

    /// The paths below `root` that it names, as `["data", "value"]`; the empty path when it names
    /// all of it.
    #[must_use]
    pub fn paths(&self, root: &str) -> BTreeSet<Vec<String>> {
        let below = self.paths.iter().filter(|(name, _)| name == root);
        below.map(|(_, fields)| fields.clone()).collect()
    }

    /// Evaluates it on the facts and reads the outcome; `None` when something is absent.
    fn evaluate<T>(
        &self,
        facts: &impl Bound,
        read: impl FnOnce(&dyn Val) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Fault> {
        if let Some(loops) = &self.loops {
            loops.check(&self.names, facts).map_err(|error| self.fault(error))?;
        }
        let root = language::root()
            .ok_or_else(|| Fault::Internal("the functions of conditions clash".to_owned()))?;
        let bindings = Bindings::of(&self.names, &self.patterns, facts);
        let mut context = root.new_inner_scope();
        context.set_variable_resolver(&bindings);
        match Cel::resolve_val(&self.expression, &context) {
            Ok(value) if value.downcast_ref::<CelNull>().is_some() => Ok(None),
            Ok(value) => read(value.as_ref()).map(Some).map_err(|error| self.fault(error)),
            Err(
                ExecutionError::NoSuchKey(_)
                | ExecutionError::IndexOutOfBounds(_)
                | ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_),
            ) => Ok(None),
            // The facts stay out of the text: they may hold personal data.
            Err(ExecutionError::NoSuchOverload(error)) => Err(self.fault(&error.to_string())),
            Err(_) => Err(self.fault("it could not be evaluated on these facts")),
        }
    }

    fn fault(&self, error: &str) -> Fault {
        Fault::invalid(self.field.clone(), format!("`{}`: {error}", self.source))
    }
}

/// A message with the place of its node in the expression.
fn placed(refused: cost::Refused, info: &SourceInfo) -> String {
    match info.offset_for(refused.node) {
        Some((start, _)) if start > 0 => {
            format!("{}, at character {}", refused.message, start.saturating_add(1))
        }
        _ => refused.message,
    }
}

/// Checks that all names and functions of `expression` are known.
fn check_names(expression: &IdedExpr, allowed: &[&str]) -> Result<(), cost::Refused> {
    let declared = syntax::declared(expression);
    let mut unknown = None;
    syntax::visit(expression, &mut |node| {
        let message = match &node.expr {
            Expr::Ident(name)
                if !allowed.contains(&name.as_str()) && !declared.contains(name.as_str()) =>
            {
                Some(format!("`{name}` is unknown; there are {}", allowed.join(", ")))
            }
            Expr::Comprehension(all) if allowed.contains(&all.iter_var.as_str()) => {
                Some(format!("`{}` is taken; name the elements otherwise", all.iter_var))
            }
            Expr::Call(call) if !language::exists(&call.func_name) => {
                Some(format!("there is no function `{}`", call.func_name))
            }
            _ => None,
        };
        if let (None, Some(message)) = (&unknown, message) {
            unknown = Some(cost::Refused { node: node.id, message });
        }
        unknown.is_none()
    });
    unknown.map_or(Ok(()), Err)
}

/// Compiles the regular expressions of `expression`, and puts their names in their place.
fn patterns(expression: &mut IdedExpr) -> Result<Vec<Pattern>, cost::Refused> {
    let mut sources = Vec::new();
    name_patterns(expression, &mut sources)?;
    let each = MAX_PATTERN_BYTES.checked_div(sources.len()).unwrap_or_default();
    let compiled = sources.into_iter().map(|(node, source)| {
        Pattern::compile(&source, each).map_err(|message| {
            let message = format!("`{source}` {message}");
            cost::Refused { node, message }
        })
    });
    compiled.collect()
}

fn name_patterns(
    node: &mut IdedExpr,
    sources: &mut Vec<(u64, String)>,
) -> Result<(), cost::Refused> {
    if let Expr::Call(call) = &mut node.expr
        && call.func_name == pattern::MATCHES
        && let Some(argument) = call.args.last_mut()
    {
        let Expr::Literal(LiteralValue::String(source)) = &argument.expr else {
            let message = "the regular expression of `matches` must be a literal".to_owned();
            return Err(cost::Refused { node: node.id, message });
        };
        let name = format!("{}{}", Pattern::NAME, sources.len());
        sources.push((argument.id, source.inner().to_owned()));
        argument.expr = Expr::Ident(name);
    }
    syntax::children_mut(node).into_iter().try_for_each(|child| name_patterns(child, sources))
}

/// A number, or a truth value that counts as 1 or 0.
#[allow(clippy::cast_precision_loss)]
fn number(value: &dyn Val) -> Option<f64> {
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        return Some(*value.inner());
    }
    if let Some(value) = value.downcast_ref::<CelBool>() {
        return Some(f64::from(u8::from(*value.inner())));
    }
    if let Some(value) = value.downcast_ref::<CelInt>() {
        return Some(*value.inner() as f64);
    }
    value.downcast_ref::<CelUInt>().map(|value| *value.inner() as f64)
}

/// A value as JSON; whole numbers without a fraction.
fn json(value: &dyn Val) -> Option<Value> {
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        return whole(*value.inner());
    }
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Some(Value::from(text.inner()));
    }
    if let Some(value) = value.downcast_ref::<CelInt>() {
        return Some(Value::from(*value.inner()));
    }
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        return list.inner().iter().map(|item| json(item.as_ref())).collect();
    }
    if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        let fields = map.inner().iter();
        return fields
            .map(|(key, value)| Some((Key::from(key.clone()).to_string(), json(value.as_ref())?)))
            .collect();
    }
    Cel::try_from(value).ok()?.json().ok()
}

/// A double as JSON; as a whole number where that is exact.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() <= bind::EXACT_DOUBLE {
        return Some(Value::from(value as i64));
    }
    serde_json::Number::from_f64(value).map(Value::Number)
}
