//! Adding organizations, changing them, and deleting them.

use super::super::{Shown, created, one};
use super::edit::Edit;
use super::organization;
use crate::access::Action::ManageOrganizations;
use crate::access::{Resource, Restriction};
use crate::api::{Answer, Ask, Call, Method, Refused};
use crate::ids::OrganizationId;
use crate::job::{self, Step};
use crate::organization::{EXTERNAL, Organization, canonical};
use crate::record::{Changes, Kept, Record, places};
use crate::store::Key;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Where an organization is looked up that is known by what the body says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Known {
    id: Option<OrganizationId>,
    #[serde(deserialize_with = "crate::wire::text")]
    external_id: Option<Option<String>>,
}

impl Known {
    fn keys(&self) -> Vec<Key> {
        let id = self.id.map(|id| places::record(Organization::KIND, id.get()));
        let external = self.external_id.iter().flatten();
        let external = external.map(|it| places::unique(EXTERNAL, &canonical(it)));
        external.chain(id).collect()
    }
}

/// What tells whether an organization is there already.
pub(super) fn known_needs(ask: &Ask) -> Vec<Key> {
    ask.record::<Known>("organization").map(|known| known.keys()).unwrap_or_default()
}

/// Adds an organization.
pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("organization")?;
    Ok(created(call, &add(call, edit).await?))
}

async fn add(call: &Call<'_>, edit: Edit) -> Result<Organization, Refused> {
    let mut organization = Organization {
        id: OrganizationId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        external_id: None,
        domain_names: Vec::new(),
        details: None,
        notes: None,
        group_id: None,
        shared_tickets: false,
        shared_comments: false,
        tags: Default::default(),
        organization_fields: Map::new(),
    };
    edit.apply(call, &mut organization).await?;
    call.add(&organization).await?;
    Ok(organization)
}

/// Changes an organization. Agents who may not keep organizations change their notes, if they see everything.
pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = organization(call).await?;
    let edit: Edit = call.ask.record("organization")?;
    if !call.may(ManageOrganizations, Resource::Account)? {
        let everything = call.actor()?.face.restriction == Restriction::All;
        if !everything || !edit.is_notes() {
            return Err(Refused::Forbidden);
        }
    }
    Ok(Answer::ok(one(call, &change(call, &before, edit).await?)))
}

async fn change(
    call: &Call<'_>,
    before: &Kept<Organization>,
    edit: Edit,
) -> Result<Organization, Refused> {
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    if after != before.record {
        after.updated_at = call.at;
    }
    call.change(before, &after).await?;
    Ok(after)
}

#[derive(Deserialize)]
struct Reference {
    id: OrganizationId,
}

/// Changes the organization of this id or external id, or adds it.
pub(super) async fn create_or_update(call: &Call<'_>) -> Result<Answer, Refused> {
    let known: Known = call.ask.record("organization")?;
    let edit: Edit = call.ask.record("organization")?;
    let external = known.external_id.flatten();
    let id = match (known.id, external) {
        (Some(id), _) => Some(id),
        (None, Some(external)) => {
            call.lookup::<Reference>(EXTERNAL, &canonical(&external)).await?.map(|it| it.id)
        }
        (None, None) => None,
    };
    let before = match id {
        Some(id) => call.find::<Organization>(id.get()).await?,
        None => None,
    };
    let Some(before) = before else { return Ok(created(call, &add(call, edit).await?)) };
    let after = change(call, &before, edit).await?;
    let location = call.url(&format!("/organizations/{}.json", after.id));
    let body = json!({"organization": after.shown(call)});
    Ok(Answer::ok(body).header("location", location))
}

/// An organization that is no more leaves its people and tickets to none, in the background.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = organization(call).await?;
    let mut changes = Changes::new();
    Organization::gone(&before, call.at, &mut changes)?;
    let emptied = format!("/organizations/{}/emptied", before.id);
    let steps = vec![Step::new(Method::Post, emptied, Value::Null)];
    job::start_with(call, "Delete Organization", steps, changes).await?;
    Ok(Answer::gone())
}
