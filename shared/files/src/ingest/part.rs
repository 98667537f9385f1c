//! The second step, once for each part: its rows become events.

use super::{Ingest, STAGE, Stepped, of_the_file};
use crate::broken;
use crate::rows::{Found, Rows};
use ceap_engagement::pipeline::accept::{Decoded, EventStream, Origin, accept};
use ceap_engagement::quarantine::Quarantine;
use ceap_engagement::source::files::FileSources;
use ceap_engagement::source::object::{
    KeptPart, Named, Object, ObjectFiles, ObjectStore, Part, PartState, Plan, Progress,
};
use ceap_engagement::source::{Mapping, Row};
use ceap_kernel::{Clock, Fault, ObjectId, Tally, TenantId, Timestamp, digest};
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows of a batch, as many as one call to the stream takes.
const BATCH: usize = 500;

/// Batches after which it is kept how far a part was read: at most so many are read again after a crash.
const KEPT_EVERY: u32 = 10;

/// A part none of whose first rows is an event is given up: its source's document does not fit it, and
/// nobody is helped by a million entries in quarantine that say so.
const ALL_BAD: u64 = 1_000;

/// Bytes of a bad row, as JSON, that are kept with it; the rest is in the file.
const SHOWN: usize = 64 * 1024;

/// A part to read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Task {
    /// Whose.
    pub tenant: TenantId,
    /// Of which object.
    pub object: ObjectId,
    /// The part.
    pub part: u32,
}

/// Rows that were read, and what they are.
#[derive(Default)]
struct Batch {
    decoded: Vec<Decoded>,
    rows: u64,
    left_out: u64,
    /// What is wrong with the first that is none.
    first_bad: Option<Fault>,
    /// Nothing comes after them, or nothing that can be read.
    end: Option<Result<(), Fault>>,
}

/// What a row needs to become an event.
struct Making<'a> {
    object: &'a Object,
    mapping: &'a Mapping,
    at: Timestamp,
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
    pub(super) async fn part(&self, task: &Task) -> Result<(Stepped, Tally), Fault> {
        let Task { tenant, object: id, part: number } = task;
        let lost = |what: &str| Fault::Internal(format!("object {id} has no {what}"));
        let object = self.objects.get(tenant, id).await?.ok_or_else(|| lost("record"))?.object;
        let plan = self.objects.plan(tenant, id).await?.ok_or_else(|| lost("plan"))?;
        let part = plan.part(*number).ok_or_else(|| lost("such part"))?;
        let kept = self.objects.part(tenant, id, *number).await?;
        let mut kept =
            kept.unwrap_or_else(|| KeptPart { state: PartState::new(&part), revision: 0 });
        if !object.is_open() || kept.state.ended {
            return Ok(Default::default());
        }
        let (before, mut tally) = (kept.revision, Tally::default());
        match self.read(&object, &plan, &part, *number, &mut kept, &mut tally).await {
            Ok(()) => {}
            // What is in is kept, so another execution of the step goes on there.
            Err(fault) if fault.retryable() && kept.revision > before => {
                tracing::warn!(%tenant, object = %id, part = number, %fault, "goes on later");
            }
            Err(fault) if of_the_file(&fault) => {
                let named = Named {
                    key: object.key.clone(),
                    size: object.size,
                    etag: object.etag.clone(),
                    sequencer: String::new(),
                };
                let fault =
                    fault.on_line(usize::try_from(kept.state.next.line).unwrap_or_default());
                tally.merge(self.reject(Some(tenant), &named, &fault).await?);
                kept.state.ended = true;
                kept.state.error = Some(fault.to_string());
                self.keep(&object, *number, &mut kept).await?;
            }
            Err(fault) => return Err(fault),
        }
        Ok((Stepped { more: !kept.state.ended, ..Stepped::default() }, tally))
    }

    /// Reads on, until the part's end or the shift's. An error of the file's own comes after all that is
    /// before it is in and kept.
    async fn read(
        &self,
        object: &Object,
        plan: &Plan,
        part: &Part,
        number: u32,
        kept: &mut KeptPart,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let gone = || broken("has no source any more");
        let document = self.sources.find(&object.tenant, &object.source).await?;
        let mapping = document.ok_or_else(gone)?.check()?;
        let (began, layout) = (self.clock.now(), &plan.layout);
        let mut rows = Rows::open(&self.files, object, layout, part, kept.state.next).await?;
        let mut batches = 0_u32;
        loop {
            let making = Making { object, mapping: &mapping, at: self.clock.now() };
            let batch = making.batch(&mut rows).await?;
            let Batch { decoded, rows: read, left_out, first_bad, end } = batch;
            let (tenant, clock) = (&object.tenant, &self.clock);
            let (accepted, counted) =
                accept(Origin::of(STAGE, tenant), decoded, &self.stream, &self.quarantine, clock)
                    .await?;
            tally.merge(counted);
            kept.state.progress.add(&Progress {
                rows: read,
                accepted: accepted.accepted as u64,
                quarantined: accepted.quarantined.len() as u64,
                left_out,
                bytes: 0,
            });
            kept.state.progress.bytes = rows.bytes(layout, part);
            kept.state.next = rows.place();
            kept.state.ended = matches!(end, Some(Ok(())));
            batches = batches.saturating_add(1);
            let late = self.late(began);
            if end.is_some() || late || batches.is_multiple_of(KEPT_EVERY) {
                self.keep(object, number, kept).await?;
            }
            match end {
                Some(Err(fault)) => return Err(fault),
                Some(Ok(())) => return Ok(()),
                None => {}
            }
            if let Some(fault) = first_bad.filter(|_| none_is_good(&kept.state.progress)) {
                let message = format!("none of its first rows is an event: {fault}");
                return Err(broken(message));
            }
            if late {
                return Ok(());
            }
        }
    }

    async fn keep(&self, object: &Object, number: u32, kept: &mut KeptPart) -> Result<(), Fault> {
        self.objects.keep_part(object, number, &kept.state, kept.revision).await?;
        kept.revision = kept.revision.saturating_add(1);
        Ok(())
    }
}

fn none_is_good(progress: &Progress) -> bool {
    progress.quarantined >= ALL_BAD && progress.quarantined == progress.rows
}

impl Making<'_> {
    /// The next rows, as events or as what they are instead.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`. What is wrong with the file is the batch's end.
    async fn batch(&self, rows: &mut Rows<'_>) -> Result<Batch, Fault> {
        let mut batch = Batch::default();
        while batch.decoded.len() < BATCH && batch.end.is_none() {
            match rows.next().await {
                Ok(Some(found)) => {
                    batch.rows = batch.rows.saturating_add(1);
                    match self.decoded(found) {
                        Some(bad @ Decoded::Bad { .. }) => {
                            if let Decoded::Bad { fault, .. } = &bad
                                && batch.first_bad.is_none()
                            {
                                batch.first_bad = Some(fault.clone());
                            }
                            batch.decoded.push(bad);
                        }
                        Some(event) => batch.decoded.push(event),
                        None => batch.left_out = batch.left_out.saturating_add(1),
                    }
                }
                Ok(None) => batch.end = Some(Ok(())),
                Err(fault) if of_the_file(&fault) => batch.end = Some(Err(fault)),
                Err(fault) => return Err(fault),
            }
        }
        Ok(batch)
    }

    /// A row as an event; none if the mapping leaves it out.
    fn decoded(&self, Found { start, row }: Found) -> Option<Decoded> {
        let [key, etag] = [&self.object.key, &self.object.etag];
        let id = digest(&[key, etag, &start.at.to_string()]);
        let (fault, mut payload) = match row {
            Err((fault, text)) => {
                let payload = json!({"source": self.object.source, "id": id, "row": text});
                (fault, payload.as_object().cloned().unwrap_or_default())
            }
            Ok(value) => {
                let row = Row {
                    row: &value,
                    headers: &Value::Null,
                    id: &id,
                    source: self.object.source.as_str(),
                    arrived: self.at,
                };
                match self.mapping.event(&row) {
                    Ok(event) => return event.map(Decoded::Event),
                    Err(fault) => (fault, self.mapping.kept(&row)),
                }
            }
        };
        if let Some(row) = payload.get_mut("row") {
            *row = shown(row.take());
        }
        payload.insert("object".to_owned(), key.as_str().into());
        payload.insert("etag".to_owned(), etag.as_str().into());
        payload.insert("line".to_owned(), start.line.into());
        let fault = fault.on_line(usize::try_from(start.line).unwrap_or_default());
        Some(Decoded::Bad { fault, payload: payload.into() })
    }
}

/// A row as it is kept in quarantine: if it is large, the beginning of its text.
fn shown(row: Value) -> Value {
    let text = row.to_string();
    if text.len() <= SHOWN {
        return row;
    }
    Value::from(text.chars().take(SHOWN / 4).collect::<String>())
}
