//! Consent: whether a subject agreed to this channel and purpose.

use super::rule::ConsentRule;
use crate::profile::Profile;
use crate::use_case::Purpose;

/// What was said, and by which entry of the profile's consents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whether the message may be sent.
    pub allowed: bool,
    /// Which entry decided; none when nothing was said.
    pub by: Option<String>,
}

/// Judges consent. The most specific entry decides: `email.marketing`, then `email`, then
/// `marketing`; a refusal of the channel itself outweighs an agreement to the purpose. A plain
/// `email: false` refuses marketing, not what the customer's own doings call for; that takes
/// `email.transactional` or `transactional`.
#[must_use]
pub fn judge(profile: &Profile, channel: &str, purpose: Purpose, rule: ConsentRule) -> Consent {
    let exact = format!("{channel}.{}", purpose.as_str());
    let asked: &[&str] = match rule {
        ConsentRule::None => &[],
        ConsentRule::UnlessRefused => &[&exact, purpose.as_str()],
        ConsentRule::OnlyIfGiven => &[&exact, channel, purpose.as_str()],
    };
    let said = asked.iter().find_map(|name| Some((*name, *profile.consents.get(*name)?)));
    Consent {
        allowed: said.map_or(rule != ConsentRule::OnlyIfGiven, |(_, given)| given),
        by: said.map(|(name, _)| name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rule::Rule;
    use Purpose::{Marketing, Operational, Transactional};
    use rstest::rstest;

    #[rstest]
    #[case(&[], Operational, true)]
    #[case(&[("email", false)], Operational, true)]
    #[case(&[], Transactional, true)]
    #[case(&[("email", false)], Transactional, true)]
    #[case(&[("transactional", false)], Transactional, false)]
    #[case(&[("email.transactional", false)], Transactional, false)]
    #[case(&[], Marketing, false)]
    #[case(&[("email", true)], Marketing, true)]
    #[case(&[("marketing", true)], Marketing, true)]
    #[case(&[("email", false), ("marketing", true)], Marketing, false)]
    #[case(&[("email", true), ("email.marketing", false)], Marketing, false)]
    #[case(&[("sms", true)], Marketing, false)]
    fn by_channel_and_purpose(
        #[case] consents: &[(&str, bool)],
        #[case] purpose: Purpose,
        #[case] allowed: bool,
    ) {
        let consents = consents.iter().map(|(name, given)| ((*name).to_owned(), *given)).collect();
        let profile = Profile { consents, ..Profile::default() };
        let consent = judge(&profile, "email", purpose, Rule::of(purpose).consent);
        assert_eq!(consent.allowed, allowed);
    }
}
