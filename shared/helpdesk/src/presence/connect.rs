//! A connection begins: who it is of.

use super::place::{Holder, LIFE, kept};
use super::session::{SESSION, Session};
use crate::api::{Ask, Desk, Guard, Refused, entry};
use crate::ids::UserId;
use crate::later::later;
use crate::record::{Known, Record as _, places};
use crate::store::{Expect, Failure, Write};
use crate::user::User;
use ceap_kernel::TenantId;
use ceap_kernel::access::Credential;

/// Lets an agent connect, who shows a token as for any request, or a session's secret in the query. Tells whose account
/// it is.
///
/// # Errors
/// 401 if they are not known; 403 if they are no agent; 429 if they ask too much.
pub async fn connect(desk: &Desk<'_>, ask: &Ask, connection: &str) -> Result<TenantId, Refused> {
    let (tenant, user_id) = match ask.query(SESSION) {
        Some(secret) => of_session(desk, secret).await?,
        None => {
            let call = entry::known(desk, Guard::Agents, ask).await?;
            (call.tenant.clone(), call.actor()?.id())
        }
    };
    let ends_at = later(desk.clock.now(), LIFE)?;
    let holder = Holder { tenant: tenant.clone(), user_id, ends_at };
    let write = kept(Holder::key(connection), &holder, Expect::Anything, ends_at)?;
    match desk.store.commit(&TenantId::nobody(), &[write]).await {
        Ok(()) => Ok(tenant),
        Err(Failure::Unexpected(_)) => Err(Refused::Conflict),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// Whose session it is. Its secret is used up: of two who show it, one is let in.
async fn of_session(desk: &Desk<'_>, secret: &str) -> Result<(TenantId, UserId), Refused> {
    let secret = Credential::parse(secret)?;
    let key = Session::key(&secret);
    let person = secret.holder().map(|id| places::record(User::KIND, id));
    let keys = person.into_iter().chain([key.clone()]).collect();
    let known = Known::read(desk.store, &secret.tenant, keys).await?;
    let session: Session = known.value(&key)?.ok_or(Refused::Unknown)?;
    let user = known.record::<User>(session.user_id.get())?.ok_or(Refused::Unknown)?;
    let face = user.face();
    if face.suspended || !face.role.is_agent() {
        return Err(Refused::Forbidden);
    }
    let used = Write::Delete { key, expect: Expect::Present };
    match desk.store.commit(&secret.tenant, &[used]).await {
        Ok(()) => Ok((secret.tenant, session.user_id)),
        Err(Failure::Unexpected(_)) => Err(Refused::Unknown),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}
