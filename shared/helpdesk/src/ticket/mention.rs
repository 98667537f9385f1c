//! Agents who are named in what an agent says: `@Ada Lovelace`, `@ada@example.com`
//! ([mentions](https://support.zendesk.com/hc/en-us/articles/4408845873562)).

use crate::account::Staff;
use crate::ids::UserId;
use std::collections::BTreeSet;

/// Who is mentioned in a text. Of names that begin alike, the longest counts.
#[must_use]
pub fn mentioned<'a>(
    text: &str,
    staff: impl Iterator<Item = &'a Staff> + Clone,
) -> BTreeSet<UserId> {
    let text = text.to_lowercase();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices('@') {
        let before = text.get(..at).and_then(|it| it.chars().next_back());
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = text.get(at.saturating_add(1)..).unwrap_or_default();
        let names = staff.clone().flat_map(|agent| {
            let email = agent.email.iter().map(String::as_str);
            email.chain([agent.name.as_str()]).map(move |name| (agent.id, name.to_lowercase()))
        });
        let fit = names.filter(|(_, name)| begins(rest, name)).max_by_key(|(_, name)| name.len());
        found.extend(fit.map(|(id, _)| id));
    }
    found
}

/// Whether a text begins with a name that ends there.
fn begins(text: &str, name: &str) -> bool {
    let rest = text.strip_prefix(name).filter(|_| !name.is_empty());
    rest.is_some_and(|rest| !rest.chars().next().is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use rstest::rstest;

    #[rstest]
    #[case("@Ada can you look?", &[1])]
    #[case("@ada lovelace, can you look?", &[2])]
    #[case("Ask @ada@acme.example or @Bob.", &[1, 3])]
    #[case("@Adam is not here", &[])]
    #[case("ada@acme.example wrote", &[])]
    #[case("@", &[])]
    fn agents_are_found_by_name_and_address(#[case] text: &str, #[case] expected: &[u64]) {
        let agent = |id, name: &str, email: Option<&str>| Staff {
            id: UserId::new(id).unwrap(),
            name: name.to_owned(),
            email: email.map(str::to_owned),
            role: Role::Agent,
        };
        let staff = [
            agent(1, "Ada", Some("ada@acme.example")),
            agent(2, "Ada Lovelace", None),
            agent(3, "Bob", None),
        ];
        let found: Vec<u64> = mentioned(text, staff.iter()).into_iter().map(UserId::get).collect();
        assert_eq!(found, expected);
    }
}
