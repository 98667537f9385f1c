//! Expressions as CEL's parser reads them: what they name, and where.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use std::collections::BTreeSet;

/// Shows every node to `see`, and those below it if `see` says so.
pub fn visit<'e>(node: &'e IdedExpr, see: &mut impl FnMut(&'e IdedExpr) -> bool) {
    if see(node) {
        children(node).into_iter().for_each(|child| visit(child, see));
    }
}

/// The nodes right below `node`.
pub fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| values(&entry.expr)).collect(),
        Expr::Struct(item) => item.entries.iter().flat_map(|entry| values(&entry.expr)).collect(),
        Expr::Comprehension(all) => {
            vec![&all.iter_range, &all.accu_init, &all.loop_cond, &all.loop_step, &all.result]
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn values(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(pair) => vec![&pair.key, &pair.value],
    }
}

/// The nodes right below `node`, to be changed.
pub fn children_mut(node: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut node.expr {
        Expr::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).collect(),
        Expr::Select(select) => vec![&mut select.operand],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => {
            map.entries.iter_mut().flat_map(|entry| values_mut(&mut entry.expr)).collect()
        }
        Expr::Struct(item) => {
            item.entries.iter_mut().flat_map(|entry| values_mut(&mut entry.expr)).collect()
        }
        Expr::Comprehension(all) => {
            let all = all.as_mut();
            vec![
                &mut all.iter_range,
                &mut all.accu_init,
                &mut all.loop_cond,
                &mut all.loop_step,
                &mut all.result,
            ]
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn values_mut(entry: &mut EntryExpr) -> Vec<&mut IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&mut field.value],
        EntryExpr::MapEntry(pair) => vec![&mut pair.key, &mut pair.value],
    }
}

/// The variables that macros declare: `x` in `event.data.items.all(x, x > 1)`.
pub fn declared(expression: &IdedExpr) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    visit(expression, &mut |node| {
        if let Expr::Comprehension(all) = &node.expr {
            names.insert(all.iter_var.as_str());
            names.insert(all.accu_var.as_str());
            names.extend(all.iter_var2.as_deref());
        }
        true
    });
    names
}

/// A chain of field selections that starts at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<'e> {
    /// The name it starts at.
    pub root: &'e str,
    /// The fields, from the outermost.
    pub fields: Vec<&'e str>,
    /// Whether only its presence is asked for, with `has()`.
    pub test: bool,
}

/// The path that `node` is, if it is one: `event.data.value`, `event.data['value']`,
/// `has(event.data.value)`.
pub fn path(node: &IdedExpr) -> Option<Path<'_>> {
    match &node.expr {
        Expr::Ident(name) => Some(Path { root: name, fields: Vec::new(), test: false }),
        Expr::Select(select) => {
            let below = path(&select.operand).filter(|operand| !operand.test)?;
            Some(extended(below, &select.field, select.test))
        }
        Expr::Call(call) => {
            let (operand, field) = indexed(call)?;
            let below = path(operand).filter(|operand| !operand.test)?;
            Some(extended(below, field, false))
        }
        _ => None,
    }
}

fn extended<'e>(mut path: Path<'e>, field: &'e str, test: bool) -> Path<'e> {
    path.fields.push(field);
    Path { test, ..path }
}

/// The operand and the field of `operand['field']`.
fn indexed(call: &CallExpr) -> Option<(&IdedExpr, &str)> {
    match call.args.as_slice() {
        [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(field)), .. }]
            if call.func_name == operators::INDEX =>
        {
            Some((operand, field.inner()))
        }
        _ => None,
    }
}

/// All that `expression` names, as long as it can be named at once.
pub fn paths(expression: &IdedExpr) -> Vec<Path<'_>> {
    let mut paths = Vec::new();
    visit(expression, &mut |node| match path(node) {
        Some(path) => {
            paths.push(path);
            false
        }
        None => true,
    });
    paths
}
