//! Who a subject is by now: one that was merged into another is the other.

use super::ingest::{Subjects, Versioned};
use crate::profile::Profile;
use ceap_kernel::{Fault, SubjectId, TenantId};
use std::collections::BTreeMap;

/// Merges one after another that are followed. Each says where it went once, and never again.
pub const MAX_MERGES: usize = 16;

/// The state of each subject, in their order, and who it is by now.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn current(
    subjects: &impl Subjects,
    tenant: &TenantId,
    asked: &[SubjectId],
) -> Result<Vec<(SubjectId, Versioned)>, Fault> {
    let mut known: BTreeMap<SubjectId, Versioned> = BTreeMap::new();
    let mut next: Vec<SubjectId> = asked.to_vec();
    for _ in 0..MAX_MERGES {
        next.sort();
        next.dedup();
        next.retain(|subject| !known.contains_key(subject));
        if next.is_empty() {
            break;
        }
        let states = subjects.load(tenant, &next).await?;
        let moved: Vec<SubjectId> = states.iter().filter_map(|it| it.moved_to.clone()).collect();
        known.extend(next.into_iter().zip(states));
        next = moved;
    }
    Ok(asked.iter().map(|subject| last(&known, subject)).collect())
}

/// The state of one subject, and who it is by now.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn one(
    subjects: &impl Subjects,
    tenant: &TenantId,
    subject: &SubjectId,
) -> Result<(SubjectId, Versioned), Fault> {
    let found = current(subjects, tenant, std::slice::from_ref(subject)).await?;
    Ok(found.into_iter().next().unwrap_or_else(|| (subject.clone(), Versioned::default())))
}

/// The profile of each subject, of who it is by now. Most are who they were: their profiles are all that is read.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn profiles(
    subjects: &impl Subjects,
    tenant: &TenantId,
    asked: Vec<SubjectId>,
) -> Result<BTreeMap<SubjectId, Profile>, Fault> {
    let found = subjects.load_profiles(tenant, &asked).await?;
    let (mut known, mut others) = (BTreeMap::new(), Vec::new());
    for (subject, profile) in asked.into_iter().zip(found) {
        match profile {
            Some(profile) => drop(known.insert(subject, profile)),
            None => others.push(subject),
        }
    }
    if !others.is_empty() {
        let found = current(subjects, tenant, &others).await?;
        let found = found.into_iter().map(|(_, read)| read.state.profile);
        known.extend(others.into_iter().zip(found));
    }
    Ok(known)
}

fn last(known: &BTreeMap<SubjectId, Versioned>, subject: &SubjectId) -> (SubjectId, Versioned) {
    let (mut subject, mut state) = (subject, known.get(subject));
    for _ in 0..MAX_MERGES {
        let Some(to) = state.and_then(|state| state.moved_to.as_ref()) else { break };
        (subject, state) = (to, known.get(to));
    }
    (subject.clone(), state.cloned().unwrap_or_default())
}
