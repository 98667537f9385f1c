//! What a recipient decided, put where it takes effect.
//!
//! A refusal goes to the suppression list first and is told second; an agreement is told first, so
//! that an address comes off the list only when there is evidence why.

use super::{Preferences, Visit, channel_of};
use crate::event::Arrived;
use crate::message::Suppressions;
use crate::pipeline::accept::EventStream;
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Subjects;
use crate::pipeline::receive::consent_event;
use crate::policy::rule::{ConsentRule, Rule};
use crate::profile::Profile;
use crate::secret::Secrets;
use crate::suppression::{Entry, Reason, SuppressionKeeper};
use crate::use_case::{Purpose, UseCases};
use ceap_kernel::{Clock, Fault, MessageId, Timestamp, digest};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The consent that was asked to be confirmed.
pub(super) struct Asked {
    pub consent: String,
    pub text: Option<String>,
    pub address: Option<String>,
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
    /// Unsubscribes an address, and the subject on its channel. However often it is asked, it is told
    /// once: the event is named by since when the address is on the list, and by what was agreed to
    /// since. Who agrees again and then asks again is told of again.
    pub(super) async fn unsubscribe(
        &self,
        visit: &Visit,
        channel: &str,
        purpose: Purpose,
        address: &str,
        message: &MessageId,
    ) -> Result<(), Fault> {
        let (tenant, profile, now) = (&visit.tenant, &visit.profile, self.clock.now());
        let note = Some(format!("message {message}"));
        let mut entries = vec![Entry { note, ..entry(channel, address, now) }];
        let others = self.reached_by(visit, channel);
        let others = others.iter().filter(|other| *other != address);
        entries.extend(others.map(|other| entry(channel, other, now)));
        self.suppressions.add(tenant, &entries).await?;

        let kept = self.suppressions.entries(tenant, channel, address).await?;
        let since = kept.iter().find(|it| it.reason == Reason::Unsubscribe).map_or(now, |it| it.at);
        let mut consents = BTreeSet::from([format!("{channel}.{}", Purpose::Marketing.as_str())]);
        if Rule::of(purpose).consent != ConsentRule::None {
            consents.insert(format!("{channel}.{}", purpose.as_str()));
        }
        let known = |name: &String| {
            profile.consents.get(name) == Some(&false)
                && set(profile, name).is_some_and(|at| at >= since.as_millisecond())
        };
        if consents.iter().all(known) {
            return Ok(());
        }
        let agreed = consents.iter().filter(|name| profile.consents.get(*name) == Some(&true));
        let agreed: Vec<String> =
            agreed.map(|name| format!("{name}@{:?}", set(profile, name))).collect();
        let id = digest(&[channel, address, &since.to_string(), &agreed.join(" ")]);
        let said = json!({"given": false, "how": "one-click unsubscribe"});
        let consents = consents.into_iter().map(|name| (name, said.clone())).collect();
        self.tell(visit, format!("unsubscribe/{id}"), now, consents).await
    }

    /// Turns marketing off on every channel, those included that are not known yet.
    pub(super) async fn all_off(&self, visit: &Visit) -> Result<(), Fault> {
        let given = visit.profile.consents.iter().filter(|(_, given)| **given);
        let mut refused: BTreeSet<String> =
            given.map(|(name, _)| channel_of(name).to_owned()).collect();
        refused.retain(|channel| !is_purpose(channel));
        let reached = self.channels.iter();
        let reached = reached.filter(|channel| !self.reached_by(visit, channel).is_empty());
        refused.extend(reached.map(|channel| (*channel).to_owned()));
        let refused: Vec<String> = refused.into_iter().collect();
        self.suppress(visit, &refused).await?;
        let mut consents = marketing(&refused, false);
        consents.insert(Purpose::Marketing.as_str().to_owned(), choice(false));
        let now = self.clock.now();
        self.tell(visit, named("preferences", visit, now, &consents), now, consents).await
    }

    /// Turns marketing on for some channels and off for others.
    pub(super) async fn decide(
        &self,
        visit: &Visit,
        agreed: &[String],
        refused: &[String],
    ) -> Result<(), Fault> {
        let mut consents = marketing(refused, false);
        consents.append(&mut marketing(agreed, true));
        if consents.is_empty() {
            return Ok(());
        }
        self.suppress(visit, refused).await?;
        let now = self.clock.now();
        self.tell(visit, named("preferences", visit, now, &consents), now, consents).await?;
        for channel in agreed {
            for address in self.reached_by(visit, channel) {
                self.lift(visit, channel, &address).await?;
            }
        }
        Ok(())
    }

    /// Grants the consent that was asked for. Who presses again agrees again: to be told once would
    /// lose what was agreed to after a refusal that is not known yet.
    pub(super) async fn confirm(&self, visit: &Visit, asked: &Asked) -> Result<(), Fault> {
        let Asked { consent, text, address } = asked;
        let now = self.clock.now();
        let mut said = json!({"given": true, "how": "double opt-in"});
        if let (Some(fields), Some(text)) = (said.as_object_mut(), text) {
            fields.insert("text".to_owned(), Value::from(text.as_str()));
        }
        let consents = Map::from_iter([(consent.clone(), said)]);
        self.tell(visit, named("confirm", visit, now, &consents), now, consents).await?;
        let channel = channel_of(consent);
        if consent.strip_prefix(channel) != Some(".marketing") {
            return Ok(());
        }
        let addresses = match address {
            Some(address) => vec![address.clone()],
            None => self.reached_by(visit, channel),
        };
        for address in addresses {
            self.lift(visit, channel, &address).await?;
        }
        Ok(())
    }

    /// Where a channel reaches the visitor.
    fn reached_by(&self, visit: &Visit, channel: &str) -> Vec<String> {
        self.addresses.addresses(channel, &visit.subject, &visit.profile)
    }

    async fn suppress(&self, visit: &Visit, channels: &[String]) -> Result<(), Fault> {
        let now = self.clock.now();
        let entries: Vec<Entry> = channels
            .iter()
            .flat_map(|channel| {
                let addresses = self.reached_by(visit, channel);
                addresses.into_iter().map(move |address| entry(channel, &address, now))
            })
            .collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.suppressions.add(&visit.tenant, &entries).await
    }

    /// Takes an address off the list where its owner's unsubscribing put it there; what else stands
    /// there, a click does not change.
    async fn lift(&self, visit: &Visit, channel: &str, address: &str) -> Result<(), Fault> {
        let reason = Some(Reason::Unsubscribe);
        self.suppressions.remove(&visit.tenant, channel, address, reason).await.map(drop)
    }

    async fn tell(
        &self,
        visit: &Visit,
        id: String,
        at: Timestamp,
        consents: Map<String, Value>,
    ) -> Result<(), Fault> {
        let data = Map::from_iter([("consents".to_owned(), Value::from(consents))]);
        let event = consent_event(id, &visit.subject, at, data);
        self.events.put(&[Arrived { tenant: visit.tenant.clone(), at, event, trace: None }]).await
    }
}

/// The name of an event about a choice: another one at every instant, because who goes back to an
/// earlier choice means it.
fn named(what: &str, visit: &Visit, now: Timestamp, consents: &Map<String, Value>) -> String {
    let consents = Value::from(consents.clone()).to_string();
    format!("{what}/{}", digest(&[visit.subject.as_str(), &now.to_string(), &consents]))
}

/// When a consent was last said anything of, in milliseconds since 1970.
fn set(profile: &Profile, consent: &str) -> Option<i64> {
    profile.at.get(&format!("consents.{consent}")).copied()
}

fn is_purpose(name: &str) -> bool {
    let purposes = [Purpose::Marketing, Purpose::Transactional, Purpose::Operational];
    purposes.iter().any(|purpose| purpose.as_str() == name)
}

fn entry(channel: &str, address: &str, at: Timestamp) -> Entry {
    let (channel, address) = (channel.to_owned(), address.to_owned());
    Entry { channel, address, reason: Reason::Unsubscribe, at, note: None }
}

fn choice(given: bool) -> Value {
    json!({"given": given, "how": "preference page"})
}

fn marketing(channels: &[String], given: bool) -> Map<String, Value> {
    let of = |channel: &String| format!("{channel}.{}", Purpose::Marketing.as_str());
    channels.iter().map(|channel| (of(channel), choice(given))).collect()
}
