//! One template, compiled once and rendered for each message.
//!
//! Strict: an unknown variable is a refused send, never an empty greeting. Bounded: in source, depth,
//! work ([`ceap_liquid`]) and length, whatever the source says; and if the engine panics, as it does
//! on a few inputs, that is a refusal too. To compile 2 KiB of HTML with sixty outputs takes about a
//! millisecond, to render it 0.03 (optimized, 2 vCPUs): compile once, render for each message.

use super::escape::Escape;
use super::language::LANGUAGE;
use super::partials::{self, Partials, invalid};
use super::syntax::Problem;
use super::{report, rewrite, syntax, url};
use ceap_kernel::Fault;
use liquid_core::runtime::{PartialStore, RuntimeBuilder};
use liquid_core::{Error, Object, Renderable, parser, runtime};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Bytes of one source: what MJML became of 64 KiB is the longest.
const MAX_SOURCE: usize = 256 * 1024;

/// Bytes of one rendered text. Mail programs cut HTML off at 102 KiB (Gmail).
const MAX_RENDERED: usize = 512 * 1024;

/// A compiled template.
pub struct Template {
    field: String,
    liquid: runtime::Template,
    partials: Store,
    escape: Escape,
    paths: Vec<Vec<String>>,
    captured: BTreeSet<String>,
    sources: String,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("field", &self.field).finish_non_exhaustive()
    }
}

/// Whether a source is short enough to be read.
pub(super) fn length(field: &str, source: &str) -> Result<(), Fault> {
    if source.len() <= MAX_SOURCE {
        return Ok(());
    }
    Err(Fault::invalid(field, format!("must be at most {MAX_SOURCE} bytes")))
}

impl Template {
    /// Compiles `source`, which renders no partials; `field` is its place in the document.
    ///
    /// # Errors
    /// See [`Self::with`].
    pub fn compile(field: &str, source: &str, escape: Escape) -> Result<Self, Fault> {
        Self::with(field, source, escape, &Partials::default())
    }

    /// Compiles `source` with the partials that it renders.
    ///
    /// # Errors
    /// `Invalid` at `field`, naming the line: it is too long or not Liquid, a value stands where it
    /// could not be made inert, or a partial is unknown, renders itself or cannot be compiled.
    pub fn with(
        field: &str,
        source: &str,
        escape: Escape,
        known: &Partials,
    ) -> Result<Self, Fault> {
        length(field, source)?;
        let whole = partials::resolve(field, source, escape, known)?;
        let text = rewrite::source(&whole.unit, escape, false)
            .map_err(|problem| invalid(field, None, problem))?;
        let liquid = parse(&text).map_err(|problem| invalid(field, None, problem))?;
        let compiled = whole.partials.iter().map(|(name, text)| {
            let compiled = parse(text).map_err(|problem| invalid(field, Some(name), problem))?;
            Ok((name.clone(), Arc::new(compiled) as Arc<dyn Renderable>))
        });
        Ok(Self {
            field: field.to_owned(),
            liquid,
            partials: Store(compiled.collect::<Result<_, Fault>>()?),
            escape,
            paths: whole.unit.paths,
            captured: whole.unit.scope.captured,
            sources: whole.sources,
        })
    }

    /// The text with `facts` filled in.
    ///
    /// # Errors
    /// `Invalid` at the template's field: an unknown variable, an address that may not be shown, or
    /// too much of something. No value is quoted.
    pub fn render(&self, facts: &Value) -> Result<String, Fault> {
        let fault = |message: &str| Fault::invalid(&self.field, message);
        let mut bound = liquid_core::model::to_object(facts)
            .map_err(|error| Fault::Internal(error.to_string()))?;
        // So that what is shown unescaped was captured, and nothing else.
        for name in &self.captured {
            bound.remove(name.as_str());
        }
        let mut page = Page { text: Vec::new(), full: false };
        let rendered = catch_unwind(AssertUnwindSafe(|| self.fill(&mut page, &bound)));
        if page.full {
            return Err(fault(&format!("would be longer than {MAX_RENDERED} bytes")));
        }
        match rendered {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(fault(&report::render(&error, |word| self.sources.contains(word))));
            }
            Err(_) => return Err(fault("computes with numbers that are too large")),
        }
        let text = String::from_utf8(page.text).map_err(|_| fault("is not text"))?;
        match self.escape {
            Escape::Text => Ok(text),
            Escape::Line => Ok(line(&text)),
            Escape::Html => url::settle(&text).map_err(|message| fault(&message)),
            Escape::Url => url::settle_plain(&line(&text)).map_err(|message| fault(&message)),
        }
    }

    fn fill(&self, page: &mut Page, bound: &Object) -> Result<(), Error> {
        let builder = RuntimeBuilder::new().set_globals(bound).set_partials(&self.partials);
        let runtime = builder.build();
        ceap_liquid::bounded(|| self.liquid.render_to(page, &runtime))
    }

    /// The facts that it reads, as paths (`["event", "data", "value"]`), itself and by its partials;
    /// without the variables that it defines.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<String>> {
        self.paths.clone()
    }

    /// The fields of `event.data` that it names; `None` when it uses `event` or `data` as a whole.
    #[must_use]
    pub fn event_fields(&self) -> Option<BTreeSet<String>> {
        let mut fields = BTreeSet::new();
        for path in &self.paths {
            let mut path = path.iter().map(String::as_str);
            if path.next() != Some("event") {
                continue;
            }
            match (path.next(), path.next()) {
                (Some("data"), Some(field)) => drop(fields.insert(field.to_owned())),
                (Some("data") | None, _) => return None,
                _ => {}
            }
        }
        Some(fields)
    }

    /// Where it stands in its document.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

fn line(text: &str) -> String {
    text.replace(char::is_control, " ").trim().to_owned()
}

fn parse(text: &str) -> Result<runtime::Template, Problem> {
    let parsed = catch_unwind(AssertUnwindSafe(|| parser::parse(text, &LANGUAGE)));
    match parsed {
        Ok(Ok(elements)) => Ok(runtime::Template::new(elements)),
        Ok(Err(error)) => Err(report::compile(&error)),
        Err(_) => Err(syntax::unreadable()),
    }
}

/// The partials of one template, compiled.
#[derive(Debug, Default)]
struct Store(BTreeMap<String, Arc<dyn Renderable>>);

impl PartialStore for Store {
    fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn try_get(&self, name: &str) -> Option<Arc<dyn Renderable>> {
        self.0.get(name).cloned()
    }

    fn get(&self, name: &str) -> liquid_core::Result<Arc<dyn Renderable>> {
        self.try_get(name).ok_or_else(|| Error::with_msg("Unknown partial"))
    }
}

/// What is rendered, as long as it is not too long.
struct Page {
    text: Vec<u8>,
    full: bool,
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len().saturating_add(bytes.len()) > MAX_RENDERED {
            self.full = true;
            return Err(io::Error::other("full"));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "liquid_tests.rs"]
mod tests;
