//! Who may ask, by their address: an account's allowlist and blocklist
//! ([using the allowlist and blocklist](https://support.zendesk.com/hc/en-us/articles/4408886840986)).

/// What becomes of what somebody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is let in.
    Allowed,
    /// It is held back.
    Suspended,
    /// It is dropped.
    Rejected,
}

/// Judges an address. Lists are addresses and domains with spaces between them; on the blocklist, `*` is everybody, and
/// `suspend:` or `reject:` before an entry says what becomes of it, also against the allowlist. An address goes before
/// its domain, and a domain before everybody.
#[must_use]
pub fn judge(email: &str, allowlist: &str, blocklist: &str) -> Verdict {
    let email = email.trim().to_lowercase();
    let named = |entry: &str| fit(entry, &email);
    let best = |entries: &mut dyn Iterator<Item = &str>| entries.filter_map(named).max();
    let marked = |prefix: &'static str| {
        let entries = blocklist.split_whitespace();
        best(&mut entries.filter_map(move |entry| entry.strip_prefix(prefix)))
    };
    let (suspended, rejected) = (marked("suspend:"), marked("reject:"));
    let allowed = best(&mut allowlist.split_whitespace());
    let blocked = best(&mut blocklist.split_whitespace());
    if rejected > suspended && rejected >= allowed {
        return Verdict::Rejected;
    }
    if suspended.is_some() && suspended >= allowed {
        return Verdict::Suspended;
    }
    if blocked.is_some() && allowed.is_none() { Verdict::Suspended } else { Verdict::Allowed }
}

/// How well an entry fits an address: by the address itself best.
fn fit(entry: &str, email: &str) -> Option<u8> {
    let entry = entry.to_lowercase();
    let domain = email.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    if entry == email {
        Some(3)
    } else if entry == domain || domain.strip_suffix(&*entry).is_some_and(|it| it.ends_with('.')) {
        Some(2)
    } else {
        (entry == "*").then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Allowed, Rejected, Suspended};
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a@x.example", "", "", Allowed)]
    #[case("a@x.example", "", "*", Suspended)]
    #[case("A@X.example", "x.example", "*", Allowed)]
    #[case("a@mail.x.example", "x.example", "*", Allowed)]
    #[case("a@notx.example", "x.example", "*", Suspended)]
    #[case("a@x.example", "", "x.example", Suspended)]
    #[case("a@x.example", "", "a@x.example", Suspended)]
    #[case("b@x.example", "", "a@x.example", Allowed)]
    #[case("a@x.example", "a@x.example", "x.example", Allowed)]
    #[case("a@x.example", "x.example", "suspend:a@x.example", Suspended)]
    #[case("b@x.example", "x.example", "suspend:a@x.example", Allowed)]
    #[case("a@x.example", "", "reject:x.example", Rejected)]
    #[case("a@x.example", "a@x.example", "reject:x.example", Allowed)]
    #[case("a@x.example", "", "reject:x.example suspend:a@x.example", Suspended)]
    #[case("a@x.example", "x.example", "* reject:a@x.example", Rejected)]
    fn an_address_is_judged(
        #[case] email: &str,
        #[case] allowlist: &str,
        #[case] blocklist: &str,
        #[case] expected: Verdict,
    ) {
        assert_eq!(judge(email, allowlist, blocklist), expected);
    }
}
