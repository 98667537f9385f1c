//! What a batch costs in calls to the stores.

use ceap_engagement::event::Arrived;
use ceap_kernel::TenantId;
use ceap_testkit::World;
use ceap_testkit::builders::{catalogue_documents, customer, event, noon, plan, tenant};

/// 100 events of 10 subjects, each of which crashes 10 times.
fn crashes(tenant: &TenantId) -> Vec<Arrived> {
    let crash = |n: i64| event("app_crashed", &format!("u{}", n % 10), &n.to_string());
    (0..100).map(|n| crash(n).sec(n).of(tenant)).collect()
}

fn world(tenant: &TenantId) -> World {
    World::new(noon()).with(tenant, plan(&catalogue_documents()))
}

#[tokio::test]
async fn a_batch_is_one_read_and_one_write_for_each_subject() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.ingest(&crashes(&tenant)).await;
    assert_eq!(world.calls("use_cases.plan"), 1);
    assert_eq!(world.calls("subjects.load"), 0);
    assert_eq!(world.calls("subjects.load_features"), 1);
    assert_eq!(world.calls("subjects.load_profiles"), 1, "of those that have signals");
    assert_eq!(world.calls("subjects.save_series"), 10);
    assert_eq!(world.calls("subjects.save_profile"), 0);
    assert_eq!(world.calls("signals.emit"), 1);
    assert_eq!(world.calls("quarantine.keep"), 0);
    assert_eq!(world.stores().emissions.len(), 1, "signals cross in batches");
    assert_eq!(world.signal_ids().len(), 70);
}

#[tokio::test]
async fn repeats_are_one_read() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.ingest(&crashes(&tenant)).await;
    let before = world.total_calls();
    world.ingest(&crashes(&tenant)).await;
    assert_eq!(world.total_calls() - before, 4, "the plan, the subjects, and what is owed again");
    assert_eq!(world.calls("subjects.save_series"), 10);
    assert_eq!(world.signal_ids().len(), 70, "the same signals");
}

#[tokio::test]
async fn a_profile_is_written_only_when_it_changes() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.ingest(&[customer("u1").of(&tenant)]).await;
    assert_eq!(world.calls("subjects.save_profile"), 1);
    let same = customer("u1").with("id", "another".into()).sec(-7200);
    world.ingest(&[same.of(&tenant)]).await;
    assert_eq!(world.calls("subjects.save_profile"), 1);
    assert_eq!(world.calls("subjects.save_series"), 2);
}

#[tokio::test]
async fn what_triggers_nothing_is_one_read_and_one_write() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.ingest(&[event("page_viewed", "u1", "1").of(&tenant)]).await;
    assert_eq!(world.calls("subjects.load_features"), 1);
    assert_eq!(world.calls("subjects.load_profiles"), 0);
    assert_eq!(world.calls("signals.emit"), 0);
}

#[tokio::test]
async fn a_workflow_reads_once_and_hands_on_once() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let customers: Vec<_> = (0..10).map(|n| customer(&format!("u{n}")).of(&tenant)).collect();
    world.ingest(&customers).await;
    world.ingest(&crashes(&tenant)).await;
    let loads = ["subjects.load", "subjects.load_profiles"].map(|call| world.calls(call));
    world.work().await;
    assert_eq!(world.calls("subjects.load"), loads[0]);
    assert_eq!(world.calls("subjects.load_profiles") - loads[1], 1);
    assert_eq!(world.calls("candidates.upsert"), 10, "one for each subject, not each signal");
    assert_eq!(world.calls("suppressions.suppressed"), 1);
    assert_eq!(world.calls("claims.claim"), 10);
    assert_eq!(world.calls("queues.hand_on"), 1);
    assert_eq!(world.sent().len(), 10);
}

#[tokio::test]
async fn an_item_stays_small() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let events: Vec<_> =
        (0..20).map(|n| event("page_viewed", "u1", &n.to_string()).sec(n).of(&tenant)).collect();
    world.ingest(&events).await;
    let bytes = world.stores().series.values().map(|(_, json)| json.len()).sum::<usize>();
    assert!(bytes < 1024, "{bytes} bytes for 20 events");
}
