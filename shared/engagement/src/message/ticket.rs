//! What a message becomes on the channel `ticket`, beside its subject and its text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tags of one message.
const MAX_TAGS: usize = 50;

/// Custom fields of one message.
const MAX_FIELDS: usize = 100;

/// Bytes of a value, but for those of custom fields: names and addresses are shorter.
const MAX_BYTES: usize = 255;

/// Bytes of a custom field's value.
const MAX_FIELD_BYTES: usize = 64 * 1024;

const PRIORITIES: [&str; 4] = ["urgent", "high", "normal", "low"];
const TYPES: [&str; 4] = ["problem", "incident", "question", "task"];
const STATUSES: [&str; 5] = ["new", "open", "pending", "hold", "solved"];

/// The ticket that a message opens, or goes on with, in the tenant's helpdesk. In documents each text is a Liquid
/// template of one line. One that comes out empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TicketContent")]
pub struct Ticket {
    /// `urgent`, `high`, `normal` or `low`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// `problem`, `incident`, `question` or `task`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `new`, `open`, `pending`, `hold` or `solved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The group that it goes to, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The agent who works on it, by email address or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Its form, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Its brand, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Values of the account's own fields, each by its field's title or id; of several options, with commas.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_fields: BTreeMap<String, String>,
    /// What another system calls it. Messages for one subject that say the same here go on with one ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether the requester sees the comment. By default it is an internal note, for agents.
    #[serde(default, skip_serializing_if = "is_false")]
    pub public: bool,
    /// What becomes of the ticket that was opened before and is not solved.
    #[serde(default, skip_serializing_if = "Update::is_comment")]
    pub update: Update,
}

/// What a message does to the ticket that one before it opened: of the same use case or with the same `external_id`,
/// for the same subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TicketUpdate")]
pub enum Update {
    /// Nothing: each message opens a ticket of its own.
    None,
    /// One more comment, and its tags; what agents made of the rest stays. Where no ticket is left that is not
    /// solved, it opens one.
    #[default]
    Comment,
    /// The same, and everything else that it says is set anew.
    All,
}

impl Update {
    fn is_comment(&self) -> bool {
        *self == Self::Comment
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Ticket {
    /// The same with each text as `each` makes it, given its place: `priority`, `tags[0]`, `custom_fields.Plan`.
    ///
    /// # Errors
    /// The first of `each`.
    pub fn map<E>(&self, mut each: impl FnMut(&str, &str) -> Result<String, E>) -> Result<Self, E> {
        let mut one = |part: &str, text: &Option<String>| {
            text.as_deref().map(|text| each(part, text)).transpose()
        };
        let (priority, kind) = (one("priority", &self.priority)?, one("type", &self.kind)?);
        let (status, group) = (one("status", &self.status)?, one("group", &self.group)?);
        let (assignee, form) = (one("assignee", &self.assignee)?, one("form", &self.form)?);
        let brand = one("brand", &self.brand)?;
        let external_id = one("external_id", &self.external_id)?;
        let tags = self.tags.iter().enumerate();
        let tags = tags.map(|(n, tag)| each(&format!("tags[{n}]"), tag));
        let tags = tags.collect::<Result<_, E>>()?;
        let fields = self.custom_fields.iter();
        let fields = fields.map(|(name, value)| {
            Ok((name.clone(), each(&format!("custom_fields.{name}"), value)?))
        });
        let custom_fields = fields.collect::<Result<_, E>>()?;
        let (public, update) = (self.public, self.update);
        Ok(Self {
            priority,
            kind,
            status,
            tags,
            group,
            assignee,
            form,
            brand,
            custom_fields,
            external_id,
            public,
            update,
        })
    }

    /// Whether the helpdesk can take it, as far as that can be told without asking it.
    ///
    /// # Errors
    /// The part, and what is to be different.
    pub fn check(&self) -> Result<(), (String, String)> {
        if self.tags.len() > MAX_TAGS {
            return Err(("tags".to_owned(), format!("at most {MAX_TAGS}")));
        }
        if self.custom_fields.len() > MAX_FIELDS {
            return Err(("custom_fields".to_owned(), format!("at most {MAX_FIELDS}")));
        }
        let each = |part: &str, text: &str| {
            fits(part, text).map(|()| String::new()).map_err(|rule| (part.to_owned(), rule))
        };
        self.map(each).map(drop)
    }

    /// Bytes of its texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let mut bytes = 0_usize;
        let counted = self.map(|_, text| {
            bytes = bytes.saturating_add(text.len());
            Ok::<_, std::convert::Infallible>(String::new())
        });
        drop(counted);
        bytes
    }
}

/// Whether `text` can be said in this part of a ticket.
pub(crate) fn fits(part: &str, text: &str) -> Result<(), String> {
    let text = text.trim();
    let words: &[&str] = match part {
        "priority" => &PRIORITIES,
        "type" => &TYPES,
        "status" => &STATUSES,
        _ => &[],
    };
    if !text.is_empty() && !words.is_empty() && !words.contains(&text) {
        return Err(format!("must be one of {}", words.join(", ")));
    }
    let most = if part.starts_with("custom_fields.") { MAX_FIELD_BYTES } else { MAX_BYTES };
    if text.len() > most {
        return Err(format!("longer than {most} bytes; shorten it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({}), None)]
    #[case(json!({"priority": "urgent", "type": "incident", "status": "open", "tags": ["a b"]}), None)]
    #[case(json!({"priority": " "}), None)]
    #[case(json!({"priority": "highest"}), Some("priority"))]
    #[case(json!({"type": "bug"}), Some("type"))]
    #[case(json!({"status": "closed"}), Some("status"))]
    #[case(json!({"tags": vec!["a"; 51]}), Some("tags"))]
    #[case(json!({"tags": ["a", "x".repeat(256)]}), Some("tags[1]"))]
    #[case(json!({"custom_fields": {"Plan": "x".repeat(65_537)}}), Some("custom_fields.Plan"))]
    fn what_the_helpdesk_cannot_take_is_named(
        #[case] ticket: serde_json::Value,
        #[case] wrong: Option<&str>,
    ) {
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        assert_eq!(ticket.check().err().map(|(part, _)| part).as_deref(), wrong);
    }

    #[test]
    fn it_survives_as_it_was_written() {
        let written = json!({"type": "incident", "custom_fields": {"1": "x"}, "update": "none",
                             "public": true});
        let ticket: Ticket = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&ticket).unwrap(), written);
        assert_eq!(ticket.bytes(), 9);
        assert_eq!(serde_json::to_value(Ticket::default()).unwrap(), json!({}));
        assert!(serde_json::from_value::<Ticket>(json!({"prioritty": "low"})).is_err());
    }
}
