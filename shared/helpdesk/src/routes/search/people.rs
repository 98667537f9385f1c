//! Finding people.

use super::super::Shown;
use super::super::users::by_external_id;
use super::{Asked, found, only};
use crate::api::{Answer, Call, Method, Page, Paging, Refused};
use crate::record::{Kept, Record};
use crate::rule::Order;
use crate::search::document::field;
use crate::search::{Filter, Finder, Key, Kind, Place, Sort};
use crate::user::{User, phone};
use serde_json::Value;

/// The page of people that is asked for, which has a number.
fn paging(call: &Call<'_>) -> Result<Paging, Refused> {
    if crate::api::page::by_cursor(call.ask) {
        return Err(Refused::parameter("page", "must be an integer"));
    }
    Paging::of(call.ask)
}

/// `GET /users/search`
/// ([search users](https://developer.zendesk.com/api-reference/ticketing/users/users/#search-users)).
pub(super) async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    if let Some(id) = call.ask.query("external_id") {
        return by_external_id(call, id).await;
    }
    let paging = paging(call)?;
    let query = call.ask.query("query").unwrap_or_default();
    // Who searches for nothing finds nobody.
    if query.trim().is_empty() {
        let page = Page { records: Vec::new(), ends: None, more: false, count: Some(0), paging };
        return told(call, page).await;
    }
    let asked = Asked::read(call, query, &[Kind::User]).await?.sorted(call)?;
    told(call, found::page(&asked.finder, &asked.filter, &asked.sort, paging).await?).await
}

/// `GET` and `POST /users/autocomplete`
/// ([autocomplete users](https://developer.zendesk.com/api-reference/ticketing/users/users/#autocomplete-users)), by
/// name.
pub(super) async fn autocomplete(call: &Call<'_>) -> Result<Answer, Refused> {
    let body = match call.ask.method {
        Method::Post => call.ask.json()?,
        Method::Get | Method::Put | Method::Patch | Method::Delete => Value::Null,
    };
    let given = |name: &str| {
        let given = call.ask.query(name).or_else(|| body.get(name).and_then(Value::as_str));
        given.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
    };
    let mut filter = match (given("name"), given("phone")) {
        (Some(name), _) => beginning(&name),
        (None, Some(number)) => number_beginning(&number),
        (None, None) => return Err(Refused::parameter("name", "is required")),
    };
    if given("filter").as_deref() == Some("assignable") {
        let agents = Filter::is_any(field::ROLE, ["agent", "admin"]);
        filter = Filter::all([filter, agents]);
    }
    let finder = Finder::open(call, &[Kind::User]).await?;
    let sort = Sort(vec![(Key::Keyword(field::NAME.to_owned()), Order::Asc)]);
    let filter = only(Kind::User, filter);
    told(call, found::page(&finder, &filter, &sort, paging(call)?).await?).await
}

/// Who has something that begins so: a name or a word of it, an address, a number.
fn beginning(text: &str) -> Filter {
    let words = match Filter::prefix(&[field::NAME, field::ALIAS], text, &[]) {
        // It has no words.
        Filter::All(all) if all.is_empty() => Filter::nothing(),
        words => words,
    };
    let whole = [field::EMAIL, field::EXTERNAL].map(|name| Filter::begins(name, text));
    Filter::any(whole.into_iter().chain([words, number_beginning(text)]))
}

fn number_beginning(text: &str) -> Filter {
    let number = phone::canonical(text);
    let digits = number.trim_start_matches('+');
    if digits.is_empty() || text.chars().any(char::is_alphabetic) {
        return Filter::nothing();
    }
    let plus = format!("+{digits}");
    Filter::any([number.as_str(), plus.as_str()].map(|it| Filter::begins(field::PHONE, it)))
}

/// People who were found.
async fn told(call: &Call<'_>, page: Page<Place>) -> Result<Answer, Refused> {
    let ids: Vec<u64> = page.records.iter().map(|it| it.id).collect();
    let users: Vec<Kept<User>> = call.get_all::<User>(&ids).await?;
    let Page { ends, more, count, paging, .. } = page;
    let records = users.iter().filter(|it| it.active).map(|it| it.shown(call)).collect();
    let page: Page<Value> = Page { records, ends, more, count, paging };
    Ok(Answer::ok(page.envelope(call.ask, User::KIND.plural)))
}
