//! Dynamic content in texts that name it.

use super::ContentItem;
use crate::account::Account;
use crate::record::Kept;
use ceap_kernel::Fault;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What begins the names of dynamic content.
const DC: &str = "dc.";

/// Names of one text at most: what is behind them is left out.
const MOST_NAMED: usize = 50;

/// The dynamic content of an account, for somebody who reads a language.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    items: Arc<Vec<Kept<ContentItem>>>,
    locale: String,
}

impl Contents {
    /// That of an account, in a language (BCP 47); in none, as it usually is.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    pub fn of(account: &Account, locale: Option<&str>) -> Result<Self, Fault> {
        Ok(Self { items: account.all()?, locale: locale.unwrap_or_default().to_owned() })
    }

    /// What it says under a name.
    #[must_use]
    pub fn says(&self, name: &str) -> Option<&str> {
        self.items.iter().find(|it| it.placeholder == name)?.says(&self.locale)
    }
}

impl Contents {
    /// A text in which dynamic content is filled in, and nothing else is read: as names of fields have it.
    #[must_use]
    pub fn written(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            out.push_str(before);
            let output = behind.split_once("}}");
            let named =
                output.and_then(|(name, after)| Some((name.trim().strip_prefix(DC)?, after)));
            match named {
                Some((name, after)) => {
                    out.push_str(self.says(name).unwrap_or_default());
                    rest = after;
                }
                None => {
                    out.push_str("{{");
                    rest = behind;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// What something is called from now on, of what clients send: what names dynamic content goes before what it stands for, that
/// who sends again what they read changes nothing.
pub fn or_raw<T: AsRef<str>>(
    plain: Option<Option<T>>,
    raw: Option<Option<T>>,
) -> Option<Option<T>> {
    let names = |it: &Option<T>| it.as_ref().is_some_and(|it| !named(it.as_ref()).is_empty());
    match raw {
        Some(raw) if names(&raw) => Some(raw),
        raw => plain.or(raw),
    }
}

/// The names of dynamic content that a text names in its outputs and tags: `welcome` of `{{dc.welcome}}`.
#[must_use]
pub fn named(text: &str) -> BTreeSet<&str> {
    let begins = |at: usize| {
        let before = text.get(..at).and_then(|it| it.chars().next_back());
        before.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
    };
    let name = |at: usize| {
        let rest = text.get(at.saturating_add(DC.len())..)?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        rest.get(..end.unwrap_or(rest.len())).filter(|it| !it.is_empty())
    };
    let all = text.match_indices(DC).filter(|(at, _)| begins(*at));
    all.filter_map(|(at, _)| name(at)).take(MOST_NAMED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("{{dc.welcome}} and {{ dc.good_bye }}", &["good_bye", "welcome"])]
    #[case("{% if x %}{{-dc.a-}}{% assign b = dc.b2 %}{% endif %}", &["a", "b2"])]
    #[case("{{dc.a | upcase}}{{dc.a}}", &["a"])]
    #[case("{{xdc.a}} {{ticket.dc.a}} {{dc.}} dc", &[])]
    fn names_are_found(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(named(text).into_iter().collect::<Vec<_>>(), expected);
    }
}
