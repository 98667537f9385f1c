//! Signals onto the EventBridge bus, now or later.

use crate::emitter::{Emitter, SOURCE, json};
use crate::fault::fault;
use aws_sdk_scheduler::Client as Scheduler;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, EventBridgeParameters, FlexibleTimeWindow,
    FlexibleTimeWindowMode, RetryPolicy, Target,
};
use ceap_engagement::audience::{Seeks, Sought};
use ceap_engagement::goal::{Goals, GoalsReached};
use ceap_engagement::pipeline::ingest::{Later, Signals};
use ceap_engagement::signal::{Detected, SIGNALS_DETECTED, Signal};
use ceap_kernel::{Fault, Timestamp, digest};

/// What a bus for signals needs.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// The bus's name, for events now.
    pub bus_name: String,
    /// The bus's ARN, for events later.
    pub bus_arn: String,
    /// The group that schedules are made in.
    pub schedule_group: String,
    /// The role that puts them on the bus.
    pub scheduler_role: String,
    /// Where what cannot be put goes.
    pub scheduler_dlq: String,
}

/// The bus that signals travel on.
#[derive(Debug, Clone)]
pub struct Bus {
    emitter: Emitter,
    scheduler: Scheduler,
    config: BusConfig,
}

impl Bus {
    /// The bus that `bus` describes.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, bus: BusConfig) -> Self {
        let emitter = Emitter::new(config, &bus.bus_name);
        Self { emitter, scheduler: Scheduler::new(config), config: bus }
    }

    fn target(&self, input: String) -> Result<Target, Fault> {
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let parameters = EventBridgeParameters::builder()
            .detail_type(SIGNALS_DETECTED)
            .source(SOURCE)
            .build()
            .map_err(|error| unbuilt(&error))?;
        Target::builder()
            .arn(&self.config.bus_arn)
            .role_arn(&self.config.scheduler_role)
            .input(input)
            .event_bridge_parameters(parameters)
            .dead_letter_config(DeadLetterConfig::builder().arn(&self.config.scheduler_dlq).build())
            .retry_policy(RetryPolicy::builder().maximum_retry_attempts(20).build())
            .build()
            .map_err(|error| unbuilt(&error))
    }
}

impl Signals for Bus {
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault> {
        self.emitter.emit(detected).await
    }
}

impl Goals for Bus {
    async fn emit_goals(&self, reached: &[GoalsReached]) -> Result<(), Fault> {
        self.emitter.emit_goals(reached).await
    }
}

impl Seeks for Bus {
    async fn seek(&self, sought: &[Sought]) -> Result<(), Fault> {
        self.emitter.seek(sought).await
    }
}

impl Later for Bus {
    async fn emit_at(&self, wake: Timestamp, detected: &Detected) -> Result<(), Fault> {
        // The same signal may wait for several of its turns: of actions, of channels.
        let turn = |signal: &Signal| {
            let after = signal.fallback.as_ref().map(|it| it.after.to_string());
            let action = signal.action.map(|action| format!("@{action}"));
            format!("{}{}{}", signal.id, after.unwrap_or_default(), action.unwrap_or_default())
        };
        let ids: Vec<String> = detected.signals.iter().map(turn).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let name = format!("{}-{}", wake.as_second(), digest(&ids));
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| Fault::Internal(error.to_string()))?;
        let made = self
            .scheduler
            .create_schedule()
            .name(name)
            .group_name(&self.config.schedule_group)
            .schedule_expression(format!("at({})", wake.strftime("%Y-%m-%dT%H:%M:%S")))
            .schedule_expression_timezone("UTC")
            .flexible_time_window(window)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target(json(detected)?)?)
            .send()
            .await;
        match made {
            Ok(_) => Ok(()),
            // The same signals were scheduled before: once is enough.
            Err(error) if error.as_service_error().is_some_and(|it| it.is_conflict_exception()) => {
                Ok(())
            }
            Err(error) => Err(fault("CreateSchedule", &error)),
        }
    }
}
