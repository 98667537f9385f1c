//! The statuses of agents
//! ([unified agent statuses](https://developer.zendesk.com/api-reference/agent-availability/unified-agent-status-api/unified_agent_statuses)).

use super::agents::change;
use super::{agent, agents_of};
use crate::access::Action::ManageRules;
use crate::access::Resource;
use crate::account::Staff;
use crate::api::{Answer, Call, Method, Refused};
use crate::ids::UserId;
use crate::job::{self, StatusOf, Step};
use crate::record::Kept;
use crate::routing::AgentStatus;
use serde_json::{Value, json};

pub(super) async fn list(_: &Call<'_>) -> Result<Answer, Refused> {
    let one = |it: AgentStatus| {
        let attributes = json!({"name": it.as_str(), "description": it.description()});
        json!({"id": it.id(), "type": "agent_status", "attributes": attributes})
    };
    let all: Value = AgentStatus::ALL.into_iter().map(one).collect();
    let meta = json!({"has_more": false, "after_cursor": null, "before_cursor": null});
    let links = json!({"next": null, "prev": null});
    Ok(Answer::ok(json!({"default": all, "custom": [], "links": links, "meta": meta})))
}

/// The status that is asked for.
fn asked(call: &Call<'_>) -> Result<AgentStatus, Refused> {
    let id = call.ask.member("id")?;
    let id = id.as_u64().or_else(|| id.as_str()?.parse().ok());
    let known = || {
        let ids = AgentStatus::ALL.map(|it| format!("{} ({})", it.id(), it.as_str()));
        Refused::parameter("id", format!("must be one of {}", ids.join(", ")))
    };
    id.and_then(AgentStatus::of).ok_or_else(known)
}

async fn sets(call: &Call<'_>, agent: UserId) -> Result<Answer, Refused> {
    let status = asked(call)?;
    let after = change(call, agent, |it| it.set(status, call.at)).await?;
    let status = json!({"id": after.status.id(), "name": after.status.as_str()});
    Ok(Answer::ok(json!({"data": {
        "id": format!("agent_availabilities|{agent}"),
        "type": "agent_availabilities",
        "attributes": {"agent_id": agent, "agent_status": status},
    }})))
}

pub(super) async fn set_own(call: &Call<'_>) -> Result<Answer, Refused> {
    sets(call, call.actor()?.id()).await
}

/// Everybody sets their own; others', who keeps rules.
pub(super) async fn set(call: &Call<'_>) -> Result<Answer, Refused> {
    let agent = own_or_any(call)?;
    sets(call, agent.id).await
}

/// The agent whom the path names, of whom who asks may know and change whether they are there.
pub(super) fn own_or_any(call: &Call<'_>) -> Result<Kept<Staff>, Refused> {
    if call.id("agent_id")? != call.actor()?.id().get() {
        call.require(ManageRules, Resource::Account)?;
    }
    agent(call, "agent_id")
}

pub(super) async fn set_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let (status, ids) = (asked(call)?, call.ask.ids("ids")?);
    let step = |agent: UserId| {
        let path = format!("/agent_availabilities/agent_statuses/agents/{agent}");
        Step::new(Method::Put, path, json!({"id": status.id()}))
    };
    let steps = agents_of(call, &ids)?.into_iter().map(step).collect();
    job::start(call, "Bulk update agent statuses", steps).await
}

pub(super) async fn job(call: &Call<'_>) -> Result<Answer, Refused> {
    let status = StatusOf::load(call, call.variable("id")).await?.ok_or(Refused::NotFound)?;
    Ok(Answer::ok(json!({"job_status": status.shown(call)})))
}
