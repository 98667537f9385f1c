//! Functions as Lambda invokes them, and what that took.

use crate::aws::{Aws, Meter};
use crate::clock;
use anyhow::{Result, anyhow};
use ceap_runtime::Error;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// Megabytes at which a function has one whole processor
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const WHOLE_PROCESSOR_MB: f64 = 1769.0;

/// Invocations of one function.
#[derive(Debug, Clone, Default)]
pub struct Invocations {
    /// How many.
    pub count: u64,
    /// CPU time of the function's own, without that of what plays AWS.
    pub cpu: Duration,
    /// Milliseconds that are billed, each invocation rounded up: its CPU time on the share of a processor that its
    /// memory buys.
    pub billed_ms: u64,
    /// Its memory.
    pub memory_mb: u64,
    /// Calls of AWS that each wait for the one before, of all invocations.
    pub chain: u64,
}

impl Invocations {
    /// Gigabyte-seconds that are billed if each call in a chain takes `wait_ms`.
    #[must_use]
    pub fn gb_seconds(&self, wait_ms: f64) -> f64 {
        let milliseconds = as_f64(self.billed_ms) + as_f64(self.chain) * wait_ms;
        as_f64(self.memory_mb) / 1024.0 * milliseconds / 1000.0
    }
}

/// A count as a number that can be divided.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts of a run, far below 2^52
pub fn as_f64(count: u64) -> f64 {
    count as f64
}

/// What all invocations of a run took.
#[derive(Debug, Default)]
pub struct Bill {
    /// By function.
    pub functions: BTreeMap<String, Invocations>,
    /// What AWS was asked.
    pub meter: Meter,
}

/// Invokes functions and notes what they take.
#[derive(Debug)]
pub struct Invoker<'a> {
    aws: &'a Aws,
    memory: &'a BTreeMap<String, u64>,
    /// What they took.
    pub bill: Bill,
}

impl<'a> Invoker<'a> {
    /// One that has noted nothing.
    #[must_use]
    pub fn new(aws: &'a Aws, memory: &'a BTreeMap<String, u64>) -> Self {
        Self { aws, memory, bill: Bill::default() }
    }

    /// Invokes `function`; what it answers, and the CPU time that it took.
    ///
    /// # Errors
    /// As the function fails; when no template has it.
    pub async fn invoke(
        &mut self,
        function: &str,
        invocation: impl Future<Output = Result<Vec<u8>, Error>>,
    ) -> Result<(Vec<u8>, Duration)> {
        let memory = self.memory.get(function).copied();
        let memory = memory.ok_or_else(|| anyhow!("{function}: no template has it"))?;
        self.aws.take_meter();
        let began = clock::cpu();
        let answer = Box::pin(invocation).await.map_err(|error| anyhow!("{function}: {error}"))?;
        let took = clock::cpu().saturating_sub(began);
        let meter = self.aws.take_meter();
        let own = took.saturating_sub(meter.busy);
        let entry = self.bill.functions.entry(function.to_owned()).or_default();
        entry.count = entry.count.saturating_add(1);
        entry.cpu = entry.cpu.saturating_add(own);
        entry.billed_ms = entry.billed_ms.saturating_add(billed_ms(own, memory));
        entry.memory_mb = memory;
        entry.chain = entry.chain.saturating_add(meter.chain);
        self.bill.meter.add(&meter);
        Ok((answer, own))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // milliseconds of one invocation
fn billed_ms(cpu: Duration, memory_mb: u64) -> u64 {
    let share = (as_f64(memory_mb) / WHOLE_PROCESSOR_MB).min(1.0);
    (cpu.as_secs_f64() * 1000.0 / share).ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_memory_buys_less_of_a_processor_and_each_millisecond_begun_is_billed() {
        assert_eq!(billed_ms(Duration::from_micros(1500), 1769), 2);
        assert_eq!(billed_ms(Duration::from_millis(10), 1769 / 2), 21);
        assert_eq!(billed_ms(Duration::from_millis(10), 4000), 10);
        assert_eq!(billed_ms(Duration::ZERO, 128), 1);
        let one = Invocations { billed_ms: 1000, memory_mb: 512, chain: 4, ..Default::default() };
        assert!((one.gb_seconds(0.0) - 0.5).abs() < 1e-9);
        assert!((one.gb_seconds(250.0) - 1.0).abs() < 1e-9);
    }
}
