//! The first step: an object is looked at, and divided into parts.

use super::{Ingest, MAX_PARTS, Stepped, of_the_file};
use crate::{scan, sniff};
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::Quarantine;
use ceap_engagement::source::files::{FileSources, FilesDocument};
use ceap_engagement::source::object::{
    Named, Object, ObjectFiles, ObjectStore, PartState, Plan, Progress, State, change,
};
use ceap_kernel::{Clock, Fault, Tally};
use serde::Deserialize;

/// What S3's event says, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Input {
    /// The object.
    pub object: Named,
}

/// What begins an execution.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Begin {
    /// The execution's own ARN.
    pub execution: String,
    /// What it was begun for.
    pub input: Input,
}

impl<F, S, O, E, Q, C> Ingest<F, S, O, E, Q, C>
where
    F: ObjectFiles,
    S: FileSources,
    O: ObjectStore,
    E: EventStream,
    Q: Quarantine,
    C: Clock,
{
    pub(super) async fn plan(&self, begin: &Begin) -> Result<(Stepped, Tally), Fault> {
        let named = &begin.input.object;
        if named.is_folder() {
            return Ok(Default::default());
        }
        let (tenant, source) = match named.place() {
            Ok(place) => place,
            Err(fault) => return Ok((Stepped::default(), self.reject(None, named, &fault).await?)),
        };
        let Some(document) = self.sources.find(&tenant, &source).await? else {
            let fault = Fault::NotFound(format!("there is no source `{source}` that takes files"));
            let tally = self.reject(Some(&tenant), named, &fault).await?;
            return Ok((Stepped::default(), tally));
        };
        let new = Object::new(&tenant, &source, named, &begin.execution, self.clock.now());
        let Some(object) = self.mine(self.objects.create(&new).await?.object, begin).await? else {
            return Ok(Default::default());
        };
        let (tenant, id) = (Some(object.tenant.clone()), Some(object.id.clone()));
        let stepped = |parts, more| Stepped { tenant, object: id, parts, more };
        match self.divided(&object, &document).await {
            Ok(plan) if !plan.whole => Ok((stepped(None, true), Tally::default())),
            Ok(plan) => {
                let reading = |object: Object| {
                    let mine = object.is_open() && object.execution == begin.execution;
                    mine.then(|| object.reading(plan.parts()))
                };
                change(&self.objects, &object.tenant, &object.id, reading).await?;
                Ok((stepped(Some((0..plan.parts()).collect()), false), Tally::default()))
            }
            Err(fault) if of_the_file(&fault) => {
                let ended = |object: Object| {
                    let now = self.clock.now();
                    Some(object.ended(Progress::default(), Some(fault.to_string()), now))
                };
                let tally = self.reject(Some(&object.tenant), named, &fault).await?;
                change(&self.objects, &object.tenant, &object.id, ended).await?;
                Ok((stepped(None, false), tally))
            }
            Err(fault) => Err(fault),
        }
    }

    /// The object, if it is this execution's to work on: it is new, or begun by it before, or it failed.
    async fn mine(&self, kept: Object, begin: &Begin) -> Result<Option<Object>, Fault> {
        match kept.state {
            State::Planning | State::Reading if kept.execution == begin.execution => Ok(Some(kept)),
            State::Planning | State::Reading | State::Done => Ok(None),
            State::Failed => {
                self.renewed(&kept).await?;
                let again = |object: Object| {
                    (object.state == State::Failed).then(|| object.taken_over(&begin.execution))
                };
                let taken = change(&self.objects, &kept.tenant, &kept.id, again).await?;
                Ok(Some(taken).filter(|it| it.execution == begin.execution))
            }
        }
    }

    /// Of an object that failed: parts that broke are read anew, since its document may have been mended.
    /// If nothing of it is in, it is looked at anew, too.
    async fn renewed(&self, object: &Object) -> Result<(), Fault> {
        let Some(mut plan) = self.objects.plan(&object.tenant, &object.id).await? else {
            return Ok(());
        };
        let parts = self.objects.parts(&object.tenant, &object.id).await?;
        let anew = parts.values().all(|state| state.progress.accepted == 0);
        for (number, state) in &parts {
            let Some(part) = plan.part(*number).filter(|_| anew || state.error.is_some()) else {
                continue;
            };
            let kept = self.objects.part(&object.tenant, &object.id, *number).await?;
            let revision = kept.map_or(0, |kept| kept.revision);
            self.objects.keep_part(object, *number, &PartState::new(&part), revision).await?;
        }
        if anew {
            plan.starts.clear();
            plan.whole = false;
            self.objects.keep_plan(object, &plan).await?;
        }
        Ok(())
    }

    /// The object's plan, as far as there was time to make it.
    async fn divided(&self, object: &Object, document: &FilesDocument) -> Result<Plan, Fault> {
        let began = self.clock.now();
        let kept = self.objects.plan(&object.tenant, &object.id).await?;
        let mut plan = match kept.filter(|plan| !plan.starts.is_empty()) {
            Some(plan) if plan.whole => return Ok(plan),
            Some(plan) => plan,
            None => {
                let gone = || Fault::NotFound("the object is no longer there".to_owned());
                let head = self.files.head(&object.key).await?.ok_or_else(gone)?;
                if head.etag != object.etag {
                    let message = "the object was written anew before it was read";
                    return Err(Fault::NotFound(message.to_owned()));
                }
                let (layout, start) = sniff(&self.files, object, &head, document).await?;
                Plan { layout, starts: vec![start], whole: false }
            }
        };
        let fair = object.size.checked_div(MAX_PARTS).unwrap_or_default();
        let size = self.part_bytes.max(fair);
        scan(&self.files, object, &mut plan, size, || self.late(began)).await?;
        self.objects.keep_plan(object, &plan).await?;
        Ok(plan)
    }
}
