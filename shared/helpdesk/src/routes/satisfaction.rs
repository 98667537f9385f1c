//! What requesters think of how they were helped
//! ([satisfaction ratings](https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/),
//! [satisfaction reasons](https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_reasons/)).

use super::tickets::ticket as visible;
use super::{Shown, one};
use crate::access::Action::ReadRatings;
use crate::account::Group;
use crate::api::list::{self, List};
use crate::api::page::DEEPEST;
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::record::{Kept, places};
use crate::refusal::Refusal;
use crate::routes;
use crate::satisfaction::{
    ANY, MAX_COMMENT, Opinion, Reason, SCORES, SatisfactionRating, given, list as rated,
};
use crate::store::Range;
use crate::ticket::Score;
use serde::Deserialize;
use serde_json::{Value, json};

/// What requesters think.
pub const ROUTES: &[Route] = routes![
    GET "/satisfaction_ratings" Guard::May(ReadRatings) => list, "Lists satisfaction ratings, by score and time";
    GET "/satisfaction_ratings/count" Guard::May(ReadRatings) => count, "Counts satisfaction ratings";
    GET "/satisfaction_ratings/received" Guard::May(ReadRatings) => received, "Lists satisfaction ratings that requesters gave";
    GET "/satisfaction_ratings/{id}" Guard::May(ReadRatings) => show, "Shows a satisfaction rating";
    GET "/satisfaction_reasons" Guard::May(ReadRatings) => reasons, "Lists the reasons for bad ratings";
    GET "/satisfaction_reasons/{id}" Guard::May(ReadRatings) => reason, "Shows a reason for bad ratings";
];

/// What requesters think of a ticket.
pub const OF_TICKETS: &[Route] = routes![
    POST "/tickets/{ticket_id}/satisfaction_rating" Guard::Known => rate, "Rates how a ticket was handled, as its requester";
];

/// How often a rating is tried again because the ticket changed meanwhile.
const ATTEMPTS: usize = 4;

impl Shown for SatisfactionRating {
    fn shown(&self, call: &Call<'_>) -> Value {
        let reason = self.reason_code.and_then(Reason::of);
        json!({
            "url": call.url(&format!("/satisfaction_ratings/{}.json", self.id)),
            "id": self.id,
            "assignee_id": self.assignee_id,
            "group_id": self.group_id,
            "requester_id": self.requester_id,
            "ticket_id": self.ticket_id,
            "score": self.score,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "comment": self.comment,
            "reason": reason.map(|it| it.value),
            "reason_id": reason.map(|it| it.code),
            "reason_code": reason.map(|it| it.code),
        })
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let score = call.ask.query("score").filter(|score| !score.is_empty()).unwrap_or(ANY);
    if score != ANY && !SCORES.contains(&score) {
        return Err(Refused::parameter("score", "is not valid"));
    }
    listed(call, score).await
}

async fn received(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, "received").await
}

async fn listed(call: &Call<'_>, score: &str) -> Result<Answer, Refused> {
    let backward = call.ask.query("sort_order") == Some("desc");
    let (from, to) = (time(call, "start_time")?, time(call, "end_time")?);
    let page = if from.is_none() && to.is_none() {
        list::page::<SatisfactionRating>(call, &List::named(rated(score)), backward).await?
    } else {
        between(call, score, from, to, backward).await?
    };
    let page = page.map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, "satisfaction_ratings")))
}

fn time(call: &Call<'_>, name: &str) -> Result<Option<u64>, Refused> {
    let wrong = |_| Refused::parameter(name, "must be a Unix time");
    let given = call.ask.query(name).filter(|text| !text.is_empty());
    given.map(|text| text.parse().map_err(wrong)).transpose()
}

/// Ratings of a time: as many as pages by number reach.
async fn between(
    call: &Call<'_>,
    score: &str,
    from: Option<u64>,
    to: Option<u64>,
    backward: bool,
) -> Result<Page<Kept<SatisfactionRating>>, Refused> {
    let begins = from.map(|seconds| format!("{seconds:012}"));
    let range = Range::of(places::list(&rated(score)), DEEPEST).after(begins);
    let ends = to.map(|seconds| format!("{:012}", seconds.saturating_add(1)));
    let found = call.range(&range).await?.items.into_iter().map(|item| item.key.sort);
    let mut ranks: Vec<String> =
        found.take_while(|rank| ends.as_ref().is_none_or(|end| rank < end)).collect();
    if backward {
        ranks.reverse();
    }
    let ranked = ranks.into_iter().map(|rank| (rank.clone(), rank)).collect();
    let Page { records, ends, more, count, paging } = Page::cut(Paging::of(call.ask)?, ranked);
    let ids: Vec<u64> = records.iter().filter_map(|rank| places::ranked(rank)).collect();
    let records = call.get_all::<SatisfactionRating>(&ids).await?;
    Ok(Page { records, ends, more, count, paging })
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let count = list::count::<SatisfactionRating>(call, &List::All).await?;
    Ok(Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}})))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let rating = call.get::<SatisfactionRating>(call.id("id")?).await?;
    Ok(Answer::ok(one(call, &rating.record)))
}

fn reason_shown(call: &Call<'_>, reason: &Reason) -> Result<Value, Refused> {
    // It is as old as the account, which has had a group from the beginning.
    let begun = call.account.all::<Group>()?.first().map(|group| group.created_at);
    Ok(json!({
        "url": call.url(&format!("/satisfaction_reasons/{}.json", reason.code)),
        "id": reason.code,
        "reason_code": reason.code,
        "value": reason.value,
        "raw_value": reason.value,
        "created_at": begun,
        "updated_at": begun,
        "deleted_at": null,
    }))
}

async fn reasons(call: &Call<'_>) -> Result<Answer, Refused> {
    let all: Result<Vec<Value>, Refused> =
        Reason::ALL.iter().map(|reason| reason_shown(call, reason)).collect();
    Ok(Answer::ok(json!({"reasons": all?})))
}

async fn reason(call: &Call<'_>) -> Result<Answer, Refused> {
    let code = u32::try_from(call.id("id")?).ok().and_then(Reason::of);
    let reason = code.ok_or(Refused::NotFound)?;
    Ok(Answer::ok(json!({"reason": reason_shown(call, reason)?})))
}

/// What a requester says.
#[derive(Debug, Deserialize)]
struct Asked {
    score: String,
    #[serde(default, deserialize_with = "crate::wire::text")]
    comment: Option<Option<String>>,
    #[serde(default, alias = "reason_id")]
    reason_code: Option<u32>,
}

impl Asked {
    fn read(self) -> Result<Opinion, Refusal> {
        let mut refusal = Refusal::default();
        let score = match self.score.as_str() {
            "good" => Score::Good,
            "bad" => Score::Bad,
            other => {
                let text = format!("Score: {other} is neither good nor bad");
                refusal.add("score", text, Some("InvalidValue"));
                Score::Good
            }
        };
        let comment = self.comment.flatten();
        if comment.as_ref().is_some_and(|text| text.chars().count() > MAX_COMMENT) {
            let text = format!("Comment: is too long (maximum is {MAX_COMMENT} characters)");
            refusal.add("comment", text, Some("ValueTooLong"));
        }
        if self.reason_code.is_some_and(|code| Reason::of(code).is_none()) {
            refusal.add("reason_code", "Reason code: is invalid", Some("InvalidValue"));
        }
        let reason = self.reason_code.filter(|_| score == Score::Bad);
        refusal.against(Opinion { score, comment, reason_code: reason })
    }
}

/// Only who asked for help rates it, once it was given: a ticket that is solved, or was before it was reopened.
async fn rate(call: &Call<'_>) -> Result<Answer, Refused> {
    for _ in 1..ATTEMPTS {
        match attempt(call).await {
            Err(Refused::Conflict) => {}
            done => return done,
        }
    }
    attempt(call).await
}

async fn attempt(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = visible(call, "ticket_id").await?;
    if before.requester_id != call.actor()?.id() {
        return Err(Refused::Forbidden);
    }
    let asked: Asked = call.ask.record("satisfaction_rating")?;
    let (rating, changes) = given(call, &before, &asked.read()?).await?;
    call.commit(changes).await?;
    Ok(Answer::ok(one(call, &rating)))
}
