//! Channels take messages out. One file each, one line each in [`CHANNELS`]; `cargo xtask new
//! channel NAME` writes both, with the channel's queue and function.

pub mod email;
pub mod http;
pub mod push;
pub mod slack;
pub mod sms;
pub mod voice;
pub mod web_push;
pub mod webhook;
pub mod whatsapp;

#[cfg(test)]
mod server;

use ceap_engagement::message::Content;
use ceap_engagement::pipeline::deliver::Addresses;
use ceap_engagement::pipeline::send::SendError;
use ceap_engagement::profile::Profile;
use ceap_engagement::use_case::Settings;
use ceap_kernel::Fault;

/// What the platform knows of a channel before it asks its provider.
pub trait Channel: Sync {
    /// Its name in documents, queues and metrics.
    fn name(&self) -> &'static str;

    /// Where it reaches a profile: its entry among the profile's addresses, unless the channel has
    /// a field of its own.
    fn address<'a>(&self, profile: &'a Profile) -> Option<&'a str> {
        profile.addresses.get(self.name()).map(String::as_str)
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
    &whatsapp::WhatsApp,
    &push::Push,
    &web_push::WebPush,
    &voice::Voice,
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
        Fault::NotFound(why) => SendError::Refused(why.clone()),
        other => SendError::Throttled(other.code().to_owned()),
    }
}

/// All channels, for the stage that decides where a message goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Channels;

impl Addresses for Channels {
    fn address<'a>(&self, channel: &str, profile: &'a Profile) -> Option<&'a str> {
        find(channel)?.address(profile)
    }

    fn reaches(&self, channel: &str, to: &str) -> bool {
        find(channel).is_some_and(|channel| channel.reaches(to))
    }

    fn sender<'a>(&self, channel: &str, settings: &'a Settings) -> Option<&'a str> {
        find(channel)?.sender(settings)
    }
}
