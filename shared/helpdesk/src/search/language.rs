//! Languages whose words are reduced to their stems.

use frostem::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

macro_rules! languages {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $other:literal);+ $(;)?) => {
        /// A language whose words are reduced to their stems. Zendesk does so for seven of these
        /// ([what languages are supported](https://support.zendesk.com/hc/en-us/articles/4408886879258)); words of
        /// all other languages are found as they are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Language { $($(#[$doc])* $name),+ }

        impl Language {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What its tags begin with (BCP 47).
            #[must_use]
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$name => $tag),+ }
            }

            /// The one of a locale, such as `pt-BR`.
            #[must_use]
            pub fn of(locale: &str) -> Option<Self> {
                let tag = locale.split(['-', '_']).next().unwrap_or_default().to_lowercase();
                Self::ALL.iter().copied().find(|it| it.tag() == tag || it.other() == tag)
            }

            const fn other(self) -> &'static str {
                match self { $(Self::$name => $other),+ }
            }

            const fn algorithm(self) -> Algorithm {
                match self { $(Self::$name => Algorithm::$name),+ }
            }
        }
    };
}

languages! {
    /// العربية
    Arabic = "ar", "ar";
    /// Հայերեն
    Armenian = "hy", "hy";
    /// Euskara
    Basque = "eu", "eu";
    /// Català
    Catalan = "ca", "ca";
    /// Čeština
    Czech = "cs", "cs";
    /// Dansk
    Danish = "da", "da";
    /// Nederlands
    Dutch = "nl", "nl";
    /// English
    English = "en", "en";
    /// Eesti
    Estonian = "et", "et";
    /// Suomi
    Finnish = "fi", "fi";
    /// Français
    French = "fr", "fr";
    /// Deutsch
    German = "de", "de";
    /// Ελληνικά
    Greek = "el", "el";
    /// हिन्दी
    Hindi = "hi", "hi";
    /// Magyar
    Hungarian = "hu", "hu";
    /// Bahasa Indonesia
    Indonesian = "id", "id";
    /// Italiano
    Italian = "it", "it";
    /// Lietuvių
    Lithuanian = "lt", "lt";
    /// Norsk, of which bokmål is a form
    Norwegian = "no", "nb";
    /// فارسی
    Persian = "fa", "fa";
    /// Polski
    Polish = "pl", "pl";
    /// Português
    Portuguese = "pt", "pt";
    /// Română
    Romanian = "ro", "ro";
    /// Русский
    Russian = "ru", "ru";
    /// Српски
    Serbian = "sr", "sr";
    /// Español
    Spanish = "es", "es";
    /// Svenska
    Swedish = "sv", "sv";
    /// Türkçe
    Turkish = "tr", "tr";
    /// Українська
    Ukrainian = "uk", "uk";
}

impl Language {
    /// The stem of a word that is in lower case.
    #[must_use]
    pub fn stem(self, word: &str) -> Cow<'_, str> {
        Stemmer::new(self.algorithm()).stem(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::LOCALES;
    use rstest::rstest;

    #[rstest]
    #[case("en-US", Some(Language::English))]
    #[case("pt_BR", Some(Language::Portuguese))]
    #[case("nb", Some(Language::Norwegian))]
    #[case("ja", None)]
    #[case("", None)]
    fn a_locale_has_a_language(#[case] locale: &str, #[case] expected: Option<Language>) {
        assert_eq!(Language::of(locale), expected);
    }

    #[test]
    fn every_language_is_of_a_locale_that_people_may_have() {
        for language in Language::ALL {
            assert!(
                LOCALES.iter().any(|it| Language::of(it.tag) == Some(*language)),
                "{language:?}"
            );
        }
    }
}
