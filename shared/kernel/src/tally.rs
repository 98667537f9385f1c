//! What happened, counted once per batch: the funnel's numbers on their way to the metrics.

use crate::metric::Detail;
use crate::{Metric, TenantId, UseCaseId};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a count is about: the words of its line, by which it can be searched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Labels {
    /// Whose.
    pub tenant: TenantId,
    /// Of which use case, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_case: Option<UseCaseId>,
    /// On which channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Labels {
    /// Of a tenant, and perhaps a use case of theirs.
    #[must_use]
    pub fn of(tenant: &TenantId, use_case: Option<&UseCaseId>) -> Self {
        let (channel, reason, cause) = (None, None, None);
        Self { tenant: tenant.clone(), use_case: use_case.cloned(), channel, reason, cause }
    }

    /// The same, on a channel.
    #[must_use]
    pub fn channel(self, channel: impl Into<String>) -> Self {
        Self { channel: Some(channel.into()), ..self }
    }

    /// The same, for a reason.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

/// Counters of one invocation, and what was measured in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<(Labels, Metric), u64>,
    measured: BTreeMap<(Labels, Metric), Vec<u64>>,
}

impl Tally {
    /// Adds `count` of `metric`; `detail` is the reason or the channel.
    pub fn add(
        &mut self,
        metric: Metric,
        tenant: &TenantId,
        use_case: Option<&UseCaseId>,
        detail: Option<&str>,
        count: u64,
    ) {
        let mut labels = Labels::of(tenant, use_case);
        let of = match metric.detail() {
            Detail::Reason => &mut labels.reason,
            Detail::Channel => &mut labels.channel,
            Detail::Cause => &mut labels.cause,
        };
        *of = detail.map(str::to_owned);
        self.count(metric, labels, count);
    }

    /// Adds `count` of `metric` under these labels.
    pub fn count(&mut self, metric: Metric, labels: Labels, count: u64) {
        if count > 0 {
            let sum = self.counts.entry((labels, metric)).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// Adds a value of `metric`, in its unit.
    pub fn measure(&mut self, metric: Metric, labels: Labels, value: u64) {
        self.measured.entry((labels, metric)).or_default().push(value);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        for ((labels, metric), count) in other.counts {
            self.count(metric, labels, count);
        }
        for (key, values) in other.measured {
            self.measured.entry(key).or_default().extend(values);
        }
    }

    /// The sum of `metric` over all labels.
    #[must_use]
    pub fn total(&self, metric: Metric) -> u64 {
        self.iter().filter(|(_, it, _)| *it == metric).map(|(.., n)| n).sum()
    }

    /// Every counter with its labels, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = (&Labels, Metric, u64)> {
        self.counts.iter().map(|((labels, metric), count)| (labels, *metric, *count))
    }

    /// All that was measured, with its labels, in a stable order.
    pub fn measured(&self) -> impl Iterator<Item = (&Labels, Metric, &[u64])> {
        self.measured.iter().map(|((labels, metric), values)| (labels, *metric, values.as_slice()))
    }
}
