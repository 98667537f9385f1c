//! The names of all metrics, their units, and what each is told apart by.

use serde::Serialize;

/// A metric of CloudWatch's namespace `CEAP`. Its name there is its name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[allow(missing_docs)] // those of the funnel are each its own name
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
    /// Actions whose condition did not hold.
    ActionsSkipped,
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
    /// Promises to customers that were broken: targets of SLA policies.
    PromisesBroken,
    /// Answers of a channel's provider by which a message was not sent.
    ProviderErrors,
    /// How long after it happened the latest event of a batch arrived.
    EventLateness,
    /// From the instant of what a message is about to its provider's answer, waits that were asked for included.
    MessageLatency,
    /// What a function took in.
    RecordsIn,
    /// What it got done of that.
    RecordsOut,
    /// What it did not get done: it comes again, or is kept for operators.
    StageFailures,
    /// How long an invocation took.
    StageDuration,
    /// How old the oldest record of a batch was when it was taken.
    RecordAge,
    /// How long a request to an API of ours took.
    RequestLatency,
    /// Requests that we could not answer: with a status of 500 and above.
    RequestFaults,
    /// How long a request to the helpdesk took.
    HelpdeskLatency,
    /// Requests that the helpdesk could not answer.
    HelpdeskFaults,
}

/// What a metric counts in (CloudWatch, `MetricDatum`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Unit {
    Count,
    Milliseconds,
}

/// What the detail of a count says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Why.
    Reason,
    /// On which channel.
    Channel,
    /// By what.
    Cause,
}

/// All of them together, and by one dimension.
type Sets = &'static [&'static [&'static str]];

impl Metric {
    /// In what it counts.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::EventLateness
            | Self::MessageLatency
            | Self::StageDuration
            | Self::RecordAge
            | Self::RequestLatency
            | Self::HelpdeskLatency => Unit::Milliseconds,
            _ => Unit::Count,
        }
    }

    /// The sets of dimensions that it is kept by. Each value of one is a metric of its own, which is paid for by the hour in
    /// which it counts: so tenants, reasons and routes are properties of the line, to be searched, and no dimensions.
    #[must_use]
    pub const fn dimensions(self) -> Sets {
        match self {
            Self::MessagesSent
            | Self::MessagesSuppressed
            | Self::MessagesBounced
            | Self::MessagesComplained => &[&[], &["channel"], &["use_case"]],
            Self::MessagesQueued
            | Self::MessagesHeld
            | Self::MessagesUnknown
            | Self::MessagesFailed
            | Self::MessagesDelivered
            | Self::MessagesOpened
            | Self::MessagesClicked
            | Self::MessagesReplied
            | Self::MessageLatency => &[&[], &["channel"]],
            Self::ProviderErrors => &[&["channel"]],
            Self::RecordsIn | Self::RecordsOut | Self::StageFailures => &[&[], &["stage"]],
            Self::StageDuration | Self::RecordAge => &[&["stage"]],
            Self::RequestLatency => &[&["api"]],
            Self::RequestFaults => &[&[], &["api"]],
            Self::HelpdeskLatency | Self::HelpdeskFaults => &[&[], &["family"]],
            Self::EventsIngested
            | Self::EventsDuplicate
            | Self::EventsUnexpected
            | Self::EventsQuarantined
            | Self::SignalsMatched
            | Self::SignalsFiltered
            | Self::SignalsScored
            | Self::SignalsQuarantined
            | Self::CandidatesStored
            | Self::CandidatesMerged
            | Self::CandidatesConverted
            | Self::ActionsSkipped
            | Self::DocumentsIndexed
            | Self::TicketsAutomated
            | Self::PromisesBroken
            | Self::EventLateness => &[&[]],
        }
    }

    /// What the detail of its counts says.
    pub(crate) const fn detail(self) -> Detail {
        match self {
            Self::EventsQuarantined
            | Self::SignalsFiltered
            | Self::SignalsQuarantined
            | Self::MessagesSuppressed => Detail::Reason,
            Self::MessagesQueued
            | Self::MessagesHeld
            | Self::MessagesSent
            | Self::MessagesDelivered
            | Self::MessagesOpened
            | Self::MessagesClicked
            | Self::MessagesReplied
            | Self::MessagesBounced
            | Self::MessagesComplained
            | Self::MessagesUnknown
            | Self::MessagesFailed
            | Self::MessageLatency => Detail::Channel,
            _ => Detail::Cause,
        }
    }
}
