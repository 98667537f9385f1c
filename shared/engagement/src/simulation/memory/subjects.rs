//! Profiles and feature items, each under its own version.

use super::Memory;
use crate::pipeline::ingest::{Subjects, Versioned};
use crate::pipeline::merge::Merge;
use ceap_kernel::{Fault, SubjectId, TenantId};
use std::collections::BTreeSet;

impl Subjects for &Memory {
    async fn load(&self, _: &TenantId, subjects: &[SubjectId]) -> Result<Vec<Versioned>, Fault> {
        let kept = self.kept();
        Ok(subjects.iter().map(|it| kept.subjects.get(it).cloned().unwrap_or_default()).collect())
    }

    async fn save_profile(
        &self,
        _: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let mut kept = self.kept();
        let stored = kept.subjects.entry(subject.clone()).or_default();
        stored.state.profile = read.state.profile.clone();
        stored.profile_version = read.profile_version.saturating_add(1);
        Ok(())
    }

    async fn save_series(
        &self,
        _: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let mut kept = self.kept();
        let stored = kept.subjects.entry(subject.clone()).or_default();
        stored.state.series = read.state.series.clone();
        // No batch comes again here.
        stored.state.owe_only(&BTreeSet::new());
        stored.series_version = read.series_version.saturating_add(1);
        Ok(())
    }

    async fn merge(&self, _: &TenantId, merge: &Merge<'_>) -> Result<(), Fault> {
        let mut kept = self.kept();
        let mut next = merge.next.clone();
        next.series_version = next.series_version.saturating_add(1);
        next.profile_version = next.profile_version.saturating_add(1);
        kept.subjects.insert(merge.into.clone(), next);
        let moved = Versioned { moved_to: Some(merge.into.clone()), ..Versioned::default() };
        kept.subjects.insert(merge.from.clone(), moved);
        Ok(())
    }
}
