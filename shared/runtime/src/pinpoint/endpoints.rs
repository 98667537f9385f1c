//! Events and endpoints.
//!
//! What a request says goes into the stream first, and then the endpoints are written as it leaves them. So when
//! either fails, the client is told to send the same again, and what was in the stream by then counts once: its
//! events have ids of their own, and those of an endpoint's change derive from the change, the version that it was
//! made to and the client's call.

use super::access::{Caller, Gate};
use super::refusal::{MessageBody, Refusal};
use super::{invocation, request_id};
use crate::http::{Asked, Reply};
use ceap_connectors::pinpoint::{self, Item, Placed};
use ceap_engagement::endpoint::told::{self, Told};
use ceap_engagement::endpoint::{Change, Endpoint, EndpointRequest, Endpoints, Kept, key};
use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::{Decoded, EventStream, Origin, accept};
use ceap_engagement::quarantine::Quarantine;
use ceap_engagement::secret::Secrets;
use ceap_kernel::access::Credentials;
use ceap_kernel::{Clock, Fault, SubjectId, Tally, Timestamp, digest};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The stage that quarantine knows these by.
const STAGE: &str = "ingest-pinpoint";

/// Bytes of a body (Pinpoint's quota for events: 4 MB).
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Endpoints of one request.
const MAX_ENDPOINTS: usize = 100;

/// Times that endpoints are read and written again which others change at the same time.
const ATTEMPTS: usize = 4;

/// All that is needed.
#[derive(Debug)]
pub struct Facade<C, K, P, E, Q, T> {
    /// Who is let in.
    pub gate: Gate<C, K>,
    /// Endpoints.
    pub endpoints: P,
    /// Where events go.
    pub stream: E,
    /// Where events go that are none.
    pub quarantine: Q,
    /// The wall clock.
    pub clock: T,
}

/// A request, once it is known whose it is.
struct Call {
    caller: Caller,
    at: Timestamp,
    invocation: String,
    request: String,
}

impl Call {
    /// Where its events come from.
    const fn origin(&self) -> Origin<'_> {
        let Caller { tenant, trace, .. } = &self.caller;
        Origin { stage: STAGE, tenant, trace: trace.as_ref() }
    }
}

/// What is said of an endpoint.
struct Said {
    id: String,
    key: String,
    /// None when it cannot be read: its events belong to the endpoint as it is.
    request: Option<EndpointRequest>,
}

/// An endpoint before and after a request.
struct Course {
    before: Option<Kept>,
    now: Option<Endpoint>,
    fault: Option<Fault>,
}

/// `UpdateEndpointsBatch`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EndpointBatch {
    item: Vec<EndpointRequest>,
}

impl<C, K, P, E, Q, T> Facade<C, K, P, E, Q, T>
where
    C: Credentials,
    K: Secrets,
    P: Endpoints,
    E: EventStream,
    Q: Quarantine,
    T: Clock,
{
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
        let at = self.clock.now();
        let caller = self.gate.admit(asked, at).await?;
        let call =
            Call { caller, at, invocation: invocation(asked, at), request: request_id(asked) };
        let variable = |name: &str| asked.path(name).unwrap_or_default();
        let route = asked.route();
        let outcome = match route.split('{').next_back().unwrap_or_default() {
            "application}/events" => self.put_events(&call, &asked.body_within(MAX_BODY)?).await,
            "application}/endpoints" => self.update_batch(&call, asked).await,
            "endpoint}" => match asked.method() {
                "PUT" => self.update(&call, &variable("endpoint"), asked).await,
                "DELETE" => self.delete(&call, &variable("endpoint")).await,
                _ => self.get(&call, &variable("endpoint")).await,
            },
            "user}" => match asked.method() {
                "DELETE" => self.delete_user(&call, &variable("user")).await,
                _ => self.get_user(&call, &variable("user")).await,
            },
            _ => return Err(Refusal::no_operation()),
        };
        outcome.map_err(Refusal::from)
    }

    async fn put_events(&self, call: &Call, body: &[u8]) -> Result<Reply, Fault> {
        let batch = pinpoint::read(body)?;
        let mut said = Vec::new();
        for Item { id, endpoint, .. } in &batch {
            let request = endpoint.as_ref().ok().cloned();
            said.extend(key(id).ok().map(|key| Said { id: id.clone(), key, request }));
        }
        let (told, tally) = self.keep(call, &said, &batch, false).await?;
        let results = batch.iter().map(|item| (item.id.clone(), told.of(item)));
        let results: Map<String, Value> = results.collect();
        Ok(Reply::json(202, &json!({"Results": results}))?.counted(tally))
    }

    async fn update(&self, call: &Call, id: &str, asked: &Asked) -> Result<Reply, Fault> {
        let request = asked.json("EndpointRequest")?;
        self.updated(call, vec![(id.to_owned(), request)]).await
    }

    async fn update_batch(&self, call: &Call, asked: &Asked) -> Result<Reply, Fault> {
        let batch: EndpointBatch = asked.json("EndpointBatchRequest")?;
        if batch.item.is_empty() || batch.item.len() > MAX_ENDPOINTS {
            let message =
                format!("holds {} endpoints; it must hold 1 to {MAX_ENDPOINTS}", batch.item.len());
            return Err(Fault::invalid("Item", message));
        }
        let named = |request: EndpointRequest| (request.id.clone().unwrap_or_default(), request);
        self.updated(call, batch.item.into_iter().map(named).collect()).await
    }

    async fn updated(
        &self,
        call: &Call,
        requests: Vec<(String, EndpointRequest)>,
    ) -> Result<Reply, Fault> {
        let mut said = Vec::new();
        for (id, request) in requests {
            said.push(Said { key: key(&id)?, id, request: Some(request) });
        }
        let (_, tally) = self.keep(call, &said, &[], true).await?;
        let body = MessageBody { message: "Accepted".to_owned(), request_id: call.request.clone() };
        Ok(Reply::json(202, &body)?.counted(tally))
    }

    /// Takes all that is said, and the events of a batch. With `whole`, all or nothing.
    async fn keep(
        &self,
        call: &Call,
        said: &[Said],
        batch: &[Item],
        whole: bool,
    ) -> Result<(Taken, Tally), Fault> {
        let mut keys: Vec<String> = said.iter().map(|it| it.key.clone()).collect();
        keys.sort();
        keys.dedup();
        for _ in 0..ATTEMPTS {
            let courses = self.courses(call, &keys, said).await?;
            let faulty = courses.values().find_map(|course| course.fault.clone());
            if let Some(fault) = faulty.filter(|_| whole) {
                return Err(fault);
            }
            let (decoded, mut taken) = call.decoded(&courses, batch)?;
            let (outcome, tally) =
                accept(call.origin(), decoded, &self.stream, &self.quarantine, &self.clock).await?;
            for refused in outcome.quarantined {
                taken.refuse(refused.index, refused.message);
            }
            match self.save(call, &courses).await {
                Err(Fault::Conflict(_)) => {}
                saved => return saved.map(|()| (taken, tally)),
            }
        }
        Err(Fault::Unavailable("the endpoints kept changing".to_owned()))
    }

    async fn courses(
        &self,
        call: &Call,
        keys: &[String],
        said: &[Said],
    ) -> Result<BTreeMap<String, Course>, Fault> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let Caller { tenant, app, .. } = &call.caller;
        let kept = self.endpoints.load(tenant, app, keys).await?;
        let course = |before: Option<Kept>| {
            let now = before.as_ref().map(|it| it.endpoint.clone());
            Course { before, now, fault: None }
        };
        let mut courses: BTreeMap<String, Course> =
            keys.iter().cloned().zip(kept.into_iter().map(course)).collect();
        for Said { id, key, request } in said {
            let (Some(course), Some(request)) = (courses.get_mut(key), request) else { continue };
            match request.apply(id, course.now.as_ref(), call.at, &call.request) {
                Ok(next) => course.now = next.or_else(|| course.now.take()),
                Err(fault) => course.fault = Some(fault),
            }
        }
        Ok(courses)
    }

    async fn save(&self, call: &Call, courses: &BTreeMap<String, Course>) -> Result<(), Fault> {
        let changed = courses.iter().filter(|(_, course)| course.changed());
        let changes: Vec<Change> = changed
            .map(|(key, course)| Change {
                key: key.clone(),
                before: course.version(),
                after: course.now.clone(),
            })
            .collect();
        self.changed(call, &changes).await
    }

    async fn changed(&self, call: &Call, changes: &[Change]) -> Result<(), Fault> {
        let Caller { tenant, app, .. } = &call.caller;
        for changes in changes.chunks(MAX_ENDPOINTS) {
            self.endpoints.save(tenant, app, changes).await?;
        }
        Ok(())
    }

    async fn load(&self, call: &Call, id: &str) -> Result<Option<Kept>, Fault> {
        let Caller { tenant, app, .. } = &call.caller;
        let found = self.endpoints.load(tenant, app, &[key(id)?]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn get(&self, call: &Call, id: &str) -> Result<Reply, Fault> {
        let missing = || Fault::NotFound("there is no such endpoint".to_owned());
        let kept = self.load(call, id).await?.ok_or_else(missing)?;
        Reply::json(200, &call.shown(&kept.endpoint)?)
    }

    async fn of_user(&self, call: &Call, user: &str) -> Result<Vec<Kept>, Fault> {
        let rule = "must be 1 to 256 bytes of text without control characters";
        let user = SubjectId::new(user).map_err(|_| Fault::invalid("UserId", rule))?;
        let Caller { tenant, app, .. } = &call.caller;
        let found = self.endpoints.of_users(tenant, app, &[user]).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn get_user(&self, call: &Call, user: &str) -> Result<Reply, Fault> {
        let kept = self.of_user(call, user).await?;
        if kept.is_empty() {
            return Err(Fault::NotFound("the user has no endpoints".to_owned()));
        }
        Reply::json(200, &call.listed(&kept)?)
    }

    /// One that is gone is gone again: a client whose answer was lost asks twice.
    async fn delete(&self, call: &Call, id: &str) -> Result<Reply, Fault> {
        for _ in 0..ATTEMPTS {
            let Some(kept) = self.load(call, id).await? else {
                let gone = json!({"ApplicationId": call.caller.app, "Id": id});
                return Reply::json(202, &gone);
            };
            let others = match &kept.endpoint.user.user_id {
                Some(user) => self.of_user(call, user.as_str()).await?,
                None => Vec::new(),
            };
            let others: Vec<Endpoint> = others.into_iter().map(|it| it.endpoint).collect();
            match self.removed(call, std::slice::from_ref(&kept), &others).await {
                Err(Fault::Conflict(_)) => {}
                Err(fault) => return Err(fault),
                Ok(tally) => {
                    return Ok(Reply::json(202, &call.shown(&kept.endpoint)?)?.counted(tally));
                }
            }
        }
        Err(Fault::Unavailable("the endpoint kept changing".to_owned()))
    }

    async fn delete_user(&self, call: &Call, user: &str) -> Result<Reply, Fault> {
        for _ in 0..ATTEMPTS {
            let kept = self.of_user(call, user).await?;
            match self.removed(call, &kept, &[]).await {
                Err(Fault::Conflict(_)) => {}
                Err(fault) => return Err(fault),
                Ok(tally) => return Ok(Reply::json(202, &call.listed(&kept)?)?.counted(tally)),
            }
        }
        Err(Fault::Unavailable("the endpoints kept changing".to_owned()))
    }

    async fn removed(
        &self,
        call: &Call,
        gone: &[Kept],
        others: &[Endpoint],
    ) -> Result<Tally, Fault> {
        let (mut decoded, mut changes) = (Vec::new(), Vec::new());
        for Kept { endpoint, version } in gone {
            let key = key(&endpoint.id)?;
            if let Some(told) = told::removed(endpoint, others)? {
                decoded.push(Decoded::Event(call.told(&key, *version, &told)?));
            }
            changes.push(Change { key, before: *version, after: None });
        }
        let (stream, quarantine) = (&self.stream, &self.quarantine);
        let accepted = accept(call.origin(), decoded, stream, quarantine, &self.clock);
        let (_, tally) = accepted.await?;
        self.changed(call, &changes).await?;
        Ok(tally)
    }
}

impl Course {
    fn version(&self) -> u64 {
        self.before.as_ref().map_or(0, |it| it.version)
    }

    fn changed(&self) -> bool {
        self.now.as_ref() != self.before.as_ref().map(|it| &it.endpoint)
    }
}

/// What became of a batch: for each endpoint and event that was no good, why.
#[derive(Default)]
struct Taken {
    /// Where each event of the stream comes from: the endpoint's key, and its own id unless it is the endpoint's.
    places: Vec<(String, Option<String>)>,
    faults: BTreeMap<(String, Option<String>), String>,
}

impl Taken {
    fn refuse(&mut self, index: usize, message: String) {
        if let Some(place) = self.places.get(index) {
            self.faults.insert(place.clone(), message);
        }
    }

    /// The answer for one endpoint of the batch.
    fn of(&self, item: &Item) -> Value {
        let said = |event: Option<&String>| {
            let fault = self.faults.get(&(item.id.clone(), event.cloned()));
            let (status, message) = fault.map_or((202, "Accepted"), |why| (400, why.as_str()));
            json!({"StatusCode": status, "Message": message})
        };
        let events: Map<String, Value> =
            item.events.iter().map(|(id, _)| (id.clone(), said(Some(id)))).collect();
        json!({"EndpointItemResponse": said(None), "EventsItemResponse": events})
    }
}

impl Call {
    /// What the endpoints' changes say, and the events of the batch.
    fn decoded(
        &self,
        courses: &BTreeMap<String, Course>,
        batch: &[Item],
    ) -> Result<(Vec<Decoded>, Taken), Fault> {
        let (mut decoded, mut taken) = (Vec::new(), Taken::default());
        for (key, course) in courses.iter().filter(|(_, course)| course.changed()) {
            let Some(now) = &course.now else { continue };
            for told in told::changed(course.before.as_ref().map(|it| &it.endpoint), now)? {
                decoded.push(Decoded::Event(self.told(key, course.version(), &told)?));
                taken.places.push((now.id.clone(), None));
            }
        }
        for item in batch {
            let key = key(&item.id);
            let course = key.as_ref().ok().and_then(|key| courses.get(key));
            let fault = key.err().or_else(|| item.endpoint.as_ref().err().cloned());
            if let Some(fault) = fault.or_else(|| course.and_then(|it| it.fault.clone())) {
                taken.faults.insert((item.id.clone(), None), fault.to_string());
            }
            let endpoint = course.and_then(|it| it.now.as_ref());
            let subject = endpoint.map(Endpoint::subject).transpose()?;
            let placed = Placed {
                source: self.caller.app.as_str(),
                endpoint: endpoint.map_or(item.id.as_str(), |it| it.id.as_str()),
                subject: subject.as_ref().map_or(item.id.as_str(), SubjectId::as_str),
                arrived: self.at,
            };
            for (id, text) in &item.events {
                decoded.push(placed.event(id, text));
                taken.places.push((item.id.clone(), Some(id.clone())));
            }
        }
        Ok((decoded, taken))
    }

    fn told(&self, key: &str, version: u64, told: &Told) -> Result<Event, Fault> {
        let Told { kind, subject, data } = told;
        let (version, said) = (version.to_string(), Value::Object(data.clone()).to_string());
        let app = self.caller.app.as_str();
        let parts =
            ["endpoint", app, key, &version, &self.invocation, kind, subject.as_str(), &said];
        let event = json!({
            "id": format!("endpoint-{}", digest(&parts)),
            "source": app,
            "type": kind,
            "subject": subject,
            "data": data,
        });
        Event::from_json(&event, self.at)
    }

    fn shown(&self, endpoint: &Endpoint) -> Result<Value, Fault> {
        let mut shown =
            serde_json::to_value(endpoint).map_err(|error| Fault::Internal(error.to_string()))?;
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("ApplicationId".to_owned(), self.caller.app.as_str().into());
        }
        Ok(shown)
    }

    fn listed(&self, kept: &[Kept]) -> Result<Value, Fault> {
        let all: Result<Vec<Value>, Fault> =
            kept.iter().map(|it| self.shown(&it.endpoint)).collect();
        Ok(json!({"Item": all?}))
    }
}
