//! Consents with their evidence, as the team sees and keeps them (GDPR Art. 7(1): who relies on a
//! consent must be able to show it).
//!
//! A change is an event like any other: the profile follows it some seconds later.

mod name;
mod transfer;

pub use transfer::MOST;

use crate::event::{Arrived, Event};
use crate::link::{Allows, Links};
use crate::message::{Recipient, Suppressions};
use crate::message_log::View;
use crate::pipeline::accept::EventStream;
use crate::pipeline::follow;
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Subjects;
use crate::pipeline::receive::consent_event;
use crate::preferences::brand;
use crate::preferences::confirm::{Confirmation, Confirmations};
use crate::preferences::words::Language;
use crate::profile::Profile;
use crate::secret::Secrets;
use crate::suppression::Reason;
use crate::use_case::{Plan, Purpose, UseCases};
use ceap_kernel::{Clock, Fault, SubjectId, Tally, TenantId, Timestamp, digest};
use name::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Consents of one request.
const MOST_AT_ONCE: usize = 20;

/// Whole days that a link to confirm is good for, after the day that it was asked for.
const CONFIRM_DAYS: i64 = 7;

const DAY_S: i64 = 86_400;

/// The template that a tenant may have of its own is named so, and after the channel.
const TEMPLATE: &str = "double-opt-in";

/// A consent, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Consent")]
pub struct Shown {
    /// Whether it was given.
    pub given: bool,
    /// When, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// By what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// Which version of the text was agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The consents of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Consents")]
pub struct Of {
    /// Whose.
    pub subject: SubjectId,
    /// By name: `email.marketing`.
    pub consents: BTreeMap<String, Shown>,
}

/// What is said of a subject's consents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConsentsPut")]
pub struct Put {
    /// Whose.
    pub subject: SubjectId,
    /// By name: true, false, null to forget it, or `{"given", "how", "text"}`.
    pub consents: Map<String, Value>,
    /// Whether what is given is to be confirmed first, by a link in a message.
    #[serde(default)]
    pub double_opt_in: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ConsentsTaken")]
pub struct Taken {
    /// Whose.
    pub subject: SubjectId,
    /// What will be so in some seconds.
    pub accepted: Vec<String>,
    /// What the subject was asked to confirm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirmations: Vec<Requested>,
    /// Addresses that get nothing in spite of a consent, until they are taken off the suppression
    /// list, or their owner agrees by itself: on its preference page, or by double opt-in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
}

/// A consent that the subject was asked to confirm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ConsentRequested")]
pub struct Requested {
    /// Which.
    pub consent: String,
    /// The message that asks for it, and where it stands.
    pub message: View,
}

/// A channel whose addresses all are on the suppression list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ConsentSuppressed")]
pub struct Suppressed {
    /// The channel.
    pub channel: String,
    /// Why.
    pub reason: Reason,
}

/// All that is needed.
#[derive(Debug)]
pub struct Consents<S, U, K, E, X, F, A, C> {
    /// Profiles.
    pub subjects: S,
    /// The tenants' settings.
    pub use_cases: U,
    /// The suppression lists.
    pub suppressions: K,
    /// Where events go.
    pub events: E,
    /// Makes the links to confirm by.
    pub links: Links<X>,
    /// Asks for confirmations.
    pub confirmations: F,
    /// Knows where channels reach a profile.
    pub addresses: A,
    /// The names of the channels.
    pub channels: Vec<&'static str>,
    /// The wall clock.
    pub clock: C,
}

impl<S, U, K, E, X, F, A, C> Consents<S, U, K, E, X, F, A, C>
where
    S: Subjects,
    U: UseCases,
    K: Suppressions,
    E: EventStream,
    X: Secrets,
    F: Confirmations,
    A: Addresses,
    C: Clock,
{
    /// The consents of a subject.
    ///
    /// # Errors
    /// `Invalid` when `subject` is none; `NotFound` when nothing is known of it; `Unavailable` or
    /// `Throttled`.
    pub async fn of(&self, tenant: &TenantId, subject: Option<&str>) -> Result<Of, Fault> {
        let missing = || Fault::invalid("subject", "is missing; say whose consents");
        let subject = SubjectId::new(subject.ok_or_else(missing)?)?;
        let profile = self.profile(tenant, &subject).await?;
        let profile =
            profile.ok_or_else(|| Fault::NotFound("there is no such profile".to_owned()))?;
        let consents = shown(&profile).collect();
        Ok(Of { subject, consents })
    }

    async fn profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
    ) -> Result<Option<Profile>, Fault> {
        let (_, read) = follow::one(&self.subjects, tenant, subject).await?;
        Ok(Some(read).filter(|it| it.profile_version > 0).map(|read| read.state.profile))
    }

    /// Takes what is said of a subject's consents, or asks the subject to confirm it.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `Unavailable` or `Throttled`: the same may be asked again.
    pub async fn put(&self, tenant: &TenantId, put: &Put) -> Result<(Taken, Tally), Fault> {
        let now = self.clock.now();
        if put.consents.is_empty() || put.consents.len() > MOST_AT_ONCE {
            let message = format!("must name 1 to {MOST_AT_ONCE} consents, as email.marketing");
            return Err(Fault::invalid("consents", message));
        }
        let (mut said, mut asked) = (Map::new(), Vec::new());
        for (name, value) in &put.consents {
            let field = format!("consents.{name}");
            let read = Name::read(&field, name, &self.channels)?;
            let statement = Statement::read(&field, value)?;
            if put.double_opt_in && statement.given == Some(true) {
                let (Some(channel), Some(_)) = (read.channel, read.purpose) else {
                    let message = "needs channel and purpose to be confirmed, as email.marketing";
                    return Err(Fault::invalid(field, message));
                };
                asked.push((name.clone(), channel.to_owned(), statement.text));
            } else {
                said.insert(name.clone(), statement.value());
            }
        }
        let told = self.event(&put.subject, now, &said)?;
        let profile = self.profile(tenant, &put.subject).await?.unwrap_or_default();
        let mut tally = Tally::default();
        let mut taken = Taken {
            subject: put.subject.clone(),
            accepted: said.keys().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
            confirmations: Vec::new(),
            suppressed: self.suppressed(tenant, &put.subject, &profile, &said).await?,
        };
        if !said.is_empty() {
            let arrived = Arrived { tenant: tenant.clone(), at: now, event: told, trace: None };
            self.events.put(&[arrived]).await?;
        }
        if asked.is_empty() {
            return Ok((taken, tally));
        }
        let plan = self.use_cases.plan(tenant).await?;
        for (consent, channel, text) in asked {
            let asks = Asks { consent, channel, text };
            let confirmation =
                self.confirmation(tenant, &plan, &put.subject, &profile, &asks).await?;
            let (message, counted) = self.confirmations.ask(tenant, &confirmation).await?;
            tally.merge(counted);
            taken.confirmations.push(Requested { consent: asks.consent, message });
        }
        Ok((taken, tally))
    }

    /// The change as an event. Another one at every instant: who says again what was said before
    /// means it.
    fn event(
        &self,
        subject: &SubjectId,
        now: Timestamp,
        said: &Map<String, Value>,
    ) -> Result<Event, Fault> {
        let consents = Value::from(said.clone());
        let id = digest(&[subject.as_str(), &now.to_string(), &consents.to_string()]);
        let data = Map::from_iter([("consents".to_owned(), consents)]);
        let event = consent_event(format!("consents/{id}"), subject, now, data);
        Profile::check(&event)?;
        Ok(event)
    }

    /// The channels that were agreed to, and whose addresses get nothing all the same.
    async fn suppressed(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        profile: &Profile,
        said: &Map<String, Value>,
    ) -> Result<Vec<Suppressed>, Fault> {
        let agreed = said.iter().filter(|(_, value)| value["given"] == true);
        let mut found = Vec::new();
        for (name, _) in agreed {
            let name = Name::read("consents", name, &self.channels)?;
            let Some(channel) = name.channel else { continue };
            let addresses = self.addresses.addresses(channel, subject, profile);
            let asked: Vec<Recipient> =
                addresses.into_iter().map(|it| Recipient::of(channel, it, profile)).collect();
            if asked.is_empty() {
                continue;
            }
            let reasons = self.suppressions.suppressed(tenant, &asked).await?;
            let purpose = name.purpose.unwrap_or(Purpose::Marketing);
            let shut = reasons.iter().all(|it| it.is_some_and(|it| it.forbids(purpose)));
            let reason = reasons.into_iter().flatten().max().filter(|_| shut);
            found.extend(reason.map(|reason| Suppressed { channel: channel.to_owned(), reason }));
        }
        found.dedup();
        Ok(found)
    }

    async fn confirmation(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        subject: &SubjectId,
        profile: &Profile,
        asks: &Asks,
    ) -> Result<Confirmation, Fault> {
        let mut known = self.addresses.addresses(&asks.channel, subject, profile);
        known.retain(|to| self.addresses.reaches(&asks.channel, to));
        // Of several devices, nobody knows which will be tapped on.
        let to = known.pop().filter(|_| known.is_empty());
        let today = self.clock.now().as_second().div_euclid(DAY_S);
        let token = self.links.signer(tenant).await?.token(&Allows::Confirm {
            subject: subject.clone(),
            consent: asks.consent.clone(),
            text: asks.text.clone(),
            address: to.clone(),
            expires: today.saturating_add(CONFIRM_DAYS).saturating_add(1).saturating_mul(DAY_S),
        })?;
        let template = format!("{TEMPLATE}-{}", asks.channel);
        Ok(Confirmation {
            subject: subject.clone(),
            channel: asks.channel.clone(),
            to,
            url: self.links.url("confirm", &token),
            brand: brand(&plan.settings).to_owned(),
            language: profile.locale.as_deref().and_then(Language::of).unwrap_or(Language::English),
            template: plan.stored.templates.texts(&template).is_ok().then_some(template),
        })
    }
}

/// What the subject is asked.
struct Asks {
    consent: String,
    channel: String,
    text: Option<String>,
}

/// What is said of one consent; given is none when it is to be forgotten.
struct Statement {
    given: Option<bool>,
    how: Option<String>,
    text: Option<String>,
}

impl Statement {
    fn read(field: &str, value: &Value) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Said {
            given: bool,
            #[serde(default)]
            how: Option<String>,
            #[serde(default)]
            text: Option<String>,
        }
        let bare = |given| Self { given, how: None, text: None };
        match value {
            Value::Null => Ok(bare(None)),
            Value::Bool(given) => Ok(bare(Some(*given))),
            value => {
                let rule = "must be true, false, null or {\"given\": …, \"how\": …, \"text\": …}";
                let Said { given, how, text } = serde_json::from_value(value.clone())
                    .map_err(|error| Fault::invalid(field, format!("{rule}: {error}")))?;
                for (part, value) in [("how", &how), ("text", &text)] {
                    let checked = value.as_deref().map_or(Ok(()), crate::profile::short);
                    checked.map_err(|rule| Fault::invalid(format!("{field}.{part}"), rule))?;
                }
                Ok(Self { given: Some(given), how, text })
            }
        }
    }

    /// As an event says it.
    fn value(self) -> Value {
        let Some(given) = self.given else { return Value::Null };
        let mut said = json!({"given": given, "how": self.how.as_deref().unwrap_or("API")});
        if let (Some(fields), Some(text)) = (said.as_object_mut(), self.text) {
            fields.insert("text".to_owned(), Value::from(text));
        }
        said
    }
}

fn shown(profile: &Profile) -> impl Iterator<Item = (String, Shown)> {
    profile.consents.iter().map(|(name, given)| {
        let evidence = profile.evidence.get(name);
        let at = evidence.map(|it| it.at);
        let at = at.or_else(|| profile.at.get(&format!("consents.{name}")).copied());
        let shown = Shown {
            given: *given,
            at: at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            how: evidence.and_then(|it| it.how.clone()),
            text: evidence.and_then(|it| it.text.clone()),
        };
        (name.clone(), shown)
    })
}
