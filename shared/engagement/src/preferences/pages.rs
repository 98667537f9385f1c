//! The pages: HTML without scripts, readable on phones and by screen readers (WCAG 2.2).

mod poll;

pub use poll::Poll;

use super::html::Html;
use super::words::{Language, Words};
use crate::suppression::Reason;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use sha2::{Digest, Sha256};

/// Letters of a brand that are shown: the setting has no limit of its own.
const BRAND: usize = 100;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;font:1.125rem/1.5 system-ui,sans-serif}\
main{max-width:36rem;margin:0 auto;padding:1.5rem}\
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}\
p{overflow-wrap:anywhere}\
fieldset{border:1px solid;border-radius:.5rem;padding:1rem;margin:0 0 1.5rem}\
fieldset div{padding:.5rem 0}\
input[type=checkbox],input[type=radio]{width:1.25rem;height:1.25rem;margin:0 .5rem 0 0;vertical-align:middle}\
small{display:block}\
button{font:inherit;padding:.75rem 1.25rem;margin:0 .5rem .75rem 0;border:2px solid;border-radius:.5rem;cursor:pointer}\
textarea,select{font:inherit;box-sizing:border-box;width:100%;padding:.5rem;margin:.25rem 0}\
[role=status],[role=alert]{border:2px solid;border-radius:.5rem;padding:.75rem 1rem}";

/// The headers of every page. Nothing is loaded and nothing runs; forms go to where they came from;
/// the link, which is a key, is told to nobody and kept by nobody.
#[must_use]
pub fn headers() -> Vec<(&'static str, String)> {
    let style = BASE64.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    vec![
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-robots-tag", "noindex, nofollow".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ]
}

/// Whose page it is, and in which language.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The language.
    pub language: Language,
    /// What people know the tenant as; empty where nobody may know.
    pub brand: &'a str,
}

/// A channel on the page of preferences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The channel.
    pub channel: String,
    /// Where it reaches the subject, made unrecognizable; none where addresses say nothing.
    pub hint: Option<String>,
    /// Whether marketing is on.
    pub on: bool,
    /// What stands in the way all the same.
    pub blocked: Option<Reason>,
}

/// What was done before the page of preferences was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Nothing.
    Nothing,
    /// A choice was saved.
    Saved,
    /// All was turned off.
    AllOff,
}

impl Frame<'_> {
    fn words(&self) -> &'static Words {
        self.language.words()
    }

    fn page(&self, title: &str, content: Html) -> String {
        let brand: String = self.brand.chars().take(BRAND).collect();
        let html = Html::default()
            .raw("<!doctype html>\n<html lang=\"")
            .raw(self.language.tag())
            .raw("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex, nofollow\"><title>")
            .text(title)
            .raw("</title><style>")
            .raw(STYLE)
            .raw("</style></head><body><main>");
        let html = match brand.trim() {
            "" => html,
            brand => html.raw("<p><strong>").text(brand).raw("</strong></p>"),
        };
        let html = html.raw("<h1>").text(title).raw("</h1>").with(content);
        html.raw("</main></body></html>\n").into_string()
    }

    /// Says something.
    #[must_use]
    pub fn says(&self, title: &str, about: &str) -> String {
        self.page(title, Html::default().raw("<p>").text(about).raw("</p>"))
    }

    /// `about`, and the channel with what is known of the address.
    fn about(&self, about: &str, channel: &str, hint: Option<&str>) -> Html {
        Html::default()
            .raw("<p>")
            .text(about)
            .raw(" <strong>")
            .with(self.channel(channel, hint))
            .raw("</strong></p>")
    }

    fn channel(&self, channel: &str, hint: Option<&str>) -> Html {
        let html = Html::default().text(self.words().channel(channel).unwrap_or(channel));
        match hint {
            Some(hint) => html.raw(" (").text(hint).raw(")"),
            None => html,
        }
    }

    /// Asks whether to unsubscribe.
    #[must_use]
    pub fn unsubscribe(&self, channel: &str, hint: Option<&str>) -> String {
        let words = self.words();
        let form = Html::default()
            .raw("<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\"><button type=\"submit\">")
            .text(words.unsubscribe_button)
            .raw("</button></form>");
        let about = self.about(words.unsubscribe_about, channel, hint);
        self.page(words.unsubscribe, about.with(form))
    }

    /// Says that it is done.
    #[must_use]
    pub fn unsubscribed(&self, channel: &str, hint: Option<&str>) -> String {
        let words = self.words();
        self.page(words.unsubscribed, self.about(words.unsubscribed_about, channel, hint))
    }

    /// Asks to confirm.
    #[must_use]
    pub fn confirm(&self, channel: &str, hint: Option<&str>) -> String {
        let words = self.words();
        let form = Html::default()
            .raw("<form method=\"post\"><button type=\"submit\">")
            .text(words.confirm_button)
            .raw("</button></form>");
        self.page(words.confirm, self.about(words.confirm_about, channel, hint).with(form))
    }

    /// Says that it is confirmed.
    #[must_use]
    pub fn confirmed(&self, channel: &str, hint: Option<&str>) -> String {
        let words = self.words();
        self.page(words.confirmed, self.about(words.confirmed_about, channel, hint))
    }

    /// Asks whether an address is one's own.
    #[must_use]
    pub fn verify(&self, address: &str) -> String {
        let words = self.words();
        let form = Html::default()
            .raw("<form method=\"post\"><button type=\"submit\">")
            .text(words.verify_button)
            .raw("</button></form>");
        self.page(words.verify, self.named(words.verify_about, address).with(form))
    }

    /// Says that it is.
    #[must_use]
    pub fn verified(&self, address: &str) -> String {
        let words = self.words();
        self.page(words.verified, self.named(words.verified_about, address))
    }

    fn named(&self, about: &str, address: &str) -> Html {
        let about = Html::default().raw("<p>").text(about).raw(" <strong>").text(address);
        about.raw("</strong></p>")
    }

    /// Shows the channels and what was chosen for each.
    #[must_use]
    pub fn preferences(&self, choices: &[Choice], done: Done) -> String {
        let words = self.words();
        let status = |text| Html::default().raw("<p role=\"status\">").text(text).raw("</p>");
        let html = match done {
            Done::Nothing => Html::default(),
            Done::Saved => status(words.saved),
            Done::AllOff => status(words.saved_all_off),
        };
        let html = html.raw("<p>").text(words.preferences_about).raw("</p><form method=\"post\">");
        // The first button is what the Enter key presses.
        let html = if choices.is_empty() {
            html.raw("<p>").text(words.no_channels).raw("</p>")
        } else {
            html.raw("<fieldset><legend>")
                .text(words.channels)
                .raw("</legend>")
                .each(choices.iter().enumerate(), |(n, choice)| self.choice(n, choice))
                .raw("</fieldset><button type=\"submit\" name=\"action\" value=\"save\">")
                .text(words.save)
                .raw("</button>")
        };
        let html = html
            .raw("<button type=\"submit\" name=\"action\" value=\"all-off\">")
            .text(words.all_off)
            .raw("</button></form>");
        self.page(words.preferences, html)
    }

    fn choice(&self, n: usize, choice: &Choice) -> Html {
        let id = format!("c{n}");
        let html = Html::default()
            .raw("<div><input type=\"hidden\" name=\"was\" value=\"")
            .text(&choice.channel)
            .raw(if choice.on { ":on\">" } else { ":off\">" })
            .raw("<input type=\"checkbox\" name=\"on\" value=\"")
            .text(&choice.channel)
            .raw("\" id=\"")
            .text(&id)
            .raw(if choice.on { "\" checked" } else { "\"" });
        let html = match choice.blocked {
            Some(_) => html.raw(" aria-describedby=\"").text(&id).raw("n\""),
            None => html,
        };
        let html = html
            .raw("><label for=\"")
            .text(&id)
            .raw("\">")
            .with(self.channel(&choice.channel, choice.hint.as_deref()))
            .raw("</label>");
        let html = match choice.blocked {
            Some(reason) => html
                .raw("<small id=\"")
                .text(&id)
                .raw("n\">")
                .text(self.words().blocked(reason))
                .raw("</small>"),
            None => html,
        };
        html.raw("</div>")
    }

    /// Says that there is no such page, and nothing more.
    #[must_use]
    pub fn unknown(&self) -> String {
        self.says(self.words().unknown, self.words().unknown_about)
    }

    /// Says that what was sent is not understood.
    #[must_use]
    pub fn bad(&self) -> String {
        self.says(self.words().bad, self.words().bad_about)
    }

    /// Says that something does not work just now.
    #[must_use]
    pub fn trouble(&self) -> String {
        self.says(self.words().trouble, self.words().trouble_about)
    }
}

/// An address as its owner knows it and others do not: `a…@example.com`, `…123`. What it would say
/// nothing to, as a device's token, has none.
#[must_use]
pub fn hint(address: &str) -> Option<String> {
    if let Some(digits) = address.strip_prefix('+') {
        let hidden = digits.chars().count().saturating_sub(3);
        return Some(format!("…{}", digits.chars().skip(hidden).collect::<String>()));
    }
    let (local, domain) = address.split_once('@')?;
    let first = local.chars().next()?;
    let shaped = domain.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
    shaped.then(|| format!("{first}…@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hinted_at() {
        assert_eq!(hint("ada@example.com").as_deref(), Some("a…@example.com"));
        assert_eq!(hint("+41790000123").as_deref(), Some("…123"));
        assert_eq!(hint("+1").as_deref(), Some("…1"));
        for token in ["fcm:abc", "{\"endpoint\": \"https://a@b\"}", "", "@x"] {
            assert_eq!(hint(token), None, "{token}");
        }
    }

    #[test]
    fn the_policy_names_the_style_that_the_page_has() {
        let frame = Frame { language: Language::English, brand: "Shop" };
        let page = frame.unknown();
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = BASE64.encode(Sha256::digest(style.as_bytes()));
        let (name, policy) = headers().remove(0);
        assert_eq!(name, "content-security-policy");
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
    }
}
