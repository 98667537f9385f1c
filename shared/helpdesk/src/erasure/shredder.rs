//! A helpdesk of records and files alone: all that an erasure needs.

use super::{Needles, Place, Stage, Step, Whom, jobs, people, records, tickets};
use crate::access::sign_in::Clients;
use crate::account::{AuditLog, Remembered};
use crate::api::{Ask, Call, Desk, Method, Refused, entry};
use crate::file::Files;
use crate::message::Nothing;
use crate::organization::Organization;
use crate::satisfaction::SatisfactionRating;
use crate::search::{Recent, SavedSearch};
use crate::store::Store;
use ceap_kernel::{Clock, Fault, TenantId};

/// Erases people.
pub struct Shredder {
    /// The records.
    pub store: Box<dyn Store>,
    /// Files of comments.
    pub files: Box<dyn Files>,
    /// What accounts are set up with, as last read.
    pub accounts: Remembered,
    /// The time.
    pub clock: Box<dyn Clock>,
    /// 256 random bits.
    pub random: Box<dyn Fn() -> [u8; 32]>,
}

impl Shredder {
    /// Goes through the next records after a place, as the account's owner.
    ///
    /// # Errors
    /// `Invalid` when they are an agent, who is no customer and has to be made one first; `Unavailable` or `Throttled`.
    pub async fn step(&self, tenant: &TenantId, whom: &Whom, place: &Place) -> Result<Step, Fault> {
        let (clients, recent) = (Clients::default(), Recent::default());
        let desk = Desk {
            store: &*self.store,
            accounts: &self.accounts,
            platform: &Nothing,
            sign_in: &Nothing,
            clients: &clients,
            ceiling: &crate::api::NoCeiling,
            clock: &*self.clock,
            files: &*self.files,
            secrets: &Nothing,
            deliver: &Nothing,
            index: &Nothing,
            recent: &recent,
            connections: &Nothing,
            random: &*self.random,
        };
        Box::pin(step(&desk, tenant, whom, place)).await
    }
}

/// The same, at any desk.
///
/// # Errors
/// As [`Shredder::step`].
pub async fn step(
    desk: &Desk<'_>,
    tenant: &TenantId,
    whom: &Whom,
    place: &Place,
) -> Result<Step, Fault> {
    let ask = Ask {
        method: Method::Delete,
        base: String::new(),
        raw_path: "/api/v2/users".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let call = match entry::by_itself(desk, tenant, &ask, Vec::new()).await {
        Ok(call) => call,
        Err(Refused::Unknown) => return Ok(Step::NoHelpdesk),
        Err(refused) => return Err(fault(refused)),
    };
    let mut whom = whom.clone();
    let after = page(&call, &mut whom, place).await.map_err(fault)?;
    Ok(match (after, place.stage.next()) {
        (Some(after), _) => Step::On(Place { stage: place.stage, after: Some(after) }, whom),
        (None, Some(stage)) => Step::On(Place { stage, after: None }, whom),
        (None, None) => Step::Through(whom),
    })
}

/// The place after the page that was gone through; none if it was the last of its stage.
async fn page(call: &Call<'_>, whom: &mut Whom, place: &Place) -> Result<Option<String>, Refused> {
    let needles = Needles::of(whom)?;
    let (after, needles) = (place.after.clone(), &needles);
    match place.stage {
        Stage::People => people::known(call, whom, after).await,
        Stage::Jobs => jobs::page(call, whom, needles, after).await,
        Stage::Tickets => tickets::open(call, whom, needles, after).await,
        Stage::Deleted => tickets::deleted(call, whom, needles, after).await,
        Stage::Suspended => records::suspended(call, whom, needles, after).await,
        Stage::Ratings => records::texts::<SatisfactionRating>(call, needles, after, |_| ()).await,
        Stage::Organizations => {
            let changed = |it: &mut Organization| it.updated_at = call.at;
            records::texts(call, needles, after, changed).await
        }
        Stage::Searches => records::texts::<SavedSearch>(call, needles, after, |_| ()).await,
        Stage::Log => records::texts::<AuditLog>(call, needles, after, |_| ()).await,
        Stage::Requests => records::requests(call, needles, after).await,
        Stage::Tags => records::tags(call, needles, after).await,
        Stage::Last => people::erased(call, whom, needles, after).await,
    }
}

/// What the step's caller is told: a record that others change all the time is tried again.
fn fault(refused: Refused) -> Fault {
    match refused {
        Refused::Fault(fault) => fault,
        Refused::Conflict => Fault::Unavailable("others change the same records".to_owned()),
        other => Fault::Internal(other.says()),
    }
}
