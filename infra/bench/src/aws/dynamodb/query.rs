//! Query: items of one partition, of a table or of an index, in order and by pages.

use super::evaluate::holds;
use super::item::{Item, compare, size};
use super::parse::{Condition, Given, Operand, Step};
use super::table::{Index, Table};
use super::{Dynamo, Refusal, Units, Used, consistent, projected, table_name};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// A page ends where it has this many bytes (DynamoDB developer guide, "Paginating table query results").
pub(super) const PAGE: usize = 1 << 20;

impl Dynamo {
    pub(super) fn query(&self, request: &Value, used: &mut Used) -> Result<Value, Refusal> {
        let name = table_name(request)?;
        let table = self.table(name)?;
        let index = match request.get("IndexName").and_then(Value::as_str) {
            Some(wanted) => {
                let found = table.indexes.iter().find(|index| index.name == wanted);
                let none = || Refusal::invalid(format!("the table has no index {wanted}"));
                Some(found.ok_or_else(none)?)
            }
            None => None,
        };
        if index.is_some() && consistent(request) {
            let why = "Consistent reads are not supported on global secondary indexes";
            return Err(Refusal::invalid(why.to_owned()));
        }
        let mut given = Given::of(request);
        let keys = given.condition(request.get("KeyConditionExpression"))?;
        let keys = keys.ok_or_else(|| super::lacks("KeyConditionExpression"))?;
        let filter = given.condition(request.get("FilterExpression"))?;
        let paths = given.paths(request.get("ProjectionExpression"))?;
        given.all_used()?;
        let forward = request.get("ScanIndexForward").and_then(Value::as_bool).unwrap_or(true);
        let start = request.get("ExclusiveStartKey").and_then(Value::as_object);
        let limit = request.get("Limit").and_then(Value::as_u64);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());

        let mut found = candidates(table, index, &keys)?;
        if !forward {
            found.reverse();
        }
        let beyond = |item: &Item| {
            start.is_none_or(|start| match order(index, start, item) {
                Ordering::Less => forward,
                Ordering::Greater => !forward,
                Ordering::Equal => false,
            })
        };
        let (mut page, mut bytes, mut looked, mut last) = (Vec::new(), 0_usize, 0_usize, None);
        for item in found.into_iter().filter(|item| beyond(item)) {
            bytes = bytes.saturating_add(size(&item));
            looked = looked.saturating_add(1);
            if filter.as_ref().is_none_or(|filter| holds(filter, &item)) {
                page.push(Value::Object(projected(&item, paths.as_deref())?));
            }
            if limit == Some(looked) || bytes >= PAGE {
                last = Some(place(index, &item));
                break;
            }
        }
        used.push((name.to_owned(), Units::reading(bytes, consistent(request))));
        let mut answer = json!({"Count": page.len(), "ScannedCount": looked});
        let counted = request.get("Select").and_then(Value::as_str) == Some("COUNT");
        if let Some(fields) = answer.as_object_mut() {
            let items = (!counted).then(|| ("Items".to_owned(), Value::Array(page)));
            let last = last.map(|last| ("LastEvaluatedKey".to_owned(), Value::Object(last)));
            fields.extend(items.into_iter().chain(last));
        }
        Ok(answer)
    }
}

/// What meets the condition on keys, as the table or the index holds it, in order.
fn candidates(
    table: &Table,
    index: Option<&Index>,
    keys: &Condition,
) -> Result<Vec<Item>, Refusal> {
    let hash = index.map_or("pk", |index| &index.hash);
    let wanted = equal_to(keys, hash).ok_or_else(|| {
        Refusal::invalid(format!("Query condition missed key schema element: {hash}"))
    })?;
    let Some(index) = index else {
        let pk = wanted.get("S").and_then(Value::as_str).unwrap_or_default();
        return Ok(table.partition(pk).filter(|item| holds(keys, item)).cloned().collect());
    };
    let entries = table.all().filter_map(|item| index.entry(item));
    let mut found: Vec<Item> = entries.filter(|item| holds(keys, item)).collect();
    found.sort_by(|one, other| order(Some(index), one, other));
    Ok(found)
}

/// The value that the condition wants the hash key to have.
fn equal_to<'a>(condition: &'a Condition, hash: &str) -> Option<&'a Value> {
    match condition {
        Condition::Compare(Operand::Path(path), "=", Operand::Value(value)) => {
            matches!(path.as_slice(), [Step::Field(name)] if name == hash).then_some(value)
        }
        Condition::And(one, other) => equal_to(one, hash).or_else(|| equal_to(other, hash)),
        _ => None,
    }
}

/// The order in a partition: by the sort key; in an index, those of one sort key by the table's keys.
fn order(index: Option<&Index>, one: &Item, other: &Item) -> Ordering {
    let by = |name: &str| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) => compare(one, other).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    };
    let range = index.and_then(|index| index.range.as_deref());
    range.map_or(Ordering::Equal, by).then_with(|| by("pk")).then_with(|| by("sk"))
}

/// The keys that a page ended at.
fn place(index: Option<&Index>, item: &Item) -> Item {
    let range = index.and_then(|index| index.range.as_deref());
    let names = [Some("pk"), Some("sk"), index.map(|index| index.hash.as_str()), range];
    let fields = item.iter().filter(|(name, _)| names.contains(&Some(name.as_str())));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}
