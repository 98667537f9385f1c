//! What settings, addresses and app clients must be.

use crate::profile;
use crate::use_case::Settings;
use ceap_kernel::Fault;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

pub(super) fn address(field: &str, text: &str) -> Result<(), Fault> {
    profile::email(text).map_err(|rule| Fault::invalid(field, rule))
}

/// `hello@example.com`, or `Example <hello@example.com>`.
fn sender(field: &str, text: &str) -> Result<(), Fault> {
    let Some((name, rest)) = text.split_once('<') else { return address(field, text) };
    if name.chars().any(|c| c.is_control() || c == '>') {
        let message = "must be one email address, or a name and one in angle brackets";
        return Err(Fault::invalid(field, message));
    }
    address(field, rest.strip_suffix('>').unwrap_or_default())
}

pub(super) fn settings(settings: &Settings) -> Result<(), Fault> {
    sender("settings.from_address", &settings.from_address)?;
    if let Some(recipient) = &settings.security_recipient {
        address("settings.security_recipient", recipient)?;
    }
    if let Some(name) = &settings.time_zone
        && TimeZone::get(name).is_err()
    {
        return Err(Fault::invalid(
            "settings.time_zone",
            "must be an IANA time zone, as Europe/Zurich",
        ));
    }
    settings.check()
}

/// Ids of app clients and names of providers as Cognito has them
/// ([CreateUserPoolClient](https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html),
/// [CreateIdentityProvider](https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html)).
pub(super) fn client(id: &str, providers: &BTreeSet<String>) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '+';
    if !(1..=128).contains(&id.len()) || !id.chars().all(plain) {
        let rule = "must be the id of an app client: at most 128 letters and digits";
        return Err(Fault::invalid("client_id", rule));
    }
    let named = |name: &String| {
        (1..=32).contains(&name.chars().count())
            && !name.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if providers.len() > MOST_PROVIDERS || !providers.iter().all(named) {
        let rule = "must be at most 50 names of at most 32 characters, without blanks";
        return Err(Fault::invalid("providers", rule));
    }
    Ok(())
}

/// Identity providers that one tenant may believe.
const MOST_PROVIDERS: usize = 50;
