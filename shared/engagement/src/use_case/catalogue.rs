//! The use cases that come with the platform.

/// Each document by its id.
pub const CATALOGUE: &[(&str, &str)] = &[
    ("abandoned-cart", include_str!("../../use-cases/abandoned-cart.yaml")),
    (
        "predictive-issue-resolution",
        include_str!("../../use-cases/predictive-issue-resolution.yaml"),
    ),
    ("suspicious-activity", include_str!("../../use-cases/suspicious-activity.yaml")),
];

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
}
