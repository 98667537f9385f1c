//! The sixth stage: the gates, rendering, the claim, and the hand-off to the channel's queue.
//!
//! A message's id derives from its candidate. Claiming it is one conditional write, so however
//! often this stage runs, each message is claimed once; one that was claimed and perhaps not handed
//! on is handed on again, and its channel claims it a second time before it sends.

use super::ingest::{Signals, Subjects};
use super::store::Candidates;
use crate::candidate::Candidate;
use crate::message::{
    CapKey, ChannelQueues, Claimed, Claims, Content, Dispatch, Record, State, Suppressions,
};
use crate::policy::{self, Case, Refusal, Verdict};
use crate::profile::Profile;
use crate::signal::{Detected, Signal};
use crate::template::Template;
use crate::use_case::{Plan, Purpose, UseCase, UseCases};
use ceap_kernel::{Clock, Fault, MessageId, Metric, SubjectId, Tally, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Knows where a channel reaches a profile. `ceap-channels` implements it.
pub trait Addresses {
    /// The profile's address on the channel, if it has one; `None` for an unknown channel too.
    fn address<'a>(&self, channel: &str, profile: &'a Profile) -> Option<&'a str>;

    /// Whether `to` is an address on the channel.
    fn reaches(&self, channel: &str, to: &str) -> bool;

    /// The sender that the tenant's settings name for the channel.
    fn sender<'a>(&self, channel: &str, settings: &'a crate::use_case::Settings)
    -> Option<&'a str>;
}

/// All that the stage needs.
#[derive(Debug)]
pub struct Deliver<S, U, M, P, Q, B, A, C> {
    /// Profiles.
    pub subjects: S,
    /// What tenants run.
    pub use_cases: U,
    /// Claims and refusals.
    pub claims: M,
    /// The suppression lists.
    pub suppressions: P,
    /// The channels' queues.
    pub queues: Q,
    /// Where held messages wait.
    pub signals: B,
    /// Where channels reach profiles.
    pub addresses: A,
    /// The wall clock.
    pub clock: C,
}

/// What the stage returns to the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Whose.
    pub tenant: TenantId,
    /// Messages handed on.
    pub messages: usize,
}

/// A candidate with all that is decided about it.
struct Draft<'a> {
    candidate: &'a Candidate,
    use_case: &'a UseCase,
    record: Record,
    profile: &'a Profile,
    to: Option<String>,
}

impl<S, U, M, P, Q, B, A, C> Deliver<S, U, M, P, Q, B, A, C>
where
    S: Subjects,
    U: UseCases,
    M: Claims,
    P: Suppressions,
    Q: ChannelQueues,
    B: Signals,
    A: Addresses,
    C: Clock,
{
    /// Delivers a batch of candidates of one tenant.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; the stage is run again then, and claims nothing twice.
    pub async fn run(&self, batch: &Candidates) -> Result<(Delivered, Tally), Fault> {
        let tenant = &batch.tenant;
        let plan = self.use_cases.plan(tenant).await?;
        let profiles = self.profiles(batch).await?;
        let mut tally = Tally::default();
        let mut drafts = Vec::new();
        for candidate in &batch.candidates {
            let Some(use_case) = plan.use_case(&candidate.signal.use_case) else {
                self.gone(tenant, candidate, &mut tally).await?;
                continue;
            };
            let Some(profile) = profiles.get(&candidate.signal.subject) else {
                continue;
            };
            drafts.push(self.draft(&plan, candidate, use_case, profile));
        }
        let suppressed = self.suppressed(tenant, &drafts).await?;
        let mut dispatches = Vec::new();
        let mut held: BTreeMap<Timestamp, Vec<Signal>> = BTreeMap::new();
        for (draft, suppressed) in drafts.into_iter().zip(suppressed) {
            let now = self.clock.now();
            let case = Case {
                tenant,
                use_case: draft.use_case,
                subject: &draft.candidate.signal.subject,
                profile: draft.profile,
                settings: &plan.settings,
                to: draft.to.as_deref(),
                suppressed,
                expires_at: draft.candidate.expires_at,
                now,
            };
            match policy::judge(&case) {
                Verdict::Refuse(refusal) => {
                    self.refuse(tenant, &draft, refusal, None, &mut tally).await?
                }
                Verdict::Hold(until) => {
                    let mut signal = draft.candidate.signal.clone();
                    signal.afresh = true;
                    held.entry(until).or_default().push(signal);
                    self.count(Metric::MessagesHeld, tenant, &draft, &mut tally);
                }
                Verdict::Pass => {
                    dispatches.extend(self.claim(tenant, &plan, &draft, now, &mut tally).await?);
                }
            }
        }
        self.hold(tenant, held).await?;
        if !dispatches.is_empty() {
            self.queues.hand_on(&dispatches).await?;
        }
        Ok((Delivered { tenant: tenant.clone(), messages: dispatches.len() }, tally))
    }

    /// The use case was deleted meanwhile, and with it the channel: the refusal is recorded all the same.
    async fn gone(
        &self,
        tenant: &TenantId,
        candidate: &Candidate,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let reason = Refusal::Off.as_str();
        let mut record = record(candidate, "none");
        record.state = State::Suppressed;
        record.reason = Some(reason.to_owned());
        record.history.insert(reason.to_owned(), self.clock.now());
        if self.claims.refuse(tenant, &record).await? {
            let use_case = Some(&candidate.signal.use_case);
            tally.add(Metric::MessagesSuppressed, tenant, use_case, Some(reason), 1);
        }
        Ok(())
    }

    async fn profiles(&self, batch: &Candidates) -> Result<BTreeMap<SubjectId, Profile>, Fault> {
        let mut ids: Vec<SubjectId> =
            batch.candidates.iter().map(|it| it.signal.subject.clone()).collect();
        ids.sort();
        ids.dedup();
        let states = self.subjects.load(&batch.tenant, &ids).await?;
        Ok(ids.into_iter().zip(states.into_iter().map(|read| read.state.profile)).collect())
    }

    fn draft<'a>(
        &self,
        plan: &'a Plan,
        candidate: &'a Candidate,
        use_case: &'a UseCase,
        profile: &'a Profile,
    ) -> Draft<'a> {
        let channel = &use_case.document.action.channel;
        let facts = profile.facts();
        let to = match &use_case.to {
            // One that fails on these facts gives no address; the others go on.
            Some(to) => to.text(&candidate.signal.facts(&facts, &plan.settings_facts)).ok(),
            None => self.addresses.address(channel, profile).map(str::to_owned),
        };
        let record = record(candidate, channel);
        let to = to.filter(|to| self.addresses.reaches(channel, to));
        Draft { candidate, use_case, record, profile, to }
    }

    async fn suppressed(
        &self,
        tenant: &TenantId,
        drafts: &[Draft<'_>],
    ) -> Result<Vec<bool>, Fault> {
        let addresses: Vec<(String, String)> = drafts
            .iter()
            .map(|draft| (draft.record.channel.clone(), draft.to.clone().unwrap_or_default()))
            .collect();
        self.suppressions.suppressed(tenant, &addresses).await
    }

    async fn refuse(
        &self,
        tenant: &TenantId,
        draft: &Draft<'_>,
        refusal: Refusal,
        detail: Option<&Fault>,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let reason = refusal.as_str();
        let mut record = draft.record.clone();
        record.state = State::Suppressed;
        record.reason =
            Some(detail.map_or(reason.to_owned(), |fault| format!("{reason}: {fault}")));
        record.history.insert(reason.to_owned(), self.clock.now());
        if self.claims.refuse(tenant, &record).await? {
            let use_case = Some(draft.use_case.id());
            tally.add(Metric::MessagesSuppressed, tenant, use_case, Some(reason), 1);
        }
        Ok(())
    }

    /// Renders before it claims, so that what cannot be rendered takes no place under the cap.
    async fn claim(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        draft: &Draft<'_>,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Result<Option<Dispatch>, Fault> {
        let content = match render(draft.use_case, plan, draft) {
            Ok(content) => content,
            Err(fault) => {
                self.refuse(tenant, draft, Refusal::Template, Some(&fault), tally).await?;
                return Ok(None);
            }
        };
        let cap = plan
            .settings
            .marketing_cap
            .filter(|_| draft.use_case.document.purpose == Purpose::Marketing)
            .map(|cap| CapKey {
                subject: draft.record.subject.clone(),
                channel: draft.record.channel.clone(),
                cap,
            });
        let mut record = draft.record.clone();
        record.history.insert("queued".to_owned(), now);
        match self.claims.claim(tenant, &record, cap.as_ref(), now).await? {
            Claimed::Settled => return Ok(None),
            Claimed::Capped => {
                self.refuse(tenant, draft, Refusal::Capped, None, tally).await?;
                return Ok(None);
            }
            Claimed::New => self.count(Metric::MessagesQueued, tenant, draft, tally),
            Claimed::Again => {}
        }
        let channel = draft.record.channel.clone();
        Ok(draft.to.clone().map(|to| Dispatch {
            tenant: tenant.clone(),
            id: record.id,
            use_case: record.use_case,
            from: self.addresses.sender(&channel, &plan.settings).map(str::to_owned),
            channel,
            to,
            content,
            at: Some(draft.candidate.signal.at),
            expires_at: draft.candidate.expires_at,
        }))
    }

    fn count(&self, metric: Metric, tenant: &TenantId, draft: &Draft<'_>, tally: &mut Tally) {
        tally.add(metric, tenant, Some(draft.use_case.id()), Some(&draft.record.channel), 1);
    }

    /// Held messages come back as signals, so that their conditions are judged again.
    async fn hold(
        &self,
        tenant: &TenantId,
        held: BTreeMap<Timestamp, Vec<Signal>>,
    ) -> Result<(), Fault> {
        for (until, signals) in held {
            let detected = Detected { tenant: tenant.clone(), profiles: BTreeMap::new(), signals };
            for part in detected.split() {
                self.signals.emit_at(until, &part).await?;
            }
        }
        Ok(())
    }
}

fn record(candidate: &Candidate, channel: &str) -> Record {
    Record {
        id: MessageId::derive(&candidate.id, channel),
        use_case: candidate.signal.use_case.clone(),
        subject: candidate.signal.subject.clone(),
        candidate: candidate.id.clone(),
        channel: channel.to_owned(),
        state: State::Queued,
        reason: None,
        provider_id: None,
        history: BTreeMap::new(),
    }
}

fn render(use_case: &UseCase, plan: &Plan, draft: &Draft<'_>) -> Result<Content, Fault> {
    let signal = &draft.candidate.signal;
    let facts: Value = json!({
        "event": signal.event,
        "features": signal.features,
        "profile": draft.profile.facts(),
        "settings": plan.settings_facts,
        "score": draft.candidate.scored.score,
        "reasons": draft.candidate.scored.reasons,
    });
    let optional = |template: &Option<Template>| {
        template.as_ref().map(|template| template.render(&facts)).transpose()
    };
    Ok(Content {
        subject: optional(&use_case.subject)?,
        text: use_case.text.render(&facts)?,
        html: optional(&use_case.html)?,
    })
}
