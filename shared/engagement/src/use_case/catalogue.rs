//! The use cases that come with the platform: the documents in `use-cases/`, one file each.

/// Each document by its id.
pub const CATALOGUE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// Those that a new tenant begins with, unless it says otherwise: they need nothing but events.
pub const STARTERS: [&str; 3] =
    ["abandoned-cart", "predictive-issue-resolution", "suspicious-activity"];

/// The document `id`, in YAML.
#[must_use]
pub fn find(id: &str) -> Option<&'static str> {
    CATALOGUE.iter().find(|(known, _)| *known == id).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::use_case::UseCase;

    #[test]
    fn every_document_compiles_under_its_own_name() {
        for (id, text) in CATALOGUE {
            let use_case = UseCase::parse(text).unwrap_or_else(|fault| panic!("{id}: {fault}"));
            assert_eq!(use_case.id().as_str(), *id);
        }
    }

    #[test]
    fn the_starters_are_there() {
        assert!(STARTERS.iter().all(|id| find(id).is_some()));
    }
}
