//! Languages
//! ([locales](https://developer.zendesk.com/api-reference/ticketing/account-configuration/locales/)).

use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::locale::{LOCALES, Locale, numbered, tagged};
use crate::routes;
use crate::user::User;
use serde_json::{Value, json};

/// Languages.
pub const ROUTES: &[Route] = routes![
    GET "/locales" Guard::Anyone => list, "Lists the languages of the account";
    GET "/locales/agent" Guard::Anyone => list, "Lists the languages of the account that agents may have";
    GET "/locales/public" Guard::Anyone => public, "Lists the languages that any account may have";
    GET "/locales/current" Guard::Anyone => current, "Shows the language of who asks";
    GET "/locales/detect_best_locale" Guard::Anyone => best, "Shows which of several languages is best for who asks";
    PUT "/locales/detect_best_locale" Guard::Anyone => best, "Shows which of several languages is best for who asks";
    GET "/locales/{id}" Guard::Anyone => show, "Shows a language, by its number or tag";
];

/// When the list was made.
const MADE: &str = "2026-01-01T00:00:00Z";

fn shown(call: &Call<'_>, locale: &Locale, default: &str) -> Value {
    json!({
        "url": call.url(&format!("/locales/{}.json", locale.tag)),
        "id": locale.id,
        "locale": locale.tag,
        "name": locale.name,
        "native_name": locale.native,
        "presentation_name": format!("{} - {}", locale.name, locale.native),
        "rtl": locale.rtl(),
        "created_at": MADE,
        "updated_at": MADE,
        "default": locale.tag == default,
    })
}

fn listed<'a>(call: &Call<'_>, all: impl Iterator<Item = &'a Locale>) -> Result<Answer, Refused> {
    let default = call.account.settings()?.locale;
    let all: Vec<Value> = all.map(|it| shown(call, it, &default)).collect();
    let count = all.len();
    Ok(Answer::ok(
        json!({"locales": all, "next_page": null, "previous_page": null, "count": count}),
    ))
}

/// Those that the account has chosen; all if it has chosen none.
fn chosen(call: &Call<'_>) -> Result<Vec<&'static Locale>, Refused> {
    let settings = call.account.settings()?;
    let ids = &settings.locale_ids;
    let fits =
        |it: &&Locale| ids.is_empty() || ids.contains(&it.id) || it.tag == settings.locale.as_str();
    Ok(LOCALES.iter().filter(fits).collect())
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, chosen(call)?.into_iter())
}

async fn public(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, LOCALES.iter())
}

fn told(call: &Call<'_>, locale: &Locale) -> Result<Answer, Refused> {
    let default = call.account.settings()?.locale;
    Ok(Answer::ok(json!({"locale": shown(call, locale, &default)})))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let name = call.variable("id");
    let found = name.parse().ok().and_then(numbered).or_else(|| tagged(name));
    told(call, found.ok_or(Refused::NotFound)?)
}

/// What who asks has; who is not known has the account's.
async fn own(call: &Call<'_>) -> Result<&'static Locale, Refused> {
    let user = match &call.actor {
        Some(actor) => call.find::<User>(actor.id().get()).await?,
        None => None,
    };
    let settings = call.account.settings()?;
    let own = user.and_then(|user| tagged(&user.locale));
    own.or_else(|| tagged(&settings.locale)).or_else(|| LOCALES.first()).ok_or(Refused::NotFound)
}

async fn current(call: &Call<'_>) -> Result<Answer, Refused> {
    told(call, own(call).await?)
}

/// The best of `available_locales`, or of those of the account: what who asks has, what their browser says
/// (RFC 9110 §12.5.4), what the account has, or the first.
async fn best(call: &Call<'_>) -> Result<Answer, Refused> {
    let body = call.ask.json()?;
    let named = body.get("available_locales").and_then(Value::as_array).into_iter().flatten();
    let named = named.filter_map(Value::as_str).chain(call.ask.list("available_locales"));
    let available: Vec<&Locale> = named.filter_map(tagged).collect();
    let available = if available.is_empty() { chosen(call)? } else { available };
    let own = own(call).await?;
    let settings = call.account.settings()?;
    let accepted = accepted(call.ask.header("accept-language").unwrap_or_default());
    let mut wanted = vec![own.tag];
    wanted.extend(accepted);
    wanted.push(&settings.locale);
    let found = wanted.iter().find_map(|tag| fitting(&available, tag));
    let found = found.or_else(|| available.first().copied());
    told(call, found.ok_or(Refused::NotFound)?)
}

/// The one of this tag, or else of its language.
fn fitting<'a>(available: &[&'a Locale], tag: &str) -> Option<&'a Locale> {
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_lowercase();
    let same = available.iter().find(|it| it.tag.eq_ignore_ascii_case(tag));
    let alike = || available.iter().find(|it| language(it.tag) == language(tag));
    same.or_else(alike).copied()
}

/// The tags of the header `Accept-Language`, from the most wanted on.
fn accepted(header: &str) -> Vec<&str> {
    let weighed = |part: &'_ str| {
        let rest = part.split_once(';').map_or("", |(_, rest)| rest);
        rest.trim().strip_prefix("q=").map_or(Some(1.0), |it| it.parse::<f64>().ok())
    };
    let tag = |part: &str| -> usize { part.find(';').unwrap_or(part.len()) };
    let parts = header.split(',').filter_map(|part| Some((weighed(part)?, part)));
    let mut tags: Vec<(f64, &str)> = parts
        .filter_map(|(weight, part)| Some((weight, part.get(..tag(part))?.trim())))
        .filter(|(weight, tag)| *weight > 0.0 && !tag.is_empty())
        .collect();
    tags.sort_by(|a, b| b.0.total_cmp(&a.0));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("de-CH, de;q=0.9, en;q=0.8", &["de-CH", "de", "en"])]
    #[case("en;q=0.5,fr", &["fr", "en"])]
    #[case("en;q=0, fr;q=x, *", &["*"])]
    #[case("", &[])]
    fn the_most_wanted_comes_first(#[case] header: &str, #[case] expected: &[&str]) {
        assert_eq!(accepted(header), expected);
    }
}
