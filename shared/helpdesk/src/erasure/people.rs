//! People: which are theirs, and what becomes of them.

use super::records::{cleaned, next};
use super::{Needles, Where, Whom};
use crate::api::{Call, Refused};
use crate::record::{Kept, Record};
use crate::store::Range;
use crate::user::User;
use ceap_kernel::Fault;

/// People that are looked at in a step, and that are changed in one.
const LOOKED_AT: usize = 500;
const CHANGED: usize = 100;

/// Learns of the next people which are theirs.
///
/// # Errors
/// 422 when one of them is an agent; `Unavailable` or `Throttled`.
pub(super) async fn known(
    call: &Call<'_>,
    whom: &mut Whom,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(User::KIND.name, LOOKED_AT).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for item in &found.items {
        let user = Kept::<User>::read(item)?;
        if !whom.is(&user) {
            whom.leave(&user);
            continue;
        }
        if user.active && user.role.is_agent() {
            let id = user.id;
            let text =
                format!("user {id} works in the helpdesk: make them an end user, then ask again");
            return Err(Refused::Fault(Fault::invalid("subject", text)));
        }
        whom.learn(&user);
    }
    Ok(next(&found))
}

/// Takes out for good what is known of those who are theirs, and of others what names them.
///
/// # Errors
/// 409 when others change them all the time; `Unavailable` or `Throttled`.
pub(super) async fn erased(
    call: &Call<'_>,
    whom: &Whom,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(User::KIND.name, CHANGED).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for item in &found.items {
        let user = Kept::<User>::read(item)?;
        if user.erased.is_some() {
            continue;
        }
        if whom.is(&user) {
            call.change(&user, &user.erased(call.actor()?.id(), call.at)).await?;
            continue;
        }
        // What another is known by is theirs, whatever it reads like.
        if let Some(left) = cleaned(&user.record, needles, Where::Anywhere)? {
            let after = User {
                updated_at: call.at,
                identities: user.identities.clone(),
                phone: user.phone.clone(),
                external_id: user.external_id.clone(),
                name: user.name.clone(),
                ..left
            };
            if after != (User { updated_at: call.at, ..user.record.clone() }) {
                call.change(&user, &after).await?;
            }
        }
    }
    Ok(next(&found))
}
