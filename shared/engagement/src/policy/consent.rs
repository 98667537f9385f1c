//! Consent: whether a subject agreed to this channel and purpose.

use crate::profile::Profile;
use crate::use_case::Purpose;

/// Operational messages go to the team, so they need no consent. Transactional ones are sent unless
/// the subject refused them; marketing only with consent. The most specific entry decides:
/// `email.marketing`, then `email`, then `marketing`; a refusal of the channel itself outweighs an
/// agreement to the purpose. A plain `email: false` refuses marketing, not what the
/// customer's own doings call for; that takes `email.transactional` or `transactional`.
#[must_use]
pub fn allows(profile: &Profile, channel: &str, purpose: Purpose) -> bool {
    let said = |name: &str| profile.consents.get(name).copied();
    let exact = said(&format!("{channel}.{}", purpose.as_str()));
    match purpose {
        Purpose::Operational => true,
        Purpose::Transactional => exact.or_else(|| said("transactional")).unwrap_or(true),
        Purpose::Marketing => {
            exact.or_else(|| said(channel)).or_else(|| said("marketing")).unwrap_or(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_eq!(allows(&profile, "email", purpose), allowed);
    }
}
