//! Partials: what templates of a tenant share.
//!
//! A partial is one Liquid source. Where it is rendered decides how its values are escaped. It sees
//! the facts that the template sees, and what it is given as parameters, but no variable that the
//! template defines (Shopify: "the code within the rendered template doesn't have access to the
//! variables assigned in its parent"). The crate's `render` hides the facts as well, so those that a
//! partial reads are handed to it by name.

use super::escape::Escape;
use super::rewrite;
use super::scope::Scope;
use super::syntax::{self, Piece, Problem};
use ceap_kernel::Fault;
use std::collections::{BTreeMap, BTreeSet};

/// Partials within partials.
const MAX_DEPTH: usize = 8;

/// A tenant's partials: sources by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partials(BTreeMap<String, String>);

impl Partials {
    /// The source of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Adds one, or takes the place of the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, source: impl Into<String>) {
        self.0.insert(name.into(), source.into());
    }

    /// Each with its source.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, source)| (name.as_str(), source.as_str()))
    }
}

impl FromIterator<(String, String)> for Partials {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(partials: I) -> Self {
        Self(partials.into_iter().collect())
    }
}

/// A source, read.
pub(super) struct Unit {
    pub(super) pieces: Vec<Piece>,
    pub(super) scope: Scope,
    /// The facts it reads, itself and by its partials.
    pub(super) paths: Vec<Vec<String>>,
    /// The facts that each of its `render` tags must hand on, by the place of the tag.
    pub(super) handed: BTreeMap<usize, BTreeSet<String>>,
    /// The partials within each other that it leads to.
    depth: usize,
}

/// What a template and its partials are made into.
pub(super) struct Whole {
    pub(super) unit: Unit,
    /// The partials that it renders, themselves and through others, as the engine is to read them.
    pub(super) partials: BTreeMap<String, String>,
    /// Everything that its author wrote.
    pub(super) sources: String,
}

/// Reads `source` with the partials that it needs.
pub(super) fn resolve(
    field: &str,
    source: &str,
    escape: Escape,
    known: &Partials,
) -> Result<Whole, Fault> {
    let mut reading = Reading {
        field,
        escape,
        known,
        done: BTreeMap::new(),
        open: Vec::new(),
        sources: source.to_owned(),
    };
    let unit = reading.unit(source).map_err(|problem| invalid(field, None, problem))?;
    let unit = reading.hand(unit, None)?;
    let partials = reading.done.into_iter().map(|(name, (_, text))| (name, text)).collect();
    Ok(Whole { unit, partials, sources: reading.sources })
}

/// `Invalid` at `field`; the place is that of the line, in the partial if there is one.
pub(super) fn invalid(field: &str, partial: Option<&str>, problem: Problem) -> Fault {
    let Problem { line, message } = problem;
    let place = match (partial, line) {
        (None, 0) => String::new(),
        (None, line) => format!("line {line}: "),
        (Some(partial), 0) => format!("partial `{partial}`: "),
        (Some(partial), line) => format!("partial `{partial}`, line {line}: "),
    };
    Fault::invalid(field, format!("{place}{message}"))
}

struct Reading<'a> {
    field: &'a str,
    escape: Escape,
    known: &'a Partials,
    done: BTreeMap<String, (Unit, String)>,
    open: Vec<String>,
    sources: String,
}

impl Reading<'_> {
    fn unit(&self, source: &str) -> Result<Unit, Problem> {
        let pieces = syntax::read(source)?;
        let scope = Scope::of(&pieces)?;
        let own = |path: &Vec<String>| path.first().is_some_and(|it| scope.defined.contains(it));
        let paths = scope.reads.iter().filter(|path| !own(path)).cloned().collect();
        Ok(Unit { pieces, scope, paths, handed: BTreeMap::new(), depth: 0 })
    }

    /// Reads the partials of `unit`, and notes what they must be handed.
    fn hand(&mut self, mut unit: Unit, name: Option<&str>) -> Result<Unit, Fault> {
        for render in &unit.scope.renders {
            let fault =
                |message: String| invalid(self.field, name, Problem::new(render.line, message));
            let partial = &render.name;
            if self.known.get(partial).is_none() {
                return Err(fault(format!("there is no partial `{partial}`; store it first")));
            }
            if self.open.contains(partial) {
                return Err(fault(format!("the partial `{partial}` renders itself")));
            }
            if self.open.len() >= MAX_DEPTH {
                return Err(fault(format!("more than {MAX_DEPTH} partials within each other")));
            }
            self.partial(partial)?;
            let Some((theirs, _)) = self.done.get(partial) else { continue };
            unit.depth = unit.depth.max(theirs.depth.saturating_add(1));
            let fault = |message: String| {
                Err(invalid(self.field, name, Problem::new(render.line, message)))
            };
            if unit.depth > MAX_DEPTH {
                return fault(format!("more than {MAX_DEPTH} partials within each other"));
            }
            if let Some(twice) = render.parameters.intersection(&theirs.scope.captured).next() {
                return fault(format!(
                    "`{twice}` is a parameter here, and the partial `{partial}` captures it; rename it"
                ));
            }
            let handed = unit.handed.entry(render.piece).or_default();
            for path in &theirs.paths {
                let Some(root) = path.first().filter(|root| !render.parameters.contains(*root))
                else {
                    continue;
                };
                if unit.scope.defined.contains(root) {
                    return fault(format!(
                        "the partial `{partial}` reads `{root}`, which is a variable here; hand it \
                         over: {{% render '{partial}', {root}: {root} %}}"
                    ));
                }
                handed.insert(root.clone());
                unit.paths.push(path.clone());
            }
        }
        Ok(unit)
    }

    fn partial(&mut self, name: &str) -> Result<(), Fault> {
        if self.done.contains_key(name) {
            return Ok(());
        }
        let source = self.known.get(name).unwrap_or_default();
        super::liquid::length(self.field, source)?;
        self.sources.push('\n');
        self.sources.push_str(source);
        let unit = self.unit(source).map_err(|problem| invalid(self.field, Some(name), problem))?;
        self.open.push(name.to_owned());
        let unit = self.hand(unit, Some(name))?;
        self.open.pop();
        let text = rewrite::source(&unit, self.escape, true)
            .map_err(|problem| invalid(self.field, Some(name), problem))?;
        self.done.insert(name.to_owned(), (unit, text));
        Ok(())
    }
}
