//! What the local SES and SNS really took.

use crate::{aws, http};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    pub channel: &'static str,
    pub to: String,
    /// A mail's subject line.
    pub title: String,
    pub text: String,
}

/// All that was ever sent for a tenant. A mail is known by its sender's domain, a text by its mark.
#[must_use]
pub fn of(tenant: &str) -> Vec<Message> {
    let domain = format!("@{tenant}.example.com");
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mails = captured("ses/messages", "messages").into_iter().filter_map(|mail| {
        let to: Vec<&str> = mail["To"].as_array()?.iter().filter_map(Value::as_str).collect();
        text(&mail, "Source").contains(&domain).then(|| Message {
            channel: "email",
            to: to.join(", "),
            title: text(&mail, "Subject"),
            text: text(&mail, "BodyText"),
        })
    });
    let texts = captured("sns/sms-messages", "sms_messages").into_iter().filter_map(|sms| {
        let mark = sms.pointer("/MessageAttributes/ceap.tenant/StringValue")?;
        (mark == tenant).then(|| Message {
            channel: "sms",
            to: text(&sms, "PhoneNumber"),
            title: String::new(),
            text: text(&sms, "Message"),
        })
    });
    let mut all: Vec<Message> = mails.chain(texts).collect();
    all.sort();
    all
}

/// Both outboxes are objects of lists, by account and by number.
fn captured(path: &str, key: &str) -> Vec<Value> {
    let answer = http::call("GET", &format!("{}/_ministack/{path}", aws::ENDPOINT), &[], &[]);
    assert_eq!(answer.status, 200, "{path}: {answer}");
    let lists = answer.json()[key].as_object().unwrap().clone();
    lists.into_iter().flat_map(|(_, list)| list.as_array().unwrap().clone()).collect()
}
