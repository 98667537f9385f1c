//! The platform's records of messages, which tell whom a captured message is about: neither a mail nor a text
//! carries that, because it would go to its recipient.

use std::collections::HashMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::aws;

/// Whom a message is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The use case that sent it.
    pub use_case: String,
    /// The profile or thing that it is about.
    pub subject: String,
}

/// A tenant's records, by the platform's id and by the provider's.
pub fn read(table: &str, tenant: &str) -> Result<HashMap<String, Record>> {
    let mut found = HashMap::new();
    let mut request = json!({
        "TableName": table,
        "FilterExpression": "begins_with(pk, :messages)",
        "ExpressionAttributeValues": {":messages": {"S": format!("{tenant}#M#")}},
    });
    loop {
        let page = aws::dynamodb("Scan", &request)?;
        for item in page.get("Items").and_then(Value::as_array).into_iter().flatten() {
            add(&mut found, item);
        }
        match page.get("LastEvaluatedKey") {
            Some(Value::Null) | None => return Ok(found),
            Some(key) => {
                if let Some(fields) = request.as_object_mut() {
                    fields.insert("ExclusiveStartKey".into(), key.clone());
                }
            }
        }
    }
}

fn add(found: &mut HashMap<String, Record>, item: &Value) {
    let text = |name: &str| item.get(name)?.get("S")?.as_str().map(str::to_owned);
    let (Some(use_case), Some(subject)) = (text("use_case"), text("subject")) else {
        return;
    };
    for id in ["id", "provider_id"].into_iter().filter_map(text) {
        found.insert(id, Record { use_case: use_case.clone(), subject: subject.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_either_id() {
        let mut found = HashMap::new();
        let item = json!({"id": {"S": "m1"}, "provider_id": {"S": "p1"}, "use_case": {"S": "u"}, "subject": {"S": "s"}});
        add(&mut found, &item);
        add(&mut found, &json!({"id": {"S": "m2"}}));
        assert_eq!(found.len(), 2);
        assert_eq!(found.get("m1"), found.get("p1"));
    }
}
