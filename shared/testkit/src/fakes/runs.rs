//! Runs, their files, their workflow, and the schedules that start them.

use crate::World;
use ceap_engagement::profile_list::{Place, shard};
use ceap_engagement::run::desk::Workflow;
use ceap_engagement::run::{Kept, Outcome, Population, Run, RunFiles, RunStore};
use ceap_engagement::use_case::library::{Schedules, UseCaseKeeper, Version};
use ceap_engagement::use_case::{Duty, ScheduleDocument};
use ceap_kernel::{Fault, RunId, SubjectId, TenantId, Timestamp, UseCaseId};
use serde_json::Value;
use std::collections::BTreeMap;

impl RunStore for World {
    async fn create(&self, run: &Run) -> Result<Kept, Fault> {
        let key = (run.tenant.clone(), run.id.clone());
        self.step("runs.create", |stores| {
            let new = || (1, serde_json::to_string(run).unwrap());
            Ok(kept(stores.runs.entry(key).or_insert_with(new)))
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &RunId) -> Result<Option<Kept>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("runs.get", |stores| Ok(stores.runs.get(&key).map(kept))).await
    }

    async fn save(&self, run: &Run, revision: u64) -> Result<(), Fault> {
        let key = (run.tenant.clone(), run.id.clone());
        self.step("runs.save", |stores| {
            let known = stores.runs.get_mut(&key).filter(|(known, _)| *known == revision);
            let changed = || Fault::Conflict("the run changed meanwhile".to_owned());
            *known.ok_or_else(changed)? = (revision + 1, serde_json::to_string(run).unwrap());
            Ok(())
        })
        .await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Run>, Option<String>), Fault> {
        self.step("runs.list", |stores| {
            let place = |run: &Run| format!("{:015}#{}", run.requested.as_millisecond(), run.id);
            let of = stores.runs.iter().filter(|((of, _), _)| of == tenant);
            let mut found: Vec<Run> = of
                .map(|(_, item)| kept(item).run)
                .filter(|run| run.use_case == *use_case)
                .filter(|run| cursor.is_none_or(|cursor| place(run).as_str() < cursor))
                .collect();
            found.sort_by_key(|run| std::cmp::Reverse(place(run)));
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().map(place).filter(|_| more);
            Ok((found, next))
        })
        .await
    }

    async fn record(&self, run: &Run, part: u32, outcome: &Outcome) -> Result<(), Fault> {
        let key = (run.tenant.clone(), run.id.clone(), part);
        self.step("runs.record", |stores| {
            let known = stores.outcomes.get(&key).is_some_and(|it| it.counts().is_some());
            if !known {
                stores.outcomes.insert(key, outcome.clone());
            }
            Ok(())
        })
        .await
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        id: &RunId,
        part: u32,
    ) -> Result<Option<Outcome>, Fault> {
        let key = (tenant.clone(), id.clone(), part);
        self.step("runs.outcome", |stores| Ok(stores.outcomes.get(&key).cloned())).await
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        id: &RunId,
    ) -> Result<BTreeMap<u32, Outcome>, Fault> {
        self.step("runs.outcomes", |stores| {
            let of = |(of, run, _): &&(TenantId, RunId, u32)| of == tenant && run == id;
            let all = stores.outcomes.iter().filter(|(key, _)| of(key));
            Ok(all.map(|((_, _, part), outcome)| (*part, outcome.clone())).collect())
        })
        .await
    }
}

fn kept((revision, json): &(u64, String)) -> Kept {
    Kept { run: serde_json::from_str(json).unwrap(), revision: *revision }
}

impl RunFiles for World {
    async fn put(
        &self,
        tenant: &TenantId,
        run: &RunId,
        name: &str,
        content: &Value,
    ) -> Result<(), Fault> {
        let key = (tenant.clone(), run.clone(), name.to_owned());
        self.step("files.put", |stores| {
            stores.files.insert(key, content.to_string());
            Ok(())
        })
        .await
    }

    async fn get(
        &self,
        tenant: &TenantId,
        run: &RunId,
        name: &str,
    ) -> Result<Option<Value>, Fault> {
        let key = (tenant.clone(), run.clone(), name.to_owned());
        self.step("files.get", |stores| {
            Ok(stores.files.get(&key).map(|text| serde_json::from_str(text).unwrap()))
        })
        .await
    }
}

impl Workflow for World {
    async fn begin(&self, run: &Run) -> Result<(), Fault> {
        self.step("workflow.begin", |stores| {
            stores.executions.insert(run.execution_name());
            Ok(())
        })
        .await
    }

    async fn end(&self, execution: &str) -> Result<(), Fault> {
        self.step("workflow.end", |stores| {
            stores.executions.remove(execution);
            Ok(())
        })
        .await
    }
}

impl Schedules for World {
    async fn set(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        duty: Duty,
        schedule: Option<&ScheduleDocument>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let key = (tenant.clone(), id.clone(), duty);
        self.step("schedules.set", |stores| {
            match schedule {
                Some(schedule) => stores.schedules.insert(key, (schedule.clone(), now)),
                None => stores.schedules.remove(&key),
            };
            Ok(())
        })
        .await
    }
}

impl Population for World {
    async fn subjects(
        &self,
        tenant: &TenantId,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<SubjectId>, Option<Place>), Fault> {
        self.step("population.subjects", |stores| {
            let of = stores.profiles.keys().filter(|(of, _)| of == tenant).map(|(_, id)| id);
            let begins = (from.shard, from.after.clone());
            let mut found: Vec<SubjectId> =
                of.filter(|id| (shard(id), Some((*id).clone())) > begins).cloned().collect();
            found.sort_by_key(|id| (shard(id), id.clone()));
            let more = found.len() > limit;
            found.truncate(limit);
            let last = found.last().map(|id| Place { shard: shard(id), after: Some(id.clone()) });
            Ok((found, last.filter(|_| more)))
        })
        .await
    }
}

impl UseCaseKeeper for World {
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Version>, Fault> {
        self.step("keeper.list", |stores| {
            let of = stores.documents.iter().filter(|((of, _), _)| of == tenant);
            Ok(of.filter_map(|(_, kept)| kept.runs()).collect())
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Option<Version>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("keeper.get", |stores| Ok(stores.documents.get(&key).and_then(Documents::runs)))
            .await
    }

    async fn versions(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Vec<Version>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("keeper.versions", |stores| {
            let kept = stores.documents.get(&key);
            Ok(kept.map(|kept| kept.versions.iter().rev().cloned().collect()).unwrap_or_default())
        })
        .await
    }

    async fn put(&self, tenant: &TenantId, version: &Version) -> Result<(), Fault> {
        let key = (tenant.clone(), version.document.id.clone());
        self.step("keeper.put", |stores| {
            let kept = stores.documents.entry(key).or_default();
            let number = version.document.version;
            if kept.versions.iter().any(|known| known.document.version == number) {
                return Err(Fault::Conflict("it changed meanwhile".to_owned()));
            }
            kept.versions.push(version.clone());
            kept.deleted = false;
            Ok(())
        })
        .await
    }

    async fn delete(&self, tenant: &TenantId, id: &UseCaseId, version: u32) -> Result<(), Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("keeper.delete", |stores| {
            let kept = stores.documents.entry(key).or_default();
            if kept.runs().is_none_or(|known| known.document.version != version) {
                return Err(Fault::Conflict("it changed meanwhile".to_owned()));
            }
            kept.deleted = true;
            Ok(())
        })
        .await
    }
}

/// Every version of a use case.
#[derive(Debug, Default)]
pub struct Documents {
    versions: Vec<Version>,
    deleted: bool,
}

impl Documents {
    fn runs(&self) -> Option<Version> {
        self.versions.last().filter(|_| !self.deleted).cloned()
    }
}
