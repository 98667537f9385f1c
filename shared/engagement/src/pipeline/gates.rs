//! One message through the gates: judged, written, claimed. What comes out is to be handed on.

use crate::link::{LinkMaker, Linked, MessageLinks};
use crate::message::{
    CapCheck, Claimed, Claims, Content, Dispatch, Recipient, Record, State, Suppressions, Ticket,
};
use crate::policy::{self, Case, Decision, Gate, Refusal, Terms, Verdict};
use crate::profile::Profile;
use crate::suppression::Reason;
use crate::use_case::{Plan, Settings};
use ceap_kernel::{
    Clock, Fault, Labels, Metric, SignedDuration, SubjectId, Tally, TenantId, Timestamp, Trace,
};

/// Knows channels: where they reach a profile, and what they can carry. `ceap-channels` implements it.
pub trait Addresses {
    /// Where the channel reaches a subject with this profile; nowhere on an unknown channel, too.
    fn addresses(&self, channel: &str, subject: &SubjectId, profile: &Profile) -> Vec<String>;

    /// Whether `to` is an address on the channel.
    fn reaches(&self, channel: &str, to: &str) -> bool;

    /// The sender that the tenant's settings name for the channel.
    fn sender<'a>(&self, channel: &str, settings: &'a Settings) -> Option<&'a str>;

    /// Whether the channel carries files.
    fn files(&self, channel: &str) -> bool;

    /// Whether programs read the channel, which want to know what a message is about.
    fn programs(&self, channel: &str) -> bool;

    /// How long a message on the channel is worth sending, unless it says so; none for an unknown
    /// channel.
    fn worth(&self, channel: &str) -> Option<SignedDuration>;

    /// Whether the channel can carry it.
    ///
    /// # Errors
    /// The part, and the limit that it breaks.
    fn limit(&self, channel: &str, content: &Content) -> Result<(), String>;
}

/// Bytes of a message's content: a queue takes 1 MiB (SQS quotas), in which JSON escapes some of it.
const MAX_BYTES: usize = 768 * 1024;

/// Writes a message's content, given its links.
pub type Render<'a> = Box<dyn Fn(Option<&MessageLinks>) -> Result<Content, Fault> + 'a>;

/// A message that may be sent.
pub struct Proposal<'a> {
    /// As it would be recorded.
    pub record: Record,
    /// What the use case asks of the gates.
    pub terms: Terms<'a>,
    /// The recipient as it is now.
    pub profile: &'a Profile,
    /// Where it would go.
    pub to: Vec<String>,
    /// The instant of what it is about.
    pub at: Timestamp,
    /// The trace of what it follows from.
    pub trace: Option<Trace>,
    /// Until when it is worth sending.
    pub expires_at: Timestamp,
    /// Whether its text names links.
    pub links: bool,
    /// Its content.
    pub render: Render<'a>,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// It is claimed: hand it on.
    Claimed(Box<Dispatch>),
    /// A gate refused it for good.
    Refused(Refusal),
    /// Not before this instant.
    Held(Timestamp),
    /// It went its way before.
    Settled,
    /// Another request was made under the same key.
    Taken,
}

/// All that the gates need.
#[derive(Debug, Clone)]
pub struct Gates<M, P, A, L, C> {
    /// Claims and refusals.
    pub claims: M,
    /// The suppression lists.
    pub suppressions: P,
    /// The channels.
    pub addresses: A,
    /// The links of messages.
    pub links: L,
    /// The wall clock.
    pub clock: C,
}

impl<M: Claims, P: Suppressions, A: Addresses, L: LinkMaker, C: Clock> Gates<M, P, A, L, C> {
    /// Why each address of each proposal is suppressed, if it is: one read for all.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn suppressed(
        &self,
        tenant: &TenantId,
        proposals: &[Proposal<'_>],
    ) -> Result<Vec<Vec<Option<Reason>>>, Fault> {
        let recipients = |it: &Proposal<'_>| -> Vec<Recipient> {
            it.to.iter().map(|to| Recipient::of(&it.record.channel, to, it.profile)).collect()
        };
        let asked: Vec<Recipient> = proposals.iter().flat_map(recipients).collect();
        if asked.is_empty() {
            return Ok(proposals.iter().map(|_| Vec::new()).collect());
        }
        let mut found = self.suppressions.suppressed(tenant, &asked).await?.into_iter();
        Ok(proposals.iter().map(|it| found.by_ref().take(it.to.len()).collect()).collect())
    }

    /// Judges, writes and claims one message. A refusal is recorded with its reason.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; asking again claims nothing twice.
    pub async fn pass(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        proposal: &Proposal<'_>,
        suppressed: &[Option<Reason>],
        tally: &mut Tally,
    ) -> Result<Passed, Fault> {
        let now = self.clock.now();
        let case = Case {
            tenant,
            terms: proposal.terms,
            purpose: proposal.record.purpose,
            channel: &proposal.record.channel,
            subject: &proposal.record.subject,
            profile: proposal.profile,
            settings: &plan.settings,
            addresses: suppressed,
            expires_at: proposal.expires_at,
            now,
        };
        let (verdict, mut gates) = policy::judge(&case);
        match verdict {
            Verdict::Refuse(refusal) => {
                return self.refuse(tenant, proposal, refusal, gates, tally).await;
            }
            Verdict::Hold(until) => {
                let record = Record { gates, ..proposal.record.clone() };
                self.claims.held(tenant, &record, until).await?;
                return Ok(Passed::Held(until));
            }
            Verdict::Pass => {}
        }
        let open = proposal.to.iter().zip(suppressed).filter(|(_, why)| case.reachable(**why));
        let to: Vec<String> = open.map(|(to, _)| to.clone()).collect();
        let links = self.links(tenant, proposal, &to).await?;
        let content = match self.content(proposal, links.as_ref()) {
            Ok(content) => content,
            Err(fault) => {
                gates.push(Decision { gate: Gate::Content, said: fault.to_string() });
                return self.refuse(tenant, proposal, Refusal::Template, gates, tally).await;
            }
        };
        self.claim(tenant, plan, proposal, Draft { to, links, content, gates, now }, tally).await
    }

    async fn links(
        &self,
        tenant: &TenantId,
        proposal: &Proposal<'_>,
        to: &[String],
    ) -> Result<Option<MessageLinks>, Fault> {
        let record = &proposal.record;
        let needed = proposal.links || policy::rule::Rule::of(record.purpose).unsubscribe;
        let Some(address) = to.first().filter(|_| needed) else { return Ok(None) };
        let of = Linked {
            id: &record.id,
            subject: &record.subject,
            channel: &record.channel,
            purpose: record.purpose,
            address,
        };
        self.links.links(tenant, &of).await.map(Some)
    }

    /// Written before it is claimed, so that what cannot be written takes no place under a cap.
    fn content(
        &self,
        proposal: &Proposal<'_>,
        links: Option<&MessageLinks>,
    ) -> Result<Content, Fault> {
        let content = (proposal.render)(links)?;
        let limit = self.addresses.limit(&proposal.record.channel, &content);
        limit.map_err(|rule| Fault::invalid("content", rule))?;
        if bytes(&content) > MAX_BYTES {
            let rule = format!("is larger than {MAX_BYTES} bytes with its attachments");
            return Err(Fault::invalid("content", rule));
        }
        Ok(content)
    }

    async fn claim(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        proposal: &Proposal<'_>,
        draft: Draft,
        tally: &mut Tally,
    ) -> Result<Passed, Fault> {
        let mut record = proposal.record.clone();
        let (channel, purpose) = (record.channel.clone(), record.purpose);
        let caps = &plan.settings.caps;
        let applies = caps.iter().filter(|cap| cap.counts(&channel, purpose)).count();
        let check = (applies > 0).then(|| CapCheck {
            subject: record.subject.clone(),
            channel: channel.clone(),
            purpose,
            caps: caps.clone(),
        });
        record.gates = draft.gates;
        record.gates.push(Decision { gate: Gate::Content, said: "written".to_owned() });
        let said = if applies > 0 { format!("below {applies}") } else { "none".to_owned() };
        record.gates.push(Decision { gate: Gate::Cap, said });
        record.history.insert(State::Queued.as_str().to_owned(), draft.now);
        match self.claims.claim(tenant, &record, check.as_ref(), draft.now).await? {
            Claimed::Settled => return Ok(Passed::Settled),
            Claimed::Taken => return Ok(Passed::Taken),
            Claimed::Capped => {
                record.gates.pop();
                let gates = record.gates;
                let gates = gates
                    .into_iter()
                    .chain([Decision { gate: Gate::Cap, said: "reached".to_owned() }]);
                let refusal = Refusal::Capped;
                return self.refuse(tenant, proposal, refusal, gates.collect(), tally).await;
            }
            Claimed::New => count(Metric::MessagesQueued, tenant, &record, None, tally),
            Claimed::Again => {}
        }
        let mut to = draft.to.into_iter();
        let Some(first) = to.next() else { return Ok(Passed::Settled) };
        Ok(Passed::Claimed(Box::new(Dispatch {
            tenant: tenant.clone(),
            id: record.id,
            use_case: record.use_case,
            subject: record.subject,
            purpose,
            from: self.addresses.sender(&channel, &plan.settings).map(str::to_owned),
            to: first,
            others: to.collect(),
            unsubscribe: draft.links.and_then(|links| links.header(&channel, purpose)),
            channel,
            content: draft.content,
            at: Some(proposal.at),
            trace: proposal.trace.clone(),
            expires_at: proposal.expires_at,
        })))
    }

    /// Records a refusal with what each gate said. A gate that shuts behind a message stops it no more.
    async fn refuse(
        &self,
        tenant: &TenantId,
        proposal: &Proposal<'_>,
        refusal: Refusal,
        gates: Vec<Decision>,
        tally: &mut Tally,
    ) -> Result<Passed, Fault> {
        let mut record = proposal.record.clone();
        let detail = gates.last().filter(|_| refusal == Refusal::Template);
        let reason = refusal.as_str();
        record.reason =
            Some(detail.map_or(reason.to_owned(), |it| format!("{reason}: {}", it.said)));
        record.gates = gates;
        record.state = match refusal {
            Refusal::Expired => State::Expired,
            _ => State::Suppressed,
        };
        record.history.insert(record.state.as_str().to_owned(), self.clock.now());
        if !self.claims.refuse(tenant, &record).await? {
            return Ok(Passed::Settled);
        }
        count(Metric::MessagesSuppressed, tenant, &record, Some(reason), tally);
        Ok(Passed::Refused(refusal))
    }
}

fn bytes(content: &Content) -> usize {
    let texts = [&content.subject, &content.html, &content.link].into_iter().flatten();
    let files = content.attachments.iter().map(|file| &file.data);
    let texts: usize = texts.chain([&content.text]).chain(files).map(String::len).sum();
    texts.saturating_add(content.ticket.as_ref().map_or(0, Ticket::bytes))
}

/// A message that is written and not yet claimed.
struct Draft {
    to: Vec<String>,
    links: Option<MessageLinks>,
    content: Content,
    gates: Vec<Decision>,
    now: Timestamp,
}

/// Counts a message under its channel, and why, if something was not done.
pub fn count(
    metric: Metric,
    tenant: &TenantId,
    record: &Record,
    reason: Option<&str>,
    tally: &mut Tally,
) {
    let labels = Labels::of(tenant, record.use_case.as_ref()).channel(&*record.channel);
    tally.count(metric, Labels { reason: reason.map(str::to_owned), ..labels }, 1);
}
