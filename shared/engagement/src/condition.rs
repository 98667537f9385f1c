//! Conditions and expressions in CEL, compiled once and bound only to what they name.

use ceap_kernel::Fault;
use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, ExecutionError, Program, Value as Cel};
use serde_json::Value;
use std::collections::BTreeSet;

/// Characters of one expression.
const MAX_LENGTH: usize = 1_000;

/// The names an expression may use, by its place in the document.
pub mod names {
    /// Where nothing else is said: scores, keys, recipients, a trigger's condition.
    pub const DECISION: &[&str] = &["event", "features", "profile", "settings"];
    /// A filter's conditions: `history` is what became of the subject in this use case before.
    pub const FILTER: &[&str] = &["event", "features", "profile", "settings", "history"];
    /// A feature's `where`: `event` is one of its events, `trigger` the one that is judged.
    pub const FEATURE: &[&str] = &["event", "trigger", "settings"];
}

/// What an expression is judged on: a value for each of the names that its place allows.
pub trait Bound {
    /// The value of `name`.
    fn get(&self, name: &str) -> &Value;
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    field: String,
    source: String,
    program: Program,
    names: Vec<&'static str>,
}

/// The facts an expression is judged on. What a place does not have is null there.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The event: `type`, `subject`, `time`, and of `data` the fields that the document names.
    pub event: &'a Value,
    /// The event that is judged, where `event` is another one: in a feature's `where`.
    pub trigger: &'a Value,
    /// The features by name; one without a value is absent.
    pub features: &'a Value,
    /// The profile, with its traits.
    pub profile: &'a Value,
    /// The tenant's settings.
    pub settings: &'a Value,
    /// The subject's earlier candidates of this use case: `count`, `last` (RFC 3339), `since`
    /// (seconds), `live`.
    pub history: &'a Value,
}

impl Default for Facts<'_> {
    fn default() -> Self {
        const NONE: &Value = &Value::Null;
        Self {
            event: NONE,
            trigger: NONE,
            features: NONE,
            profile: NONE,
            settings: NONE,
            history: NONE,
        }
    }
}

impl Bound for Facts<'_> {
    fn get(&self, name: &str) -> &Value {
        match name {
            "event" => self.event,
            "trigger" => self.trigger,
            "features" => self.features,
            "profile" => self.profile,
            "history" => self.history,
            _ => self.settings,
        }
    }
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
    /// `Invalid` at `field` when it is too long, does not parse, or uses an unknown name or function.
    pub fn compile_with(
        field: &str,
        source: &str,
        allowed: &[&'static str],
    ) -> Result<Self, Fault> {
        if source.len() > MAX_LENGTH {
            return Err(Fault::invalid(field, format!("must be at most {MAX_LENGTH} characters")));
        }
        let program = Program::compile(source)
            .map_err(|error| Fault::invalid(field, format!("is not a CEL expression: {error}")))?;
        let references = program.references();
        let declared = declared(&program);
        if let Some(unknown) = references
            .variables()
            .into_iter()
            .find(|name| !allowed.contains(name) && !declared.contains(*name))
        {
            let names = allowed.join(", ");
            return Err(Fault::invalid(
                field,
                format!("`{unknown}` is unknown; there are {names}"),
            ));
        }
        if let Some(unknown) = references.functions().into_iter().find(|it| !exists(it)) {
            return Err(Fault::invalid(field, format!("there is no function `{unknown}`")));
        }
        let names = allowed.iter().copied().filter(|name| references.has_variable(name)).collect();
        Ok(Self { field: field.to_owned(), source: source.to_owned(), program, names })
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
    #[must_use]
    pub fn roots(&self) -> &[&'static str] {
        &self.names
    }

    /// Its value; `None` when it names something that is absent.
    ///
    /// # Errors
    /// `Invalid` when the facts have other types than the expression expects.
    pub fn value(&self, facts: &impl Bound) -> Result<Option<Value>, Fault> {
        let mut context = Context::default();
        for name in &self.names {
            let bound = cel::to_value(facts.get(name)).map_err(|error| self.fault(&error))?;
            context.add_variable_from_value(*name, bound);
        }
        match self.program.execute(&context) {
            Ok(Cel::Null) | Err(ExecutionError::NoSuchKey(_)) => Ok(None),
            Ok(value) => value.json().map(Some).map_err(|error| self.fault(&error)),
            // The facts stay out of the text: they may hold personal data.
            Err(ExecutionError::NoSuchOverload(error)) => Err(self.fault(&error)),
            Err(_) => Err(self.fault(&"it could not be evaluated on these facts")),
        }
    }

    /// Whether it holds. One that names something absent does not.
    ///
    /// # Errors
    /// `Invalid` when it is not a truth value, or the facts have other types than it expects.
    pub fn holds(&self, facts: &impl Bound) -> Result<bool, Fault> {
        match self.value(facts)? {
            None => Ok(false),
            Some(Value::Bool(holds)) => Ok(holds),
            Some(_) => Err(self.fault(&"it must be true or false")),
        }
    }

    /// Its value as a number; `None` when it names something absent.
    ///
    /// # Errors
    /// `Invalid` when it is not a number.
    pub fn number(&self, facts: &impl Bound) -> Result<Option<f64>, Fault> {
        match self.value(facts)? {
            None => Ok(None),
            Some(Value::Bool(holds)) => Ok(Some(f64::from(u8::from(holds)))),
            Some(value) => match value.as_f64() {
                Some(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(self.fault(&"it must be a finite number")),
            },
        }
    }

    /// Its value as text; empty when it names something absent.
    ///
    /// # Errors
    /// `Invalid` when it is a list or a map.
    pub fn text(&self, facts: &impl Bound) -> Result<String, Fault> {
        match self.value(facts)? {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(_) => Err(self.fault(&"it must be text, a number or a truth value")),
        }
    }

    /// The paths below `root` that it names, as `["data", "value"]`; the empty path when it names
    /// all of it.
    #[must_use]
    pub fn paths(&self, root: &str) -> BTreeSet<Vec<String>> {
        let mut paths = BTreeSet::new();
        visit(self.program.expression(), &mut |node| match selected(node, root) {
            Some(path) => {
                paths.insert(path);
                false
            }
            None => true,
        });
        paths
    }

    fn fault(&self, error: &dyn std::fmt::Display) -> Fault {
        Fault::invalid(self.source.clone(), error.to_string())
    }
}

/// Whether CEL has the function or the method, judged by calling it. Operators (`_>_`) it has.
fn exists(function: &str) -> bool {
    let undeclared = |call: String| {
        let outcome = Program::compile(&call).map(|call| call.execute(&Context::default()));
        matches!(outcome, Ok(Err(ExecutionError::UndeclaredReference(_))))
    };
    !function.starts_with(|c: char| c.is_ascii_alphabetic())
        || !undeclared(format!("{function}()"))
        || !undeclared(format!("''.{function}()"))
}

/// The variables that macros declare: `x` in `event.data.items.all(x, x > 1)`.
fn declared(program: &Program) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    visit(program.expression(), &mut |node| {
        if let Expr::Comprehension(all) = &node.expr {
            names.insert(all.iter_var.clone());
            names.insert(all.accu_var.clone());
            names.extend(all.iter_var2.clone());
        }
        true
    });
    names
}

/// Shows every node to `see`, and those below it if `see` says so.
fn visit(node: &IdedExpr, see: &mut impl FnMut(&IdedExpr) -> bool) {
    if !see(node) {
        return;
    }
    match &node.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| visit(target, see));
            call.args.iter().for_each(|arg| visit(arg, see));
        }
        Expr::Select(select) => visit(&select.operand, see),
        Expr::List(list) => list.elements.iter().for_each(|item| visit(item, see)),
        Expr::Map(map) => map.entries.iter().for_each(|entry| visit_entry(&entry.expr, see)),
        Expr::Struct(item) => item.entries.iter().for_each(|entry| visit_entry(&entry.expr, see)),
        Expr::Comprehension(all) => {
            for part in
                [&all.iter_range, &all.accu_init, &all.loop_cond, &all.loop_step, &all.result]
            {
                visit(part, see);
            }
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn visit_entry(entry: &EntryExpr, see: &mut impl FnMut(&IdedExpr) -> bool) {
    match entry {
        EntryExpr::StructField(field) => visit(&field.value, see),
        EntryExpr::MapEntry(pair) => {
            visit(&pair.key, see);
            visit(&pair.value, see);
        }
    }
}

/// The path of a chain of field selections that starts at `root`.
fn selected(node: &IdedExpr, root: &str) -> Option<Vec<String>> {
    match &node.expr {
        Expr::Ident(name) if name == root => Some(Vec::new()),
        Expr::Select(select) => {
            let mut path = selected(&select.operand, root)?;
            path.push(select.field.clone());
            Some(path)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judge(source: &str, event: Value) -> Result<bool, Fault> {
        let facts = Facts { event: &event, ..Facts::default() };
        Expression::compile("when", source)?.holds(&facts)
    }

    #[test]
    fn numbers_compare_across_kinds() {
        assert!(judge("event.data.value > 50", json!({"data": {"value": 50.5}})).unwrap());
        assert!(!judge("event.data.value > 50.0", json!({"data": {"value": 50}})).unwrap());
    }

    #[test]
    fn what_is_absent_does_not_hold() {
        assert!(!judge("event.data.value > 50", json!({"data": {}})).unwrap());
        assert!(!judge("has(event.data.value)", json!({"data": {}})).unwrap());
    }

    #[test]
    fn text_where_a_number_belongs_is_an_error_without_the_text() {
        let fault =
            judge("event.data.value > 50", json!({"data": {"value": "secret"}})).unwrap_err();
        assert!(fault.to_string().contains("event.data.value > 50"), "{fault}");
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }

    #[test]
    fn mistakes_are_found_when_it_is_saved() {
        assert!(judge("event.data.", json!({})).is_err());
        assert!(judge("evnt.x == 1", json!({})).is_err());
        assert!(judge("nope(event.x)", json!({})).is_err());
        assert!(judge("event.x.nope() == 1", json!({})).is_err());
    }

    #[test]
    fn the_functions_of_cel_are_known() {
        for known in [
            "size(event.x) > 0 && event.x.size() > 0",
            "event.x.startsWith('a') || event.x.endsWith('a') || event.x.contains('a')",
            "event.x.matches('^a') || matches(event.x, '^a')",
            "int(event.x) > 0 || double(event.x) > 0.0 || string(event.x) == '' || bool(event.x)",
            "event.x.all(y, y > 1) || event.x.exists(y, y > 1) || has(event.x)",
            "event.x in [1, 2] && event.x[0] == 1 && (event.x ? 1 : 2) == 1 && !(-event.x > 1)",
        ] {
            let compiled = Expression::compile("when", known);
            assert!(compiled.is_ok(), "{known}: {compiled:?}");
        }
    }

    #[test]
    fn a_place_has_its_own_names() {
        let history = json!({"count": 2});
        let facts = Facts { history: &history, ..Facts::default() };
        let seen = Expression::compile_with("when", "history.count > 1", names::FILTER).unwrap();
        assert!(seen.holds(&facts).unwrap());
        let unseen = Expression::compile("when", "history.count > 1").unwrap_err();
        assert!(unseen.to_string().contains("`history` is unknown"), "{unseen}");
    }

    #[test]
    fn names_the_paths_it_needs() {
        let it = Expression::compile(
            "f",
            "event.data.a.b > 1 && size(event.data.c) > 0 || has(event.id)",
        );
        let paths: Vec<String> = it.unwrap().paths("event").iter().map(|p| p.join(".")).collect();
        assert_eq!(paths, ["data.a.b", "data.c", "id"]);
    }
}
