//! Queries as sources, as a person writes them.

use super::http::HttpPollSource;
use super::watermark::WatermarkDocument;
use crate::source::document::SourceKind;
use crate::source::mapping::{Mapping, MappingDocument};
use crate::use_case::ScheduleDocument;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of a statement (Athena: 262,144; a document holds 64 KB in all).
const MAX_QUERY: usize = 32 * 1024;

/// Bytes of a name.
const MAX_NAME: usize = 128;

/// A query that Athena answers, as the tenant's role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AthenaSource {
    /// When it is asked; only when somebody asks for it, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleDocument>,
    /// Athena's workgroup, which says where answers are kept and what a query may scan.
    pub workgroup: String,
    /// The database of tables that the query names without one.
    pub database: String,
    /// The data catalog; `AwsDataCatalog` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// The statement. With a `watermark` it has one question mark, which the watermark stands for: `WHERE updated_at >=
    /// CAST(? AS timestamp)`.
    pub query: String,
    /// By what it goes on where it stopped; without, every poll reads all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<WatermarkDocument>,
    /// How a row becomes an event.
    pub mapping: MappingDocument,
}

/// A query that Snowflake answers through its SQL API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnowflakeSource {
    /// When it is asked; only when somebody asks for it, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleDocument>,
    /// The account identifier: `myorg-myaccount`.
    pub account: String,
    /// The user that the key pair is of.
    pub user: String,
    /// The name of the secret with the user's private key, in PEM (PKCS#8, not encrypted).
    pub secret: String,
    /// Where the account answers, if not at `https://<account>.snowflakecomputing.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The role; the user's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The warehouse; the user's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// The database of tables that the query names without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The schema of such tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The statement. With a `watermark` it has one question mark, which the watermark stands for.
    pub query: String,
    /// By what it goes on where it stopped; without, every poll reads all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<WatermarkDocument>,
    /// How a row becomes an event.
    pub mapping: MappingDocument,
}

/// What all sources that are asked have.
#[derive(Debug, Clone, Copy)]
pub struct Polled<'a> {
    /// When it is asked.
    pub schedule: Option<&'a ScheduleDocument>,
    /// By what it goes on where it stopped.
    pub watermark: Option<&'a WatermarkDocument>,
    /// How a row becomes an event.
    pub mapping: &'a MappingDocument,
    /// Pages of one poll, at most.
    pub max_pages: u64,
}

/// Pages of one poll of a query: what Athena keeps of an answer has fewer than ten million rows then.
const MAX_PAGES: u64 = 10_000;

impl SourceKind {
    /// What it has, if it is one that is asked.
    #[must_use]
    pub fn polled(&self) -> Option<Polled<'_>> {
        match self {
            Self::Athena(it) => Some(Polled {
                schedule: it.schedule.as_ref(),
                watermark: it.watermark.as_ref(),
                mapping: &it.mapping,
                max_pages: MAX_PAGES,
            }),
            Self::Snowflake(it) => Some(Polled {
                schedule: it.schedule.as_ref(),
                watermark: it.watermark.as_ref(),
                mapping: &it.mapping,
                max_pages: MAX_PAGES,
            }),
            Self::HttpPoll(it) => Some(HttpPollSource::polled(it)),
            _ => None,
        }
    }
}

impl Polled<'_> {
    /// Checks what all have.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if let Some(schedule) = self.schedule {
            schedule.check("schedule")?;
        }
        if let Some(watermark) = self.watermark {
            watermark.check()?;
        }
        Mapping::compile(self.mapping).map(|_| ())
    }
}

impl AthenaSource {
    /// Checks it.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        named("workgroup", &self.workgroup)?;
        named("database", &self.database)?;
        self.catalog.as_deref().map_or(Ok(()), |catalog| named("catalog", catalog))?;
        statement(&self.query, self.watermark.is_some())
    }
}

impl SnowflakeSource {
    /// Checks it.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let letters = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if self.account.is_empty()
            || self.account.len() > MAX_NAME
            || !self.account.bytes().all(letters)
        {
            return Err(Fault::invalid(
                "account",
                "must be an account identifier, as myorg-myaccount",
            ));
        }
        named("user", &self.user)?;
        secret("secret", &self.secret)?;
        let fields = [("role", &self.role), ("warehouse", &self.warehouse)];
        for (field, name) in
            fields.into_iter().chain([("database", &self.database), ("schema", &self.schema)])
        {
            name.as_deref().map_or(Ok(()), |name| named(field, name))?;
        }
        statement(&self.query, self.watermark.is_some())
    }
}

fn named(field: &str, name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        let rule = format!("must be 1 to {MAX_NAME} bytes of text without control characters");
        return Err(Fault::invalid(field, rule));
    }
    Ok(())
}

/// Checks a secret's name: it stands behind the tenant's in the name that AWS Secrets Manager knows.
///
/// # Errors
/// `Invalid` at `field`.
pub(super) fn secret(field: &str, name: &str) -> Result<(), Fault> {
    crate::secret::check_name(name).map_err(|fault| match fault {
        Fault::Invalid { message, .. } => Fault::invalid(field, message),
        other => other,
    })
}

fn statement(query: &str, incremental: bool) -> Result<(), Fault> {
    if query.trim().is_empty() || query.len() > MAX_QUERY {
        return Err(Fault::invalid("query", format!("must be 1 to {MAX_QUERY} bytes of SQL")));
    }
    match (query.contains('?'), incremental) {
        (false, true) => Err(Fault::invalid(
            "query",
            "needs a question mark for the watermark, as in updated_at >= CAST(? AS timestamp)",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::source::SourceDocument;
    use crate::source::document::Keys;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn parse(kind: &str, mut from: Value) -> Result<SourceDocument, String> {
        from["mapping"] = json!({"type": "'a'", "subject": "row.s"});
        let text = json!({"id": "shop", "name": "Shop", "from": {kind: from}}).to_string();
        SourceDocument::parse(text.as_bytes()).map_err(|fault| fault.to_string())
    }

    #[rstest]
    #[case("athena", json!({"workgroup": "w", "database": "d", "query": "SELECT 1"}))]
    #[case("athena", json!({"workgroup": "w", "database": "d", "query": "SELECT ?", "schedule": {"expression": "rate(1 hour)"},
                            "watermark": {"field": "at", "initial": "2026-01-01 00:00:00"}}))]
    #[case("snowflake", json!({"account": "org-acc", "user": "CEAP", "secret": "snowflake_key", "query": "SELECT 1"}))]
    fn what_can_be_asked_is_taken(#[case] kind: &str, #[case] from: Value) {
        let document = parse(kind, from).unwrap();
        assert_eq!(document.from.as_str(), kind);
        assert!(document.from.polled().is_some() && document.from.keys() == Keys::None);
        let again = serde_json::to_value(&document).unwrap();
        assert_eq!(serde_json::from_value::<SourceDocument>(again).unwrap(), document);
    }

    #[rstest]
    #[case("athena", json!({"workgroup": "", "database": "d", "query": "SELECT 1"}), "from.athena.workgroup: ")]
    #[case("athena", json!({"workgroup": "w", "database": "d", "query": " "}), "from.athena.query: ")]
    #[case("athena", json!({"workgroup": "w", "database": "d", "query": "SELECT 1", "schedule": {"expression": "daily"}}), "from.athena.schedule.expression: ")]
    #[case("athena", json!({"workgroup": "w", "database": "d", "query": "SELECT 1", "watermark": {"field": "at", "initial": "2026-01-01"}}), "from.athena.query: needs a question mark")]
    #[case("athena", json!({"workgroup": "w", "database": "d", "query": "SELECT ?", "watermark": {"field": "at", "as": "number", "initial": "x"}}), "from.athena.watermark.initial: must be a number")]
    #[case("snowflake", json!({"account": "a/b", "user": "CEAP", "secret": "key", "query": "SELECT 1"}), "from.snowflake.account: ")]
    #[case("snowflake", json!({"account": "a", "user": "CEAP", "secret": "a/b", "query": "SELECT 1"}), "from.snowflake.secret: ")]
    fn what_can_not_be_is_refused(#[case] kind: &str, #[case] from: Value, #[case] said: &str) {
        let refused = parse(kind, from).unwrap_err();
        assert!(refused.starts_with(said), "{refused}");
    }
}
