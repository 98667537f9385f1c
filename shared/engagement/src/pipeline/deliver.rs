//! The sixth stage: the gates, rendering, the claim, and the hand-off to the channel's queue.
//!
//! A message's id derives from its candidate. Claiming it is one conditional write, so however
//! often this stage runs, each message is claimed once; one that was claimed and perhaps not handed
//! on is handed on again, and its channel claims it a second time before it sends.

use super::delay::Delays;
use super::follow;
use super::gates::{Addresses, Gates, Passed, Proposal, count};
use super::ingest::{Later, Subjects};
use super::store::Candidates;
use crate::candidate::Candidate;
use crate::condition::Facts;
use crate::link::LinkMaker;
use crate::message::{
    ChannelQueues, Claims, Content, Dispatch, Origin, Record, State, Suppressions,
};
use crate::message_log::MessageLog;
use crate::policy::fallback::{self, Turn};
use crate::policy::{Refusal, Terms};
use crate::profile::Profile;
use crate::signal::{Detected, Fallback, Signal};
use crate::use_case::{Plan, Step, UseCase, UseCases};
use ceap_kernel::{Clock, Fault, MessageId, Metric, SubjectId, Tally, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Times a turn looks at the message before while that one moves.
const TURNS: usize = 3;

/// All that the stage needs.
#[derive(Debug)]
pub struct Deliver<S, U, M, P, A, L, C, Q, B> {
    /// Profiles.
    pub subjects: S,
    /// What tenants run.
    pub use_cases: U,
    /// The gates. Their claims tell, too, what became of the message before a fallback.
    pub gates: Gates<M, P, A, L, C>,
    /// The channels' queues.
    pub queues: Q,
    /// Where held messages wait, and fallbacks and delayed actions for their turn.
    pub later: B,
    /// How long delayed actions wait.
    pub delays: Delays,
}

/// What the stage returns to the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Whose.
    pub tenant: TenantId,
    /// Messages handed on.
    pub messages: usize,
}

/// A candidate on its way through the channels of its action.
#[derive(Clone, Copy)]
struct Draft<'a> {
    candidate: &'a Candidate,
    use_case: &'a UseCase,
    profile: &'a Profile,
    step: u8,
}

impl Draft<'_> {
    /// Whether this or another goes first: by priority, then by score.
    fn precedence(&self, other: &Self) -> Ordering {
        let priority = |it: &Self| it.use_case.document.priority;
        let score = |it: &Self| it.candidate.scored.score;
        priority(other).cmp(&priority(self)).then(score(other).total_cmp(&score(self)))
    }

    /// Whether its action is meant. One that cannot be judged goes on: it is refused when its text is written, and recorded
    /// with the reason.
    fn is_meant(&self, plan: &Plan) -> bool {
        self.judged(plan).unwrap_or(true)
    }

    fn judged(&self, plan: &Plan) -> Result<bool, Fault> {
        match self.use_case.step(self.step) {
            Some(step) if step.when.is_some() => {
                let (profile, score) = (self.profile.facts(), json!(self.candidate.scored.score));
                let facts = self.candidate.signal.facts(&profile, &plan.settings_facts);
                step.is_meant(&Facts { score: &score, ..facts })
            }
            _ => Ok(true),
        }
    }

    /// The same on the next channel, if there is one.
    fn next(&self) -> Option<Self> {
        self.use_case.next_step(self.step).map(|step| Self { step, ..*self })
    }
}

/// What a batch came to.
#[derive(Default)]
struct Outcome {
    dispatches: Vec<Dispatch>,
    /// Signals that come back at an instant.
    later: BTreeMap<Timestamp, Vec<Signal>>,
    tally: Tally,
}

impl<S, U, M, P, A, L, C, Q, B> Deliver<S, U, M, P, A, L, C, Q, B>
where
    S: Subjects,
    U: UseCases,
    M: Claims + MessageLog,
    P: Suppressions,
    A: Addresses,
    L: LinkMaker,
    C: Clock,
    Q: ChannelQueues,
    B: Later,
{
    /// Delivers a batch of candidates of one tenant.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; the stage is run again then, and claims nothing twice.
    pub async fn run(&self, batch: &Candidates) -> Result<(Delivered, Tally), Fault> {
        let tenant = &batch.tenant;
        let plan = self.use_cases.plan(tenant).await?;
        let profiles = self.profiles(batch).await?;
        let mut outcome = Outcome::default();
        let mut drafts = Vec::new();
        for candidate in &batch.candidates {
            let Some(use_case) = plan.use_case(&candidate.signal.use_case) else {
                self.gone(tenant, candidate, &mut outcome.tally).await?;
                continue;
            };
            let Some(profile) = profiles.get(&candidate.signal.subject) else { continue };
            for step in self.turns(tenant, use_case, candidate, &mut outcome).await? {
                let draft = Draft { candidate, use_case, profile, step };
                if draft.is_meant(&plan) {
                    drafts.push(draft);
                } else {
                    let use_case = Some(use_case.id());
                    outcome.tally.add(Metric::ActionsSkipped, tenant, use_case, None, 1);
                }
            }
        }
        // Where caps leave room for one of a subject's messages, it is the first that is claimed.
        drafts.sort_by(Draft::precedence);
        // Whom one channel can't take, the next one is tried for, all of a round at once.
        while !drafts.is_empty() {
            drafts = self.round(tenant, &plan, drafts, &mut outcome).await?;
        }
        self.wait(tenant, outcome.later).await?;
        if !outcome.dispatches.is_empty() {
            self.queues.hand_on(&outcome.dispatches).await?;
        }
        let messages = outcome.dispatches.len();
        Ok((Delivered { tenant: tenant.clone(), messages }, outcome.tally))
    }

    /// Takes each draft through the gates; returns those that another channel is to be tried for.
    async fn round<'a>(
        &self,
        tenant: &TenantId,
        plan: &'a Plan,
        drafts: Vec<Draft<'a>>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Draft<'a>>, Fault> {
        let drafts: Vec<(Draft<'a>, &Step)> = drafts
            .into_iter()
            .filter_map(|draft| Some((draft, draft.use_case.step(draft.step)?)))
            .collect();
        let proposals: Vec<Proposal<'_>> =
            drafts.iter().map(|(draft, step)| self.proposal(plan, *draft, step)).collect();
        let suppressed = self.gates.suppressed(tenant, &proposals).await?;
        let mut others = Vec::new();
        for (((draft, _), proposal), suppressed) in drafts.iter().zip(&proposals).zip(&suppressed) {
            let tally = &mut outcome.tally;
            match self.gates.pass(tenant, plan, proposal, suppressed, tally).await? {
                Passed::Claimed(dispatch) => {
                    outcome.dispatches.push(*dispatch);
                    if let Some((at, signal)) = self.timed(*draft, &proposal.record) {
                        outcome.later.entry(at).or_default().push(signal);
                    }
                }
                Passed::Held(until) => {
                    count(Metric::MessagesHeld, tenant, &proposal.record, None, tally);
                    let mut signal = draft.candidate.signal.clone();
                    signal.afresh = true;
                    signal.held.get_or_insert(self.gates.clock.now());
                    signal.action = Some(draft.step).filter(|_| signal.fallback.is_none());
                    outcome.later.entry(until).or_default().push(signal);
                }
                Passed::Refused(refusal) if fallback::other_channel(refusal) => {
                    others.extend(draft.next());
                }
                // An earlier run may have passed this channel over, and died before the next one.
                Passed::Settled if draft.next().is_some() => {
                    let known = self.gates.claims.record(tenant, &proposal.record.id).await?;
                    let over = known.is_some_and(|known| fallback::passed_over(&known));
                    others.extend(draft.next().filter(|_| over));
                }
                Passed::Refused(_) | Passed::Settled | Passed::Taken => {}
            }
        }
        Ok(others)
    }

    /// Which channels are to be tried: the first of each action whose time has come, or the one whose
    /// turn it is.
    async fn turns(
        &self,
        tenant: &TenantId,
        use_case: &UseCase,
        candidate: &Candidate,
        outcome: &mut Outcome,
    ) -> Result<Vec<u8>, Fault> {
        if candidate.signal.fallback.is_some() {
            let turn = self.turn(tenant, use_case, candidate, &mut outcome.tally).await?;
            return Ok(turn.into_iter().collect());
        }
        if let Some(action) = candidate.signal.action {
            return Ok(vec![action]);
        }
        let mut now = Vec::new();
        for first in use_case.first_steps() {
            match self.begins(use_case, candidate, first) {
                None => now.push(first),
                Some((at, signal)) => outcome.later.entry(at).or_default().push(signal),
            }
        }
        Ok(now)
    }

    /// When an action begins that waits, and the signal that brings it back then.
    fn begins(
        &self,
        use_case: &UseCase,
        candidate: &Candidate,
        first: u8,
    ) -> Option<(Timestamp, Signal)> {
        let delay = use_case.step(first)?.delay?.duration();
        let due = candidate.signal.at.checked_add(delay).ok()?;
        let wake = self.delays.wake(due, delay, self.gates.clock.now());
        let signal = Signal { afresh: true, action: Some(first), ..candidate.signal.clone() };
        Some((wake, signal))
    }

    /// Which of the action's channels is to be tried; none when another channel's turn has not come.
    async fn turn(
        &self,
        tenant: &TenantId,
        use_case: &UseCase,
        candidate: &Candidate,
        tally: &mut Tally,
    ) -> Result<Option<u8>, Fault> {
        let Some(turn) = &candidate.signal.fallback else { return Ok(None) };
        for _ in 0..TURNS {
            let before = self.gates.claims.record(tenant, &turn.after).await?;
            let Some(before) = before else { return Ok(None) };
            match fallback::turn(&before) {
                Turn::Next => return Ok(Some(turn.step)),
                Turn::Over => {
                    self.spare(tenant, use_case, candidate, turn.step, tally).await?;
                    return Ok(None);
                }
                Turn::IfWithdrawn => {
                    if self.withdraw(tenant, before, Refusal::FellBack, tally).await? {
                        return Ok(Some(turn.step));
                    }
                    // Its channel took it up meanwhile: where does it stand now?
                }
            }
        }
        Err(Fault::Unavailable("the message before kept changing".to_owned()))
    }

    /// An earlier run may have claimed the next channel's message and died before it was handed on;
    /// if the one before has arrived by now, it is not needed, and must not stay queued for good.
    async fn spare(
        &self,
        tenant: &TenantId,
        use_case: &UseCase,
        candidate: &Candidate,
        from: u8,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let rest = std::iter::successors(Some(from), |step| use_case.next_step(*step));
        for step in rest.filter_map(|nth| use_case.step(nth)) {
            let id = MessageId::derive(&candidate.id, &step.channel);
            match self.gates.claims.record(tenant, &id).await? {
                Some(known) if fallback::passed_over(&known) => {}
                Some(known) if known.state == State::Queued => {
                    return self.withdraw(tenant, known, Refusal::Reached, tally).await.map(drop);
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes a message back that its channel has not begun to send; false when it has.
    async fn withdraw(
        &self,
        tenant: &TenantId,
        mut record: Record,
        refusal: Refusal,
        tally: &mut Tally,
    ) -> Result<bool, Fault> {
        let reason = refusal.as_str();
        record.state = State::Suppressed;
        record.reason = Some(reason.to_owned());
        record.history.insert(State::Suppressed.as_str().to_owned(), self.gates.clock.now());
        let withdrawn = self.gates.claims.refuse(tenant, &record).await?;
        if withdrawn {
            count(Metric::MessagesSuppressed, tenant, &record, Some(reason), tally);
        }
        Ok(withdrawn)
    }

    /// When the next channel's turn comes, if the document gives this one a time.
    fn timed(&self, draft: Draft<'_>, record: &Record) -> Option<(Timestamp, Signal)> {
        let origin = record.origin.as_ref()?;
        let after = draft.use_case.step(origin.next?)?.after?;
        let at = self.gates.clock.now().checked_add(after.duration()).ok()?;
        Some((at, turn_of(draft.candidate, record, origin.next?)))
    }

    /// The use case was deleted meanwhile, and with it the channel: the refusal is recorded all the same.
    async fn gone(
        &self,
        tenant: &TenantId,
        candidate: &Candidate,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let reason = Refusal::Off.as_str();
        let mut record =
            record(candidate, "none", crate::use_case::Purpose::Operational, (0, None));
        record.state = State::Suppressed;
        record.reason = Some(reason.to_owned());
        record.history.insert(State::Suppressed.as_str().to_owned(), self.gates.clock.now());
        if self.gates.claims.refuse(tenant, &record).await? {
            count(Metric::MessagesSuppressed, tenant, &record, Some(reason), tally);
        }
        Ok(())
    }

    async fn profiles(&self, batch: &Candidates) -> Result<BTreeMap<SubjectId, Profile>, Fault> {
        let mut ids: Vec<SubjectId> =
            batch.candidates.iter().map(|it| it.signal.subject.clone()).collect();
        ids.sort();
        ids.dedup();
        follow::profiles(&self.subjects, &batch.tenant, ids).await
    }

    fn proposal<'a>(&self, plan: &'a Plan, draft: Draft<'a>, step: &'a Step) -> Proposal<'a> {
        let Draft { candidate, use_case, profile, .. } = draft;
        let document = &use_case.document;
        let signal = &candidate.signal;
        let facts = profile.facts();
        let addresses = &self.gates.addresses;
        let mut to = match &step.to {
            // One that fails on these facts gives no address; the others go on.
            Some(to) => {
                to.text(&signal.facts(&facts, &plan.settings_facts)).ok().into_iter().collect()
            }
            None => addresses.addresses(&step.channel, &signal.subject, profile),
        };
        to.retain(|to| addresses.reaches(&step.channel, to));
        let programs = addresses.programs(&step.channel);
        let next = use_case.next_step(draft.step);
        let mut record = record(candidate, &step.channel, document.purpose, (draft.step, next));
        if let Some(held) = signal.held {
            record.history.insert("held".to_owned(), held);
        }
        Proposal {
            record,
            terms: Terms {
                mode: document.mode,
                holdout: Some((use_case.id(), document.holdout_percent)),
                quiet_hours: document.quiet_hours,
                send_window: document.send_window,
            },
            profile,
            to,
            at: signal.at,
            trace: signal.trace.clone(),
            expires_at: step.expires(signal.at, candidate.expires_at),
            links: step.links,
            render: Box::new(move |links| {
                draft.judged(plan)?;
                let seen = content_facts(plan, candidate, &facts, links.map(|it| it.facts()));
                let content = step.render(&seen, profile.locale.as_deref())?;
                Ok(Content { facts: programs.then(|| about(candidate)), ..content })
            }),
        }
    }

    /// Held messages and timed turns come back as signals, so that their conditions are judged again.
    async fn wait(
        &self,
        tenant: &TenantId,
        later: BTreeMap<Timestamp, Vec<Signal>>,
    ) -> Result<(), Fault> {
        for (until, signals) in later {
            let detected = Detected { tenant: tenant.clone(), profiles: BTreeMap::new(), signals };
            for part in detected.split() {
                self.later.emit_at(until, &part).await?;
            }
        }
        Ok(())
    }
}

/// The signal of another channel's turn, after the message of `record`.
pub(super) fn turn_of(candidate: &Candidate, record: &Record, step: u8) -> Signal {
    let fallback = Fallback { candidate: candidate.id.clone(), after: record.id.clone(), step };
    Signal { afresh: true, fallback: Some(fallback), ..candidate.signal.clone() }
}

fn record(
    candidate: &Candidate,
    channel: &str,
    purpose: crate::use_case::Purpose,
    (step, next): (u8, Option<u8>),
) -> Record {
    let signal = &candidate.signal;
    let (id, key) = (candidate.id.clone(), signal.key.clone());
    Record {
        id: MessageId::derive(&candidate.id, channel),
        use_case: Some(signal.use_case.clone()),
        subject: signal.subject.clone(),
        origin: Some(Origin { candidate: id, key, step, next }),
        channel: channel.to_owned(),
        purpose,
        state: State::Queued,
        reason: None,
        gates: Vec::new(),
        provider_id: None,
        request: None,
        history: BTreeMap::new(),
    }
}

/// What programs are told.
fn about(candidate: &Candidate) -> Value {
    let signal = &candidate.signal;
    let mut about = json!({
        "event": signal.event,
        "features": signal.features,
        "score": candidate.scored.score,
        "reasons": candidate.scored.reasons,
    });
    recommended(candidate, &mut about);
    about
}

/// What is recommended, and the best of it.
fn recommended(candidate: &Candidate, facts: &mut Value) {
    if let (Some(best), Some(facts)) = (candidate.scored.items.first(), facts.as_object_mut()) {
        facts.insert("item".to_owned(), json!(best));
        facts.insert("items".to_owned(), json!(candidate.scored.items));
    }
}

/// What templates see.
fn content_facts(
    plan: &Plan,
    candidate: &Candidate,
    profile: &Value,
    links: Option<Value>,
) -> Value {
    let signal = &candidate.signal;
    let mut facts = json!({
        "event": signal.event,
        "features": signal.features,
        "profile": profile,
        "settings": plan.settings_facts,
        "score": candidate.scored.score,
        "reasons": candidate.scored.reasons,
        "links": links,
    });
    recommended(candidate, &mut facts);
    facts
}
