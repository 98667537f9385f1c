//! Features: aggregates over a window of a subject's events.

pub mod cell;
pub mod compile;
pub mod exact;
pub mod read;
pub mod sketch;
pub mod summary;

pub use cell::{Cell, Keep};
pub use compile::{Features, Measure, Rule, StreamId, StreamRule, Windowed};
pub use read::{AsOf, Reach, Trigger};

use crate::window::Window;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is computed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FeatureOp")]
pub enum Op {
    /// How many events.
    Count,
    /// The sum of `of`.
    Sum,
    /// The smallest `of`.
    Min,
    /// The largest `of`.
    Max,
    /// The mean of `of`.
    Mean,
    /// The sample standard deviation of `of`.
    Stddev,
    /// The newest event's `of`.
    Last,
    /// The oldest event's `of`.
    First,
    /// How many different `of`.
    Distinct,
    /// One feature divided by another.
    Ratio,
    /// How long ago the newest event was.
    Since,
    /// The newest different `of`, the newest first: a list of at most 20.
    Recent,
}

impl Op {
    /// As documents write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Stddev => "stddev",
            Self::Last => "last",
            Self::First => "first",
            Self::Distinct => "distinct",
            Self::Ratio => "ratio",
            Self::Since => "since",
            Self::Recent => "recent",
        }
    }

    /// Whether it reads a field of `data`.
    #[must_use]
    pub fn reads_field(self) -> bool {
        !matches!(self, Self::Count | Self::Since | Self::Ratio)
    }
}

/// What `since` counts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FeatureUnit")]
pub enum Unit {
    /// Seconds.
    #[default]
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
}

impl Unit {
    /// Its milliseconds.
    #[must_use]
    pub fn millis(self) -> f64 {
        match self {
            Self::Seconds => 1e3,
            Self::Minutes => 6e4,
            Self::Hours => 3.6e6,
            Self::Days => 8.64e7,
        }
    }
}

/// A feature as a document declares it: `{op: count, event: app_crashed, within: 24h}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// What is computed.
    pub op: Op,
    /// Over events of this type; for all but `ratio`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Of this field of `data`; for `ratio`, the feature that is divided. Not for `count` and `since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// For `ratio`: the feature that it is divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Over this long before the instant of judgement: (instant − within, instant].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Window>,
    /// Over events that meet this condition only: CEL over `event`, `settings` and `trigger`.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether the triggering event itself does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive: bool,
    /// For `since`: what it counts in.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
}

impl Feature {
    /// Whether it has a value where no event of the window has the field.
    #[must_use]
    pub fn has_a_value_of_nothing(&self) -> bool {
        matches!(self.op, Op::Count | Op::Sum | Op::Distinct | Op::Recent)
    }

    /// The newest different `of` of events of a type.
    #[must_use]
    pub fn recent(event: String, of: String, within: Window) -> Self {
        Self { op: Op::Recent, of: Some(of), ..Self::count(event, within) }
    }

    /// How many events of a type there were.
    #[must_use]
    pub fn count(event: String, within: Window) -> Self {
        Self {
            op: Op::Count,
            event: Some(event),
            of: None,
            to: None,
            within: Some(within),
            condition: None,
            exclusive: false,
            unit: None,
        }
    }
}
