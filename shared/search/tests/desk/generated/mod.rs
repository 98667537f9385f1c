//! A helpdesk that is made up: its tickets with their comments, and its people.

pub mod dice;
mod words;

use std::collections::BTreeSet;

use ceap_helpdesk::{
    access::Role,
    field::{Choice, Field, FieldType, TicketField},
    ids::{
        BrandId, FieldId, FormId, GroupId, IdentityId, OrganizationId, RecordId, TicketId, UserId,
    },
    organization::Organization,
    record::Kept,
    search::{
        Document, Kind, Of, Stamp,
        document::{Beside, ticket, user},
        index::Change,
    },
    ticket::{Comment, Kind as Type, Priority, Status, Ticket, Via},
    user::{Identity, Means, User},
};
use ceap_kernel::{SignedDuration, Timestamp};
use serde_json::json;

use self::{dice::Dice, words::Words};

/// Those who work on tickets, whose ids come first.
pub const AGENTS: u64 = 150;
pub const GROUPS: u64 = 12;

/// A helpdesk of so many tickets.
pub struct Desk {
    pub words: Words,
    pub tickets: u64,
    pub people: u64,
    /// How often shorter comments are than people write them.
    shorter: u64,
    now: Timestamp,
    base: (Ticket, Comment, Organization),
    fields: Vec<Kept<TicketField>>,
}

fn at(now: Timestamp, seconds_before: u64) -> Timestamp {
    let before = SignedDuration::from_secs(i64::try_from(seconds_before).unwrap());
    now.checked_sub(before).unwrap()
}

fn field(id: u64, kind: FieldType, now: Timestamp) -> Kept<TicketField> {
    let mut field = Field::new(FieldId::new(id).unwrap(), kind, now, None);
    let choice = |id: u64| Choice {
        id: RecordId::new(id).unwrap(),
        name: format!("Choice {id}"),
        value: format!("choice_{id}"),
        default: false,
        allow_solving: true,
    };
    if kind.has_options() {
        field.custom_field_options = (1..=20).map(choice).collect();
    }
    Kept { record: TicketField::new(field), revision: 1 }
}

fn base(now: Timestamp) -> (Ticket, Comment, Organization) {
    let ticket = json!({
        "id": 1, "created_at": now, "updated_at": now, "generated_at": now, "external_id": null, "type": null,
        "subject": null, "description": "", "priority": null, "status": "open", "custom_status_id": null,
        "requester_id": 1, "submitter_id": 1, "assignee_id": null, "group_id": null, "organization_id": null,
        "follower_ids": [], "email_cc_ids": [], "problem_id": null, "due_at": null, "tags": [],
        "custom_fields": {}, "ticket_form_id": null, "brand_id": null, "is_public": true,
        "via_followup_source_id": null, "via": {"channel": "email", "source": {}},
    });
    let comment = json!({
        "id": 1, "audit_id": 1, "ticket_id": 1, "created_at": now, "author_id": 1, "body": "", "html_body": "",
        "public": true, "attachments": [], "via": {"channel": "web", "source": {}}, "metadata": {},
    });
    let organization = json!({
        "id": 1, "created_at": now, "updated_at": now, "name": "", "external_id": null, "domain_names": [],
        "details": null, "notes": null, "group_id": null, "shared_tickets": false, "shared_comments": false,
        "tags": [], "organization_fields": {},
    });
    let read = |text| serde_json::from_value(text).unwrap();
    (
        read(ticket),
        serde_json::from_value(comment).unwrap(),
        serde_json::from_value(organization).unwrap(),
    )
}

impl Desk {
    pub fn new(tickets: u64, shorter: u64) -> Self {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        let kinds = [FieldType::Dropdown, FieldType::Integer, FieldType::Date, FieldType::Checkbox];
        Self {
            words: Words::new(60_000),
            tickets,
            people: (tickets / 5).max(2 * AGENTS),
            shorter,
            now,
            base: base(now),
            fields: (501..).zip(kinds).map(|(id, kind)| field(id, kind, now)).collect(),
        }
    }

    /// A person.
    pub fn user(&self, id: u64) -> User {
        let mut dice = Dice::new(id << 20);
        let name = self.words.name(&mut dice);
        let role = if id <= AGENTS { Role::Agent } else { Role::EndUser };
        let made = at(self.now, dice.below(90_000_000));
        let email = format!("{}.{id}@example.com", name.to_lowercase().replace(' ', "."));
        let identity = Identity {
            id: IdentityId::new(id).unwrap(),
            created_at: made,
            updated_at: made,
            means: Means::Email,
            value: email,
            verified: true,
            primary: true,
        };
        let mut user = User::new(UserId::new(id).unwrap(), &name, role, made);
        user.identities = vec![identity];
        (*dice.pick(&["en-US", "en-US", "en-GB", "de", "fr"])).clone_into(&mut user.locale);
        user
    }

    fn organization(&self, of: u64) -> Organization {
        let id = of % (self.people / 20).max(3) + 1;
        let mut organization = self.base.2.clone();
        organization.id = OrganizationId::new(id).unwrap();
        organization.name = format!("{} Ltd", self.words.name(&mut Dice::new(id << 40)));
        organization
    }

    fn status(&self, dice: &mut Dice, id: u64) -> Status {
        let recent = self.tickets - id < self.tickets / 40 + 1;
        match (recent, dice.below(100)) {
            (true, 0..15) => Status::New,
            (true, 15..50) | (false, 97) => Status::Open,
            (true, 50..75) | (false, 98) => Status::Pending,
            (true, 75..80) | (false, 99) => Status::Hold,
            (true, _) | (false, 90..97) => Status::Solved,
            (false, _) => Status::Closed,
        }
    }

    /// A ticket, and who asks.
    fn ticket(&self, dice: &mut Dice, id: u64) -> (Ticket, u64) {
        let requester = AGENTS + 1 + dice.below(self.people - AGENTS);
        let mut ticket = self.base.0.clone();
        ticket.id = TicketId::new(id).unwrap();
        ticket.requester_id = UserId::new(requester).unwrap();
        ticket.submitter_id = ticket.requester_id;
        // About one a minute, and changed within some days.
        let age = (self.tickets - id) * 60 + dice.below(60);
        ticket.created_at = at(self.now, age);
        ticket.updated_at = at(self.now, age - age.min(dice.below(1_000_000)));
        ticket.status = self.status(dice, id);
        ticket.priority = *dice.pick(&[
            None,
            Some(Priority::Low),
            Some(Priority::Normal),
            Some(Priority::Normal),
            Some(Priority::High),
            Some(Priority::Urgent),
        ]);
        ticket.kind =
            *dice.pick(&[None, Some(Type::Question), Some(Type::Incident), Some(Type::Problem)]);
        if ticket.status != Status::New {
            let assignee = dice.below(AGENTS) + 1;
            ticket.assignee_id = UserId::new(assignee);
            ticket.metrics.assigned_at = Some(ticket.created_at);
        }
        if matches!(ticket.status, Status::Solved | Status::Closed) {
            ticket.metrics.solved_at = Some(ticket.updated_at);
        }
        ticket.group_id = GroupId::new(dice.below(GROUPS) + 1);
        ticket.brand_id = BrandId::new(dice.below(3) + 1);
        ticket.ticket_form_id = FormId::new(dice.below(4) + 1);
        let channel = *dice.pick(&["email", "email", "web", "api"]);
        ticket.via = Via::of(channel);
        ticket.tags = self.tags(dice);
        ticket.custom_fields = [
            (501, json!(format!("choice_{}", dice.below(20) + 1))),
            (502, json!(dice.below(1_000))),
            (503, json!(format!("2026-{:02}-{:02}", dice.below(12) + 1, dice.below(28) + 1))),
            (504, json!(dice.once_in(5))),
        ]
        .into_iter()
        .filter(|_| !dice.once_in(3))
        .map(|(id, value)| (FieldId::new(id).unwrap(), value))
        .collect();
        let words = dice.below(7) + 3;
        ticket.subject = Some(self.words.text(dice, words));
        (ticket, requester)
    }

    fn tags(&self, dice: &mut Dice) -> BTreeSet<String> {
        let tag = |dice: &mut Dice| {
            let n = dice.below(150) * dice.below(4);
            self.words.word(usize::try_from(n).unwrap() + 60).replace('-', "_")
        };
        dice.some(5, tag).into_iter().collect()
    }

    fn comments(&self, dice: &mut Dice, ticket: &Ticket) -> Vec<Comment> {
        let comment = |at: u64| {
            let mut comment = self.base.1.clone();
            let agent = at % 2 == 1;
            let agent = agent.then_some(ticket.assignee_id).flatten();
            comment.author_id = agent.unwrap_or(ticket.requester_id);
            comment.public = agent.is_none() || !dice.once_in(3);
            let words = if at == 0 { dice.below(100) + 20 } else { dice.below(60) + 5 };
            comment.body = self.words.text(dice, words / self.shorter + 1);
            comment
        };
        // What it is about, and three comments.
        (0..4).map(comment).collect()
    }

    pub fn ticket_document(&self, id: u64) -> Document {
        let mut dice = Dice::new(id);
        let (of, requester) = self.ticket(&mut dice, id);
        let comments = self.comments(&mut dice, &of);
        let (requester, organization) = (self.user(requester), self.organization(requester));
        let beside = Beside {
            requester: Some(&requester),
            organization: Some(&organization),
            reason: None,
            fields: &self.fields,
        };
        ticket(&of, &comments, &beside)
    }

    pub fn user_document(&self, id: u64) -> Document {
        user(&self.user(id), &[]).unwrap()
    }

    /// What writes a document.
    pub fn change(&self, kind: Kind, id: u64) -> Change {
        let document = match kind {
            Kind::User => self.user_document(id),
            Kind::Ticket | Kind::Organization | Kind::Group => self.ticket_document(id),
        };
        Change { of: Of { kind: document.kind, id }, now: Some((document, Stamp(id))) }
    }
}
