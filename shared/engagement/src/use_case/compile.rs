//! A document made ready to run: conditions, models and templates compiled once.

use super::document::{Document, Mode, Purpose};
use super::goal::Goal;
use super::place;
use super::step::Step;
use super::stored::Stored;
use crate::condition::{Expression, names};
use crate::feature::Features;
use crate::reentry::EntryRules;
use crate::score::Score;
use crate::template::{self, Known, Template};
use ceap_kernel::{Fault, UseCaseId};
use std::collections::BTreeSet;

/// What conditions and templates see of an event.
pub(super) const EVENT: [&str; 4] = ["type", "subject", "time", "data"];

/// A use case, ready to run.
#[derive(Debug)]
pub struct UseCase {
    /// What was written, in its plainest terms: see `Document::plain`.
    pub document: Document,
    /// The trigger's condition.
    pub when: Option<Expression>,
    /// The filter's conditions with their reasons.
    pub filter: Vec<(Expression, String)>,
    /// What is computed of the subject's events.
    pub features: Features,
    /// The model.
    pub score: Score,
    /// What tells apart candidates of one subject.
    pub key: Option<Expression>,
    /// The instant that the event names.
    pub until: Option<Expression>,
    /// The thing that the event is about, where it concerns others than its subject.
    pub thing: Option<Expression>,
    /// What counts as success.
    pub goal: Option<Goal>,
    /// The channels of its action, in the order in which they are tried.
    steps: Vec<Step>,
}

/// Which fields of an event's `data` are kept for later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// Only these.
    Named(BTreeSet<String>),
    /// All: an expression or template uses `data` as a whole.
    All,
}

impl Fields {
    /// No field.
    #[must_use]
    pub fn none() -> Self {
        Self::Named(BTreeSet::new())
    }

    /// The fields of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Named(mut mine), Self::Named(theirs)) => {
                mine.extend(theirs);
                Self::Named(mine)
            }
            _ => Self::All,
        }
    }
}

impl UseCase {
    /// Reads and compiles a document in YAML or JSON.
    ///
    /// # Errors
    /// `Invalid`, naming the line and the field.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (document, places) = place::read(text)?;
        Self::compile(document).map_err(|fault| places.locate(fault))
    }

    /// Compiles a document.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(document: Document) -> Result<Self, Fault> {
        Self::with(document, &Stored::default())
    }

    /// Compiles a document that may name what is `stored`: templates, models.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn with(document: Document, stored: &Stored) -> Result<Self, Fault> {
        // Its condition comes first in the plain document, and its author has not seen it.
        let of_absence = usize::from(document.trigger.absence.is_some());
        let document = document.plain()?;
        let optional = |field: &str, source: &Option<String>| {
            source.as_deref().map(|source| Expression::compile(field, source)).transpose()
        };
        let until = document.trigger.until.as_ref().map(|until| until.time.clone());
        let thing = document.trigger.fan_out.as_ref().map(|fan_out| fan_out.is.clone());
        let use_case = Self {
            when: optional("trigger.when", &document.trigger.when)?,
            filter: document
                .filter
                .iter()
                .enumerate()
                .map(|(n, rule)| {
                    let field = match n.checked_sub(of_absence) {
                        Some(n) => format!("filter[{n}].when"),
                        None => "trigger.absence".to_owned(),
                    };
                    let when = Expression::compile_with(&field, &rule.when, names::FILTER)?;
                    Ok((when, rule.reason.clone()))
                })
                .collect::<Result<_, Fault>>()?,
            score: Score::compile(
                &document.score,
                document.version,
                &document.features,
                &stored.models,
            )?,
            features: Features::compile(&document.features)?,
            key: optional("key", &document.key)?,
            until: optional("trigger.until.time", &until)?,
            thing: optional("trigger.fan_out.is", &thing)?,
            goal: document.goal.as_ref().map(Goal::compile).transpose()?,
            steps: Step::compile(&document, &stored.templates)?,
            document,
        };
        use_case.check()?;
        use_case.check_templates()?;
        Ok(use_case)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &UseCaseId {
        &self.document.id
    }

    /// What it says of another candidate, after one that has expired.
    #[must_use]
    pub fn entry_rules(&self) -> EntryRules {
        let Document { cooldown, reentry, .. } = self.document;
        EntryRules { cooldown, reentry, history: self.looks_back() }
    }

    /// Whether its filter looks at the candidates that there were.
    #[must_use]
    pub fn looks_back(&self) -> bool {
        self.filter.iter().any(|(when, _)| !when.paths("history").is_empty())
    }

    /// Whether it looks at events at all.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.document.mode != Mode::Off
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let filter = self.filter.iter().map(|(when, _)| when);
        let single = [&self.when, &self.key, &self.until, &self.thing].into_iter().flatten();
        let to = self.steps.iter().filter_map(|step| step.to.as_ref());
        let meant = self.steps.iter().filter_map(|step| step.when.as_deref());
        filter.chain(single).chain(to).chain(meant).chain(self.score.expressions())
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        self.steps.iter().flat_map(Step::templates)
    }

    /// The channel that is tried at `step`, counted from 0 over all actions.
    #[must_use]
    pub fn step(&self, step: u8) -> Option<&Step> {
        self.steps.get(usize::from(step))
    }

    /// The first channel of each action.
    pub fn first_steps(&self) -> impl Iterator<Item = u8> {
        (0_u8..).zip(&self.steps).filter(|(_, step)| step.first).map(|(nth, _)| nth)
    }

    /// The channel that is tried after that of `step`; none after the last of its action.
    #[must_use]
    pub fn next_step(&self, step: u8) -> Option<u8> {
        let next = step.checked_add(1)?;
        self.step(next).filter(|it| !it.first).map(|_| next)
    }

    /// The fields of the triggering event's `data` that it names anywhere.
    #[must_use]
    pub fn trigger_fields(&self) -> Fields {
        let mut fields = Fields::none();
        let named = self.expressions().flat_map(|expression| expression.paths("event"));
        for path in named.chain(self.features.trigger_paths().iter().cloned()) {
            let named = match path.first().map(String::as_str) {
                Some("data") => path.get(1).map(|name| Fields::Named([name.clone()].into())),
                Some(_) => Some(Fields::none()),
                None => None,
            };
            fields = fields.and(named.unwrap_or(Fields::All));
        }
        for template in self.templates() {
            fields = fields.and(template.event_fields().map_or(Fields::All, Fields::Named));
        }
        fields
    }

    /// Whether events that arrive late can change what its trigger says of others.
    #[must_use]
    pub fn judges_again(&self) -> bool {
        self.when.as_ref().is_some_and(|when| !when.paths("features").is_empty())
    }

    /// What templates may name: the facts that a message is rendered with.
    fn check_templates(&self) -> Result<(), Fault> {
        let features = self.document.features.keys().map(String::as_str);
        let mut known = Known::use_case(features);
        if self.score.affinity().is_some() {
            known = known.any("items").any("item");
        }
        template::check(self.templates(), &known)
    }

    fn check(&self) -> Result<(), Fault> {
        let document = &self.document;
        if document.version == 0 {
            return Err(Fault::invalid("version", "must be at least 1"));
        }
        if document.holdout_percent > 100 {
            return Err(Fault::invalid("holdout_percent", "must be between 0 and 100"));
        }
        if document.purpose == Purpose::Operational && document.quiet_hours.is_some() {
            return Err(Fault::invalid("quiet_hours", "are not for an operational purpose"));
        }
        if document.purpose == Purpose::Operational && document.send_window.is_some() {
            return Err(Fault::invalid("send_window", "is not for an operational purpose"));
        }
        if document.send_window.is_some_and(|window| !window.opens_at_all()) {
            let message = "must open before it closes; quiet_hours may span midnight";
            return Err(Fault::invalid("send_window", message));
        }
        if let Some(reentry) = document.reentry
            && !(1..=100).contains(&reentry.limit)
        {
            return Err(Fault::invalid("reentry.limit", "must be between 1 and 100"));
        }
        // It would depend on whether the profile or the event arrives first.
        if document.trigger.event.is_some()
            && self.when.iter().any(|when| !when.paths("profile").is_empty())
        {
            let message = "judges events only; a condition on the profile belongs under `filter`";
            return Err(Fault::invalid("trigger.when", message));
        }
        for expression in self.expressions() {
            for path in expression.paths("features") {
                let known = path.first().is_some_and(|name| document.features.contains_key(name));
                if !known && !path.is_empty() {
                    let name = path.join(".");
                    let message = format!("`features.{name}` is not declared under `features`");
                    return Err(Fault::invalid(expression.field(), message));
                }
            }
            for path in expression.paths("event") {
                if let Some(name) = path.first()
                    && !EVENT.contains(&name.as_str())
                {
                    let message =
                        format!("an event has type, subject, time and data, not `{name}`");
                    return Err(Fault::invalid(expression.field(), message));
                }
            }
        }
        Ok(())
    }
}
