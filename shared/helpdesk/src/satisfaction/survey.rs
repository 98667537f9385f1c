//! The link by which a requester says what they think, without signing in: good for one answer, for a while, and no
//! longer than what it was sent for ([about CSAT](https://support.zendesk.com/hc/en-us/articles/4408886173338)).
//!
//! Its token is signed: 256 bits that only the tenant's key makes of the ticket, of who is asked and of when they were.
//! Only what it is known by is kept; there is nothing about anybody in it.

use crate::ids::{RecordId, TicketId, UserId};
use crate::later::later;
use crate::record::{Changes, Known};
use crate::store::{Failure, Key, Soon, Store};
use crate::ticket::Ticket;
use ceap_kernel::access::Credential;
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a link is good for: Zendesk's 28 days.
const GOOD_FOR_SECONDS: i64 = 28 * 24 * 60 * 60;

/// How long it is remembered that it was used: longer than it is good for.
const USED_FOR_SECONDS: i64 = 2 * GOOD_FOR_SECONDS;

/// What is kept of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who is asked.
    pub user_id: UserId,
    /// When they were, if a rule keeps that: they may be asked again, and this link is over then.
    pub offered_at: Option<Timestamp>,
    /// Where what they say is kept, if it is known yet.
    pub rating_id: Option<RecordId>,
}

/// Makes links.
pub trait Surveys {
    /// 256 bits that nobody else makes, the same whenever they are made again for this name.
    fn secret<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<[u8; 32], Fault>>;

    /// Where the page is that a token opens.
    fn url(&self, token: &str) -> String;
}

/// What is known of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// What it is for.
    pub survey: Survey,
    /// Whether it was used.
    pub used: bool,
}

fn key(token: &Credential) -> Key {
    Key::new(format!("SURVEY#{}", token.fingerprint()), "SURVEY")
}

fn used(token: &Credential) -> Key {
    Key::new(format!("SURVEY#{}", token.fingerprint()), "USED")
}

impl Survey {
    /// Asks the requester of a ticket.
    #[must_use]
    pub const fn of(ticket: &Ticket) -> Self {
        Self {
            ticket_id: ticket.id,
            user_id: ticket.requester_id,
            offered_at: ticket.satisfaction_offered_at,
            rating_id: ticket.satisfaction_rating_id,
        }
    }

    /// What its token is made of.
    fn name(&self) -> String {
        let offered = self.offered_at.map_or(0, Timestamp::as_second);
        format!("satisfaction/{}/{}/{offered}", self.ticket_id, self.user_id)
    }

    /// The link, which is good from now on: the same one, however often it is made. Where no rule keeps when they were
    /// asked, it counts from `told_at`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn link(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
        surveys: &dyn Surveys,
        told_at: Timestamp,
    ) -> Result<String, Fault> {
        let secret = surveys.secret(tenant, &self.name()).await?;
        let token = Credential::generate(tenant.clone(), &secret);
        let over = later(self.offered_at.unwrap_or(told_at), GOOD_FOR_SECONDS)?;
        let mut changes = Changes::new();
        changes.put(key(&token), self, Some(over))?;
        let (writes, _) = changes.finish();
        match store.commit(tenant, &writes).await {
            Ok(()) => Ok(surveys.url(&token.reveal())),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::Unexpected(_)) => {
                Err(Fault::Internal("a survey was in the way".to_owned()))
            }
        }
    }

    /// What a token is for, if it is one of ours and not over.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub(super) async fn find(store: &dyn Store, token: &Credential) -> Result<Option<Link>, Fault> {
        let (own, used) = (key(token), used(token));
        let known = Known::read(store, &token.tenant, vec![own.clone(), used.clone()]).await?;
        let used = known.item(&used).is_some();
        Ok(known.value(&own)?.map(|survey| Link { survey, used }))
    }

    /// Whether it is still this that the ticket's requester is asked.
    pub(super) fn stands(&self, ticket: &Ticket) -> bool {
        ticket.requester_id == self.user_id && ticket.satisfaction_offered_at == self.offered_at
    }

    /// Uses the link up, with `changes`: where it was before, none of them happens.
    pub(super) fn use_up(
        token: &Credential,
        now: Timestamp,
        changes: &mut Changes,
    ) -> Result<(), Fault> {
        changes.once(used(token), &json!({"at": now}), Some(later(now, USED_FOR_SECONDS)?))
    }
}
