//! A profile as the API shows it.

use crate::pipeline::ingest::Subjects;
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is known of a subject, with the subject's events by type.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Profile")]
pub struct View {
    /// Whose.
    pub id: SubjectId,
    /// The fields, without their bookkeeping.
    #[serde(flatten)]
    #[schemars(with = "crate::profile::Profile")]
    pub profile: Value,
    /// How often each type was seen, and when first and last.
    pub events: BTreeMap<String, Counted>,
}

/// How often a type was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "EventCount")]
pub struct Counted {
    /// Events, repeats excluded.
    pub count: u64,
    /// When (event time) first.
    pub first: Timestamp,
    /// When (event time) last.
    pub last: Timestamp,
}

/// What is known of a subject.
///
/// # Errors
/// `NotFound` when nothing is; `Unavailable` or `Throttled` from the store.
pub async fn view(
    tenant: &TenantId,
    subject: &SubjectId,
    subjects: &impl Subjects,
) -> Result<View, Fault> {
    let read = subjects.load(tenant, std::slice::from_ref(subject)).await?;
    let known =
        read.into_iter().next().filter(|it| it.series_version > 0 || it.profile_version > 0);
    let state = known.ok_or_else(|| Fault::NotFound("there is no such profile".to_owned()))?.state;
    let instant = |millis| Timestamp::from_millisecond(millis).unwrap_or_default();
    let events = state.series.events().iter().map(|(kind, seen)| {
        let (first, last) = (instant(seen.first), instant(seen.last));
        (kind.clone(), Counted { count: seen.count, first, last })
    });
    Ok(View { id: subject.clone(), profile: state.profile.facts(), events: events.collect() })
}
