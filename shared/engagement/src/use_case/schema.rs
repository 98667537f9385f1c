//! The JSON Schema of the document, for editors and for programs that write one.

use super::document::Document;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Where the schema is served.
pub const ROUTE: &str = "/v1/schemas/use-case";

/// The schema of a use case's document (JSON Schema 2020-12), made from the types that read it. What
/// it takes may still be refused: it does not compile expressions, nor texts.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "CEAP use case".into());
    schema.to_value()
}
