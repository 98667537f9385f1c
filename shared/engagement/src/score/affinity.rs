//! `affinity`: items that go with those a subject had to do with.

use crate::affinity::Own;
use crate::affinity::port::Which;
use crate::feature::Feature;
use crate::use_case::{Duty, ScheduleDocument};
use crate::window::Window;
use ceap_kernel::{AffinityName, Fault, ItemId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Items that one candidate may bring.
pub const MAX_TOP: u8 = 5;

/// A subject's own items that speak for others.
const MAX_OWN: usize = 20;

/// Event types of one document.
const MAX_EVENTS: usize = 5;

/// Before the event type, in the name of the feature that lists a subject's items: no expression can
/// name it.
const FEATURE: &str = "recent:";

/// Recommendation by co-occurrence, over the item catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AffinityDocument {
    /// The newest model that was computed under this name, or the SHA-256 of a certain one.
    pub model: Which,
    /// Events of these types tell which items are the subject's own.
    pub events: Vec<String>,
    /// The field of their `data` that names the item.
    pub of: String,
    /// How long such an event counts.
    pub within: Window,
    /// Below this there is no candidate.
    #[serde(default)]
    pub min: f64,
    /// How many items go with the candidate at most: 1 to 5, 3 by default.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 5))]
    pub top: u8,
    /// Items of events of these types are not recommended, though they speak for no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// When the model is learnt anew from history. Without it, only `POST /v1/use-cases/{id}/affinity`
    /// does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn: Option<ScheduleDocument>,
}

const fn three() -> u8 {
    3
}

impl AffinityDocument {
    /// Checks what the types alone do not.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn check(&self) -> Result<(), Fault> {
        let refuse =
            |field: &str, rule: String| Err(Fault::invalid(format!("score.{field}"), rule));
        if !(1..=MAX_TOP).contains(&self.top) {
            return refuse("top", format!("must be between 1 and {MAX_TOP}"));
        }
        if let Some(learn) = &self.learn {
            self.name()?;
            learn.check(Duty::Learn.field())?;
        }
        if self.of.is_empty() {
            return refuse("of", "must name a field of `data`".to_owned());
        }
        if self.events.is_empty() {
            return refuse("events", "must name an event type".to_owned());
        }
        let all: Vec<&String> = self.kinds().collect();
        let different: BTreeSet<&&String> = all.iter().collect();
        if all.len() > MAX_EVENTS
            || different.len() < all.len()
            || all.iter().any(|it| it.is_empty())
        {
            let rule =
                format!("must name, with `exclude`, at most {MAX_EVENTS} different event types");
            return refuse("events", rule);
        }
        Ok(())
    }

    /// The name that the model is computed under.
    ///
    /// # Errors
    /// `Invalid` when the document names a certain model, which nothing replaces.
    pub fn name(&self) -> Result<&AffinityName, Fault> {
        match &self.model {
            Which::Newest(name) => Ok(name),
            Which::Pinned(_) => {
                let message = "is a certain model; give it a name to have it learnt anew";
                Err(Fault::invalid("score.model", message))
            }
        }
    }

    fn kinds(&self) -> impl Iterator<Item = &String> {
        self.events.iter().chain(&self.exclude)
    }

    /// The features that it reads, each with its name.
    pub fn features(&self) -> impl Iterator<Item = (String, Feature)> {
        self.kinds().map(|kind| {
            (feature(kind), Feature::recent(kind.clone(), self.of.clone(), self.within))
        })
    }

    /// The subject's own items: the newest of each type first, then the second of each, and so on.
    #[must_use]
    pub fn own(&self, features: &Value) -> Vec<Own> {
        let mut own: BTreeMap<(u32, usize), Own> = BTreeMap::new();
        for (nth, event) in self.events.iter().enumerate() {
            for (rank, item) in (0..).zip(listed(features, event)) {
                own.insert((rank, nth), Own { item, rank, event: event.clone() });
            }
        }
        let mut seen = BTreeSet::new();
        own.into_values().filter(|own| seen.insert(own.item.clone())).take(MAX_OWN).collect()
    }

    /// The items that are not recommended: the subject's own, and those that it excludes.
    #[must_use]
    pub fn not(&self, features: &Value) -> BTreeSet<ItemId> {
        self.kinds().flat_map(|kind| listed(features, kind)).collect()
    }
}

fn feature(kind: &str) -> String {
    format!("{FEATURE}{kind}")
}

fn listed(features: &Value, kind: &str) -> Vec<ItemId> {
    let listed = features.get(feature(kind)).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(item).collect()
}

/// The item that a value names: text, or a number as text.
#[must_use]
pub fn item(value: &Value) -> Option<ItemId> {
    match value {
        Value::String(text) => ItemId::new(text.as_str()).ok(),
        Value::Number(number) => ItemId::new(number.to_string()).ok(),
        _ => None,
    }
}

/// Bytes that a signal with these features grows by at most when it is scored: what affinity brings
/// along.
#[must_use]
pub fn growth(features: &Value) -> usize {
    let reads = |it: &Map<String, Value>| it.keys().any(|name| name.starts_with(FEATURE));
    let brings = features.as_object().is_some_and(reads);
    if brings { crate::item::MAX_BYTES.saturating_mul(usize::from(MAX_TOP)) } else { 0 }
}
