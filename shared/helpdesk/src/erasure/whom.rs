//! Whom an erasure is about.

use crate::ids::UserId;
use crate::ticket::fact::subject;
use crate::user::{ERASED, Means, User, canonical, phone};
use std::collections::BTreeSet;

/// Somebody who is to be erased, by all that they are known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whom {
    /// What the team's other systems call them.
    pub subjects: BTreeSet<String>,
    /// Addresses of email.
    pub emails: BTreeSet<String>,
    /// Telephone numbers.
    pub phones: BTreeSet<String>,
    /// Names.
    pub names: BTreeSet<String>,
    /// Accounts at others.
    pub handles: BTreeSet<String>,
    /// Addresses and numbers of theirs that are somebody else's too, in the form in which they are compared: nobody is
    /// known by them, and they stay with the other.
    pub shared: BTreeSet<String>,
    /// Their records here.
    pub people: BTreeSet<UserId>,
    /// Tickets of others that they took part in, as many as are found, up to [`MOST_TICKETS`]: what was told of these
    /// elsewhere may name them too.
    pub tickets: BTreeSet<u64>,
}

/// Tickets that are told of: an erasure is one item, which notes them.
pub const MOST_TICKETS: usize = 10_000;

impl Whom {
    /// Whether a record is of them: by what other systems call them; or, if these know nobody by it, by an address or a
    /// number; or because it was merged into one that is.
    #[must_use]
    pub fn is(&self, user: &User) -> bool {
        if user.erased.is_some() {
            return false;
        }
        let called = |name: &str| {
            let name = name.to_lowercase();
            self.subjects.iter().any(|it| it.to_lowercase() == name)
        };
        let by_address = || user.external_id.is_none() && self.reached(user).next().is_some();
        self.people.contains(&user.id)
            || user.external_id.as_deref().is_some_and(called)
            || called(&subject(None, user.id))
            || user.merged_into.is_some_and(|into| self.people.contains(&into))
            || by_address()
    }

    /// What of a record they are reached by, as far as it is theirs alone, in the form in which it is compared.
    fn reached<'a>(&'a self, user: &'a User) -> impl Iterator<Item = String> + 'a {
        let (emails, phones) = (self.emails(), self.phones());
        user.identities.iter().filter_map(move |it| {
            let value = it.means.canonical(&it.value);
            let own = match it.means {
                Means::Email => emails.contains(&value),
                Means::PhoneNumber => phones.contains(&value),
                Means::Twitter
                | Means::Facebook
                | Means::Google
                | Means::AgentForwarding
                | Means::Sdk
                | Means::Messaging
                | Means::AnyChannel
                | Means::Foreign => false,
            };
            own.then_some(value)
        })
    }

    /// Addresses of email that are theirs alone, in the form in which they are compared.
    #[must_use]
    pub fn emails(&self) -> BTreeSet<String> {
        let all = self.emails.iter().map(|it| canonical(it));
        all.filter(|it| !self.shared.contains(it)).collect()
    }

    /// Telephone numbers that are theirs alone, in the form in which they are compared.
    #[must_use]
    pub fn phones(&self) -> BTreeSet<String> {
        let all = self.phones.iter().map(|it| phone::canonical(it));
        all.filter(|it| !self.shared.contains(it)).collect()
    }

    /// A record is theirs: what else are they known by.
    pub fn learn(&mut self, user: &User) {
        self.people.insert(user.id);
        self.subjects.extend(user.external_id.clone());
        self.handles.extend(user.external_id.clone());
        // As who had no such name yet.
        self.subjects.insert(subject(None, user.id));
        for identity in &user.identities {
            let value = identity.value.clone();
            match identity.means {
                Means::Email => self.emails.insert(value),
                Means::PhoneNumber => self.phones.insert(value),
                Means::Twitter
                | Means::Facebook
                | Means::Google
                | Means::AgentForwarding
                | Means::Sdk
                | Means::Messaging
                | Means::AnyChannel
                | Means::Foreign => self.handles.insert(value),
            };
        }
        self.phones.extend(user.phone.clone());
        let names = [Some(user.name.clone()), user.alias.clone()].into_iter().flatten();
        self.names.extend(names.filter(|it| it != ERASED && !it.trim().is_empty()));
    }

    /// A record is another's: what they are reached by is the other's too.
    pub fn leave(&mut self, user: &User) {
        let phone = user.phone.as_deref().map(phone::canonical);
        let phone = phone.filter(|it| self.phones().contains(it));
        let reached: Vec<String> = self.reached(user).chain(phone).collect();
        self.shared.extend(reached);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::ids::IdentityId;
    use crate::user::Identity;
    use ceap_kernel::Timestamp;

    fn user(id: u64, external: Option<&str>, email: &str) -> User {
        let at = Timestamp::UNIX_EPOCH;
        let mut user = User::new(UserId::new(id).unwrap(), "Ada Lovelace", Role::EndUser, at);
        user.external_id = external.map(str::to_owned);
        user.add(Identity {
            id: IdentityId::new(id).unwrap(),
            created_at: at,
            updated_at: at,
            means: Means::Email,
            value: email.to_owned(),
            verified: false,
            primary: true,
        });
        user
    }

    fn ada() -> Whom {
        let set = |text: &str| BTreeSet::from([text.to_owned()]);
        Whom { subjects: set("Ada-1"), emails: set("Ada@acme.example"), ..Whom::default() }
    }

    #[test]
    fn a_record_is_theirs_by_name_or_by_an_address_of_whom_no_system_knows() {
        assert!(ada().is(&user(7, Some("ada-1"), "other@acme.example")));
        assert!(ada().is(&user(7, None, "ada@acme.example")));
        assert!(!ada().is(&user(7, Some("bob"), "ada@acme.example")), "another's");
        assert!(!ada().is(&user(7, None, "bob@acme.example")));
        let by_id = Whom { subjects: ["user-7".to_owned()].into(), ..Whom::default() };
        assert!(by_id.is(&user(7, Some("ada-1"), "x@acme.example")));
        let at = Timestamp::UNIX_EPOCH;
        let erased = user(7, Some("ada-1"), "ada@acme.example").erased(UserId::LAST, at);
        assert!(!ada().is(&erased));
        let merged = User { merged_into: UserId::new(8), ..user(7, Some("old"), "x@acme.example") };
        let known = Whom { people: UserId::new(8).into_iter().collect(), ..ada() };
        assert!(known.is(&merged) && !ada().is(&merged));
    }

    #[test]
    fn what_is_anothers_too_leads_to_nobody() {
        let mut whom = ada();
        whom.leave(&user(8, Some("bob"), "ADA@acme.example"));
        assert_eq!(whom.shared, ["ada@acme.example".to_owned()].into());
        assert!(whom.emails().is_empty());
        assert!(!whom.is(&user(7, None, "ada@acme.example")));
    }

    #[test]
    fn a_record_tells_more() {
        let mut whom = ada();
        whom.learn(&user(7, Some("ADA-1"), "lovelace@acme.example"));
        let subjects: Vec<&String> = whom.subjects.iter().collect();
        assert_eq!(subjects, ["ADA-1", "Ada-1", "user-7"]);
        assert!(whom.emails().contains("lovelace@acme.example"));
        assert!(whom.names.contains("Ada Lovelace"));
    }
}
