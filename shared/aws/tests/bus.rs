//! Signals onto the bus of the local stack, now and later.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod local;

use aws_config::SdkConfig;
use aws_sdk_scheduler::types::ScheduleSummary;
use ceap_aws::signals::{Bus, BusConfig};
use ceap_engagement::pipeline::ingest::{Later, Signals};
use ceap_engagement::signal::{Detected, Signal};
use ceap_kernel::{SignalId, SignedDuration, TenantId, Timestamp, digest};
use ceap_testkit::builders::{fresh_tenant, subject, use_case};
use serde_json::{Value, json};

const ACCOUNT: &str = "us-east-1:000000000000";

fn bus(config: &SdkConfig) -> Bus {
    let name = local::output("/event_bus");
    let bus = BusConfig {
        bus_arn: format!("arn:aws:events:{ACCOUNT}:event-bus/{name}"),
        bus_name: name,
        schedule_group: local::output("/schedule_group"),
        scheduler_role: "arn:aws:iam::000000000000:role/scheduler".to_owned(),
        scheduler_dlq: format!("arn:aws:sqs:{ACCOUNT}:ceap-local-dead-schedules"),
    };
    Bus::new(config, bus)
}

fn detected(tenant: &TenantId, label: &str) -> Detected {
    let signal = Signal {
        id: SignalId::new(digest(&[tenant.as_str(), label])).unwrap(),
        use_case: use_case("contract"),
        subject: subject("u1"),
        key: String::new(),
        event: json!({"type": "x", "data": {"text": "ü \" \\ 𝄞"}}),
        features: json!({}),
        at: Timestamp::now(),
        afresh: true,
        due: None,
        tag: 0,
        held: None,
        action: None,
        fallback: None,
        trace: None,
    };
    let profiles = [(subject("u1"), json!({"email": "a@b.ch"}))].into();
    Detected { tenant: tenant.clone(), profiles, signals: vec![signal] }
}

struct Schedules {
    client: aws_sdk_scheduler::Client,
    group: String,
}

impl Schedules {
    /// Those that put something of the tenant on the bus, with their inputs.
    async fn of(&self, tenant: &TenantId) -> Vec<(ScheduleSummary, Detected)> {
        let list = self.client.list_schedules().group_name(&self.group);
        let all = list.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let mut found = Vec::new();
        for summary in all.unwrap() {
            let get = self.client.get_schedule().group_name(&self.group);
            // One of another test may have fired and gone meanwhile.
            let Ok(schedule) = get.name(summary.name().unwrap()).send().await else { continue };
            let input = schedule.target.unwrap().input.unwrap();
            let input: Value = serde_json::from_str(&input).unwrap();
            if input["tenant"] == tenant.as_str() {
                found.push((summary, serde_json::from_value(input).unwrap()));
            }
        }
        found
    }
}

#[test]
fn the_same_signals_are_scheduled_once() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let schedules = Schedules {
            client: aws_sdk_scheduler::Client::new(&config),
            group: local::output("/schedule_group"),
        };
        let (bus, tenant) = (bus(&config), fresh_tenant("schedule"));
        let wake = Timestamp::now() + SignedDuration::from_hours(20);
        let (one, two) = (detected(&tenant, "one"), detected(&tenant, "two"));
        for _ in 0..3 {
            bus.emit_at(wake, &one).await.unwrap();
        }
        let made = schedules.of(&tenant).await;
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].1, one, "as it was");
        // Other signals at the same instant, and the same ones at another, are other schedules.
        bus.emit_at(wake, &two).await.unwrap();
        bus.emit_at(wake + SignedDuration::from_secs(1), &one).await.unwrap();
        let made = schedules.of(&tenant).await;
        assert_eq!(made.len(), 3);
        for (summary, _) in made {
            let delete = schedules.client.delete_schedule().group_name(&schedules.group);
            delete.name(summary.name().unwrap()).send().await.unwrap();
        }
    });
}

#[test]
fn what_is_emitted_is_taken() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let (bus, tenant) = (bus(&config), fresh_tenant("emit"));
        bus.emit(&[]).await.unwrap();
        // More than one PutEvents takes. The workflow finds no such tenant, which is its own affair.
        let many: Vec<Detected> = (0..5).map(|n| detected(&tenant, &n.to_string())).collect();
        bus.emit(&many).await.unwrap();
    });
}
