//! Scan: all items of a table, or of one of its segments, in the order of their keys and by pages.

use super::evaluate::holds;
use super::item::size;
use super::parse::Given;
use super::query::PAGE;
use super::table::text;
use super::{Dynamo, Refusal, Units, Used, consistent, projected, table_name};
use serde_json::{Map, Value, json};

impl Dynamo {
    pub(super) fn scan(&self, request: &Value, used: &mut Used) -> Result<Value, Refusal> {
        let name = table_name(request)?;
        let table = self.table(name)?;
        if request.get("IndexName").is_some() {
            return Err(Refusal::invalid("scans of indexes are not played".to_owned()));
        }
        let mut given = Given::of(request);
        let filter = given.condition(request.get("FilterExpression"))?;
        let paths = given.paths(request.get("ProjectionExpression"))?;
        given.all_used()?;
        let start = request.get("ExclusiveStartKey").map(|it| super::key(Some(it))).transpose()?;
        let number = |name: &str| request.get(name).and_then(Value::as_u64);
        let own = |pk: &str| match (number("Segment"), number("TotalSegments")) {
            (Some(segment), Some(all)) => spread(pk).checked_rem(all) == Some(segment),
            _ => true,
        };
        let (mut page, mut bytes, mut looked, mut last) = (Vec::new(), 0_usize, 0_usize, None);
        for item in table.all() {
            let place =
                (text(item, "pk").unwrap_or_default(), text(item, "sk").unwrap_or_default());
            let beyond = start.as_ref().is_none_or(|(pk, sk)| place > (pk.as_str(), sk.as_str()));
            if !beyond || !own(place.0) {
                continue;
            }
            bytes = bytes.saturating_add(size(item));
            looked = looked.saturating_add(1);
            if filter.as_ref().is_none_or(|filter| holds(filter, item)) {
                page.push(Value::Object(projected(item, paths.as_deref())?));
            }
            if number("Limit") == u64::try_from(looked).ok() || bytes >= PAGE {
                let key = ["pk", "sk"].map(|name| (name.to_owned(), item.get(name).cloned()));
                let key = key.into_iter().filter_map(|(name, value)| Some((name, value?)));
                last = Some(key.collect::<Map<_, _>>());
                break;
            }
        }
        used.push((name.to_owned(), Units::reading(bytes, consistent(request))));
        let mut answer = json!({"Count": page.len(), "ScannedCount": looked, "Items": page});
        if let (Some(fields), Some(last)) = (answer.as_object_mut(), last) {
            fields.insert("LastEvaluatedKey".to_owned(), Value::Object(last));
        }
        Ok(answer)
    }
}

/// Partitions by number, as evenly as it takes (FNV-1a, <http://www.isthe.com/chongo/tech/comp/fnv/>).
fn spread(pk: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    pk.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
