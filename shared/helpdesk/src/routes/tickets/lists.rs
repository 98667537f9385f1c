//! Lists of tickets.

use super::see;
use super::shown::ticket_shown;
use crate::api::list::{self, List};
use crate::api::page::{Page, Paging};
use crate::api::{Answer, Call, Refused};
use crate::record::{Kept, places};
use crate::ticket::Ticket;
use futures::future::try_join_all;
use serde_json::{Value, json};

/// Tickets that are read to be sorted by anything but their ids or times.
const SORTED: u64 = 1_000;

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    Ok(Answer::ok(json!({"ticket": ticket_shown(call, &ticket)})))
}

pub(super) async fn all(call: &Call<'_>) -> Result<Answer, Refused> {
    match call.ask.query("external_id") {
        Some(id) => listed(call, &see::within(call, format!("external/{id}/tickets"))?).await,
        None => listed(call, &see::visible(call)?).await,
    }
}

pub(super) async fn count_all(call: &Call<'_>) -> Result<Answer, Refused> {
    counted(call, &see::visible(call)?).await
}

pub(super) async fn problems(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, &see::within(call, "problems/tickets".to_owned())?).await
}

/// Problems whose subject has a text in it: the newest thousand are looked through.
pub(super) async fn problems_autocomplete(call: &Call<'_>) -> Result<Answer, Refused> {
    let text = call.ask.json()?;
    let text = text.get("text").and_then(Value::as_str).or_else(|| call.ask.query("text"));
    let Some(text) = text.map(str::to_lowercase) else {
        return Err(Refused::parameter("text", "is required"));
    };
    let problems = every(call, &see::within(call, "problems/tickets".to_owned())?).await?;
    let fits = |ticket: &Kept<Ticket>| {
        ticket.subject.as_ref().is_some_and(|it| it.to_lowercase().contains(&text))
    };
    let fit = problems.into_iter().rev().filter(fits).map(|it| (places::rank(it.id.get()), it));
    let page = Page::cut(Paging::of(call.ask)?, fit.collect());
    Ok(Answer::ok(page.map(|it| ticket_shown(call, &it)).envelope(call.ask, "tickets")))
}

/// The tickets with these ids that who asks sees, in the order of the ids.
pub(super) async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    let tickets = call.get_all::<Ticket>(&ids).await?;
    let seen = try_join_all(tickets.iter().map(|it| see::sees(call, it))).await?;
    let tickets = tickets.iter().zip(seen).filter(|(_, seen)| *seen);
    let shown: Vec<Value> = tickets.map(|(it, _)| ticket_shown(call, it)).collect();
    let count = shown.len();
    Ok(Answer::ok(
        json!({"tickets": shown, "count": count, "next_page": null, "previous_page": null}),
    ))
}

/// The tickets that changed last among those that who asks is assigned or follows.
pub(super) async fn recent(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = call.actor()?.id();
    let own = List::Of(vec![format!("assignee/{id}/tickets"), format!("followed/{id}/tickets")]);
    let mut tickets = every(call, &own).await?;
    tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.updated_at));
    let ranked = tickets.into_iter().map(|it| (places::rank(it.id.get()), it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, ranked);
    Ok(Answer::ok(page.map(|it| ticket_shown(call, &it)).envelope(call.ask, "tickets")))
}

pub(super) async fn requested(call: &Call<'_>) -> Result<Answer, Refused> {
    of_user(call, "requester").await
}

pub(super) async fn ccd(call: &Call<'_>) -> Result<Answer, Refused> {
    of_user(call, "ccd").await
}

pub(super) async fn followed(call: &Call<'_>) -> Result<Answer, Refused> {
    of_user(call, "followed").await
}

pub(super) async fn assigned(call: &Call<'_>) -> Result<Answer, Refused> {
    of_user(call, "assignee").await
}

pub(super) async fn count_requested(call: &Call<'_>) -> Result<Answer, Refused> {
    counted(call, &users(call, "requester").await?).await
}

pub(super) async fn count_ccd(call: &Call<'_>) -> Result<Answer, Refused> {
    counted(call, &users(call, "ccd").await?).await
}

pub(super) async fn count_assigned(call: &Call<'_>) -> Result<Answer, Refused> {
    counted(call, &users(call, "assignee").await?).await
}

async fn of_user(call: &Call<'_>, list: &str) -> Result<Answer, Refused> {
    listed(call, &users(call, list).await?).await
}

async fn users(call: &Call<'_>, list: &str) -> Result<List, Refused> {
    let user = call.get::<crate::user::User>(call.id("user_id")?).await?;
    see::within(call, format!("{list}/{}/tickets", user.id))
}

pub(super) async fn of_organization(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, &organizations(call).await?).await
}

pub(super) async fn count_of_organization(call: &Call<'_>) -> Result<Answer, Refused> {
    counted(call, &organizations(call).await?).await
}

async fn organizations(call: &Call<'_>) -> Result<List, Refused> {
    let id = call.id("organization_id")?;
    if call.item(&see::organization(id)).await?.is_none() {
        return Err(Refused::NotFound);
    }
    see::within(call, format!("organization/{id}/tickets"))
}

/// How a list is to be sorted: by what, and whether backward.
fn sorting(call: &Call<'_>) -> Result<(Sort, bool), Refused> {
    if let Some(sort) = call.ask.query("sort").filter(|_| call.ask.query("page[size]").is_some()) {
        let (name, backward) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        return match Sort::named(name) {
            Some(by @ (Sort::Id | Sort::Updated | Sort::Status)) => Ok((by, backward)),
            _ => {
                let text = format!("sort is not valid: {name}; use id, updated_at or status");
                Err(Refused::Other(400, "InvalidPaginationParameter", text))
            }
        };
    }
    let backward = call.ask.query("sort_order") == Some("desc");
    match call.ask.query("sort_by") {
        None => Ok((Sort::Id, backward)),
        Some(name) => Sort::named(name).map(|by| (by, backward)).ok_or_else(|| {
            Refused::parameter("sort_by", "is not a field that tickets are sorted by")
        }),
    }
}

/// What tickets are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Id,
    Updated,
    Status,
    Subject,
    Assignee,
    Group,
    Requester,
}

impl Sort {
    fn named(name: &str) -> Option<Self> {
        match name {
            "id" | "created_at" | "nice_id" => Some(Self::Id),
            "updated_at" => Some(Self::Updated),
            "status" => Some(Self::Status),
            "subject" => Some(Self::Subject),
            "assignee" | "assignee.name" => Some(Self::Assignee),
            "group" => Some(Self::Group),
            "requester" | "requester.name" => Some(Self::Requester),
            _ => None,
        }
    }

    /// What a ticket is sorted by, in a form that text sorts; then by its id.
    fn rank(self, ticket: &Ticket) -> String {
        let id = |id: Option<u64>| id.map(places::rank).unwrap_or_default();
        let by = match self {
            Self::Id => String::new(),
            Self::Updated => format!("{:012}", ticket.updated_at.as_second()),
            Self::Status => format!("{}", ticket.status as u8),
            Self::Subject => ticket.subject.clone().unwrap_or_default().to_lowercase(),
            Self::Assignee => id(ticket.assignee_id.map(|it| it.get())),
            Self::Group => id(ticket.group_id.map(|it| it.get())),
            Self::Requester => places::rank(ticket.requester_id.get()),
        };
        format!("{by}#{}", places::rank(ticket.id.get()))
    }
}

/// The page of a list that is asked for, sorted as it is asked for.
pub(super) async fn listed(call: &Call<'_>, of: &List) -> Result<Answer, Refused> {
    let (sort, backward) = sorting(call)?;
    let page = match (sort, of) {
        (Sort::Id, _) => list::page::<Ticket>(call, of, backward).await?,
        (Sort::Updated, List::All) => {
            let changed = List::named("changed/tickets");
            list::page::<Ticket>(call, &changed, backward).await?
        }
        _ => sorted(call, of, sort, backward).await?,
    };
    let shown = page.map(|it| -> Value { ticket_shown(call, &it.record) });
    Ok(Answer::ok(shown.envelope(call.ask, "tickets")))
}

/// The page of a list that no index sorts. It must be short enough to be read whole.
async fn sorted(
    call: &Call<'_>,
    of: &List,
    sort: Sort,
    backward: bool,
) -> Result<Page<Kept<Ticket>>, Refused> {
    let paging = Paging::of(call.ask)?;
    if list::count::<Ticket>(call, of).await? > SORTED {
        let text = format!(
            "More than {SORTED} tickets are sorted by id or updated_at alone; search sorts by anything"
        );
        return Err(Refused::Other(422, "SortingLimitExceeded", text));
    }
    let tickets = every(call, of).await?;
    let mut ranked: Vec<_> = tickets.into_iter().map(|it| (sort.rank(&it), it)).collect();
    ranked.sort_by(|(a, _), (b, _)| if backward { b.cmp(a) } else { a.cmp(b) });
    Ok(Page::cut(paging, ranked))
}

/// All of a list, if there are not more than are read whole.
async fn every(call: &Call<'_>, of: &List) -> Result<Vec<Kept<Ticket>>, Refused> {
    list::first::<Ticket>(call, of, usize::try_from(SORTED).unwrap_or(usize::MAX)).await
}

async fn counted(call: &Call<'_>, of: &List) -> Result<Answer, Refused> {
    let value = list::count::<Ticket>(call, of).await?;
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}
