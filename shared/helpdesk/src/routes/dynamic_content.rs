//! Dynamic content
//! ([items](https://developer.zendesk.com/api-reference/ticketing/ticket-management/dynamic_content/),
//! [variants](https://developer.zendesk.com/api-reference/ticketing/ticket-management/dynamic_content_item_variants/)).

use super::{Shown, listed, one};
use crate::access::Action::ManageRules;
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route, ask};
use crate::content::{ContentItem, MOST, Variant, check, placeholder};
use crate::ids::RecordId;
use crate::record::{Kept, places};
use crate::refusal::Refusal;
use crate::routes;
use crate::wire::{text, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// Dynamic content.
pub const ROUTES: &[Route] = routes![
    GET "/dynamic_content/items" Guard::Agents => list, "Lists texts that are kept in several languages";
    GET "/dynamic_content/items/show_many" Guard::Agents => show_many, "Shows several texts, by their names in placeholders";
    POST "/dynamic_content/items" Guard::May(ManageRules) => create, "Adds a text with its variants";
    GET "/dynamic_content/items/{id}" Guard::Agents => show, "Shows a text with its variants";
    PUT "/dynamic_content/items/{id}" Guard::May(ManageRules) => update, "Changes the name of a text";
    DELETE "/dynamic_content/items/{id}" Guard::May(ManageRules) => delete, "Deletes a text with its variants";
    GET "/dynamic_content/items/{id}/variants" Guard::Agents => variants, "Lists the variants of a text";
    POST "/dynamic_content/items/{id}/variants" Guard::May(ManageRules) => add_variant, "Adds a variant to a text";
    POST "/dynamic_content/items/{id}/variants/create_many" Guard::May(ManageRules) => add_variants, "Adds several variants to a text";
    PUT "/dynamic_content/items/{id}/variants/update_many" Guard::May(ManageRules) => change_variants, "Changes several variants of a text";
    GET "/dynamic_content/items/{id}/variants/{variant_id}" Guard::Agents => show_variant, "Shows a variant of a text";
    PUT "/dynamic_content/items/{id}/variants/{variant_id}" Guard::May(ManageRules) => change_variant, "Changes a variant of a text";
    DELETE "/dynamic_content/items/{id}/variants/{variant_id}" Guard::May(ManageRules) => delete_variant, "Deletes a variant of a text";
];

impl Shown for ContentItem {
    fn shown(&self, call: &Call<'_>) -> Value {
        let variants: Vec<Value> = self.variants.iter().map(|it| variant(call, self, it)).collect();
        json!({
            "url": call.url(&format!("/dynamic_content/items/{}.json", self.id)),
            "id": self.id,
            "name": self.name,
            "placeholder": format!("{{{{dc.{}}}}}", self.placeholder),
            "default_locale_id": self.usual().map(|it| it.locale_id),
            "outdated": self.variants.iter().any(|it| self.outdated(it)),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "variants": variants,
        })
    }
}

fn variant(call: &Call<'_>, item: &ContentItem, it: &Variant) -> Value {
    let path = format!("/dynamic_content/items/{}/variants/{}.json", item.id, it.id);
    json!({
        "url": call.url(&path),
        "id": it.id,
        "content": it.content,
        "locale_id": it.locale_id,
        "outdated": item.outdated(it),
        "active": it.active,
        "default": it.default,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    })
}

fn found(call: &Call<'_>) -> Result<Kept<ContentItem>, Refused> {
    call.account.find::<ContentItem>(call.id("id")?)?.ok_or(Refused::NotFound)
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, call.account.all::<ContentItem>()?.iter())
}

/// `identifiers=welcome,good_bye`
async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let named = call.ask.list("identifiers");
    if named.is_empty() {
        return Err(Refused::parameter("identifiers", "is required"));
    }
    ask::at_most_100("identifiers", named.len())?;
    let all = call.account.all::<ContentItem>()?;
    listed(call, all.iter().filter(|it| named.contains(&it.placeholder.as_str())))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &found(call)?.record)))
}

/// What is asked of an item.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    default_locale_id: Option<u64>,
    variants: Vec<VariantEdit>,
    /// Instead of several variants.
    content: Option<String>,
}

/// What is asked of a variant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VariantEdit {
    id: Option<RecordId>,
    locale_id: Option<u64>,
    content: Option<String>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
}

impl VariantEdit {
    /// Adds a variant to an item, as it is asked for.
    fn add(self, call: &Call<'_>, item: &mut ContentItem) -> Result<RecordId, Refused> {
        let id = RecordId::fresh(call)?;
        item.variants.push(Variant {
            id,
            locale_id: self.locale_id.unwrap_or_default(),
            content: String::new(),
            active: true,
            default: false,
            created_at: call.at,
            updated_at: call.at,
        });
        self.change(call, item, id)?;
        Ok(id)
    }

    /// Changes a variant of an item. One that becomes the default takes the place of the one that was.
    fn change(self, call: &Call<'_>, item: &mut ContentItem, id: RecordId) -> Result<(), Refused> {
        if self.default == Some(true) {
            item.variants.iter_mut().for_each(|it| it.default = false);
        }
        let known = item.variants.iter_mut().find(|it| it.id == id);
        let variant = known.ok_or(Refused::NotFound)?;
        variant.locale_id = self.locale_id.unwrap_or(variant.locale_id);
        variant.active = self.active.unwrap_or(variant.active);
        variant.default = self.default.unwrap_or(variant.default);
        variant.content = self.content.unwrap_or(std::mem::take(&mut variant.content));
        variant.updated_at = call.at;
        Ok(())
    }
}

/// Refuses an item that cannot be.
fn checked(call: &Call<'_>, item: &ContentItem) -> Result<(), Refused> {
    let mut refusal = Refusal::default();
    let all = call.account.all::<ContentItem>()?;
    let others = all.iter().filter(|it| it.id != item.id).map(|it| &it.record);
    check::item(item, others, &mut refusal);
    Ok(refusal.against(())?)
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("item")?;
    if call.account.all::<ContentItem>()?.len() >= MOST {
        return Err(Refused::field("base", "there is as much dynamic content as there may be"));
    }
    let name = edit.name.flatten().unwrap_or_default();
    let (created_at, updated_at) = (call.at, call.at);
    let placeholder = placeholder(&name);
    let variants = Vec::new();
    let id = RecordId::fresh(call)?;
    let mut item = ContentItem { id, name, placeholder, variants, created_at, updated_at };
    let default = edit.default_locale_id;
    if let Some(content) = edit.content {
        let only =
            VariantEdit { locale_id: default, content: Some(content), ..VariantEdit::default() };
        only.add(call, &mut item)?;
    }
    for variant in edit.variants {
        variant.add(call, &mut item)?;
    }
    // The language that the item names goes before what its variants say.
    let locale = default.or_else(|| item.usual().or(item.variants.first()).map(|it| it.locale_id));
    for it in &mut item.variants {
        it.default = Some(it.locale_id) == locale;
    }
    checked(call, &item)?;
    call.add(&item).await?;
    let location = call.url(&format!("/dynamic_content/items/{}.json", item.id));
    Ok(Answer::created(one(call, &item), location))
}

/// Its name alone, as in Zendesk: what rules call it stays.
async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: Edit = call.ask.record("item")?;
    let mut after = ContentItem { updated_at: call.at, ..before.record.clone() };
    if let Some(name) = edit.name {
        let named = |name: String| (!name.is_empty()).then_some(name);
        let blank = || Refused::field("name", "cannot be blank");
        after.name = name.and_then(named).ok_or_else(blank)?;
    }
    checked(call, &after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&found(call)?).await
}

async fn variants(call: &Call<'_>) -> Result<Answer, Refused> {
    let item = found(call)?;
    let all = item.variants.iter().map(|it| (places::rank(it.id.get()), it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, all).map(|it| variant(call, &item, it));
    Ok(Answer::ok(page.envelope(call.ask, "variants")))
}

/// The variant that the path names.
fn named<'i>(call: &Call<'_>, item: &'i ContentItem) -> Result<&'i Variant, Refused> {
    let id = call.id("variant_id")?;
    item.variants.iter().find(|it| it.id.get() == id).ok_or(Refused::NotFound)
}

async fn show_variant(call: &Call<'_>) -> Result<Answer, Refused> {
    let item = found(call)?;
    Ok(Answer::ok(json!({"variant": variant(call, &item, named(call, &item)?)})))
}

/// Keeps an item that changed, and tells of these variants.
async fn kept(
    call: &Call<'_>,
    before: &Kept<ContentItem>,
    after: ContentItem,
    ids: &[RecordId],
) -> Result<Vec<Value>, Refused> {
    let after = ContentItem { updated_at: call.at, ..after };
    checked(call, &after)?;
    call.change(before, &after).await?;
    let told = ids.iter().filter_map(|id| after.variants.iter().find(|it| it.id == *id));
    Ok(told.map(|it| variant(call, &after, it)).collect())
}

async fn add_variant(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: VariantEdit = call.ask.record("variant")?;
    let mut after = before.record.clone();
    let id = edit.add(call, &mut after)?;
    let told = kept(call, &before, after, &[id]).await?;
    let path = format!("/dynamic_content/items/{}/variants/{id}.json", before.id);
    Ok(Answer::created(json!({"variant": told.first()}), call.url(&path)))
}

async fn add_variants(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let mut after = before.record.clone();
    let mut ids = Vec::new();
    for asked in call.ask.records("variants")? {
        ids.push(ask::read::<VariantEdit>(asked)?.add(call, &mut after)?);
    }
    Ok(Answer::ok(json!({"variants": kept(call, &before, after, &ids).await?})))
}

async fn change_variant(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let id = named(call, &before)?.id;
    let edit: VariantEdit = call.ask.record("variant")?;
    let mut after = before.record.clone();
    edit.change(call, &mut after, id)?;
    let told = kept(call, &before, after, &[id]).await?;
    Ok(Answer::ok(json!({"variant": told.first()})))
}

/// Each is named by its id.
async fn change_variants(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let mut after = before.record.clone();
    let mut ids = Vec::new();
    for asked in call.ask.records("variants")? {
        let edit: VariantEdit = ask::read(asked)?;
        let id = edit.id.ok_or_else(|| Refused::field("variants", "each must have its id"))?;
        edit.change(call, &mut after, id)?;
        ids.push(id);
    }
    Ok(Answer::ok(json!({"variants": kept(call, &before, after, &ids).await?})))
}

async fn delete_variant(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let id = named(call, &before)?.id;
    let mut after = before.record.clone();
    after.variants.retain(|it| it.id != id);
    kept(call, &before, after, &[]).await?;
    Ok(Answer::gone())
}
