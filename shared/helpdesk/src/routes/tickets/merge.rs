//! Merging tickets into another: each is closed with a comment that says where it went, and the other is told of them.

use super::asked::{Asked, More};
use super::see;
use super::write::save;
use crate::access::{Action, Resource};
use crate::api::{Answer, Call, Method, Refused};
use crate::ids::TicketId;
use crate::job::{self, Step};
use crate::refusal::Refusal;
use crate::ticket::{Edit, NewComment, Status, Ticket, Via};
use serde::Deserialize;
use serde_json::json;

/// What is asked of a merge.
#[derive(Debug, Deserialize)]
struct Merge {
    ids: Vec<TicketId>,
    target_comment: Option<String>,
    source_comment: Option<String>,
    #[serde(default)]
    target_comment_is_public: bool,
    #[serde(default)]
    source_comment_is_public: bool,
}

pub(super) async fn merge(call: &Call<'_>) -> Result<Answer, Refused> {
    let target = see::ticket_to(call, "id", Action::MergeTicket).await?;
    let merge: Merge = crate::api::ask::read(call.ask.json()?)?;
    if merge.ids.is_empty() {
        return Err(Refused::parameter("ids", "is required"));
    }
    crate::api::ask::at_most_100("ids", merge.ids.len().saturating_add(1))?;
    let ids: Vec<u64> = merge.ids.iter().map(|id| id.get()).collect();
    let sources = call.get_all::<Ticket>(&ids).await?;
    let mut refusal = Refusal::default();
    if sources.len() != ids.len() {
        return Err(Refused::NotFound);
    }
    for ticket in sources.iter().map(|it| &it.record).chain([&target.record]) {
        if !see::sees(call, ticket).await? {
            return Err(Refused::NotFound);
        }
        call.require(Action::MergeTicket, Resource::Ticket(ticket, false))?;
        if ticket.status == Status::Closed {
            let text = format!("Ticket {}: is closed and cannot be merged", ticket.id);
            refusal.add("ids", text, Some("InvalidValue"));
        }
    }
    if merge.ids.contains(&target.id) {
        refusal.add("ids", "Ticket: cannot be merged into itself", Some("InvalidValue"));
    }
    let () = refusal.against(())?;
    job::start(call, "Ticket Merge", steps(&target, &merge)).await
}

fn steps(target: &Ticket, merge: &Merge) -> Vec<Step> {
    let usual = format!("This request was closed and merged into request #{}.", target.id);
    let comment = merge.source_comment.clone().unwrap_or(usual);
    let source = |id: &TicketId| {
        let body = json!({"target": target.id, "comment": comment,
            "public": merge.source_comment_is_public});
        Step::new(Method::Post, format!("/tickets/{id}/merge_into"), body)
    };
    let all: Vec<String> = merge.ids.iter().map(|id| format!("#{id}")).collect();
    let usual = format!("Requests {} were closed and merged into this request.", all.join(", "));
    let comment = json!({"body": merge.target_comment.clone().unwrap_or(usual),
        "public": merge.target_comment_is_public});
    let told = Step::new(
        Method::Put,
        format!("/tickets/{}", target.id),
        json!({"ticket": {"comment": comment}}),
    );
    merge.ids.iter().map(source).chain([told]).collect()
}

/// What is asked of a step of a merge.
#[derive(Debug, Deserialize)]
struct MergeInto {
    target: TicketId,
    comment: String,
    public: bool,
}

/// Closes a ticket that goes into another. Nobody works on it from then on; where nobody did, it is who merged it.
pub(super) async fn merge_into(call: &Call<'_>) -> Result<Answer, Refused> {
    let asked: MergeInto = crate::api::ask::read(call.ask.json()?)?;
    let source = see::ticket_to(call, "id", Action::MergeTicket).await?;
    let me = call.actor()?.id();
    let edit = Edit {
        status: Some(Status::Closed),
        additional_tags: ["closed_by_merge".to_owned()].into(),
        assignee_id: source.assignee_id.is_none().then_some(Some(me)),
        comment: Some(NewComment {
            body: Some(asked.comment),
            public: Some(asked.public),
            ..NewComment::default()
        }),
        ..Edit::default()
    };
    let target = call.get::<Ticket>(asked.target.get()).await?;
    let via = Via::because("web", &target, "merge");
    save(call, source.id.get(), Asked { edit, more: More::default() }, via).await?;
    Ok(Answer::ok(json!({})))
}
