//! Text messages.

use crate::Channel;
use ceap_engagement::profile::{self, Profile};
use ceap_engagement::use_case::Settings;

/// Text messages, by SNS.
#[derive(Debug)]
pub struct Sms;

impl Channel for Sms {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn address<'a>(&self, profile: &'a Profile) -> Option<&'a str> {
        profile.phone.as_deref()
    }

    fn reaches(&self, to: &str) -> bool {
        profile::phone(to).is_ok()
    }

    fn sender<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        settings.sms_origination.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_e164_numbers() {
        assert!(Sms.reaches("+15555550123"));
        for bad in ["5555550123", "+0155555", "+1 555 555", ""] {
            assert!(!Sms.reaches(bad), "{bad:?}");
        }
    }
}
