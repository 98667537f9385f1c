//! A source as a person writes it.

use super::feed::{FeedSource, MappedSource};
use super::files::FilesDocument;
use super::mapping::MappingDocument;
use super::poll::{AthenaSource, HttpPollSource, SnowflakeSource};
use super::unpack::Unpack;
use super::webhook::WebhookSource;
use ceap_kernel::{Fault, SourceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of one document. An item of DynamoDB holds 400 KB.
const MAX_BYTES: usize = 64 * 1024;

/// Bytes of a name.
const MAX_NAME: usize = 256;

/// Where events come from, under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceDocument {
    /// A slug, unique in its tenant. Events whose client names no source of its own have it as theirs.
    pub id: SourceId,
    /// Counts up with each change. What a request says here does not matter: `If-Match` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// For people.
    pub name: String,
    /// For people: who sends, and what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What sends, and how what it sends becomes events.
    pub from: SourceKind,
}

/// What sends: the name of its kind, and what that kind has to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Clients that speak Segment's HTTP Tracking API: SDKs of Segment and of RudderStack.
    Segment(SegmentSource),
    /// Clients that speak Jitsu's HTTP API.
    Jitsu(JitsuSource),
    /// Clients that send CloudEvents over HTTP.
    #[serde(rename = "cloudevents")]
    CloudEvents(CloudEventsSource),
    /// Files in the drop bucket.
    Files(Box<FilesDocument>),
    /// A sender of webhooks that signs them.
    Webhook(Box<WebhookSource>),
    /// A Kinesis stream.
    Kinesis(Box<FeedSource>),
    /// A queue of SQS.
    Sqs(Box<FeedSource>),
    /// A bus of EventBridge.
    #[serde(rename = "eventbridge")]
    EventBridge(Box<MappedSource>),
    /// What changes in a table of DynamoDB.
    #[serde(rename = "dynamodb")]
    DynamoDb(Box<MappedSource>),
    /// An AWS SDK whose Amazon Pinpoint client is pointed here: the source's id is its application's.
    Pinpoint(PinpointSource),
    /// A query that Athena answers.
    Athena(Box<AthenaSource>),
    /// A query that Snowflake answers.
    Snowflake(Box<SnowflakeSource>),
    /// A JSON API that is asked page by page.
    HttpPoll(Box<HttpPollSource>),
}

/// Nothing is left to say: the dialect says it all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentSource {}

/// Nothing is left to say: the dialect says it all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JitsuSource {}

/// Nothing is left to say: the dialect says it all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinpointSource {}

/// Nothing is left to say: events are events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudEventsSource {}

/// What the clients of a source come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Nothing: they are fetched from, or known by what they sign with a secret of their own.
    None,
    /// A write key.
    Write,
    /// An access key id, and a secret that they sign with.
    Access,
}

impl SourceDocument {
    /// Reads a document in JSON, and checks it.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        if text.len() > MAX_BYTES {
            let message = format!("must be at most {MAX_BYTES} bytes of JSON");
            return Err(Fault::invalid("source", message));
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let document: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let (path, rule) = (error.path().to_string(), error.inner().to_string());
            Fault::invalid(
                if matches!(&*path, "" | ".") { "source".to_owned() } else { path },
                rule,
            )
        })?;
        reader.end().map_err(|error| Fault::invalid("source", error.to_string()))?;
        document.check()?;
        Ok(document)
    }

    fn check(&self) -> Result<(), Fault> {
        let shaped = !self.name.trim().is_empty()
            && self.name.len() <= MAX_NAME
            && !self.name.chars().any(char::is_control);
        if !shaped {
            let rule = format!("must be 1 to {MAX_NAME} bytes of text without control characters");
            return Err(Fault::invalid("name", rule));
        }
        self.from.check().map_err(|fault| fault.within(&format!("from.{}", self.from.as_str())))
    }
}

impl SourceKind {
    /// Its name, as documents write it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Segment(_) => "segment",
            Self::Jitsu(_) => "jitsu",
            Self::CloudEvents(_) => "cloudevents",
            Self::Files(_) => "files",
            Self::Webhook(_) => "webhook",
            Self::Kinesis(_) => "kinesis",
            Self::Sqs(_) => "sqs",
            Self::EventBridge(_) => "eventbridge",
            Self::DynamoDb(_) => "dynamodb",
            Self::Pinpoint(_) => "pinpoint",
            Self::Athena(_) => "athena",
            Self::Snowflake(_) => "snowflake",
            Self::HttpPoll(_) => "http_poll",
        }
    }

    /// What its clients come with.
    #[must_use]
    pub const fn keys(&self) -> Keys {
        match self {
            Self::Segment(_) | Self::Jitsu(_) | Self::CloudEvents(_) => Keys::Write,
            Self::Pinpoint(_) => Keys::Access,
            Self::Files(_)
            | Self::Webhook(_)
            | Self::Kinesis(_)
            | Self::Sqs(_)
            | Self::EventBridge(_)
            | Self::DynamoDb(_)
            | Self::Athena(_)
            | Self::Snowflake(_)
            | Self::HttpPoll(_) => Keys::None,
        }
    }

    /// How its rows become events, where it has rows.
    #[must_use]
    pub fn mapping(&self) -> Option<&MappingDocument> {
        match self {
            Self::Segment(_) | Self::Jitsu(_) | Self::CloudEvents(_) | Self::Pinpoint(_) => None,
            Self::Files(source) => Some(&source.mapping),
            Self::Webhook(source) => Some(&source.mapping),
            Self::Kinesis(source) | Self::Sqs(source) => source.mapping.as_ref(),
            Self::EventBridge(source) | Self::DynamoDb(source) => Some(&source.mapping),
            Self::Athena(_) | Self::Snowflake(_) | Self::HttpPoll(_) => {
                self.polled().map(|polled| polled.mapping)
            }
        }
    }

    /// How records become events, where they are no events yet.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy; of a kind that has no records, too.
    pub fn unpack(&self) -> Result<Option<Unpack>, Fault> {
        match self {
            Self::Webhook(source) => source.compile().map(Some),
            Self::Kinesis(source) | Self::Sqs(source) => source.compile(),
            Self::EventBridge(source) | Self::DynamoDb(source) => source.compile().map(Some),
            Self::Segment(_)
            | Self::Jitsu(_)
            | Self::CloudEvents(_)
            | Self::Pinpoint(_)
            | Self::Files(_)
            | Self::Athena(_)
            | Self::Snowflake(_)
            | Self::HttpPoll(_) => {
                Err(Fault::invalid("from", format!("`{}` has no records", self.as_str())))
            }
        }
    }

    /// Checks what its kind has to be told.
    fn check(&self) -> Result<(), Fault> {
        self.polled().map_or(Ok(()), |polled| polled.check())?;
        match self {
            Self::Segment(_) | Self::Jitsu(_) | Self::CloudEvents(_) | Self::Pinpoint(_) => Ok(()),
            Self::Files(files) => files.check().map(|_| ()),
            Self::Webhook(_)
            | Self::Kinesis(_)
            | Self::Sqs(_)
            | Self::EventBridge(_)
            | Self::DynamoDb(_) => self.unpack().map(|_| ()),
            Self::Athena(athena) => athena.check(),
            Self::Snowflake(snowflake) => snowflake.check(),
            Self::HttpPoll(http) => http.check(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case("segment")]
    #[case("jitsu")]
    #[case("cloudevents")]
    #[case("kinesis")]
    #[case("sqs")]
    #[case("pinpoint")]
    fn a_document_is_read_and_written_alike(#[case] kind: &str) {
        let text = json!({"id": "shop", "name": "Shop", "from": {kind: {}}});
        let document = SourceDocument::parse(text.to_string().as_bytes()).unwrap();
        assert_eq!(document.from.as_str(), kind);
        assert_eq!(serde_json::to_value(document).unwrap(), text);
    }

    #[rstest]
    #[case(json!({"id": "Shop", "name": "Shop", "from": {"segment": {}}}), "id: ")]
    #[case(json!({"id": "shop", "name": " ", "from": {"segment": {}}}), "name: must be 1 to 256")]
    #[case(json!({"id": "shop", "name": "Shop"}), "source: missing field `from`")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"fax": {}}}), "from: unknown variant `fax`")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"jitsu": {"a": 1}}}), "from.jitsu.a: unknown field")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"jitsu": {}}, "form": 1}), "form: unknown field")]
    #[case(json!({"id": "shop", "": 1}), "source: unknown field ``")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"files": {}}}), "from.files: missing field `mapping`")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"files": {"mapping": {"type": "'a'", "subject": "row.("}}}}), "from.files.mapping.subject: is not a CEL")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"kinesis": {"each": "row.orders"}}}), "from.kinesis.each: needs a `mapping`")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"eventbridge": {}}}), "from.eventbridge: missing field `mapping`")]
    #[case(json!({"id": "shop", "name": "Shop", "from": {"dynamodb": {"mapping": {"type": "'a'", "subject": "row.("}}}}), "from.dynamodb.mapping.subject: is not a CEL")]
    fn what_is_wrong_is_named(#[case] text: Value, #[case] says: &str) {
        let fault = SourceDocument::parse(text.to_string().as_bytes()).unwrap_err().to_string();
        assert!(fault.starts_with(says), "{fault}");
    }
}
