//! Who asks.

use super::call::Call;
use super::refused::Refused;
use crate::access::credential::{Known, Shown, TOKEN};
use crate::access::{Action, Actor, Face, Resource, permits};
use crate::account::CustomRole;
use crate::record::{Record, places};
use crate::store::Key;
use crate::user::{EMAIL, User, canonical};
use ceap_kernel::access::{Principal, Role};

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
        let actor = with_account(call, face)?;
        let Some(email) = self.behalf else { return Ok(Some(actor)) };
        if !permits(&actor, Action::Assume, Resource::Account)? {
            return Err(Refused::Forbidden);
        }
        let face = by_email(call, &email).await?.filter(|face| !face.suspended);
        Ok(Some(with_account(call, face.ok_or(Refused::Unknown)?)?))
    }
}

/// Reads who asks, and with it whatever else is known to be needed.
pub(super) async fn identify(
    call: &Call<'_>,
    shown: Option<&Shown>,
    mut keys: Vec<Key>,
) -> Result<Who, Refused> {
    let behalf = call.ask.header("x-on-behalf-of").map(str::to_owned);
    let Some(shown) = shown else {
        call.fetch(keys).await?;
        return Ok(Who { face: None, behalf: None, founder: None });
    };
    let fingerprint = shown.token.fingerprint();
    keys.push(places::unique(TOKEN, &fingerprint));
    keys.extend(shown.token.holder().map(|id| places::record(User::KIND, id)));
    let emails = shown.email.iter().chain(&behalf);
    keys.extend(emails.map(|email| places::unique(EMAIL, &canonical(email))));
    let platform = call.desk.platform.principal(&call.tenant, &fingerprint);
    let ((), principal) = futures::try_join!(call.fetch(keys), platform)?;
    match call.lookup::<Known>(TOKEN, &fingerprint).await? {
        Some(known) => of_token(call, shown, &known, behalf).await,
        None => of_platform(call, shown, principal, behalf).await,
    }
}

async fn of_token(
    call: &Call<'_>,
    shown: &Shown,
    known: &Known,
    behalf: Option<String>,
) -> Result<Who, Refused> {
    if !known.covers(call.ask) {
        return Err(Refused::Forbidden);
    }
    let face = match (known.holder, &shown.email) {
        (Some(holder), _) => call.find::<User>(holder.get()).await?.map(|user| user.face()),
        (None, Some(email)) => by_email(call, email).await?,
        (None, None) => None,
    };
    let face = face.filter(|face| !face.suspended).ok_or(Refused::Unknown)?;
    Ok(Who { face: Some(face), behalf, founder: None })
}

async fn of_platform(
    call: &Call<'_>,
    shown: &Shown,
    principal: Option<Principal>,
    behalf: Option<String>,
) -> Result<Who, Refused> {
    let principal = principal.filter(|it| it.tenant == call.tenant).ok_or(Refused::Unknown)?;
    let own = principal.email.as_deref().map(canonical);
    let named = shown.email.as_deref().map(canonical);
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

fn with_account(call: &Call<'_>, face: Face) -> Result<Actor, Refused> {
    let group_ids = call.account.groups_of(face.id)?;
    let role = match face.custom_role_id {
        Some(id) => call.account.find::<CustomRole>(id.get())?,
        None => None,
    };
    let may = role.as_ref().map(|role| role.allows()).unwrap_or_default();
    let mut face = face;
    if let Some(role) = role.filter(|_| face.role.is_agent()) {
        face.role = role.base.max(face.role);
        face.private_only |= role.writes_notes_only();
        face.restriction = role.restriction().unwrap_or(face.restriction);
    }
    Ok(Actor { face, group_ids, may })
}
