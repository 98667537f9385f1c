//! What is told beside records when the query asks for it: `include=users,groups`
//! ([side-loading](https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/)).
//!
//! It is gathered from the answer of whatever route, by the ids that its records name, so that no route has to know of
//! it. Names that Zendesk does not have for a kind of record are ignored.

mod beside;
mod load;
mod people;
mod tickets;

use super::answer::{Answer, Body};
use super::ask::Ask;
use super::call::Call;
use super::refused::Refused;
use load::{Load, Main};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The answer, with what the query asks to be told beside it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn with(call: &Call<'_>, mut answer: Answer) -> Result<Answer, Refused> {
    let asked = names(call.ask);
    let Body::Json(Value::Object(body)) = &mut answer.body else { return Ok(answer) };
    if asked.is_empty() || call.actor.is_none() {
        return Ok(answer);
    }
    let Some(mut told) = Told::of(body) else { return Ok(answer) };
    for main in told.mains() {
        let loads = loads(call, main, told.searched, &asked);
        if loads.is_empty() {
            continue;
        }
        let mut records = told.take(main);
        let beside = put(call, main, &loads, &mut records).await?;
        told.give(records);
        for (name, value) in beside {
            // What a route tells by itself is not told again.
            body.entry(name).or_insert(value);
        }
    }
    told.back(body);
    Ok(answer)
}

/// Puts into the records what belongs into them, and tells what stands beside them.
async fn put(
    call: &Call<'_>,
    main: Main,
    loads: &BTreeSet<Load>,
    records: &mut [Map<String, Value>],
) -> Result<Vec<(&'static str, Value)>, Refused> {
    let seen: &[Map<String, Value>] = records;
    let (beside, within) = futures::try_join!(
        beside::all(call, main, loads, seen),
        tickets::within(call, main, loads, seen)
    )?;
    let (mut beside, also) = beside;
    for (record, more) in records.iter_mut().zip(within.records) {
        record.extend(more);
    }
    for (record, more) in records.iter_mut().zip(also) {
        record.extend(more);
    }
    beside.extend(within.beside);
    Ok(beside)
}

/// What is asked for, each with the kind of record that it is asked for beside, where a search finds several:
/// `tickets(users,groups)`.
fn names(ask: &Ask) -> Vec<(Option<String>, String)> {
    let given = ask.query.iter().filter(|(key, _)| key == "include" || key == "include[]");
    let mut all = Vec::new();
    for (_, text) in given {
        let mut of: Option<String> = None;
        for part in text.split(',') {
            let (opens, name) = match part.split_once('(') {
                Some((kind, name)) => (Some(kind.trim().to_owned()), name),
                None => (None, part),
            };
            of = opens.or(of);
            let closes = name.trim_end().ends_with(')');
            let name = name.trim().trim_end_matches(')').to_owned();
            all.push((of.clone(), name));
            of = of.filter(|_| !closes);
        }
    }
    all
}

fn loads(
    call: &Call<'_>,
    main: Main,
    searched: bool,
    asked: &[(Option<String>, String)],
) -> BTreeSet<Load> {
    let fits = |of: &Option<String>| match of {
        Some(kind) => searched && kind == main.plural(),
        None => !searched,
    };
    let agent = call.actor.as_ref().is_some_and(crate::access::Actor::is_agent);
    let named = asked.iter().filter(|(of, _)| fits(of)).filter_map(|(_, name)| Load::named(name));
    named.filter(|it| main.offers().contains(it) && (agent || it.is_for_anyone())).collect()
}

/// The records of an answer, taken out of it.
struct Told {
    records: Value,
    key: &'static str,
    searched: bool,
    main: Main,
}

impl Told {
    /// What an answer is about: the first kind that it has under one of its names.
    fn of(body: &mut Map<String, Value>) -> Option<Self> {
        if let Some(records @ Value::Array(_)) = body.get_mut("results") {
            let records = records.take();
            return Some(Self { records, key: "results", searched: true, main: Main::Tickets });
        }
        Main::ALL.into_iter().find_map(|main| {
            let key = [main.plural(), main.singular()]
                .into_iter()
                .find(|key| body.get(*key).is_some_and(|it| it.is_array() || it.is_object()))?;
            let records = body.get_mut(key)?.take();
            Some(Self { records, key, searched: false, main })
        })
    }

    fn mains(&self) -> Vec<Main> {
        if self.searched { Main::ALL.to_vec() } else { vec![self.main] }
    }

    /// The records of a kind. Among those that were searched, each says what it is.
    fn take(&mut self, main: Main) -> Vec<Map<String, Value>> {
        let searched = self.searched;
        let object = |it: &mut Value| match it {
            Value::Object(record)
                if !searched
                    || record.get("result_type").and_then(Value::as_str)
                        == Some(main.singular()) =>
            {
                Some(std::mem::take(record))
            }
            _ => None,
        };
        match &mut self.records {
            Value::Array(all) => all.iter_mut().filter_map(object).collect(),
            one => object(one).into_iter().collect(),
        }
    }

    /// Puts them back where they were taken from.
    fn give(&mut self, records: Vec<Map<String, Value>>) {
        let mut records = records.into_iter();
        let mut fill = |place: &mut Value| {
            if let Value::Object(record) = place
                && record.is_empty()
            {
                *record = records.next().unwrap_or_default();
            }
        };
        match &mut self.records {
            Value::Array(all) => all.iter_mut().for_each(&mut fill),
            one => fill(one),
        }
    }

    fn back(self, body: &mut Map<String, Value>) {
        body.insert(self.key.to_owned(), self.records);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Method;
    use rstest::rstest;

    #[rstest]
    #[case("users,groups", &[(None, "users"), (None, "groups")])]
    #[case("tickets(users, groups),users(roles)", &[(Some("tickets"), "users"), (Some("tickets"), "groups"), (Some("users"), "roles")])]
    #[case("tickets(users),None", &[(Some("tickets"), "users"), (None, "None")])]
    fn names_are_read(#[case] include: &str, #[case] expected: &[(Option<&str>, &str)]) {
        let ask = Ask {
            method: Method::Get,
            base: String::new(),
            raw_path: String::new(),
            query: vec![("include".to_owned(), include.to_owned())],
            headers: Vec::new(),
            body: Vec::new(),
        };
        let read = names(&ask);
        let read: Vec<_> = read.iter().map(|(of, name)| (of.as_deref(), name.as_str())).collect();
        assert_eq!(read, expected);
    }
}
