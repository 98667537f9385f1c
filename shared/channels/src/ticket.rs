//! Tickets in the tenant's own helpdesk, which the platform keeps itself: they are opened and gone on with by the
//! rules of its API.

use crate::Channel;
use ceap_engagement::message::{Content, Dispatch, Ticket as Asked, Update};
use ceap_engagement::pipeline::follow;
use ceap_engagement::pipeline::ingest::Subjects;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::profile::Profile;
use ceap_helpdesk::api::Refused;
use ceap_helpdesk::message::{Again, Counter, Message, Requester, Wanted};
use ceap_helpdesk::ticket::{MAX_COMMENT, MAX_SUBJECT};
use ceap_kernel::SubjectId;
use serde_json::Value;

/// Tickets.
#[derive(Debug)]
pub struct Ticket;

impl Channel for Ticket {
    fn name(&self) -> &'static str {
        "ticket"
    }

    /// Every subject may have a ticket, and is its own address: who that is in the helpdesk is found when it is opened.
    fn addresses(&self, subject: &SubjectId, _profile: &Profile) -> Vec<String> {
        vec![subject.to_string()]
    }

    fn reaches(&self, to: &str) -> bool {
        SubjectId::new(to).is_ok()
    }

    fn limit(&self, content: &Content) -> Result<(), String> {
        let characters = content.subject.as_ref().map_or(0, |it| it.chars().count());
        if characters > MAX_SUBJECT {
            return Err(format!("subject: longer than {MAX_SUBJECT} characters; shorten it"));
        }
        for (part, text) in [("text", Some(&content.text)), ("html", content.html.as_ref())] {
            if text.is_some_and(|it| it.len() > MAX_COMMENT) {
                return Err(format!(
                    "{part}: longer than {MAX_COMMENT} bytes in a comment; shorten it"
                ));
            }
        }
        if [Some(&content.text), content.html.as_ref()]
            .iter()
            .flatten()
            .all(|it| it.trim().is_empty())
        {
            return Err("text: empty, and so is html; a comment says something".to_owned());
        }
        let checked = content.ticket.as_ref().map_or(Ok(()), Asked::check);
        checked.map_err(|(part, rule)| format!("ticket.{part}: {rule}"))
    }
}

/// Opens tickets, and goes on with those that are open. What a message did is remembered with what it did, in one
/// transaction, so that asking twice is asking once.
pub struct Tickets<S> {
    /// The helpdesk.
    pub counter: Counter,
    /// Who its requesters are.
    pub subjects: S,
}

impl<S: Subjects> Provider for Tickets<S> {
    const REPEATABLE: bool = true;

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let Dispatch { tenant, subject, .. } = dispatch;
        let (subject, read) = follow::one(&self.subjects, tenant, subject)
            .await
            .map_err(|fault| not_taken(&Refused::from(fault)))?;
        let message = message(dispatch, requester(&subject, &read.state.profile));
        let taken = self.counter.take(tenant, &message).await;
        let ticket = taken.map_err(|refused| not_taken(&refused))?;
        Ok(Accepted::delivered(format!("ticket:{ticket}")))
    }
}

fn message(dispatch: &Dispatch, requester: Requester) -> Message {
    let content = &dispatch.content;
    let asked = content.ticket.clone().unwrap_or_default();
    Message {
        id: dispatch.id.to_string(),
        use_case: dispatch.use_case.as_ref().map(ToString::to_string),
        requester,
        subject: content.subject.clone(),
        text: content.text.clone(),
        html: content.html.clone(),
        public: asked.public,
        again: match asked.update {
            Update::None => Again::Nothing,
            Update::Comment => Again::Comment,
            Update::All => Again::Everything,
        },
        wanted: Wanted {
            priority: asked.priority,
            kind: asked.kind,
            status: asked.status,
            tags: asked.tags,
            group: asked.group,
            assignee: asked.assignee,
            form: asked.form,
            brand: asked.brand,
            custom_fields: asked.custom_fields,
            external_id: asked.external_id,
        },
    }
}

fn requester(subject: &SubjectId, profile: &Profile) -> Requester {
    Requester {
        external_id: subject.to_string(),
        name: name(profile),
        email: profile.email.clone(),
        phone: profile.phone.clone(),
    }
}

/// The name that is among the traits, as those write it who send them: whole, or in two parts.
fn name(profile: &Profile) -> Option<String> {
    let text = |key: &str| profile.traits.get(key).and_then(Value::as_str).map(str::trim);
    let part = |keys: [&str; 2]| keys.into_iter().find_map(text);
    let parts = [part(["first_name", "firstName"]), part(["last_name", "lastName"])];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|it| !it.is_empty()).collect();
    let whole = text("name").filter(|it| !it.is_empty()).map(str::to_owned);
    whole.or_else(|| (!parts.is_empty()).then(|| parts.join(" ")))
}

/// What the helpdesk cannot take now it may take later; what it never takes would come for a day.
fn not_taken(refused: &Refused) -> SendError {
    match refused {
        Refused::Fault(fault) if fault.retryable() => SendError::throttled(fault.code()),
        Refused::Conflict | Refused::Throttled(_) => SendError::throttled(refused.says()),
        Refused::Unknown => {
            let remedy = "the helpdesk is not set up; an administrator's first request to it does";
            SendError::Unable(remedy.to_owned())
        }
        Refused::Forbidden
        | Refused::NotFound
        | Refused::NoRoute(_)
        | Refused::Parameter(..)
        | Refused::Unreadable(_)
        | Refused::Invalid(_)
        | Refused::TooMany(_)
        | Refused::TooLarge(_)
        | Refused::Other(..)
        | Refused::Listed(..)
        | Refused::Fault(_) => SendError::Refused(format!("ticket.{}", refused.says())),
    }
}

#[cfg(test)]
#[path = "ticket_tests.rs"]
mod tests;
