//! Searches that agents keep, for themselves or for others. Zendesk's API has nothing of it: they are CEAP's own.

use super::search::{answered, order};
use super::{Shown, created, listed, one};
use crate::account::Group;
use crate::api::{Answer, Call, Guard, Refused, Route, list};
use crate::ids::RecordId;
use crate::record::Kept;
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::Order;
use crate::search::{Directory, Query, SavedSearch, Shared};
use serde::Deserialize;
use serde_json::{Value, json};

/// Searches that are kept.
pub const ROUTES: &[Route] = routes![
    GET "/saved_searches" Guard::Agents => index, "Lists one's own saved searches and those that are shared with one";
    POST "/saved_searches" Guard::Agents => create, "Saves a search";
    GET "/saved_searches/{id}" Guard::Agents => show, "Shows a saved search";
    PUT "/saved_searches/{id}" Guard::Agents => update, "Changes a saved search";
    DELETE "/saved_searches/{id}" Guard::Agents => delete, "Deletes a saved search";
    GET "/saved_searches/{id}/execute" Guard::Agents => execute, "Does a saved search";
];

/// Characters of a title at most.
const LONGEST_TITLE: usize = 255;

/// Characters of a query at most.
const LONGEST_QUERY: usize = 4_096;

impl Shown for SavedSearch {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/saved_searches/{}.json", self.id)),
            "id": self.id,
            "title": self.title,
            "query": self.query,
            "sort_by": self.sort_by,
            "sort_order": self.sort_order,
            "shared": self.shared,
            "owner_id": self.owner_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// The saved search that the path names, if who asks may see it.
async fn named(call: &Call<'_>) -> Result<Kept<SavedSearch>, Refused> {
    let saved = call.get::<SavedSearch>(call.id("id")?).await?;
    if saved.readable(call)? { Ok(saved) } else { Err(Refused::NotFound) }
}

/// The same, if who asks may change it.
async fn to_change(call: &Call<'_>) -> Result<Kept<SavedSearch>, Refused> {
    let saved = named(call).await?;
    if saved.changeable(call)? { Ok(saved) } else { Err(Refused::Forbidden) }
}

async fn index(call: &Call<'_>) -> Result<Answer, Refused> {
    let me = call.actor()?.id();
    let mut seen = Vec::new();
    for saved in list::whole::<SavedSearch>(call).await? {
        if saved.owner_id == me || saved.shared_with(call)? {
            seen.push(saved);
        }
    }
    listed(call, &seen)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &named(call).await?.record)))
}

/// What is asked of a saved search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "crate::wire::text")]
    title: Option<Option<String>>,
    #[serde(deserialize_with = "crate::wire::text")]
    query: Option<Option<String>>,
    #[serde(deserialize_with = "crate::wire::text")]
    sort_by: Option<Option<String>>,
    #[serde(deserialize_with = "crate::wire::text")]
    sort_order: Option<Option<String>>,
    #[serde(deserialize_with = "crate::wire::given")]
    shared: Option<Option<Value>>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, saved: &mut SavedSearch) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        if let Some(title) = self.title {
            saved.title = title.unwrap_or_default();
        }
        written("title", &saved.title, LONGEST_TITLE, &mut refusal);
        if let Some(query) = self.query {
            saved.query = query.unwrap_or_default();
        }
        written("query", &saved.query, LONGEST_QUERY, &mut refusal);
        if let Err(wrong) = checked(call, &saved.query)? {
            refusal.add("query", format!("Query: {wrong}"), Some("InvalidValue"));
        }
        saved.sort_by = self.sort_by.unwrap_or(saved.sort_by.take());
        if let Some(by) = &saved.sort_by
            && order(call, by, None).is_err()
        {
            let text = format!("Sort by: nothing is sorted by {by}");
            refusal.add("sort_by", text, Some("InvalidValue"));
        }
        match self.sort_order.map(|it| it.map(|it| it.to_lowercase())) {
            None => {}
            Some(None) => saved.sort_order = None,
            Some(Some(word)) => match word.as_str() {
                "asc" => saved.sort_order = Some(Order::Asc),
                "desc" => saved.sort_order = Some(Order::Desc),
                _ => refusal.add("sort_order", "Sort order: is invalid", Some("InvalidValue")),
            },
        }
        if let Some(shared) = self.shared {
            saved.shared = sharing(call, shared, &mut refusal)?;
        }
        saved.updated_at = call.at;
        Ok(refusal.against(())?)
    }
}

fn written(name: &str, text: &str, longest: usize, refusal: &mut Refusal) {
    let (first, rest) = name.split_at(1);
    let titled = format!("{}{rest}", first.to_uppercase());
    if text.is_empty() {
        refusal.add(name, format!("{titled}: cannot be blank"), Some("BlankValue"));
    } else if text.chars().count() > longest {
        let text = format!("{titled}: is too long (maximum is {longest} characters)");
        refusal.add(name, text, Some("InvalidValue"));
    }
}

/// Whether a query can be answered: its names may be anybody's by then.
fn checked(call: &Call<'_>, query: &str) -> Result<Result<(), String>, Refused> {
    let names = Directory::of(&call.account, call.actor()?, call.at)?;
    let resolved = Query::parse(query).and_then(|it| it.resolve(&names));
    Ok(resolved.map(|_| ()).map_err(|wrong| wrong.to_string()))
}

/// With whom it is to be shared: groups that there are, at least one.
fn sharing(
    call: &Call<'_>,
    asked: Option<Value>,
    refusal: &mut Refusal,
) -> Result<Option<Shared>, Refused> {
    let Some(asked) = asked else { return Ok(None) };
    let mut wrong = |text: &str| {
        refusal.add("shared", format!("Shared: {text}"), Some("InvalidValue"));
        Ok(None)
    };
    let Ok(shared) = serde_json::from_value::<Shared>(asked) else {
        return wrong("is neither null, \"all\" nor {\"group_ids\": [...]}");
    };
    if shared == Shared::GroupIds(Vec::new()) {
        return wrong("names no group");
    }
    for id in shared.groups() {
        if call.account.find::<Group>(id.get())?.is_none() {
            return wrong(&format!("{id} is not a valid value"));
        }
    }
    Ok(Some(shared))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("saved_search")?;
    let mut saved = SavedSearch {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        owner_id: call.actor()?.id(),
        title: String::new(),
        query: String::new(),
        sort_by: None,
        sort_order: None,
        shared: None,
    };
    edit.apply(call, &mut saved)?;
    call.add(&saved).await?;
    Ok(created(call, &saved))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = to_change(call).await?;
    let edit: Edit = call.ask.record("saved_search")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let saved = to_change(call).await?;
    call.remove(&saved).await
}

/// Answers as `GET /search` would, for who asks.
async fn execute(call: &Call<'_>) -> Result<Answer, Refused> {
    let saved = named(call).await?;
    let direction = saved.sort_order.map(|order| match order {
        Order::Asc => "asc",
        Order::Desc => "desc",
    });
    let by = saved.sort_by.as_deref();
    let sort = by.map(|by| order(call, by, direction)).transpose()?.flatten();
    answered(call, &saved.query, sort).await
}
