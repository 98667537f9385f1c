//! What an event of each type concerns, so that its cost grows with the use cases that name its type
//! and not with all that are installed.

use super::compile::{Fields, UseCase};
use super::trigger::Expects;
use crate::event::Event;
use crate::feature::{StreamId, StreamRule};
use crate::signal::event_facts;
use crate::window::Span;
use ceap_kernel::{Fault, UseCaseId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What the running use cases need of events.
#[derive(Debug, Default)]
pub(super) struct Index {
    kinds: BTreeMap<String, Kind>,
    streams: BTreeMap<StreamId, Stream>,
}

/// What they need of one event type.
#[derive(Debug, Default)]
struct Kind {
    /// Who names it, in a trigger or a feature.
    concerned: BTreeSet<UseCaseId>,
    /// What their triggers and goals expect of its `data`.
    expects: Vec<(UseCaseId, String, Expects)>,
    /// How many triggers name it.
    triggers: usize,
    /// The fields of `data` that these need later.
    fields: Option<Fields>,
    /// Whether any of them is judged again when others arrive late.
    judged_again: bool,
    /// Whose goal it may reach; of use cases that are off, too: what they sent still counts.
    goals: BTreeSet<UseCaseId>,
    /// The streams it may belong to.
    streams: BTreeSet<StreamId>,
}

/// What they need of one stream.
#[derive(Debug)]
struct Stream {
    rule: StreamRule,
    /// Milliseconds after an event at which it may be judged.
    delay: i64,
    /// The first that needs it.
    by: UseCaseId,
}

impl Index {
    /// The event types that some use case names.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Of all use cases.
    pub(super) fn of(use_cases: &[UseCase]) -> Self {
        let mut index = Self::default();
        for use_case in use_cases {
            if let Some(goal) = &use_case.goal {
                let kind = index.kinds.entry(goal.kind().to_owned()).or_default();
                kind.goals.insert(use_case.id().clone());
            }
            if use_case.runs() {
                index.add(use_case);
            }
        }
        index
    }

    fn add(&mut self, use_case: &UseCase) {
        let (trigger, id) = (&use_case.document.trigger, use_case.id());
        if let Some(event) = &trigger.event {
            let kind = self.kinds.entry(event.clone()).or_default();
            kind.concerned.insert(id.clone());
            kind.triggers = kind.triggers.saturating_add(1);
            kind.judged_again |= use_case.judges_again();
            let fields = use_case.trigger_fields();
            kind.fields = Some(match kind.fields.take() {
                Some(known) => known.and(fields),
                None => fields,
            });
            let expects = trigger.expects.iter();
            kind.expects.extend(expects.map(|(field, it)| (id.clone(), field.clone(), *it)));
        }
        if let Some(goal) = &use_case.goal
            && let Some(field) = goal.number(goal.kind())
        {
            let kind = self.kinds.entry(goal.kind().to_owned()).or_default();
            kind.expects.push((id.clone(), field.to_owned(), Expects::Number));
        }
        let delay = trigger.delay.map_or(0, Span::millis);
        for (stream, rule) in use_case.features.streams() {
            let kind = self.kinds.entry(rule.kind.clone()).or_default();
            kind.concerned.insert(id.clone());
            kind.streams.insert(*stream);
            let needed = Stream { rule: rule.clone(), delay, by: id.clone() };
            let slot = self.streams.entry(*stream).or_insert(needed);
            slot.rule.merge(rule);
            slot.delay = slot.delay.max(delay);
        }
    }

    pub(super) fn concerned(&self, kind: &str) -> impl Iterator<Item = &UseCaseId> {
        self.kinds.get(kind).into_iter().flat_map(|kind| &kind.concerned)
    }

    pub(super) fn goals(&self, kind: &str) -> impl Iterator<Item = &UseCaseId> {
        self.kinds.get(kind).into_iter().flat_map(|kind| &kind.goals)
    }

    pub(super) fn triggers(&self, kind: &str) -> usize {
        self.kinds.get(kind).map_or(0, |kind| kind.triggers)
    }

    pub(super) fn judges_again(&self, kind: &str) -> bool {
        self.kinds.get(kind).is_some_and(|kind| kind.judged_again)
    }

    pub(super) fn stream(&self, id: StreamId) -> Option<(&StreamRule, i64)> {
        self.streams.get(&id).map(|stream| (&stream.rule, stream.delay))
    }

    pub(super) fn project(&self, event: &Event) -> Option<Map<String, Value>> {
        let fields = self.kinds.get(&event.kind)?.fields.as_ref()?;
        let kept = |name: &str| match fields {
            Fields::All => true,
            Fields::Named(names) => names.contains(name),
        };
        let fields = event.data.iter().filter(|(name, value)| kept(name) && !value.is_null());
        Some(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    pub(super) fn admit(
        &self,
        event: &Event,
        settings: &Value,
    ) -> Result<Vec<(StreamId, &StreamRule)>, Fault> {
        let Some(kind) = self.kinds.get(&event.kind) else { return Ok(Vec::new()) };
        let refused = |field: &str, must: &str, by: &UseCaseId| {
            Err(Fault::invalid(format!("data.{field}"), format!("must be {must} (use case {by})")))
        };
        for (by, field, expects) in &kind.expects {
            if !expects.allows(event.data.get(field)) {
                return refused(field, expects.as_str(), by);
            }
        }
        let streams = || kind.streams.iter().filter_map(|id| Some((*id, self.streams.get(id)?)));
        let facts = streams()
            .any(|(_, stream)| stream.rule.filter.is_some())
            .then(|| event_facts(&event.kind, &event.subject, event.time, &event.data));
        let mut takes = Vec::new();
        for (id, stream) in streams() {
            if !stream.rule.takes(facts.as_ref().unwrap_or(&Value::Null), settings) {
                continue;
            }
            if let Err((field, must)) = stream.rule.check(&event.data) {
                return refused(field, &must, &stream.by);
            }
            takes.push((id, &stream.rule));
        }
        Ok(takes)
    }
}
