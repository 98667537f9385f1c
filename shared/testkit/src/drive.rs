//! Drives events through the whole pipeline, as the platform does: whatever fails or dies comes
//! again, at least once.

use crate::World;
use ceap_engagement::audience::Sought;
use ceap_engagement::event::Arrived;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::aftermath::Follow;
use ceap_engagement::pipeline::delay::Delays;
use ceap_engagement::pipeline::deliver::Deliver;
use ceap_engagement::pipeline::fan_out::fan_out;
use ceap_engagement::pipeline::gates::Gates;
use ceap_engagement::pipeline::ingest::{Ingest, Ingested};
use ceap_engagement::pipeline::receive::Receive;
use ceap_engagement::pipeline::request::Desk;
use ceap_engagement::pipeline::send::{Disposal, Provider, Sender};
use ceap_engagement::pipeline::store::{Candidates, store};
use ceap_engagement::pipeline::{filter::filter, score::score};
use ceap_engagement::signal::Detected;
use ceap_kernel::{Fault, SignalId, SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Longer than a sender lives, in seconds.
pub const LEASE_S: i64 = 60;

/// Times anything may come again before a test is stuck.
const PATIENCE: usize = 50;

/// What follows from a message's state, over one world.
type Aftermath = Follow<World, World, World, World, World, World>;

/// A message that a provider took.
pub type Sent = Dispatch;

impl World {
    /// The second stage over this world.
    #[must_use]
    pub fn ingest_stage(&self) -> Ingest<World, World, World, World, World, World> {
        Ingest {
            subjects: self.clone(),
            audiences: self.clone(),
            use_cases: self.clone(),
            signals: self.clone(),
            quarantine: self.clone(),
            clock: self.clone(),
            delays: Delays::default(),
        }
    }

    /// The sixth stage over this world.
    #[must_use]
    #[allow(clippy::type_complexity)]
    pub fn deliver_stage(
        &self,
    ) -> Deliver<World, World, World, World, World, World, World, World, World> {
        Deliver {
            subjects: self.clone(),
            use_cases: self.clone(),
            gates: self.gates(),
            queues: self.clone(),
            later: self.clone(),
            delays: Delays::default(),
        }
    }

    /// The gates over this world.
    #[must_use]
    pub fn gates(&self) -> Gates<World, World, World, World, World> {
        Gates {
            claims: self.clone(),
            suppressions: self.clone(),
            addresses: self.clone(),
            links: self.clone(),
            clock: self.clone(),
        }
    }

    /// A channel's sender over this world, with a provider that takes everything.
    #[must_use]
    pub fn sender(&self) -> Sender<World, World, Aftermath, World> {
        self.sender_with(self.clone())
    }

    /// A channel's sender over this world.
    #[must_use]
    pub fn sender_with<P: Provider>(&self, provider: P) -> Sender<World, P, Aftermath, World> {
        Sender {
            outbox: self.clone(),
            provider,
            aftermath: self.aftermath(),
            clock: self.clone(),
            lease_s: LEASE_S,
            limit: None,
        }
    }

    /// What follows from a message's state, over this world.
    #[must_use]
    pub fn aftermath(&self) -> Aftermath {
        Follow {
            log: self.clone(),
            candidates: self.clone(),
            suppressions: self.clone(),
            events: self.clone(),
            signals: self.clone(),
            clock: self.clone(),
        }
    }

    /// What providers tell afterwards, over this world.
    #[must_use]
    pub fn receive_stage(&self) -> Receive<World, World, Aftermath, World, World, World, World> {
        Receive {
            receipts: self.clone(),
            senders: self.clone(),
            aftermath: self.aftermath(),
            suppressions: self.clone(),
            events: self.clone(),
            help: self.clone(),
            clock: self.clone(),
        }
    }

    /// Where messages are asked for by themselves, over this world.
    #[must_use]
    pub fn desk(&self) -> Desk<World, World, World, World, World, World, World, World> {
        Desk {
            subjects: self.clone(),
            use_cases: self.clone(),
            gates: self.gates(),
            queues: self.clone(),
        }
    }

    /// Ingests a batch once.
    pub async fn ingest_once(&self, batch: &[Arrived]) -> Ingested {
        self.ingest_stage().run(batch).await
    }

    /// Ingests a batch until all of it is taken: as Kinesis does, what comes again is all from the
    /// first event that failed.
    pub async fn ingest(&self, batch: &[Arrived]) {
        let mut rest = batch;
        for _ in 0..PATIENCE {
            let Some(ingested) = self.alive(self.ingest_once(rest)).await else {
                continue;
            };
            self.stores().tally.merge(ingested.tally);
            match ingested.failed.first() {
                None => return,
                Some(first) => rest = &rest[*first..],
            }
        }
        panic!("a batch was not taken after {PATIENCE} attempts");
    }

    /// Filter, score, store and deliver, once.
    pub async fn workflow(&self, detected: Detected) -> Result<(), Fault> {
        let candidates = self.candidates(detected).await?;
        self.deliver(&candidates).await
    }

    /// Filter, score and store, once.
    pub async fn candidates(&self, detected: Detected) -> Result<Candidates, Fault> {
        let (detected, filtered) = filter(detected, self, self, self, self, self).await?;
        let (batch, scored) = score(detected, self, self, self.shop(), self, self).await?;
        let (candidates, stored) = store(batch, self, self).await?;
        let mut stores = self.stores();
        for tally in [filtered, scored, stored] {
            stores.tally.merge(tally);
        }
        Ok(candidates)
    }

    /// Deliver, once. What dies in it is run again with the same candidates.
    pub async fn deliver(&self, candidates: &Candidates) -> Result<(), Fault> {
        let (_, delivered) = self.deliver_stage().run(candidates).await?;
        self.stores().tally.merge(delivered);
        Ok(())
    }

    /// One page of whom a thing concerns.
    async fn fan_out(&self, sought: &Sought) -> Result<(), Fault> {
        let tally = fan_out(sought, self, self, self, self).await?;
        self.stores().tally.merge(tally);
        Ok(())
    }

    /// Works on all that was emitted, and sends all that is queued.
    pub async fn work(&self) {
        while let Some(sought) = self.look(|stores| stores.sought.pop_front()) {
            self.insist(|| self.fan_out(&sought)).await;
        }
        while let Some(detected) = self.look(|stores| stores.bus.pop_front()) {
            self.insist(|| self.workflow(detected.clone())).await;
        }
        while let Some(dispatch) = self.look(|stores| stores.queue.pop_front()) {
            self.insist(|| self.send_one(&dispatch)).await;
        }
    }

    /// Works, wakes what waits for its instant, and works again, until nothing is left.
    pub async fn settle_all(&self) {
        loop {
            self.work().await;
            let next = self.stores().scheduled.pop_first();
            let Some((wake, waiting)) = next else { return };
            self.set_now(self.time().max(wake));
            self.stores().bus.extend(waiting);
        }
    }

    /// Wakes what is due by `now`, and works.
    pub async fn advance(&self, now: Timestamp) {
        self.set_now(now);
        while let Some((_, waiting)) = self.look(|stores| {
            let due = stores.scheduled.first_key_value()?.0 <= &now;
            due.then(|| stores.scheduled.pop_first()).flatten()
        }) {
            self.stores().bus.extend(waiting);
        }
        self.work().await;
    }

    /// Ingests, and works on all that comes of it.
    pub async fn run(&self, batch: &[Arrived]) {
        self.ingest(batch).await;
        self.settle_all().await;
    }

    async fn send_one(&self, dispatch: &Dispatch) -> Result<(), Fault> {
        let (disposal, tally) = self.sender().send(dispatch, 1).await?;
        self.stores().tally.merge(tally);
        match disposal {
            Disposal::Done => Ok(()),
            Disposal::Again(_) => Err(Fault::Unavailable("not now".to_owned())),
        }
    }

    /// Does it until it is done. Between two attempts, more than a sender's life passes.
    async fn insist<F: Future<Output = Result<(), Fault>>>(&self, task: impl Fn() -> F) {
        for _ in 0..PATIENCE {
            match self.alive(task()).await {
                Some(Ok(())) => return,
                Some(Err(fault)) if !fault.retryable() => panic!("a stage refused: {fault:?}"),
                Some(Err(_)) | None => self.pass(SignedDuration::from_secs(LEASE_S + 1)),
            }
        }
        panic!("not done after {PATIENCE} attempts");
    }

    fn look<T>(&self, look: impl FnOnce(&mut crate::Stores) -> Option<T>) -> Option<T> {
        look(&mut self.stores())
    }

    /// The ids of all signals emitted so far, at once or for later.
    #[must_use]
    pub fn signal_ids(&self) -> BTreeSet<SignalId> {
        let stores = self.stores();
        let signals = stores.emissions.iter().flat_map(|it| &it.signals);
        signals.map(|signal| signal.id.clone()).collect()
    }

    /// What providers took, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.stores().sent.clone()
    }
}
