//! The workflows of runs, of erasures and of polls in Step Functions.

use crate::fault::fault;
use aws_sdk_sfn::Client;
use ceap_engagement::erasure::desk::Executions;
use ceap_engagement::erasure::{self, Erasure};
use ceap_engagement::run::desk::Workflow;
use ceap_engagement::run::{Run, Which};
use ceap_engagement::source::poll::{AskedFor, PollWorkflow};
use ceap_kernel::{Fault, Timestamp};
use serde::Serialize;

/// The state machine that works on runs, on erasures, or on polls.
#[derive(Debug, Clone)]
pub struct StateMachine {
    client: Client,
    arn: String,
}

impl StateMachine {
    /// The state machine `arn`.
    pub fn new(config: &aws_config::SdkConfig, arn: impl Into<String>) -> Self {
        Self { client: Client::new(config), arn: arn.into() }
    }
}

/// What an execution is begun with.
#[derive(Serialize)]
struct Input {
    #[serde(flatten)]
    which: Which,
    /// The workflow waits until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    begins: Option<Timestamp>,
}

impl StateMachine {
    /// Begins an execution, unless there is or was one of this name.
    async fn start(&self, name: String, input: &impl Serialize) -> Result<(), Fault> {
        let input =
            serde_json::to_string(input).map_err(|error| Fault::Internal(error.to_string()))?;
        let start = self.client.start_execution().state_machine_arn(&self.arn);
        match start.name(name).input(input).send().await {
            Ok(_) => Ok(()),
            // It ran already; what came of it, the record of what it was begun for says.
            Err(error)
                if error.as_service_error().is_some_and(|it| it.is_execution_already_exists()) =>
            {
                Ok(())
            }
            Err(error) => Err(fault("StartExecution", &error)),
        }
    }
}

impl Executions for StateMachine {
    async fn begin(&self, erasure: &Erasure) -> Result<(), Fault> {
        self.start(erasure.execution_name(), &erasure::Which::from(erasure)).await
    }
}

impl PollWorkflow for StateMachine {
    async fn begin(&self, asked: &AskedFor) -> Result<(), Fault> {
        self.start(asked.poll.to_string(), asked).await
    }
}

impl Workflow for StateMachine {
    async fn begin(&self, run: &Run) -> Result<(), Fault> {
        let input = Input { which: Which::from(run), begins: run.begins };
        self.start(run.execution_name(), &input).await
    }

    async fn end(&self, execution: &str) -> Result<(), Fault> {
        let stop = self.client.stop_execution().execution_arn(execution);
        match stop.error("Cancelled").cause("The run was called off.").send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|it| it.is_execution_does_not_exist()) =>
            {
                Ok(())
            }
            Err(error) => Err(fault("StopExecution", &error)),
        }
    }
}
