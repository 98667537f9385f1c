//! Templates as a person writes them.

use crate::message::Ticket;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of one document. An item of DynamoDB holds 400 KB.
const MAX_BYTES: usize = 256 * 1024;

/// What a message says in one language, as Liquid templates. Each channel takes the parts that it
/// can show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextsDocument {
    /// One line: an email's subject, the title of a notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Plain text. It may lack only beside `approved`; its parameters are the text then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// HTML, for channels that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// MJML, in place of `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mjml: Option<String>,
    /// The URL that a tap on a notification opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The provider's own approved template, for channels that know such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovedDocument>,
    /// The ticket that it opens or goes on with, for channel `ticket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
}

/// A template that the provider keeps, and what it is filled with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovedDocument {
    /// Its name at the provider.
    pub name: String,
    /// Its language, as the provider writes it: `de`, `en_US`.
    pub language: String,
    /// A Liquid template of one line for each of its parameters, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
}

/// A stored template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateDocument {
    /// A slug, unique in its tenant.
    pub id: String,
    /// Counts up with each change. What a request says here does not matter: `If-Match` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The channel that it is for: `email`, `sms`, …
    pub channel: String,
    /// For people.
    pub name: String,
    /// For people: when it is sent and to whom.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it says, unless the recipient's language is among `locales`.
    #[serde(flatten)]
    pub texts: TextsDocument,
    /// What it says in other languages, by BCP 47 tag: `de`, `pt-BR`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locales: BTreeMap<String, TextsDocument>,
}

/// A stored partial: what templates share by `{% render 'id' %}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartialDocument {
    /// A slug, unique in its tenant.
    pub id: String,
    /// As in a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Liquid. How its values are escaped depends on where it is rendered.
    pub source: String,
}

impl TemplateDocument {
    /// Reads a document in JSON.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let document: Self = parse("template", text)?;
        slug(&document.id)?;
        Ok(document)
    }
}

impl PartialDocument {
    /// Reads a document in JSON.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let document: Self = parse("partial", text)?;
        slug(&document.id)?;
        Ok(document)
    }
}

fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault::invalid(what, format!("must be at most {MAX_BYTES} bytes of JSON")));
    }
    serde_json::from_str(text).map_err(|error| Fault::invalid(what, error.to_string()))
}

/// As other ids: safe in keys and URLs.
pub(super) fn slug(id: &str) -> Result<(), Fault> {
    let shaped = id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && !id.contains("--")
        && id.len() <= 63
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if shaped {
        return Ok(());
    }
    let rule =
        "must be 1 to 63 lowercase letters, digits and single hyphens, starting with a letter";
    Err(Fault::invalid("id", rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_document_survives_and_unknown_fields_are_named() {
        let text = r#"{"id":"welcome","channel":"email","name":"Welcome","subject":"Hi","text":"t",
                       "mjml":"<mjml/>","locales":{"de":{"subject":"Hallo","text":"t"}}}"#;
        let document = TemplateDocument::parse(text).unwrap();
        assert_eq!(document.texts.subject.as_deref(), Some("Hi"));
        assert_eq!(document.locales["de"].subject.as_deref(), Some("Hallo"));
        let again = serde_json::to_string(&document).unwrap();
        assert_eq!(TemplateDocument::parse(&again).unwrap(), document);
    }

    #[rstest]
    #[case(r#"{"id":"a","channel":"email","name":"A","subjekt":"Hi","text":"t"}"#, "`subjekt`")]
    #[case(r#"{"id":"a","channel":"e","name":"A","locales":{"de":{"txt":"t"}}}"#, "`txt`")]
    #[case(r#"{"id":"A b","channel":"e","name":"A"}"#, "id: must be 1 to 63")]
    #[case(r#"{"id":"a"}"#, "`channel`")]
    fn what_is_wrong_is_named(#[case] text: &str, #[case] says: &str) {
        let fault = TemplateDocument::parse(text).unwrap_err().to_string();
        assert!(fault.contains(says), "{fault}");
    }
}
