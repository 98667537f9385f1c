//! The texts of a ticket.

use super::escape::Escape;
use super::liquid::Template;
use super::partials::Partials;
use crate::message::{Ticket, fits};
use ceap_kernel::Fault;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A ticket as it is to be, compiled.
#[derive(Debug)]
pub(super) struct TicketTexts {
    written: Ticket,
    parts: BTreeMap<String, Template>,
}

impl TicketTexts {
    /// Compiles it; `at` is its place in the document.
    ///
    /// # Errors
    /// `Invalid`, naming the field: `action.ticket.priority`. What needs no facts is read at once, so that a word
    /// that there is not is found when the document is saved.
    pub(super) fn compile(at: &str, written: &Ticket, partials: &Partials) -> Result<Self, Fault> {
        let mut parts = BTreeMap::new();
        written.map(|part, source| {
            let field = format!("{at}.{part}");
            let template = Template::with(&field, source, Escape::Line, partials)?;
            if template.paths().is_empty()
                && let Ok(text) = template.render(&json!({}))
            {
                fits(part, &text).map_err(|rule| Fault::invalid(field, rule))?;
            }
            parts.insert(part.to_owned(), template);
            Ok::<_, Fault>(String::new())
        })?;
        let written = written.clone();
        Ok(Self { written, parts })
    }

    /// The ticket with `facts` filled in.
    ///
    /// # Errors
    /// `Invalid`, naming the field, and the variable if one is unknown.
    pub(super) fn render(&self, facts: &Value) -> Result<Ticket, Fault> {
        self.written.map(|part, _| match self.parts.get(part) {
            Some(template) => template.render(facts),
            None => Ok(String::new()),
        })
    }

    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.parts.values()
    }
}
