//! What providers tell afterwards: receipts move messages on, and recipients answer.
//!
//! Everything here may come twice and in any order. A receipt is first recorded, then what follows
//! from it is done; one that comes again does that again, and whatever follows counts once.

use super::accept::EventStream;
use super::aftermath::{Aftermath, SOURCE, message_event};
use crate::event::{Arrived, Event};
use crate::message::{Entered, Record, State};
use crate::message_log::MessageLog;
use crate::profile::PROFILE_UPDATED;
use crate::quarantine::{Quarantine, Rejected};
use crate::receipt::{About, Inbound, News, Receipt, Told};
use crate::suppression::{Entry, Reason, SuppressionKeeper};
use ceap_kernel::{
    Clock, Fault, MessageId, Metric, SignedDuration, SubjectId, Tally, TenantId, Timestamp,
};
use serde_json::{Map, Value, json};

/// How long a receipt waits for the record of the message that it is about: a provider may be
/// faster with its receipt than we with our record. After that it is another system's.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// Characters of an answer that are kept in its event.
const ANSWER: usize = 1600;

/// Keeps what receipts tell.
#[allow(async_fn_in_trait)]
pub trait Receipts {
    /// The message that a provider took on `channel` under `id`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn find(&self, channel: &str, id: &str) -> Result<Option<(TenantId, MessageId)>, Fault>;

    /// Enters `state` at `at` into the message's record (see [`Record::enter`]) and keeps the
    /// provider's id and reason, where there are none yet. Returns the record after that; none when
    /// there is no such message.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; nothing happened then.
    async fn learn(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        receipt: &Receipt,
    ) -> Result<Option<(Record, Entered)>, Fault>;
}

/// Knows the tenants that share a sender.
#[allow(async_fn_in_trait)]
pub trait Senders {
    /// The tenants that send on `channel` as `sender`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn tenants(&self, channel: &str, sender: &str) -> Result<Vec<TenantId>, Fault>;
}

/// Answers a request for help, where nobody else does.
#[allow(async_fn_in_trait)]
pub trait Help {
    /// Sends the tenant's help text to `to`, once for each `inbound` message.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn help(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        inbound: &Inbound,
    ) -> Result<(), Fault>;
}

/// What a recipient asks for with one word (CTIA Messaging Principles §5.1; 47 CFR 64.1200(a)(10)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// What this is.
    Help,
}

impl Keyword {
    /// The keyword that a text is: alone, in any case, with or without punctuation.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let word: String =
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        match word.as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE"
            | "OPTOUT" => Some(Self::Stop),
            "START" | "UNSTOP" | "OPTIN" => Some(Self::Start),
            "HELP" | "INFO" => Some(Self::Help),
            _ => None,
        }
    }
}

/// All that is needed.
#[derive(Debug)]
pub struct Receive<R, N, A, S, E, H, C> {
    /// Records of messages.
    pub receipts: R,
    /// Who sends as whom.
    pub senders: N,
    /// What follows from a state.
    pub aftermath: A,
    /// The suppression lists.
    pub suppressions: S,
    /// Where events go.
    pub events: E,
    /// Answers to requests for help.
    pub help: H,
    /// The wall clock.
    pub clock: C,
}

impl<R, N, A, S, E, H, C> Receive<R, N, A, S, E, H, C>
where
    R: Receipts + MessageLog,
    N: Senders,
    A: Aftermath,
    S: SuppressionKeeper,
    E: EventStream,
    H: Help,
    C: Clock,
{
    /// Takes what an item of a feed told; what could not be read is kept in quarantine. A feed of
    /// one `tenant` can't speak of another's messages.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`: all of it must come again.
    pub async fn feed(
        &self,
        stage: &str,
        tenant: Option<&TenantId>,
        told: Vec<Told>,
        quarantine: &impl Quarantine,
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        for told in told {
            match told {
                Told::News(news) => tally.merge(self.take_of(tenant, &news).await?),
                Told::Other => {}
                Told::Bad { fault, payload } => {
                    let rejected = Rejected::new(tenant, stage, &fault, payload, self.clock.now());
                    quarantine.keep(&[rejected]).await?;
                }
            }
        }
        Ok(tally)
    }

    /// Takes one piece of news.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`: it must come again.
    pub async fn take(&self, news: &News) -> Result<Tally, Fault> {
        self.take_of(None, news).await
    }

    async fn take_of(&self, tenant: Option<&TenantId>, news: &News) -> Result<Tally, Fault> {
        match news {
            News::Receipt(receipt) => self.receipt(tenant, receipt).await,
            News::Inbound(inbound) => self.inbound(tenant, inbound).await,
        }
    }

    async fn receipt(&self, only: Option<&TenantId>, receipt: &Receipt) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let known = match &receipt.about {
            About::Message(tenant, id) => Some((tenant.clone(), id.clone())),
            About::Provider(channel, id) => self.receipts.find(channel, id).await?,
        };
        let known = known.filter(|(tenant, _)| only.is_none_or(|only| only == tenant));
        let learnt = match &known {
            Some((tenant, id)) => self.receipts.learn(tenant, id, receipt).await?,
            None => None,
        };
        let (Some((tenant, id)), Some((record, entered))) = (known, learnt) else {
            return self.early(receipt).map(|()| tally);
        };
        self.suppress(&tenant, receipt).await?;
        if receipt.state == State::Complained {
            self.refuse_marketing(&tenant, &record, receipt.at).await?;
        }
        if entered != Entered::Known && receipt.state > State::Sent {
            self.aftermath.follows(&tenant, &id, receipt.state).await?;
        }
        if let (Entered::New, Some(metric)) = (entered, metric(receipt.state)) {
            tally.add(metric, &tenant, record.use_case.as_ref(), Some(&record.channel), 1);
        }
        Ok(tally)
    }

    /// A receipt of a message that is not known: it comes again while it is young.
    fn early(&self, receipt: &Receipt) -> Result<(), Fault> {
        if self.clock.now().duration_since(receipt.at) < PATIENCE {
            return Err(Fault::Unavailable(
                "a receipt came before its message's record".to_owned(),
            ));
        }
        Ok(())
    }

    async fn suppress(&self, tenant: &TenantId, receipt: &Receipt) -> Result<(), Fault> {
        let entries: Vec<Entry> = receipt
            .suppress
            .iter()
            .map(|(channel, address, reason)| Entry {
                channel: channel.clone(),
                address: address.clone(),
                reason: *reason,
                at: receipt.at,
                note: None,
            })
            .collect();
        if entries.is_empty() { Ok(()) } else { self.suppressions.add(tenant, &entries).await }
    }

    /// A complaint is a will: the subject's consent says so from then on.
    async fn refuse_marketing(
        &self,
        tenant: &TenantId,
        record: &Record,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let said = json!({"given": false, "how": "complaint"});
        let consents = json!({format!("{}.marketing", record.channel): said});
        let id = format!("{}/complaint", record.id);
        let data = Map::from_iter([("consents".to_owned(), consents)]);
        self.put(tenant, consent_event(id, &record.subject, at, data)).await
    }

    async fn put(&self, tenant: &TenantId, event: Event) -> Result<(), Fault> {
        self.events
            .put(&[Arrived { tenant: tenant.clone(), at: self.clock.now(), event, trace: None }])
            .await
    }

    async fn inbound(&self, only: Option<&TenantId>, inbound: &Inbound) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let answered = self.answered(only, inbound).await?;
        let tenants = match (&answered, only) {
            (Some((tenant, _, _)), _) | (None, Some(tenant)) => vec![tenant.clone()],
            (None, None) => self.senders.tenants(&inbound.channel, &inbound.to).await?,
        };
        let keyword = Keyword::of(&inbound.text);
        for tenant in &tenants {
            self.obey(tenant, keyword, inbound).await?;
        }
        let Some((tenant, record, entered)) = answered else { return Ok(tally) };
        let text: String = inbound.text.chars().take(ANSWER).collect();
        let data = Map::from_iter([("text".to_owned(), Value::from(text))]);
        let mut event = message_event(&record, State::Replied, inbound.at, data);
        event.id = format!("{}/replied/{}", record.id, inbound.id);
        self.put(&tenant, event).await?;
        if keyword == Some(Keyword::Help) {
            self.help.help(&tenant, &record.subject, inbound).await?;
        }
        if entered == Entered::New {
            let (use_case, channel) = (record.use_case.as_ref(), Some(record.channel.as_str()));
            tally.add(Metric::MessagesReplied, &tenant, use_case, channel, 1);
        }
        Ok(tally)
    }

    /// The message that it answers, moved on to `replied`.
    async fn answered(
        &self,
        only: Option<&TenantId>,
        inbound: &Inbound,
    ) -> Result<Option<(TenantId, Record, Entered)>, Fault> {
        let Some(answers) = &inbound.answers else { return Ok(None) };
        let found = self.receipts.find(&inbound.channel, answers).await?;
        let own = found.filter(|(tenant, _)| only.is_none_or(|only| only == tenant));
        let Some((tenant, id)) = own else { return Ok(None) };
        let receipt = Receipt {
            about: About::Message(tenant.clone(), id.clone()),
            state: State::Replied,
            at: inbound.at,
            provider_id: None,
            detail: None,
            suppress: Vec::new(),
        };
        let learnt = self.receipts.learn(&tenant, &id, &receipt).await?;
        Ok(learnt.map(|(record, entered)| (tenant, record, entered)))
    }

    async fn obey(
        &self,
        tenant: &TenantId,
        keyword: Option<Keyword>,
        inbound: &Inbound,
    ) -> Result<(), Fault> {
        let (channel, address) = (&inbound.channel, &inbound.from);
        match keyword {
            Some(Keyword::Stop) => {
                let entry = Entry {
                    channel: channel.clone(),
                    address: address.clone(),
                    reason: Reason::Stop,
                    at: inbound.at,
                    note: None,
                };
                self.suppressions.add(tenant, &[entry]).await
            }
            Some(Keyword::Start) => {
                let stop = Some(Reason::Stop);
                // One that comes again must not take back a STOP that was written after it.
                let known = self.suppressions.entries(tenant, channel, address).await?;
                if known.iter().any(|it| it.reason == Reason::Stop && it.at > inbound.at) {
                    return Ok(());
                }
                self.suppressions.remove(tenant, channel, address, stop).await.map(drop)
            }
            Some(Keyword::Help) | None => Ok(()),
        }
    }
}

/// A change of consents, as the platform itself tells it.
#[must_use]
pub fn consent_event(
    id: String,
    subject: &SubjectId,
    time: Timestamp,
    data: Map<String, Value>,
) -> Event {
    let (source, kind, subject) = (SOURCE.to_owned(), PROFILE_UPDATED.to_owned(), subject.clone());
    Event { id, source, kind, subject, time, data }
}

fn metric(state: State) -> Option<Metric> {
    match state {
        State::Delivered => Some(Metric::MessagesDelivered),
        State::Opened => Some(Metric::MessagesOpened),
        State::Clicked => Some(Metric::MessagesClicked),
        State::Replied => Some(Metric::MessagesReplied),
        State::Bounced => Some(Metric::MessagesBounced),
        State::Complained => Some(Metric::MessagesComplained),
        State::Failed => Some(Metric::MessagesFailed),
        State::Queued
        | State::Suppressed
        | State::Expired
        | State::Sending
        | State::Unknown
        | State::Sent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_stand_alone() {
        for stop in ["STOP", "stop", " Stop. ", "opt-out", "Opt Out", "UNSUBSCRIBE!", "quit", "End"]
        {
            assert_eq!(Keyword::of(stop), Some(Keyword::Stop), "{stop}");
        }
        assert_eq!(Keyword::of("start"), Some(Keyword::Start));
        assert_eq!(Keyword::of("HELP?"), Some(Keyword::Help));
        for text in ["please stop calling it that", "", "stopp", "When does it end?"] {
            assert_eq!(Keyword::of(text), None, "{text}");
        }
    }
}
