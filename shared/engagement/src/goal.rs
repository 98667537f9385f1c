//! Goals that subjects reached, on their way to the candidates that they are put down to.

use crate::series::Arrival;
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use serde::{Deserialize, Serialize};

/// The name under which goals cross the bus.
pub const GOALS_REACHED: &str = "GoalsReached.v1";

/// Goals of one `GoalsReached.v1`: each takes less than 700 bytes, so that a whole stays below 150 KiB
/// (a queue takes 256 KiB).
const MOST: usize = 200;

/// A goal that was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Of which use case.
    pub use_case: UseCaseId,
    /// When: the event's own time.
    pub at: Timestamp,
    /// Which event, as 16 hexadecimal digits.
    pub event: String,
    /// What it is worth, if the document says of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// A goal that is owed to the batch of its event, each time that batch comes; in the subject's feature item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwedGoal {
    /// The event's arrival.
    pub cause: Arrival,
    /// What was reached.
    pub goal: Goal,
}

/// One subject reached one use case's goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoalReached {
    /// Who.
    pub subject: SubjectId,
    /// How long before it a candidate may have been decided, in seconds.
    pub within_s: i64,
    /// What was reached.
    #[serde(flatten)]
    pub goal: Goal,
}

/// `GoalsReached.v1`: goals that subjects of one tenant reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoalsReached {
    /// Whose.
    pub tenant: TenantId,
    /// The goals.
    pub goals: Vec<GoalReached>,
}

impl GoalsReached {
    /// Splits into parts that the bus and a queue take.
    #[must_use]
    pub fn split(self) -> Vec<Self> {
        let part =
            |goals: &[GoalReached]| Self { tenant: self.tenant.clone(), goals: goals.to_vec() };
        self.goals.chunks(MOST).map(part).collect()
    }
}

/// Takes goals on their way.
#[allow(async_fn_in_trait)]
pub trait Goals {
    /// Emits all; the same goals twice count once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` when any was not taken; all are emitted again then.
    async fn emit_goals(&self, reached: &[GoalsReached]) -> Result<(), Fault>;
}
