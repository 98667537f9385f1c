//! The bus and the scheduler.

use super::Memory;
use crate::goal::{Goals, GoalsReached};
use crate::pipeline::delay::Delays;
use crate::pipeline::ingest::{Later, Signals};
use crate::pipeline::witness::Witness;
use crate::score::Scored;
use crate::signal::{Detected, Signal};
use ceap_kernel::{Fault, Timestamp};

impl Memory {
    /// The signals whose instant of judgement counts.
    fn counted(&self, detected: &Detected) -> Option<Detected> {
        let (from, to) = self.counts;
        let counts = |signal: &Signal| from <= signal.at && signal.at <= to;
        if !detected.signals.iter().any(counts) {
            return None;
        }
        let signals = detected.signals.iter().filter(|it| counts(it)).cloned().collect();
        Some(detected.clone().keeping(signals))
    }

    /// Takes the signals of a gathered batch: each comes when it would have come, had its event come
    /// alone. False when they are none of a batch.
    fn gathered(&self, detected: &Detected) -> bool {
        let comes_back =
            |it: &Signal| it.held.is_some() || it.fallback.is_some() || it.action.is_some();
        if !self.gathers || detected.signals.iter().any(comes_back) {
            return false;
        }
        for signal in &detected.signals {
            let came = signal.at.checked_sub(signal.waited()).unwrap_or(signal.at);
            let wake = if signal.afresh { Delays::default().of(signal, came) } else { None };
            let alone = Detected {
                tenant: detected.tenant.clone(),
                profiles: detected.profiles.clone(),
                signals: vec![signal.clone()],
            };
            self.kept().waiting.entry(wake.unwrap_or(came)).or_default().push(alone);
        }
        true
    }
}

impl Signals for &Memory {
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault> {
        for counted in detected.iter().filter_map(|it| self.counted(it)) {
            self.kept().traces.emitted(&counted);
            if self.gathered(&counted) {
                continue;
            }
            let mut kept = self.kept();
            kept.bus.push_back(counted);
        }
        Ok(())
    }
}

/// A simulation shows decisions; what they lead to is the report's.
impl Goals for &Memory {
    async fn emit_goals(&self, _: &[GoalsReached]) -> Result<(), Fault> {
        Ok(())
    }
}

impl Later for &Memory {
    async fn emit_at(&self, wake: Timestamp, detected: &Detected) -> Result<(), Fault> {
        let Some(counted) = self.counted(detected) else { return Ok(()) };
        let turn = |it: &Signal| (it.id.clone(), it.fallback.clone(), it.action);
        let same = |a: &Signal, b: &Signal| turn(a) == turn(b);
        self.kept().traces.emitted(&counted);
        if self.gathered(&counted) {
            return Ok(());
        }
        let mut kept = self.kept();
        let waiting = kept.waiting.entry(wake).or_default();
        let known = waiting.iter().any(|known| {
            known.signals.len() == counted.signals.len()
                && known.signals.iter().zip(&counted.signals).all(|(a, b)| same(a, b))
        });
        if !known {
            waiting.push(counted);
        }
        Ok(())
    }
}

impl Witness for &Memory {
    fn ruled(&self, signal: &Signal, when: &str, reason: &str, holds: bool) {
        self.kept().traces.ruled(signal, when, reason, holds);
    }

    fn stopped(&self, signal: &Signal, reason: &str) {
        self.kept().traces.stopped(signal, reason);
    }

    fn scored(&self, signal: &Signal, scored: &Scored, passes: bool) {
        self.kept().traces.scored(signal, scored, passes);
    }
}
