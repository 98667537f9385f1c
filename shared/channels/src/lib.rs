//! Channels take messages out. One file each, one line each in [`CHANNELS`]; `cargo xtask new
//! channel NAME` writes both, with the channel's queue and function.

pub mod email;
pub mod in_app;
pub mod mime;
pub mod push;
pub mod slack;
pub mod sms;
pub mod ticket;
pub mod voice;
pub mod web_push;
pub mod webhook;
pub mod whatsapp;

#[cfg(test)]
mod server;

pub use ceap_http as http;

use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::profile::Profile;
use ceap_engagement::use_case::Settings;
use ceap_kernel::{Fault, SignedDuration, SubjectId};

/// What the platform knows of a channel before it asks its provider.
pub trait Channel: Sync {
    /// Its name in documents, queues and metrics.
    fn name(&self) -> &'static str;

    /// Where it reaches a profile, if the channel has a field of its own.
    fn address<'a>(&self, _profile: &'a Profile) -> Option<&'a str> {
        None
    }

    /// Where it reaches a subject: in the profile's field of its own, or on the profile's devices and
    /// at its entry among the profile's addresses.
    fn addresses(&self, _subject: &SubjectId, profile: &Profile) -> Vec<String> {
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

    /// Whether it carries files.
    fn files(&self) -> bool {
        false
    }

    /// Whether programs read it, which want to know what a message is about.
    fn programs(&self) -> bool {
        false
    }

    /// How long a message that is asked for by itself is worth sending, unless it says so.
    fn worth(&self) -> SignedDuration {
        SignedDuration::from_hours(24)
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
    &in_app::InApp,
    &ticket::Ticket,
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

/// Two providers of one channel, in the order of preference. The next one is asked when the one
/// before is not able to send, which is certain; never when it refuses the recipient, and never when
/// nobody knows what it did.
#[derive(Debug, Clone)]
pub struct InOrder<A, B> {
    one: A,
    other: B,
    order: Vec<Turn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    One,
    Other,
}

impl<A, B> InOrder<A, B> {
    /// In the `order` that names them, as `eum,sns`; one that is not named is not asked.
    ///
    /// # Errors
    /// `Invalid` when the order names another, or none.
    pub fn new(one: (&str, A), other: (&str, B), order: &str) -> Result<Self, Fault> {
        let turn = |name: &str| match name.trim() {
            name if name == one.0 => Ok(Turn::One),
            name if name == other.0 => Ok(Turn::Other),
            _ => {
                let message = format!("must be {0}, {1}, or both with a comma", one.0, other.0);
                Err(Fault::invalid("providers", message))
            }
        };
        let order = order.split(',').map(turn).collect::<Result<_, _>>()?;
        Ok(Self { one: one.1, other: other.1, order })
    }
}

/// Asks one of several: which of them it was is known only here.
async fn asked(provider: &impl Provider, dispatch: &Dispatch) -> Result<Accepted, SendError> {
    match provider.send(dispatch).await {
        Err(SendError::Unknown(why)) if provider.traced(dispatch).await => {
            Err(SendError::Untold(why))
        }
        asked => asked,
    }
}

impl<A: Provider, B: Provider> Provider for InOrder<A, B> {
    const REPEATABLE: bool = A::REPEATABLE && B::REPEATABLE;

    async fn traced(&self, dispatch: &Dispatch) -> bool {
        for turn in &self.order {
            let traced = match turn {
                Turn::One => self.one.traced(dispatch).await,
                Turn::Other => self.other.traced(dispatch).await,
            };
            if !traced {
                return false;
            }
        }
        true
    }

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let mut last = Err(SendError::Unable("no provider is set up".to_owned()));
        for turn in &self.order {
            last = match turn {
                Turn::One => asked(&self.one, dispatch).await,
                Turn::Other => asked(&self.other, dispatch).await,
            };
            if !matches!(last, Err(SendError::Unable(_))) {
                break;
            }
        }
        last
    }
}

/// All channels, for the stage that decides where a message goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Channels;

impl Addresses for Channels {
    fn addresses(&self, channel: &str, subject: &SubjectId, profile: &Profile) -> Vec<String> {
        find(channel).map(|channel| channel.addresses(subject, profile)).unwrap_or_default()
    }

    fn reaches(&self, channel: &str, to: &str) -> bool {
        find(channel).is_some_and(|channel| channel.reaches(to))
    }

    fn sender<'a>(&self, channel: &str, settings: &'a Settings) -> Option<&'a str> {
        find(channel)?.sender(settings)
    }

    fn files(&self, channel: &str) -> bool {
        find(channel).is_some_and(Channel::files)
    }

    fn programs(&self, channel: &str) -> bool {
        find(channel).is_some_and(Channel::programs)
    }

    fn worth(&self, channel: &str) -> Option<SignedDuration> {
        find(channel).map(Channel::worth)
    }

    fn limit(&self, channel: &str, content: &Content) -> Result<(), String> {
        find(channel).map_or(Ok(()), |channel| channel.limit(content))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::cell::Cell;

    struct Says(Result<Accepted, SendError>, Cell<usize>);

    impl Provider for Says {
        async fn send(&self, _: &Dispatch) -> Result<Accepted, SendError> {
            self.1.set(self.1.get() + 1);
            self.0.clone()
        }
    }

    #[rstest]
    #[case("eum,sns", Ok(Accepted::sent("1")), 1, 0)]
    #[case("eum,sns", Err(SendError::Unable("not set up".to_owned())), 1, 1)]
    #[case("eum,sns", Err(SendError::Refused("opted out".to_owned())), 1, 0)]
    #[case("eum,sns", Err(SendError::Unknown("timeout".to_owned())), 1, 0)]
    #[case("eum,sns", Err(SendError::throttled("slow down")), 1, 0)]
    #[case("sns,eum", Ok(Accepted::sent("1")), 0, 1)]
    #[case("sns", Ok(Accepted::sent("1")), 0, 1)]
    #[tokio::test]
    async fn the_next_is_asked_only_when_the_one_before_is_not_able(
        #[case] order: &str,
        #[case] says: Result<Accepted, SendError>,
        #[case] one: usize,
        #[case] other: usize,
    ) {
        let first = Says(says, Cell::default());
        let second = Says(Ok(Accepted::sent("2")), Cell::default());
        let both = InOrder::new(("eum", first), ("sns", second), order).unwrap();
        drop(both.send(&server::dispatch("sms", "+41790000000")).await);
        assert_eq!((both.one.1.get(), both.other.1.get()), (one, other));
    }

    #[test]
    fn an_order_names_what_there_is() {
        for bad in ["", "eum;sns", "pinpoint"] {
            assert!(InOrder::new(("eum", ()), ("sns", ()), bad).is_err(), "{bad:?}");
        }
    }
}
