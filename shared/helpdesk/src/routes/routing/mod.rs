//! Routing: skills, who is there, how much they may have to do, queues, and how it is set
//! ([omnichannel](https://developer.zendesk.com/api-reference/agent-availability/introduction/),
//! [skills](https://developer.zendesk.com/api-reference/ticketing/ticket-management/skill_based_routing/)).

mod agents;
mod attributes;
mod availabilities;
mod capacity;
mod queues;
mod settings;
mod statuses;
mod tickets;
mod values;

use crate::access::Action::{ListTickets, ManageRules};
use crate::account::Staff;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::UserId;
use crate::record::Kept;
use crate::routes;
use crate::routing::pass;

/// Skills, and how routing is set.
pub const SKILLS: &[Route] = routes![
    GET "/routing/attributes" Guard::Agents => attributes::list, "Lists types of skills";
    POST "/routing/attributes" Guard::May(ManageRules) => attributes::create, "Adds a type of skills";
    GET "/routing/attributes/definitions" Guard::May(ManageRules) => attributes::definitions, "Lists the conditions that skills may have";
    GET "/routing/attributes/{id}" Guard::Agents => attributes::show, "Shows a type of skills";
    PUT "/routing/attributes/{id}" Guard::May(ManageRules) => attributes::update, "Changes a type of skills";
    DELETE "/routing/attributes/{id}" Guard::May(ManageRules) => attributes::delete, "Deletes a type of skills with its skills";
    GET "/routing/attributes/{attribute_id}/values" Guard::Agents => values::list, "Lists the skills of a type";
    POST "/routing/attributes/{attribute_id}/values" Guard::May(ManageRules) => values::create, "Adds a skill";
    GET "/routing/attributes/{attribute_id}/values/{id}" Guard::Agents => values::show, "Shows a skill";
    PATCH "/routing/attributes/{attribute_id}/values/{id}" Guard::May(ManageRules) => values::update, "Changes a skill and which tickets ask for it";
    DELETE "/routing/attributes/{attribute_id}/values/{id}" Guard::May(ManageRules) => values::delete, "Deletes a skill";
    GET "/routing/agents/instance_values" Guard::May(ManageRules) => agents::list, "Lists the skills of several agents";
    POST "/routing/agents/instance_values/job" Guard::May(ManageRules) => agents::change_many, "Changes the skills of several agents";
    POST "/routing/agents/instance_values/jobs" Guard::May(ManageRules) => agents::change_many, "Changes the skills of several agents";
    GET "/routing/agents/{user_id}/instance_values" Guard::Agents, needs agents::needs => agents::show, "Lists the skills of an agent";
    POST "/routing/agents/{user_id}/instance_values" Guard::May(ManageRules), needs agents::needs => agents::set, "Sets the skills of an agent";
    PATCH "/routing/agents/{user_id}/instance_values" Guard::Step(ManageRules) => agents::step, "Changes the skills of an agent: a step of a job";
    GET "/routing/tickets/{ticket_id}/instance_values" Guard::May(ListTickets), needs tickets::needs => tickets::show, "Lists the skills that a ticket asks for";
    POST "/routing/tickets/{ticket_id}/instance_values" Guard::May(ListTickets), needs tickets::needs => tickets::set, "Sets the skills that a ticket asks for";
    GET "/routing/requirements/fulfilled" Guard::Agents => tickets::fulfilled, "Tells for which tickets who asks has all skills";
    GET "/routing/settings" Guard::May(ManageRules) => settings::show, "Shows how tickets are routed";
    PUT "/routing/settings" Guard::May(ManageRules) => settings::update, "Changes how tickets are routed";
    POST "/routing/pass" Guard::Step(ListTickets) => passed, "Gives what waits to agents: a step of a job";
];

/// Who is there.
pub const AVAILABILITIES: &[Route] = routes![
    GET "/agent_availabilities" Guard::May(ManageRules) => availabilities::list, "Lists who is there, and what they have to do";
    GET "/agent_availabilities/me" Guard::Agents => availabilities::me, "Tells of who asks whether they are there, and what they have to do";
    GET "/agent_availabilities/{agent_id}" Guard::Agents => availabilities::show, "Tells of an agent whether they are there, and what they have to do";
    GET "/agent_availabilities/{agent_id}/channels/{channel}/relationships/work_items" Guard::Agents => availabilities::work_items, "Lists what an agent has to do by a channel";
    GET "/agent_availabilities/agent_statuses" Guard::Agents => statuses::list, "Lists the statuses that agents may have";
    GET "/agent_availabilities/agent_statuses/me" Guard::Agents => statuses::list, "Lists the statuses that who asks may have";
    PUT "/agent_availabilities/agent_statuses/agents/me" Guard::Agents => statuses::set_own, "Sets the status of who asks";
    PUT "/agent_availabilities/agent_statuses/agents/update_many" Guard::May(ManageRules) => statuses::set_many, "Sets the status of several agents";
    PUT "/agent_availabilities/agent_statuses/agents/{agent_id}" Guard::Agents => statuses::set, "Sets the status of an agent";
    GET "/agent_availabilities/agent_statuses/job_statuses/{id}" Guard::May(ManageRules) => statuses::job, "Shows how a job stands that sets the status of several agents";
];

/// How much agents may have to do.
pub const CAPACITY: &[Route] = routes![
    GET "/capacity/rules" Guard::May(ManageRules) => capacity::list, "Lists capacity rules";
    POST "/capacity/rules" Guard::May(ManageRules) => capacity::create, "Adds a capacity rule";
    GET "/capacity/rules/assignees" Guard::May(ManageRules) => capacity::assignees, "Lists agents with their capacity rules";
    GET "/capacity/rules/{id}" Guard::May(ManageRules) => capacity::show, "Shows a capacity rule";
    PUT "/capacity/rules/{id}" Guard::May(ManageRules) => capacity::update, "Changes a capacity rule";
    DELETE "/capacity/rules/{id}" Guard::May(ManageRules) => capacity::delete, "Deletes a capacity rule";
    PATCH "/capacity/rules/{id}/agents" Guard::May(ManageRules) => capacity::assign, "Puts agents under a capacity rule";
    GET "/capacity/rules/{id}/assignees" Guard::May(ManageRules) => capacity::assignees, "Lists the agents under a capacity rule";
];

/// Queues.
pub const QUEUES: &[Route] = routes![
    GET "/queues" Guard::May(ManageRules) => queues::list, "Lists queues";
    POST "/queues" Guard::May(ManageRules) => queues::create, "Adds a queue";
    GET "/queues/definitions" Guard::May(ManageRules) => queues::definitions, "Lists the conditions that queues may have";
    PATCH "/queues/order" Guard::May(ManageRules) => queues::reorder, "Puts queues into an order";
    GET "/queues/{id}" Guard::Agents => queues::show, "Shows a queue";
    PUT "/queues/{id}" Guard::May(ManageRules) => queues::update, "Changes a queue";
    DELETE "/queues/{id}" Guard::May(ManageRules) => queues::delete, "Deletes a queue";
];

/// Gives what waits to agents. That it was done is remembered once all of it is.
async fn passed(call: &Call<'_>) -> Result<Answer, Refused> {
    let held = call.hold();
    let passed = pass(call.desk, &call.tenant).await;
    call.release(held);
    passed.map(|_| Answer::done())
}

/// An agent whom the path names.
fn agent(call: &Call<'_>, name: &str) -> Result<Kept<Staff>, Refused> {
    call.account.find::<Staff>(call.id(name)?)?.ok_or(Refused::NotFound)
}

/// The agents with these ids, each of whom must be there.
fn agents_of(call: &Call<'_>, ids: &[u64]) -> Result<Vec<UserId>, Refused> {
    let staff = call.account.all::<Staff>()?;
    let known = |id: &u64| staff.iter().find(|it| it.id.get() == *id).map(|it| it.id);
    let agents: Option<Vec<UserId>> = ids.iter().map(known).collect();
    agents.ok_or_else(|| Refused::field("agent_ids", "must be ids of agents"))
}
