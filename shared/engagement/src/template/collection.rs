//! A tenant's stored templates, at hand for what runs.

use super::document::{PartialDocument, TemplateDocument};
use super::library::compile;
use super::{Partials, Texts};
use ceap_kernel::Fault;
use std::collections::BTreeMap;

/// A tenant's stored templates and partials.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    templates: BTreeMap<String, TemplateDocument>,
    /// The partials.
    pub partials: Partials,
}

impl Collection {
    /// Adds a template.
    pub fn add(&mut self, template: TemplateDocument) {
        self.templates.insert(template.id.clone(), template);
    }

    /// Adds a partial.
    pub fn add_partial(&mut self, partial: PartialDocument) {
        self.partials.insert(partial.id, partial.source);
    }

    /// The channel that the template `id` is for.
    ///
    /// # Errors
    /// `Invalid` when there is none.
    pub fn channel(&self, id: &str) -> Result<&str, Fault> {
        self.templates.get(id).map(|it| it.channel.as_str()).ok_or_else(|| unknown(id))
    }

    /// The template `id`, compiled.
    ///
    /// # Errors
    /// `Invalid` when there is none, or it does not compile.
    pub fn texts(&self, id: &str) -> Result<Texts, Fault> {
        compile(self.templates.get(id).ok_or_else(|| unknown(id))?, &self.partials)
    }
}

fn unknown(id: &str) -> Fault {
    Fault::invalid("template", format!("there is no template `{id}`, or not for long enough"))
}
