//! The course of events in virtual time: the stages of the pipeline, run as the platform runs them.

use super::memory::Memory;
use super::request::Channel;
use crate::event::Arrived;
use crate::message::{Dispatch, State};
use crate::pipeline::aftermath::Follow;
use crate::pipeline::delay::Delays;
use crate::pipeline::deliver::Deliver;
use crate::pipeline::fan_out::fan_out;
use crate::pipeline::gates::{Addresses, Gates};
use crate::pipeline::ingest::Ingest;
use crate::pipeline::{filter, score, store::store};
use crate::signal::Detected;
use ceap_kernel::{Fault, Tally, TenantId, Timestamp};
use std::collections::BTreeMap;

/// Passes through the workflow, after which a use case counts as one that triggers itself for ever.
const MAX_PASSES: usize = 100_000;

/// One tenant in virtual time.
#[derive(Debug)]
pub(super) struct Course<A> {
    pub tenant: TenantId,
    pub memory: Memory,
    /// The channels.
    pub addresses: A,
    /// What becomes of what is sent; it arrives on those not named.
    pub channels: BTreeMap<String, Channel>,
    passes: usize,
}

impl<A: Addresses + Clone> Course<A> {
    /// A course that has not begun.
    pub fn new(
        tenant: TenantId,
        memory: Memory,
        addresses: A,
        channels: BTreeMap<String, Channel>,
    ) -> Self {
        Self { tenant, memory, addresses, channels, passes: 0 }
    }

    /// Ingests a batch that arrives now, and works on what comes of it.
    ///
    /// # Errors
    /// `Invalid` when the use case triggers itself for ever.
    pub async fn arrive(&mut self, batch: &[Arrived]) -> Result<Tally, Fault> {
        let tally = self.ingest(batch).await?;
        self.work().await?;
        Ok(tally)
    }

    /// Wakes all that is due until `now`, each at its own instant, and sets the clock to `now`.
    ///
    /// # Errors
    /// As [`Self::arrive`].
    pub async fn advance(&mut self, now: Timestamp) -> Result<(), Fault> {
        while self.memory.next_wake().is_some_and(|wake| wake <= now) {
            self.wake().await?;
        }
        self.memory.set_now(now);
        Ok(())
    }

    /// Wakes all that there is, each at its own instant.
    ///
    /// # Errors
    /// As [`Self::arrive`].
    pub async fn finish(&mut self) -> Result<(), Fault> {
        while self.memory.next_wake().is_some() {
            self.wake().await?;
        }
        Ok(())
    }

    async fn wake(&mut self) -> Result<(), Fault> {
        {
            let mut kept = self.memory.kept();
            let Some((wake, waiting)) = kept.waiting.pop_first() else { return Ok(()) };
            kept.now = kept.now.max(wake);
            kept.bus.extend(waiting);
        }
        self.work().await
    }

    async fn ingest(&self, batch: &[Arrived]) -> Result<Tally, Fault> {
        let memory = &self.memory;
        let ingest = Ingest {
            subjects: memory,
            audiences: memory,
            use_cases: memory,
            signals: memory,
            quarantine: memory,
            clock: memory,
            delays: Delays::default(),
        };
        let ingested = ingest.run(batch).await;
        if ingested.failed.is_empty() {
            Ok(ingested.tally)
        } else {
            Err(Fault::Internal("a simulated batch was not taken".to_owned()))
        }
    }

    /// Works on all that was emitted, sends what is queued, and ingests what is told of it.
    async fn work(&mut self) -> Result<(), Fault> {
        loop {
            let next = self.memory.kept().sought.pop_front();
            if let Some(sought) = next {
                let memory = &self.memory;
                fan_out(&sought, &memory, &memory, &memory, &memory).await?;
                continue;
            }
            let next = self.memory.kept().bus.pop_front();
            if let Some(detected) = next {
                self.workflow(detected).await?;
                continue;
            }
            let next = self.memory.kept().queue.pop_front();
            if let Some(dispatch) = next {
                self.send(&dispatch).await?;
                continue;
            }
            let told = std::mem::take(&mut self.memory.kept().stream);
            // Of a type that no document names, an event changes no decision.
            let named = |it: &Arrived| self.memory.running().names(&it.event.kind);
            let told: Vec<Arrived> = told.into_iter().filter(named).collect();
            if told.is_empty() {
                return Ok(());
            }
            self.ingest(&told).await?;
        }
    }

    async fn workflow(&mut self, detected: Detected) -> Result<(), Fault> {
        self.passes = self.passes.saturating_add(1);
        if self.passes > MAX_PASSES {
            let message = "comes to no end on these events: what it sends triggers it again";
            return Err(Fault::invalid("document", message));
        }
        let memory = &self.memory;
        {
            let mut kept = memory.kept();
            let now = kept.now;
            kept.traces.begins(&detected, now);
        }
        let (detected, _) =
            filter::watched(detected, &memory, &memory, &memory, &memory, &memory, &memory).await?;
        if detected.signals.is_empty() {
            return Ok(());
        }
        let shop = memory.running().stored.shop();
        let (batch, _) =
            score::watched(detected, &memory, &memory, shop, &memory, &memory, &memory).await?;
        let (candidates, _) = store(batch, &memory, &memory).await?;
        let gates = Gates {
            claims: memory,
            suppressions: memory,
            addresses: self.addresses.clone(),
            links: memory,
            clock: memory,
        };
        let deliver = Deliver {
            subjects: memory,
            use_cases: memory,
            gates,
            queues: memory,
            later: memory,
            delays: Delays::default(),
        };
        deliver.run(&candidates).await.map(drop)
    }

    /// What the channel's function and its provider would do.
    async fn send(&self, dispatch: &Dispatch) -> Result<(), Fault> {
        let channel = self.channels.get(&dispatch.channel).copied().unwrap_or_default();
        let state = channel.state();
        let (record, now) = {
            let kept = &mut *self.memory.kept();
            let now = kept.now;
            let Some(record) = kept.records.get_mut(&dispatch.id) else { return Ok(()) };
            if record.state != State::Queued {
                return Ok(());
            }
            record.enter(state, now);
            if matches!(state, State::Failed | State::Bounced) {
                record.reason = Some("simulated".to_owned());
            }
            kept.traces.became(record);
            (record.clone(), now)
        };
        if state == State::Sent {
            return Ok(());
        }
        let memory = &self.memory;
        let follow = Follow {
            log: (),
            candidates: memory,
            suppressions: (),
            events: memory,
            signals: memory,
            clock: memory,
        };
        follow.after(&self.tenant, &record, state, now).await
    }
}
