//! A stage of a workflow, or a function that is invoked directly: one JSON value in, one out.

use crate::bootstrap::log;
use crate::unreadable::unreadable;
use crate::{metrics, stage};
use ceap_engagement::pipeline::Portion;
use ceap_kernel::{Fault, Outcome, Tally, TenantId};
use lambda_runtime::{Diagnostic, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A fault as Step Functions sees it: the error types `Retryable` and `Permanent`, which `Retry` and
/// `Catch` match by name.
#[derive(Debug)]
pub struct TaskFault(Fault);

impl From<TaskFault> for Diagnostic {
    fn from(TaskFault(fault): TaskFault) -> Self {
        let error_type = match fault.outcome() {
            Outcome::Retryable => "Retryable",
            Outcome::Permanent => "Permanent",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: format!("{}: {}", fault.code(), fault.public()),
        }
    }
}

/// Runs `work` for each invocation, and prints what it counted.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn serve<I, O>(
    name: &'static str,
    work: impl AsyncFn(I) -> Result<(O, Tally), Fault>,
) -> Result<(), Error>
where
    I: DeserializeOwned,
    O: Serialize,
{
    stage::run(name, async |payload| {
        Box::pin(answer(name, &work, payload)).await.map_err(TaskFault)
    })
    .await
}

/// Runs a stage of the pipeline, of which is told how much goes in and comes out.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn stage<I, O>(
    name: &'static str,
    work: impl AsyncFn(I) -> Result<(O, Tally), Fault>,
) -> Result<(), Error>
where
    I: DeserializeOwned + Portion,
    O: Serialize + Portion,
{
    serve(name, async |input: I| portion(&work, input).await).await
}

pub(crate) async fn portion<I: Portion, O: Portion>(
    work: &impl AsyncFn(I) -> Result<(O, Tally), Fault>,
    input: I,
) -> Result<(O, Tally), Fault> {
    stage::took(input.size(), None);
    stage::linked(input.traces());
    let (output, tally) = work(input).await?;
    stage::made(output.size());
    Ok((output, tally))
}

/// Of a payload, whatever else is in it.
#[derive(Deserialize)]
struct Whose {
    tenant: TenantId,
}

pub(crate) async fn answer<I, O>(
    name: &str,
    work: &impl AsyncFn(I) -> Result<(O, Tally), Fault>,
    payload: Box<RawValue>,
) -> Result<O, Fault>
where
    I: DeserializeOwned,
{
    if let Ok(Whose { tenant }) = serde_json::from_str(payload.get()) {
        stage::of(&tenant);
    }
    let read = serde_json::from_str(payload.get()).map_err(|error| unreadable("payload", &error));
    let outcome = match read {
        Ok(input) => Box::pin(work(input)).await,
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok((output, tally)) => {
            metrics::emit(&tally);
            Ok(output)
        }
        Err(fault) => {
            log(name, &fault);
            Err(fault)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_type_says_whether_to_retry_and_the_message_keeps_internals() {
        let seen = |fault| Diagnostic::from(TaskFault(fault));
        assert_eq!(seen(Fault::Throttled("x".into())).error_type, "Retryable");
        assert_eq!(seen(Fault::Unavailable("x".into())).error_type, "Retryable");
        let internal = seen(Fault::Internal("table Foo".into()));
        assert_eq!(internal.error_type, "Permanent");
        assert!(!internal.error_message.contains("Foo"));
        assert_eq!(seen(Fault::invalid("a", "b")).error_message, "invalid: a: b");
    }
}
