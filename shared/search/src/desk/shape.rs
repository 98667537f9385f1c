//! What a document of the helpdesk looks like in Tantivy.

use std::collections::BTreeMap;

use ceap_helpdesk::search::{
    Document, Kind, Of, Stamp,
    document::field::{
        ASSIGNEE, BRAND, FORM, GROUP, NAME, ORGANIZATION_NAME, REQUESTER_LOCALE, REQUESTER_NAME,
    },
};
use ceap_kernel::Fault;
use tantivy::{
    TantivyDocument,
    schema::{
        FAST, Field, IndexRecordOption, JsonObjectOptions, OwnedValue, STRING, Schema,
        TextFieldIndexing, TextOptions,
    },
    tokenizer::TokenizerManager,
};

use super::{column, words};
use crate::Shape;

/// The layout, and how words and values are made of records. Another takes another build.
pub const VERSION: u32 = 2;

/// Kind and id as one number, in their order.
pub const OF: &str = "of";
/// The version of the record.
pub const STAMP: &str = "stamp";
/// Numbers, one column for each field.
pub const NUMBER: &str = "number";
/// The least value of each field that documents are sorted by, one column for each.
pub const ORDER: &str = "order";

/// The tokenizer of words that a document tells ([`words`]).
const TOLD: &str = "told";

/// Bits of an id; those above them are the kind.
const ID_BITS: u32 = 56;
/// Ids are less than this.
const MAX_ID: u64 = (1 << ID_BITS) - 1;

/// The fields that are asked for by terms.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    of: Field,
    stamp: Field,
    /// Exact values: `field`, zero, value.
    pub keyword: Field,
    /// Words with their positions: word, zero, `field`. So a word of all fields is in one place of the dictionary, and
    /// no phrase goes over from one field to another.
    pub text: Field,
    number: Field,
    order: Field,
}

/// The shape, and its fields.
pub fn shape() -> Result<(Shape, Fields), Fault> {
    let mut schema = Schema::builder();
    schema.add_text_field("key", STRING);
    let indexing = |tokenizer: &str, option| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing.set_index_option(option))
    };
    let fields = Fields {
        of: schema.add_u64_field(OF, FAST),
        stamp: schema.add_u64_field(STAMP, FAST),
        keyword: schema.add_text_field("keyword", indexing("raw", IndexRecordOption::Basic)),
        text: schema
            .add_text_field("text", indexing(TOLD, IndexRecordOption::WithFreqsAndPositions)),
        number: schema.add_json_field(NUMBER, JsonObjectOptions::from(FAST)),
        order: schema.add_json_field(ORDER, JsonObjectOptions::from(FAST)),
    };
    let version = format!("helpdesk {VERSION}");
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOLD, words::Told::default());
    Ok((Shape::new(schema.build(), "key", tokenizers, &version)?, fields))
}

/// Whether documents are sorted by the values of a field.
pub fn is_sortable(field: &str) -> bool {
    const SORTABLE: [&str; 8] =
        [REQUESTER_NAME, REQUESTER_LOCALE, ORGANIZATION_NAME, ASSIGNEE, GROUP, BRAND, FORM, NAME];
    SORTABLE.contains(&field) || field.starts_with("custom_field_")
}

/// The term of an exact value, and the beginning of those of all values that begin so.
pub fn keyword(field: &str, value: &str) -> String {
    format!("{field}\0{value}")
}

/// A document's kind and id as one number; `None` if the id is too large to be one.
pub fn number_of(of: Of) -> Option<u64> {
    (of.id < MAX_ID).then(|| place_of(of))
}

/// The same of any kind and id; those too large are all one, behind all others of the kind.
pub fn place_of(of: Of) -> u64 {
    let kind = Kind::ALL.iter().position(|kind| *kind == of.kind);
    let kind = kind.and_then(|kind| u64::try_from(kind).ok()).unwrap_or_default();
    kind << ID_BITS | of.id.min(MAX_ID)
}

/// The kind and the id that a number stands for.
pub fn of_number(number: u64) -> Option<Of> {
    let kind = usize::try_from(number >> ID_BITS).ok()?;
    Some(Of { kind: *Kind::ALL.get(kind)?, id: number & MAX_ID })
}

impl Fields {
    /// A document as Tantivy takes it, but for its key.
    pub fn document(&self, document: &Document, stamp: Stamp) -> Result<TantivyDocument, Fault> {
        let of = Of { kind: document.kind, id: document.id };
        let number =
            number_of(of).ok_or_else(|| Fault::Internal(format!("{of} has too large an id")))?;
        let mut made = TantivyDocument::new();
        made.add_u64(self.of, number);
        made.add_u64(self.stamp, stamp.0);
        for (field, values) in &document.keywords {
            values.iter().for_each(|value| made.add_text(self.keyword, keyword(field, value)));
        }
        for field in document.texts.keys() {
            made.add_text(self.text, words::told(document, field));
        }
        let numbers = document.numbers.iter().map(|(field, number)| (field, (*number).into()));
        add(&mut made, self.number, numbers);
        let sortable = document.keywords.iter().filter(|(field, _)| is_sortable(field));
        let least = sortable.filter_map(|(field, all)| Some((field, all.first()?.clone().into())));
        add(&mut made, self.order, least);
        Ok(made)
    }
}

fn add<'a>(
    document: &mut TantivyDocument,
    to: Field,
    values: impl Iterator<Item = (&'a String, OwnedValue)>,
) {
    let values: BTreeMap<String, OwnedValue> =
        values.map(|(field, value)| (column::name(field), value)).collect();
    if !values.is_empty() {
        document.add_object(to, values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_shape_takes_another_version() {
        let (shape, _) = shape().unwrap();
        assert_eq!(
            (VERSION, shape.stamp()),
            (2, "2a44e55e8d86d35d34ada959e569bd17"),
            "count VERSION up, and note the stamp here"
        );
    }

    #[test]
    fn kind_and_id_are_one_number_in_their_order() {
        let all =
            Kind::ALL.iter().flat_map(|kind| [0, 1, 1 << 53].map(|id| Of { kind: *kind, id }));
        let all: Vec<Of> = all.collect();
        let numbers: Vec<u64> = all.iter().map(|of| number_of(*of).unwrap()).collect();
        assert!(numbers.is_sorted() && all.is_sorted());
        assert!(all.iter().zip(numbers).all(|(of, number)| of_number(number) == Some(*of)));
        assert_eq!(number_of(Of { kind: Kind::Ticket, id: 1 << 56 }), None);
    }
}
