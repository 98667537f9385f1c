//! What happened, counted once per batch: the funnel's numbers on their way to the metrics.

use crate::{TenantId, UseCaseId};
use serde::Serialize;
use std::collections::BTreeMap;

/// The funnel's counters. The names are those of the CloudWatch metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[allow(missing_docs)] // each is its own name; the unit of all is Count
pub enum Metric {
    EventsIngested,
    EventsDuplicate,
    EventsUnexpected,
    EventsQuarantined,
    SignalsMatched,
    SignalsFiltered,
    SignalsScored,
    SignalsQuarantined,
    CandidatesStored,
    CandidatesMerged,
    CandidatesConverted,
    MessagesQueued,
    MessagesHeld,
    MessagesSuppressed,
    MessagesSent,
    MessagesUnknown,
    MessagesFailed,
    MessagesDelivered,
    MessagesOpened,
    MessagesClicked,
    MessagesReplied,
    MessagesBounced,
    MessagesComplained,
    DocumentsIndexed,
    TicketsAutomated,
}

/// What a count is about. Properties of the log line, not dimensions: a metric per tenant and
/// reason would cost more than the events themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Labels {
    /// Whose.
    pub tenant: TenantId,
    /// Of which use case, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_case: Option<UseCaseId>,
    /// Why, or on which channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Counters of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(Labels, Metric), u64>);

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
        if count == 0 {
            return;
        }
        let labels = Labels {
            tenant: tenant.clone(),
            use_case: use_case.cloned(),
            detail: detail.map(str::to_owned),
        };
        let sum = self.0.entry((labels, metric)).or_default();
        *sum = sum.saturating_add(count);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        for (key, count) in other.0 {
            let sum = self.0.entry(key).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// The sum of `metric` over all labels.
    #[must_use]
    pub fn total(&self, metric: Metric) -> u64 {
        self.0.iter().filter(|((_, m), _)| *m == metric).map(|(_, n)| n).sum()
    }

    /// Every counter with its labels, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = (&Labels, Metric, u64)> {
        self.0.iter().map(|((labels, metric), count)| (labels, *metric, *count))
    }
}
