//! Sources that are asked: what they have, how far they were read, and what has them asked.

use crate::World;
use ceap_engagement::source::poll::{
    Ask, AskedFor, Course, CourseStore, KeptCourse, Next, Page, Pages, PollSchedules, PollWorkflow,
};
use ceap_engagement::use_case::ScheduleDocument;
use ceap_kernel::{Fault, SourceId, TenantId, Timestamp};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// A table somewhere, whose rows have a field `n`, as a source of numbers finds it.
#[derive(Debug, Default)]
pub struct Remote {
    /// Its rows.
    pub rows: Vec<Value>,
    /// Rows of a page.
    pub page: usize,
    /// What it answers instead, before anything else.
    pub answers: VecDeque<Result<Page, Fault>>,
}

impl Pages for World {
    async fn page(&self, ask: &Ask<'_>) -> Result<Page, Fault> {
        let since: i64 = ask.since.map_or(0, |since| since.parse().unwrap());
        let from = ask.place.map_or(0, |place| place["from"].as_u64().unwrap());
        self.step("pages.page", |stores| {
            let remote = &mut stores.remote;
            if let Some(answer) = remote.answers.pop_front() {
                return answer;
            }
            let found =
                remote.rows.iter().filter(|row| row["n"].as_i64().is_none_or(|n| n >= since));
            let from = usize::try_from(from).unwrap();
            let rows: Vec<Value> = found.skip(from).take(remote.page.max(1)).cloned().collect();
            let place = json!({"from": from + rows.len()});
            let next = if rows.len() < remote.page.max(1) { Next::End } else { Next::Page(place) };
            Ok(Page { rows, next })
        })
        .await
    }
}

impl CourseStore for World {
    async fn get(&self, tenant: &TenantId, source: &SourceId) -> Result<Option<KeptCourse>, Fault> {
        let key = (tenant.clone(), source.clone());
        self.step("courses.get", |stores| {
            let read = |(revision, json): &(u64, String)| KeptCourse {
                course: serde_json::from_str(json).unwrap(),
                revision: *revision,
            };
            Ok(stores.courses.get(&key).map(read))
        })
        .await
    }

    async fn save(&self, course: &Course, revision: u64) -> Result<(), Fault> {
        let key = (course.tenant.clone(), course.source.clone());
        self.step("courses.save", |stores| {
            if stores.courses.get(&key).map_or(0, |(known, _)| *known) != revision {
                return Err(Fault::Conflict("the source is being asked by another".to_owned()));
            }
            stores.courses.insert(key, (revision + 1, serde_json::to_string(course).unwrap()));
            Ok(())
        })
        .await
    }

    async fn forget(&self, tenant: &TenantId, source: &SourceId) -> Result<(), Fault> {
        let key = (tenant.clone(), source.clone());
        self.step("courses.forget", |stores| {
            stores.courses.remove(&key);
            Ok(())
        })
        .await
    }
}

impl PollSchedules for World {
    async fn set(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        schedule: Option<&ScheduleDocument>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let key = (tenant.clone(), source.clone());
        self.step("poll_schedules.set", |stores| {
            match schedule {
                Some(schedule) => stores.source_schedules.insert(key, (schedule.clone(), now)),
                None => stores.source_schedules.remove(&key),
            };
            Ok(())
        })
        .await
    }
}

impl PollWorkflow for World {
    async fn begin(&self, asked: &AskedFor) -> Result<(), Fault> {
        self.step("poll_workflow.begin", |stores| {
            stores.executions.insert(asked.poll.to_string());
            Ok(())
        })
        .await
    }
}
