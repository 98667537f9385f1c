//! Brands
//! ([brands](https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/)).

use super::{Shown, created, one};
use crate::access::Action::{ManageAccount, ReadAccount};
use crate::account::{Brand, brand};
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::field::TicketForm;
use crate::ids::BrandId;
use crate::record::{Changes, Kept, Record, places};
use crate::refusal::Refusal;
use crate::routes;
use crate::user::email;
use crate::wire::{text, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// Brands.
pub const ROUTES: &[Route] = routes![
    GET "/brands" Guard::May(ReadAccount) => list, "Lists brands";
    POST "/brands" Guard::May(ManageAccount) => create, "Adds a brand";
    GET "/brands/check_host_mapping" refused "whose hosts lead here is decided in Route 53 and API Gateway, which tell it", "Tells whether a host leads to a brand that is to be";
    GET "/brands/{id}" Guard::May(ReadAccount) => show, "Shows a brand";
    PUT "/brands/{id}" Guard::May(ManageAccount) => update, "Changes a brand";
    DELETE "/brands/{id}" Guard::May(ManageAccount) => delete, "Deletes a brand";
    GET "/brands/{id}/check_host_mapping" refused "whose hosts lead here is decided in Route 53 and API Gateway, which tell it", "Tells whether the host of a brand leads to it";
];

/// Characters of a name.
const MAX_NAME: usize = 255;

/// Brands of an account (Zendesk's limit).
const MAX: usize = 300;

impl Shown for Brand {
    /// The help center is not CEAP's to show yet.
    fn shown(&self, call: &Call<'_>) -> Value {
        let forms = call.account.all::<TicketForm>().unwrap_or_default();
        let forms = forms.iter().filter(|it| it.active && it.is_of(self.id)).map(|it| it.id);
        let own = self.host_mapping.as_ref().map(|host| format!("https://{host}"));
        json!({
            "url": call.url(&format!("/brands/{}.json", self.id)),
            "id": self.id,
            "name": self.name,
            "brand_url": own.unwrap_or_else(|| call.ask.base.clone()),
            "subdomain": self.subdomain,
            "host_mapping": self.host_mapping,
            "has_help_center": false,
            "help_center_state": "disabled",
            "active": self.active,
            "default": self.default,
            "is_deleted": self.deleted,
            "logo": null,
            "ticket_form_ids": forms.collect::<Vec<_>>(),
            "signature_template": self.signature_template,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// What is asked of a brand.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    subdomain: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    host_mapping: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    signature_template: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, brand: &mut Brand) -> Result<(), Refused> {
        if let Some(name) = self.name {
            brand.name = name.unwrap_or_default();
        }
        if let Some(subdomain) = self.subdomain {
            brand.subdomain = subdomain.unwrap_or_default().to_lowercase();
        }
        if let Some(host) = self.host_mapping {
            brand.host_mapping = host.map(|host| host.to_lowercase());
        }
        if let Some(template) = self.signature_template {
            brand.signature_template = template.unwrap_or_else(|| brand::SIGNATURE.to_owned());
        }
        brand.active = self.active.unwrap_or(brand.active);
        brand.default |= self.default == Some(true);
        Ok(against(call, brand)?)
    }
}

/// What speaks against a brand.
fn against(call: &Call<'_>, brand: &Brand) -> Result<(), Refusal> {
    let mut refusal = Refusal::default();
    let all = call.account.all::<Brand>().unwrap_or_default();
    let others = || all.iter().filter(|it| it.id != brand.id && !it.deleted);
    if brand.name.is_empty() {
        refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
    }
    if brand.name.chars().count() > MAX_NAME {
        let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("name", text, Some("ValueTooLong"));
    }
    if brand.subdomain.is_empty() {
        refusal.add("subdomain", "Subdomain: cannot be blank", Some("BlankValue"));
    } else if !email::label(&brand.subdomain) || !brand.subdomain.is_ascii() {
        refusal.add("subdomain", "Subdomain: is invalid", Some("InvalidValue"));
    } else if others().any(|it| it.subdomain == brand.subdomain) {
        refusal.add("subdomain", "Subdomain: has already been taken", Some("DuplicateValue"));
    }
    if let Some(host) = &brand.host_mapping {
        if !host.contains('.') || !host.split('.').all(email::label) {
            refusal.add("host_mapping", "Host mapping: is invalid", Some("InvalidValue"));
        } else if others().any(|it| it.host_mapping.as_ref() == Some(host)) {
            let text = "Host mapping: has already been taken";
            refusal.add("host_mapping", text, Some("DuplicateValue"));
        }
    }
    if brand.default && !brand.active {
        refusal.add("active", "Active: the default brand must be active", Some("InvalidValue"));
    }
    refusal.against(())
}

/// By name.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<Brand>()?;
    let rank = |it: &Kept<Brand>| format!("{}#{}", it.name.to_lowercase(), places::rank(it.id()));
    let mut ranked: Vec<(String, &Kept<Brand>)> =
        all.iter().filter(|it| !it.deleted).map(|it| (rank(it), it)).collect();
    ranked.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let page = Page::cut(Paging::of(call.ask)?, ranked).map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, Brand::KIND.plural)))
}

fn find(call: &Call<'_>) -> Result<Kept<Brand>, Refused> {
    call.account.find::<Brand>(call.id("id")?)?.ok_or(Refused::NotFound)
}

/// One that was deleted is shown, since tickets that have it name it.
async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &find(call)?.record)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("brand")?;
    let mut brand = Brand {
        id: BrandId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        subdomain: String::new(),
        host_mapping: None,
        signature_template: brand::SIGNATURE.to_owned(),
        active: true,
        default: false,
        deleted: false,
    };
    edit.apply(call, &mut brand)?;
    if call.account.all::<Brand>()?.iter().filter(|it| !it.deleted).count() >= MAX {
        return Err(Refused::field("base", format!("an account has at most {MAX} brands")));
    }
    let mut changes = Changes::new();
    changes.create(&brand)?;
    only_default(call, &mut changes, &brand)?;
    call.commit(changes).await?;
    Ok(created(call, &brand))
}

/// Where this one is the default, no other is.
pub(super) fn only_default(
    call: &Call<'_>,
    changes: &mut Changes,
    brand: &Brand,
) -> Result<(), Refused> {
    let all = call.account.all::<Brand>()?;
    for other in all.iter().filter(|it| brand.default && it.default && it.id != brand.id) {
        let after = Brand { default: false, updated_at: call.at, ..other.record.clone() };
        changes.update(other, &after)?;
    }
    Ok(())
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = alive(call)?;
    let edit: Edit = call.ask.record("brand")?;
    let mut after = Brand { updated_at: call.at, ..before.record.clone() };
    edit.apply(call, &mut after)?;
    let mut changes = Changes::new();
    changes.update(&before, &after)?;
    only_default(call, &mut changes, &after)?;
    call.commit(changes).await?;
    Ok(Answer::ok(one(call, &after)))
}

fn alive(call: &Call<'_>) -> Result<Kept<Brand>, Refused> {
    let brand = find(call)?;
    if brand.deleted { Err(Refused::NotFound) } else { Ok(brand) }
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = alive(call)?;
    if before.default {
        return Err(Refused::field("base", "the default brand cannot be deleted"));
    }
    let after =
        Brand { deleted: true, active: false, updated_at: call.at, ..before.record.clone() };
    call.change(&before, &after).await?;
    Ok(Answer::gone())
}
