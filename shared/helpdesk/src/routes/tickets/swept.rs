//! What becomes of a ticket when a promise is about to be broken, or is.

use super::automated::{go_on, untouched};
use super::fire::escalate;
use crate::api::{Call, Refused};
use crate::ids::TicketId;
use crate::record::Kept;
use crate::rule::{Escalation, SlaPolicy};
use crate::ticket::sla::Due;
use crate::ticket::{Ticket, Via};
use crate::trigger::Around;

/// Does to a ticket what is due of its promises, each once: escalations, and to tell that one is broken. Triggers act on
/// it as on any update. Whether anything was due.
///
/// # Errors
/// `Unavailable` or `Throttled`; 409 if somebody else was faster.
pub async fn swept(call: &Call<'_>, id: TicketId) -> Result<bool, Refused> {
    let Some(before) = call.find::<Ticket>(id.get()).await? else { return Ok(false) };
    if before.promises.next_due().is_none_or(|at| at >= call.at) {
        return Ok(false);
    }
    let mut applied = untouched(call, &before)?;
    let due = applied.ticket.promises.take_due(call.at);
    let policies = call.account.all::<SlaPolicy>()?;
    let escalations: Vec<(&SlaPolicy, &Escalation)> =
        due.iter().filter_map(|it| named(&policies, *it)).collect();
    let mut around = Around::default();
    let acted = escalate(call, (&before, &applied), &escalations, &mut around).await?;
    let via = match escalations.first() {
        Some((policy, _)) => Via::of_rule(policy.head.id, &policy.head.title, "sla_policy"),
        None => Via::of("rule"),
    };
    go_on(call, &before, acted, via, around).await?;
    Ok(true)
}

/// The policy and the escalation that are due, if they are still there.
fn named(policies: &[Kept<SlaPolicy>], due: Due) -> Option<(&SlaPolicy, &Escalation)> {
    let policy = policies.iter().find(|it| it.head.id == due.policy_id)?;
    Some((&policy.record, policy.escalations.get(due.escalation)?))
}
