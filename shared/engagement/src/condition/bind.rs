//! Facts as CEL sees them: only what an expression names is converted, and texts are borrowed.
//!
//! Numbers are doubles, as CEL says of JSON, so that 300 and 300.0 are the same; whole numbers that a
//! double cannot hold stay whole.

use super::facts::Bound;
use super::pattern::Pattern;
use super::syntax::Path;
use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt, MAP_TYPE,
    Type,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// Whole numbers up to here are exact as doubles: 2^53.
const EXACT: u64 = 1 << 53;

/// The same as a double.
pub const EXACT_DOUBLE: f64 = 9_007_199_254_740_992.0;

/// What an expression names below a value.
#[derive(Debug, Default)]
pub struct Tree {
    /// The value itself, not only some of its fields.
    whole: bool,
    /// The fields that it names, or asks for.
    fields: BTreeMap<String, Tree>,
}

impl Tree {
    /// Adds what `path` names.
    fn add(&mut self, path: &Path<'_>) {
        let leaf = path
            .fields
            .iter()
            .fold(self, |tree, field| tree.fields.entry((*field).to_owned()).or_default());
        leaf.whole |= !path.test;
    }

    /// The values below `value` that are named whole.
    fn named<'v>(&self, value: &'v Value, each: &mut impl FnMut(&'v Value)) {
        if self.whole {
            return each(value);
        }
        for (field, tree) in &self.fields {
            if let Some(value) = value.get(field) {
                tree.named(value, each);
            }
        }
    }
}

/// What an expression names, found when it is compiled.
#[derive(Debug, Default)]
pub struct Names {
    roots: Vec<(&'static str, Tree)>,
    /// Paths named whole, with dots, each once.
    dotted: Vec<String>,
}

impl Names {
    /// What `paths` name, of the `allowed` roots.
    pub fn of(paths: &[Path<'_>], allowed: &[&'static str]) -> Self {
        let mut names = Self::default();
        for root in allowed {
            let mut tree = Tree::default();
            let mut some = false;
            for path in paths.iter().filter(|path| path.root == *root) {
                tree.add(path);
                some = true;
                if !path.test {
                    let fields = path.fields.iter().map(|field| format!(".{field}"));
                    names.dotted.push(std::iter::once((*root).to_owned()).chain(fields).collect());
                }
            }
            if some {
                names.roots.push((root, tree));
            }
        }
        names.dotted.sort_unstable();
        names.dotted.dedup();
        names
    }

    /// The roots that the expression names.
    pub fn roots(&self) -> impl Iterator<Item = &'static str> {
        self.roots.iter().map(|(root, _)| *root)
    }

    /// Shows each value that the expression names whole.
    pub fn each<'v>(&self, facts: &'v impl Bound, each: &mut impl FnMut(&'v Value)) {
        for (root, tree) in &self.roots {
            tree.named(facts.get(root), each);
        }
    }
}

/// An expression's names bound to the facts of one evaluation.
pub struct Bindings<'a> {
    names: &'a Names,
    patterns: &'a [Pattern],
    values: Vec<&'a Value>,
    /// Lists and maps that were converted, in the order of [`Names::dotted`].
    kept: Vec<OnceLock<Box<dyn Val + 'a>>>,
}

impl<'a> Bindings<'a> {
    /// Binds `names` to `facts`.
    pub fn of(names: &'a Names, patterns: &'a [Pattern], facts: &'a impl Bound) -> Self {
        let values = names.roots.iter().map(|(root, _)| facts.get(root)).collect();
        let mut kept = Vec::new();
        kept.resize_with(names.dotted.len(), OnceLock::new);
        Self { names, patterns, values, kept }
    }

    /// The value at a path with dots, and what is named below it.
    fn find(&self, path: &str) -> Option<(&'a Value, &'a Tree)> {
        let mut fields = path.split('.');
        let root = fields.next()?;
        let at = self.names.roots.iter().position(|(name, _)| *name == root)?;
        let found = (*self.values.get(at)?, &self.names.roots.get(at)?.1);
        fields.try_fold(found, |(value, tree), field| {
            Some((value.get(field)?, tree.fields.get(field)?))
        })
    }
}

impl VariableResolver for Bindings<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(pattern) = name.strip_prefix(Pattern::NAME) {
            let pattern = self.patterns.get(pattern.parse::<usize>().ok()?)?;
            return Some(CowVal::Borrowed(pattern));
        }
        let (value, tree) = self.find(name)?;
        if !(value.is_array() || value.is_object()) || !tree.whole {
            return Some(CowVal::Owned(lazy(value, Some(tree))));
        }
        let nth = self.names.dotted.binary_search_by(|dotted| dotted.as_str().cmp(name)).ok()?;
        let kept = self.kept.get(nth)?.get_or_init(|| whole(value));
        Some(CowVal::Borrowed(kept.as_ref()))
    }
}

/// The value of which `tree` is named: an object stays as it is until a field is selected.
fn lazy<'v>(value: &'v Value, tree: Option<&'v Tree>) -> Box<dyn Val + 'v> {
    match (value, tree.filter(|tree| !tree.whole)) {
        (Value::Object(fields), Some(tree)) => Box::new(Object { fields, tree }),
        // Of which nothing is named but its presence.
        (Value::Array(_), Some(_)) => Box::new(CelList::default()),
        _ => whole(value),
    }
}

/// The value with all that is in it.
fn whole<'v>(value: &'v Value) -> Box<dyn Val + 'v> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(value) => number(value),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => {
            let items: Vec<Box<dyn Val + 'v>> = items.iter().map(whole).collect();
            Box::new(CelList::from(items))
        }
        Value::Object(fields) => {
            let fields: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> = fields
                .iter()
                .map(|(key, value)| (CelMapKey::from(key.as_str()), whole(value)))
                .collect();
            Box::new(CelMap::from(fields))
        }
    }
}

fn number<'v>(number: &Number) -> Box<dyn Val + 'v> {
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) if whole.unsigned_abs() > EXACT => Box::new(CelInt::from(whole)),
        (None, Some(whole)) => Box::new(CelUInt::from(whole)),
        _ => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
    }
}

/// An object of which an expression names fields only.
#[derive(Debug, Clone, Copy)]
struct Object<'a> {
    fields: &'a Map<String, Value>,
    tree: &'a Tree,
}

impl Val for Object<'_> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Indexer for Object<'_> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let field = index.downcast_ref::<CelString>().map(CelString::inner).ok_or_else(|| {
            ExecutionError::UnexpectedType {
                got: index.get_type().name().to_owned(),
                want: "string".to_owned(),
            }
        })?;
        let value = self.fields.get(field).ok_or_else(|| ExecutionError::no_such_key(field))?;
        Ok(CowVal::Owned(lazy(value, self.tree.fields.get(field))))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}
