//! What a rule does.

use super::Update;
use crate::ids::{GroupId, RecordId, UserId};
use crate::locale;
use crate::refusal::Refusal;
use crate::rule::{Action, Applier, Effect, Said};
use crate::ticket::{self, Edit, FieldValue, Ticket, What};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a rule did to a ticket.
pub struct Acted {
    /// The ticket from then on.
    pub ticket: Ticket,
    /// Whom it told, and what could not be done.
    pub events: Vec<What>,
    /// What it says.
    pub said: Option<Said>,
    /// The language that it sets the requester to.
    pub locale: Option<String>,
}

/// Who rules are to those of a ticket's life: nobody whom fields are required of.
fn by(update: &Update<'_>) -> ticket::Actor {
    ticket::Actor { id: update.actor.id(), agent: false }
}

/// Does what a rule does to a ticket, all at once; if that cannot be, one after the other, and what cannot be done of
/// it is told.
pub fn act(update: &Update<'_>, actions: &[Action], ticket: &Ticket) -> Acted {
    let actions: Vec<&Action> = actions.iter().filter(|it| possible(update, it)).collect();
    let mut acted = Acted { ticket: ticket.clone(), events: Vec::new(), said: None, locale: None };
    match edited(update, ticket, actions.iter().copied()) {
        Ok(after) => acted.ticket = after,
        Err(_) => {
            for action in &actions {
                match edited(update, &acted.ticket, std::iter::once(*action)) {
                    Ok(after) => acted.ticket = after,
                    Err(why) => acted.events.push(What::Error { message: refused(action, &why) }),
                }
            }
        }
    }
    acted.said = effect(update, ticket, actions.iter().copied()).said;
    actions.into_iter().for_each(|action| acted.more(update, action));
    acted
}

impl Acted {
    /// Does what is no change of a field that everybody may make.
    fn more(&mut self, update: &Update<'_>, action: &Action) {
        let text = |at: usize| action.value.get(at).and_then(Value::as_str).unwrap_or_default();
        match action.field.as_str() {
            "notification_user" => {
                let recipients = people(update, &self.ticket, text(0));
                self.tell(recipients, text(1), text(2));
            }
            "notification_group" => {
                let recipients = members(update, &self.ticket, text(0));
                self.tell(recipients, text(1), text(2));
            }
            "notification_webhook" => {
                let id = action.value.as_str().unwrap_or_else(|| text(0));
                let body = action.value.get(1).cloned().unwrap_or_default();
                self.events.push(What::Webhook { webhook_id: id.to_owned(), body });
            }
            "use_case" => self.events.push(What::UseCase { name: action.text().to_owned() }),
            "satisfaction_score" => {
                self.ticket = self.ticket.clone().offered(update.applied.ticket.updated_at);
            }
            "set_schedule" => self.set_schedule(update, action),
            "locale_id" => {
                let locale = action.text().parse().ok().and_then(locale::numbered);
                self.locale = locale.map(|it| it.tag.to_owned()).or(self.locale.take());
            }
            _ => {}
        }
    }

    fn set_schedule(&mut self, update: &Update<'_>, action: &Action) {
        let id = action.text().parse().ok().and_then(RecordId::new);
        let there = id.filter(|id| update.looking.schedules.named(*id).is_some());
        if there.is_none() {
            let message = format!(
                "The rule could not set the schedule: there is none with id {}",
                action.text()
            );
            return self.events.push(What::Error { message });
        }
        self.ticket.schedule_id = there;
    }

    fn tell(&mut self, recipients: BTreeSet<UserId>, subject: &str, body: &str) {
        if !recipients.is_empty() {
            let (subject, body) = (subject.to_owned(), body.to_owned());
            let recipients = recipients.into_iter().collect();
            self.events.push(What::Notification { subject, body, recipients });
        }
    }
}

/// Whom a word, or an id, means.
fn people(update: &Update<'_>, ticket: &Ticket, word: &str) -> BTreeSet<UserId> {
    let requester = std::iter::once(ticket.requester_id);
    match word {
        "requester_id" => requester.collect(),
        "requester_and_ccs" => requester.chain(ticket.email_cc_ids.iter().copied()).collect(),
        "assignee_id" => ticket.assignee_id.into_iter().collect(),
        "current_user" => [update.actor.id()].into(),
        "all_agents" => update.looking.agents.iter().map(|(id, ..)| *id).collect(),
        id => id.parse().ok().and_then(UserId::new).into_iter().collect(),
    }
}

/// The members of a group.
fn members(update: &Update<'_>, ticket: &Ticket, word: &str) -> BTreeSet<UserId> {
    let named = || word.parse().ok().and_then(GroupId::new);
    let group = if word == "group_id" { ticket.group_id } else { named() };
    let groups = update.agents.groups.iter();
    let of = groups.filter(|(_, groups)| group.is_some_and(|group| groups.contains(&group)));
    of.map(|(id, _)| *id).collect()
}

fn refused(action: &Action, why: &Refusal) -> String {
    format!("The rule could not set {}: {}", action.field, why.says())
}

/// What names who updates the ticket does nothing if they do not work on tickets.
fn possible(update: &Update<'_>, action: &Action) -> bool {
    let names_actor = match action.field.as_str() {
        "assignee_id" | "follower" => action.text() == "current_user",
        "group_id" => action.text() == "current_groups",
        _ => false,
    };
    !names_actor || update.actor.is_agent()
}

fn effect<'a>(
    update: &Update<'_>,
    ticket: &Ticket,
    actions: impl Iterator<Item = &'a Action>,
) -> Effect {
    let id = update.actor.id();
    let group_id = update.agents.groups.get(&id).and_then(|groups| groups.first().copied());
    Effect::of(actions, Some(ticket), Applier { id, group_id })
}

fn edited<'a>(
    update: &Update<'_>,
    ticket: &Ticket,
    actions: impl Iterator<Item = &'a Action>,
) -> Result<Ticket, Refusal> {
    let effect = effect(update, ticket, actions);
    let with = |all: &BTreeSet<UserId>, more: &BTreeSet<UserId>| {
        (!more.is_empty()).then(|| all.union(more).copied().collect())
    };
    let fields = effect.fields.iter();
    let mut edit = Edit {
        status: effect.status,
        custom_status_id: effect.custom_status_id.map(Some),
        kind: effect.kind.map(Some),
        priority: effect.priority.map(Some),
        group_id: effect.group_id,
        assignee_id: effect.assignee_id,
        ticket_form_id: effect.ticket_form_id.map(Some),
        brand_id: effect.brand_id.map(Some),
        tags: effect.tags,
        attribute_value_ids: effect.skills,
        follower_ids: with(&ticket.follower_ids, &effect.followers),
        email_cc_ids: with(&ticket.email_cc_ids, &effect.ccs),
        custom_fields: fields
            .map(|(id, value)| FieldValue { id: *id, value: value.clone() })
            .collect(),
        ..Edit::default()
    };
    ticket::act(ticket, &mut edit, by(update), update.agents, update.rules, update.happened.at)
}
