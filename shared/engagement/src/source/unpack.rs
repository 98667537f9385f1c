//! What comes in one piece, as a webhook's body or a record of a stream, and the events that its rows make.

use super::mapping::{Mapping, MappingDocument, Row};
use crate::condition::{Bound, Expression, names};
use crate::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use serde_json::Value;

/// Rows of one piece: as of every payload over HTTP.
const MAX_ROWS: usize = 500;

/// How a piece becomes events, ready to use.
#[derive(Debug)]
pub struct Unpack {
    each: Option<Expression>,
    mapping: Mapping,
}

/// A piece as it came.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// What it came with, by names in lower case: headers, attributes.
    pub headers: &'a Value,
    /// What tells it from others of its source, the same when it comes again.
    pub id: &'a str,
    /// The source that its events name.
    pub source: &'a str,
    /// When it came.
    pub arrived: Timestamp,
}

impl Unpack {
    /// Compiles the list of rows that `each` finds in a piece, and how a row becomes an event. Without `each`,
    /// the piece is the one row.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn compile(each: Option<&str>, mapping: &MappingDocument) -> Result<Self, Fault> {
        let each =
            each.map(|each| Expression::compile_with("each", each, names::ROW)).transpose()?;
        Ok(Self { each, mapping: Mapping::compile(mapping)? })
    }

    /// The events of a piece that holds `body`; rows that make none, each with its reason.
    ///
    /// # Errors
    /// `Invalid` when it holds no list where one is to be.
    pub fn events(&self, body: Value, piece: &Piece<'_>) -> Result<Vec<Decoded>, Fault> {
        let rows = self.rows(body, piece.headers)?;
        let mut decoded = Vec::with_capacity(rows.len());
        for (nth, row) in rows.into_iter().enumerate() {
            let numbered;
            let id = if self.each.is_none() {
                piece.id
            } else {
                numbered = format!("{}#{nth}", piece.id);
                &numbered
            };
            let (headers, source, arrived) = (piece.headers, piece.source, piece.arrived);
            let row = Row { row: &row, headers, id, source, arrived };
            match self.mapping.event(&row) {
                Ok(event) => decoded.extend(event.map(Decoded::Event)),
                Err(fault) => {
                    let payload = self.mapping.kept(&row).into();
                    decoded.push(Decoded::Bad { fault, payload });
                }
            }
        }
        Ok(decoded)
    }

    fn rows(&self, body: Value, headers: &Value) -> Result<Vec<Value>, Fault> {
        let Some(each) = &self.each else { return Ok(vec![body]) };
        match each.value(&Whole { body: &body, headers })? {
            Some(Value::Array(rows)) if rows.len() <= MAX_ROWS => Ok(rows),
            Some(Value::Array(rows)) => {
                let message = format!("holds {} rows; at most {MAX_ROWS} are taken", rows.len());
                Err(Fault::invalid("body", message))
            }
            _ => Err(Fault::invalid("body", "holds no list where `each` says")),
        }
    }
}

struct Whole<'a> {
    body: &'a Value,
    headers: &'a Value,
}

impl Bound for Whole<'_> {
    fn get(&self, name: &str) -> &Value {
        match name {
            "row" => self.body,
            _ => self.headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unpack(each: Option<&str>) -> Unpack {
        let mapping = json!({"type": "'order_placed'", "subject": "row.customer",
                             "data": {"value": "double(row.total)"}});
        Unpack::compile(each, &serde_json::from_value(mapping).unwrap()).unwrap()
    }

    fn events(unpack: &Unpack, body: Value) -> Result<Vec<Decoded>, Fault> {
        let headers = json!({"x-shopify-topic": "orders/create"});
        let arrived = "2026-11-21T12:00:00Z".parse().unwrap();
        unpack.events(body, &Piece { headers: &headers, id: "d1", source: "shop", arrived })
    }

    fn id(decoded: &Decoded) -> &str {
        match decoded {
            Decoded::Event(event) => &event.id,
            Decoded::Bad { .. } => "bad",
        }
    }

    #[test]
    fn a_piece_is_one_event_or_a_list_of_them() {
        let one = events(&unpack(None), json!({"customer": 7, "total": "9.50"})).unwrap();
        assert_eq!(one.iter().map(id).collect::<Vec<_>>(), ["d1"]);
        let many = unpack(Some("row.orders"));
        let body = json!({"orders": [
            {"customer": "a", "total": 1}, {"total": 2}, {"customer": "c", "total": "x"}]});
        let found = events(&many, body).unwrap();
        assert_eq!(found.iter().map(id).collect::<Vec<_>>(), ["d1#0", "bad", "bad"]);
        let Decoded::Bad { payload, .. } = &found[2] else { panic!("{found:?}") };
        let kept = json!({"source": "shop", "id": "d1#2", "subject": "c",
            "headers": {"x-shopify-topic": "orders/create"}, "row": {"customer": "c", "total": "x"}});
        assert_eq!(*payload, kept);
        for body in [json!({"orders": 5}), json!({}), json!({"orders": vec![1; 501]})] {
            assert!(
                events(&many, body.clone()).unwrap_err().to_string().starts_with("body: "),
                "{body}"
            );
        }
    }
}
