//! What a use case brought about: treated against held out, live against shadow.
//!
//! What is compared are subjects, not candidates: one subject's candidates depend on each other, and
//! intervals over them would be too narrow. A subject counts once the time of one of its candidates is
//! over, whether it converted early or not, so that early successes are not counted ahead of failures.

mod count;
mod interval;

pub use count::{Arm, ArmCount, Candidates, Count, Outcome};
pub use interval::{Share, difference};

use crate::profile_list::SHARDS;
use crate::use_case::{GoalDocument, Mode, UseCases};
use ceap_kernel::{Clock, Fault, MessageId, SignedDuration, TenantId, Timestamp, UseCaseId};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Days of a report, unless the caller says otherwise, and at most.
const DAYS: i64 = 30;
const MAX_DAYS: i64 = 92;

/// Records that one report reads: measured, 100,000 take a few seconds of the 30 that an answer may take.
/// Of more, it reads whole parts of the subjects: as the parts have nothing to do with who is held out, or
/// converts, they stand for all.
pub const MOST: usize = 150_000;

/// Parts read at once.
const CONCURRENCY: usize = 4;

/// Conversions in either arm, and subjects without one, below which a difference is called too small a
/// number to judge: the usual rule of five for proportions (W. G. Cochran, Biometrics 10 (1954), 417–451).
const FEW: u64 = 5;

/// What is listed of a part: messages, and those of them that led to a goal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// All messages.
    pub messages: Vec<MessageId>,
    /// Those that led to a goal.
    pub converted: Vec<MessageId>,
}

impl Listed {
    fn records(&self) -> usize {
        self.messages.len().saturating_add(self.converted.len())
    }
}

/// A time, from its first instant on, until its last, which is out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Timestamp,
    /// The instant at which it is over.
    pub to: Timestamp,
}

/// Reads what use cases brought about.
#[allow(async_fn_in_trait)]
pub trait Outcomes {
    /// The messages of a use case that began in the period, of the subjects in `part`
    /// ([`crate::profile_list::shard`]), and those that led to a goal; none is left out unless there are
    /// more than `most` together, of which it lists more than `most`. What was written a moment ago may be
    /// missing.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn listed(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        part: u8,
        period: Period,
        most: usize,
    ) -> Result<Listed, Fault>;

    /// The records of the messages listed, and what they led to, in any order.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn outcomes(&self, tenant: &TenantId, listed: &Listed) -> Result<Vec<Outcome>, Fault>;
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Of which use case.
    pub use_case: UseCaseId,
    /// Its version as it runs now.
    pub version: u32,
    /// Whether it acts now.
    pub mode: Mode,
    /// What counts as success; without one, nothing is compared.
    pub goal: Option<GoalDocument>,
    /// Candidates decided from this instant on.
    pub from: Timestamp,
    /// Candidates decided before this instant.
    pub to: Timestamp,
    /// What became of candidates, by what was done with them.
    pub arms: Arms,
    /// What it brought about.
    pub lift: Lifts,
    /// What it was computed from.
    pub read: Read,
}

/// What was done with candidates.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportArms")]
pub struct Arms {
    /// Meant to be sent, whatever other gates said.
    pub treated: ArmReport,
    /// Held out.
    pub holdout: ArmReport,
    /// Decided in shadow mode.
    pub shadow: ArmReport,
}

/// What became of an arm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportArm")]
pub struct ArmReport {
    /// Subjects with a candidate.
    pub subjects: u64,
    /// Candidates.
    pub candidates: u64,
    /// Messages by each state that they entered: one that was opened was sent, too.
    pub messages: BTreeMap<&'static str, u64>,
    /// Messages that were not sent, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// How many of the messages sent were delivered, opened and clicked; none when none was sent.
    pub rates: Option<Rates>,
    /// What counts of it; none without a goal.
    pub measured: Option<Measured>,
    /// What does not count yet: the goal's time is not over. None without a goal.
    pub pending: Option<Pending>,
}

/// Shares of the messages that were sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportRates")]
pub struct Rates {
    /// Reached the recipient's mailbox, phone or endpoint.
    pub delivered: f64,
    /// Opened.
    pub opened: f64,
    /// Followed a link.
    pub clicked: f64,
}

/// Subjects and candidates for which the goal's time is over.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportMeasured")]
pub struct Measured {
    /// Subjects with such a candidate, and those of them that reached the goal.
    #[serde(flatten)]
    pub share: Share,
    /// Conversions by subjects; none of no subjects.
    pub rate: Option<f64>,
    /// The interval of 95 % that the rate lies in.
    pub interval: Option<(f64, f64)>,
    /// Candidates.
    pub candidates: u64,
    /// Those that led to a goal; one goal may be put down to several.
    pub candidates_converted: u64,
    /// What the goals reached are worth together, each once.
    pub value: f64,
}

/// Subjects and candidates for which the goal's time is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReportPending")]
pub struct Pending {
    /// Subjects with only such candidates.
    pub subjects: u64,
    /// Candidates.
    pub candidates: u64,
    /// Those that led to a goal already.
    pub candidates_converted: u64,
}

/// Comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportLifts")]
pub struct Lifts {
    /// Treated less held out: who is which is decided by lot, so a difference is the use case's doing.
    pub treated_less_holdout: Lift,
    /// Live less shadow: one before the other as a rule, so a difference may have other causes.
    pub live_less_shadow: Lift,
    /// Subjects that were both treated and held out, because the share changed: compared they are not.
    pub mixed: u64,
}

/// A comparison of two arms.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportLift")]
pub struct Lift {
    /// The one.
    pub one: Share,
    /// The other.
    pub other: Share,
    /// The rate of the one less that of the other.
    pub difference: Option<f64>,
    /// The interval of 95 % that the difference lies in (Newcombe's hybrid score interval).
    pub interval: Option<[f64; 2]>,
    /// What it says.
    pub verdict: Verdict,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReportVerdict")]
pub enum Verdict {
    /// The use case has no goal.
    NoGoal,
    /// An arm has no subjects.
    NoSubjects,
    /// Fewer than five conversions, or subjects without one, in an arm.
    TooFew,
    /// The interval holds 0: the data show no difference.
    NoDifferenceShown,
    /// The one converts more.
    Higher,
    /// The one converts less.
    Lower,
}

/// What a report was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReportRead")]
pub struct Read {
    /// Records of messages.
    pub records: u64,
    /// Parts of the subjects that were read; fewer than `of` when there is more than one report reads.
    pub parts: u8,
    /// Parts that there are.
    pub of: u8,
}

/// What a use case brought about between two instants or days.
///
/// # Errors
/// `NotFound` for an unknown use case; `Invalid` for a time that is none, too long, or holds more than one
/// report can read; `Unavailable` or `Throttled`.
pub async fn report(
    tenant: &TenantId,
    id: &UseCaseId,
    (from, to): (Option<&str>, Option<&str>),
    use_cases: &impl UseCases,
    outcomes: &impl Outcomes,
    clock: &impl Clock,
) -> Result<Report, Fault> {
    let plan = use_cases.plan(tenant).await?;
    let use_case = plan.use_case(id);
    let use_case = use_case.ok_or_else(|| Fault::NotFound("there is no such use case".into()))?;
    let now = clock.now();
    let period = Period::read(from, to, now)?;
    let goal = use_case.document.goal.clone();
    let within = goal.as_ref().map(|goal| goal.within.duration());
    let (listed, parts) = list(tenant, id, period, outcomes).await?;
    let counts = stream::iter(&listed)
        .map(|part| async move {
            let read = outcomes.outcomes(tenant, part).await?;
            Ok::<_, Fault>(Count::of(&read, within, now))
        })
        .buffer_unordered(CONCURRENCY);
    let merge = async |mut sum: Count, part: Count| {
        sum.merge(part);
        Ok(sum)
    };
    let count = counts.try_fold(Count::default(), merge).await?;
    let arm = |arm| ArmReport::of(count.arm(arm), goal.is_some());
    let [treated, holdout, shadow] =
        [Arm::Treated, Arm::Holdout, Arm::Shadow].map(|it| count.arm(it));
    Ok(Report {
        use_case: id.clone(),
        version: use_case.document.version,
        mode: use_case.document.mode,
        from: period.from,
        to: period.to,
        arms: Arms {
            treated: arm(Arm::Treated),
            holdout: arm(Arm::Holdout),
            shadow: arm(Arm::Shadow),
        },
        lift: Lifts {
            treated_less_holdout: Lift::of(treated.pure, holdout.pure, goal.is_some()),
            live_less_shadow: Lift::of(treated.share, shadow.share, goal.is_some()),
            mixed: count.mixed,
        },
        read: Read { records: count.records, parts, of: SHARDS },
        goal,
    })
}

/// What is to be read: all parts, or as many as one report reads.
async fn list(
    tenant: &TenantId,
    id: &UseCaseId,
    period: Period,
    outcomes: &impl Outcomes,
) -> Result<(Vec<Listed>, u8), Fault> {
    let all: Vec<Listed> = stream::iter(0..SHARDS)
        .map(|part| outcomes.listed(tenant, id, part, period, MOST))
        .buffered(usize::from(SHARDS))
        .try_collect()
        .await?;
    let mut room = MOST;
    let mut listed = Vec::new();
    for part in all {
        let Some(left) = room.checked_sub(part.records()) else { break };
        room = left;
        listed.push(part);
    }
    if listed.is_empty() {
        return Err(Fault::invalid("from", "is too long ago: there is more than one report reads"));
    }
    let parts = u8::try_from(listed.len()).unwrap_or(SHARDS);
    Ok((listed, parts))
}

impl Period {
    /// From days (in UTC, the last one included) or instants; the last 30 days without any.
    fn read(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, Fault> {
        let days = |days: i64| SignedDuration::from_hours(days.saturating_mul(24));
        let to = to.map_or(Ok(now), |text| instant("to", text, 1))?;
        let from = match from {
            Some(text) => instant("from", text, 0)?,
            None => to.checked_sub(days(DAYS)).map_err(|_| Fault::invalid("to", "is too early"))?,
        };
        if from >= to {
            return Err(Fault::invalid("from", "must be before `to`"));
        }
        if to.duration_since(from) > days(MAX_DAYS) {
            let rule = format!("must be at most {MAX_DAYS} days before `to`");
            return Err(Fault::invalid("from", rule));
        }
        Ok(Self { from, to })
    }
}

/// An instant (RFC 3339), or midnight in UTC of a day, or of one some days after it.
fn instant(field: &str, text: &str, after: i64) -> Result<Timestamp, Fault> {
    let midnight = |day: Date| {
        let day = day.checked_add(SignedDuration::from_hours(after.saturating_mul(24))).ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let day = || text.parse::<Date>().ok().and_then(midnight);
    let found = text.parse().ok().or_else(day);
    found.ok_or_else(|| {
        Fault::invalid(field, "must be a day, as 2026-11-21, or an instant (RFC 3339)")
    })
}

impl ArmReport {
    fn of(count: ArmCount, goal: bool) -> Self {
        let share = |state: &str| count.messages.get(state).copied().unwrap_or_default();
        let sent = Share { subjects: share("sent"), conversions: 0 };
        let rate = |state| Share { conversions: share(state), ..sent }.rate();
        let rates = || {
            Some(Rates {
                delivered: rate("delivered")?,
                opened: rate("opened")?,
                clicked: rate("clicked")?,
            })
        };
        Self {
            subjects: count.subjects,
            candidates: count.ended.count.saturating_add(count.pending.count),
            rates: rates(),
            measured: goal.then(|| Measured {
                share: count.share,
                rate: count.share.rate(),
                interval: count.share.interval(),
                candidates: count.ended.count,
                candidates_converted: count.ended.conversions,
                value: count.value,
            }),
            pending: goal.then_some(Pending {
                subjects: count.waiting,
                candidates: count.pending.count,
                candidates_converted: count.pending.conversions,
            }),
            messages: count.messages,
            refused: count.refused,
        }
    }
}

impl Lift {
    fn of(one: Share, other: Share, goal: bool) -> Self {
        let none = |verdict| Self { one, other, difference: None, interval: None, verdict };
        if !goal {
            return none(Verdict::NoGoal);
        }
        let Some((difference, interval)) = difference(one, other) else {
            return none(Verdict::NoSubjects);
        };
        let few = |it: Share| it.conversions.min(it.subjects.saturating_sub(it.conversions)) < FEW;
        let [low, high] = interval;
        let verdict = if few(one) || few(other) {
            Verdict::TooFew
        } else if low > 0.0 {
            Verdict::Higher
        } else if high < 0.0 {
            Verdict::Lower
        } else {
            Verdict::NoDifferenceShown
        };
        Self { one, other, difference: Some(difference), interval: Some(interval), verdict }
    }
}
