//! What an index's documents look like.

use ceap_kernel::{Fault, digest};
use tantivy::{
    Term,
    index::IndexSettings,
    schema::{Field, Schema},
    tokenizer::TokenizerManager,
};

/// What an index's documents look like: their fields, which of them is the key, and how text becomes words.
#[derive(Clone)]
pub struct Shape {
    /// The fields.
    pub schema: Schema,
    /// Indexed as it stands (`STRING`): no two living documents have the same.
    pub key: Field,
    /// The tokenizers that fields name.
    pub tokenizers: TokenizerManager,
    stamp: String,
}

impl Shape {
    /// A shape whose key is the field with this name. `version` tells shapes apart whose fields are the same, but not
    /// what is put in them.
    ///
    /// # Errors
    /// `Internal` if there is no such field, or if it is not indexed.
    pub fn new(
        schema: Schema,
        key: &str,
        tokenizers: TokenizerManager,
        version: &str,
    ) -> Result<Self, Fault> {
        let field = schema.get_field(key).map_err(|e| Fault::Internal(e.to_string()))?;
        if !schema.get_field_entry(field).is_indexed() {
            return Err(Fault::Internal(format!("the key {key} is not indexed")));
        }
        let fields = serde_json::to_string(&schema).map_err(|e| Fault::Internal(e.to_string()))?;
        let stamp = digest(&[&fields, version]);
        Ok(Self { schema, key: field, tokenizers, stamp })
    }

    /// What a manifest keeps of a shape: one index has one. Another shape takes another index, built anew.
    #[must_use]
    pub fn stamp(&self) -> &str {
        &self.stamp
    }

    /// What finds the document with this key.
    #[must_use]
    pub fn term(&self, key: &str) -> Term {
        Term::from_field_text(self.key, key)
    }

    /// How segments are written. They are never sorted: merging keeps documents in the order of their segments, on
    /// which carrying tombstones over into a merged segment relies.
    pub(crate) fn settings() -> IndexSettings {
        IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() }
    }
}
