//! A message that is asked for by itself: `POST /v1/messages`.
//!
//! Its id derives from the request's idempotency key, so that a request that is made again finds
//! what came of the first. It passes the same gates as any other.

use super::gates::{Addresses, Gates, Passed, Proposal};
use super::ingest::Subjects;
use crate::link::LinkMaker;
use crate::message::{
    Approved, Attachment, ChannelQueues, Claims, Content, Record, State, Suppressions,
};
use crate::message_log::{MessageLog, View};
use crate::policy::Terms;
use crate::profile::Profile;
use crate::template::{Escape, Template};
use crate::use_case::{Plan, Purpose, UseCases};
use crate::window::Span;
use ceap_kernel::{Clock, Fault, MessageId, SignedDuration, SubjectId, Tally, TenantId, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Letters of an idempotency key.
const KEY_BYTES: usize = 255;

/// How long a message is worth sending, unless the request says so.
const WORTH: SignedDuration = SignedDuration::from_hours(24);

/// What is asked for. Texts are Liquid templates over `data`, `profile`, `settings` and `links`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    pub content: Option<Texts>,
    /// What its texts may name as `data`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// Files, for channels that carry them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// How long it is worth sending; 24 hours by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Span>,
}

const fn transactional() -> Purpose {
    Purpose::Transactional
}

/// What a message says, as Liquid templates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Plain text.
    #[serde(default)]
    pub text: String,
    /// HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The URL that a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The provider's own template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
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
    /// Sends what is asked for, once for each `key`; returns where the message stands.
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
        check_key(key)?;
        let mut tally = Tally::default();
        let id = MessageId::requested(tenant, key);
        let asked = fingerprint(request)?;
        if let Some(known) = self.gates.claims.record(tenant, &id).await? {
            if known.request.as_ref() != Some(&asked) {
                return Err(taken());
            }
            if known.state != State::Queued {
                return Ok((View::from(known), tally));
            }
        }
        let plan = self.use_cases.plan(tenant).await?;
        let written = Written::compile(request)?;
        let subjects = [request.subject.clone()];
        let read = self.subjects.load(tenant, &subjects).await?;
        let profile = read.into_iter().next().unwrap_or_default().state.profile;
        let proposal = self.proposal(&plan, request, &written, &profile, id.clone(), asked)?;
        let suppressed = self.gates.suppressed(tenant, std::slice::from_ref(&proposal)).await?;
        let suppressed = suppressed.into_iter().next().unwrap_or_default();
        match self.gates.pass(tenant, &plan, &proposal, &suppressed, &mut tally).await? {
            Passed::Claimed(dispatch) => self.queues.hand_on(&[*dispatch]).await?,
            Passed::Taken => return Err(taken()),
            Passed::Refused(_) | Passed::Settled | Passed::Held(_) => {}
        }
        let record = self.gates.claims.record(tenant, &id).await?;
        let record =
            record.ok_or_else(|| Fault::Internal("a message left no record".to_owned()))?;
        Ok((View::from(record), tally))
    }

    fn proposal<'a>(
        &self,
        plan: &'a Plan,
        request: &'a Request,
        written: &'a Written,
        profile: &'a Profile,
        id: MessageId,
        asked: String,
    ) -> Result<Proposal<'a>, Fault> {
        let addresses = &self.gates.addresses;
        let to = match &request.to {
            Some(to) if !addresses.reaches(&request.channel, to) => {
                let message = format!("is no address on the channel `{}`", request.channel);
                return Err(Fault::invalid("to", message));
            }
            Some(to) => vec![to.clone()],
            None => {
                let mut known = addresses.addresses(&request.channel, profile);
                known.retain(|to| addresses.reaches(&request.channel, to));
                known
            }
        };
        let now = self.gates.clock.now();
        let worth = request.expires_in.map_or(WORTH, Span::duration);
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
                request: Some(asked),
                history: std::collections::BTreeMap::new(),
            },
            terms: Terms::default(),
            profile,
            to,
            at: now,
            expires_at: now.checked_add(worth).unwrap_or(ceap_kernel::Timestamp::MAX),
            links: written.links,
            render: Box::new(move |links| {
                let facts = json!({
                    "data": request.data,
                    "profile": profile.facts(),
                    "settings": plan.settings_facts,
                    "links": links.map(crate::link::MessageLinks::facts),
                });
                written.render(&facts, request)
            }),
        })
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
    let json =
        serde_json::to_string(request).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(digest(&["request", &json]))
}

/// A request's texts, compiled.
struct Written {
    templates: Vec<(&'static str, Template)>,
    links: bool,
}

impl Written {
    fn compile(request: &Request) -> Result<Self, Fault> {
        const ROOTS: [&str; 4] = ["data", "profile", "settings", "links"];
        let texts = match (&request.content, &request.template) {
            (Some(texts), None) => texts,
            _ => return Err(Fault::invalid("content", "or `template` must be given, one of them")),
        };
        let mut templates = Vec::new();
        for (part, source, escape) in [
            ("subject", texts.subject.as_deref(), Escape::Line),
            ("text", Some(texts.text.as_str()), Escape::Text),
            ("html", texts.html.as_deref(), Escape::Html),
            ("link", texts.link.as_deref(), Escape::Line),
        ] {
            let Some(source) = source else { continue };
            let field = format!("content.{part}");
            let template = Template::compile(&field, source, escape)?;
            for path in template.paths() {
                if path.first().is_some_and(|root| !ROOTS.contains(&root.as_str())) {
                    let message = format!("`{}` is unknown to templates", path.join("."));
                    return Err(Fault::invalid(field, message));
                }
            }
            templates.push((part, template));
        }
        let mut paths = templates.iter().flat_map(|(_, template)| template.paths());
        let links = paths.any(|path| path.first().is_some_and(|root| root == "links"));
        Ok(Self { templates, links })
    }

    fn render(&self, facts: &Value, request: &Request) -> Result<Content, Fault> {
        let part = |name: &str| {
            let template = self.templates.iter().find(|(part, _)| *part == name);
            template.map(|(_, template)| template.render(facts)).transpose()
        };
        Ok(Content {
            subject: part("subject")?,
            text: part("text")?.unwrap_or_default(),
            html: part("html")?,
            link: part("link")?,
            attachments: request.attachments.clone(),
            approved: request.content.as_ref().and_then(|texts| texts.approved.clone()),
        })
    }
}
