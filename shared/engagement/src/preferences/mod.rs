//! What recipients decide themselves, by links that nobody else has: to unsubscribe, to choose where
//! marketing may reach them, and to confirm what they agreed to.
//!
//! A GET changes nothing: mail scanners follow every link. What is decided takes effect at once, by
//! the suppression list, and is kept with its evidence in the profile, by an event.

pub mod confirm;
mod decide;
pub mod form;
mod html;
pub mod pages;
pub mod words;

use crate::link::{self, Allows, Links, Signer};
use crate::message::{Recipient, Suppressions};
use crate::pipeline::accept::EventStream;
use crate::pipeline::follow;
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Subjects;
use crate::policy::consent;
use crate::policy::rule::ConsentRule;
use crate::profile::Profile;
use crate::secret::Secrets;
use crate::suppression::{Reason, SuppressionKeeper};
use crate::use_case::{Plan, Purpose, Settings, UseCases};
use ceap_kernel::{Clock, Fault, SubjectId, TenantId};
use form::Fields;
use pages::{Choice, Done, Frame};
use std::sync::Arc;
use words::Language;

/// Bytes of a token: one with the longest address (2,048) has 3,500.
const TOKEN_BYTES: usize = 8192;

/// What is asked, as it came over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// `GET /v1/unsubscribe/{token}`.
    pub route: &'a str,
    /// The link's token.
    pub token: &'a str,
    /// The `Accept-Language` header.
    pub languages: &'a str,
    /// The `Content-Type` header.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A page, as it goes back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The page.
    pub html: String,
}

/// All that is needed.
#[derive(Debug)]
pub struct Preferences<S, U, K, E, X, A, C> {
    /// Profiles.
    pub subjects: S,
    /// The tenants' settings.
    pub use_cases: U,
    /// The suppression lists.
    pub suppressions: K,
    /// Where events go.
    pub events: E,
    /// Whose links they are.
    pub links: Links<X>,
    /// Knows where channels reach a profile.
    pub addresses: A,
    /// The names of the channels.
    pub channels: Vec<&'static str>,
    /// The wall clock.
    pub clock: C,
}

/// Who opened a link, and what is known of them.
struct Visit {
    tenant: TenantId,
    plan: Arc<Plan>,
    subject: SubjectId,
    profile: Profile,
    language: Language,
}

impl Visit {
    fn frame(&self) -> Frame<'_> {
        Frame { language: self.language, brand: brand(&self.plan.settings) }
    }
}

/// What people know the tenant as: its brand, or else the domain that its mail comes from.
#[must_use]
pub fn brand(settings: &Settings) -> &str {
    let domain = settings.from_address.rsplit_once('@').map_or("", |(_, domain)| domain);
    settings.brand.as_deref().filter(|brand| !brand.trim().is_empty()).unwrap_or(domain)
}

impl<S, U, K, E, X, A, C> Preferences<S, U, K, E, X, A, C>
where
    S: Subjects,
    U: UseCases,
    K: Suppressions + SuppressionKeeper,
    E: EventStream,
    X: Secrets,
    A: Addresses,
    C: Clock,
{
    /// Answers with a page, whatever is asked.
    pub async fn answer(&self, ask: &Ask<'_>) -> Answer {
        let language = Language::accepted(ask.languages).unwrap_or(Language::English);
        // Of whom the link would be is said to nobody who has not got a good one.
        let frame = Frame { language, brand: "" };
        match self.page(ask, language).await {
            Ok(html) => Answer { status: 200, html },
            Err(Fault::Invalid { .. }) => Answer { status: 400, html: frame.bad() },
            Err(Fault::NotFound(_)) => Answer { status: 404, html: frame.unknown() },
            Err(fault) => {
                tracing::error!(code = fault.code(), %fault, "a page could not be shown");
                let status = if fault.retryable() { 503 } else { 500 };
                Answer { status, html: frame.trouble() }
            }
        }
    }

    async fn page(&self, ask: &Ask<'_>, language: Language) -> Result<String, Fault> {
        if ask.token.len() > TOKEN_BYTES {
            return Err(unknown());
        }
        let tenant = link::tenant(ask.token)?;
        let signer: Signer = self.links.signer(&tenant).await?;
        let allows = signer.read(ask.token, self.clock.now())?;
        // A tenant that is gone may have left its key behind.
        let plan = self.use_cases.plan(&tenant).await?;
        let visit = async |subject: SubjectId| {
            let (_, read) = follow::one(&self.subjects, &tenant, &subject).await?;
            let profile = read.state.profile;
            let own = profile.locale.as_deref().and_then(Language::of);
            let (tenant, plan, language) =
                (tenant.clone(), Arc::clone(&plan), own.unwrap_or(language));
            Ok::<_, Fault>(Visit { tenant, plan, subject, profile, language })
        };
        let fields = || form::fields(ask.content_type, ask.body);
        match (ask.route, allows) {
            (
                "GET /v1/unsubscribe/{token}",
                Allows::Unsubscribe { subject, channel, address, .. },
            ) => {
                let visit = visit(subject).await?;
                Ok(visit.frame().unsubscribe(&channel, pages::hint(&address).as_deref()))
            }
            (
                "POST /v1/unsubscribe/{token}",
                Allows::Unsubscribe { subject, channel, purpose, address, message },
            ) => {
                if !form::one_click(&fields()) {
                    let rule = "must be List-Unsubscribe=One-Click as a form (RFC 8058)";
                    return Err(Fault::invalid("body", rule));
                }
                let visit = visit(subject).await?;
                self.unsubscribe(&visit, &channel, purpose, &address, &message).await?;
                Ok(visit.frame().unsubscribed(&channel, pages::hint(&address).as_deref()))
            }
            ("GET /v1/preferences/{token}", Allows::Preferences { subject }) => {
                let visit = visit(subject).await?;
                let choices = self.choices(&visit).await?;
                Ok(visit.frame().preferences(&choices, Done::Nothing))
            }
            ("POST /v1/preferences/{token}", Allows::Preferences { subject }) => {
                let visit = visit(subject).await?;
                self.save(&visit, &fields()).await
            }
            ("GET /v1/confirm/{token}", Allows::Confirm { subject, consent, address, .. }) => {
                let visit = visit(subject).await?;
                let hint = address.as_deref().and_then(pages::hint);
                Ok(visit.frame().confirm(channel_of(&consent), hint.as_deref()))
            }
            (
                "POST /v1/confirm/{token}",
                Allows::Confirm { subject, consent, text, address, .. },
            ) => {
                let visit = visit(subject).await?;
                let asked = decide::Asked { consent, text, address };
                self.confirm(&visit, &asked).await?;
                let hint = asked.address.as_deref().and_then(pages::hint);
                Ok(visit.frame().confirmed(channel_of(&asked.consent), hint.as_deref()))
            }
            // A good token, on another page than its own.
            _ => Err(unknown()),
        }
    }

    /// The channels that reach the subject, and whether marketing is on for each.
    async fn choices(&self, visit: &Visit) -> Result<Vec<Choice>, Fault> {
        let reached: Vec<(&str, Vec<String>)> = self
            .channels
            .iter()
            .map(|channel| (*channel, self.reached(channel, visit)))
            .filter(|(_, addresses)| !addresses.is_empty())
            .collect();
        let asked: Vec<Recipient> = reached
            .iter()
            .flat_map(|(channel, addresses)| {
                addresses.iter().map(|it| Recipient::of(channel, it, &visit.profile))
            })
            .collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut told = self.suppressions.suppressed(&visit.tenant, &asked).await?.into_iter();
        let choice = |(channel, addresses): (&str, Vec<String>)| {
            let reasons: Vec<Option<Reason>> = told.by_ref().take(addresses.len()).collect();
            let rule = ConsentRule::OnlyIfGiven;
            let agreed = consent::judge(&visit.profile, channel, Purpose::Marketing, rule).allowed;
            let open = reasons.iter().any(Option::is_none);
            let shut = reasons.iter().all(|it| it.is_some_and(|it| it != Reason::Unsubscribe));
            Choice {
                channel: channel.to_owned(),
                hint: addresses.first().and_then(|address| pages::hint(address)),
                on: agreed && (open || shut),
                blocked: reasons.into_iter().flatten().max().filter(|_| shut),
            }
        };
        Ok(reached.into_iter().map(choice).collect())
    }

    fn reached(&self, channel: &str, visit: &Visit) -> Vec<String> {
        let mut known = self.addresses.addresses(channel, &visit.subject, &visit.profile);
        known.retain(|address| self.addresses.reaches(channel, address));
        known
    }

    /// Saves a form of the page of preferences, and shows what is saved. The profile follows some
    /// seconds later, so what is shown is what was chosen and not what is read.
    async fn save(&self, visit: &Visit, fields: &Fields) -> Result<String, Fault> {
        let mut choices = self.choices(visit).await?;
        let all_off = fields.iter().any(|(name, value)| name == "action" && value == "all-off");
        if all_off {
            self.all_off(visit).await?;
            choices.iter_mut().for_each(|choice| choice.on = false);
            return Ok(visit.frame().preferences(&choices, Done::AllOff));
        }
        let (mut agreed, mut refused) = (Vec::new(), Vec::new());
        for choice in &mut choices {
            // Against what was shown and not what is known: an earlier choice may not be known yet,
            // and a channel that was not shown was not decided on.
            let was = fields.iter().filter(|(name, _)| name == "was").find_map(|(_, value)| {
                let (channel, was) = value.split_once(':')?;
                (channel == choice.channel).then_some(was == "on")
            });
            let on = fields.iter().any(|(name, value)| name == "on" && *value == choice.channel);
            if was.is_some_and(|was| was != on) {
                choice.on = on;
                if on { &mut agreed } else { &mut refused }.push(choice.channel.clone());
            }
        }
        self.decide(visit, &agreed, &refused).await?;
        Ok(visit.frame().preferences(&choices, Done::Saved))
    }
}

/// The channel of a consent: `email` of `email.marketing`.
fn channel_of(consent: &str) -> &str {
    consent.split_once('.').map_or(consent, |(channel, _)| channel)
}

fn unknown() -> Fault {
    Fault::NotFound("the link is not valid, or no longer".to_owned())
}
