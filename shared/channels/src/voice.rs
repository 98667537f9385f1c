//! Voice calls that read a text out.

use crate::Channel;
use ceap_engagement::message::Content;
use ceap_engagement::profile::{self, Profile};
use ceap_engagement::use_case::Settings;

/// Characters of one text that is read out (End User Messaging user guide, "Limits and quotas",
/// "Voice message length": 3,000 for plain text). The guide does not say what a character is; UTF-16
/// units are the most that it can mean.
const LONGEST_TEXT: usize = 3_000;

/// Voice calls, by End User Messaging. Its address is a number, that of the profile unless the
/// channel has one of its own.
#[derive(Debug)]
pub struct Voice;

impl Channel for Voice {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn address<'a>(&self, profile: &'a Profile) -> Option<&'a str> {
        let own = profile.addresses.get(self.name());
        own.or(profile.phone.as_ref()).map(String::as_str)
    }

    fn reaches(&self, to: &str) -> bool {
        profile::phone(to).is_ok()
    }

    fn sender<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        settings.voice_origination.as_deref()
    }

    fn limit(&self, content: &Content) -> Result<(), String> {
        let length = content.text.encode_utf16().count();
        if length <= LONGEST_TEXT {
            return Ok(());
        }
        Err(format!("text: {length} characters, and a call reads at most {LONGEST_TEXT}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: String) -> Content {
        Content { text, ..Content::default() }
    }

    #[test]
    fn reaches_e164_numbers() {
        assert!(Voice.reaches("+15555550123"));
        for bad in ["5555550123", "+0155555", "+1 555 555", ""] {
            assert!(!Voice.reaches(bad), "{bad:?}");
        }
    }

    #[test]
    fn its_own_number_comes_before_the_profiles() {
        let mut profile = Profile::default();
        assert_eq!(Voice.address(&profile), None);
        profile.phone = Some("+15555550100".to_owned());
        assert_eq!(Voice.address(&profile), Some("+15555550100"));
        profile.addresses.insert("voice".to_owned(), "+15555550101".to_owned());
        assert_eq!(Voice.address(&profile), Some("+15555550101"));
    }

    #[test]
    fn the_longest_text() {
        assert_eq!(Voice.limit(&content("x".repeat(3_000))), Ok(()));
        assert_eq!(Voice.limit(&content("😀".repeat(1_500))), Ok(()));
        for long in ["x".repeat(3_001), "😀".repeat(1_501)] {
            let why = Voice.limit(&content(long)).unwrap_err();
            assert!(why.starts_with("text: ") && why.contains("3000"), "{why}");
        }
    }
}
