//! Channels take messages out. One file each, one line each in [`CHANNELS`]; `cargo xtask new
//! channel NAME` writes both, with the channel's queue and function.

pub mod email;
pub mod http;
pub mod mime;
pub mod push;
pub mod slack;
pub mod sms;
pub mod voice;
pub mod web_push;
pub mod webhook;
pub mod whatsapp;

#[cfg(test)]
mod server;

use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::profile::Profile;
use ceap_engagement::use_case::Settings;
use ceap_kernel::Fault;

/// What the platform knows of a channel before it asks its provider.
pub trait Channel: Sync {
    /// Its name in documents, queues and metrics.
    fn name(&self) -> &'static str;

    /// Where it reaches a profile, if the channel has a field of its own.
    fn address<'a>(&self, _profile: &'a Profile) -> Option<&'a str> {
        None
    }

    /// Where it reaches a profile: in the field of its own, or on the profile's devices and at its
    /// entry among the profile's addresses.
    fn addresses(&self, profile: &Profile) -> Vec<String> {
        match self.address(profile) {
            Some(address) => vec![address.to_owned()],
            None => profile.reached_by(self.name()).map(str::to_owned).collect(),
        }
    }

    /// Whether `to` is an address of this channel.
    fn reaches(&self, to: &str) -> bool;

    /// The sender that the tenant's settings name, if the channel has senders.
    fn sender<'a>(&self, _settings: &'a Settings) -> Option<&'a str> {
        None
    }

    /// Whether the channel can carry it.
    ///
    /// # Errors
    /// The part that it can't, and the limit.
    fn limit(&self, _content: &Content) -> Result<(), String> {
        Ok(())
    }
}

/// Every channel.
pub const CHANNELS: &[&dyn Channel] = &[
    &email::Email,
    &sms::Sms,
    &webhook::Webhook,
    &slack::Slack,
    &push::Push,
    &web_push::WebPush,
    &voice::Voice,
    &whatsapp::WhatsApp,
];

/// The channel `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Channel> {
    CHANNELS.iter().copied().find(|channel| channel.name() == name)
}

/// What a message without its channel's secret becomes: nothing was sent. That there is none is for
/// good; when it could not be read, the message comes again.
fn no_secret(fault: &Fault) -> SendError {
    match fault {
        Fault::NotFound(why) => SendError::Unable(why.clone()),
        other => SendError::throttled(other.code()),
    }
}

/// Two providers of one channel: the second is asked when the first is not able to send, which is
/// certain; never when it refuses the recipient, and never when nobody knows what it did.
#[derive(Debug, Clone)]
pub struct InOrder<A, B> {
    /// Asked first.
    pub first: A,
    /// Asked when the first is not able to.
    pub second: B,
}

impl<A: Provider, B: Provider> Provider for InOrder<A, B> {
    const REPEATABLE: bool = A::REPEATABLE && B::REPEATABLE;

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        match self.first.send(dispatch).await {
            Err(SendError::Unable(_)) => self.second.send(dispatch).await,
            asked => asked,
        }
    }
}

/// All channels, for the stage that decides where a message goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Channels;

impl Addresses for Channels {
    fn addresses(&self, channel: &str, profile: &Profile) -> Vec<String> {
        find(channel).map(|channel| channel.addresses(profile)).unwrap_or_default()
    }

    fn reaches(&self, channel: &str, to: &str) -> bool {
        find(channel).is_some_and(|channel| channel.reaches(to))
    }

    fn sender<'a>(&self, channel: &str, settings: &'a Settings) -> Option<&'a str> {
        find(channel)?.sender(settings)
    }

    fn limit(&self, channel: &str, content: &Content) -> Result<(), String> {
        find(channel).map_or(Ok(()), |channel| channel.limit(content))
    }
}
