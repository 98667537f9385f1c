//! What of a ticket is news when it changes.

use super::{Kind, Priority, Score, Status, Ticket};
use crate::ids::{
    BrandId, CustomStatusId, FieldId, FormId, GroupId, OrganizationId, RecordId, TicketId, UserId,
};
use ceap_kernel::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What audits tell of a ticket. All else is no news.
#[derive(Serialize)]
pub(super) struct News<'t> {
    external_id: &'t Option<String>,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    subject: &'t Option<String>,
    priority: Option<Priority>,
    status: Status,
    custom_status_id: Option<CustomStatusId>,
    requester_id: UserId,
    submitter_id: UserId,
    assignee_id: Option<UserId>,
    group_id: Option<GroupId>,
    organization_id: Option<OrganizationId>,
    follower_ids: &'t BTreeSet<UserId>,
    email_cc_ids: &'t BTreeSet<UserId>,
    problem_id: Option<TicketId>,
    due_at: Option<Timestamp>,
    tags: &'t BTreeSet<String>,
    custom_fields: &'t BTreeMap<FieldId, Value>,
    ticket_form_id: Option<FormId>,
    brand_id: Option<BrandId>,
    via_followup_source_id: Option<TicketId>,
    recipient: &'t Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    satisfaction_score: Option<Score>,
    #[serde(skip_serializing_if = "Option::is_none")]
    satisfaction_comment: &'t Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_id: Option<RecordId>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    skills: &'t BTreeSet<RecordId>,
}

impl<'t> News<'t> {
    /// A field that a ticket is given has to be one or the other.
    pub(super) fn of(ticket: &'t Ticket) -> Self {
        let Ticket {
            id: _,
            created_at: _,
            updated_at: _,
            generated_at: _,
            external_id,
            kind,
            subject,
            description: _,
            described_privately: _,
            priority,
            status,
            custom_status_id,
            requester_id,
            submitter_id,
            assignee_id,
            group_id,
            organization_id,
            follower_ids,
            email_cc_ids,
            problem_id,
            due_at,
            tags,
            custom_fields,
            ticket_form_id,
            brand_id,
            is_public: _,
            via_followup_source_id,
            via: _,
            recipient,
            has_incidents: _,
            followup_ids: _,
            satisfaction_score,
            satisfaction_comment,
            satisfaction_offered_at: _,
            satisfaction_rated_at: _,
            satisfaction_reason_code: _,
            satisfaction_rating_id: _,
            triage: _,
            schedule_id,
            metrics: _,
            clocks: _,
            promises: _,
            automations: _,
            journal: _,
            version: _,
            skills,
            routing: _,
        } = ticket;
        Self {
            external_id,
            kind: *kind,
            subject,
            priority: *priority,
            status: *status,
            custom_status_id: *custom_status_id,
            requester_id: *requester_id,
            submitter_id: *submitter_id,
            assignee_id: *assignee_id,
            group_id: *group_id,
            organization_id: *organization_id,
            follower_ids,
            email_cc_ids,
            problem_id: *problem_id,
            due_at: *due_at,
            tags,
            custom_fields,
            ticket_form_id: *ticket_form_id,
            brand_id: *brand_id,
            via_followup_source_id: *via_followup_source_id,
            recipient,
            satisfaction_score: *satisfaction_score,
            satisfaction_comment,
            schedule_id: *schedule_id,
            skills,
        }
    }
}
