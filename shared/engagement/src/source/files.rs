//! A source of files: what lies at `<tenant>/<source>/` in the drop bucket, how it is written, and how
//! its rows become events.

use super::document::SourceKind;
use super::library::Sources;
use super::mapping::{Mapping, MappingDocument};
use ceap_kernel::{Fault, SourceId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Columns of a file, and bytes of all their names: they are kept with its plan.
pub const MAX_COLUMNS: usize = 1_000;
const MAX_NAMES: usize = 32 * 1024;

/// How files are written.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FileFormat")]
pub enum Format {
    /// As the file's name says (`.csv`, `.tsv`, `.json`, `.jsonl`, `.ndjson`, `.parquet`), or else its
    /// first bytes.
    #[default]
    Auto,
    /// Rows of fields (RFC 4180).
    Csv,
    /// An array of objects, or objects one after the other.
    Json,
    /// An object on each line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

/// How text is encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FileEncoding")]
pub enum Encoding {
    /// UTF-8, or UTF-16 if the file begins with its byte order mark.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the lower byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the higher byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Latin 1 as Windows has it; ISO-8859-1 is read so, too (WHATWG Encoding Standard).
    #[serde(rename = "windows-1252", alias = "latin1", alias = "iso-8859-1")]
    Windows1252,
    /// Central European.
    #[serde(rename = "windows-1250")]
    Windows1250,
    /// Cyrillic.
    #[serde(rename = "windows-1251")]
    Windows1251,
    /// Latin 9: Latin 1 with the euro sign.
    #[serde(rename = "iso-8859-15")]
    Iso885915,
}

/// A source of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesDocument {
    /// How the files are written.
    #[serde(default)]
    pub format: Format,
    /// How their text is encoded.
    #[serde(default)]
    pub encoding: Encoding,
    /// CSV: what stands between fields; by default what the first line has most of `,`, `;`, tab and `|`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// CSV: whether the first row names the columns.
    #[serde(default = "yes")]
    pub header: bool,
    /// CSV: the columns' names, if there is no header or it says them otherwise; `c1`, `c2`, … without either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// How a row becomes an event.
    pub mapping: MappingDocument,
}

fn yes() -> bool {
    true
}

impl FilesDocument {
    /// Checks all of it; its mapping, ready to use.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn check(&self) -> Result<Mapping, Fault> {
        if self.delimiter.is_some_and(|it| !it.is_ascii() || "\"\r\n\0".contains(it)) {
            let rule = "must be one ASCII character, and no quote or end of line";
            return Err(Fault::invalid("delimiter", rule));
        }
        if let Some(columns) = &self.columns {
            names("columns", columns)?;
        }
        Mapping::compile(&self.mapping)
    }
}

/// Checks the names of columns.
///
/// # Errors
/// `Invalid` at `field` for none, too many, or one that is there twice.
pub fn names(field: &str, columns: &[String]) -> Result<(), Fault> {
    let bytes = columns.iter().fold(0_usize, |sum, name| sum.saturating_add(name.len()));
    if columns.is_empty() || columns.len() > MAX_COLUMNS || bytes > MAX_NAMES {
        let rule = format!("must be 1 to {MAX_COLUMNS} names of {MAX_NAMES} bytes together");
        return Err(Fault::invalid(field, rule));
    }
    let mut seen = BTreeSet::new();
    match columns.iter().find(|name| !seen.insert(name.as_str())) {
        Some(twice) => Err(Fault::invalid(field, format!("has the column `{twice}` twice"))),
        None => Ok(()),
    }
}

/// Finds sources of files.
#[allow(async_fn_in_trait)]
pub trait FileSources {
    /// The source, if the tenant has one of that id that takes files.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn find(
        &self,
        tenant: &TenantId,
        source: &SourceId,
    ) -> Result<Option<FilesDocument>, Fault>;
}

impl<S: Sources> FileSources for S {
    async fn find(
        &self,
        tenant: &TenantId,
        source: &SourceId,
    ) -> Result<Option<FilesDocument>, Fault> {
        let stored = Sources::get(self, tenant, source).await?;
        Ok(stored.and_then(|stored| match stored.document.from {
            SourceKind::Files(files) => Some(*files),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn checked(mut document: Value) -> Result<Mapping, String> {
        document["mapping"] = json!({"type": "'a'", "subject": "row.s"});
        let document: FilesDocument =
            serde_json::from_value(document).map_err(|error| error.to_string())?;
        document.check().map_err(|fault| fault.to_string())
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({"format": "csv", "delimiter": ";", "encoding": "latin1", "header": false}))]
    #[case(json!({"columns": ["a", "b"]}))]
    fn what_can_be_read_is_taken(#[case] document: Value) {
        assert!(checked(document).is_ok());
    }

    #[rstest]
    #[case(json!({"delimiter": "\""}), "delimiter: must be one ASCII character")]
    #[case(json!({"delimiter": "·"}), "delimiter: must be one ASCII character")]
    #[case(json!({"delimiter": "||"}), "invalid value")]
    #[case(json!({"columns": []}), "columns: must be 1 to 1000 names")]
    #[case(json!({"columns": ["a", "a"]}), "columns: has the column `a` twice")]
    #[case(json!({"format": "xlsx"}), "unknown variant `xlsx`")]
    fn what_can_not_be_is_refused(#[case] document: Value, #[case] said: &str) {
        let refused = checked(document).unwrap_err();
        assert!(refused.starts_with(said), "{refused}");
    }
}
