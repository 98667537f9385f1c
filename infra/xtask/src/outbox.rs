//! What the local SES and SNS really took: the proof of delivery, independent of the platform's own counters.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::Value;

use crate::{aws, http, records::Record};

/// One captured message.
#[derive(Debug, Clone, Serialize)]
pub struct Captured {
    /// `email` or `sms`.
    pub channel: &'static str,
    /// The address or number.
    pub to: String,
    /// The use case that it carries as tag or header.
    pub use_case: Option<String>,
    /// The subject (customer, source address…) it is about; a mail's subject line if it carries none.
    pub subject: Option<String>,
    /// The platform's id if the message carries it, else the provider's.
    #[serde(skip)]
    pub id: String,
    /// First line of the message.
    #[serde(skip)]
    pub title: String,
    /// The text.
    #[serde(skip)]
    pub body: String,
}

/// Adds what the platform's records know of each message.
pub fn label(captured: &mut [Captured], records: &HashMap<String, Record>) {
    for message in captured {
        if let Some(record) = records.get(&message.id) {
            message.use_case = Some(record.use_case.clone());
            message.subject = Some(record.subject.clone());
        }
    }
}

/// The ids of everything captured so far.
pub fn ids() -> Result<HashSet<String>> {
    Ok(emails()?.iter().chain(&texts()?).filter_map(id).collect())
}

/// A tenant's messages that were not there before.
pub fn captured(tenant: &str, before: &HashSet<String>) -> Result<Vec<Captured>> {
    let new = |message: &&Value| id(message).is_some_and(|id| !before.contains(&id));
    let mut found: Vec<Captured> =
        emails()?.iter().filter(new).filter_map(|message| email(tenant, message)).collect();
    found.extend(texts()?.iter().filter(new).filter_map(|message| text(tenant, message)));
    Ok(found)
}

fn email(tenant: &str, message: &Value) -> Option<Captured> {
    let marks = marks(message);
    let from = string(message, "Source");
    let ours = match marks.get("ceaptenant") {
        Some(marked) => marked == tenant,
        None => from.contains(&format!("@{tenant}.")),
    };
    let to: Vec<&str> = message.get("To")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let title = string(message, "Subject");
    ours.then(|| Captured {
        channel: "email",
        to: to.join(", "),
        use_case: marks.get("ceapusecase").cloned(),
        subject: Some(marks.get("ceapsubject").unwrap_or(&title).clone()),
        body: string(message, "BodyText"),
        id: marks.get("ceapmessageid").cloned().unwrap_or_else(|| string(message, "MessageId")),
        title,
    })
}

fn text(tenant: &str, message: &Value) -> Option<Captured> {
    let marks = marks(message);
    (marks.get("ceaptenant")? == tenant).then(|| Captured {
        channel: "sms",
        to: string(message, "PhoneNumber"),
        use_case: marks.get("ceapusecase").cloned(),
        subject: marks.get("ceapsubject").cloned(),
        id: marks.get("ceapmessageid").cloned().unwrap_or_else(|| string(message, "MessageId")),
        title: String::new(),
        body: string(message, "Message"),
    })
}

/// What a message carries about itself, whichever way its provider spells it: `X-Ceap-Use-Case`, `ceap_use_case`
/// and `ceap.use_case` are all `ceapusecase`.
fn marks(message: &Value) -> BTreeMap<String, String> {
    let mut marks = BTreeMap::new();
    for list in ["EmailTags", "Headers"] {
        for entry in message.get(list).and_then(Value::as_array).into_iter().flatten() {
            marks.insert(plain(&string(entry, "Name")), string(entry, "Value"));
        }
    }
    for (name, value) in
        message.get("MessageAttributes").and_then(Value::as_object).into_iter().flatten()
    {
        marks.insert(plain(name), string(value, "StringValue"));
    }
    marks
}

fn plain(name: &str) -> String {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    name.strip_prefix('x').map_or(name.clone(), str::to_owned)
}

fn string(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn id(message: &Value) -> Option<String> {
    Some(message.get("MessageId")?.as_str()?.to_owned())
}

fn emails() -> Result<Vec<Value>> {
    lists("/_ministack/ses/messages", "messages")
}

fn texts() -> Result<Vec<Value>> {
    lists("/_ministack/sns/sms-messages", "sms_messages")
}

/// Both outboxes answer an object of lists, by account and by number.
fn lists(path: &str, key: &str) -> Result<Vec<Value>> {
    let answer = http::get(&format!("{}{path}", aws::ENDPOINT), Duration::from_secs(60))?;
    if answer.status != 200 {
        bail!("the outbox {path} could not be read ({}): {}", answer.status, answer.text());
    }
    let body = answer.json()?;
    let lists = body.get(key).and_then(Value::as_object).into_iter().flatten();
    Ok(lists.filter_map(|(_, list)| list.as_array()).flatten().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_marks_however_they_are_spelled() {
        let message = json!({"MessageId": "1", "Source": "x", "To": ["a@b"], "Subject": "hi",
            "EmailTags": [{"Name": "ceap_use_case", "Value": "cart"}],
            "Headers": [{"Name": "X-Ceap-Tenant", "Value": "t"}, {"Name": "X-Ceap-Subject", "Value": "c-1"}]});
        let found = email("t", &message).unwrap();
        assert_eq!(
            (found.use_case.as_deref(), found.subject.as_deref()),
            (Some("cart"), Some("c-1"))
        );
        assert!(email("other", &message).is_none());
        let sms = json!({"MessageId": "2", "PhoneNumber": "+1", "Message": "hello",
            "MessageAttributes": {"ceap.tenant": {"DataType": "String", "StringValue": "t"}}});
        assert_eq!(text("t", &sms).unwrap().to, "+1");
    }

    #[test]
    fn an_unmarked_mail_is_known_by_its_sender() {
        let message = json!({"MessageId": "1", "Source": "Shop <no-reply@t.example.com>", "To": ["a@b"], "Subject": "hi"});
        assert_eq!(email("t", &message).unwrap().subject.as_deref(), Some("hi"));
        assert!(email("tt", &message).is_none());
    }
}
