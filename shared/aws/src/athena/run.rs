//! A statement, run to its end, and its answer, read from S3 as it comes.

use super::statement::Statement;
use crate::fault::fault;
use aws_sdk_athena::Client;
use aws_sdk_athena::types::{QueryExecution, QueryExecutionContext, QueryExecutionState};
use ceap_kernel::Fault;
use csv_async::{AsyncReaderBuilder, StringRecord};
use futures::stream::{Stream, StreamExt};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Looked for an end after this long, then after twice as long each time.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LAST_LOOK: Duration = Duration::from_secs(3);

#[derive(Debug, Clone)]
pub(super) struct Runner {
    athena: Client,
    s3: aws_sdk_s3::Client,
    database: String,
    workgroup: String,
    pub(super) patience: Duration,
}

impl Runner {
    pub(super) fn new(
        config: &aws_config::SdkConfig,
        database: String,
        workgroup: String,
        patience: Duration,
    ) -> Self {
        // Buckets in the path, as whatever stands in for S3 understands them too.
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
        let s3 = aws_sdk_s3::Client::from_conf(s3);
        Self { athena: Client::new(config), s3, database, workgroup, patience }
    }

    /// The lines of a statement's answer. They are not kept: few are in memory at once.
    pub(super) async fn answer(
        &self,
        statement: &Statement,
    ) -> Result<impl Stream<Item = Result<StringRecord, Fault>> + Send + use<>, Fault> {
        let location = self.run(statement).await?;
        let (bucket, key) = location
            .strip_prefix("s3://")
            .and_then(|path| path.split_once('/'))
            .ok_or_else(|| Fault::Internal("Athena named no place for its answer".to_owned()))?;
        let object = self.s3.get_object().bucket(bucket).key(key).send().await;
        let body = object.map_err(|error| fault("GetObject", &error))?.body;
        let lines = AsyncReaderBuilder::new().create_reader(body.into_async_read()).into_records();
        Ok(lines.map(|line| {
            line.map_err(|error| Fault::Unavailable(format!("the answer broke off: {error}")))
        }))
    }

    /// Runs a statement to its end; returns where its answer lies.
    pub(super) async fn run(&self, statement: &Statement) -> Result<String, Fault> {
        let began = Instant::now();
        let context = QueryExecutionContext::builder().database(&self.database).build();
        let started = self.athena.start_query_execution().work_group(&self.workgroup);
        let started = started.query_execution_context(context).query_string(&statement.text);
        let started =
            started.set_execution_parameters(Some(statement.parameters.clone())).send().await;
        let started = started.map_err(|error| fault("StartQueryExecution", &error))?;
        let id = started.query_execution_id.unwrap_or_default();
        let mut pause = FIRST_LOOK;
        while began.elapsed() < self.patience {
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LAST_LOOK);
            match self.look(&id).await {
                Ok(None) => {}
                Ok(Some(location)) => return Ok(location),
                // It runs on, whoever looks.
                Err(Fault::Throttled(_)) => pause = LAST_LOOK,
                Err(fault) => return Err(fault),
            }
        }
        // Nobody waits for it any more; that it may run on does no harm.
        let _ = self.athena.stop_query_execution().query_execution_id(&id).send().await;
        Err(Fault::Unavailable(format!("Athena took longer than {:?}", self.patience)))
    }

    /// Where the answer lies, once there is one.
    async fn look(&self, id: &str) -> Result<Option<String>, Fault> {
        let seen = self.athena.get_query_execution().query_execution_id(id).send().await;
        let seen = seen.map_err(|error| fault("GetQueryExecution", &error))?.query_execution;
        let seen =
            seen.ok_or_else(|| Fault::Internal("GetQueryExecution: no answer".to_owned()))?;
        match seen.status().and_then(|status| status.state()) {
            Some(QueryExecutionState::Succeeded) => {
                let result = seen.result_configuration();
                Ok(Some(result.and_then(|it| it.output_location()).unwrap_or_default().to_owned()))
            }
            Some(QueryExecutionState::Queued | QueryExecutionState::Running) => Ok(None),
            _ => Err(failed(&seen)),
        }
    }
}

/// Why a statement failed. The reason is Athena's own and quotes the statement, never its values.
fn failed(execution: &QueryExecution) -> Fault {
    let status = execution.status();
    let reason = status.and_then(|it| it.state_change_reason()).unwrap_or("no reason was given");
    let error = status.and_then(|it| it.athena_error());
    let text = format!("Athena: {reason}");
    if reason.contains("ICEBERG_COMMIT_ERROR") {
        Fault::Conflict(text)
    } else if error.is_some_and(|error| error.retryable() || error.error_category() == Some(1)) {
        Fault::Unavailable(text)
    } else {
        Fault::Internal(text)
    }
}
