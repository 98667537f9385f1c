//! What happens to tickets, told to the bus, to the event stream and to people, as it is read from the stream of the
//! helpdesk's table; what reports count of them; who is invited; and jobs and clocks, which begin by it.

use super::changes::changed;
use crate::batch::{Answer, whole};
use crate::bootstrap::log;
use crate::env::Env;
use crate::{metrics, stage};
use aws_lambda_events::event::dynamodb::{Event as Changes, EventRecord};
use ceap_aws::connections::GatewayConnections;
use ceap_aws::dynamodb::{self, HelpdeskStore, QuarantineStore, Table};
use ceap_aws::fact_bus::FactBus;
use ceap_aws::job_queue::JobQueue;
use ceap_aws::schedules::{AutomationSchedules, ScheduleConfig};
use ceap_aws::stream::KinesisStream;
use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::profile::PROFILE_UPDATED;
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::automation::{Clockwork, Duty};
use ceap_helpdesk::job::{Job, Later, Waiting};
use ceap_helpdesk::presence::{Connections, Live};
use ceap_helpdesk::record::Record;
use ceap_helpdesk::report::{self, MEASURED, Snapshot};
use ceap_helpdesk::routing::bell;
use ceap_helpdesk::store::{Key, Store};
use ceap_helpdesk::ticket::fact::{self, Bus, Fact, Kind};
use ceap_helpdesk::ticket::letter::Notice;
use ceap_helpdesk::ticket::{Audit, DeletedTicket, Ticket};
use ceap_helpdesk::user::Invitation;
use ceap_kernel::{Clock, Fault, Metric, SubjectId, SystemClock, Tally, TenantId};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const NAME: &str = "helpdesk-events";

/// The source of events about tickets.
const SOURCE: &str = "ceap/helpdesk";

/// Tells what happens.
pub struct Herald<E, Q> {
    pub(super) store: Box<dyn Store>,
    pub(super) bus: Box<dyn Bus>,
    pub(super) later: Box<dyn Later>,
    pub(super) clockwork: Box<dyn Clockwork>,
    pub(super) stream: E,
    pub(super) quarantine: Q,
    pub(super) clock: Box<dyn Clock>,
    pub(super) accounts: Remembered,
    pub(super) connections: Box<dyn Connections>,
}

/// An item, as far as it is read here.
#[derive(Debug, Deserialize)]
struct Row {
    pk: String,
    body: String,
    /// Whether it was put back from an export (`ceap_engagement::backup::MARK`).
    #[serde(default)]
    restored: bool,
}

impl Herald<KinesisStream, QuarantineStore> {
    /// Built of `HELPDESK_TABLE`, `QUARANTINE_TABLE`, `EVENT_BUS`, `EVENT_STREAM`, `JOBS_QUEUE` and `PRESENCE_ENDPOINT`; and
    /// of schedules in `SCHEDULE_GROUP`, which call `AUTOMATIONS_FUNCTION` as `SCHEDULE_ROLE_ARN`, and `SCHEDULE_DLQ_ARN` for
    /// what could not be called.
    pub async fn open(env: &Env) -> Self {
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("AUTOMATIONS_FUNCTION").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        Self {
            clockwork: Box::new(AutomationSchedules::new(&config, schedules)),
            store: Box::new(HelpdeskStore::new(table("HELPDESK_TABLE"), SystemClock)),
            bus: Box::new(FactBus::new(&config, env.get("EVENT_BUS"))),
            later: Box::new(JobQueue::new(&config, env.get("JOBS_QUEUE"))),
            stream: KinesisStream::new(&config, env.get("EVENT_STREAM")),
            quarantine: QuarantineStore::new(table("QUARANTINE_TABLE")),
            clock: Box::new(SystemClock),
            accounts: Remembered::default(),
            connections: Box::new(GatewayConnections::new(&config, env.get("PRESENCE_ENDPOINT"))),
        }
    }
}

impl<E: EventStream, Q: Quarantine> Herald<E, Q> {
    /// Takes batch after batch of changes of the table.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn serve(&self) -> Result<(), Error> {
        stage::run(NAME, async |event: Changes| Ok::<_, Error>(self.take(event).await)).await
    }

    /// Takes a batch. One that fails comes again from its first change on; ids make what was told twice count once.
    pub(super) async fn take(&self, changes: Changes) -> Answer {
        let records = changed(&changes.records);
        let first = changes.records.first().and_then(|it| it.change.sequence_number.clone());
        match Box::pin(self.told(changes)).await {
            Ok(()) => Answer::default(),
            Err(fault) => {
                log(NAME, &fault);
                whole(first, records)
            }
        }
    }

    async fn told(&self, changes: Changes) -> Result<(), Fault> {
        let mut audits = BTreeMap::<TenantId, Vec<Audit>>::new();
        let mut measured = BTreeMap::<TenantId, Vec<Snapshot>>::new();
        let (mut jobs, mut letters, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        let mut due = BTreeSet::<(TenantId, Duty)>::new();
        for record in changes.records {
            match added(record) {
                Ok(Some((tenant, Added::Audit(audit)))) => {
                    let notice = Notice::of(&audit);
                    letters.extend(
                        notice.map(|notice| Waiting::Notice { tenant: tenant.clone(), notice }),
                    );
                    audits.entry(tenant).or_default().push(*audit);
                }
                Ok(Some((tenant, Added::State(state)))) => {
                    measured.entry(tenant).or_default().push(*state);
                }
                Ok(Some((tenant, Added::Due(duty)))) => drop(due.insert((tenant, duty))),
                Ok(Some((tenant, Added::Job(id)))) => jobs.push(Waiting::Job { tenant, id }),
                Ok(Some((tenant, Added::Invitation(id, invitation)))) => {
                    letters.push(Waiting::Invitation { tenant, id, invitation });
                }
                Ok(None) => {}
                Err(fault) => {
                    let at = self.clock.now();
                    rejected.push(Rejected::new(None, NAME, &fault, Value::Null, at));
                }
            }
        }
        // Somebody waits for these, and nothing that fails below may keep them.
        futures::try_join!(self.later.put(&jobs), self.wind(&due))?;
        if !rejected.is_empty() {
            self.quarantine.keep(&rejected).await?;
        }
        for (tenant, audits) in &audits {
            let facts = fact::facts(&*self.store, tenant, audits).await?;
            let events = self.events(&facts)?;
            if !facts.is_empty() {
                futures::try_join!(self.bus.tell(&facts), self.stream.put(&events))?;
            }
        }
        let mut routes = Vec::new();
        for (tenant, audits) in &audits {
            routes.extend(bell(&*self.store, &self.accounts, tenant, audits).await?);
        }
        futures::try_join!(self.later.put(&letters), self.later.put(&routes))?;
        self.measure(measured).await?;
        for (tenant, audits) in &audits {
            self.show(tenant, audits).await;
        }
        Ok(())
    }

    async fn wind(&self, due: &BTreeSet<(TenantId, Duty)>) -> Result<(), Fault> {
        let each = due.iter().map(|(tenant, duty)| self.clockwork.wind(tenant, *duty));
        futures::future::try_join_all(each).await.map(drop)
    }

    /// Keeps states of tickets in the lake, of which reports can be made anew, and counts them in those that serve.
    async fn measure(&self, measured: BTreeMap<TenantId, Vec<Snapshot>>) -> Result<(), Fault> {
        let states = measured.iter().flat_map(|(tenant, all)| {
            report::newest(all).into_iter().map(move |it| self.state(tenant, it))
        });
        let events: Vec<Arrived> = states.collect::<Result<_, Fault>>()?;
        if !events.is_empty() {
            self.stream.put(&events).await?;
        }
        let mut tally = Tally::default();
        for (tenant, states) in &measured {
            let counted = report::count(&*self.store, tenant, states).await?;
            tally.add(Metric::PromisesBroken, tenant, None, None, counted.broken());
        }
        metrics::emit(&tally);
        Ok(())
    }

    fn state(&self, tenant: &TenantId, state: &Snapshot) -> Result<Arrived, Fault> {
        let data = match serde_json::to_value(state) {
            Ok(Value::Object(data)) => data,
            Ok(_) => Map::new(),
            Err(error) => return Err(Fault::Internal(error.to_string())),
        };
        let event = Event {
            id: state.event_id(),
            source: SOURCE.to_owned(),
            kind: MEASURED.to_owned(),
            subject: SubjectId::new(state.subject())?,
            time: state.at,
            data,
        };
        Ok(Arrived { tenant: tenant.clone(), at: self.clock.now(), event, trace: None })
    }

    /// Tells the agents who watch. Who could not be told reads the ticket sooner or later: the batch does not come again
    /// for that.
    async fn show(&self, tenant: &TenantId, audits: &[Audit]) {
        let live = Live {
            store: &*self.store,
            accounts: &self.accounts,
            clock: &*self.clock,
            connections: &*self.connections,
        };
        if let Err(fault) = live.changed(tenant, audits).await {
            log(NAME, &fault);
        }
    }

    /// Facts as events of those who asked for the tickets. A ticket that is opened by somebody whom only the helpdesk knows
    /// tells what it knows of them, so that they can be written to.
    fn events(&self, facts: &[Fact]) -> Result<Vec<Arrived>, Fault> {
        let mut events = Vec::new();
        for fact in facts {
            let subject = SubjectId::new(fact.requester.subject())?;
            let event = |id: String, kind: &str, data: Map<String, Value>| Arrived {
                tenant: fact.tenant.clone(),
                at: self.clock.now(),
                event: Event {
                    id,
                    source: SOURCE.to_owned(),
                    kind: kind.to_owned(),
                    subject: subject.clone(),
                    time: fact.time,
                    data,
                },
                trace: None,
            };
            let profile = fact.requester.profile().filter(|_| fact.kind == Kind::Created);
            let known =
                |data| event(format!("{PROFILE_UPDATED}:{}", fact.id), PROFILE_UPDATED, data);
            events.extend(profile.map(known));
            events.push(event(fact.id.clone(), fact.kind.as_str(), fact.data.clone()));
        }
        Ok(events)
    }
}

/// What a change added.
enum Added {
    /// What an update did.
    Audit(Box<Audit>),
    /// What became of a ticket.
    State(Box<Snapshot>),
    /// A job, by its id.
    Job(String),
    /// What is to be done in time.
    Due(Duty),
    /// Somebody who is invited, by the id of the invitation.
    Invitation(String, Invitation),
}

/// What a change added, if it did. (The stream is filtered before; what is left beside is nothing of ours.)
fn added(record: EventRecord) -> Result<Option<(TenantId, Added)>, Fault> {
    let sort = serde_dynamo::from_item::<_, Map<String, Value>>(record.change.keys).ok();
    let sort = sort.as_ref().and_then(|keys| keys.get("sk")?.as_str()).unwrap_or_default();
    let is_audit = sort.starts_with("A#");
    let is_new = record.event_name == "INSERT";
    let is_invitation = sort == Invitation::SORT;
    let is_kept = record.event_name != "REMOVE";
    let is_row = is_kept && sort.bytes().all(|it| it.is_ascii_digit());
    let is_caller =
        is_kept && sort.split_once('#').is_some_and(|(it, _)| Duty::CALLERS.contains(&it));
    if !(is_row || is_caller || is_new && (is_audit || is_invitation || sort == Job::SORT)) {
        return Ok(None);
    }
    let wrong = |what: String| Fault::invalid("record", what);
    let row: Row = serde_dynamo::from_item(record.change.new_image)
        .map_err(|error| wrong(error.to_string()))?;
    let (tenant, partition) = row.pk.split_once('#').unwrap_or_default();
    let tenant = TenantId::new(tenant)?;
    if is_caller {
        let duty = Duty::of(&Key::new(partition, sort), &row.body);
        let duty = duty.map_err(|error| wrong(error.to_string()))?;
        return Ok(duty.map(|it| (tenant, Added::Due(it))));
    }
    // What was put back happened long ago, was told of, and is counted. What becomes of it from now on is news.
    if is_new && row.restored {
        return Ok(None);
    }
    if is_audit {
        let audit = serde_json::from_str(&row.body).map_err(|error| wrong(error.to_string()))?;
        return Ok(Some((tenant, Added::Audit(audit))));
    }
    if is_row {
        let state = state(partition, &row.body).map_err(|error| wrong(error.to_string()))?;
        return Ok(state.map(|it| (tenant, Added::State(Box::new(it)))));
    }
    if is_invitation {
        let id = partition.strip_prefix(Invitation::PARTITION);
        let id = id.ok_or_else(|| wrong("names no invitation".to_owned()))?;
        let invitation =
            serde_json::from_str(&row.body).map_err(|error| wrong(error.to_string()))?;
        return Ok(Some((tenant, Added::Invitation(id.to_owned(), invitation))));
    }
    let id = partition.strip_prefix("JOB#").ok_or_else(|| wrong("names no job".to_owned()))?;
    Ok(Some((tenant, Added::Job(id.to_owned()))))
}

/// What a record says of a ticket, if it is one of a ticket.
fn state(partition: &str, body: &str) -> Result<Option<Snapshot>, serde_json::Error> {
    if partition == Ticket::KIND.name {
        return serde_json::from_str(body).map(|it: Ticket| Some(Snapshot::of(&it)));
    }
    if partition == DeletedTicket::KIND.name {
        return serde_json::from_str(body).map(|it: DeletedTicket| Some(Snapshot::deleted(&it)));
    }
    Ok(None)
}
