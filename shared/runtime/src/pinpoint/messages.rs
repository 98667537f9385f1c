//! Messages: asked for at the same desk as `POST /v1/messages`, so with the same gates, claims and records.
//!
//! A message's key derives from the client's call and the recipient. SDKs keep the id of a call across their own
//! retries of it, so one that they make again finds the messages of the first, and sends none twice.

use super::access::{Caller, Gate};
use super::refusal::Refusal;
use super::{INVOCATION, request_id};
use crate::bootstrap::{log, random};
use crate::http::{Asked, Reply};
use ceap_connectors::pinpoint::message::{Composer, MessageRequest, Recipient, read};
use ceap_engagement::endpoint::told::{address_on, reached};
use ceap_engagement::endpoint::{ChannelType, Endpoint, Endpoints, Kept, OptOut, Status, key};
use ceap_engagement::link::LinkMaker;
use ceap_engagement::message::{ChannelQueues, Claims, State, Suppressions};
use ceap_engagement::message_log::{MessageLog, View};
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::ingest::Subjects;
use ceap_engagement::pipeline::request::{Desk, Request};
use ceap_engagement::policy::Refusal as Refused;
use ceap_engagement::secret::Secrets;
use ceap_engagement::suppression::Reason;
use ceap_engagement::use_case::{Plan, UseCases};
use ceap_kernel::access::Credentials;
use ceap_kernel::{Clock, Fault, SubjectId, Tally, TenantId, digest};
use futures::stream::{self, StreamExt};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Messages that are asked for at once.
const CONCURRENCY: usize = 8;

/// The desk, as far as it is asked.
#[allow(async_fn_in_trait)]
pub trait Asks {
    /// What the tenant runs.
    ///
    /// # Errors
    /// As [`UseCases::plan`].
    async fn plan(&self, tenant: &TenantId) -> Result<Arc<Plan>, Fault>;

    /// Asks for a message.
    ///
    /// # Errors
    /// As [`Desk::send`].
    async fn ask(
        &self,
        tenant: &TenantId,
        key: &str,
        request: &Request,
    ) -> Result<(View, Tally), Fault>;
}

impl<S, U, M, P, A, L, C, Q> Asks for Desk<S, U, M, P, A, L, C, Q>
where
    S: Subjects,
    U: UseCases,
    M: Claims + MessageLog,
    P: Suppressions,
    A: Addresses,
    L: LinkMaker,
    C: Clock,
    Q: ChannelQueues,
{
    async fn plan(&self, tenant: &TenantId) -> Result<Arc<Plan>, Fault> {
        self.use_cases.plan(tenant).await
    }

    async fn ask(
        &self,
        tenant: &TenantId,
        key: &str,
        request: &Request,
    ) -> Result<(View, Tally), Fault> {
        self.send(tenant, key, request).await
    }
}

/// All that is needed.
#[derive(Debug)]
pub struct Senders<C, K, P, D, T> {
    /// Who is let in.
    pub gate: Gate<C, K>,
    /// Endpoints.
    pub endpoints: P,
    /// Where messages are asked for.
    pub desk: D,
    /// The wall clock.
    pub clock: T,
}

/// Under what name a recipient stands in the answer.
enum Place {
    Address(String),
    Endpoint(String),
    User(String, String),
}

/// A recipient, and the message to it; or what became of it before it was asked for.
struct Job {
    place: Place,
    address: Option<String>,
    asked: Result<(String, Request), Outcome>,
}

/// What became of one message, as Pinpoint tells it (API reference, `MessageResult`).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    status: &'static str,
    code: u16,
    message: String,
    id: Option<String>,
}

impl<C: Credentials, K: Secrets, P: Endpoints, D: Asks, T: Clock> Senders<C, K, P, D, T> {
    /// Answers a call, in Pinpoint's words whatever happens.
    ///
    /// # Errors
    /// `Internal` when the answer cannot be written.
    pub async fn answer(&self, asked: &Asked) -> Result<Reply, Fault> {
        match self.serve(asked).await {
            Ok(reply) => Ok(reply),
            Err(refusal) => refusal.reply(&request_id(asked)),
        }
    }

    async fn serve(&self, asked: &Asked) -> Result<Reply, Refusal> {
        let caller = self.gate.admit(asked, self.clock.now()).await?;
        let users = asked.route().ends_with("/users-messages");
        let mut request = read(&asked.body()?)?;
        // Each of the two operations has recipients of its own.
        if users {
            (request.addresses, request.endpoints) = (None, None);
        } else {
            request.users = None;
        }
        let plan = self.desk.plan(&caller.tenant).await?;
        let composer = Composer { request: &request, settings: &plan.settings };
        let call = call(asked, &request);
        let mut jobs = Vec::new();
        for (address, recipient) in request.addresses.iter().flatten() {
            jobs.push(to_address(&composer, address, recipient));
        }
        jobs.extend(self.to_endpoints(&caller, &composer).await?);
        jobs.extend(self.to_users(&caller, &composer).await?);
        alone(&mut jobs);
        let asks = jobs.iter().map(|job| self.ask(&caller, &call, job));
        let outcomes: Vec<(Outcome, Tally)> =
            stream::iter(asks).buffered(CONCURRENCY).collect().await;
        if let Some(fault) = all_later(&outcomes) {
            return Err(fault.into());
        }
        Ok(answered(asked, &caller, users, &request, &jobs, outcomes)?)
    }

    async fn to_endpoints(
        &self,
        caller: &Caller,
        composer: &Composer<'_>,
    ) -> Result<Vec<Job>, Fault> {
        let named: Vec<(&String, &Recipient)> =
            composer.request.endpoints.iter().flatten().collect();
        if named.is_empty() {
            return Ok(Vec::new());
        }
        // What is no id is no endpoint's.
        let known = named.iter().filter_map(|(id, _)| key(id).ok());
        let mut keys: Vec<String> = known.collect();
        keys.sort();
        keys.dedup();
        let kept = self.endpoints.load(&caller.tenant, &caller.app, &keys).await?;
        let kept: BTreeMap<String, Option<Kept>> = keys.into_iter().zip(kept).collect();
        let job = |(id, recipient): (&String, &Recipient)| {
            let found = key(id).ok().and_then(|key| kept.get(&key)?.as_ref());
            let place = Place::Endpoint(id.clone());
            match found {
                Some(kept) => to_endpoint(composer, place, &kept.endpoint, recipient),
                None => {
                    let why = "there is no such endpoint; UpdateEndpoint makes one";
                    Job { place, address: None, asked: Err(Outcome::permanent(404, why)) }
                }
            }
        };
        Ok(named.into_iter().map(job).collect())
    }

    async fn to_users(&self, caller: &Caller, composer: &Composer<'_>) -> Result<Vec<Job>, Fault> {
        let named: Vec<(&String, &Recipient)> = composer.request.users.iter().flatten().collect();
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let users: Result<Vec<SubjectId>, Fault> =
            named.iter().map(|(user, _)| SubjectId::new(user.as_str())).collect();
        let kept = self.endpoints.of_users(&caller.tenant, &caller.app, &users?).await?;
        let mut jobs = Vec::new();
        for ((user, recipient), kept) in named.into_iter().zip(kept) {
            for Kept { endpoint, .. } in &kept {
                let place = Place::User(user.clone(), endpoint.id.clone());
                jobs.push(to_endpoint(composer, place, endpoint, recipient));
            }
        }
        Ok(jobs)
    }

    async fn ask(&self, caller: &Caller, call: &str, job: &Job) -> (Outcome, Tally) {
        let (place, request) = match &job.asked {
            Ok(asked) => asked,
            Err(outcome) => return (outcome.clone(), Tally::default()),
        };
        let key = format!("pinpoint/{}/{call}/{place}", caller.app);
        match self.desk.ask(&caller.tenant, &key, request).await {
            Ok((view, tally)) => (Outcome::of(&view), tally),
            Err(fault) => (Outcome::failed(&fault), Tally::default()),
        }
    }
}

/// What tells this call from others, however often its SDK makes it: the id of its invocation; of a client that
/// sends none, its trace; of one that sends neither, nothing does.
fn call(asked: &Asked, request: &MessageRequest) -> String {
    let given = |id: Option<&str>| id.filter(|id| !id.is_empty()).map(str::to_owned);
    let trace = || given(request.trace_id.as_deref()).map(|id| format!("trace/{id}"));
    let chance = || random().iter().map(|byte| format!("{byte:02x}")).collect();
    given(asked.header(INVOCATION)).or_else(trace).unwrap_or_else(chance)
}

fn to_address(composer: &Composer<'_>, address: &str, recipient: &Recipient) -> Job {
    let asked = || {
        let missing = || Fault::invalid("ChannelType", "is missing; name the address's channel");
        let kind = recipient.channel_type.ok_or_else(missing)?;
        let (channel, to) = address_on(kind, address)?;
        // Records hold no address. Whose it is, nobody said.
        let subject = SubjectId::new(format!("address-{}", digest(&["address", channel, &to])))?;
        asked_for(composer, kind, recipient, None, subject, channel, to)
    };
    let (place, address) = (Place::Address(address.to_owned()), None);
    Job { place, address, asked: asked().map_err(|fault| Outcome::failed(&fault)) }
}

fn to_endpoint(
    composer: &Composer<'_>,
    place: Place,
    endpoint: &Endpoint,
    recipient: &Recipient,
) -> Job {
    let asked = || {
        let failed = |fault: Fault| Outcome::failed(&fault);
        if endpoint.endpoint_status == Status::Inactive {
            return Err(Outcome::permanent(410, "the endpoint is inactive"));
        }
        if endpoint.opt_out == Some(OptOut::All) {
            return Err(Outcome::new("OPT_OUT", 200, "the endpoint's user opted out"));
        }
        let (channel, to) = reached(endpoint).map_err(failed)?;
        let kind = endpoint.channel_type.unwrap_or(ChannelType::Custom);
        let subject = endpoint.subject().map_err(failed)?;
        let of = Some(endpoint);
        asked_for(composer, kind, recipient, of, subject, channel, to).map_err(failed)
    };
    Job { place, address: endpoint.address.clone(), asked: asked() }
}

fn asked_for(
    composer: &Composer<'_>,
    kind: ChannelType,
    recipient: &Recipient,
    endpoint: Option<&Endpoint>,
    subject: SubjectId,
    channel: &'static str,
    to: String,
) -> Result<(String, Request), Fault> {
    let composed = composer.compose(kind, recipient, endpoint)?;
    let place = format!("{channel}/{to}");
    let request = Request {
        subject,
        channel: channel.to_owned(),
        to: Some(to),
        purpose: composed.purpose,
        template: composed.template,
        content: composed.content,
        data: composed.data,
        attachments: Vec::new(),
        expires_in: composed.expires_in,
        trace: None,
    };
    Ok((place, request))
}

/// An address gets one message of a request, whoever has it.
fn alone(jobs: &mut [Job]) {
    let mut seen = BTreeSet::new();
    for job in jobs {
        let again = job.asked.as_ref().is_ok_and(|(place, _)| !seen.insert(place.clone()));
        if again {
            let why = "the address is another recipient's of this request, too";
            job.asked = Err(Outcome::new("DUPLICATE", 200, why));
        }
    }
}

/// When nothing could be asked for that may be later, the client sends the same again.
fn all_later(outcomes: &[(Outcome, Tally)]) -> Option<Fault> {
    let all =
        |status: &str| !outcomes.is_empty() && outcomes.iter().all(|(it, _)| it.status == status);
    let first = || outcomes.first().map(|(it, _)| it.message.clone()).unwrap_or_default();
    if all("THROTTLED") {
        return Some(Fault::Throttled(first()));
    }
    all("TEMPORARY_FAILURE").then(|| Fault::Unavailable(first()))
}

fn answered(
    asked: &Asked,
    caller: &Caller,
    users: bool,
    request: &MessageRequest,
    jobs: &[Job],
    outcomes: Vec<(Outcome, Tally)>,
) -> Result<Reply, Fault> {
    let (mut addresses, mut endpoints) = (Map::new(), Map::new());
    let nobody = |(user, _): (&String, &Recipient)| (user.clone(), Map::new());
    let mut of: BTreeMap<String, Map<String, Value>> =
        request.users.iter().flatten().map(nobody).collect();
    let mut all = Tally::default();
    for (job, (outcome, tally)) in jobs.iter().zip(outcomes) {
        all.merge(tally);
        let said = outcome.shown(job.address.as_deref());
        match &job.place {
            Place::Address(address) => drop(addresses.insert(address.clone(), said)),
            Place::Endpoint(id) => drop(endpoints.insert(id.clone(), said)),
            Place::User(user, id) => {
                of.entry(user.clone()).or_default().insert(id.clone(), said);
            }
        }
    }
    let (app, id) = (&caller.app, request_id(asked));
    let body = if users {
        json!({"ApplicationId": app, "RequestId": id, "Result": of})
    } else {
        json!({"ApplicationId": app, "RequestId": id, "Result": addresses, "EndpointResult": endpoints})
    };
    Ok(Reply::json(200, &body)?.counted(all))
}

impl Outcome {
    fn new(status: &'static str, code: u16, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), id: None }
    }

    fn permanent(code: u16, message: impl Into<String>) -> Self {
        Self::new("PERMANENT_FAILURE", code, message)
    }

    /// Where a message stands.
    fn of(view: &View) -> Self {
        let id = Some(view.id.to_string());
        let reason = view.reason.as_deref().unwrap_or_default();
        let said = format!("{}; GET /v1/messages/{} tells more", view.state.as_str(), view.id);
        let because = format!("{}: {reason}", view.state.as_str());
        let outcome = match view.state {
            State::Suppressed | State::Expired | State::Failed | State::Bounced => {
                // What its owner said of the address; that it does not work, nobody's opting out made so.
                let said = view.gates.last().map_or("", |gate| gate.said.as_str());
                let works = ![Reason::Bounce, Reason::Gone].map(Reason::as_str).contains(&said);
                match Refused::of(reason) {
                    Some(Refused::NoConsent) => Self::new("OPT_OUT", 200, because),
                    Some(Refused::Suppressed) if works => Self::new("OPT_OUT", 200, because),
                    _ => Self::permanent(400, because),
                }
            }
            State::Complained => Self::new("OPT_OUT", 200, said),
            State::Unknown => Self::new("UNKNOWN_FAILURE", 500, said),
            State::Queued
            | State::Sending
            | State::Sent
            | State::Delivered
            | State::Opened
            | State::Clicked
            | State::Replied => Self::new("SUCCESSFUL", 200, said),
        };
        Self { id, ..outcome }
    }

    /// Why a message was not asked for.
    fn failed(fault: &Fault) -> Self {
        if fault.status() >= 500 {
            log("pinpoint-messages", fault);
        }
        let status = match fault {
            Fault::Throttled(_) | Fault::Limited(_) => "THROTTLED",
            Fault::Unavailable(_) => "TEMPORARY_FAILURE",
            Fault::Internal(_) => "UNKNOWN_FAILURE",
            Fault::Conflict(_) => "DUPLICATE",
            _ => "PERMANENT_FAILURE",
        };
        Self::new(status, fault.status(), fault.public())
    }

    fn shown(&self, address: Option<&str>) -> Value {
        let mut shown = json!({
            "DeliveryStatus": self.status,
            "StatusCode": self.code,
            "StatusMessage": self.message,
        });
        if let Some(fields) = shown.as_object_mut() {
            let more = [("MessageId", self.id.as_deref()), ("Address", address)];
            for (name, value) in more.into_iter().filter_map(|(name, it)| Some((name, it?))) {
                fields.insert(name.to_owned(), value.into());
            }
        }
        shown
    }
}
