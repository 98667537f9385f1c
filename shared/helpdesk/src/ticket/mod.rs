//! Tickets: what they are, what changes them, and the rules of their life that nobody can configure
//! ([system ticket rules](https://support.zendesk.com/hc/en-us/articles/4408894213018)).

mod audit;
mod automated;
pub mod comment;
mod deleted;
mod edit;
pub mod fact;
pub mod letter;
mod life;
mod mention;
pub mod metric_events;
pub mod metrics;
mod news;
mod notice;
pub mod sla;
mod status;
mod via;

pub use audit::{AUDITED, Audit, Change, Event, Listed, MEASURED, What, changes, creation};
pub use automated::Automated;
pub use comment::Comment;
pub use deleted::{DeletedTicket, GONE, SCRUBBED};
pub use edit::{Edit, FieldValue, NewComment};
pub use life::{Actor, Agents, Applied, Rules, Said, act, apply, open};
pub use mention::mentioned;
pub use metric_events::{Clocks, MetricEvent};
pub use metrics::Metrics;
pub use notice::notices;
pub use sla::Promises;
pub use status::{Kind, Priority, Score, Status};
pub use via::Via;

use crate::ids::{
    BrandId, CustomStatusId, FieldId, FormId, GroupId, OrganizationId, RecordId, TicketId, UserId,
};
use crate::organization::Organization;
use crate::record::{Feed, Home, Kind as RecordKind, Link, Record, places};
use crate::report::Journal;
use crate::routing::Standing;
use crate::satisfaction::SatisfactionRating;
use crate::store::Key;
use crate::triage::Triaged;
use crate::user::User;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The list of all by when they were written.
pub const GENERATED: &str = "generated/tickets";

/// Characters of a subject (Zendesk's limit).
pub const MAX_SUBJECT: usize = 150;

/// People in copy (Zendesk's limit).
pub const MAX_CCS: usize = 48;

/// Bytes of a comment (Zendesk's limit of 64 KB).
pub const MAX_COMMENT: usize = 64 * 1024;

/// A ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number in its tenant.
    pub id: TicketId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was last written, be it by the system alone, which is no change. Exports go by it.
    pub generated_at: Timestamp,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// What it is about.
    pub subject: Option<String>,
    /// Its first comment.
    pub description: String,
    /// Whether that is an internal note, which its requester does not see.
    #[serde(default)]
    pub described_privately: bool,
    /// How urgent it is. Once set, it can be changed, but not taken away.
    pub priority: Option<Priority>,
    /// Where it stands.
    pub status: Status,
    /// Which of the tenant's own statuses that is.
    pub custom_status_id: Option<CustomStatusId>,
    /// Who asks.
    pub requester_id: UserId,
    /// Who opened it.
    pub submitter_id: UserId,
    /// Which agent works on it.
    pub assignee_id: Option<UserId>,
    /// Which group works on it.
    pub group_id: Option<GroupId>,
    /// The requester's organization.
    pub organization_id: Option<OrganizationId>,
    /// Agents who are told of every change.
    pub follower_ids: BTreeSet<UserId>,
    /// People in copy of public comments.
    pub email_cc_ids: BTreeSet<UserId>,
    /// Of an incident: the problem behind it.
    pub problem_id: Option<TicketId>,
    /// Of a task: when it is due.
    pub due_at: Option<Timestamp>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Values of the tenant's own fields.
    pub custom_fields: BTreeMap<FieldId, serde_json::Value>,
    /// The form that it was written with.
    pub ticket_form_id: Option<FormId>,
    /// The brand that was asked.
    pub brand_id: Option<BrandId>,
    /// Whether any comment is public.
    pub is_public: bool,
    /// The closed ticket that it follows up.
    pub via_followup_source_id: Option<TicketId>,
    /// By what way it came.
    #[serde(default)]
    pub via: Via,
    /// The address of ours that it was sent to.
    #[serde(default)]
    pub recipient: Option<String>,
    /// Of a problem: whether any incident is one of it.
    #[serde(default)]
    pub has_incidents: bool,
    /// Tickets that follow it up.
    #[serde(default)]
    pub followup_ids: BTreeSet<TicketId>,
    /// What its requester thinks of how it was handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_score: Option<Score>,
    /// What they say to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_comment: Option<String>,
    /// When they were asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_offered_at: Option<Timestamp>,
    /// When they said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_rated_at: Option<Timestamp>,
    /// Why it was bad: the code of a [`crate::satisfaction::Reason`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_reason_code: Option<u32>,
    /// The record of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_rating_id: Option<RecordId>,
    /// What it was said to be about when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triage: Option<Triaged>,
    /// The schedule that a trigger set, by which its business hours count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_id: Option<RecordId>,
    /// What is measured of it.
    #[serde(default)]
    pub metrics: Metrics,
    /// What is being measured of it.
    #[serde(default)]
    pub clocks: Clocks,
    /// What is promised of it.
    #[serde(default)]
    pub promises: Promises,
    /// What automations did to it.
    #[serde(default)]
    pub automations: Automated,
    /// What happened to it, for reports.
    #[serde(default)]
    pub journal: Journal,
    /// How often it was written.
    #[serde(default)]
    pub version: u64,
    /// The skills that it asks for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skills: BTreeSet<RecordId>,
    /// What it is to routing.
    #[serde(default)]
    pub routing: Standing,
}

impl Ticket {
    /// The list of those that an agent is assigned and has not solved.
    #[must_use]
    pub fn assigned_and_open(agent: UserId) -> String {
        format!("assignee/{agent}/open")
    }

    /// Its requester is asked what they think, at a time: once for each time that it is solved, and not when they said it.
    #[must_use]
    pub fn offered(self, at: Timestamp) -> Self {
        let anew = || self.metrics.solved_at > self.satisfaction_offered_at;
        let asks = match self.satisfaction_score {
            None => true,
            Some(Score::Offered) => anew(),
            Some(Score::Good | Score::Bad) => false,
        };
        if !asks {
            return self;
        }
        let (satisfaction_score, satisfaction_offered_at) = (Some(Score::Offered), Some(at));
        Self { satisfaction_score, satisfaction_offered_at, ..self }
    }

    /// Whether its requester may say what they think: once help was given, be it that it is open again.
    #[must_use]
    pub const fn ratable(&self) -> bool {
        matches!(self.status, Status::Solved | Status::Closed) || self.metrics.reopens > 0
    }

    /// As it is written at a time.
    #[must_use]
    pub fn generated(self, at: Timestamp) -> Self {
        // Stamps of changes may be ahead of the clock.
        let generated_at = at.max(self.updated_at);
        Self { generated_at, version: self.version.saturating_add(1), ..self }
    }
}

impl Record for Ticket {
    const KIND: RecordKind =
        RecordKind { name: "TICKET", singular: "ticket", plural: "tickets", home: Home::Many };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn tallies(&self) -> Vec<Key> {
        self.tags.iter().map(|tag| places::tag(tag, self.id.get())).collect()
    }

    fn links(&self) -> Vec<Link> {
        let id = self.id.get();
        let mut links = vec![
            Link::by_time("changed/tickets", self.updated_at, id),
            Link::by_id(format!("requester/{}/tickets", self.requester_id), id),
        ];
        let mut on = |list: Option<String>| links.extend(list.map(|list| Link::by_id(list, id)));
        on(self.assignee_id.map(|it| format!("assignee/{it}/tickets")));
        on(self.assignee_id.filter(|_| self.status < Status::Solved).map(Self::assigned_and_open));
        // Who asked for something that is not done yet is not deleted, and who works on it is relieved.
        let unclosed = self.status != Status::Closed;
        on(unclosed.then(|| format!("requester/{}/unclosed", self.requester_id)));
        let assignee = self.assignee_id.filter(|_| unclosed);
        on(assignee.map(|it| format!("assignee/{it}/unclosed")));
        on(self.group_id.map(|it| format!("group/{it}/tickets")));
        on(self.organization_id.map(|it| format!("organization/{it}/tickets")));
        on(self.problem_id.map(|it| format!("problem/{it}/tickets")));
        on(self.external_id.as_ref().map(|it| format!("external/{it}/tickets")));
        on((self.kind == Some(Kind::Problem)).then(|| "problems/tickets".to_owned()));
        self.email_cc_ids.iter().for_each(|it| on(Some(format!("ccd/{it}/tickets"))));
        self.follower_ids.iter().for_each(|it| on(Some(format!("followed/{it}/tickets"))));
        links.extend(Standing::links(self));
        links
    }

    fn feed(&self) -> Option<Feed> {
        let requester = Some(places::record(User::KIND, self.requester_id.get()));
        let organization = self.organization_id.map(Organization::key);
        let rating = self
            .satisfaction_rating_id
            .map(|id| places::record(SatisfactionRating::KIND, id.get()));
        Some(Feed {
            link: Link::by_time(GENERATED, self.generated_at, self.id.get()),
            beside: [requester, organization, rating].into_iter().flatten().collect(),
        })
    }
}
