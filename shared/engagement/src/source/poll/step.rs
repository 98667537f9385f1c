//! A poll, in steps that a workflow makes as often as it takes. Any step may be made again, after a crash or by two
//! executions at once: a page's rows are in the stream before it is kept that they are, rows that come again have
//! the same ids, and the course is kept with a condition.

use super::course::{Counts, Course};
use super::document::Polled;
use super::port::{Ask, CourseStore, KeptCourse, Next, Page, Pages, PollSchedules};
use super::row::known_by;
use crate::pipeline::accept::{Decoded, EventStream, Origin, accept};
use crate::quarantine::Quarantine;
use crate::run::finish::{Stopped, input};
use crate::source::library::{Problem, Sources, Stored};
use crate::source::mapping::{Mapping, Row};
use crate::use_case::ScheduleDocument;
use ceap_kernel::{Clock, Fault, PollId, SignedDuration, SourceId, Tally, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What says where a row was rejected, in quarantine.
const STAGE: &str = "poll-source";

/// How long a step works before it hands on: below the 15 minutes of a function by more than one page and the
/// stream's patience take.
pub const SHIFT: SignedDuration = SignedDuration::from_mins(6);

/// Rows of one call to the stream.
const BATCH: usize = 500;

/// Bytes of a bad row, as JSON, that are kept with it.
const SHOWN: usize = 64 * 1024;

/// A source none of whose first rows is an event is left alone: its document does not fit it, and nobody is helped by
/// a million entries in quarantine that say so.
const ALL_BAD: u64 = 1_000;

/// A poll that nobody worked on for so long has lost its execution: a step takes at most 15 minutes, and is made again
/// within five.
const LOST: SignedDuration = SignedDuration::from_mins(45);

/// A schedule that was set this shortly ago may be ahead of its document, which is being saved.
const SAVING: SignedDuration = SignedDuration::from_mins(1);

/// Seconds between two looks for an answer, at most; and of one time that a source is left alone.
const LOOK_S: u32 = 60;
const WAIT_S: u32 = 900;

/// Times in a row that a source is left alone before the poll gives it up.
const WAITS: u32 = 8;

/// Steps of one poll. An execution of a Standard workflow has at most 25,000 events (Step Functions developer guide,
/// "Quotas"), and a step with a wait takes 12.
const STEPS: u32 = 1_500;

/// A step of the workflow.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// As many pages as there is time for.
    Poll(Begin),
    /// The execution ends before its poll does.
    Fail(End),
}

/// What an execution of the workflow works on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Begin {
    /// Its own ARN.
    pub execution: String,
    /// What it was begun for.
    pub input: Cause,
}

/// What an execution ends with that could not go on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct End {
    /// Its own ARN.
    pub execution: String,
    /// What it was begun for.
    #[serde(deserialize_with = "input")]
    pub input: Cause,
    /// What stopped it, as Step Functions tells.
    pub error: Stopped,
}

/// What an execution is begun for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Cause {
    /// A poll that was asked for.
    Asked(AskedFor),
    /// A schedule that fired.
    Fired(Fired),
}

/// A poll that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedFor {
    /// Whose.
    pub tenant: TenantId,
    /// Of which source.
    pub source: SourceId,
    /// Which.
    pub poll: PollId,
    /// The watermark that it is to begin at, in place of the one that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A schedule that fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    /// Whose.
    pub tenant: TenantId,
    /// Of which source.
    pub source: SourceId,
    /// As it was set.
    pub schedule: ScheduleDocument,
    /// When it was set.
    pub since: Timestamp,
    /// The instant that it fired for.
    pub scheduled_at: Timestamp,
}

impl Cause {
    fn place(&self) -> (&TenantId, &SourceId) {
        match self {
            Self::Asked(it) => (&it.tenant, &it.source),
            Self::Fired(it) => (&it.tenant, &it.source),
        }
    }

    fn poll(&self) -> PollId {
        match self {
            Self::Asked(it) => it.poll.clone(),
            Self::Fired(it) => {
                PollId::derive(&it.tenant, &it.source, &format!("at:{}", it.scheduled_at))
            }
        }
    }

    fn since(&self) -> Option<&str> {
        match self {
            Self::Asked(it) => it.since.as_deref(),
            Self::Fired(_) => None,
        }
    }
}

/// What a step says to the workflow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stepped {
    /// Whether another step is to be made.
    pub more: bool,
    /// Seconds to wait before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<u32>,
}

impl Stepped {
    const DONE: Self = Self { more: false, wait_s: None };
    const MORE: Self = Self { more: true, wait_s: None };

    const fn after(seconds: u32) -> Self {
        Self { more: true, wait_s: Some(seconds) }
    }
}

/// All that the steps need.
#[derive(Debug)]
pub struct Poller<S, K, P, E, Q, L, C> {
    /// Sources.
    pub sources: S,
    /// How far they were read.
    pub courses: K,
    /// What asks them.
    pub pages: P,
    /// Events on their way.
    pub stream: E,
    /// For rows that are no events.
    pub quarantine: Q,
    /// What starts polls.
    pub schedules: L,
    /// The wall clock.
    pub clock: C,
    /// How long a step works.
    pub shift: SignedDuration,
}

/// What a poll is made of while a step works on it.
struct Work<'a> {
    stored: &'a Stored,
    polled: Polled<'a>,
    mapping: Mapping,
    course: Course,
    revision: u64,
    tally: Tally,
}

impl<S, K, P, E, Q, L, C> Poller<S, K, P, E, Q, L, C>
where
    S: Sources,
    K: CourseStore,
    P: Pages,
    E: EventStream,
    Q: Quarantine,
    L: PollSchedules,
    C: Clock,
{
    /// Makes a step.
    ///
    /// # Errors
    /// `Unavailable`, `Throttled` or `Conflict`: the step may be made again; `Internal`. What is wrong with a source is
    /// its poll's state, not an error.
    pub async fn step(&self, step: &Step) -> Result<(Stepped, Tally), Fault> {
        match step {
            Step::Poll(begin) => self.poll(begin).await,
            Step::Fail(end) => self.fail(end).await.map(|()| Default::default()),
        }
    }

    async fn poll(&self, begin: &Begin) -> Result<(Stepped, Tally), Fault> {
        let (tenant, source) = begin.input.place();
        let stored = self.sources.get(tenant, source).await?;
        let polled = stored.as_ref().and_then(|stored| stored.document.from.polled());
        if !self.is_meant(&begin.input, polled.as_ref()).await? {
            return Ok(Default::default());
        }
        let (Some(stored), Some(polled)) = (&stored, polled) else { return Ok(Default::default()) };
        let kept = self.courses.get(tenant, source).await?;
        let kept =
            kept.unwrap_or_else(|| KeptCourse { course: Course::new(tenant, source), revision: 0 });
        let KeptCourse { mut course, revision } = kept;
        if !self.takes(&mut course, begin, stored, &polled) {
            return Ok(Default::default());
        }
        let mapping = Mapping::compile(polled.mapping)?;
        let mut work = Work { stored, polled, mapping, course, revision, tally: Tally::default() };
        // Whoever comes second finds it kept, and leaves it alone.
        self.keep(&mut work).await?;
        let stepped = match self.read(&mut work).await {
            Ok(stepped) => stepped,
            Err(fault) if fault.retryable() || matches!(fault, Fault::Internal(_)) => {
                return Err(fault);
            }
            Err(fault) => {
                self.give_up(&mut work, &fault, false).await?;
                Stepped::DONE
            }
        };
        Ok((stepped, work.tally))
    }

    /// Whether the document that is kept wants what fired. A schedule that says something else than its document is
    /// left from a save that broke off: it is set right.
    async fn is_meant(&self, cause: &Cause, polled: Option<&Polled<'_>>) -> Result<bool, Fault> {
        let Cause::Fired(Fired { tenant, source, schedule, since, .. }) = cause else {
            return Ok(true);
        };
        let wanted = polled.and_then(|polled| polled.schedule);
        if wanted == Some(schedule) {
            return Ok(true);
        }
        tracing::warn!(%tenant, %source, "a schedule fired that its source does not name");
        let now = self.clock.now();
        if now.duration_since(*since) > SAVING {
            self.schedules.set(tenant, source, wanted, now).await?;
        }
        Ok(false)
    }

    /// Whether this execution works on a poll of the course: one that it begins, or that it has begun, or whose own
    /// execution is lost.
    fn takes(
        &self,
        course: &mut Course,
        begin: &Begin,
        stored: &Stored,
        polled: &Polled<'_>,
    ) -> bool {
        let (now, id) = (self.clock.now(), begin.input.poll());
        let ended = course.has_ended(&id);
        match &mut course.open {
            Some(open) if open.execution == begin.execution => {
                open.touched = now;
                true
            }
            Some(open) if now.duration_since(open.touched) <= LOST => {
                let (tenant, source) = (&course.tenant, &course.source);
                tracing::warn!(%tenant, %source, poll = %open.poll.id, "it is being asked already");
                false
            }
            Some(open) => {
                open.execution.clone_from(&begin.execution);
                open.touched = now;
                true
            }
            // The step is made again that ended it.
            None if ended => false,
            None => {
                let (version, since) = (stored.version, begin.input.since());
                course.begin(&id, &begin.execution, version, polled.watermark, since, now);
                true
            }
        }
    }

    /// Reads on until the poll's end or the shift's.
    async fn read(&self, work: &mut Work<'_>) -> Result<Stepped, Fault> {
        let began = self.clock.now();
        loop {
            let page = {
                let Some(open) = &work.course.open else { return Ok(Stepped::DONE) };
                if open.at.version != work.stored.version {
                    let why = "was changed meanwhile; the next poll begins at the watermark";
                    return Err(Fault::invalid("source", why));
                }
                let ask = Ask {
                    tenant: &work.course.tenant,
                    source: &work.course.source,
                    poll: &open.poll.id,
                    kind: &work.stored.document.from,
                    since: open.at.from.as_deref(),
                    place: open.at.place.as_ref(),
                };
                self.pages.page(&ask).await?
            };
            if let Some(stepped) = self.take(work, page, began).await? {
                return Ok(stepped);
            }
        }
    }

    /// Takes a page in, and keeps that it is in; what the workflow is told, if this step is over.
    async fn take(
        &self,
        work: &mut Work<'_>,
        page: Page,
        began: Timestamp,
    ) -> Result<Option<Stepped>, Fault> {
        let Page { rows, next } = page;
        let read = matches!(next, Next::End | Next::Page(_));
        let bad = self.bring(work, rows).await?;
        let (now, max_pages, watermark) =
            (self.clock.now(), work.polled.max_pages, work.polled.watermark);
        let Some(open) = &mut work.course.open else { return Ok(Some(Stepped::DONE)) };
        open.touched = now;
        if read {
            (open.looks, open.waits) = (0, 0);
            open.poll.counts.pages = open.poll.counts.pages.saturating_add(1);
        }
        let counts = open.poll.counts;
        let stepped = match next {
            Next::End => {
                work.course.done(watermark, now);
                Some(Stepped::DONE)
            }
            Next::Page(place) => {
                if open.at.place.as_ref() == Some(&place) {
                    let why = "the answer names the page that it is on as the next one";
                    return Err(Fault::invalid("pages", why));
                }
                open.at.place = Some(place);
                if counts.pages >= max_pages {
                    work.course.paused(now);
                    Some(Stepped::DONE)
                } else {
                    (now.duration_since(began) >= self.shift).then_some(Stepped::MORE)
                }
            }
            Next::Running(place) => {
                open.at.place = Some(place);
                let wait = 1_u32.checked_shl(open.looks).unwrap_or(LOOK_S).min(LOOK_S);
                open.looks = open.looks.saturating_add(1);
                Some(Stepped::after(wait))
            }
            Next::Later { place, why, seconds } => {
                open.at.place = place;
                let wait = 5_u32.checked_shl(open.waits).unwrap_or(WAIT_S).min(WAIT_S / 3);
                open.waits = open.waits.saturating_add(1);
                if open.waits > WAITS {
                    self.give_up(work, &Fault::Unavailable(why), true).await?;
                    return Ok(Some(Stepped::DONE));
                }
                Some(Stepped::after(seconds.unwrap_or(wait).clamp(1, WAIT_S)))
            }
        };
        if let Some(open) = work.course.open.as_mut().filter(|_| stepped.is_some()) {
            open.steps = open.steps.saturating_add(1);
            if open.steps > STEPS {
                let why = format!("it took more than {STEPS} steps; the next poll goes on there");
                self.give_up(work, &Fault::Unavailable(why), true).await?;
                return Ok(Some(Stepped::DONE));
            }
        }
        self.keep(work).await?;
        match bad.filter(|_| counts.quarantined >= ALL_BAD && counts.accepted == 0) {
            Some(fault) if work.course.open.is_some() => Err(Fault::invalid(
                "mapping",
                format!("none of the first rows is an event: {fault}"),
            )),
            _ => Ok(stepped),
        }
    }

    /// Brings rows into the stream or into quarantine; what is wrong with the first that is no event.
    async fn bring(&self, work: &mut Work<'_>, rows: Vec<Value>) -> Result<Option<Fault>, Fault> {
        let Work { polled, mapping, course, tally, .. } = work;
        let (tenant, source, watermark) = (&course.tenant, &course.source, polled.watermark);
        let Some(open) = &mut course.open else { return Ok(None) };
        let (mut bad, mut rows) = (None, rows.into_iter().peekable());
        while rows.peek().is_some() {
            let arrived = self.clock.now();
            let (mut decoded, mut counts) = (Vec::new(), Counts::default());
            for row in rows.by_ref().take(BATCH) {
                counts.rows = counts.rows.saturating_add(1);
                let id = known_by(&row);
                let at = Row {
                    row: &row,
                    headers: &Value::Null,
                    id: &id,
                    source: source.as_str(),
                    arrived,
                };
                let made = match open.saw(&row, watermark) {
                    Ok(true) => {
                        counts.repeated = counts.repeated.saturating_add(1);
                        continue;
                    }
                    Ok(false) => mapping.event(&at),
                    Err(fault) => Err(fault),
                };
                match made {
                    Ok(Some(event)) => decoded.push(Decoded::Event(event)),
                    Ok(None) => counts.left_out = counts.left_out.saturating_add(1),
                    Err(fault) => {
                        bad = bad.or_else(|| Some(fault.clone()));
                        let mut payload = mapping.kept(&at);
                        if let Some(row) = payload.get_mut("row") {
                            *row = shown(row.take());
                        }
                        payload.insert("poll".to_owned(), open.poll.id.as_str().into());
                        decoded.push(Decoded::Bad { fault, payload: payload.into() });
                    }
                }
            }
            let (accepted, counted) = accept(
                Origin::of(STAGE, tenant),
                decoded,
                &self.stream,
                &self.quarantine,
                &self.clock,
            )
            .await?;
            tally.merge(counted);
            counts.accepted = u64::try_from(accepted.accepted).unwrap_or(u64::MAX);
            counts.quarantined = u64::try_from(accepted.quarantined.len()).unwrap_or(u64::MAX);
            open.poll.counts.add(&counts);
        }
        Ok(bad)
    }

    async fn keep(&self, work: &mut Work<'_>) -> Result<(), Fault> {
        self.courses.save(&work.course, work.revision).await?;
        work.revision = work.revision.saturating_add(1);
        Ok(())
    }

    /// Ends a poll that can't go on. `passes`: what stopped it may be over when the next one begins.
    async fn give_up(&self, work: &mut Work<'_>, fault: &Fault, passes: bool) -> Result<(), Fault> {
        let now = self.clock.now();
        let problem = Problem::of(fault, now);
        let (tenant, source) = (work.course.tenant.clone(), work.course.source.clone());
        tracing::warn!(%tenant, %source, code = problem.code, "a poll failed");
        self.sources.report(&tenant, &source, &problem).await?;
        work.course.failed(problem, passes, now);
        self.keep(work).await
    }

    /// Ends the poll of an execution that ends before it.
    async fn fail(&self, end: &End) -> Result<(), Fault> {
        let (tenant, source) = end.input.place();
        let Some(kept) = self.courses.get(tenant, source).await? else { return Ok(()) };
        let KeptCourse { mut course, revision } = kept;
        if !course.is_of(&end.execution) {
            return Ok(());
        }
        let now = self.clock.now();
        let problem = Problem { at: now, code: "stopped".to_owned(), message: end.error.reason() };
        self.sources.report(tenant, source, &problem).await?;
        course.failed(problem, true, now);
        self.courses.save(&course, revision).await
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
