//! The addresses that tickets come in at
//! ([support addresses](https://developer.zendesk.com/api-reference/ticketing/account-configuration/support_addresses/)).

use super::{Shown, created, one};
use crate::access::Action::{ManageChannels, ReadAccount};
use crate::account::{Brand, RecipientAddress};
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::ids::{BrandId, RecordId};
use crate::record::{Changes, Kept, Record, places};
use crate::refusal::Refusal;
use crate::routes;
use crate::user::{canonical, email};
use crate::wire::{given, text, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// The addresses that tickets come in at.
pub const ROUTES: &[Route] = routes![
    GET "/recipient_addresses" Guard::May(ReadAccount) => list, "Lists support addresses";
    POST "/recipient_addresses" Guard::May(ManageChannels) => create, "Adds a support address";
    GET "/recipient_addresses/{id}" Guard::May(ReadAccount) => show, "Shows a support address";
    PUT "/recipient_addresses/{id}" Guard::May(ManageChannels) => update, "Changes a support address";
    DELETE "/recipient_addresses/{id}" Guard::May(ManageChannels) => delete, "Deletes a support address";
    PUT "/recipient_addresses/{id}/verify" refused "Amazon SES verifies addresses and domains, and tells whether mail comes in", "Verifies that mail to a support address comes in";
];

/// Addresses of an account (Zendesk's limit is 3,000, and so many of one account would make each request slow).
const MAX: usize = 1_000;

/// Characters of a name.
const MAX_NAME: usize = 255;

impl Shown for RecipientAddress {
    /// Amazon SES knows more of it.
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/recipient_addresses/{}.json", self.id)),
            "id": self.id,
            "brand_id": self.brand_id,
            "default": self.default,
            "name": self.name,
            "email": self.email,
            "forwarding_status": "unknown",
            "spf_status": "unknown",
            "cname_status": "unknown",
            "domain_verification_status": "unknown",
            "domain_verification_code": null,
            "dns_results": null,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// What is asked of an address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    email: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    brand_id: Option<Option<BrandId>>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
}

impl Edit {
    /// An address keeps what mail is sent to.
    fn apply(self, call: &Call<'_>, address: &mut RecipientAddress) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        if let Some(name) = self.name {
            address.name = name.unwrap_or_default();
        }
        if address.name.chars().count() > MAX_NAME {
            let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
            refusal.add("name", text, Some("ValueTooLong"));
        }
        if let Some(brand) = self.brand_id {
            address.brand_id = brand;
        }
        let brands = call.account.all::<Brand>()?;
        let usual = || brands.iter().find(|it| it.default).map(|it| it.id);
        address.brand_id = address.brand_id.or_else(usual);
        let known = |id: BrandId| brands.iter().any(|it| it.id == id && !it.deleted);
        if address.brand_id.is_some_and(|id| !known(id)) {
            refusal.add("brand_id", "Brand: is invalid", Some("InvalidValue"));
        }
        address.default = self.default.unwrap_or(address.default);
        if address.email.is_empty() {
            refusal.add("email", "Email: cannot be blank", Some("BlankValue"));
        } else if !email::valid(&address.email) {
            let text = format!("Email: {} is not properly formatted", address.email);
            refusal.add("email", text, Some("InvalidFormat"));
        }
        Ok(refusal.against(())?)
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<RecipientAddress>()?;
    let ranked = all.iter().map(|it| (places::rank(it.id()), it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, ranked);
    let brands = call.account.all::<Brand>()?;
    let named = |brand: &&Kept<Brand>| page.records.iter().any(|it| it.brand_id == Some(brand.id));
    let beside: Vec<Value> = brands.iter().filter(named).map(|it| it.shown(call)).collect();
    let mut body = page.map(|it| it.shown(call)).envelope(call.ask, RecipientAddress::KIND.plural);
    if let (Some(body), true) = (body.as_object_mut(), call.ask.list("include").contains(&"brands"))
    {
        body.insert("brands".to_owned(), Value::Array(beside));
    }
    Ok(Answer::ok(body))
}

fn find(call: &Call<'_>) -> Result<Kept<RecipientAddress>, Refused> {
    call.account.find::<RecipientAddress>(call.id("id")?)?.ok_or(Refused::NotFound)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &find(call)?.record)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("recipient_address")?;
    let email = edit.email.as_ref().and_then(Option::as_deref).map(canonical);
    let mut address = RecipientAddress {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        email: email.unwrap_or_default(),
        brand_id: None,
        default: false,
    };
    edit.apply(call, &mut address)?;
    if call.account.all::<RecipientAddress>()?.len() >= MAX {
        let text = format!("an account has at most {MAX} support addresses");
        return Err(Refused::field("base", text));
    }
    let mut changes = Changes::new();
    changes.create(&address)?;
    only_default(call, &mut changes, &address)?;
    call.commit(changes).await?;
    Ok(created(call, &address))
}

/// Where this one is the default, no other is.
fn only_default(
    call: &Call<'_>,
    changes: &mut Changes,
    address: &RecipientAddress,
) -> Result<(), Refused> {
    let all = call.account.all::<RecipientAddress>()?;
    for other in all.iter().filter(|it| address.default && it.default && it.id != address.id) {
        let after =
            RecipientAddress { default: false, updated_at: call.at, ..other.record.clone() };
        changes.update(other, &after)?;
    }
    Ok(())
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = find(call)?;
    let edit: Edit = call.ask.record("recipient_address")?;
    let mut after = RecipientAddress { updated_at: call.at, ..before.record.clone() };
    edit.apply(call, &mut after)?;
    let mut changes = Changes::new();
    changes.update(&before, &after)?;
    only_default(call, &mut changes, &after)?;
    call.commit(changes).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&find(call)?).await
}
