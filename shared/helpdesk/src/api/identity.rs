//! Who asks.

use super::call::Call;
use super::caller::Caller;
use super::refused::Refused;
use crate::access::credential::{Known, TOKEN};
use crate::access::sign_in::Verified;
use crate::access::{Action, Actor, Face, Resource, permits};
use crate::record::{Record as _, places};
use crate::store::Key;
use crate::user::{EMAIL, User, canonical};
use ceap_kernel::access::{Credential, Principal, Role};

/// Who asks, as far as it is known before their account is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Who {
    /// Their face, if they are known.
    face: Option<Face>,
    /// For whom they act, if they say so.
    behalf: Option<String>,
    /// The address of whom the platform lets in as an administrator, if it names one.
    founder: Option<Option<String>>,
}

impl Who {
    /// Somebody who was let in before.
    pub const fn known(face: Face) -> Self {
        Self { face: Some(face), behalf: None, founder: None }
    }

    /// Nobody.
    pub const fn nobody() -> Self {
        Self { face: None, behalf: None, founder: None }
    }

    /// Whoever owns the account.
    pub const fn owner() -> Self {
        Self { face: None, behalf: None, founder: Some(None) }
    }

    /// The address of whom the platform lets in as an administrator, if it does, and names one.
    pub const fn founder(&self) -> Option<&Option<String>> {
        self.founder.as_ref()
    }

    /// Who asks, with what their account says of them.
    ///
    /// # Errors
    /// 401 if they are not known there; 403 if they may not act for whom they name.
    pub async fn actor(self, call: &Call<'_>) -> Result<Option<Actor>, Refused> {
        let face = match (self.face, &self.founder) {
            (Some(face), _) => face,
            (None, Some(founder)) => founder_of(call, founder.as_deref()).await?,
            (None, None) => return Ok(None),
        };
        let actor = call.account.actor(face)?;
        let Some(email) = self.behalf else { return Ok(Some(actor)) };
        if !permits(&actor, Action::Assume, Resource::Account)? {
            return Err(Refused::Forbidden);
        }
        let face = by_email(call, &email).await?.filter(|face| !face.suspended);
        Ok(Some(call.account.actor(face.ok_or(Refused::Unknown)?)?))
    }
}

/// Reads who asks, and with it whatever else is known to be needed.
pub(super) async fn identify(
    call: &Call<'_>,
    caller: &Caller,
    keys: Vec<Key>,
) -> Result<Who, Refused> {
    match caller {
        Caller::Anyone => {
            call.fetch(keys).await?;
            Ok(Who::nobody())
        }
        Caller::Token(token, named) => of_token(call, token, named.as_deref(), keys).await,
        Caller::Person(person, address) => of_person(call, person, address, keys).await,
    }
}

/// Whom an address is to lead to.
fn of_address(address: &str) -> Key {
    places::unique(EMAIL, &canonical(address))
}

fn behalf(call: &Call<'_>) -> Option<String> {
    call.ask.header("x-on-behalf-of").map(str::to_owned)
}

/// Somebody who signed in: the client is theirs whose account it is, and the account knows their address.
async fn of_person(
    call: &Call<'_>,
    person: &Verified,
    address: &str,
    mut keys: Vec<Key>,
) -> Result<Who, Refused> {
    let behalf = behalf(call);
    keys.push(of_address(address));
    keys.extend(behalf.as_deref().map(of_address));
    let client = call.desk.platform.client(&person.client);
    let ((), client) = futures::try_join!(call.fetch(keys), client)?;
    let Some(client) = client.filter(|client| client.tenant == call.tenant) else {
        call.desk.clients.forget(&person.client);
        return Err(Refused::Unknown);
    };
    if !client.believes(&person.providers) {
        return Err(Refused::Unknown);
    }
    let face = by_email(call, address).await?.filter(|face| !face.suspended);
    Ok(Who { face: Some(face.ok_or(Refused::Unknown)?), behalf, founder: None })
}

async fn of_token(
    call: &Call<'_>,
    token: &Credential,
    named: Option<&str>,
    mut keys: Vec<Key>,
) -> Result<Who, Refused> {
    let behalf = behalf(call);
    let fingerprint = token.fingerprint();
    keys.push(places::unique(TOKEN, &fingerprint));
    keys.extend(token.holder().map(|id| places::record(User::KIND, id)));
    keys.extend(named.into_iter().chain(behalf.as_deref()).map(of_address));
    let platform = call.desk.platform.principal(&call.tenant, &fingerprint);
    let ((), principal) = futures::try_join!(call.fetch(keys), platform)?;
    match call.lookup::<Known>(TOKEN, &fingerprint).await? {
        Some(known) => of_account(call, named, &known, behalf).await,
        None => of_platform(call, named, principal, behalf).await,
    }
}

async fn of_account(
    call: &Call<'_>,
    named: Option<&str>,
    known: &Known,
    behalf: Option<String>,
) -> Result<Who, Refused> {
    if !known.covers(call.ask) {
        return Err(Refused::Forbidden);
    }
    let face = match (known.holder, named) {
        (Some(holder), _) => call.find::<User>(holder.get()).await?.map(|user| user.face()),
        (None, Some(email)) => by_email(call, email).await?,
        (None, None) => None,
    };
    let face = face.filter(|face| !face.suspended).ok_or(Refused::Unknown)?;
    Ok(Who { face: Some(face), behalf, founder: None })
}

async fn of_platform(
    call: &Call<'_>,
    named: Option<&str>,
    principal: Option<Principal>,
    behalf: Option<String>,
) -> Result<Who, Refused> {
    let principal = principal.filter(|it| it.tenant == call.tenant).ok_or(Refused::Unknown)?;
    let own = principal.email.as_deref().map(canonical);
    let named = named.map(canonical);
    let email = match principal.role {
        Role::Admin => named.or(own),
        // Others act for themselves alone.
        Role::TeamLead | Role::Agent if named.is_none() || named == own => own,
        Role::TeamLead | Role::Agent | Role::EndUser | Role::Source => None,
    };
    let admin = principal.role == Role::Admin;
    let face = match &email {
        Some(email) => by_email(call, email).await?.filter(|face| !face.suspended),
        None => None,
    };
    if face.is_none() && !admin {
        return Err(Refused::Unknown);
    }
    Ok(Who { face, behalf, founder: admin.then_some(email) })
}

async fn by_email(call: &Call<'_>, email: &str) -> Result<Option<Face>, Refused> {
    Ok(call.lookup::<Face>(EMAIL, &canonical(email)).await?)
}

/// Whom an administrator of the platform acts as who is not known here by an address: the owner. An address that
/// nobody has is a mistake, unless it has just become the owner's.
async fn founder_of(call: &Call<'_>, email: Option<&str>) -> Result<Face, Refused> {
    if let Some(email) = email {
        let face = by_email(call, email).await?;
        return face.filter(|face| !face.suspended).ok_or(Refused::Unknown);
    }
    let owner = call.account.settings()?.owner_id.ok_or(Refused::Unknown)?;
    let owner = call.find::<User>(owner.get()).await?;
    owner.map(|user| user.face()).ok_or(Refused::Unknown)
}
