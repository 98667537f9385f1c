//! Finding people by the beginnings of what they are known by.

use super::list;
use crate::access::{Face, Role};
use crate::api::{Answer, Call, Method, Refused};
use crate::record::{Kept, places};
use crate::store::Range;
use crate::user::{EMAIL, Means, User, canonical, phone, terms};
use futures::future::try_join_all;
use std::collections::BTreeSet;

/// People whom one term leads to at most; who looks for more has to be more precise.
const MOST: usize = 1_000;

/// Terms of one query at most.
const MOST_WISHES: usize = 8;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    /// Something that begins so.
    Any(String),
    /// A field that begins so.
    Field(Field, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Email,
    Phone,
    ExternalId,
    Role,
    Tags,
}

/// `GET /users/search`
/// ([search users](https://developer.zendesk.com/api-reference/ticketing/users/users/#search-users)).
pub(super) async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    if let Some(id) = call.ask.query("external_id") {
        return list::by_external_id(call, id).await;
    }
    let query = call.ask.query("query").unwrap_or_default();
    let wishes = parse(query)?;
    if wishes.is_empty() {
        return list::cut(call, Vec::new()).await;
    }
    let phrase = matches!(wishes.as_slice(), [Wish::Any(_), _, ..])
        && wishes.iter().all(|wish| matches!(wish, Wish::Any(_)));
    let phrase = phrase.then(|| terms::normal(&query.replace('"', " ")));
    found(call, &wishes, phrase).await
}

/// `GET` and `POST /users/autocomplete`
/// ([autocomplete users](https://developer.zendesk.com/api-reference/ticketing/users/users/#autocomplete-users)).
pub(super) async fn autocomplete(call: &Call<'_>) -> Result<Answer, Refused> {
    let body = match call.ask.method {
        Method::Post => call.ask.json()?,
        Method::Get | Method::Put | Method::Patch | Method::Delete => serde_json::Value::Null,
    };
    let given = |name: &str| {
        let given = call.ask.query(name).or_else(|| body.get(name).and_then(|it| it.as_str()));
        given.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
    };
    let mut wishes = match (given("name"), given("phone")) {
        (Some(name), _) => vec![Wish::Any(terms::normal(&name))],
        (None, Some(number)) => vec![Wish::Field(Field::Phone, phone::canonical(&number))],
        (None, None) => return Err(Refused::parameter("name", "is required")),
    };
    if given("filter").as_deref() == Some("assignable") {
        wishes.push(Wish::Field(Field::Role, "agent".to_owned()));
    }
    found(call, &wishes, None).await
}

/// Who fits all wishes, or is called as the whole `phrase` says.
async fn found(
    call: &Call<'_>,
    wishes: &[Wish],
    phrase: Option<String>,
) -> Result<Answer, Refused> {
    let mut leads: Vec<String> = wishes.iter().filter_map(lead).collect();
    if leads.is_empty() {
        return Err(invalid("a name, an address, a number or an external id is needed"));
    }
    leads.extend(phrase.clone());
    let ranges: Vec<Range> = leads
        .iter()
        .map(|term| Range::of(places::list(terms::LIST), MOST).starting(term.as_str()))
        .collect();
    let emails = leads.iter().filter(|term| term.contains('@'));
    let exact: Vec<_> = emails.map(|it| places::unique(EMAIL, &canonical(it))).collect();
    let ranges = try_join_all(ranges.iter().map(|range| call.range(range)));
    let (ranges, ()) = futures::try_join!(ranges, async { call.fetch(exact).await })
        .map_err(|fault: ceap_kernel::Fault| Refused::from(fault))?;
    let mut sets = Vec::with_capacity(leads.len());
    for (term, range) in leads.iter().zip(ranges) {
        let ranks = range.items.iter();
        let mut ids: BTreeSet<u64> =
            ranks.filter_map(|item| places::ranked(&item.key.sort)).collect();
        if term.contains('@') {
            let known = call.lookup::<Face>(EMAIL, &canonical(term)).await?;
            ids.extend(known.map(|face| face.id.get()));
        }
        sets.push(ids);
    }
    let called = phrase.and_then(|_| sets.pop()).unwrap_or_default();
    let all = sets.into_iter().reduce(|a, b| &a & &b).unwrap_or_default();
    let ids: Vec<u64> = all.union(&called).copied().collect();
    let filters: Vec<&Wish> =
        wishes.iter().filter(|wish| matches!(wish, Wish::Field(..))).collect();
    if filters.is_empty() {
        return list::cut(call, ids).await;
    }
    let users = call.get_all::<User>(&ids).await?;
    let fit = users.iter().filter(|user| filters.iter().all(|wish| fits(user, wish)));
    list::cut(call, fit.map(|user: &Kept<User>| user.id.get()).collect()).await
}

/// The term that leads to who fits a wish, if the store keeps one.
fn lead(wish: &Wish) -> Option<String> {
    match wish {
        Wish::Any(text)
        | Wish::Field(Field::Name | Field::Email | Field::Phone | Field::ExternalId, text) => {
            Some(text.clone())
        }
        Wish::Field(Field::Role | Field::Tags, _) => None,
    }
}

fn fits(user: &User, wish: &Wish) -> bool {
    let known = |means: Means, text: &str| {
        let of = user.identities.iter().filter(|it| it.means == means);
        of.map(|it| means.canonical(&it.value)).any(|value| value.starts_with(text))
    };
    match wish {
        Wish::Any(_) => true,
        Wish::Field(Field::Name, text) => {
            let name = terms::normal(&user.name);
            name.starts_with(text.as_str())
                || name.split(' ').any(|word| word.starts_with(text.as_str()))
        }
        Wish::Field(Field::Email, text) => known(Means::Email, text),
        Wish::Field(Field::Phone, text) => {
            let own = user.phone.as_deref().map(phone::canonical);
            own.is_some_and(|own| own.starts_with(text.as_str())) || known(Means::PhoneNumber, text)
        }
        Wish::Field(Field::ExternalId, text) => {
            user.external_id.as_deref().is_some_and(|id| id.to_lowercase() == *text)
        }
        Wish::Field(Field::Role, text) => match text.as_str() {
            "admin" => user.role == Role::Admin,
            "agent" => user.role.is_agent(),
            _ => user.role == Role::EndUser,
        },
        Wish::Field(Field::Tags, text) => user.tags.contains(text),
    }
}

fn invalid(why: &str) -> Refused {
    Refused::Other(422, "invalid", format!("Invalid search: {why}"))
}

/// The part of the search syntax that finds people
/// ([search reference](https://support.zendesk.com/hc/en-us/articles/4408886879258)): words, phrases in quotes, and
/// `field:value`.
fn parse(query: &str) -> Result<Vec<Wish>, Refused> {
    let mut wishes = Vec::new();
    for (field, value) in parts(query) {
        let text = terms::normal(value);
        if text.is_empty() {
            continue;
        }
        let Some(field) = field else {
            if value.starts_with('-') || value.contains(['<', '>']) {
                return Err(invalid("words, quoted phrases and field:value are known"));
            }
            wishes.push(Wish::Any(text));
            continue;
        };
        let field = match field {
            "type" if text == "user" => continue,
            "type" => return Err(invalid("only users are found here")),
            "name" => Field::Name,
            "email" => Field::Email,
            "phone" => {
                wishes.push(Wish::Field(Field::Phone, phone::canonical(value)));
                continue;
            }
            "external_id" => Field::ExternalId,
            "role" if matches!(text.as_str(), "admin" | "agent" | "end-user") => Field::Role,
            "tags" => Field::Tags,
            other => return Err(invalid(&format!("{other} is not searched"))),
        };
        wishes.push(Wish::Field(field, text));
    }
    if wishes.len() > MOST_WISHES {
        return Err(invalid(&format!("accepts at most {MOST_WISHES} words")));
    }
    Ok(wishes)
}

/// The parts of a query: fields, and values without their quotes.
fn parts(query: &str) -> Vec<(Option<&str>, &str)> {
    let mut parts = Vec::new();
    let mut rest = query.trim_start();
    while !rest.is_empty() {
        let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let field = name.and_then(|at| {
            let (name, rest) = rest.split_at_checked(at)?;
            Some((name, rest.strip_prefix(':')?)).filter(|(name, _)| !name.is_empty())
        });
        let (field, value) = field.map_or((None, rest), |(name, value)| (Some(name), value));
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        parts.push((field, value.trim_end_matches('*')));
        rest = after.trim_start();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("jane", vec![(None, "jane")])]
    #[case("\"Jane Doe\" jo*", vec![(None, "Jane Doe"), (None, "jo")])]
    #[case("email:jane@acme.example role:agent", vec![(Some("email"), "jane@acme.example"), (Some("role"), "agent")])]
    #[case("name:\"Jane Doe\"", vec![(Some("name"), "Jane Doe")])]
    #[case("jane@acme.example", vec![(None, "jane@acme.example")])]
    fn queries_have_parts(#[case] query: &str, #[case] expected: Vec<(Option<&str>, &str)>) {
        assert_eq!(parts(query), expected);
    }
}
