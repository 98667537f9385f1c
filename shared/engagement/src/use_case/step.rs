//! One channel of an action, ready to run: where it goes, and what it says.

use super::document::{ActionDocument, FallbackDocument};
use crate::condition::Expression;
use crate::message::Content;
use crate::template::{Collection, Template, Texts, TextsDocument};
use crate::window::Span;
use ceap_kernel::Fault;
use serde_json::Value;

/// One channel of an action.
#[derive(Debug)]
pub struct Step {
    /// The channel.
    pub channel: String,
    /// The recipient, where it is not the profile's.
    pub to: Option<Expression>,
    /// How long the channel before has to deliver.
    pub after: Option<Span>,
    /// Whether its text names links.
    pub links: bool,
    texts: Texts,
}

impl Step {
    /// The channels of an action, in the order in which they are tried.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(action: &ActionDocument, stored: &Collection) -> Result<Vec<Self>, Fault> {
        let ActionDocument { channel, to, template, subject, text, html, .. } = action.clone();
        let ActionDocument { mjml, link, approved, locales, fallback, .. } = action.clone();
        let first = FallbackDocument {
            channel,
            after: None,
            to,
            template,
            subject,
            text,
            html,
            mjml,
            link,
            approved,
            locales,
        };
        let mut steps = vec![Self::one("action", "action", &first, &first, stored)?];
        for (n, other) in fallback.iter().enumerate() {
            let field = format!("action.fallback[{n}]");
            if steps.iter().any(|step| step.channel == other.channel) {
                let message = format!("`{}` is tried already", other.channel);
                return Err(Fault::invalid(format!("{field}.channel"), message));
            }
            let (at, says) =
                if other.says() { (field.as_str(), other) } else { ("action", &first) };
            steps.push(Self::one(&field, at, other, says, stored)?);
        }
        Ok(steps)
    }

    fn one(
        field: &str,
        at: &str,
        own: &FallbackDocument,
        says: &FallbackDocument,
        stored: &Collection,
    ) -> Result<Self, Fault> {
        let to = format!("{field}.to");
        let to = own.to.as_deref().map(|source| Expression::compile(&to, source)).transpose()?;
        let texts = match &says.template {
            Some(id) if says.texts() == TextsDocument::default() && says.locales.is_empty() => {
                stored.texts(id).map_err(|fault| fault.within(&format!("{at}.template")))?
            }
            Some(_) => {
                let message = "stands in place of other texts; give one or the other";
                return Err(Fault::invalid(format!("{at}.template"), message));
            }
            None => Texts::compile(at, &says.texts(), &says.locales, &stored.partials)?,
        };
        let links = texts.reads("links");
        Ok(Self { channel: own.channel.clone(), to, after: own.after, links, texts })
    }

    /// Its templates, in all languages.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.texts.templates()
    }

    /// What it says to a recipient of `locale`, given the facts.
    ///
    /// # Errors
    /// `Invalid`, naming the unknown variable.
    pub fn render(&self, facts: &Value, locale: Option<&str>) -> Result<Content, Fault> {
        self.texts.render(facts, locale)
    }
}

impl FallbackDocument {
    /// Whether it has any text of its own.
    fn says(&self) -> bool {
        self.template.is_some()
            || !self.locales.is_empty()
            || self.texts() != TextsDocument::default()
    }

    fn texts(&self) -> TextsDocument {
        TextsDocument {
            subject: self.subject.clone(),
            text: self.text.clone(),
            html: self.html.clone(),
            mjml: self.mjml.clone(),
            link: self.link.clone(),
            approved: self.approved.clone(),
        }
    }
}
