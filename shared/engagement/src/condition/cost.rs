//! What an expression may cost: its form is bounded when it is saved, and what it iterates over when
//! it is evaluated.

use super::bind::Names;
use super::facts::Bound;
use super::pattern::MATCHES;
use super::syntax::{children, declared, path, paths, visit};
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, operators};
use serde_json::Value;

/// Calls and selections inside one another, after macros are expanded. Each takes stack when it is
/// evaluated.
const MAX_DEPTH: usize = 48;

/// Elements of a list or a map that a condition may iterate over.
const MAX_ELEMENTS: usize = 1_000;

/// Steps of all loops together: elements × what is done with each × the size of the facts it is
/// compared with.
const MAX_WORK: usize = 4_000_000;

/// Bytes of text that count as much as one value.
const TEXT_PER_STEP: usize = 16;

/// How much longer a regular expression may take over a text than a comparison.
const PATTERN_STEPS: usize = 64;

/// A part of an expression that is refused.
pub struct Refused {
    /// Its node.
    pub node: u64,
    /// Why.
    pub message: String,
}

/// Checks the form of an expression.
///
/// # Errors
/// The part that is nested too deep, loops within a loop, or is no CEL of ours.
pub fn check(expression: &IdedExpr) -> Result<(), Refused> {
    let refused = |node: &IdedExpr, message: String| Err(Refused { node: node.id, message });
    if depth(expression) > MAX_DEPTH {
        return refused(expression, format!("is more than {MAX_DEPTH} operations deep"));
    }
    let mut bad = None;
    visit(expression, &mut |node| {
        match &node.expr {
            Expr::Struct(_) => bad = Some((node, "there are no messages here, only maps")),
            Expr::Comprehension(all) if body(all).into_iter().any(loops) => {
                bad = Some((node, "a macro cannot be used inside another's body"));
            }
            Expr::Comprehension(all) if chain(&all.iter_range) > 1 => {
                bad = Some((node, "at most two macros may be chained"));
            }
            _ => {}
        }
        bad.is_none()
    });
    match bad {
        Some((node, message)) => refused(node, message.to_owned()),
        None => Ok(()),
    }
}

fn depth(node: &IdedExpr) -> usize {
    children(node).into_iter().map(depth).max().unwrap_or(0).saturating_add(1)
}

/// What a macro does with each element.
fn body(all: &ComprehensionExpr) -> [&IdedExpr; 3] {
    [&all.loop_cond, &all.loop_step, &all.result]
}

fn loops(node: &IdedExpr) -> bool {
    chain(node) > 0
}

/// How many macros follow upon each other in `node`, at most.
fn chain(node: &IdedExpr) -> usize {
    let below = children(node).into_iter().map(chain).max().unwrap_or(0);
    below.saturating_add(usize::from(matches!(node.expr, Expr::Comprehension(_))))
}

/// What the loops of an expression do.
#[derive(Debug)]
pub struct Loops {
    /// Operations for each element, over all loops.
    operations: usize,
    /// Literals that may be looped over, and how often lists may be joined.
    literals: usize,
    joins: usize,
    /// What each step on a fact may take.
    steps: usize,
    /// The facts that are named inside loops.
    inside: Names,
}

impl Loops {
    /// The loops of `expression`; `None` if it has none.
    pub fn of(expression: &IdedExpr, allowed: &[&'static str]) -> Option<Self> {
        let mut bodies = Vec::new();
        let (mut literals, mut joins) = (0_usize, 1_usize);
        visit(expression, &mut |node| {
            match &node.expr {
                Expr::Comprehension(all) => {
                    bodies.extend(body(all));
                    joins = joins.saturating_add(additions(&all.iter_range));
                }
                Expr::List(list) => literals = literals.max(list.elements.len()),
                Expr::Map(map) => literals = literals.max(map.entries.len()),
                _ => {}
            }
            true
        });
        let local = declared(expression);
        let named: Vec<_> = bodies
            .iter()
            .flat_map(|body| paths(body))
            .filter(|path| !local.contains(path.root))
            .collect();
        let steps = if uses_patterns(expression) { PATTERN_STEPS } else { 1 };
        let operations = bodies.iter().map(|body| count(body)).fold(0, usize::saturating_add);
        let inside = Names::of(&named, allowed);
        (!bodies.is_empty()).then_some(Self { operations, literals, joins, steps, inside })
    }

    /// Checks what they would do on these facts, of which the expression has `names`.
    ///
    /// # Errors
    /// Why it would be too much.
    pub fn check(&self, names: &Names, facts: &impl Bound) -> Result<(), &'static str> {
        let mut longest = self.literals;
        names.each(facts, &mut |value| longest = longest.max(longest_in(value)));
        if longest > MAX_ELEMENTS {
            return Err("a list or map that it iterates over has more than 1,000 elements");
        }
        let mut size = 1_usize;
        self.inside.each(facts, &mut |value| size = size.saturating_add(weight(value)));
        let each = self.operations.saturating_mul(size).saturating_mul(self.steps);
        if longest.saturating_mul(self.joins).saturating_mul(each) > MAX_WORK {
            return Err("it would do too much for each element of its lists");
        }
        Ok(())
    }
}

fn uses_patterns(node: &IdedExpr) -> bool {
    let is_one = matches!(&node.expr, Expr::Call(call) if call.func_name == MATCHES);
    is_one || children(node).into_iter().any(uses_patterns)
}

/// How often lists may be joined in `node`.
fn additions(node: &IdedExpr) -> usize {
    let is_one = matches!(&node.expr, Expr::Call(call) if call.func_name == operators::ADD);
    children(node).into_iter().map(additions).fold(usize::from(is_one), usize::saturating_add)
}

fn count(node: &IdedExpr) -> usize {
    if path(node).is_some() {
        return 1;
    }
    children(node).into_iter().map(count).fold(1, usize::saturating_add)
}

/// The length of the longest list or map in `value`.
fn longest_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest_in).fold(items.len(), usize::max),
        Value::Object(fields) => fields.values().map(longest_in).fold(fields.len(), usize::max),
        _ => 0,
    }
}

/// The steps that it takes to look at all of `value`.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len().div_ceil(TEXT_PER_STEP).max(1),
        Value::Array(items) => items.iter().map(weight).fold(1, usize::saturating_add),
        Value::Object(fields) => fields.values().map(weight).fold(1, usize::saturating_add),
        _ => 1,
    }
}
