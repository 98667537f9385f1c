//! DynamoDB as far as the platform's adapters use it: whole requests and answers of its JSON protocol, its
//! expressions, conditions, indexes and transactions, and what each operation costs by its rules
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>).
//!
//! Not played: reserved words, numbers beyond 128 bits, streams, and deletion by time to live, which the platform never
//! counts on. Indexes are never behind their tables.

mod evaluate;
pub mod item;
mod lex;
mod parse;
mod query;
mod scan;
mod table;
mod write;

use anyhow::{Context, Result};
use item::{Item, size};
use parse::{Given, Path, Step};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use table::{Table, read_units, text};

/// Why a request is refused, as the wire has it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The error's name.
    pub kind: &'static str,
    /// What it says.
    pub message: String,
    /// Its other fields.
    pub more: Map<String, Value>,
}

impl Refusal {
    /// `ValidationException`.
    #[must_use]
    pub fn invalid(message: String) -> Self {
        Self { kind: "ValidationException", message, more: Map::new() }
    }
}

/// What was used of one table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units of the table itself.
    pub write: u64,
    /// Write units of its indexes.
    pub index: u64,
    /// Items that were read or written.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Units {
    /// Adds what one operation used.
    pub fn add(&mut self, other: Self) {
        self.read += other.read;
        self.write = self.write.saturating_add(other.write);
        self.index = self.index.saturating_add(other.index);
        self.items = self.items.saturating_add(other.items);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn reading(bytes: usize, consistent: bool) -> Self {
        let read = read_units(bytes, consistent);
        Self { read, items: 1, bytes: u64::try_from(bytes).unwrap_or(u64::MAX), ..Self::default() }
    }
}

/// What one request used, by table.
pub type Used = Vec<(String, Units)>;

/// Keys of one BatchGetItem, writes of one BatchWriteItem and of one transaction (DynamoDB API reference).
const READ_AT_ONCE: usize = 100;
const WRITTEN_AT_ONCE: usize = 25;

/// All tables.
#[derive(Debug, Clone, Default)]
pub struct Dynamo {
    tables: BTreeMap<String, Table>,
    /// Tokens of transactions that happened.
    tokens: BTreeSet<String>,
}

impl Dynamo {
    /// The tables of `infra/data.yaml`, empty, each under the name of its resource.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn of(data_yaml: &str) -> Result<Self> {
        let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(data_yaml)?;
        let resources = template.get("Resources").and_then(|it| it.as_mapping());
        let mut tables = BTreeMap::new();
        for (name, resource) in resources.context("no Resources")? {
            let kind = resource.get("Type").and_then(|it| it.as_str());
            if let (Some(name), Some("AWS::DynamoDB::Table")) = (name.as_str(), kind) {
                let table = Table::of(resource).with_context(|| name.to_owned())?;
                tables.insert(name.to_owned(), table);
            }
        }
        Ok(Self { tables, tokens: BTreeSet::new() })
    }

    /// All items of a table, for who wants to look.
    #[must_use]
    pub fn items(&self, table: &str) -> Vec<&Item> {
        self.tables.get(table).into_iter().flat_map(Table::all).collect()
    }

    /// Answers one request; `used` hears what it cost, refused or not.
    ///
    /// # Errors
    /// As DynamoDB refuses it.
    pub fn answer(
        &mut self,
        operation: &str,
        request: &Value,
        used: &mut Used,
    ) -> Result<Value, Refusal> {
        match operation {
            "GetItem" => self.get_item(request, used),
            "BatchGetItem" => self.batch_get(request, used),
            "Query" => self.query(request, used),
            "Scan" => self.scan(request, used),
            "PutItem" | "UpdateItem" | "DeleteItem" => self.write_item(operation, request, used),
            "BatchWriteItem" => self.batch_write(request, used),
            "TransactWriteItems" => self.transact(request, used),
            other => Err(Refusal::invalid(format!("{other} is not played"))),
        }
    }

    fn table(&self, name: &str) -> Result<&Table, Refusal> {
        self.tables.get(name).ok_or_else(|| missing(name))
    }

    fn get_item(&self, request: &Value, used: &mut Used) -> Result<Value, Refusal> {
        let name = table_name(request)?;
        let (pk, sk) = key(request.get("Key"))?;
        let mut given = Given::of(request);
        let paths = given.paths(request.get("ProjectionExpression"))?;
        given.all_used()?;
        let found = self.table(name)?.get(&pk, &sk);
        used.push((name.to_owned(), Units::reading(found.map_or(0, size), consistent(request))));
        match found {
            Some(item) => Ok(json!({"Item": projected(item, paths.as_deref())?})),
            None => Ok(json!({})),
        }
    }

    fn batch_get(&self, request: &Value, used: &mut Used) -> Result<Value, Refusal> {
        let asked = request.get("RequestItems").and_then(Value::as_object);
        let (mut responses, mut count) = (Map::new(), 0_usize);
        for (name, ask) in asked.ok_or_else(|| lacks("RequestItems"))? {
            let mut given = Given::of(ask);
            let paths = given.paths(ask.get("ProjectionExpression"))?;
            given.all_used()?;
            let keys = ask.get("Keys").and_then(Value::as_array).ok_or_else(|| lacks("Keys"))?;
            count = count.saturating_add(keys.len());
            let places = keys.iter().map(|it| key(Some(it))).collect::<Result<BTreeSet<_>, _>>()?;
            if places.len() < keys.len() || count > READ_AT_ONCE {
                return Err(Refusal::invalid("keys twice, or too many".to_owned()));
            }
            let (table, mut found, mut units) = (self.table(name)?, Vec::new(), Units::default());
            for (pk, sk) in &places {
                let item = table.get(pk, sk);
                units.add(Units::reading(item.map_or(0, size), consistent(ask)));
                if let Some(item) = item {
                    found.push(Value::Object(projected(item, paths.as_deref())?));
                }
            }
            used.push((name.clone(), units));
            responses.insert(name.clone(), Value::Array(found));
        }
        Ok(json!({"Responses": responses, "UnprocessedKeys": {}}))
    }
}

fn missing(table: &str) -> Refusal {
    let message = format!("Requested resource not found: Table: {table}");
    Refusal { kind: "ResourceNotFoundException", message, more: Map::new() }
}

fn lacks(field: &str) -> Refusal {
    Refusal::invalid(format!("{field} is missing"))
}

fn table_name(request: &Value) -> Result<&str, Refusal> {
    request.get("TableName").and_then(Value::as_str).ok_or_else(|| lacks("TableName"))
}

fn consistent(request: &Value) -> bool {
    request.get("ConsistentRead").and_then(Value::as_bool).unwrap_or_default()
}

/// The place of a key, or of an item: texts that are not empty.
fn key(of: Option<&Value>) -> Result<(String, String), Refusal> {
    let item = of.and_then(Value::as_object).ok_or_else(|| lacks("Key"))?;
    let part = |name: &str| {
        let found = text(item, name).filter(|text| !text.is_empty());
        found.map(str::to_owned).ok_or_else(|| lacks(name))
    };
    Ok((part("pk")?, part("sk")?))
}

/// The fields of an item that a projection names; all without one.
fn projected(item: &Item, paths: Option<&[Path]>) -> Result<Item, Refusal> {
    let Some(paths) = paths else { return Ok(item.clone()) };
    let mut part = Item::new();
    for path in paths {
        let [Step::Field(name)] = path.as_slice() else {
            return Err(Refusal::invalid("projections within fields are not played".to_owned()));
        };
        if let Some(value) = item.get(name) {
            part.insert(name.clone(), value.clone());
        }
    }
    Ok(part)
}
