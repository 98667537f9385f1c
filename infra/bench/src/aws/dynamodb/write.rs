//! Writes: one, several, or all or nothing.

use super::evaluate::{holds, updated};
use super::item::{Item, size};
use super::parse::{Action, Given, Step};
use super::table::write_units;
use super::{Dynamo, Refusal, Units, Used, WRITTEN_AT_ONCE, key, lacks, table_name};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The largest item, and the writes of one transaction (DynamoDB developer guide, "Quotas").
const LARGEST: usize = 400 << 10;
const TRANSACTION: usize = 100;

/// One write, worked out and not done yet.
struct Planned {
    table: String,
    pk: String,
    sk: String,
    before: Option<Item>,
    after: Option<Item>,
    /// Whether its condition holds.
    holds: bool,
    actions: Vec<Action>,
    checks_only: bool,
}

impl Planned {
    /// A write costs the larger of what was there and what is there then; so does one whose condition does not hold
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html>).
    fn units(&self) -> Units {
        let bytes = |item: &Option<Item>| item.as_ref().map_or(0, size);
        let bytes = bytes(&self.before).max(bytes(&self.after));
        Units {
            write: write_units(bytes),
            items: 1,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            ..Units::default()
        }
    }
}

impl Dynamo {
    /// Works out a write; `operation` is that of one write, or the field of one in a transaction.
    fn plan(&self, operation: &str, request: &Value) -> Result<Planned, Refusal> {
        let table = table_name(request)?.to_owned();
        let item = request.get("Item");
        let (pk, sk) = key(item.or(request.get("Key")))?;
        let before = self.table(&table)?.get(&pk, &sk).cloned();
        let mut given = Given::of(request);
        let condition = given.condition(request.get("ConditionExpression"))?;
        let actions = given.actions(request.get("UpdateExpression"))?;
        given.all_used()?;
        let nothing = Item::new();
        let holds = condition.is_none_or(|it| holds(&it, before.as_ref().unwrap_or(&nothing)));
        let after = match operation {
            "PutItem" | "Put" => item.and_then(Value::as_object).cloned(),
            "UpdateItem" | "Update" => {
                let key =
                    request.get("Key").and_then(Value::as_object).cloned().unwrap_or_default();
                // What an update says of an item that must not be there can be nonsense of one that is.
                if holds {
                    Some(updated(before.as_ref().unwrap_or(&key), &actions)?)
                } else {
                    before.clone()
                }
            }
            "DeleteItem" | "Delete" => None,
            "ConditionCheck" => before.clone(),
            other => return Err(Refusal::invalid(format!("{other} is no write"))),
        };
        self.sound(&table, after.as_ref())?;
        let checks_only = operation == "ConditionCheck";
        Ok(Planned { table, pk, sk, before, after, holds, actions, checks_only })
    }

    /// An item is at most so large, and has no empty key of an index.
    fn sound(&self, table: &str, item: Option<&Item>) -> Result<(), Refusal> {
        let Some(item) = item else { return Ok(()) };
        if size(item) > LARGEST {
            return Err(Refusal::invalid("Item size has exceeded the maximum".to_owned()));
        }
        let indexes = self.table(table)?.indexes.iter();
        let mut keys = indexes.flat_map(|it| [Some(&it.hash), it.range.as_ref()]).flatten();
        let empty = json!({"S": ""});
        match keys.find(|name| item.get(*name) == Some(&empty)) {
            Some(name) => Err(Refusal::invalid(format!("an index's key is empty: {name}"))),
            None => Ok(()),
        }
    }

    fn apply(&mut self, planned: Planned) -> u64 {
        let Planned { table, pk, sk, after, checks_only, .. } = planned;
        match self.tables.get_mut(&table) {
            Some(table) if !checks_only => table.replace(&pk, &sk, after),
            _ => 0,
        }
    }

    pub(super) fn write_item(
        &mut self,
        operation: &str,
        request: &Value,
        used: &mut Used,
    ) -> Result<Value, Refusal> {
        let planned = self.plan(operation, request)?;
        let mut units = planned.units();
        if !planned.holds {
            used.push((planned.table, units));
            let told = request.get("ReturnValuesOnConditionCheckFailure").and_then(Value::as_str);
            let item = planned.before.filter(|_| told == Some("ALL_OLD"));
            return Err(unmet(item));
        }
        let returned = returned(request, &planned);
        let table = planned.table.clone();
        units.index = self.apply(planned);
        used.push((table, units));
        Ok(match returned {
            Some(item) if !item.is_empty() => json!({ "Attributes": item }),
            _ => json!({}),
        })
    }

    pub(super) fn batch_write(
        &mut self,
        request: &Value,
        used: &mut Used,
    ) -> Result<Value, Refusal> {
        let asked = request.get("RequestItems").and_then(Value::as_object);
        let mut planned = Vec::new();
        for (table, writes) in asked.ok_or_else(|| lacks("RequestItems"))? {
            for write in writes.as_array().into_iter().flatten() {
                let (operation, inner) = match (write.get("PutRequest"), write.get("DeleteRequest"))
                {
                    (Some(put), None) => ("PutItem", put),
                    (None, Some(delete)) => ("DeleteItem", delete),
                    _ => return Err(lacks("PutRequest")),
                };
                let mut inner = inner.as_object().cloned().unwrap_or_default();
                inner.insert("TableName".to_owned(), table.as_str().into());
                planned.push(self.plan(operation, &Value::Object(inner))?);
            }
        }
        let places: BTreeSet<_> = planned.iter().map(|it| (&it.table, &it.pk, &it.sk)).collect();
        if places.len() < planned.len() || planned.len() > WRITTEN_AT_ONCE {
            return Err(Refusal::invalid("keys twice, or too many".to_owned()));
        }
        for planned in planned {
            let (table, mut units) = (planned.table.clone(), planned.units());
            units.index = self.apply(planned);
            used.push((table, units));
        }
        Ok(json!({"UnprocessedItems": {}}))
    }

    /// Each item of a transaction is written twice, to prepare and to commit
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>); its indexes hear of
    /// it once.
    pub(super) fn transact(&mut self, request: &Value, used: &mut Used) -> Result<Value, Refusal> {
        let writes = request.get("TransactItems").and_then(Value::as_array);
        let writes = writes.ok_or_else(|| lacks("TransactItems"))?;
        let token = request.get("ClientRequestToken").and_then(Value::as_str).unwrap_or_default();
        if self.tokens.contains(token) {
            return Ok(json!({}));
        }
        let mut planned = Vec::new();
        for write in writes {
            let one = write.as_object().and_then(|it| it.iter().next());
            let (operation, inner) = one.ok_or_else(|| lacks("TransactItems"))?;
            planned.push((self.plan(operation, inner)?, inner));
        }
        let places: BTreeSet<_> =
            planned.iter().map(|(it, _)| (&it.table, &it.pk, &it.sk)).collect();
        if places.len() < planned.len() || planned.len() > TRANSACTION {
            return Err(Refusal::invalid("items twice, or too many".to_owned()));
        }
        let mut twice: Vec<(String, Units)> = Vec::new();
        for (planned, _) in &planned {
            let mut units = planned.units();
            units.write = units.write.saturating_mul(2);
            twice.push((planned.table.clone(), units));
        }
        if planned.iter().any(|(planned, _)| !planned.holds) {
            used.extend(twice);
            return Err(cancelled(&planned));
        }
        for ((planned, _), (table, mut units)) in planned.into_iter().zip(twice) {
            units.index = self.apply(planned);
            used.push((table, units));
        }
        if !token.is_empty() {
            self.tokens.insert(token.to_owned());
        }
        Ok(json!({}))
    }
}

/// What the request wants to hear of the item.
fn returned(request: &Value, planned: &Planned) -> Option<Item> {
    let touched = |item: &Option<Item>| {
        let names: BTreeSet<&str> = planned.actions.iter().filter_map(touches).collect();
        let fields = item.iter().flatten().filter(|(name, _)| names.contains(name.as_str()));
        Some(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    match request.get("ReturnValues").and_then(Value::as_str) {
        Some("ALL_OLD") => planned.before.clone(),
        Some("ALL_NEW") => planned.after.clone(),
        Some("UPDATED_OLD") => touched(&planned.before),
        Some("UPDATED_NEW") => touched(&planned.after),
        _ => None,
    }
}

/// The field that an action is about.
fn touches(action: &Action) -> Option<&str> {
    let (Action::Set(path, _) | Action::Remove(path) | Action::Add(path, _)) = action;
    match path.first()? {
        Step::Field(name) => Some(name),
        Step::At(_) => None,
    }
}

const UNMET: &str = "The conditional request failed";

fn unmet(item: Option<Item>) -> Refusal {
    let more = item.map(|item| ("Item".to_owned(), Value::Object(item))).into_iter().collect();
    Refusal { kind: "ConditionalCheckFailedException", message: UNMET.to_owned(), more }
}

fn cancelled(planned: &[(Planned, &Value)]) -> Refusal {
    let reason = |(planned, request): &(Planned, &Value)| {
        if planned.holds {
            return json!({"Code": "None"});
        }
        let mut reason = json!({"Code": "ConditionalCheckFailed", "Message": UNMET});
        let told = request.get("ReturnValuesOnConditionCheckFailure").and_then(Value::as_str);
        if let (Some(fields), Some("ALL_OLD"), Some(item)) =
            (reason.as_object_mut(), told, &planned.before)
        {
            fields.insert("Item".to_owned(), Value::Object(item.clone()));
        }
        reason
    };
    let reasons = planned.iter().map(reason).collect();
    let more = Map::from_iter([("CancellationReasons".to_owned(), Value::Array(reasons))]);
    let message = "Transaction cancelled, please refer cancellation reasons".to_owned();
    Refusal { kind: "TransactionCanceledException", message, more }
}
