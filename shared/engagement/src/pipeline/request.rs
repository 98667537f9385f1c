//! A message that is asked for by itself: `POST /v1/messages`.
//!
//! Its id derives from the request's idempotency key, so that a request that is made again finds
//! what came of the first. It passes the same gates as any other.

use super::follow;
use super::gates::{Addresses, Gates, Passed, Proposal};
use super::ingest::Subjects;
use super::receive::Help;
use crate::canonical::canonical;
use crate::link::LinkMaker;
use crate::message::{Attachment, ChannelQueues, Claims, Content, Record, State, Suppressions};
use crate::message_log::{MessageLog, View};
use crate::policy::Terms;
use crate::profile::Profile;
use crate::receipt::Inbound;
use crate::template::{self, Known, Texts, TextsDocument};
use crate::use_case::{Plan, Purpose, UseCases};
use crate::window::Span;
use ceap_kernel::{Clock, Fault, MessageId, SubjectId, Tally, TenantId, Timestamp, Trace, digest};
use futures::join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Letters of an idempotency key.
const KEY_BYTES: usize = 255;

/// What is asked for. Texts are Liquid templates over `data`, `profile`, `settings` and `links`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MessageRequest")]
pub struct Request {
    /// To whom; it need not have a profile.
    pub subject: SubjectId,
    /// On which channel.
    pub channel: String,
    /// The recipient, where it is not the profile's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why it is sent, which decides the gates.
    #[serde(default = "transactional")]
    pub purpose: Purpose,
    /// A stored template, in place of `content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<TextsDocument>,
    /// What its texts may name as `data`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// Files, on a channel that carries them (email).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// How long it is worth sending; 24 hours by default, 30 days in an inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Span>,
    /// The trace of who asks, where one is known.
    #[serde(skip)]
    pub trace: Option<Trace>,
}

const fn transactional() -> Purpose {
    Purpose::Transactional
}

/// A template tried on an address of the team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TemplateTrial")]
pub struct Trial {
    /// Where it goes: one of the settings' `test_recipients`.
    pub to: String,
    /// Whose profile its texts see; nobody's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// What its texts may name as `data`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

/// All that is needed.
#[derive(Debug)]
pub struct Desk<S, U, M, P, A, L, C, Q> {
    /// Profiles.
    pub subjects: S,
    /// What tenants run.
    pub use_cases: U,
    /// The gates.
    pub gates: Gates<M, P, A, L, C>,
    /// The channels' queues.
    pub queues: Q,
}

impl<S, U, M, P, A, L, C, Q> Desk<S, U, M, P, A, L, C, Q>
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
    /// Sends what a client asks for, once for each of its keys; see [`Desk::send`].
    ///
    /// # Errors
    /// As `send`; `Invalid` when the key is none.
    pub async fn serve(
        &self,
        tenant: &TenantId,
        key: &str,
        request: &Request,
    ) -> Result<(View, Tally), Fault> {
        check_key(key)?;
        self.send(tenant, &format!("client/{key}"), request).await
    }

    /// Sends what is asked for, once for each `key`; returns where the message stands. Who asks puts
    /// a name of its own in front of its keys.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `Conflict` when another request was made under the key;
    /// `Unavailable` or `Throttled`: the same request may be made again.
    pub async fn send(
        &self,
        tenant: &TenantId,
        key: &str,
        request: &Request,
    ) -> Result<(View, Tally), Fault> {
        let mut tally = Tally::default();
        let id = MessageId::requested(tenant, key);
        let mut asked = Asked { digest: fingerprint(request)?, at: self.gates.clock.now() };
        let claims = &self.gates.claims;
        let (known, plan, read) = join!(
            claims.record(tenant, &id),
            self.use_cases.plan(tenant),
            follow::one(&self.subjects, tenant, &request.subject),
        );
        // First of all: what was asked for before is answered by its record alone.
        if let Some(known) = known? {
            asked.check(&known)?;
            if known.state != State::Queued {
                return Ok((View::from(known), tally));
            }
            asked.at = known.began();
        }
        let plan = plan?;
        let texts = compile(request, &plan)?;
        let profile = read?.1.state.profile;
        let proposal = self.proposal(&plan, request, &texts, &profile, id.clone(), &asked)?;
        let suppressed = self.gates.suppressed(tenant, std::slice::from_ref(&proposal)).await?;
        let suppressed = suppressed.into_iter().next().unwrap_or_default();
        let passed = self.gates.pass(tenant, &plan, &proposal, &suppressed, &mut tally).await?;
        let record = match passed {
            Passed::Claimed(dispatch) => {
                let handed_on = self.queues.hand_on(std::slice::from_ref(&*dispatch));
                // Both to their ends: what is claimed goes, even if it cannot be read.
                let (handed_on, record) = join!(handed_on, claims.record(tenant, &id));
                handed_on.and(record)?
            }
            Passed::Taken => return Err(taken()),
            Passed::Refused(_) | Passed::Settled | Passed::Held(_) => {
                claims.record(tenant, &id).await?
            }
        };
        let record =
            record.ok_or_else(|| Fault::Internal("a message left no record".to_owned()))?;
        asked.check(&record)?;
        Ok((View::from(record), tally))
    }

    /// Whether what was asked for under a key has left: is no longer waiting to be handed on.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn went(&self, tenant: &TenantId, key: &str) -> Result<bool, Fault> {
        let known = self.gates.claims.record(tenant, &MessageId::requested(tenant, key)).await?;
        Ok(known.is_some_and(|it| it.state != State::Queued))
    }

    /// Sends the template `id` to an address of the team's list, and to no other.
    ///
    /// # Errors
    /// `Forbidden` when the address is not on the list; `Invalid`, naming the field; `Unavailable`
    /// or `Throttled`.
    pub async fn try_out(
        &self,
        tenant: &TenantId,
        key: &str,
        id: &str,
        trial: Trial,
    ) -> Result<(View, Tally), Fault> {
        let plan = self.use_cases.plan(tenant).await?;
        if !plan.settings.test_recipients.contains(&trial.to) {
            let message = "`to` is not among the tenant's test_recipients";
            return Err(Fault::Forbidden(message.to_owned()));
        }
        let request = Request {
            subject: trial.subject.map_or_else(|| SubjectId::new("template-test"), Ok)?,
            channel: plan.stored.templates.channel(id)?.to_owned(),
            to: Some(trial.to),
            purpose: Purpose::Operational,
            template: Some(id.to_owned()),
            content: None,
            data: trial.data,
            attachments: Vec::new(),
            expires_in: None,
            trace: None,
        };
        check_key(key)?;
        self.send(tenant, &format!("trial/{key}"), &request).await
    }

    /// Files that the channel can't carry are the request's mistake, whoever it goes to.
    fn check_files(&self, request: &Request) -> Result<(), Fault> {
        let addresses = &self.gates.addresses;
        if request.attachments.is_empty() {
            return Ok(());
        }
        if !addresses.files(&request.channel) {
            let message = format!("the channel `{}` carries no files", request.channel);
            return Err(Fault::invalid("attachments", message));
        }
        let attachments = request.attachments.clone();
        let files = Content { text: "-".to_owned(), attachments, ..Content::default() };
        let limit = addresses.limit(&request.channel, &files);
        limit.map_err(|rule| Fault::invalid("attachments", rule))
    }

    fn proposal<'a>(
        &self,
        plan: &'a Plan,
        request: &'a Request,
        texts: &'a Texts,
        profile: &'a Profile,
        id: MessageId,
        asked: &Asked,
    ) -> Result<Proposal<'a>, Fault> {
        let addresses = &self.gates.addresses;
        let to = match &request.to {
            Some(to) if !addresses.reaches(&request.channel, to) => {
                let message = format!("is no address on the channel `{}`", request.channel);
                return Err(Fault::invalid("to", message));
            }
            Some(to) => vec![to.clone()],
            None => {
                let mut known = addresses.addresses(&request.channel, &request.subject, profile);
                known.retain(|to| addresses.reaches(&request.channel, to));
                known
            }
        };
        let programs = addresses.programs(&request.channel);
        let unknown = || {
            let message = format!("`{}` is no channel", request.channel);
            Fault::invalid("channel", message)
        };
        let worth = addresses.worth(&request.channel).ok_or_else(unknown)?;
        let worth = request.expires_in.map_or(worth, Span::duration);
        self.check_files(request)?;
        Ok(Proposal {
            record: Record {
                id,
                use_case: None,
                subject: request.subject.clone(),
                origin: None,
                channel: request.channel.clone(),
                purpose: request.purpose,
                state: State::Queued,
                reason: None,
                gates: Vec::new(),
                provider_id: None,
                request: Some(asked.digest.clone()),
                history: BTreeMap::new(),
            },
            terms: Terms::default(),
            profile,
            to,
            at: asked.at,
            trace: request.trace.clone(),
            expires_at: asked.at.checked_add(worth).unwrap_or(Timestamp::MAX),
            links: texts.reads("links"),
            render: Box::new(move |links| {
                let facts = json!({
                    "data": request.data,
                    "profile": profile.facts(),
                    "settings": plan.settings_facts,
                    "links": links.map(crate::link::MessageLinks::facts),
                });
                let content = texts.render(&facts, profile.locale.as_deref())?;
                let about = || json!({"data": request.data});
                let attachments = request.attachments.clone();
                Ok(Content { attachments, facts: programs.then(about), ..content })
            }),
        })
    }
}

impl<S, U, M, P, A, L, C, Q> Help for Desk<S, U, M, P, A, L, C, Q>
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
    async fn help(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        inbound: &Inbound,
    ) -> Result<(), Fault> {
        let plan = self.use_cases.plan(tenant).await?;
        if plan.settings.sms_help.is_none() {
            return Ok(());
        }
        let text = Some("{{ settings.sms_help }}".to_owned());
        let request = Request {
            subject: subject.clone(),
            channel: inbound.channel.clone(),
            to: Some(inbound.from.clone()),
            purpose: Purpose::Transactional,
            template: None,
            content: Some(TextsDocument { text, ..TextsDocument::default() }),
            data: Map::new(),
            attachments: Vec::new(),
            expires_in: None,
            trace: None,
        };
        self.send(tenant, &format!("help/{}", inbound.id), &request).await.map(drop)
    }
}

/// What tells a request from another under the same key, and when it was first made: it is worth
/// sending from then on, however often it is made.
struct Asked {
    digest: String,
    at: Timestamp,
}

impl Asked {
    fn check(&self, known: &Record) -> Result<(), Fault> {
        if known.request.as_ref() == Some(&self.digest) { Ok(()) } else { Err(taken()) }
    }
}

fn taken() -> Fault {
    Fault::Conflict("another request was made under this Idempotency-Key".to_owned())
}

fn check_key(key: &str) -> Result<(), Fault> {
    if key.is_empty() || key.len() > KEY_BYTES || key.chars().any(char::is_control) {
        let message = format!("must be 1 to {KEY_BYTES} bytes without control characters");
        return Err(Fault::invalid("Idempotency-Key", message));
    }
    Ok(())
}

/// A digest of the whole request: the same for the same fields in any order.
fn fingerprint(request: &Request) -> Result<String, Fault> {
    let json = serde_json::to_value(request).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(digest(&["request", &canonical(&json)]))
}

/// A request's texts, compiled.
///
/// # Errors
/// `Invalid`, naming the field.
fn compile(request: &Request, plan: &Plan) -> Result<Texts, Fault> {
    let texts = match (&request.content, &request.template) {
        (Some(content), None) => {
            Texts::compile("content", content, &BTreeMap::new(), &plan.stored.templates.partials)?
        }
        (None, Some(id)) => plan.stored.templates.texts(id)?,
        _ => return Err(Fault::invalid("content", "or `template` must be given, one of them")),
    };
    template::check(texts.templates(), &Known::request())?;
    Ok(texts)
}
