//! One channel of an action, ready to run: where it goes, and what it says.

use super::document::{ActionDocument, FallbackDocument};
use crate::condition::Expression;
use crate::message::Content;
use crate::template::{Escape, Template};
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
    templates: Vec<(&'static str, String, Template)>,
}

impl Step {
    /// The channels of an action, in the order in which they are tried.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(action: &ActionDocument) -> Result<Vec<Self>, Fault> {
        let first = FallbackDocument {
            channel: action.channel.clone(),
            after: None,
            to: action.to.clone(),
            subject: None,
            text: None,
            html: None,
            link: None,
        };
        let mut steps = vec![Self::one("action", &first, action)?];
        for (n, other) in action.fallback.iter().enumerate() {
            let field = format!("action.fallback[{n}]");
            if steps.iter().any(|step| step.channel == other.channel) {
                let message = format!("`{}` is tried already", other.channel);
                return Err(Fault::invalid(format!("{field}.channel"), message));
            }
            steps.push(Self::one(&field, other, action)?);
        }
        Ok(steps)
    }

    fn one(field: &str, own: &FallbackDocument, action: &ActionDocument) -> Result<Self, Fault> {
        let at = |part: &str| format!("{field}.{part}");
        let text = Some(own.text.as_ref().unwrap_or(&action.text));
        let mut templates = Vec::new();
        for (part, source, escape) in [
            ("subject", own.subject.as_ref().or(action.subject.as_ref()), Escape::Line),
            ("text", text, Escape::Text),
            ("html", own.html.as_ref().or(action.html.as_ref()), Escape::Html),
            ("link", own.link.as_ref().or(action.link.as_ref()), Escape::Line),
        ] {
            if let Some(source) = source {
                templates.push((part, at(part), Template::compile(&at(part), source, escape)?));
            }
        }
        let links = templates.iter().flat_map(|(_, _, template)| template.paths());
        let links = links.into_iter().any(|path| path.first().is_some_and(|it| it == "links"));
        let to = own.to.as_deref().map(|to| Expression::compile(&at("to"), to)).transpose()?;
        Ok(Self { channel: own.channel.clone(), to, after: own.after, links, templates })
    }

    /// Its templates with their places in the document.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.templates.iter().map(|(_, field, template)| (field.as_str(), template))
    }

    /// What it says, given the facts.
    ///
    /// # Errors
    /// `Invalid`, naming the unknown variable.
    pub fn render(&self, facts: &Value, _locale: Option<&str>) -> Result<Content, Fault> {
        let part = |name: &str| {
            let template = self.templates.iter().find(|(part, ..)| *part == name);
            template.map(|(_, _, template)| template.render(facts)).transpose()
        };
        Ok(Content {
            subject: part("subject")?,
            text: part("text")?.unwrap_or_default(),
            html: part("html")?,
            link: part("link")?,
            attachments: Vec::new(),
            approved: None,
        })
    }
}
