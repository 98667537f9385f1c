//! Merging an organization into another
//! ([merge organization](https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#merge-organization-with-another-organization)).

use super::super::{Shown, one};
use super::{moving, organization};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Method, Refused};
use crate::ids::{OrganizationId, RecordId};
use crate::job::{self, Step};
use crate::organization::{Merge, Organization, Progress};
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use serde::Deserialize;
use serde_json::{Value, json};

impl Shown for Merge {
    /// Its id is text, as Zendesk has it.
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "id": self.id.to_string(),
            "url": call.url(&format!("/organization_merges/{}.json", self.id)),
            "loser_id": self.loser_id,
            "winner_id": self.winner_id,
            "status": self.status,
        })
    }
}

#[derive(Deserialize)]
struct Asked {
    winner_id: OrganizationId,
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let loser = organization(call).await?;
    let asked: Asked = call.ask.record("organization_merge")?;
    let mut refusal = Refusal::default();
    if asked.winner_id == loser.id {
        let text = "Winner: cannot be the organization itself";
        refusal.add("winner_id", text, Some("InvalidValue"));
    } else if call.find::<Organization>(asked.winner_id.get()).await?.is_none() {
        refusal.add("winner_id", "Winner: is invalid", Some("InvalidValue"));
    }
    let () = refusal.against(())?;
    let merge = Merge {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        loser_id: loser.id,
        winner_id: asked.winner_id,
        status: Progress::New,
    };
    let mut changes = Changes::new();
    changes.create(&merge)?;
    let done = format!("/organization_merges/{}/done", merge.id);
    let steps = vec![Step::new(Method::Post, done, Value::Null)];
    job::start_with(call, "Merge Organizations", steps, changes).await?;
    Ok(Answer::ok(one(call, &merge)))
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let merge = call.get::<Merge>(call.id("merge_id")?).await?;
    Ok(Answer::ok(one(call, &merge.record)))
}

/// Those in which it went into another, or another into it.
pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let merges = List::named(format!("organization/{}/merges", call.id("id")?));
    let page = list::page::<Merge>(call, &merges, false).await?;
    let page = page.map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, "organization_merges")))
}

/// Does a merge: what the one has goes to the other, which has its domains too then.
pub(super) async fn done(call: &Call<'_>) -> Result<Answer, Refused> {
    let merge = call.get::<Merge>(call.id("merge_id")?).await?;
    if merge.status == Progress::New {
        let begun = Merge { status: Progress::InProgress, ..merge.record.clone() };
        let mut changes = Changes::new();
        changes.update(&merge, &begun)?;
        call.commit_part(changes).await?;
    }
    let (from, to) = (merge.loser_id, merge.winner_id);
    if call.find::<Organization>(to.get()).await?.is_some() {
        moving::all(call, from, Some(to)).await?;
    }
    loop {
        match finish(call, merge.id).await {
            Err(Refused::Conflict) => {}
            finished => {
                finished?;
                return Ok(Answer::ok(json!({})));
            }
        }
    }
}

async fn finish(call: &Call<'_>, id: RecordId) -> Result<(), Refused> {
    let merge = call.get::<Merge>(id.get()).await?;
    let loser = call.find::<Organization>(merge.loser_id.get()).await?;
    let winner = call.find::<Organization>(merge.winner_id.get()).await?;
    let status = if winner.is_some() { Progress::Complete } else { Progress::Error };
    let mut changes = Changes::new();
    if let (Some(loser), Some(winner)) = (&loser, &winner) {
        Organization::gone(loser, call.at, &mut changes)?;
        changes.update(winner, &with_domains(call, winner, loser))?;
    }
    changes.update(&merge, &Merge { status, ..merge.record.clone() })?;
    call.commit(changes).await
}

fn with_domains(
    call: &Call<'_>,
    winner: &Kept<Organization>,
    loser: &Organization,
) -> Organization {
    let mut winner = Organization { updated_at: call.at, ..winner.record.clone() };
    for domain in &loser.domain_names {
        if !winner.domain_names.contains(domain) {
            winner.domain_names.push(domain.clone());
        }
    }
    winner
}
