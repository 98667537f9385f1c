//! One channel of an action, ready to run: where it goes, and what it says.

use super::document::{ActionDocument, Document, FallbackDocument};
use crate::condition::{Expression, Facts, names};
use crate::message::Content;
use crate::template::{Collection, Template, Texts, TextsDocument};
use crate::window::Span;
use ceap_kernel::{Fault, SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Channels of one use case over all its actions.
const MAX_STEPS: usize = 20;

/// One channel of an action.
#[derive(Debug)]
pub struct Step {
    /// The channel.
    pub channel: String,
    /// Whether its action is meant at all, where that is asked.
    pub when: Option<Arc<Expression>>,
    /// The recipient, where it is not the profile's.
    pub to: Option<Expression>,
    /// Whether it is the first of its action.
    pub first: bool,
    /// How long after the instant of judgement its action begins.
    pub delay: Option<Span>,
    /// How long after that it is worth sending.
    pub expiry: Option<Span>,
    /// How long the channel before has to deliver.
    pub after: Option<Span>,
    /// Whether its text names links.
    pub links: bool,
    texts: Texts,
}

impl Step {
    /// The channels of all actions, each action's in the order in which they are tried.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(document: &Document, stored: &Collection) -> Result<Vec<Self>, Fault> {
        let mut steps = Vec::new();
        Self::action("action", &document.action, document.ttl, stored, &mut steps)?;
        for (n, action) in document.also.iter().enumerate() {
            Self::action(&format!("also[{n}]"), action, document.ttl, stored, &mut steps)?;
        }
        if steps.len() > MAX_STEPS {
            let message = format!("has more than {MAX_STEPS} channels over all actions");
            return Err(Fault::invalid("action", message));
        }
        Ok(steps)
    }

    /// A message's id derives from its candidate and channel: hence each channel once over all actions.
    fn action(
        place: &str,
        action: &ActionDocument,
        ttl: Span,
        stored: &Collection,
        steps: &mut Vec<Self>,
    ) -> Result<(), Fault> {
        if action.delay.is_some_and(|delay| delay >= ttl) {
            let message = "must be shorter than `ttl`: it would be sent to nobody";
            return Err(Fault::invalid(format!("{place}.delay"), message));
        }
        let when = action.when.as_deref().map(|source| {
            Expression::compile_with(&format!("{place}.when"), source, names::ACTION).map(Arc::new)
        });
        let when = when.transpose()?;
        let ActionDocument { channel, to, template, subject, text, html, .. } = action.clone();
        let ActionDocument { mjml, link, approved, ticket, locales, fallback, .. } = action.clone();
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
            ticket,
            locales,
        };
        let mut add = |field: &str, at: &str, own: &FallbackDocument, says: &FallbackDocument| {
            if steps.iter().any(|step| step.channel == own.channel) {
                let message = format!("`{}` is tried already", own.channel);
                return Err(Fault::invalid(format!("{field}.channel"), message));
            }
            let step = Self::one(field, at, own, says, stored)?;
            let (delay, expiry, first) = (action.delay, action.expiry, field == place);
            steps.push(Self { when: when.clone(), first, delay, expiry, ..step });
            Ok(())
        };
        add(place, place, &first, &first)?;
        for (n, other) in fallback.iter().enumerate() {
            let field = format!("{place}.fallback[{n}]");
            let (at, says) = if other.says() { (field.as_str(), other) } else { (place, &first) };
            add(&field, at, other, says)?;
        }
        Ok(())
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
        Ok(Self {
            channel: own.channel.clone(),
            when: None,
            to,
            first: false,
            delay: None,
            expiry: None,
            after: own.after,
            links,
            texts,
        })
    }

    /// Until when it is worth sending for a candidate that was judged `at` and lives until `expires`.
    #[must_use]
    pub fn expires(&self, at: Timestamp, expires: Timestamp) -> Timestamp {
        let Some(expiry) = self.expiry else { return expires };
        let wait = self.delay.map_or(SignedDuration::ZERO, Span::duration);
        let until = at.checked_add(wait.saturating_add(expiry.duration()));
        until.map_or(expires, |until| until.min(expires))
    }

    /// Whether its action is meant, given the facts.
    ///
    /// # Errors
    /// `Invalid`, naming what the condition cannot be judged on.
    pub fn is_meant(&self, facts: &Facts<'_>) -> Result<bool, Fault> {
        self.when.as_ref().map_or(Ok(true), |when| when.holds(facts))
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
            ticket: self.ticket.clone(),
        }
    }
}
