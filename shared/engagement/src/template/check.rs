//! Whether a template names only what there is.

use super::liquid::Template;
use ceap_kernel::Fault;
use std::collections::{BTreeMap, BTreeSet};

/// The links of every message: to unsubscribe, and to one's preferences.
const LINKS: [&str; 2] = ["unsubscribe", "preferences"];

/// What templates may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(BTreeMap<String, Option<BTreeSet<String>>>);

impl Known {
    /// The facts of every message: `profile`, `settings` and `links`.
    #[must_use]
    pub fn message() -> Self {
        Self::default().any("profile").any("settings").only("links", LINKS)
    }

    /// The facts of a message that is asked for by itself: those of every message, and `data`.
    #[must_use]
    pub fn request() -> Self {
        Self::message().any("data")
    }

    /// The facts of a use case's message: those of every message, and the event, the declared
    /// features, the score and its reasons.
    pub fn use_case<'a>(features: impl IntoIterator<Item = &'a str>) -> Self {
        Self::message()
            .only("event", ["type", "subject", "time", "data"])
            .only("features", features)
            .any("score")
            .any("reasons")
    }

    /// The facts of any message: what a stored template may name before it is known who uses it.
    #[must_use]
    pub fn stored() -> Self {
        let use_case = Self::request().any("event").any("features").any("score").any("reasons");
        use_case.any("items").any("item")
    }

    /// Also `root`, and whatever it holds.
    #[must_use]
    pub fn any(mut self, root: &str) -> Self {
        self.0.insert(root.to_owned(), None);
        self
    }

    /// Also `root`, which holds these and nothing else.
    #[must_use]
    pub fn only<'a>(mut self, root: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().map(str::to_owned).collect();
        self.0.insert(root.to_owned(), Some(names));
        self
    }

    fn holds(&self, path: &[String]) -> bool {
        match path.first().map(|root| self.0.get(root)) {
            None => true,
            Some(None) => false,
            Some(Some(None)) => true,
            Some(Some(Some(names))) => path.get(1).is_none_or(|name| names.contains(name)),
        }
    }
}

/// Whether `templates` name only what is `known`: `texts.templates()` are all of a message.
///
/// # Errors
/// `Invalid` at the template's field, naming the variable and what there is.
pub fn check<'a>(
    templates: impl IntoIterator<Item = &'a Template>,
    known: &Known,
) -> Result<(), Fault> {
    for template in templates {
        if let Some(path) = template.paths().iter().find(|path| !known.holds(path)) {
            let there = match path.first().and_then(|root| Some((root, known.0.get(root)?))) {
                Some((root, Some(names))) if names.is_empty() => format!("`{root}` holds nothing"),
                Some((root, Some(names))) => format!("`{root}` holds {}", list(names.iter())),
                _ => format!("there are {}", list(known.0.keys())),
            };
            let message = format!("`{}` is unknown to templates; {there}", path.join("."));
            return Err(Fault::invalid(template.field(), message));
        }
    }
    Ok(())
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{Escape, Partials};
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("{{ profile.traits.a }} {{ links.unsubscribe }} {{ event }} {{ features.n }}", None)]
    #[case("{% assign own = score %}{{ own.a }}", None)]
    #[case("{{ proflie.name }}", Some("`proflie.name` is unknown to templates; there are event,"))]
    #[case("{{ features.m }}", Some("`features.m` is unknown to templates; `features` holds n"))]
    #[case("{{ event.date }}", Some("`event` holds data, subject, time, type"))]
    #[case("{{ links.home }}", Some("`links` holds preferences, unsubscribe"))]
    #[case("{{ data.x }}", Some("`data.x` is unknown"))]
    #[case("{% render 'p' %}", Some("`nowhere` is unknown"))]
    fn only_what_there_is(#[case] source: &str, #[case] says: Option<&str>) {
        let partials: Partials =
            [("p".to_owned(), "{{ nowhere }}".to_owned())].into_iter().collect();
        let template = Template::with("text", source, Escape::Text, &partials).unwrap();
        match (check([&template], &Known::use_case(["n"])), says) {
            (Ok(()), None) => {}
            (Err(fault), Some(says)) => assert!(fault.to_string().contains(says), "{fault}"),
            (other, _) => panic!("{other:?}"),
        }
    }
}
