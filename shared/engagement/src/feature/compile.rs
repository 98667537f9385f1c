//! Features made ready to run, and what must be kept of which events for them.

use super::cell::{Cell, Keep, MAX_VALUE_BYTES, computable};
use super::{Feature, Op, Unit};
use crate::condition::{Expression, Facts, names};
use crate::window::Window;
use ceap_kernel::{Fault, hash64};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a condition sees of an event.
const EVENT: [&str; 4] = ["type", "subject", "time", "data"];

/// Features of one use case.
const MAX_FEATURES: usize = 50;

/// Which events are kept together: those of one type that meet one `where`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(pub u64);

impl StreamId {
    fn of(kind: &str, filter: Option<&Expression>) -> Self {
        Self(hash64(&[kind, filter.map(Expression::source).unwrap_or_default()]))
    }
}

/// What is computed over the events of a stream that are too many to be kept one by one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Measure {
    /// What.
    pub op: Op,
    /// Of which field of `data`.
    pub field: Option<String>,
    /// Over which window.
    pub window: Window,
}

/// A feature over a window, ready to run.
#[derive(Debug, Clone)]
pub struct Windowed {
    /// What is computed.
    pub op: Op,
    /// Over events of this type.
    pub kind: String,
    /// Of which field of `data`.
    pub field: Option<String>,
    /// Over which events.
    pub stream: StreamId,
    /// Over which window.
    pub window: Window,
    /// Whether the triggering event does not count.
    pub exclusive: bool,
    /// What `since` counts in.
    pub unit: Unit,
    /// The `where` that names the trigger, and so can be judged only when the feature is read.
    pub filter: Option<Arc<Expression>>,
}

impl Windowed {
    /// What is computed where events are too many to be kept one by one.
    #[must_use]
    pub fn measure(&self) -> Measure {
        Measure { op: self.op, field: self.field.clone(), window: self.window }
    }
}

/// A feature, ready to run.
#[derive(Debug, Clone)]
pub enum Rule {
    /// Over a window of events.
    Windowed(Windowed),
    /// One feature divided by another.
    Ratio {
        /// What is divided.
        of: String,
        /// By what.
        to: String,
    },
}

/// What must be kept of which events.
#[derive(Debug, Clone)]
pub struct StreamRule {
    /// Events of this type,
    pub kind: String,
    /// that meet this.
    pub filter: Option<Arc<Expression>>,
    /// The fields of `data` that are kept of each, and in which form.
    pub fields: BTreeMap<String, Keep>,
    /// Fields that must be numbers.
    pub numbers: BTreeSet<String>,
    /// What is computed over those that are too many.
    pub measures: BTreeSet<Measure>,
    /// How long each is needed.
    pub window: Window,
}

impl StreamRule {
    /// Adds what another needs of the same events.
    pub fn merge(&mut self, other: &Self) {
        for (field, keep) in &other.fields {
            let known = self.fields.entry(field.clone()).or_insert(*keep);
            *known = known.and(*keep);
        }
        self.numbers.extend(other.numbers.iter().cloned());
        self.measures.extend(other.measures.iter().cloned());
        self.window = self.window.max(other.window);
    }

    /// Whether an event of its type belongs to it. One that its `where` cannot judge does not.
    #[must_use]
    pub fn takes(&self, event: &Value, settings: &Value) -> bool {
        let facts = Facts { event, settings, ..Facts::default() };
        self.filter.as_ref().is_none_or(|filter| filter.holds(&facts).unwrap_or(false))
    }

    /// Checks that features can compute with an event that belongs to it.
    ///
    /// # Errors
    /// The field that they cannot, and what it must be.
    pub fn check(&self, data: &Map<String, Value>) -> Result<(), (&str, String)> {
        for (field, keep) in &self.fields {
            let Some(value) = data.get(field).filter(|value| !value.is_null()) else { continue };
            if self.numbers.contains(field) && computable(value).is_none() {
                let what = if value.is_number() { " between -1e100 and 1e100" } else { "" };
                return Err((field, format!("a number{what}")));
            }
            if *keep == Keep::Value && value.to_string().len() > MAX_VALUE_BYTES {
                return Err((field, format!("at most {MAX_VALUE_BYTES} bytes of JSON")));
            }
        }
        Ok(())
    }

    /// What is kept of an event's `data`.
    #[must_use]
    pub fn cells(&self, data: &Map<String, Value>) -> BTreeMap<String, Cell> {
        let cell = |(field, keep): (&String, &Keep)| {
            Some((field.clone(), Cell::of(data.get(field), *keep)?))
        };
        self.fields.iter().filter_map(cell).collect()
    }
}

/// The features of a use case, ready to run.
#[derive(Debug, Default)]
pub struct Features {
    /// Each after those that it is computed from.
    rules: Vec<(String, Rule)>,
    streams: BTreeMap<StreamId, StreamRule>,
    trigger_paths: BTreeSet<Vec<String>>,
}

impl Features {
    /// Compiles what a document declares.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(declared: &BTreeMap<String, Feature>) -> Result<Self, Fault> {
        if declared.len() > MAX_FEATURES {
            return Err(Fault::invalid("features", format!("must be at most {MAX_FEATURES}")));
        }
        let mut features = Self::default();
        for (name, feature) in declared {
            let place = Place { name, feature };
            if feature.op != Op::Ratio {
                let windowed = features.windowed(&place)?;
                features.rules.push((name.clone(), Rule::Windowed(windowed)));
            }
        }
        let mut known: BTreeSet<&str> = declared
            .iter()
            .filter(|(_, feature)| feature.op != Op::Ratio)
            .map(|(name, _)| name.as_str())
            .collect();
        let ratios = declared.iter().filter(|(_, feature)| feature.op == Op::Ratio);
        let mut left = ratios
            .map(|(name, feature)| {
                let (of, to) = Place { name, feature }.ratio(declared)?;
                Ok((name, of, to))
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        while !left.is_empty() {
            let (ready, rest): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|(_, of, to)| [of, to].iter().all(|it| known.contains(it.as_str())));
            if ready.is_empty() {
                let circle: Vec<&str> = rest.iter().map(|(name, ..)| name.as_str()).collect();
                let field = format!("features.{}", circle.first().copied().unwrap_or_default());
                let message = format!("is computed from itself: {}", circle.join(", "));
                return Err(Fault::invalid(field, message));
            }
            for (name, of, to) in ready {
                known.insert(name);
                features.rules.push((name.clone(), Rule::Ratio { of, to }));
            }
            left = rest;
        }
        Ok(features)
    }

    fn windowed(&mut self, place: &Place<'_>) -> Result<Windowed, Fault> {
        let (kind, window) = place.events()?;
        let condition = place.condition()?.map(Arc::new);
        let named = |it: &Arc<Expression>| !it.paths("trigger").is_empty();
        let (late, early) = match condition {
            Some(condition) if named(&condition) => (Some(condition), None),
            condition => (None, condition),
        };
        let stream = StreamId::of(kind, early.as_deref());
        let windowed = Windowed {
            op: place.feature.op,
            kind: kind.to_owned(),
            field: place.field()?,
            stream,
            window,
            exclusive: place.feature.exclusive,
            unit: place.feature.unit.unwrap_or_default(),
            filter: late,
        };
        let mut rule = StreamRule {
            kind: kind.to_owned(),
            filter: early,
            fields: BTreeMap::new(),
            numbers: BTreeSet::new(),
            measures: BTreeSet::new(),
            window,
        };
        if let Some(field) = &windowed.field {
            let keep = match windowed.op {
                Op::Distinct => Keep::Hash,
                Op::First | Op::Last | Op::Recent => Keep::Value,
                _ => Keep::Number,
            };
            rule.fields.insert(field.clone(), keep);
            // Of events that do not count it may be anything.
            if keep == Keep::Number && windowed.filter.is_none() {
                rule.numbers.insert(field.clone());
            }
        }
        match &windowed.filter {
            None => drop(rule.measures.insert(windowed.measure())),
            Some(filter) => {
                for field in place.kept_for(filter)? {
                    rule.fields.insert(field, Keep::Value);
                }
                self.trigger_paths.extend(filter.paths("trigger"));
            }
        }
        self.streams.entry(stream).and_modify(|known| known.merge(&rule)).or_insert(rule);
        Ok(windowed)
    }

    /// Each with its name, after those that it is computed from.
    pub fn rules(&self) -> impl Iterator<Item = &(String, Rule)> {
        self.rules.iter()
    }

    /// Those over a window.
    pub fn windows(&self) -> impl Iterator<Item = &Windowed> {
        self.rules.iter().filter_map(|(_, rule)| match rule {
            Rule::Windowed(windowed) => Some(windowed),
            Rule::Ratio { .. } => None,
        })
    }

    /// What must be kept of which events.
    #[must_use]
    pub fn streams(&self) -> &BTreeMap<StreamId, StreamRule> {
        &self.streams
    }

    /// The paths below the triggering event that some `where` names.
    #[must_use]
    pub fn trigger_paths(&self) -> &BTreeSet<Vec<String>> {
        &self.trigger_paths
    }
}

/// One feature of a document, with its name.
struct Place<'a> {
    name: &'a str,
    feature: &'a Feature,
}

impl Place<'_> {
    fn refuse(&self, field: &str, message: impl Into<String>) -> Fault {
        Fault::invalid(format!("features.{}.{field}", self.name), message)
    }

    /// Refuses what its op has no use for.
    fn unused(&self, fields: &[(&str, bool)]) -> Result<(), Fault> {
        match fields.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((field, _)) => {
                Err(self.refuse(field, format!("is not for `{}`", self.feature.op.as_str())))
            }
        }
    }

    /// The type and the window of its events.
    fn events(&self) -> Result<(&str, Window), Fault> {
        let feature = self.feature;
        let since = feature.op == Op::Since;
        self.unused(&[("to", feature.to.is_some()), ("in", feature.unit.is_some() && !since)])?;
        let kind = feature.event.as_deref().filter(|kind| !kind.is_empty());
        let kind =
            kind.ok_or_else(|| self.refuse("event", "is missing; it names an event type"))?;
        let window = feature.within.ok_or_else(|| {
            self.refuse("within", "is missing; it is a window from 1m to 400d, or `lifetime`")
        })?;
        Ok((kind, window))
    }

    /// The field of `data` that it reads.
    fn field(&self) -> Result<Option<String>, Fault> {
        let feature = self.feature;
        if !feature.op.reads_field() {
            self.unused(&[("of", feature.of.is_some())])?;
            return Ok(None);
        }
        let of = feature.of.clone().filter(|of| !of.is_empty());
        of.map(Some).ok_or_else(|| self.refuse("of", "is missing; it names a field of `data`"))
    }

    fn condition(&self) -> Result<Option<Expression>, Fault> {
        let Some(source) = &self.feature.condition else { return Ok(None) };
        let field = format!("features.{}.where", self.name);
        let condition = Expression::compile_with(&field, source, names::FEATURE)?;
        for root in ["event", "trigger"] {
            for path in condition.paths(root) {
                if let Some(name) = path.first()
                    && !EVENT.contains(&name.as_str())
                {
                    let message =
                        format!("an event has type, subject, time and data, not `{name}`");
                    return Err(Fault::invalid(field, message));
                }
            }
        }
        Ok(Some(condition))
    }

    /// The fields of `data` that a `where` reads when the feature is read.
    fn kept_for(&self, filter: &Expression) -> Result<Vec<String>, Fault> {
        let mut fields = Vec::new();
        for path in filter.paths("event") {
            match (path.first().map(String::as_str), path.get(1)) {
                (Some("data"), Some(field)) => fields.push(field.clone()),
                (Some("data") | None, _) => {
                    let message = "must name the fields of `event.data` that it compares with \
                                   `trigger`: only these are kept";
                    return Err(self.refuse("where", message));
                }
                _ => {}
            }
        }
        Ok(fields)
    }

    /// The features that a ratio is computed from.
    fn ratio(&self, declared: &BTreeMap<String, Feature>) -> Result<(String, String), Fault> {
        let feature = self.feature;
        self.unused(&[
            ("event", feature.event.is_some()),
            ("within", feature.within.is_some()),
            ("where", feature.condition.is_some()),
            ("exclusive", feature.exclusive),
            ("in", feature.unit.is_some()),
        ])?;
        let named = |field: &str, name: &Option<String>| match name {
            None => Err(self.refuse(field, "is missing; it names another feature")),
            Some(name) if !declared.contains_key(name) => {
                Err(self.refuse(field, format!("`{name}` is not declared under `features`")))
            }
            Some(name) => Ok(name.clone()),
        };
        Ok((named("of", &feature.of)?, named("to", &feature.to)?))
    }
}
