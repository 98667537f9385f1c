//! Zendesk's search language.

use crate::promise::text;
use ceap_helpdesk::search::Query;
use ceap_helpdesk::search::query::{MOST, organization, person};

/// What was understood, written out, is understood as the same; a mistake is told at a place within the text.
pub fn run(data: &[u8]) {
    let asked = text(data);
    match Query::parse(&asked) {
        Ok(query) => {
            assert!(query.clauses.len() <= MOST);
            let written = query.to_string();
            let again =
                Query::parse(&written).unwrap_or_else(|error| panic!("{written:?}: {error}"));
            assert_eq!(again.to_string(), written, "{asked:?}");
            query.people().iter().for_each(|name| drop(person(name, &[])));
            query.organizations().iter().for_each(|name| drop(organization(name, &[])));
            let _ = query.kinds();
        }
        Err(wrong) => {
            assert!(wrong.at <= asked.chars().count(), "{asked:?}: {wrong}");
            assert!(!wrong.message.is_empty());
        }
    }
}
