//! Push notifications: what their channel and their provider tell each other.

use crate::message::Dispatch;
use ceap_kernel::Timestamp;

/// The service that reaches a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Apple's (APNs), for apps from its store.
    Apns,
    /// Apple's, for apps under development.
    ApnsSandbox,
    /// Google's (FCM).
    Fcm,
}

impl Platform {
    /// Every platform.
    pub const ALL: [Self; 3] = [Self::Apns, Self::ApnsSandbox, Self::Fcm];

    /// As addresses begin and configuration writes it.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::ApnsSandbox => "apns-sandbox",
            Self::Fcm => "fcm",
        }
    }
}

/// The channel, as its provider uses it.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// The platform and the token that an address names; `None` when it is no address.
    pub parse: fn(&str) -> Option<(Platform, &str)>,
    /// What is published for a device of the platform. The error says why the content can't be.
    pub payload: fn(&Dispatch, Platform) -> Result<String, String>,
    /// What goes beside it at this instant: how long it is worth delivering, and how.
    pub attributes: fn(&Dispatch, Platform, Timestamp) -> Vec<(&'static str, String)>,
}
