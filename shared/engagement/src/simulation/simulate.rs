//! Events in, the whole decision out; nothing is written.

use super::course::Course;
use super::funnel::Funnel;
use super::memory::Memory;
use super::request::{Given, Request, Stored};
use super::trace::{Decided, Quarantined};
use crate::event::Event;
use crate::pipeline::accept::{Decoded, Origin, accept};
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Versioned;
use crate::profile::Profile;
use crate::use_case::{Document, Plan};
use ceap_kernel::{Fault, Metric, SignalId, SubjectId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a simulation tells.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Simulated {
    /// What each event did, as they were given.
    pub events: Vec<Seen>,
    /// What was decided on each signal, in the order of their emission.
    pub signals: Vec<Decided>,
    /// How many came how far.
    pub funnel: Funnel,
}

/// What an event did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "SimulatedEvent")]
pub struct Seen {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// When it arrived, as simulated.
    pub arrived: Timestamp,
    /// What became of it.
    pub came: Came,
    /// Why it is in quarantine, or which triggers could not be judged upon it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantined>,
    /// The signals that there are since.
    pub signals: Vec<SignalId>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SimulatedArrival")]
pub enum Came {
    /// It was honoured.
    Accepted,
    /// It was known.
    Duplicate,
    /// It could not proceed.
    Quarantined,
}

/// Runs the events of `request` through `document`, as its tenant, who runs `running`, would see it.
///
/// # Errors
/// `Invalid`, naming the field; `Unavailable` or `Throttled` from what is stored.
pub async fn simulate<A: Addresses + Clone>(
    tenant: &TenantId,
    running: &Plan,
    document: Document,
    request: &Request,
    stored: &impl Stored,
    addresses: A,
) -> Result<Simulated, Fault> {
    let document = Document { mode: request.mode, ..document };
    let plan = running.alone(document).map_err(|fault| fault.within("document"))?;
    let given = request.in_order()?;
    let memory = Memory::new(Arc::new(plan), request.suppressed());
    begin(tenant, request, &given, stored, &memory).await?;
    let mut course = Course::new(tenant.clone(), memory, addresses, request.channels.clone());
    let mut events: Vec<(usize, Seen)> = Vec::with_capacity(given.len());
    for one in &given {
        course.advance(one.arrived).await?;
        events.push((one.index, seen(&mut course, one).await?));
    }
    course.finish().await?;
    events.sort_by_key(|(index, _)| *index);
    let events: Vec<Seen> = events.into_iter().map(|(_, seen)| seen).collect();
    let signals = std::mem::take(&mut course.memory.kept().traces).into_decided();
    let funnel = funnel(&events, &signals);
    Ok(Simulated { events, signals, funnel })
}

/// What is known before the first event.
async fn begin(
    tenant: &TenantId,
    request: &Request,
    given: &[Given<'_>],
    stored: &impl Stored,
    memory: &Memory,
) -> Result<(), Fault> {
    let named = given.iter().filter_map(|it| it.event.get("subject")?.as_str());
    let named: BTreeSet<SubjectId> = named.filter_map(|it| SubjectId::new(it).ok()).collect();
    let all: Vec<SubjectId> = named.into_iter().chain(request.profiles.keys().cloned()).collect();
    let all: BTreeSet<SubjectId> = all.into_iter().collect();
    let ids: Vec<SubjectId> = all.into_iter().collect();
    let states = if request.from_stored {
        stored.stored(tenant, &ids).await?
    } else {
        ids.iter().map(|_| crate::pipeline::ingest::State::default()).collect()
    };
    let start = given.first().map_or(Timestamp::UNIX_EPOCH, |first| first.arrived);
    for (subject, mut state) in ids.into_iter().zip(states) {
        request.known(&subject, start, &mut state.profile)?;
        // What is on its way in earnest is not simulated.
        state.owe_only(&BTreeSet::new());
        let profile_version = u64::from(state.profile != Profile::default());
        let read = Versioned { state, profile_version, ..Versioned::default() };
        memory.kept().subjects.insert(subject, read);
    }
    Ok(())
}

/// Takes one event in, and tells what it did.
async fn seen<A: Addresses + Clone>(
    course: &mut Course<A>,
    given: &Given<'_>,
) -> Result<Seen, Fault> {
    let before = course.memory.kept().traces.len();
    let decoded = match Event::from_json(given.event, given.arrived) {
        Ok(event) => Decoded::Event(event),
        Err(fault) => Decoded::Bad { fault, payload: given.event.clone() },
    };
    let memory = &course.memory;
    let (accepted, _) =
        accept(Origin::of("ingest-http", &course.tenant), vec![decoded], &memory, &memory, &memory)
            .await?;
    let batch = std::mem::take(&mut course.memory.kept().stream);
    let tally = course.arrive(&batch).await?;
    let kept = &mut *course.memory.kept();
    // What could not proceed later on is told with its signal.
    let here = |stage: &str| matches!(stage, "ingest-http" | "ingest-stream" | "trigger");
    let rejected = std::mem::take(&mut kept.quarantine);
    let quarantined = rejected.iter().filter(|it| here(&it.stage)).map(Into::into).collect();
    let refused = accepted.accepted == 0 || tally.total(Metric::EventsQuarantined) > 0;
    let came = match tally.total(Metric::EventsDuplicate) {
        _ if refused => Came::Quarantined,
        0 => Came::Accepted,
        _ => Came::Duplicate,
    };
    Ok(Seen {
        id: given.event.get("id").and_then(Value::as_str).map(str::to_owned),
        arrived: given.arrived,
        came,
        quarantined,
        signals: kept.traces.since(before).to_vec(),
    })
}

fn funnel(events: &[Seen], signals: &[Decided]) -> Funnel {
    let count = |came: Came| {
        u64::try_from(events.iter().filter(|seen| seen.came == came).count()).unwrap_or(u64::MAX)
    };
    let failed = events.iter().map(|seen| seen.quarantined.len()).sum::<usize>();
    let mut funnel = Funnel {
        events: count(Came::Accepted),
        duplicates: count(Came::Duplicate),
        quarantined: u64::try_from(failed).unwrap_or(u64::MAX),
        ..Funnel::default()
    };
    for signal in signals {
        funnel.add(signal);
    }
    funnel
}
