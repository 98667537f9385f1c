//! Schedules in EventBridge Scheduler: one for each duty of a tenant's use case that has one, and one for each source that
//! is asked by the clock.

use crate::fault::fault;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode,
    RetryPolicy, Target,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use ceap_engagement::source::poll::PollSchedules;
use ceap_engagement::use_case::library::Schedules;
use ceap_engagement::use_case::{Duty, ScheduleDocument};
#[cfg(feature = "helpdesk")]
use ceap_helpdesk::automation::Duty as HelpdeskDuty;
use ceap_kernel::{Fault, SourceId, TenantId, Timestamp, UseCaseId, digest};
use serde_json::{Value, json};

/// What Scheduler puts in its place: the instant that it fires for.
const SCHEDULED_AT: &str = "<aws.scheduler.scheduled-time>";

/// How long a firing is tried: what a schedule says is for its own time.
const RETRY_S: i32 = 3600;

/// What schedules start, and as whom.
#[derive(Debug, Clone)]
pub struct ScheduleConfig {
    /// The group that schedules are made in.
    pub group: String,
    /// What is started: a state machine or a function.
    pub target: String,
    /// The role that starts it.
    pub role: String,
    /// Where what cannot be started goes.
    pub dead_letters: String,
}

/// Schedules of use cases.
#[derive(Debug, Clone)]
pub struct UseCaseSchedules(Group);

impl UseCaseSchedules {
    /// In the group that `schedules` names.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, schedules: ScheduleConfig) -> Self {
        Self(Group { client: Client::new(config), config: schedules })
    }
}

/// Schedules of sources that are asked.
#[derive(Debug, Clone)]
pub struct SourceSchedules(Group);

impl SourceSchedules {
    /// In the group that `schedules` names.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, schedules: ScheduleConfig) -> Self {
        Self(Group { client: Client::new(config), config: schedules })
    }
}

/// Schedules of helpdesks' automations.
#[cfg(feature = "helpdesk")]
#[derive(Debug, Clone)]
pub struct AutomationSchedules(Group);

#[cfg(feature = "helpdesk")]
impl AutomationSchedules {
    /// In the group that `schedules` names.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, schedules: ScheduleConfig) -> Self {
        Self(Group { client: Client::new(config), config: schedules })
    }
}

#[cfg(feature = "helpdesk")]
impl AutomationSchedules {
    async fn set(&self, tenant: &TenantId, duty: HelpdeskDuty) -> Result<(), Fault> {
        let (word, expression) = match duty {
            HelpdeskDuty::Automations => ("automations", "cron(0 * * * ? *)"),
            HelpdeskDuty::Promises => ("promises", "rate(1 minute)"),
        };
        let name = digest(&[word, tenant.as_str()]);
        let schedule = ScheduleDocument { expression: expression.to_owned(), time_zone: None };
        self.0.set(&name, "schedule", &schedule, &json!({"tenant": tenant, "duty": duty})).await
    }
}

#[cfg(feature = "helpdesk")]
impl ceap_helpdesk::automation::Clockwork for AutomationSchedules {
    fn wind<'a>(
        &'a self,
        tenant: &'a TenantId,
        duty: HelpdeskDuty,
    ) -> ceap_helpdesk::store::Soon<'a, Result<(), Fault>> {
        Box::pin(self.set(tenant, duty))
    }
}

/// A group of schedules that all start the same.
#[derive(Debug, Clone)]
struct Group {
    client: Client,
    config: ScheduleConfig,
}

impl Group {
    async fn clear(&self, name: &str) -> Result<(), Fault> {
        let delete = self.client.delete_schedule().group_name(&self.config.group).name(name);
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, "ResourceNotFoundException") => Ok(()),
            Err(error) => Err(fault("DeleteSchedule", &error)),
        }
    }

    /// Makes a schedule, or changes it. `field` names it in what Scheduler does not take.
    async fn set(
        &self,
        name: &str,
        field: &str,
        schedule: &ScheduleDocument,
        input: &Value,
    ) -> Result<(), Fault> {
        let target = self.target(input.to_string())?;
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| Fault::Internal(error.to_string()))?;
        let zone = schedule.time_zone.as_deref().unwrap_or("UTC");
        let update = self
            .client
            .update_schedule()
            .name(name)
            .group_name(&self.config.group)
            .schedule_expression(&schedule.expression)
            .schedule_expression_timezone(zone)
            .flexible_time_window(window.clone())
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target.clone())
            .send()
            .await;
        match update {
            Ok(_) => return Ok(()),
            Err(error) if is(&error, "ResourceNotFoundException") => {}
            Err(error) => return Err(refusal("UpdateSchedule", field, &error)),
        }
        self.client
            .create_schedule()
            .name(name)
            .group_name(&self.config.group)
            .schedule_expression(&schedule.expression)
            .schedule_expression_timezone(zone)
            .flexible_time_window(window)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| refusal("CreateSchedule", field, &error))
    }

    fn target(&self, input: String) -> Result<Target, Fault> {
        let retry = RetryPolicy::builder().maximum_event_age_in_seconds(RETRY_S);
        Target::builder()
            .arn(&self.config.target)
            .role_arn(&self.config.role)
            .input(input)
            .dead_letter_config(DeadLetterConfig::builder().arn(&self.config.dead_letters).build())
            .retry_policy(retry.build())
            .build()
            .map_err(|error| Fault::Internal(error.to_string()))
    }
}

/// A name in the group: tenants' and use cases' own are too long together.
fn name(tenant: &TenantId, id: &UseCaseId, duty: Duty) -> String {
    let kind = match duty {
        Duty::Evaluate => "schedule",
        Duty::Learn => "learn",
    };
    digest(&[kind, tenant.as_str(), id.as_str()])
}

fn is<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, code: &str) -> bool {
    error.code() == Some(code)
}

/// What Scheduler does not take is the document's fault, at `field`.
fn refusal<E: ProvideErrorMetadata>(
    what: &str,
    field: &str,
    error: &SdkError<E, HttpResponse>,
) -> Fault {
    if is(error, "ValidationException") {
        let why = error.message().unwrap_or("EventBridge Scheduler does not take it");
        return Fault::invalid(format!("{field}.expression"), why);
    }
    fault(what, error)
}

impl Schedules for UseCaseSchedules {
    async fn set(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        duty: Duty,
        schedule: Option<&ScheduleDocument>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let name = name(tenant, id, duty);
        let Some(schedule) = schedule else { return self.0.clear(&name).await };
        let input = json!({"tenant": tenant, "use_case": id, "duty": duty, "schedule": schedule,
                           "since": now, "scheduled_at": SCHEDULED_AT});
        self.0.set(&name, duty.field(), schedule, &input).await
    }
}

impl PollSchedules for SourceSchedules {
    async fn set(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        schedule: Option<&ScheduleDocument>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let name = digest(&["poll", tenant.as_str(), source.as_str()]);
        let Some(schedule) = schedule else { return self.0.clear(&name).await };
        let input = json!({"tenant": tenant, "source": source, "schedule": schedule,
                           "since": now, "scheduled_at": SCHEDULED_AT});
        self.0.set(&name, "schedule", schedule, &input).await
    }
}
