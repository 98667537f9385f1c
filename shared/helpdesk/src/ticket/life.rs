//! The rules of a ticket's life: what an edit makes of it, or why it cannot be.

use super::audit::{Change, changes};
use super::edit::{Edit, NewComment};
use super::{
    Automated, Clocks, Kind, MAX_CCS, MAX_COMMENT, MAX_SUBJECT, Metrics, Promises, Status, Ticket,
    Via,
};
use crate::ids::{GroupId, TicketId, UserId};
use crate::refusal::Refusal;
use crate::report::Journal;
use crate::routing::Standing;
use ceap_kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Their id.
    pub id: UserId,
    /// Whether they are an agent; otherwise an end-user.
    pub agent: bool,
}

/// The agents of a tenant, each with their groups, the default one first.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    /// By agent.
    pub groups: BTreeMap<UserId, Vec<GroupId>>,
    /// Whether who solves a ticket that nobody works on becomes its assignee, as an account may set it.
    pub assign_upon_solve: bool,
}

/// What an edit led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// What changed.
    pub changes: Vec<Change>,
    /// What was said.
    pub comment: Option<Said>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub author_id: UserId,
    /// What, in plain text, if it was given so.
    pub body: Option<String>,
    /// What, in HTML, if it was given so.
    pub html_body: Option<String>,
    /// Whether the requester sees it.
    pub public: bool,
    /// The uploads that come with it, by their tokens.
    pub uploads: Vec<String>,
}

/// What an account has set up for its tickets: it has the last word on what an edit makes of one.
pub trait Rules {
    /// Has an edit name the status that its custom status means; what it names has to be there.
    fn mean(&self, edit: &mut Edit, refusal: &mut Refusal);

    /// Makes `after` agree with the rules, or says why it cannot be.
    fn settle(
        &self,
        before: &Ticket,
        after: &mut Ticket,
        edit: &Edit,
        by: Actor,
        refusal: &mut Refusal,
    );
}

impl Agents {
    fn in_group(&self, agent: UserId, group: GroupId) -> bool {
        self.groups.get(&agent).is_some_and(|groups| groups.contains(&group))
    }
}

/// Opens ticket `id`, as `edit` says. `followed` is the ticket that it names as the one it follows up: that does
/// something only if it is closed. Its submitter, who is its requester unless the edit says otherwise, says the first
/// word ([requesters and submitters](https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#requesters-and-submitters)).
///
/// # Errors
/// Why it cannot be, by field.
pub fn open(
    id: TicketId,
    edit: &Edit,
    followed: Option<&Ticket>,
    by: Actor,
    agents: &Agents,
    rules: &dyn Rules,
    at: Timestamp,
) -> Result<Applied, Refusal> {
    let requester_id = edit.requester_id.unwrap_or(by.id);
    let followed = followed.filter(|ticket| ticket.status == Status::Closed);
    // As if the requester had sent it themselves, who writes no internal notes; a follow-up is who asks for it.
    let note = edit.comment.as_ref().is_some_and(|it| it.public == Some(false));
    let submitter_id = if note || followed.is_some() { by.id } else { requester_id };
    let blank = Ticket {
        id,
        created_at: at,
        updated_at: at,
        generated_at: at,
        external_id: None,
        kind: None,
        subject: None,
        description: String::new(),
        described_privately: false,
        priority: None,
        status: Status::New,
        custom_status_id: None,
        requester_id,
        submitter_id: edit.submitter_id.unwrap_or(submitter_id),
        assignee_id: None,
        group_id: None,
        organization_id: None,
        follower_ids: BTreeSet::new(),
        email_cc_ids: BTreeSet::new(),
        problem_id: None,
        due_at: None,
        tags: followed.map(|ticket| ticket.tags.clone()).unwrap_or_default(),
        custom_fields: BTreeMap::new(),
        ticket_form_id: None,
        brand_id: None,
        is_public: false,
        via_followup_source_id: followed.map(|ticket| ticket.id),
        via: followed.map_or_else(Via::default, |it| Via::because("api", it, "follow_up")),
        recipient: None,
        has_incidents: false,
        followup_ids: BTreeSet::new(),
        satisfaction_score: None,
        satisfaction_comment: None,
        satisfaction_offered_at: None,
        satisfaction_rated_at: None,
        satisfaction_reason_code: None,
        satisfaction_rating_id: None,
        triage: None,
        schedule_id: None,
        metrics: Metrics::default(),
        clocks: Clocks::default(),
        promises: Promises::default(),
        automations: Automated::default(),
        journal: Journal::default(),
        version: 0,
        skills: BTreeSet::new(),
        routing: Standing::default(),
    };
    let mut refusal = Refusal::default();
    if edit.comment.as_ref().is_none_or(|comment| comment.text().trim().is_empty()) {
        refusal.add("base", "Description: cannot be blank", Some("BlankValue"));
    }
    let applied = edited(&blank, edit, by, (agents, rules), at, &mut refusal);
    refusal.against(applied)
}

/// Does `edit` to `ticket`.
///
/// # Errors
/// Why it cannot be, by field; the ticket stays as it is.
pub fn apply(
    ticket: &Ticket,
    edit: &Edit,
    by: Actor,
    agents: &Agents,
    rules: &dyn Rules,
    at: Timestamp,
) -> Result<Applied, Refusal> {
    let mut refusal = Refusal::default();
    if ticket.status == Status::Closed && touches_closed(edit) {
        let text = "Status: closed prevents ticket update";
        refusal.add("status", text, Some("ClosedTicket"));
        return Err(refusal);
    }
    let applied = edited(ticket, edit, by, (agents, rules), at, &mut refusal);
    refusal.against(applied)
}

/// Does what a rule does to a ticket, also on the update that closes it.
///
/// # Errors
/// Why it cannot be, by field; the ticket stays as it is.
pub fn act(
    ticket: &Ticket,
    edit: &mut Edit,
    by: Actor,
    agents: &Agents,
    rules: &dyn Rules,
    at: Timestamp,
) -> Result<Ticket, Refusal> {
    let mut refusal = Refusal::default();
    rules.mean(edit, &mut refusal);
    let applied = edited(ticket, edit, by, (agents, rules), at, &mut refusal);
    refusal.against(applied.ticket)
}

/// Whether an edit asks for more than a closed ticket lets happen to it: tags, subject and priority
/// ([modifying closed tickets](https://support.zendesk.com/hc/en-us/articles/4408894213018)).
fn touches_closed(edit: &Edit) -> bool {
    let allowed = Edit {
        subject: edit.subject.clone(),
        priority: edit.priority,
        tags: edit.tags.clone(),
        additional_tags: edit.additional_tags.clone(),
        remove_tags: edit.remove_tags.clone(),
        ..Edit::default()
    };
    *edit != allowed
}

fn edited(
    before: &Ticket,
    edit: &Edit,
    by: Actor,
    (agents, rules): (&Agents, &dyn Rules),
    at: Timestamp,
    refusal: &mut Refusal,
) -> Applied {
    let mut ticket = before.clone();
    describe(&mut ticket, edit, refusal);
    assign(&mut ticket, edit, agents, refusal);
    involve(&mut ticket, edit, agents, refusal);
    let comment = edit.comment.as_ref().and_then(|new| said(&ticket, new, by, refusal));
    progress(&mut ticket, before.status, edit.status, by, comment.is_some(), agents, refusal);
    if let Some(said) = &comment {
        ticket.is_public |= said.public;
        if ticket.description.is_empty() {
            let text = said.body.as_deref().or(said.html_body.as_deref()).unwrap_or_default();
            text.clone_into(&mut ticket.description);
            ticket.described_privately = !said.public;
        }
    }
    rules.settle(before, &mut ticket, edit, by, refusal);
    let changes = changes(before, &ticket);
    if !changes.is_empty() || comment.is_some() {
        ticket.updated_at = at;
    }
    Applied { ticket, changes, comment }
}

/// What the ticket is, and what it is about.
fn describe(ticket: &mut Ticket, edit: &Edit, refusal: &mut Refusal) {
    if let Some(subject) = &edit.subject {
        if subject.as_ref().is_some_and(|text| text.chars().count() > MAX_SUBJECT) {
            let text = format!("Subject: is too long (maximum is {MAX_SUBJECT} characters)");
            refusal.add("subject", text, Some("ValueTooLong"));
        }
        ticket.subject.clone_from(subject);
    }
    match edit.priority {
        None => {}
        Some(None) if ticket.priority.is_some() => {
            refusal.add(
                "priority",
                "Priority: cannot be taken away once it is set",
                Some("BlankValue"),
            );
        }
        Some(priority) => ticket.priority = priority,
    }
    set(&mut ticket.external_id, edit.external_id.as_ref());
    set(&mut ticket.kind, edit.kind.as_ref());
    set(&mut ticket.custom_status_id, edit.custom_status_id.as_ref());
    set(&mut ticket.organization_id, edit.organization_id.as_ref());
    set(&mut ticket.problem_id, edit.problem_id.as_ref());
    set(&mut ticket.due_at, edit.due_at.as_ref());
    set(&mut ticket.ticket_form_id, edit.ticket_form_id.as_ref());
    set(&mut ticket.brand_id, edit.brand_id.as_ref());
    ticket.requester_id = edit.requester_id.unwrap_or(ticket.requester_id);
    // Only tasks are due, and only incidents have a problem.
    ticket.due_at = ticket.due_at.filter(|_| ticket.kind == Some(Kind::Task));
    ticket.problem_id = ticket.problem_id.filter(|_| ticket.kind == Some(Kind::Incident));
    if ticket.problem_id == Some(ticket.id) {
        refusal.add("problem_id", "Problem: cannot be the ticket itself", Some("InvalidValue"));
    }
    set(&mut ticket.recipient, edit.recipient.as_ref());
    if let Some(tags) = &edit.tags {
        ticket.tags = normal(tags).collect();
    }
    ticket.tags.extend(normal(&edit.additional_tags));
    for tag in normal(&edit.remove_tags) {
        ticket.tags.remove(&tag);
    }
    if let Some(skills) = &edit.attribute_value_ids {
        ticket.skills.clone_from(skills);
    }
    for field in &edit.custom_fields {
        if field.value.is_null() {
            ticket.custom_fields.remove(&field.id);
        } else {
            ticket.custom_fields.insert(field.id, field.value.clone());
        }
    }
}

fn set<T: Clone>(field: &mut Option<T>, asked: Option<&Option<T>>) {
    if let Some(value) = asked {
        field.clone_from(value);
    }
}

/// Tags as they are kept: in lower case, and what has spaces or commas in it as several.
fn normal(tags: &BTreeSet<String>) -> impl Iterator<Item = String> {
    let parts = tags.iter().flat_map(|tag| tag.split(|c: char| c.is_whitespace() || c == ','));
    parts.filter(|tag| !tag.is_empty()).map(str::to_lowercase)
}

/// Who else is told of it: agents follow, anyone but the requester is in copy
/// ([CCs and followers](https://support.zendesk.com/hc/en-us/articles/4408822451482)).
fn involve(ticket: &mut Ticket, edit: &Edit, agents: &Agents, refusal: &mut Refusal) {
    if let Some(followers) = &edit.follower_ids {
        ticket.follower_ids.clone_from(followers);
        if followers.iter().any(|it| !agents.groups.contains_key(it)) {
            let text = "Followers: must be agents";
            refusal.add("followers", text, Some("InvalidValue"));
        }
    }
    if let Some(ccs) = &edit.email_cc_ids {
        ticket.email_cc_ids.clone_from(ccs);
        if ccs.len() > MAX_CCS {
            let text = format!("Email ccs: are too many (maximum is {MAX_CCS})");
            refusal.add("email_ccs", text, Some("InvalidValue"));
        }
    }
    ticket.email_cc_ids.remove(&ticket.requester_id);
}

/// Who works on it. An agent brings a group; a group that an agent is not in loses the agent.
fn assign(ticket: &mut Ticket, edit: &Edit, agents: &Agents, refusal: &mut Refusal) {
    set(&mut ticket.group_id, edit.group_id.as_ref());
    match edit.assignee_id {
        Some(Some(agent)) => {
            let Some(groups) = agents.groups.get(&agent) else {
                refusal.add("assignee", "Assignee: is invalid", Some("InvalidValue"));
                return;
            };
            ticket.assignee_id = Some(agent);
            let fits = ticket.group_id.is_some_and(|group| groups.contains(&group));
            if fits {
                return;
            }
            if edit.group_id.is_some_and(|group| group.is_some()) {
                refusal.add("assignee", "Assignee: is not a member of the group", None);
            } else {
                ticket.group_id = groups.first().copied();
            }
        }
        Some(None) => ticket.assignee_id = None,
        None => {
            let stays = |agent: &UserId| {
                ticket.group_id.is_some_and(|group| agents.in_group(*agent, group))
            };
            if edit.group_id.is_some() {
                ticket.assignee_id = ticket.assignee_id.filter(stays);
            }
        }
    }
}

/// Where it stands from now on.
fn progress(
    ticket: &mut Ticket,
    before: Status,
    asked: Option<Status>,
    by: Actor,
    commented: bool,
    agents: &Agents,
    refusal: &mut Refusal,
) {
    if asked == Some(Status::New) && before != Status::New {
        refusal.add("status", "Status: cannot be set back to new", Some("InvalidValue"));
        return;
    }
    let reopened =
        commented && !by.agent && matches!(before, Status::Pending | Status::Hold | Status::Solved);
    ticket.status = asked.unwrap_or(if reopened { Status::Open } else { before });
    if matches!(ticket.status, Status::Solved | Status::Closed) && ticket.assignee_id.is_none() {
        solve_for(ticket, by, agents, refusal);
    }
    if ticket.status == Status::New && ticket.assignee_id.is_some() {
        ticket.status = Status::Open;
    }
}

/// Solves a ticket that nobody works on: for who solves it, where the account says so.
fn solve_for(ticket: &mut Ticket, by: Actor, agents: &Agents, refusal: &mut Refusal) {
    let groups = agents.groups.get(&by.id).filter(|_| by.agent && agents.assign_upon_solve);
    let Some(groups) = groups else {
        refusal.add("base", "Assignee: is required when solving a ticket", None);
        return;
    };
    ticket.assignee_id = Some(by.id);
    if ticket.group_id.is_none_or(|group| !groups.contains(&group)) {
        ticket.group_id = groups.first().copied();
    }
}

/// What was said: an end-user's comment is always public, a blank one is none.
fn said(ticket: &Ticket, new: &NewComment, by: Actor, refusal: &mut Refusal) -> Option<Said> {
    let text = new.text();
    if text.trim().is_empty() && new.uploads.is_empty() {
        return None;
    }
    if text.len() > MAX_COMMENT {
        let text = format!("Comment: is too long (maximum is {MAX_COMMENT} bytes)");
        refusal.add("comment", text, Some("ValueTooLong"));
    }
    let first = ticket.description.is_empty();
    let speaker = if first { ticket.submitter_id } else { by.id };
    let author_id = if by.agent { new.author_id.unwrap_or(speaker) } else { by.id };
    let by_default = ticket.is_public || first;
    let public = !by.agent || new.public.unwrap_or(by_default);
    let (body, html_body) = (new.body.clone(), new.html_body.clone());
    let uploads = new.uploads.clone();
    Some(Said { author_id, body, html_body, public, uploads })
}

#[cfg(test)]
mod tests;
