//! Addresses of email.

/// Characters of an address (RFC 5321 §4.5.3.1.3, less its brackets).
const MOST: usize = 254;

/// Characters before the `@` (RFC 5321 §4.5.3.1.1).
const MOST_LOCAL: usize = 64;

/// Whether it may be an address: a local part of RFC 5322's dotted atoms, in any script (RFC 6531), at a domain name
/// of at least two labels.
#[must_use]
pub fn valid(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    address.len() <= MOST
        && local.len() <= MOST_LOCAL
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(of_atom))
        && domain.contains('.')
        && domain.split('.').all(label)
}

fn of_atom(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// Whether it may be a label of a domain name.
#[must_use]
pub fn label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// Whether mail is sent to it, by Zendesk's word
/// ([deliverable state](https://developer.zendesk.com/api-reference/ticketing/users/user_identities/#deliverable-state)).
#[must_use]
pub fn deliverable_state(address: &str) -> &'static str {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    if matches!(domain, "example.com" | "example.net" | "example.org" | "example.edu") {
        "reserved_example"
    } else if local == "mailer-daemon" || domain.starts_with("mailer-daemon.") {
        "mailer_daemon"
    } else {
        "deliverable"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("jane@acme.example", true)]
    #[case("jane.o'hara+desk@mail.acme.example", true)]
    #[case("жанна@почта.example", true)]
    #[case("jane", false)]
    #[case("jane@acme", false)]
    #[case("jane@@acme.example", false)]
    #[case("jane doe@acme.example", false)]
    #[case(".jane@acme.example", false)]
    #[case("jane@acme..example", false)]
    #[case("jane@-acme.example", false)]
    #[case("@acme.example", false)]
    fn addresses_have_a_form(#[case] address: &str, #[case] expected: bool) {
        assert_eq!(valid(address), expected);
    }
}
