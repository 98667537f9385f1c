//! Everything that waits to be worked on, as queues and buses hold it: it comes at least once, in no
//! order, several things at once, and again when it was not done.

use super::luck::Luck;
use super::traffic::{Kind, channel};
use ceap_engagement::event::Arrived;
use ceap_engagement::message::{Dispatch, State};
use ceap_engagement::pipeline::send::Disposal;
use ceap_engagement::pipeline::store::Candidates;
use ceap_engagement::receipt::{About, News, Receipt};
use ceap_engagement::signal::{Detected, Signal};
use ceap_engagement::suppression::Reason;
use ceap_kernel::{Fault, SignedDuration, TenantId, Timestamp};
use ceap_testkit::{Carrier, LEASE_S, Strike, World};
use futures::future::join_all;
use std::collections::BTreeMap;

/// Rounds after which a test is stuck.
const PATIENCE: usize = 2_000;

/// Signals of one execution at most.
const BATCH: usize = 25;

#[derive(Clone)]
enum Task {
    /// A batch of the stream.
    Ingest(Vec<Arrived>),
    /// From the filter to the store.
    Work(Detected),
    Deliver(Candidates),
    /// The queue's message, and how often it came.
    Send(Box<Dispatch>, u32),
    Hear(Receipt),
}

impl Task {
    /// About how many calls it makes.
    fn calls(&self) -> usize {
        match self {
            Self::Ingest(batch) => 4 + 2 * batch.len(),
            _ => 9,
        }
    }
}

/// What comes of a task that is done.
enum Then {
    Nothing,
    Next(Box<Task>),
    /// It must come again after so many seconds.
    Again(i64),
}

/// What is worked on at once.
type Group = Vec<Task>;

pub struct Pool {
    world: World,
    luck: Luck,
    seed: u64,
    waiting: BTreeMap<Timestamp, Vec<Group>>,
    /// Of how many messages that went out the receipts are under way.
    told: usize,
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now + SignedDuration::from_secs(seconds)
}

impl Pool {
    pub fn new(world: &World, seed: u64) -> Self {
        let (world, luck) = (world.clone(), Luck::new(seed ^ 2));
        Self { world, luck, seed, waiting: BTreeMap::new(), told: 0 }
    }

    /// Lets signals in, in executions of several sizes.
    pub fn bring(&mut self, tenant: &TenantId, mut signals: Vec<Signal>) {
        while !signals.is_empty() {
            let size = (1 + self.luck.below(BATCH)).min(signals.len());
            let signals = signals.drain(..size).collect();
            let (tenant, profiles) = (tenant.clone(), BTreeMap::new());
            self.add(&Task::Work(Detected { tenant, profiles, signals }));
        }
    }

    /// Lets events in, in batches of several sizes.
    pub fn arrive(&mut self, mut events: &[Arrived]) {
        while !events.is_empty() {
            let size = (1 + self.luck.below(2 * BATCH)).min(events.len());
            let (batch, rest) = events.split_at(size);
            let seconds = self.luck.below(20) as i64 * LEASE_S;
            self.wait(seconds, vec![Task::Ingest(batch.to_vec())]);
            events = rest;
        }
    }

    /// Adds it one to three times: at once, or one after the other.
    fn add(&mut self, task: &Task) {
        let copies = vec![task.clone(); self.luck.times()];
        if self.luck.percent(50) {
            self.wait(0, copies);
        } else {
            for copy in copies {
                let seconds = self.luck.below(3) as i64 * LEASE_S;
                self.wait(seconds, vec![copy]);
            }
        }
    }

    fn wait(&mut self, seconds: i64, group: Group) {
        let at = later(self.world.time(), seconds);
        self.waiting.entry(at).or_default().push(group);
    }

    /// Works until nothing is left.
    pub async fn empty(&mut self) {
        for _ in 0..PATIENCE {
            self.collect();
            let Some(next) = self.next_instant() else { return };
            // Whoever worked in the last round is done or dead; its lease is over.
            let now = later(self.world.time(), LEASE_S + 1).max(next);
            self.world.set_now(now);
            self.wake(now);
            self.round(now).await;
        }
        panic!("not done after {PATIENCE} rounds");
    }

    /// What stages handed on, and what providers will tell.
    fn collect(&mut self) {
        let (emitted, queued, sent) = {
            let mut stores = self.world.stores();
            let emitted: Vec<_> = stores.bus.drain(..).collect();
            let queued: Vec<_> = stores.queue.drain(..).collect();
            (emitted, queued, stores.sent[self.told..].to_vec())
        };
        self.told += sent.len();
        emitted.into_iter().for_each(|detected| self.add(&Task::Work(detected)));
        queued.into_iter().for_each(|dispatch| self.add(&Task::Send(Box::new(dispatch), 1)));
        for dispatch in sent {
            for receipt in self.receipts(&dispatch) {
                for _ in 0..self.luck.times() {
                    let seconds = self.luck.below(1200) as i64;
                    self.wait(seconds, vec![Task::Hear(receipt.clone())]);
                }
            }
        }
    }

    fn next_instant(&self) -> Option<Timestamp> {
        let stores = self.world.stores();
        let scheduled = stores.scheduled.first_key_value().map(|(at, _)| *at);
        let waiting = self.waiting.first_key_value().map(|(at, _)| *at);
        scheduled.into_iter().chain(waiting).min()
    }

    /// Signals that are due go back on the bus.
    fn wake(&mut self, now: Timestamp) {
        let mut stores = self.world.stores();
        let later = stores.scheduled.split_off(&later(now, 1));
        let due = std::mem::replace(&mut stores.scheduled, later);
        stores.bus.extend(due.into_values().flatten());
    }

    async fn round(&mut self, now: Timestamp) {
        let rest = self.waiting.split_off(&later(now, 1));
        let due = std::mem::replace(&mut self.waiting, rest);
        let mut due: Vec<Group> = due.into_values().flatten().collect();
        self.luck.shuffle(&mut due);
        while let Some(mut group) = due.pop() {
            if self.luck.percent(30) {
                group.extend(due.pop().into_iter().flatten());
            }
            self.at_once(group).await;
        }
    }

    /// Works on several things at once; one in three times, something is struck.
    async fn at_once(&mut self, group: Group) {
        if self.luck.percent(33) {
            let calls = group.iter().map(Task::calls).sum();
            let (nth, how) = (self.luck.below(calls), self.luck.below(4));
            self.world.strike(nth, Strike::ALL[how]);
        }
        let done = group.iter().map(|task| self.world.alive(self.perform(task)));
        let done = join_all(done).await;
        for (task, done) in group.into_iter().zip(done) {
            match (done, task) {
                (Some(Ok(Then::Nothing)), _) => {}
                (Some(Ok(Then::Next(task))), _) => self.wait(0, vec![*task]),
                (Some(Ok(Then::Again(seconds))), Task::Send(dispatch, attempt)) => {
                    self.wait(seconds, vec![Task::Send(dispatch, attempt + 1)]);
                }
                (Some(Err(fault)), _) if !fault.retryable() => panic!("refused: {fault:?}"),
                (_, Task::Send(dispatch, attempt)) => {
                    self.wait(1, vec![Task::Send(dispatch, attempt + 1)]);
                }
                (_, task) => self.wait(1, vec![task]),
            }
        }
    }

    /// Does it once.
    async fn perform(&self, task: &Task) -> Result<Then, Fault> {
        Ok(match task {
            Task::Ingest(batch) => {
                let ingested = self.world.ingest_once(batch).await;
                match ingested.failed.first() {
                    None => Then::Nothing,
                    // As Kinesis does: all from the first that failed comes again.
                    Some(first) => Then::Next(Box::new(Task::Ingest(batch[*first..].to_vec()))),
                }
            }
            Task::Work(detected) => {
                let candidates = self.world.candidates(detected.clone()).await?;
                Then::Next(Box::new(Task::Deliver(candidates)))
            }
            Task::Deliver(candidates) => {
                self.world.deliver(candidates).await?;
                Then::Nothing
            }
            Task::Hear(receipt) => {
                self.world.receive_stage().take(&News::Receipt(receipt.clone())).await?;
                Then::Nothing
            }
            Task::Send(dispatch, attempt) => match self.send(dispatch, *attempt).await? {
                Disposal::Done => Then::Nothing,
                Disposal::Again(seconds) => Then::Again(i64::from(seconds.unwrap_or(30))),
            },
        })
    }

    async fn send(&self, dispatch: &Dispatch, attempt: u32) -> Result<Disposal, Fault> {
        let channel = channel(&dispatch.channel);
        let (world, habits, seed) = (self.world.clone(), channel.habits, self.seed);
        let sent = if channel.kind == Kind::Repeatable {
            let carrier = Carrier::<true> { world, habits, seed };
            self.world.sender_with(carrier).send(dispatch, attempt).await
        } else {
            let carrier = Carrier::<false> { world, habits, seed };
            self.world.sender_with(carrier).send(dispatch, attempt).await
        };
        sent.map(|(disposal, _)| disposal)
    }

    /// What the provider will tell of a message that it took, where it tells anything: that it took
    /// it, and often more.
    fn receipts(&mut self, dispatch: &Dispatch) -> Vec<Receipt> {
        if channel(&dispatch.channel).kind != Kind::LookedUp {
            return Vec::new();
        }
        let states: &[State] = match self.luck.below(100) {
            0..40 => &[State::Sent, State::Delivered],
            40..65 => &[State::Sent, State::Delivered, State::Opened],
            65..70 => &[State::Sent, State::Delivered, State::Opened, State::Clicked],
            70..80 => &[State::Sent, State::Bounced],
            80..85 => &[State::Sent, State::Failed],
            85..90 => &[State::Sent, State::Delivered, State::Complained],
            _ => &[State::Sent],
        };
        let now = self.world.time();
        let receipt = |(n, state): (usize, &State)| Receipt {
            about: About::Message(dispatch.tenant.clone(), dispatch.id.clone()),
            state: *state,
            at: later(now, n as i64),
            provider_id: Some(format!("{}/{}", dispatch.id, dispatch.to)),
            detail: matches!(state, State::Bounced | State::Failed).then(|| "said so".to_owned()),
            suppress: suppress(dispatch, *state),
        };
        states.iter().enumerate().map(receipt).collect()
    }
}

fn suppress(dispatch: &Dispatch, state: State) -> Vec<(String, String, Reason)> {
    let reason = match state {
        State::Bounced => Reason::Bounce,
        State::Complained => Reason::Complaint,
        _ => return Vec::new(),
    };
    vec![(dispatch.channel.clone(), dispatch.to.clone(), reason)]
}
