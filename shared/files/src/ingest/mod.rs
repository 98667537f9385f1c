//! How a file becomes events, in three steps that a workflow makes: it is divided into parts, each part is
//! read, and the object's state says what came of it. Any step may be made again, after a crash or by two
//! executions at once: rows have the same ids, and where a part stands is kept with a condition.

mod finish;
mod part;
mod plan;

pub use finish::End;
pub use part::Task;
pub use plan::{Begin, Input};

use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_engagement::source::files::FileSources;
use ceap_engagement::source::object::{Named, ObjectFiles, ObjectStore};
use ceap_kernel::{Clock, Fault, Metric, ObjectId, SignedDuration, Tally, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What says where something was rejected, in quarantine.
const STAGE: &str = "ingest-object";

/// How long a step works before it hands on: below the 15 minutes of a function by more than one batch and
/// the stream's patience take.
pub const SHIFT: SignedDuration = SignedDuration::from_mins(9);

/// Bytes of a part, at least.
pub const PART_BYTES: u64 = 64 * 1024 * 1024;

/// Parts of a file, about: their numbers travel through the workflow, and their beginnings are one item.
pub const MAX_PARTS: u64 = 2_000;

/// A step of the workflow.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The object is looked at and divided into parts.
    Plan(Begin),
    /// A part is read.
    Part(Task),
    /// The object ends.
    Finish(End),
}

/// What a step says to the workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stepped {
    /// Whose object.
    pub tenant: Option<TenantId>,
    /// Which.
    pub object: Option<ObjectId>,
    /// The parts to read; none when there is nothing to do.
    pub parts: Option<Vec<u32>>,
    /// Whether the step is to be made again, since its time was up.
    pub more: bool,
}

/// All that the steps need.
#[derive(Debug)]
pub struct Ingest<F, S, O, E, Q, C> {
    /// The drop bucket.
    pub files: F,
    /// Sources of files.
    pub sources: S,
    /// What became of objects.
    pub objects: O,
    /// Events on their way.
    pub stream: E,
    /// For what is no event.
    pub quarantine: Q,
    /// The wall clock.
    pub clock: C,
    /// How long a step works.
    pub shift: SignedDuration,
    /// Bytes of a part, at least.
    pub part_bytes: u64,
}

impl<F, S, O, E, Q, C> Ingest<F, S, O, E, Q, C>
where
    F: ObjectFiles,
    S: FileSources,
    O: ObjectStore,
    E: EventStream,
    Q: Quarantine,
    C: Clock,
{
    /// Makes a step.
    ///
    /// # Errors
    /// `Unavailable`, `Throttled` or `Conflict`: the step may be made again; `Internal` when what is kept
    /// does not fit together. What is wrong with a file is its object's state, not an error.
    pub async fn step(&self, step: &Step) -> Result<(Stepped, Tally), Fault> {
        match step {
            Step::Plan(begin) => self.plan(begin).await,
            Step::Part(task) => self.part(task).await,
            Step::Finish(end) => Ok((Stepped::default(), self.finish(end).await?)),
        }
    }

    /// Whether a step that began at `began` should hand on.
    fn late(&self, began: ceap_kernel::Timestamp) -> bool {
        self.clock.now().duration_since(began) >= self.shift
    }

    /// Keeps in quarantine what is wrong with a file as a whole.
    async fn reject(
        &self,
        tenant: Option<&TenantId>,
        named: &Named,
        fault: &Fault,
    ) -> Result<Tally, Fault> {
        let source = named.place().ok().map(|(_, source)| source);
        let payload = json!({"source": source, "object": named.key, "etag": named.etag});
        let rejected = Rejected::new(tenant, STAGE, fault, payload, self.clock.now());
        self.quarantine.keep(&[rejected]).await?;
        let mut tally = Tally::default();
        if let Some(tenant) = tenant {
            tally.add(Metric::EventsQuarantined, tenant, None, Some(fault.code()), 1);
        }
        Ok(tally)
    }
}

/// Whether a fault is the file's own, so that trying again can't help.
fn of_the_file(fault: &Fault) -> bool {
    matches!(fault, Fault::Invalid { .. } | Fault::NotFound(_))
}
