//! How records are shown.

use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::content::Contents;
use crate::record::{Kept, Record, places};
use serde_json::{Map, Value};

/// A record as the API shows it.
pub trait Shown: Record {
    /// All that the API tells of it.
    fn shown(&self, call: &Call<'_>) -> Value;
}

/// A name as it is shown: dynamic content in it is what it usually says
/// ([dynamic content](https://developer.zendesk.com/api-reference/ticketing/ticket-management/dynamic_content/)).
#[must_use]
pub fn written(call: &Call<'_>, name: &str) -> String {
    if !name.contains("{{") {
        return name.to_owned();
    }
    match Contents::of(&call.account, None) {
        Ok(contents) => contents.written(name),
        Err(_) => name.to_owned(),
    }
}

/// One record, under the name of its kind.
#[must_use]
pub fn one<R: Shown>(call: &Call<'_>, record: &R) -> Value {
    let mut body = Map::new();
    body.insert(R::KIND.singular.to_owned(), record.shown(call));
    Value::Object(body)
}

/// One record that was just added.
#[must_use]
pub fn created<R: Shown>(call: &Call<'_>, record: &R) -> Answer {
    let location = call.url(&format!("/{}/{}.json", R::KIND.plural, record.id()));
    Answer::created(one(call, record), location)
}

/// The page of these records that is asked for, in their order.
///
/// # Errors
/// 400 when it is no page.
pub fn listed<'a, R: Shown + 'a>(
    call: &Call<'_>,
    records: impl IntoIterator<Item = &'a Kept<R>>,
) -> Result<Answer, Refused> {
    let all = records.into_iter().map(|it| (places::rank(it.id()), it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, all);
    let page = page.map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, R::KIND.plural)))
}

/// The page of these records that is asked for, by where they stand.
///
/// # Errors
/// 400 when it is no page.
pub fn placed<'a, R: Shown + 'a>(
    call: &Call<'_>,
    records: impl IntoIterator<Item = &'a Kept<R>>,
    position: impl Fn(&R) -> i64,
) -> Result<Answer, Refused> {
    let mut all: Vec<(String, &Kept<R>)> =
        records.into_iter().map(|it| (place(position(it), it.id()), it)).collect();
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let page = Page::cut(Paging::of(call.ask)?, all).map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, R::KIND.plural)))
}

/// All of these records, by where they stand, as lists without pages have them.
#[must_use]
pub fn whole<'a, R: Shown + 'a>(
    call: &Call<'_>,
    records: impl IntoIterator<Item = &'a Kept<R>>,
    position: impl Fn(&R) -> i64,
) -> Answer {
    let mut all: Vec<&Kept<R>> = records.into_iter().collect();
    all.sort_by_key(|it| (position(it), it.id()));
    let count = all.len();
    let all: Vec<Value> = all.into_iter().map(|it| it.shown(call)).collect();
    let mut body = Map::new();
    body.insert(R::KIND.plural.to_owned(), Value::Array(all));
    body.insert("next_page".to_owned(), Value::Null);
    body.insert("previous_page".to_owned(), Value::Null);
    body.insert("count".to_owned(), count.into());
    Answer::ok(Value::Object(body))
}

/// Whether a page is asked for that a cursor begins.
#[must_use]
pub fn by_cursor(call: &Call<'_>) -> bool {
    matches!(Paging::of(call.ask), Ok(Paging::Cursor { .. }))
}

/// A position and an id as ranks sort them, positions below zero first.
fn place(position: i64, id: u64) -> String {
    let shifted = i128::from(position).saturating_sub(i128::from(i64::MIN));
    format!("{shifted:020}#{}", places::rank(id))
}
