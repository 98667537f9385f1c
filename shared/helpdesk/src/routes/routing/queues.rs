//! Queues
//! ([omnichannel routing queues](https://developer.zendesk.com/api-reference/agent-availability/omnichannel_routing_queues/omnichannel_routing_queues/)).

use super::super::rules::choices;
use super::attributes::named;
use super::values::checked;
use crate::account::Group;
use crate::api::{Answer, Call, Refused};
use crate::ids::{GroupId, RecordId};
use crate::record::{Changes, Kept};
use crate::routing::{Queue, queue, wake};
use crate::rule::{Conditions, Use, defined_conditions};
use crate::wire::text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Queues of an account: so that they can be put into an order in one commit.
const MOST: usize = 45;

fn shown(call: &Call<'_>, queue: &Queue) -> Result<Value, Refused> {
    let groups = call.account.all::<Group>()?;
    let of = |ids: &BTreeSet<GroupId>| {
        let all = groups.iter().filter(|it| ids.contains(&it.id));
        let all: Vec<Value> = all.map(|it| json!({"id": it.id, "name": it.name})).collect();
        json!({"count": all.len(), "groups": all})
    };
    Ok(json!({
        "url": call.url(&format!("/queues/{}.json", queue.id)),
        "id": queue.id.to_string(),
        "name": queue.name,
        "description": queue.description,
        "definition": queue.definition,
        "order": queue.order,
        "priority": queue.priority,
        "primary_groups": of(&queue.primary_groups),
        "secondary_groups": of(&queue.secondary_groups),
        "created_at": queue.created_at,
        "updated_at": queue.updated_at,
    }))
}

fn found(call: &Call<'_>) -> Result<Kept<Queue>, Refused> {
    call.account.find::<Queue>(call.id("id")?)?.ok_or(Refused::NotFound)
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = queue::in_order(&call.account)?;
    let all: Result<Vec<Value>, Refused> = all.iter().map(|it| shown(call, it)).collect();
    Ok(Answer::ok(json!({"queues": all?})))
}

pub(super) async fn definitions(call: &Call<'_>) -> Result<Answer, Refused> {
    let (all, any) = defined_conditions(Use::Routing, &choices(call)?);
    Ok(Answer::ok(json!({"definitions": {"conditions_all": all, "conditions_any": any}})))
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"queue": shown(call, &found(call)?.record)?})))
}

/// What is asked of a queue.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    description: Option<Option<String>>,
    definition: Option<Conditions>,
    order: Option<i64>,
    priority: Option<i64>,
    #[serde(alias = "primary_groups_id")]
    primary_groups: Option<Groups>,
    #[serde(alias = "secondary_groups_id")]
    secondary_groups: Option<Groups>,
}

/// Groups, in the ways in which clients write them: as they are shown, or by their ids.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Groups {
    Ids(Vec<GroupId>),
    Named { group_ids: Vec<GroupId> },
    Shown { groups: Vec<Named> },
}

#[derive(Debug, Deserialize)]
struct Named {
    id: GroupId,
}

impl Groups {
    fn ids(self) -> BTreeSet<GroupId> {
        match self {
            Self::Ids(ids) | Self::Named { group_ids: ids } => ids.into_iter().collect(),
            Self::Shown { groups } => groups.into_iter().map(|it| it.id).collect(),
        }
    }
}

impl Edit {
    async fn apply(self, call: &Call<'_>, queue: &mut Queue) -> Result<(), Refused> {
        if let Some(name) = self.name {
            queue.name = name.unwrap_or_default();
        }
        if let Some(description) = self.description {
            queue.description = description.unwrap_or_default();
        }
        queue.order = self.order.unwrap_or(queue.order);
        queue.priority = self.priority.unwrap_or(queue.priority);
        queue.updated_at = call.at;
        let all = call.account.all::<Queue>()?;
        let others = all.iter().filter(|it| it.id != queue.id).map(|it| it.name.as_str());
        let mut refusal = named(&queue.name, others);
        if queue.priority < 1 {
            refusal.add("priority", "Priority: must be at least 1", Some("InvalidValue"));
        }
        if let Some(groups) = self.primary_groups {
            queue.primary_groups = groups.ids();
        }
        if let Some(groups) = self.secondary_groups {
            queue.secondary_groups = groups.ids();
        }
        let groups = call.account.all::<Group>()?;
        let unknown =
            |ids: &BTreeSet<GroupId>| ids.iter().any(|id| !groups.iter().any(|it| it.id == *id));
        for (name, ids) in [
            ("primary_groups", &queue.primary_groups),
            ("secondary_groups", &queue.secondary_groups),
        ] {
            if unknown(ids) {
                refusal.add(name, "Groups: must be groups of the account", Some("InvalidValue"));
            }
        }
        if queue.primary_groups.is_empty() {
            let text = "Primary groups: cannot be blank";
            refusal.add("primary_groups", text, Some("BlankValue"));
        }
        if let Some(definition) = self.definition {
            checked(call, &definition, &mut refusal).await?;
            queue.definition = definition;
        }
        Ok(refusal.against(())?)
    }
}

/// Behind all others, unless it says where.
pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("queue")?;
    let all = call.account.all::<Queue>()?;
    if all.len() >= MOST {
        return Err(Refused::field("base", "there are as many queues as there may be"));
    }
    let last = all.iter().map(|it| it.order).max().unwrap_or_default();
    let (id, at) = (RecordId::fresh(call)?, call.at);
    let mut queue = Queue {
        id,
        created_at: at,
        updated_at: at,
        name: String::new(),
        description: String::new(),
        definition: Conditions::default(),
        order: last.saturating_add(1),
        priority: 1,
        primary_groups: BTreeSet::new(),
        secondary_groups: BTreeSet::new(),
    };
    edit.apply(call, &mut queue).await?;
    let mut changes = Changes::new();
    changes.create(&queue)?;
    wake(call, changes).await?;
    let location = call.url(&format!("/queues/{id}.json"));
    Ok(Answer::created(json!({"queue": shown(call, &queue)?}), location))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: Edit = call.ask.record("queue")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    let mut changes = Changes::new();
    changes.update(&before, &after)?;
    wake(call, changes).await?;
    Ok(Answer::ok(json!({"queue": shown(call, &after)?})))
}

/// What waits in it waits in the next one that fits, or in the standard queue.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut changes = Changes::new();
    changes.delete(&found(call)?)?;
    wake(call, changes).await?;
    Ok(Answer::gone())
}

/// All of them have to be named.
pub(super) async fn reorder(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.body_ids("queue_ids")?;
    let all = call.account.all::<Queue>()?;
    let named: BTreeSet<u64> = ids.iter().copied().collect();
    let there: BTreeSet<u64> = all.iter().map(|it| it.id.get()).collect();
    if named != there || named.len() != ids.len() {
        return Err(Refused::parameter("queue_ids", "must be the ids of all queues"));
    }
    let mut changes = Changes::new();
    for (order, id) in (1..).zip(&ids) {
        let moved = all.iter().filter(|it| it.id.get() == *id && it.order != order);
        for before in moved {
            changes
                .update(before, &Queue { order, updated_at: call.at, ..before.record.clone() })?;
        }
    }
    wake(call, changes).await?;
    Ok(Answer::gone())
}
