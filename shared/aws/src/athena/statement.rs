//! What Athena is asked. Values never stand in a statement: each is a question mark in it and a
//! literal beside it, as in `EXECUTE … USING`.

use ceap_engagement::history::{MEMORY, Named, Query};
use ceap_engagement::profile::PROFILE_UPDATED;
use ceap_kernel::{SubjectId, TenantId, Timestamp};
use std::collections::BTreeSet;

/// A statement and the literals for its question marks, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) parameters: Vec<String>,
}

impl Statement {
    fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Athena reads a parameter as it reads a literal in SQL, so text stands in quotes.
    fn text(&mut self, value: &str) -> &mut Self {
        self.parameters.push(format!("'{}'", value.replace('\'', "''")));
        self
    }

    fn number(&mut self, value: u32) -> &mut Self {
        self.parameters.push(value.to_string());
        self
    }

    /// Compares a column of timestamps, which are in UTC and have microseconds.
    fn instant(&mut self, column: &str, compare: &str, value: Timestamp) -> &mut Self {
        let text = format!("{value:.6}").replace('T', " ").replace('Z', "");
        self.push(&format!(" AND {column} {compare} CAST(? AS timestamp(6))")).text(&text)
    }
}

/// The columns of [`events`], in its order.
const COLUMNS: &str = r#"subject, id, source, "type", "time", arrived, data"#;
/// What a reader does not tell of, and needs to tell copies apart.
const COPY: &str = r#"row_number() OVER (PARTITION BY subject, source, id ORDER BY arrived, "time", "type", data) AS copy"#;

/// The events that `query` wants, each once, in a reader's order.
pub(super) fn events(tenant: &TenantId, query: &Query) -> Statement {
    let mut statement = Statement::default();
    statement.push(&format!("SELECT {COLUMNS} FROM "));
    each_once(&mut statement, tenant, query);
    statement.push(r#" ORDER BY subject, "time", id, source"#);
    statement
}

/// The subjects of the events that `query` wants.
pub(super) fn subjects(tenant: &TenantId, query: &Query) -> Statement {
    let mut statement = Statement::default();
    statement.push("SELECT DISTINCT subject FROM ");
    each_once(&mut statement, tenant, query);
    statement.push(" ORDER BY subject");
    statement
}

/// Deletes what is known of subjects, and what names them but for what others are known by themselves.
pub(super) fn erasure(tenant: &TenantId, subjects: &[&SubjectId], named: &Named) -> Statement {
    let mut statement = Statement::default();
    statement.push("DELETE FROM events WHERE tenant = ?").text(tenant.as_str());
    let marks = vec!["?"; subjects.len()].join(", ");
    statement.push(&format!(" AND (subject IN ({marks})"));
    for subject in subjects {
        statement.text(subject.as_str());
    }
    if !named.alone.is_empty() {
        statement.push(r#" OR "type" <> ? AND "#).text(PROFILE_UPDATED);
        says(&mut statement, &named.alone);
    }
    if !(named.near.is_empty() || named.tickets.is_empty()) {
        let ids: Vec<String> = named.tickets.iter().map(|id| format!("'{id}'")).collect();
        let ids = ids.join(", ");
        statement.push(&format!(" OR json_extract_scalar(data, '$.ticket.id') IN ({ids}) AND "));
        says(&mut statement, &named.near);
    }
    statement.push(")");
    statement
}

/// Any of these texts is in the data.
fn says(statement: &mut Statement, texts: &BTreeSet<String>) {
    let marks = vec!["regexp_like(lower(data), ?)"; texts.len()].join(" OR ");
    statement.push(&format!("({marks})"));
    for text in texts {
        statement.text(&alone(text));
    }
}

/// What finds a text in lower case where it is no part of a longer word or address. In JSON a line may end before it, as
/// `\\n`.
fn alone(text: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_punctuation() && c != '_' => format!("\\{c}"),
        c => c.to_string(),
    };
    let text: String = text.to_lowercase().chars().map(plain).collect();
    let before = if text.contains('@') { r"[^\p{L}\p{N}._+-]" } else { r"[^\p{L}\p{N}]" };
    format!(r"(^|{before}|\\[nrtbf]){text}($|[^\p{{L}}\p{{N}}])")
}

/// Of copies the first to arrive, which may lie before the period where a later one lies in it: an
/// event without a time happens when it arrives. So copies are looked for in a longer period.
fn each_once(statement: &mut Statement, tenant: &TenantId, query: &Query) {
    statement.push(&format!("(SELECT {COLUMNS}, {COPY} FROM events WHERE tenant = ?"));
    statement.text(tenant.as_str());
    if let Some(subject) = &query.subject {
        statement.push(" AND subject = ?").text(subject.as_str());
    }
    if !query.kinds.is_empty() {
        let marks = vec!["?"; query.kinds.len()].join(", ");
        statement.push(&format!(r#" AND "type" IN ({marks})"#));
        query.kinds.iter().for_each(|kind| {
            statement.text(kind);
        });
    }
    if let Some(part) = query.part {
        statement.push(" AND mod(part, ?) = ?").number(part.of()).number(part.index());
    }
    if let Some(from) = query.from.map(|from| from.checked_sub(MEMORY).unwrap_or(Timestamp::MIN)) {
        // Nothing happens after its arrival; days of arrival are folders that need not be opened.
        statement.instant("arrived", ">=", from).instant(r#""time""#, ">=", from);
    }
    if let Some(until) = query.until.map(|it| it.checked_add(MEMORY).unwrap_or(Timestamp::MAX)) {
        statement.instant(r#""time""#, "<", until);
    }
    statement.push(") WHERE copy = 1");
    if let Some(from) = query.from {
        statement.instant(r#""time""#, ">=", from);
    }
    if let Some(until) = query.until {
        statement.instant(r#""time""#, "<", until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_engagement::history::Part;
    use ceap_testkit::builders::{noon, subject, tenant};

    #[test]
    fn an_erasure_deletes_subjects_and_what_names_them() {
        let (ada, other) = (subject("ada"), subject("o'ada"));
        let none = erasure(&tenant("acme"), &[&ada, &other], &Named::default());
        assert_eq!(none.text, "DELETE FROM events WHERE tenant = ? AND (subject IN (?, ?))");
        let alone = ["Ada_L@acme.example", "cust-1"].map(str::to_owned).into();
        let named = Named { alone, ..Named::default() };
        let both = erasure(&tenant("acme"), &[&ada], &named);
        let pattern = "regexp_like(lower(data), ?)";
        let expected = format!(
            r#"DELETE FROM events WHERE tenant = ? AND (subject IN (?) OR "type" <> ? AND ({pattern} OR {pattern}))"#
        );
        assert_eq!(both.text, expected);
        let patterns = [
            r"'(^|[^\p{L}\p{N}._+-]|\\[nrtbf])ada_l\@acme\.example($|[^\p{L}\p{N}])'",
            r"'(^|[^\p{L}\p{N}]|\\[nrtbf])cust\-1($|[^\p{L}\p{N}])'",
        ];
        assert_eq!(both.parameters[..3], ["'acme'", "'ada'", "'profile_updated'"]);
        assert_eq!(both.parameters[3..], patterns);
        let near = ["Ada".to_owned()].into();
        let named = Named { near, tickets: [7, 12].into(), ..Named::default() };
        let beside = erasure(&tenant("acme"), &[&ada], &named);
        let expected = format!(
            "DELETE FROM events WHERE tenant = ? AND (subject IN (?) \
             OR json_extract_scalar(data, '$.ticket.id') IN ('7', '12') AND ({pattern}))"
        );
        assert_eq!(beside.text, expected);
        assert_eq!(beside.parameters.len(), 3);
    }

    #[test]
    fn values_stand_beside_the_statement() {
        let query = Query {
            kinds: ["o'clock".to_owned(), "x".to_owned()].into(),
            from: Some(noon()),
            until: Some(noon()),
            subject: Some(subject("'; DROP TABLE events; --?")),
            part: Some(Part::new(3, 8).unwrap()),
        };
        let statement = events(&tenant("acme"), &query);
        assert_eq!(
            statement.parameters,
            [
                "'acme'",
                "'''; DROP TABLE events; --?'",
                "'o''clock'",
                "'x'",
                "8",
                "3",
                "'2026-11-20 12:00:00.000000'",
                "'2026-11-20 12:00:00.000000'",
                "'2026-11-22 12:00:00.000000'",
                "'2026-11-21 12:00:00.000000'",
                "'2026-11-21 12:00:00.000000'",
            ]
        );
        assert_eq!(statement.text.matches('?').count(), statement.parameters.len());
        assert!(!statement.text.contains('\''), "{}", statement.text);
    }

    #[test]
    fn a_question_without_more_asks_for_all_of_the_tenant() {
        for statement in [events, subjects].map(|ask| ask(&tenant("acme"), &Query::default())) {
            assert_eq!(statement.parameters, ["'acme'"]);
            assert!(statement.text.contains("FROM events WHERE tenant = ?"), "{}", statement.text);
        }
    }
}
