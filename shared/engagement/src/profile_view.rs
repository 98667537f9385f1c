//! A profile as the API shows it.

use crate::candidate::Candidate;
use crate::candidate_list::{self, CandidateList};
use crate::feature::AsOf;
use crate::pipeline::follow;
use crate::pipeline::ingest::Subjects;
use crate::use_case::UseCases;
use ceap_kernel::{Clock, Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is known of a subject: its profile, what use cases compute of it, its candidates, and its events by
/// type.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Profile")]
pub struct View {
    /// Whose: who it is by now, if it was merged into another.
    pub id: SubjectId,
    /// The fields, without their bookkeeping.
    #[serde(flatten)]
    #[schemars(with = "crate::profile::Profile")]
    pub profile: Value,
    /// The features that each use case declares which is not off, as of now.
    pub features: BTreeMap<UseCaseId, Value>,
    /// Its live candidates of all use cases, the best first.
    pub candidates: Vec<candidate_list::View>,
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

/// What is known of a subject: one read of its items, and one query for each use case of the tenant.
///
/// # Errors
/// `NotFound` when nothing is; `Unavailable` or `Throttled` from the stores.
pub async fn view(
    tenant: &TenantId,
    subject: &SubjectId,
    subjects: &impl Subjects,
    use_cases: &impl UseCases,
    candidates: &impl CandidateList,
    clock: &impl Clock,
) -> Result<View, Fault> {
    let (subject, read) = follow::one(subjects, tenant, subject).await?;
    let subject = &subject;
    if read.is_nothing() {
        return Err(Fault::NotFound("there is no such profile".to_owned()));
    }
    let state = read.state;
    let (plan, now) = (use_cases.plan(tenant).await?, clock.now());
    let declares = plan.running().filter(|use_case| !use_case.document.features.is_empty());
    let as_of =
        AsOf { at: now.as_millisecond(), subject, settings: &plan.settings_facts, trigger: None };
    let features = declares.map(|it| (it.id().clone(), it.features.values(&state.series, &as_of)));
    let mut live = candidates.of_subject(tenant, None, subject, now).await?;
    live.retain(|candidate| plan.use_case(&candidate.signal.use_case).is_some());
    live.sort_by_cached_key(Candidate::rank);
    let instant = |millis| Timestamp::from_millisecond(millis).unwrap_or_default();
    let events = state.series.events().iter().map(|(kind, seen)| {
        let (first, last) = (instant(seen.first), instant(seen.last));
        (kind.clone(), Counted { count: seen.count, first, last })
    });
    Ok(View {
        id: subject.clone(),
        profile: state.profile.facts(),
        features: features.collect(),
        candidates: live.into_iter().map(candidate_list::View::from).collect(),
        events: events.collect(),
    })
}
