//! Reading features as of an instant.

use super::compile::{Features, Rule, Windowed};
use super::summary::{Place, Summary};
use crate::condition::Facts;
use crate::series::{Series, Stream};
use crate::signal::event_facts;
use ceap_kernel::{SubjectId, Timestamp};
use serde_json::{Map, Value};

/// The event that triggered.
#[derive(Debug, Clone, Copy)]
pub struct Trigger<'a> {
    /// Which.
    pub place: Place,
    /// What conditions see of it.
    pub event: &'a Value,
}

/// As of when, and for whom, features are read.
#[derive(Debug, Clone, Copy)]
pub struct AsOf<'a> {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Whose features.
    pub subject: &'a SubjectId,
    /// The tenant's settings.
    pub settings: &'a Value,
    /// The event that triggered; none where a schedule did.
    pub trigger: Option<Trigger<'a>>,
}

/// From which instants on (milliseconds since 1970) features can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// As they were then.
    pub whole: i64,
    /// With an end that is no sharper than a bucket.
    pub part: i64,
}

impl Features {
    /// From which instants on they can be judged on what is kept.
    #[must_use]
    pub fn reach(&self, series: &Series) -> Reach {
        let mut reach = Reach { whole: i64::MIN, part: i64::MIN };
        for windowed in self.windows() {
            let whole = series.stream(windowed.stream).map_or(i64::MIN, Stream::reaches);
            reach.whole = reach.whole.max(whole);
            reach.part = reach.part.max(windowed.window.after(whole));
        }
        reach
    }

    /// All values, by name; a feature without one is absent.
    #[must_use]
    pub fn values(&self, series: &Series, as_of: &AsOf<'_>) -> Value {
        let mut values = Map::new();
        for (name, rule) in self.rules() {
            let value = match rule {
                Rule::Windowed(windowed) => series
                    .stream(windowed.stream)
                    .map_or_else(|| empty(windowed, as_of), |it| windowed.value(it, as_of)),
                Rule::Ratio { of, to } => ratio(values.get(of), values.get(to)),
            };
            if let Some(value) = value {
                values.insert(name.clone(), value);
            }
        }
        Value::Object(values)
    }
}

fn empty(windowed: &Windowed, as_of: &AsOf<'_>) -> Option<Value> {
    Summary::none(windowed.op)?.value(as_of.at, windowed.unit)
}

fn ratio(of: Option<&Value>, to: Option<&Value>) -> Option<Value> {
    let (of, to) = (of?.as_f64()?, to?.as_f64()?);
    serde_json::Number::from_f64(of / to).map(Value::Number)
}

impl Windowed {
    /// Its value over a stream.
    fn value(&self, stream: &Stream, as_of: &AsOf<'_>) -> Option<Value> {
        let not = as_of.trigger.filter(|_| self.exclusive).map(|trigger| trigger.place);
        let summary = match &self.filter {
            None => stream.summary(self, as_of.at, not)?,
            Some(filter) => stream.matching(self, as_of.at, not, |place, data| {
                let time = Timestamp::from_millisecond(place.0).unwrap_or_default();
                let event = event_facts(&self.kind, as_of.subject, time, &data);
                let trigger = as_of.trigger.map_or(&Value::Null, |trigger| trigger.event);
                let settings = as_of.settings;
                let facts = Facts { event: &event, trigger, settings, ..Facts::default() };
                filter.holds(&facts).unwrap_or(false)
            })?,
        };
        summary.value(as_of.at, self.unit)
    }
}
