//! What is searched of a ticket.

use super::{Document, Kind, as_number, field, rank};
use crate::field::TicketField;
use crate::ids::GroupId;
use crate::organization::Organization;
use crate::record::Kept;
use crate::search::Language;
use crate::ticket::{Comment, Kind as Type, Priority, Score, Status, Ticket};
use crate::user::User;

/// Comments of one ticket that are searched (Zendesk's limit).
const MOST: usize = 500;

/// What else is known of a ticket. When its requester's name or language, its organization's name or its rating's
/// reason change, its document is to be made anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Who asks.
    pub requester: Option<&'a User>,
    /// Their organization.
    pub organization: Option<&'a Organization>,
    /// Why the requester was not satisfied: the code of a reason.
    pub reason: Option<u32>,
    /// The account's own fields of tickets.
    pub fields: &'a [Kept<TicketField>],
}

/// What satisfaction is searched by, from the least
/// ([satisfaction rating searchable values](https://support.zendesk.com/hc/en-us/articles/4408886879258)).
pub const SATISFACTION: [&str; 6] =
    ["unoffered", "offered", "bad", "badwithcomment", "good", "goodwithcomment"];

/// A ticket with its comments, of which the first come first.
#[must_use]
pub fn ticket(ticket: &Ticket, comments: &[Comment], beside: &Beside<'_>) -> Document {
    let mut document = Document::new(Kind::Ticket, ticket.id.get());
    document.language = beside.requester.and_then(|user| Language::of(&user.locale));
    document.stand(ticket);
    document.times(ticket);
    document.who(ticket, beside);
    document.where_from(ticket);
    document.said(ticket, comments);
    document.tags(&ticket.tags);
    for (id, value) in &ticket.custom_fields {
        if let Some(of) = beside.fields.iter().find(|it| it.id == *id) {
            document.own(&field::of_ticket(*id), of, value);
        }
    }
    document.keywords(field::REASON, beside.reason);
    document
}

/// What a ticket's document has of who asks, alone.
#[must_use]
pub fn of_requester(requester: &User) -> Document {
    let mut document = Document::new(Kind::Ticket, 0);
    document.requested_by(requester);
    document
}

/// What a ticket's document has of an organization, alone.
#[must_use]
pub fn of_organization(organization: &Organization) -> Document {
    let mut document = Document::new(Kind::Ticket, 0);
    document.requested_for(organization);
    document
}

/// What its requester thinks of how a ticket was handled, as it is searched.
fn satisfaction(ticket: &Ticket) -> &'static str {
    let commented = ticket.satisfaction_comment.as_deref().is_some_and(|it| !it.trim().is_empty());
    match (ticket.satisfaction_score, commented) {
        (None, _) => "unoffered",
        (Some(Score::Offered), _) => "offered",
        (Some(Score::Bad), false) => "bad",
        (Some(Score::Bad), true) => "badwithcomment",
        (Some(Score::Good), false) => "good",
        (Some(Score::Good), true) => "goodwithcomment",
    }
}

/// Where a ticket stands, as its requester sees it.
const fn shown(status: Status) -> Status {
    match status {
        Status::Hold => Status::Open,
        Status::New | Status::Open | Status::Pending | Status::Solved | Status::Closed => status,
    }
}

impl Document {
    fn stand(&mut self, ticket: &Ticket) {
        for (name, status) in
            [(field::STATUS, ticket.status), (field::SHOWN_STATUS, shown(ticket.status))]
        {
            self.keyword(name, status.as_str());
            self.number(name, rank(Status::ALL, &status));
        }
        self.keywords(field::CUSTOM_STATUS, ticket.custom_status_id);
        if let Some(priority) = ticket.priority {
            self.keyword(field::PRIORITY, priority.as_str());
            self.number(field::PRIORITY, rank(Priority::ALL, &priority));
        }
        if let Some(kind) = ticket.kind {
            self.keyword(field::TICKET_TYPE, kind.as_str());
            self.number(field::TICKET_TYPE, rank(Type::ALL, &kind));
        }
        let satisfaction = satisfaction(ticket);
        self.keyword(field::SATISFACTION, satisfaction);
        self.number(field::SATISFACTION, rank(&SATISFACTION, &satisfaction));
    }

    fn times(&mut self, ticket: &Ticket) {
        let metrics = &ticket.metrics;
        self.time(field::CREATED, ticket.created_at);
        self.time(field::UPDATED, ticket.updated_at);
        self.time(field::SOLVED, metrics.solved_at);
        self.time(field::DUE, ticket.due_at);
        self.time(field::COMMENTED, metrics.latest_comment_added_at);
        self.time(field::ASSIGNED, metrics.assigned_at);
        self.time(field::ASSIGNEE_UPDATED, metrics.assignee_updated_at);
        self.time(field::REQUESTER_UPDATED, metrics.requester_updated_at);
        self.time(field::STATUS_UPDATED, metrics.status_updated_at);
        self.time(field::BREACH, ticket.promises.next_breach_at());
        self.time(field::PROMISE_DUE, ticket.promises.next_due());
        self.time(field::BREACHED, ticket.promises.last_breach_at());
    }

    fn who(&mut self, ticket: &Ticket, beside: &Beside<'_>) {
        self.keyword(field::REQUESTER, ticket.requester_id);
        self.keyword(field::SUBMITTER, ticket.submitter_id);
        self.keywords(field::ASSIGNEE, ticket.assignee_id);
        self.keywords(field::CC, &ticket.email_cc_ids);
        self.keywords(field::FOLLOWER, &ticket.follower_ids);
        self.keywords(field::GROUP, ticket.group_id.map(GroupId::get));
        self.keywords(field::ORGANIZATION, ticket.organization_id);
        if ticket.assignee_id == Some(ticket.requester_id) {
            self.keyword(field::OWN, true);
        }
        if let Some(requester) = beside.requester {
            self.requested_by(requester);
        }
        if let Some(organization) = beside.organization {
            self.requested_for(organization);
        }
    }

    fn requested_by(&mut self, requester: &User) {
        self.keyword(field::REQUESTER_NAME, &requester.name);
        self.keyword(field::REQUESTER_LOCALE, &requester.locale);
    }

    fn requested_for(&mut self, organization: &Organization) {
        self.keyword(field::ORGANIZATION_NAME, &organization.name);
    }

    fn where_from(&mut self, ticket: &Ticket) {
        self.keyword(field::VIA, &ticket.via.channel);
        self.keywords(field::RECIPIENT, ticket.recipient.as_ref());
        self.keywords(field::BRAND, ticket.brand_id);
        self.keywords(field::FORM, ticket.ticket_form_id);
        self.keywords(field::SCHEDULE, ticket.schedule_id);
        if let Some(triaged) = &ticket.triage {
            self.keywords(field::TRIAGE_CATEGORY, triaged.verdict.category.as_ref());
            self.keywords(field::TRIAGE_RULE, triaged.verdict.rule_id);
        }
        self.keywords(field::PROBLEM, ticket.problem_id);
        self.keywords(field::EXTERNAL, ticket.external_id.as_ref());
        self.text(field::EXTERNAL, ticket.external_id.as_deref());
        if let Some(problem) = ticket.problem_id {
            self.number(field::PROBLEM, as_number(problem.get()));
        }
    }

    fn said(&mut self, ticket: &Ticket, comments: &[Comment]) {
        self.text(field::SUBJECT, ticket.subject.as_deref());
        // The description is the first comment.
        if comments.is_empty() {
            let name = if ticket.described_privately { field::INTERNAL } else { field::COMMENT };
            self.text(name, Some(&ticket.description));
        }
        for comment in comments.iter().take(MOST) {
            let (text, by, file) = if comment.public {
                (field::COMMENT, field::COMMENTER, field::ATTACHMENT)
            } else {
                (field::INTERNAL, field::INTERNAL_COMMENTER, field::INTERNAL_ATTACHMENT)
            };
            self.text(text, Some(&comment.body));
            self.keyword(by, comment.author_id);
            for attachment in comment.attachments.iter().filter(|it| !it.deleted) {
                self.keyword(file, &attachment.file_name);
                self.text(file, Some(&attachment.file_name));
            }
        }
    }
}
