//! Who asks for something without being known, but says who they are.

use super::tickets::Named;
use super::tickets::people::{is_address, newcomer};
use crate::access::{Actor, Face};
use crate::api::{Answer, Call, Refused};
use crate::refusal::Refusal;
use crate::suspended::{Author, Cause, Held, Verdict, judge, suspend};
use crate::text;
use crate::ticket::{Edit, Via};
use crate::user::{EMAIL, User, canonical};
use serde_json::json;
use std::collections::BTreeSet;

/// Somebody who is not known to the request; known to the account or not yet.
pub(super) enum Stranger {
    /// Who is let in, and to be added if they are new.
    Welcome(Actor, Vec<User>),
    /// Whose request an agent is to look at first.
    Doubtful(Author, Cause),
}

impl Stranger {
    /// Judges who they say that they are. Agents have to show that it is they.
    pub(super) async fn named(call: &Call<'_>, named: Named) -> Result<Self, Refused> {
        let settings = call.account.settings()?;
        if !settings.anonymous_requests {
            return Err(Refused::Unknown);
        }
        let (name, email) = introduced(&named)?;
        let known = call.lookup::<Face>(EMAIL, &email).await?;
        if known.as_ref().is_some_and(|face| face.role.is_agent()) {
            return Err(Refused::Unknown);
        }
        let cause = match judge(&email, &settings.allowlist, &settings.blocklist) {
            _ if known.as_ref().is_some_and(|face| face.suspended) => Some(Cause::SuspendedUser),
            Verdict::Allowed => None,
            Verdict::Suspended => Some(Cause::Blocklisted),
            Verdict::Rejected => return Err(Refused::Forbidden),
        };
        if let Some(cause) = cause {
            let author = Author { id: known.map(|face| face.id), name, email };
            return Ok(Self::Doubtful(author, cause));
        }
        let (face, added) = match known {
            Some(face) => (face, Vec::new()),
            None => {
                let user = newcomer(call, Some(&name), &email)?;
                (user.face(), vec![user])
            }
        };
        let actor = Actor { face, group_ids: BTreeSet::new(), may: BTreeSet::new() };
        Ok(Self::Welcome(actor, added))
    }
}

/// Their name and address.
fn introduced(named: &Named) -> Result<(String, String), Refused> {
    let mut refusal = Refusal::default();
    let name = named.name.as_deref().unwrap_or_default().trim();
    if name.is_empty() {
        refusal.add("requester", "Requester: Name: cannot be blank", Some("BlankValue"));
    }
    let email = canonical(named.email.as_deref().unwrap_or_default());
    if !is_address(&email) {
        let text = "Requester: Email: is not properly formatted";
        refusal.add("requester", text, Some("InvalidFormat"));
    }
    Ok(refusal.against((name.to_owned(), email))?)
}

/// Holds their request back. They are told so, but not why.
pub(super) async fn hold(
    call: &Call<'_>,
    author: Author,
    cause: Cause,
    edit: Edit,
) -> Result<Answer, Refused> {
    let comment = edit.comment.unwrap_or_default();
    let content = match &comment.html_body {
        Some(html) => text::of_html(html),
        None => comment.text().to_owned(),
    };
    let mut refusal = Refusal::default();
    if content.trim().is_empty() {
        refusal.add("base", "Description: cannot be blank", Some("BlankValue"));
    }
    let () = refusal.against(())?;
    let held = Held {
        author,
        subject: edit.subject.flatten(),
        content,
        cause,
        recipient: edit.recipient.flatten(),
        brand_id: edit.brand_id.flatten(),
        via: Via::of("web"),
    };
    let suspended = suspend(call, held).await?;
    let told = json!({"id": suspended.id, "created_at": suspended.created_at});
    Ok(Answer::json(202, json!({"suspended_ticket": told})))
}
