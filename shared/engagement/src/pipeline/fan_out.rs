//! Between the second stage and the third: a signal about a thing becomes one for each subject that
//! the thing concerns, a page of the audience at a time.

use super::ingest::Signals;
use crate::audience::{Audiences, Place, Seeks, Sought};
use crate::signal::{Detected, Signal};
use crate::use_case::UseCases;
use ceap_kernel::{Clock, Fault, Metric, SignalId, SubjectId, Tally};
use std::collections::BTreeMap;

/// Subjects of one page.
const PAGE: usize = 1_000;

/// Emits the signals of one page of the audience, and asks for the next one. A page that is brought
/// again emits the same signals again.
///
/// # Errors
/// `Unavailable` or `Throttled`; the page is brought again then.
pub async fn fan_out(
    sought: &Sought,
    use_cases: &impl UseCases,
    audiences: &impl Audiences,
    bus: &(impl Signals + Seeks),
    clock: &impl Clock,
) -> Result<Tally, Fault> {
    let Sought { tenant, signal, thing, from } = sought;
    let plan = use_cases.plan(tenant).await?;
    let mut tally = Tally::default();
    let running = plan.use_case(&signal.use_case).filter(|it| it.runs());
    let fan_out = running.and_then(|it| it.document.trigger.fan_out.as_ref());
    let Some(kinds) = fan_out.map(|it| &it.events) else { return Ok(tally) };
    let Some(kind) = kinds.get(from.kind) else { return Ok(tally) };
    let (found, more) =
        audiences.audience(tenant, kind, thing, from.after.as_ref(), PAGE, clock.now()).await?;
    let signals: Vec<Signal> = found.into_iter().map(|member| concerning(signal, member)).collect();
    let count = u64::try_from(signals.len()).unwrap_or(u64::MAX);
    if !signals.is_empty() {
        let tenant = tenant.clone();
        let detected = Detected { tenant, profiles: BTreeMap::new(), signals };
        bus.emit(&detected.split()).await?;
    }
    let kind = if more.is_some() { from.kind } else { from.kind.saturating_add(1) };
    if kind < kinds.len() {
        let next = Sought { from: Place { kind, after: more }, ..sought.clone() };
        bus.seek(&[next]).await?;
    }
    tally.add(Metric::SignalsMatched, tenant, Some(&signal.use_case), None, count);
    Ok(tally)
}

/// The signal about a thing, for one subject whom the thing concerns: judged on that one's own
/// features and profile.
fn concerning(signal: &Signal, member: SubjectId) -> Signal {
    let id = SignalId::concerning(&signal.id, &member);
    Signal { id, subject: member, afresh: true, ..signal.clone() }
}
