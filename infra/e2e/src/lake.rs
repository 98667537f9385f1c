//! The event lake, as whoever has Athena sees it.

use crate::{aws, until};
use serde_json::{Value, json};

/// The rows of a statement's answer, every value a text; `parameters` are literals as in SQL.
#[must_use]
pub fn ask(statement: &str, parameters: &[&str]) -> Vec<Vec<String>> {
    let athena = |operation: &str, body: &Value| {
        aws::call("athena", &format!("AmazonAthena.{operation}"), body)
    };
    let request = json!({"QueryString": statement, "ExecutionParameters": parameters,
                         "WorkGroup": aws::output("/lake/workgroup"),
                         "QueryExecutionContext": {"Database": aws::output("/lake/database")}});
    let id =
        json!({"QueryExecutionId": athena("StartQueryExecution", &request)["QueryExecutionId"]});
    until("Athena's answer", 60, || {
        let status = athena("GetQueryExecution", &id)["QueryExecution"]["Status"].clone();
        assert_ne!(status["State"], "FAILED", "{statement}: {status}");
        (status["State"] == "SUCCEEDED").then_some(())
    });
    let answer = athena("GetQueryResults", &id);
    let rows = answer["ResultSet"]["Rows"].as_array().unwrap();
    let value = |datum: &Value| datum["VarCharValue"].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| row["Data"].as_array().unwrap().iter().map(value).collect();
    rows.iter().skip(1).map(row).collect()
}

/// A text as a literal.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
