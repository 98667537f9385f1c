//! Items as DynamoDB's own JSON, as its export to S3 writes them
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html>): the SDK has no such form.

use super::item::Item;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_kernel::Fault;
use serde_json::{Map, Value, json};

/// An item as JSON: fields, and members of sets, in order, so that the same item is the same text.
pub fn to_json(item: &Item) -> Result<Map<String, Value>, Fault> {
    let mut fields: Vec<(&String, &AttributeValue)> = item.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    fields.into_iter().map(|(name, value)| Ok((name.clone(), written(value)?))).collect()
}

fn written(value: &AttributeValue) -> Result<Value, Fault> {
    let sorted = |all: &[String]| {
        let mut all = all.to_vec();
        all.sort();
        all
    };
    Ok(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes) }),
        AttributeValue::Bool(whether) => json!({ "BOOL": whether }),
        AttributeValue::Null(whether) => json!({ "NULL": whether }),
        AttributeValue::M(fields) => json!({ "M": to_json(fields)? }),
        AttributeValue::L(all) => {
            json!({ "L": all.iter().map(written).collect::<Result<Vec<_>, _>>()? })
        }
        AttributeValue::Ss(all) => json!({ "SS": sorted(all) }),
        AttributeValue::Ns(all) => json!({ "NS": sorted(all) }),
        AttributeValue::Bs(all) => {
            let all: Vec<String> = all.iter().map(|it| STANDARD.encode(it)).collect();
            json!({ "BS": sorted(&all) })
        }
        _ => return Err(Fault::Internal("an attribute of a type that is not known".to_owned())),
    })
}

/// An item from JSON.
///
/// # Errors
/// `Invalid` if it is none, naming the field.
pub fn from_json(fields: &Map<String, Value>) -> Result<Item, Fault> {
    let field = |(name, value): (&String, &Value)| {
        let read = read(value).ok_or_else(|| Fault::invalid(name, "is no attribute of DynamoDB's"));
        Ok((name.clone(), read?))
    };
    fields.iter().map(field).collect()
}

fn read(value: &Value) -> Option<AttributeValue> {
    let mut fields = value.as_object()?.iter();
    let (Some((kind, held)), None) = (fields.next(), fields.next()) else { return None };
    let bytes = |text: &Value| Some(Blob::new(STANDARD.decode(text.as_str()?).ok()?));
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let texts = || held.as_array()?.iter().map(text).collect::<Option<Vec<String>>>();
    Some(match kind.as_str() {
        "S" => AttributeValue::S(text(held)?),
        "N" => AttributeValue::N(text(held)?),
        "B" => AttributeValue::B(bytes(held)?),
        "BOOL" => AttributeValue::Bool(held.as_bool()?),
        "NULL" => AttributeValue::Null(held.as_bool()?),
        "M" => AttributeValue::M(from_json(held.as_object()?).ok()?),
        "L" => AttributeValue::L(held.as_array()?.iter().map(read).collect::<Option<_>>()?),
        "SS" => AttributeValue::Ss(texts()?),
        "NS" => AttributeValue::Ns(texts()?),
        "BS" => AttributeValue::Bs(held.as_array()?.iter().map(bytes).collect::<Option<_>>()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Map<String, Value> {
        let item = json!({"b": {"B": "AAH/"}, "bs": {"BS": ["AA==", "AQ=="]}, "l": {"L": [{"N": "1"}, {"M": {}}]},
            "m": {"M": {"x": {"NULL": true}, "y": {"BOOL": false}}}, "n": {"N": "-1.50E+3"},
            "ns": {"NS": ["1", "2"]}, "pk": {"S": "acme#ünï"}, "s": {"S": ""}, "ss": {"SS": ["a", "b"]}});
        item.as_object().cloned().unwrap()
    }

    #[test]
    fn every_type_comes_back_as_it_was() {
        let read = from_json(&item()).unwrap();
        assert_eq!(read.len(), 9);
        assert_eq!(read.get("b"), Some(&AttributeValue::B(Blob::new([0, 1, 255]))));
        let written = to_json(&read).unwrap();
        assert_eq!(
            serde_json::to_string(&written).unwrap(),
            serde_json::to_string(&item()).unwrap()
        );
    }

    #[test]
    fn the_same_item_is_the_same_text() {
        let mut other = from_json(&item()).unwrap();
        other.insert("ss".to_owned(), AttributeValue::Ss(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(to_json(&other).unwrap(), item());
    }

    #[test]
    fn what_is_no_attribute_is_refused() {
        for bad in [
            json!("x"),
            json!({}),
            json!({"S": 1}),
            json!({"X": "x"}),
            json!({"B": "?"}),
            json!({"S": "a", "N": "1"}),
            json!({"L": [1]}),
            json!({"M": {"a": 1}}),
        ] {
            let mut item = item();
            item.insert("bad".to_owned(), bad.clone());
            assert!(matches!(from_json(&item), Err(Fault::Invalid { .. })), "{bad}");
        }
    }
}
