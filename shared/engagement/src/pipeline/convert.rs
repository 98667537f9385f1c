//! Goals are put down to the candidates that came before them.
//!
//! An exposure is the first message of a candidate, sent or not: its record says what was decided and
//! when. A goal converts the exposures of its subject and use case that were decided before it and at
//! most `within` before. Of several goals the earliest counts, so that neither repeats nor the order in
//! which goals arrive change anything.

use crate::goal::{GoalReached, GoalsReached};
use crate::message::Record;
use crate::policy::Refusal;
use ceap_kernel::{
    Fault, MessageId, Metric, SignedDuration, SubjectId, Tally, TenantId, Timestamp, UseCaseId,
};
use std::collections::BTreeMap;

/// The first message of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Which.
    pub message: MessageId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// Of whom.
    pub subject: SubjectId,
    /// When it was decided whether and what to send.
    pub at: Timestamp,
}

impl Exposure {
    /// The exposure that a record is of; none for other channels' turns, further actions, messages that
    /// were asked for by themselves, and what was found when the use case was off.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        record.origin.as_ref().filter(|origin| origin.step == 0)?;
        let off = record.reason.as_deref().and_then(Refusal::of) == Some(Refusal::Off);
        let use_case = record.use_case.clone().filter(|_| !off)?;
        let (message, subject) = (record.id.clone(), record.subject.clone());
        Some(Self { message, use_case, subject, at: record.began() })
    }
}

/// The goal that an exposure led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// When: the goal event's own time.
    pub at: Timestamp,
    /// Which event, as 16 hexadecimal digits; among those of one instant the smallest counts.
    pub event: String,
    /// What it is worth, if that is known.
    pub value: Option<f64>,
}

/// Keeps what exposures led to.
#[allow(async_fn_in_trait)]
pub trait Exposures {
    /// The subject's exposures of all use cases that were decided in [from, to], to the millisecond. One
    /// of the last second may be missing.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn exposed(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Exposure>, Fault>;

    /// Keeps the conversion, unless one that came before it is kept; true when there was none at all.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; nothing happened then.
    async fn convert(
        &self,
        tenant: &TenantId,
        exposure: &Exposure,
        conversion: &Conversion,
    ) -> Result<bool, Fault>;
}

/// Puts goals down to the exposures before them: for each subject one look at its messages, and one
/// conditional write for each exposure converted.
///
/// # Errors
/// `Unavailable` or `Throttled`; done again, it has the same outcome.
pub async fn convert(reached: &GoalsReached, exposures: &impl Exposures) -> Result<Tally, Fault> {
    let tenant = &reached.tenant;
    let mut subjects: BTreeMap<&SubjectId, Vec<&GoalReached>> = BTreeMap::new();
    for goal in &reached.goals {
        subjects.entry(&goal.subject).or_default().push(goal);
    }
    let mut tally = Tally::default();
    for (subject, goals) in subjects {
        let Some(from) = goals.iter().filter_map(|goal| goal.since()).min() else { continue };
        let Some(to) = goals.iter().map(|goal| goal.goal.at).max() else { continue };
        let exposed = exposures.exposed(tenant, subject, from, to).await?;
        for exposure in &exposed {
            let own = goals.iter().filter(|goal| goal.converts(exposure));
            let first =
                own.min_by(|a, b| (a.goal.at, &a.goal.event).cmp(&(b.goal.at, &b.goal.event)));
            let Some(first) = first else { continue };
            let conversion = Conversion {
                at: first.goal.at,
                event: first.goal.event.clone(),
                value: first.goal.value,
            };
            if exposures.convert(tenant, exposure, &conversion).await? {
                let use_case = Some(&exposure.use_case);
                tally.add(Metric::CandidatesConverted, tenant, use_case, None, 1);
            }
        }
    }
    Ok(tally)
}

impl GoalReached {
    /// Exposures from then on may have led to it.
    fn since(&self) -> Option<Timestamp> {
        self.goal.at.checked_sub(SignedDuration::from_secs(self.within_s)).ok()
    }

    fn converts(&self, exposure: &Exposure) -> bool {
        exposure.use_case == self.goal.use_case
            && exposure.at < self.goal.at
            && self.since().is_some_and(|since| since <= exposure.at)
    }
}
