//! How records are shown.

use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::record::{Kept, Record, places};
use serde_json::{Map, Value};

/// A record as the API shows it.
pub trait Shown: Record {
    /// All that the API tells of it.
    fn shown(&self, call: &Call<'_>) -> Value;
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
