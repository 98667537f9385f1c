//! Signals onto the EventBridge bus, now or later.

use crate::fault::fault;
use aws_sdk_eventbridge::Client as Events;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_scheduler::Client as Scheduler;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, EventBridgeParameters, FlexibleTimeWindow,
    FlexibleTimeWindowMode, RetryPolicy, Target,
};
use ceap_engagement::pipeline::ingest::Signals;
use ceap_engagement::signal::{Detected, SIGNALS_DETECTED};
use ceap_kernel::{Fault, Timestamp, digest};

/// The source that rules match.
const SOURCE: &str = "ceap.pipeline";

/// Entries of one PutEvents: it takes 256 KiB in all, and each of ours is at most 100 KiB.
const ENTRIES: usize = 2;

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
    events: Events,
    scheduler: Scheduler,
    config: BusConfig,
}

impl Bus {
    /// The bus that `bus` describes.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, bus: BusConfig) -> Self {
        Self { events: Events::new(config), scheduler: Scheduler::new(config), config: bus }
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

fn json(detected: &Detected) -> Result<String, Fault> {
    serde_json::to_string(detected).map_err(|error| Fault::Internal(error.to_string()))
}

impl Signals for Bus {
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault> {
        for part in detected.chunks(ENTRIES) {
            let entries = part
                .iter()
                .map(|one| {
                    Ok(PutEventsRequestEntry::builder()
                        .event_bus_name(&self.config.bus_name)
                        .source(SOURCE)
                        .detail_type(SIGNALS_DETECTED)
                        .detail(json(one)?)
                        .build())
                })
                .collect::<Result<Vec<_>, Fault>>()?;
            let output = self
                .events
                .put_events()
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| fault("PutEvents", &error))?;
            if output.failed_entry_count > 0 {
                return Err(Fault::Unavailable(
                    "PutEvents: some signals were not taken".to_owned(),
                ));
            }
        }
        Ok(())
    }

    async fn emit_at(&self, wake: Timestamp, detected: &Detected) -> Result<(), Fault> {
        let ids: Vec<&str> = detected.signals.iter().map(|signal| signal.id.as_str()).collect();
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
