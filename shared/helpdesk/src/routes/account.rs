//! How an account is set
//! ([account settings](https://developer.zendesk.com/api-reference/ticketing/account-configuration/account_settings/)).

use super::brands::only_default;
use crate::access::Action::{ManageAccount, ReadAccount};
use crate::account::{Brand, Settings};
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::BrandId;
use crate::locale::{LOCALES, numbered, tagged};
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::routes;
use crate::time_zone;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// How an account is set.
pub const ROUTES: &[Route] = routes![
    GET "/account/settings" Guard::May(ReadAccount) => show, "Shows how the account is set";
    PUT "/account/settings" Guard::May(ManageAccount) => update, "Changes how the account is set";
    GET "/account/resolve" refused "an account has the one address that its stack has", "Tells which account a host leads to";
];

/// Settings that nobody can change in Zendesk either: what is said of them is passed over.
const READ_ONLY: [&str; 15] = [
    "active_features",
    "apps",
    "billing",
    "cdn",
    "chat",
    "cross_sell",
    "google_apps",
    "limits",
    "lotus",
    "metrics",
    "onboarding",
    "statistics",
    "twitter",
    "voice",
    "api",
];

/// Bytes of a file that comes with a ticket.
const MOST_BYTES: u64 = 50 * 1024 * 1024;

/// Characters of an allowlist or blocklist.
const MOST_ENTRIES: usize = 10_000;

/// All settings: those that can be changed, and what is so of every account here.
fn shown(settings: &Settings, brand: Option<BrandId>) -> Value {
    let ids: Vec<u64> = match settings.locale_ids.as_slice() {
        [] => LOCALES.iter().map(|it| it.id).collect(),
        chosen => chosen.to_vec(),
    };
    let mut all = CONSTANTS.clone();
    let mut put = |section: &str, name: &str, value: Value| {
        if let Some(section) = all.get_mut(section).and_then(Value::as_object_mut) {
            section.insert(name.to_owned(), value);
        }
    };
    put("tickets", "assign_tickets_upon_solve", json!(settings.assign_tickets_upon_solve));
    put("tickets", "collaboration", json!(settings.ccs));
    put("active_features", "allow_ccs", json!(settings.ccs));
    put("brands", "default_brand_id", json!(brand));
    put("localization", "locale_ids", json!(ids));
    put("localization", "time_zone", json!(settings.time_zone));
    put("localization", "iana_time_zone", json!(time_zone::iana(&settings.time_zone)));
    put("localization", "default_locale_identifier", json!(settings.locale));
    put("user", "anonymous_requests", json!(settings.anonymous_requests));
    put("user", "allowlist", json!(settings.allowlist));
    put("user", "blocklist", json!(settings.blocklist));
    put("limits", "attachment_size", json!(MOST_BYTES));
    all
}

/// The brand that tickets have which name none.
fn default_brand(call: &Call<'_>) -> Result<Option<BrandId>, Refused> {
    Ok(call.account.all::<Brand>()?.iter().find(|it| it.default).map(|it| it.id))
}

/// What is so of every account.
static CONSTANTS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../account/settings.json")).unwrap_or_default()
});

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let settings = call.account.settings()?;
    Ok(Answer::ok(json!({"settings": shown(&settings, default_brand(call)?)})))
}

/// What becomes of the account.
struct After {
    settings: Settings,
    brand: Option<Kept<Brand>>,
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let asked = call.ask.member("settings")?;
    let Value::Object(sections) = asked else {
        return Err(Refused::parameter("settings", "must be an object"));
    };
    let before = call.account.all::<Settings>()?;
    let before = before.first().ok_or(Refused::NotFound)?;
    let now = shown(before, default_brand(call)?);
    let mut after = After { settings: before.record.clone(), brand: None };
    let mut refusal = Refusal::default();
    for (section, values) in &sections {
        let (Some(known), Some(values)) = (now.get(section), values.as_object()) else { continue };
        for (name, value) in values {
            let is = known.get(name);
            if is.is_none() || is == Some(value) {
                continue;
            }
            change(call, &mut after, (section, name), value, &mut refusal)?;
        }
    }
    let After { settings, brand } = refusal.against(after)?;
    let mut changes = Changes::new();
    if settings != before.record {
        changes.update(before, &settings)?;
    }
    if let Some(before) = &brand {
        let default = Brand { default: true, updated_at: call.at, ..before.record.clone() };
        changes.update(before, &default)?;
        only_default(call, &mut changes, &default)?;
    }
    call.commit(changes).await?;
    let brand = brand.map_or_else(|| default_brand(call), |it| Ok(Some(it.id)))?;
    Ok(Answer::ok(json!({"settings": shown(&settings, brand)})))
}

/// Changes one setting, if it can be changed.
fn change(
    call: &Call<'_>,
    after: &mut After,
    (section, name): (&str, &str),
    value: &Value,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let settings = &mut after.settings;
    let done = match (section, name) {
        ("tickets", "assign_tickets_upon_solve") => {
            value.as_bool().map(|it| settings.assign_tickets_upon_solve = it)
        }
        ("user", "anonymous_requests") => {
            value.as_bool().map(|it| settings.anonymous_requests = it)
        }
        ("user", "allowlist") => entries(value).map(|it| settings.allowlist = it),
        ("user", "blocklist") => entries(value).map(|it| settings.blocklist = it),
        ("localization", "time_zone") => {
            let known = value.as_str().and_then(time_zone::known);
            known.map(|it| it.clone_into(&mut settings.time_zone))
        }
        ("localization", "default_locale_identifier") => {
            value.as_str().and_then(tagged).map(|it| it.tag.clone_into(&mut settings.locale))
        }
        ("localization", "locale_ids") => {
            let ids = value.as_array().into_iter().flatten();
            let ids: Option<Vec<u64>> =
                ids.map(|it| it.as_u64().filter(|id| numbered(*id).is_some())).collect();
            ids.filter(|ids| !ids.is_empty()).map(|ids| settings.locale_ids = ids)
        }
        ("brands", "default_brand_id") => {
            let id = value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default();
            let brand = call.account.find::<Brand>(id)?.filter(|it| it.active);
            brand.map(|it| after.brand = Some(it))
        }
        ("tickets", "collaboration" | "agent_collision" | "maximum_personal_views_to_list") => {
            Some(())
        }
        ("localization", "iana_time_zone") => Some(()),
        _ if READ_ONLY.contains(&section) => Some(()),
        _ => {
            let text = format!("{}: cannot be changed", title(name));
            refusal.add(name, text, Some("InvalidValue"));
            return Ok(());
        }
    };
    if done.is_none() {
        refusal.add(name, format!("{}: is invalid", title(name)), Some("InvalidValue"));
    }
    Ok(())
}

/// Addresses and domains, as many as Zendesk takes.
fn entries(value: &Value) -> Option<String> {
    value.as_str().filter(|text| text.chars().count() <= MOST_ENTRIES).map(str::to_owned)
}

fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
