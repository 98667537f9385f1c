//! What polls need of the world.

use super::course::Course;
use super::step::AskedFor;
use crate::source::document::SourceKind;
use crate::use_case::ScheduleDocument;
use ceap_kernel::{Fault, PollId, SourceId, TenantId, Timestamp};
use serde_json::Value;

/// What a source is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Which.
    pub source: &'a SourceId,
    /// In which poll: the same question of the same poll is the same question.
    pub poll: &'a PollId,
    /// How it is asked.
    pub kind: &'a SourceKind,
    /// The watermark.
    pub since: Option<&'a str>,
    /// Which page; none for the first.
    pub place: Option<&'a Value>,
}

/// Some rows, and how it goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Value>,
    /// How it goes on.
    pub next: Next,
}

/// How it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// That was all.
    End,
    /// With the page at this place.
    Page(Value),
    /// There is no answer yet; it is looked for at this place later.
    Running(Value),
    /// The source is to be left alone for a while, and then asked for the page at this place.
    Later {
        /// The place; none for the first page.
        place: Option<Value>,
        /// Why.
        why: String,
        /// For how many seconds, if it says so.
        seconds: Option<u32>,
    },
}

/// Asks sources.
#[allow(async_fn_in_trait)]
pub trait Pages {
    /// A page of a source. Asked again for the same place, it has the same rows, as far as the source has.
    ///
    /// # Errors
    /// What asking again does not change: `Invalid`, `Unauthorized`, `Forbidden` or `NotFound`, saying what to
    /// do. `Unavailable` or `Throttled` when what is in between can't be reached; `Internal`.
    async fn page(&self, ask: &Ask<'_>) -> Result<Page, Fault>;
}

/// A course as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptCourse {
    /// The course.
    pub course: Course,
    /// Counts up with each change, 1 at first.
    pub revision: u64,
}

/// Keeps how far sources were read.
#[allow(async_fn_in_trait)]
pub trait CourseStore {
    /// The course of a source, if it was ever asked.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, source: &SourceId) -> Result<Option<KeptCourse>, Fault>;

    /// Keeps a course, if the one that is kept has `revision`; 0 for none.
    ///
    /// # Errors
    /// `Conflict` when it has not; `Unavailable` or `Throttled`.
    async fn save(&self, course: &Course, revision: u64) -> Result<(), Fault>;

    /// Forgets a course; there need not be one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn forget(&self, tenant: &TenantId, source: &SourceId) -> Result<(), Fault>;
}

/// Has sources asked by the clock.
#[allow(async_fn_in_trait)]
pub trait PollSchedules {
    /// From `now` on the source is asked as `schedule` says; never, without one.
    ///
    /// # Errors
    /// `Invalid` at `schedule.expression` when there can be no such schedule; `Unavailable` or `Throttled`.
    async fn set(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        schedule: Option<&ScheduleDocument>,
        now: Timestamp,
    ) -> Result<(), Fault>;
}

/// Begins executions of the workflow.
#[allow(async_fn_in_trait)]
pub trait PollWorkflow {
    /// Begins one; of the same poll once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn begin(&self, asked: &AskedFor) -> Result<(), Fault>;
}
