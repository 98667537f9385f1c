//! Columns of a segment.

use tantivy::{
    columnar::{Column, ColumnType, StrColumn},
    index::SegmentReader,
};

use super::shape::{NUMBER, ORDER};

/// A field's name in the name of its column, in which dots part objects.
pub fn name(field: &str) -> String {
    field.replace('.', ":")
}

/// The column of a field's numbers.
pub fn of_numbers(field: &str) -> String {
    format!("{NUMBER}.{}", name(field))
}

/// The column of a field's least values.
pub fn of_words(field: &str) -> String {
    format!("{ORDER}.{}", name(field))
}

/// The numbers of a field, as integers in the same order ([`tantivy::f64_to_u64`]); `None` if no document has one.
pub fn numbers(segment: &SegmentReader, field: &str) -> tantivy::Result<Option<Column<u64>>> {
    let columns = segment.fast_fields();
    match columns.dynamic_column_handle(&of_numbers(field), ColumnType::F64)? {
        Some(column) => Ok(column.open_u64_lenient()?),
        None => Ok(None),
    }
}

/// The least values of a field, as their numbers in a dictionary in their order; `None` if no document has one.
pub fn words(segment: &SegmentReader, field: &str) -> tantivy::Result<Option<StrColumn>> {
    segment.fast_fields().str(&of_words(field))
}
