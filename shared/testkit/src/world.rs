//! Every port in memory, behind one lock.

use crate::chaos::{Chaos, Strike};
use crate::fakes::{Ask, Documents, Dropped, KeptObject, Message, ModelRoom, Remote};
use ceap_engagement::audience::Sought;
use ceap_engagement::candidate::Candidate;
use ceap_engagement::event::Arrived;
use ceap_engagement::goal::{GoalsReached, OwedGoal};
use ceap_engagement::inbox::{Notification, NotificationId};
use ceap_engagement::item::Item;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::convert::Conversion;
use ceap_engagement::pipeline::send::SendError;
use ceap_engagement::policy::cap::Ledger;
use ceap_engagement::quarantine::Rejected;
use ceap_engagement::reentry::History;
use ceap_engagement::run::Outcome;
use ceap_engagement::schema::EventSchema;
use ceap_engagement::series::Encoded;
use ceap_engagement::signal::Detected;
use ceap_engagement::source::library::{Granted, Problem as SourceProblem, Stored as StoredSource};
use ceap_engagement::suppression::Entry;
use ceap_engagement::use_case::{Duty, Plan, ScheduleDocument};
use ceap_kernel::access::Principal;
use ceap_kernel::{
    AffinityName, ErasureId, Fault, ItemId, MessageId, ModelId, ObjectId, RunId, SignedDuration,
    SourceId, SubjectId, Tally, TenantId, Timestamp, UseCaseId,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

/// What the fakes keep. Items are kept as they are written where the adapter serializes them, so that
/// a fake forgets what writing forgets.
#[derive(Debug, Default)]
pub struct Stores {
    /// Version and JSON.
    pub profiles: BTreeMap<(TenantId, SubjectId), (u64, String)>,
    /// Who is another by now.
    pub moved: BTreeMap<(TenantId, SubjectId), SubjectId>,
    /// Of whom somebody knows that they are the same by now.
    pub joined: BTreeMap<(TenantId, SubjectId), BTreeSet<SubjectId>>,
    /// Goals reached whose emission is not acknowledged: part of the feature item.
    pub goals_owed: BTreeMap<(TenantId, SubjectId), Vec<OwedGoal>>,
    /// Goals emitted, and not worked on yet.
    pub goals: VecDeque<GoalsReached>,
    /// What exposures led to.
    pub conversions: BTreeMap<(TenantId, MessageId), Conversion>,
    /// Version and bytes.
    pub series: BTreeMap<(TenantId, SubjectId), (u64, Encoded)>,
    pub plans: BTreeMap<TenantId, Arc<Plan>>,
    pub models: ModelRoom,
    pub items: BTreeMap<(TenantId, ItemId), Item>,
    /// The newest affinity model of each name, with where its history ends, and the files of all.
    pub affinity_names: BTreeMap<(TenantId, AffinityName), (ModelId, Timestamp)>,
    pub affinities: BTreeMap<(TenantId, ModelId), Vec<u8>>,
    /// Of each type: the version judged by, and all.
    pub schemas: BTreeMap<(TenantId, String), (Option<u64>, Vec<EventSchema>)>,
    pub quarantine: Vec<Rejected>,
    /// The drop bucket, by key, and what became of its objects.
    pub dropped: BTreeMap<String, Dropped>,
    pub objects: BTreeMap<(TenantId, ObjectId), KeptObject>,
    pub stream: Vec<Arrived>,
    /// All that was ever on the stream.
    pub lake: Vec<Arrived>,
    /// All that was ever emitted, at once or for later, in order.
    pub emissions: Vec<Detected>,
    /// Emitted, and not worked on yet.
    pub bus: VecDeque<Detected>,
    /// Waiting for their instant.
    pub scheduled: BTreeMap<Timestamp, Vec<Detected>>,
    pub candidates: BTreeMap<(TenantId, UseCaseId, SubjectId, String), Candidate>,
    pub ties: BTreeMap<(TenantId, String, String, SubjectId), Timestamp>,
    pub sought: VecDeque<Sought>,
    pub openings: BTreeMap<(TenantId, UseCaseId, SubjectId, String), History>,
    pub messages: BTreeMap<(TenantId, MessageId), Message>,
    pub inboxes: BTreeMap<(TenantId, SubjectId), BTreeMap<NotificationId, Notification>>,
    pub ledgers: BTreeMap<(TenantId, SubjectId), Ledger>,
    pub suppressed: Vec<(TenantId, Entry)>,
    /// Endpoints that fail, and since when.
    pub failing: BTreeMap<(TenantId, String, String), Timestamp>,
    /// Token buckets: when each is full again, in microseconds since 1970.
    pub buckets: BTreeMap<String, i64>,
    /// Handed on, and not sent yet.
    pub queue: VecDeque<Dispatch>,
    /// What providers took, in order.
    pub sent: Vec<Dispatch>,
    /// What providers will answer instead of taking a message.
    pub answers: VecDeque<SendError>,
    /// What providers with habits were asked, by message and address.
    pub asks: BTreeMap<(TenantId, MessageId, String), Vec<Ask>>,
    /// Requests for help that were answered.
    pub helped: BTreeSet<(TenantId, SubjectId, String)>,
    /// Use cases with their versions.
    pub documents: BTreeMap<(TenantId, UseCaseId), Documents>,
    /// Schedules of use cases, and when they were set.
    pub schedules: BTreeMap<(TenantId, UseCaseId, Duty), (ScheduleDocument, Timestamp)>,
    /// Revision and JSON.
    pub runs: BTreeMap<(TenantId, RunId), (u64, String)>,
    /// What became of parts of runs.
    pub outcomes: BTreeMap<(TenantId, RunId, u32), Outcome>,
    /// Files of runs, as JSON.
    pub files: BTreeMap<(TenantId, RunId, String), String>,
    /// Erasures: revision and JSON.
    pub erasures: BTreeMap<(TenantId, ErasureId), (u64, String)>,
    /// Executions of the workflows of runs, erasures and polls that were begun.
    pub executions: BTreeSet<String>,
    /// Endpoints by their keys: version and JSON.
    pub endpoints: BTreeMap<(TenantId, SourceId, String), (u64, String)>,
    pub secrets: BTreeMap<(TenantId, String), String>,
    pub sources: BTreeMap<(TenantId, SourceId), StoredSource>,
    pub source_problems: BTreeMap<(TenantId, SourceId), SourceProblem>,
    /// Write keys of sources, in the order in which they were made.
    pub source_keys: Vec<(Principal, Granted)>,
    /// How many requests tenants made in each minute since 1970.
    pub asked: BTreeMap<(TenantId, String, i64), u64>,
    /// What sources that are asked have to tell.
    pub remote: Remote,
    /// How far they were read: revision and JSON.
    pub courses: BTreeMap<(TenantId, SourceId), (u64, String)>,
    /// Their schedules, and when they were set.
    pub source_schedules: BTreeMap<(TenantId, SourceId), (ScheduleDocument, Timestamp)>,
    /// The funnel's counters.
    pub tally: Tally,
}

#[derive(Debug)]
struct Inner {
    now: Mutex<Timestamp>,
    chaos: Mutex<Chaos>,
    stores: Mutex<Stores>,
}

/// A small world with every port in it. Clones share it.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

impl World {
    /// An empty world, at `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Inner {
            now: Mutex::new(now),
            chaos: Mutex::default(),
            stores: Mutex::default(),
        }))
    }

    /// Gives `tenant` a plan.
    #[must_use]
    pub fn with(self, tenant: &TenantId, plan: Plan) -> Self {
        self.stores().plans.insert(tenant.clone(), Arc::new(plan));
        self
    }

    /// Calls wait for each other in an order that `seed` decides; without it, they do not wait.
    #[must_use]
    pub fn interleaved(self, seed: u64) -> Self {
        self.chaos().seed = Some(seed.max(1));
        self
    }

    /// What is kept.
    pub fn stores(&self) -> MutexGuard<'_, Stores> {
        self.0.stores.lock().unwrap()
    }

    pub(crate) fn chaos(&self) -> MutexGuard<'_, Chaos> {
        self.0.chaos.lock().unwrap()
    }

    pub fn set_now(&self, now: Timestamp) {
        *self.0.now.lock().unwrap() = now;
    }

    pub fn pass(&self, time: SignedDuration) {
        *self.0.now.lock().unwrap() += time;
    }

    /// The wall clock.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        *self.0.now.lock().unwrap()
    }

    /// Calls of `call` so far: `subjects.load`.
    #[must_use]
    pub fn calls(&self, call: &'static str) -> usize {
        self.chaos().calls.get(call).copied().unwrap_or_default()
    }

    /// Calls of all ports so far.
    #[must_use]
    pub fn total_calls(&self) -> usize {
        self.chaos().total()
    }

    /// Strikes the `nth` call from now on (from 0), of whatever port.
    pub fn strike(&self, nth: usize, strike: Strike) {
        self.chaos().plan(nth, strike);
    }

    /// Kills the process that waits after so many waits from now on, wherever it stands.
    pub fn fall_after(&self, waits: usize) {
        self.chaos().falls_after = Some(waits);
    }

    /// Whether the process that was to be killed was not reached.
    #[must_use]
    pub fn still_falls(&self) -> bool {
        self.chaos().falls_after.is_some()
    }

    /// Where strikes fell, in order.
    #[must_use]
    pub fn struck(&self) -> Vec<(&'static str, Strike)> {
        self.chaos().struck.clone()
    }

    /// Runs `process` to its end, or to its death. It is dropped then, and nothing that it was
    /// doing at the time has an effect any more; the next process is alive again.
    pub async fn alive<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let mut process = pin!(process);
        poll_fn(|context| match process.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if std::mem::take(&mut self.chaos().dead) => Poll::Ready(None),
            Poll::Pending if self.chaos().falls() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// One call of a port.
    pub(crate) async fn step<T>(
        &self,
        call: &'static str,
        effect: impl FnOnce(&mut Stores) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.wait().await;
        let strike = self.chaos().next(call);
        let lost = || Err(Fault::Unavailable(format!("{call} was struck")));
        match strike {
            Some(Strike::FailBefore) => return lost(),
            Some(Strike::DieBefore) => self.die().await,
            _ => {}
        }
        let answer = effect(&mut self.stores());
        match strike {
            Some(Strike::FailAfter) => return lost(),
            Some(Strike::DieAfter) => self.die().await,
            _ => {}
        }
        self.wait().await;
        answer
    }

    async fn die(&self) {
        self.chaos().dead = true;
        pending::<()>().await;
    }

    /// Lets others go first, as often as the seed says.
    async fn wait(&self) {
        if self.chaos().dead {
            pending::<()>().await;
        }
        let mut turns = self.chaos().turns();
        poll_fn(|context| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        if self.chaos().dead {
            pending::<()>().await;
        }
    }
}
