//! Fields of people and of organizations
//! ([user fields](https://developer.zendesk.com/api-reference/ticketing/users/user_fields/),
//! [organization fields](https://developer.zendesk.com/api-reference/ticketing/organizations/organization_fields/)).

use super::super::{Shown, by_cursor, created, listed, one, placed, whole};
use super::{AnyField, begun, choices, fresh, named, reorder, shown};
use crate::access::Action::{ManageOrganizationFields, ManageUserFields, ReadAccount};
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::field::{Field, FieldType, OrganizationField, Profile, ProfileField, UserField, edit};
use crate::record::Kept;
use crate::refusal::Refusal;
use crate::routes;
use crate::wire::text;
use serde::Deserialize;
use serde_json::{Value, json};

/// Fields of people.
pub const USERS: &[Route] = routes![
    GET "/user_fields" Guard::May(ReadAccount) => list::<UserField>, "Lists user fields";
    GET "/user_fields/show_many" Guard::May(ReadAccount) => show_many::<UserField>, "Shows several user fields";
    POST "/user_fields" Guard::May(ManageUserFields) => create::<UserField>, "Adds a user field";
    PUT "/user_fields/reorder" Guard::May(ManageUserFields) => reorder::<UserField>, "Puts user fields in order";
    GET "/user_fields/{field_id}" Guard::May(ReadAccount) => show::<UserField>, "Shows a user field";
    PUT "/user_fields/{field_id}" Guard::May(ManageUserFields) => update::<UserField>, "Changes a user field and its options";
    DELETE "/user_fields/{field_id}" Guard::May(ManageUserFields) => delete::<UserField>, "Deletes a user field";
    GET "/user_fields/{field_id}/options" Guard::May(ReadAccount) => list_choices::<UserField>, "Lists the options of a user field";
    POST "/user_fields/{field_id}/options" Guard::May(ManageUserFields) => put_choice::<UserField>, "Adds or changes an option of a user field";
    GET "/user_fields/{field_id}/options/{option_id}" Guard::May(ReadAccount) => show_choice::<UserField>, "Shows an option of a user field";
    DELETE "/user_fields/{field_id}/options/{option_id}" Guard::May(ManageUserFields) => delete_choice::<UserField>, "Deletes an option of a user field";
];

/// Fields of organizations.
pub const ORGANIZATIONS: &[Route] = routes![
    GET "/organization_fields" Guard::May(ReadAccount) => list::<OrganizationField>, "Lists organization fields";
    GET "/organization_fields/show_many" Guard::May(ReadAccount) => show_many::<OrganizationField>, "Shows several organization fields";
    POST "/organization_fields" Guard::May(ManageOrganizationFields) => create::<OrganizationField>, "Adds an organization field";
    PUT "/organization_fields/reorder" Guard::May(ManageOrganizationFields) => reorder::<OrganizationField>, "Puts organization fields in order";
    GET "/organization_fields/{field_id}" Guard::May(ReadAccount) => show::<OrganizationField>, "Shows an organization field";
    PUT "/organization_fields/{field_id}" Guard::May(ManageOrganizationFields) => update::<OrganizationField>, "Changes an organization field and its options";
    DELETE "/organization_fields/{field_id}" Guard::May(ManageOrganizationFields) => delete::<OrganizationField>, "Deletes an organization field";
    GET "/organization_fields/{field_id}/options" Guard::May(ReadAccount) => list_choices::<OrganizationField>, "Lists the options of an organization field";
    POST "/organization_fields/{field_id}/options" Guard::May(ManageOrganizationFields) => put_choice::<OrganizationField>, "Adds or changes an option of an organization field";
    GET "/organization_fields/{field_id}/options/{option_id}" Guard::May(ReadAccount) => show_choice::<OrganizationField>, "Shows an option of an organization field";
    DELETE "/organization_fields/{field_id}/options/{option_id}" Guard::May(ManageOrganizationFields) => delete_choice::<OrganizationField>, "Deletes an option of an organization field";
];

/// Both kinds of fields, which differ in their names only.
trait Both: ProfileField + AnyField {}

impl Both for UserField {}
impl Both for OrganizationField {}

macro_rules! any {
    ($($name:ident),+) => {$(
        impl AnyField for $name {
            fn field(&self) -> &Field {
                &self.field
            }

            fn with(&self, field: Field) -> Self {
                Self::from(Profile { field, key: self.key.clone() })
            }
        }

        impl Shown for $name {
            fn shown(&self, call: &Call<'_>) -> Value {
                let mut all = shown(call, self);
                all.insert("key".to_owned(), json!(self.key));
                all.insert("system".to_owned(), json!(false));
                Value::Object(all)
            }
        }
    )+};
}

any!(UserField, OrganizationField);

/// What is asked of a field.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(flatten)]
    common: edit::Edit,
    #[serde(deserialize_with = "text")]
    key: Option<Option<String>>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, profile: &mut Profile) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        self.common.apply(&mut profile.field, &fresh(call), &mut refusal)?;
        Ok(refusal.against(())?)
    }
}

/// Letters, digits and underscores, not digits only; no two fields have the same.
fn key<F: Both>(call: &Call<'_>, key: Option<String>) -> Result<String, Refused> {
    let mut refusal = Refusal::default();
    let key = key.unwrap_or_default();
    let fits = key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    if key.is_empty() {
        refusal.add("key", "Key: cannot be blank", Some("BlankValue"));
    } else if !fits || key.bytes().all(|it| it.is_ascii_digit()) {
        let text = "Key: must consist of letters, numbers and underscores, not of numbers only";
        refusal.add("key", text, Some("InvalidValue"));
    } else if call.account.all::<F>()?.iter().any(|it| it.key.eq_ignore_ascii_case(&key)) {
        refusal.add("key", "Key: has already been taken", Some("DuplicateValue"));
    }
    Ok(refusal.against(key)?)
}

async fn list<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<F>()?;
    if by_cursor(call) {
        listed(call, all.iter())
    } else {
        placed(call, all.iter(), |it| it.position)
    }
}

/// Several fields, by their ids or keys.
async fn show_many<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<F>()?;
    let keys = call.ask.list("keys");
    crate::api::ask::at_most_100("keys", keys.len())?;
    let ids = if keys.is_empty() { call.ask.ids("ids")? } else { Vec::new() };
    let wanted = all.iter().filter(|it| ids.contains(&it.id()) || keys.contains(&it.key.as_str()));
    Ok(whole(call, wanted, |it| it.position))
}

fn find<F: Both>(call: &Call<'_>) -> Result<Kept<F>, Refused> {
    named(call, |it: &F| Some(&it.key))
}

async fn show<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &find::<F>(call)?.record)))
}

async fn create<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut edit: Edit = call.ask.record(F::KIND.singular)?;
    let field = begun(call, edit.common.kind.as_deref(), FieldType::is_of_profiles)?;
    let key = key::<F>(call, edit.key.take().flatten())?;
    let mut profile = Profile { field, key };
    edit.apply(call, &mut profile)?;
    let field = F::from(profile);
    call.add(&field).await?;
    Ok(created(call, &field))
}

/// A field keeps its key, under which its values are kept.
async fn update<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = find::<F>(call)?;
    let edit: Edit = call.ask.record(F::KIND.singular)?;
    let mut profile = Profile::clone(&before.record);
    profile.field.updated_at = call.at;
    edit.apply(call, &mut profile)?;
    let after = F::from(profile);
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// The values that people or organizations have in it are not shown any more.
async fn delete<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&find::<F>(call)?).await
}

async fn list_choices<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::list(call, &find::<F>(call)?)
}

async fn show_choice<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::show(call, &find::<F>(call)?)
}

async fn put_choice<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::put(call, &find::<F>(call)?).await
}

async fn delete_choice<F: Both>(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::delete(call, &find::<F>(call)?).await
}
