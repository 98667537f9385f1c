//! Email.

use crate::{Channel, mime};
use ceap_engagement::message::Content;
use ceap_engagement::profile::{self, Profile};
use ceap_engagement::use_case::Settings;

/// Email, by SES.
#[derive(Debug)]
pub struct Email;

impl Channel for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    fn address<'a>(&self, profile: &'a Profile) -> Option<&'a str> {
        profile.email.as_deref()
    }

    fn reaches(&self, to: &str) -> bool {
        profile::email(to).is_ok()
    }

    fn sender<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        Some(settings.from_address.as_str())
    }

    fn files(&self) -> bool {
        true
    }

    fn limit(&self, content: &Content) -> Result<(), String> {
        mime::check_content(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_one_address_and_no_header() {
        assert!(Email.reaches("ada@example.com"));
        for bad in ["", "ada", "a@b.ch, c@d.ch", "Ada <a@b.ch>", "a@b.ch\r\nBcc: c@d.ch"] {
            assert!(!Email.reaches(bad), "{bad:?}");
        }
    }
}
