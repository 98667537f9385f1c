//! What agents are told of their tickets
//! ([activity stream](https://developer.zendesk.com/api-reference/ticketing/tickets/activity_stream/)).

use super::Shown;
use super::tickets::sees;
use crate::activity::{Activity, Verb};
use crate::api::list;
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::ids::UserId;
use crate::record::{Record, places};
use crate::routes;
use crate::store::Range;
use crate::ticket::{Comment, Ticket};
use crate::user::User;
use ceap_kernel::{Fault, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What agents are told.
pub const ROUTES: &[Route] = routes![
    GET "/activities" Guard::Agents => list, "Lists what who asks is told of their tickets, of the last thirty days";
    GET "/activities/count" Guard::Agents => count, "Counts what who asks is told of their tickets";
    GET "/activities/{id}" Guard::Agents => show, "Shows something that who asks is told";
];

/// Activities of a list that begins at a time.
const MOST: usize = 10_000;

/// Characters of what was said that a title tells.
const TITLE: usize = 100;

fn read(body: &str) -> Result<Activity, Fault> {
    serde_json::from_str(body)
        .map_err(|error| Fault::Internal(format!("unreadable activity: {error}")))
}

/// The newest come first; those since a time are of the newest of so many.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let me = call.actor()?.id();
    let since = call.ask.query("since").filter(|text| !text.is_empty());
    let wrong = |_| Refused::parameter("since", "must be a time (ISO 8601)");
    let since: Option<Timestamp> = since.map(|text| text.parse().map_err(wrong)).transpose()?;
    let page = match since {
        None => {
            let page = list::items(call, &Activity::partition(me), "", true).await?;
            let Page { records, ends, more, count, paging } = page;
            let records: Result<Vec<Activity>, Fault> =
                records.iter().map(|item| read(&item.body)).collect();
            Page { records: records?, ends, more, count, paging }
        }
        Some(since) => {
            let newest = Range::of(Activity::partition(me), MOST).backward(true);
            let mut all = Vec::new();
            for item in call.range(&newest).await?.items {
                let activity: Activity = read(&item.body)?;
                if activity.created_at >= since {
                    all.push((item.key.sort, activity));
                }
            }
            Page::cut(Paging::of(call.ask)?, all)
        }
    };
    fetch(call, &page.records).await?;
    let (mut users, mut actors) = (BTreeSet::new(), BTreeSet::new());
    let mut shown = Vec::new();
    for activity in &page.records {
        users.extend([activity.user_id, activity.actor_id]);
        actors.insert(activity.actor_id);
        shown.push(told(call, activity).await?);
    }
    let mut body = page.about(call.ask);
    body.insert("activities".to_owned(), Value::Array(shown));
    body.insert("users".to_owned(), people(call, users).await?);
    body.insert("actors".to_owned(), people(call, actors).await?);
    Ok(Answer::ok(Value::Object(body)))
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let range = Range::of(Activity::partition(call.actor()?.id()), usize::MAX);
    let count = call.desk.store.count(&call.tenant, &range).await?;
    Ok(Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}})))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let key = Activity::key(call.actor()?.id(), call.id("id")?);
    let item = call.item(&key).await?.ok_or(Refused::NotFound)?;
    let activity: Activity = read(&item.body)?;
    fetch(call, std::slice::from_ref(&activity)).await?;
    Ok(Answer::ok(json!({"activity": told(call, &activity).await?})))
}

/// Reads everything that these tell of, at once.
async fn fetch(call: &Call<'_>, activities: &[Activity]) -> Result<(), Fault> {
    let keys = activities.iter().flat_map(|it| {
        let people = [it.user_id, it.actor_id];
        let people = people.map(|id| places::record(User::KIND, id.get()));
        let ticket = places::record(Ticket::KIND, it.ticket_id.get());
        let comment = it.comment_id.map(|id| Comment::key(it.ticket_id, id));
        people.into_iter().chain([ticket]).chain(comment)
    });
    call.fetch(keys).await
}

async fn people(call: &Call<'_>, ids: BTreeSet<UserId>) -> Result<Value, Refused> {
    let mut all = Vec::new();
    for id in ids {
        all.extend(call.find::<User>(id.get()).await?.map(|user| user.shown(call)));
    }
    Ok(Value::Array(all))
}

/// Of a ticket that the agent does not see any more, it is told that there was something, and not what.
async fn told(call: &Call<'_>, activity: &Activity) -> Result<Value, Refused> {
    let ticket = call.find::<Ticket>(activity.ticket_id.get()).await?;
    let ticket = match ticket {
        Some(ticket) if sees(call, &ticket).await? => Some(ticket),
        Some(_) | None => None,
    };
    let comment = match activity.comment_id.filter(|_| ticket.is_some()) {
        Some(id) => call.item(&Comment::key(activity.ticket_id, id)).await?,
        None => None,
    };
    let comment = comment.as_ref().map(Comment::read).transpose()?;
    let user = call.find::<User>(activity.user_id.get()).await?;
    let actor = call.find::<User>(activity.actor_id.get()).await?;
    let name = actor.as_ref().map_or("Somebody", |actor| actor.name.as_str());
    let subject = ticket.as_ref().and_then(|ticket| ticket.subject.as_deref());
    let target = json!({"ticket": {"id": activity.ticket_id, "subject": subject}});
    let number = activity.ticket_id;
    let (title, object) = match activity.verb {
        Verb::Assignment => (format!("{name} assigned ticket #{number} to you."), target.clone()),
        Verb::PriorityIncrease => {
            (format!("{name} increased the priority of ticket #{number}."), target.clone())
        }
        Verb::Comment => {
            let text = comment.as_ref().map_or("", |comment| comment.body.as_str());
            let begins: String = text.chars().take(TITLE).collect();
            let public = comment.as_ref().map(|comment| comment.public);
            let said = json!({"comment": {"value": text, "public": public}});
            (format!("{name} commented on ticket #{number}: {begins}"), said)
        }
    };
    Ok(json!({
        "url": call.url(&format!("/activities/{}.json", activity.id)),
        "id": activity.id,
        "title": title,
        "verb": activity.verb,
        "user_id": activity.user_id,
        "actor_id": activity.actor_id,
        "updated_at": activity.created_at,
        "created_at": activity.created_at,
        "object": object,
        "target": target,
        "user": user.map(|user| user.shown(call)),
        "actor": actor.map(|actor| actor.shown(call)),
    }))
}
