//! Automations ([automations](https://developer.zendesk.com/api-reference/ticketing/business-rules/automations/)): what
//! they are. That they act as time goes by is the rules' engine's, which is not there yet.

use super::rules::{self, Governed};
use super::triggers::{Edit, check};
use super::{Shown, created, one};
use crate::access::Action::ManageRules;
use crate::access::Resource;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::RecordId;
use crate::record::{Kept, Record};
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::{Automation, Condition, Conditions, Head, Use, last, nullified, timed};
use serde_json::{Value, json};

/// Automations.
pub const ROUTES: &[Route] = routes![
    GET "/automations" Guard::Agents => list, "Lists automations";
    GET "/automations/active" Guard::Agents => active, "Lists automations that are in use";
    GET "/automations/search" Guard::Agents => search, "Searches automations by title";
    POST "/automations" Guard::May(ManageRules) => create, "Adds an automation";
    PUT "/automations/update_many" Guard::May(ManageRules) => update_many, "Moves several automations, or takes them in or out of use";
    PUT "/automations/reorder" refused "it is not documented: update_many takes positions", "Puts automations into an order";
    DELETE "/automations/destroy_many" Guard::May(ManageRules) => rules::delete_all::<Automation>, "Deletes several automations";
    GET "/automations/{id}" Guard::Agents => show, "Shows an automation";
    PUT "/automations/{id}" Guard::May(ManageRules) => update, "Changes an automation";
    DELETE "/automations/{id}" Guard::May(ManageRules) => rules::delete::<Automation>, "Deletes an automation";
];

impl Shown for Automation {
    fn shown(&self, call: &Call<'_>) -> Value {
        let head = &self.head;
        json!({
            "url": call.url(&format!("/automations/{}.json", head.id)),
            "id": head.id,
            "title": head.title,
            "active": head.active,
            "updated_at": head.updated_at,
            "created_at": head.created_at,
            "default": head.default,
            "actions": self.actions,
            "conditions": self.conditions,
            "position": head.position,
            "raw_title": head.title,
        })
    }
}

impl Governed for Automation {
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        Ok(call.actor()?.is_agent())
    }

    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        call.may(ManageRules, Resource::Account)
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::all::<Automation>(call).await?.into_iter();
    rules::listed(call, all.filter(|it| rules::in_use(call, &it.record)).collect())
}

async fn active(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::all::<Automation>(call).await?.into_iter();
    rules::listed(call, all.filter(|it| it.head.active).collect())
}

async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    let query = rules::query(call)?;
    let all = rules::all::<Automation>(call).await?.into_iter();
    let fits =
        |it: &Kept<Automation>| rules::sought(query, &it.record) && rules::in_use(call, &it.record);
    rules::listed(call, all.filter(fits).collect())
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &rules::named::<Automation>(call).await?.record)))
}

/// An automation has to look at one of these, that it may not act on everything. Hours since a ticket came to a status
/// tell of its status too.
const NEEDED: [&str; 10] = [
    "status",
    "type",
    "group_id",
    "assignee_id",
    "requester_id",
    "OPEN",
    "PENDING",
    "HOLD",
    "SOLVED",
    "CLOSED",
];

async fn apply(edit: Edit, call: &Call<'_>, automation: &mut Automation) -> Result<(), Refused> {
    let mut refusal = Refusal::default();
    edit.head.apply(&mut automation.head, call.at, &mut refusal);
    if let Some((conditions, actions)) = edit.definition.changed() {
        (automation.conditions, automation.actions) = (conditions, actions);
    }
    let (conditions, actions) = (&automation.conditions, &automation.actions);
    check(call, Use::Automation, conditions, actions, &mut refusal).await?;
    limited(automation, &mut refusal);
    unique(call, automation, &mut refusal)?;
    Ok(refusal.against(())?)
}

/// What keeps an automation from acting on everything, at once, again and again.
fn limited(automation: &Automation, refusal: &mut Refusal) {
    let Conditions { all, .. } = &automation.conditions;
    let mut add = |text: &str| refusal.add("base", text, Some("InvalidValue"));
    if !all.iter().any(timed) {
        add("Automation must have at least one time-based condition in `all`");
    }
    if !all.iter().any(|it: &Condition| NEEDED.contains(&it.field.as_str())) {
        add(
            "Automation must have a condition on status, type, group_id, assignee_id or requester_id in `all`",
        );
    }
    if !nullified(&automation.conditions, &automation.actions) {
        add(
            "Automation must have a condition that is true only once, or an action that nullifies at least one of its conditions",
        );
    }
}

/// No two automations in use are the same.
fn unique(call: &Call<'_>, automation: &Automation, refusal: &mut Refusal) -> Result<(), Refused> {
    let all = call.account.all::<Automation>()?;
    let same = |it: &&Kept<Automation>| {
        it.id() != automation.id()
            && it.head.active
            && it.conditions == automation.conditions
            && it.actions == automation.actions
    };
    if let Some(twin) = all.iter().find(same).filter(|_| automation.head.active) {
        let text = format!("Automation is identical to {:?}", twin.head.title);
        refusal.add("base", text, Some("DuplicateValue"));
    }
    Ok(())
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("automation")?;
    let all = call.account.all::<Automation>()?;
    let position = last(all.iter().map(|it| &it.head));
    let head = Head::new(RecordId::fresh(call)?, call.at, position);
    let mut automation =
        Automation { head, conditions: Conditions::default(), actions: Vec::new() };
    apply(edit, call, &mut automation).await?;
    call.add(&automation).await?;
    Ok(created(call, &automation))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = rules::named::<Automation>(call).await?;
    let edit: Edit = call.ask.record("automation")?;
    let mut after = before.record.clone();
    apply(edit, call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn update_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::moved::<Automation>(call).await?.into_iter();
    let both: Vec<_> = all.map(|(before, after, _)| (before, after)).collect();
    rules::change_all(call, both).await
}
