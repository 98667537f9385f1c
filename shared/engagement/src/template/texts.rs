//! All that one message says, in all its languages.

use super::document::{ApprovedDocument, TextsDocument};
use super::escape::Escape;
use super::liquid::Template;
use super::mjml;
use super::partials::{Partials, invalid};
use super::ticket::TicketTexts;
use crate::message::{Approved, Content};
use ceap_kernel::Fault;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a message says, compiled.
///
/// Which language a recipient reads is looked up as RFC 4647 §3.4 says: `de-CH` finds `de-CH`, then
/// `de`, then the default; letters' case does not matter, and `_` is `-`. A message is in one
/// language throughout: a language gives every text that the default gives, which is checked here.
/// Only `link` and `ticket` are taken from the default where a language has none.
#[derive(Debug)]
pub struct Texts {
    default: Language,
    locales: BTreeMap<String, Language>,
}

#[derive(Debug, Default)]
struct Language {
    subject: Option<Template>,
    text: Option<Template>,
    html: Option<Template>,
    link: Option<Template>,
    approved: Option<Provided>,
    ticket: Option<TicketTexts>,
}

#[derive(Debug)]
struct Provided {
    name: String,
    language: String,
    parameters: Vec<Template>,
}

impl Texts {
    /// Compiles `default` and its `locales`; `at` is their place in the document, empty for its top.
    ///
    /// # Errors
    /// `Invalid`, naming the field: `locales.de.subject`.
    pub fn compile(
        at: &str,
        default: &TextsDocument,
        locales: &BTreeMap<String, TextsDocument>,
        partials: &Partials,
    ) -> Result<Self, Fault> {
        let default_texts = Language::compile(at, default, partials)?;
        let mut compiled: BTreeMap<String, Language> = BTreeMap::new();
        for (locale, document) in locales {
            let at = join(at, &format!("locales.{locale}"));
            let tag = tag(locale);
            let shaped = (2..=35).contains(&tag.len())
                && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !shaped {
                return Err(Fault::invalid(at, "must be named by a BCP 47 tag, as de-CH"));
            }
            let language = Language::compile(&at, document, partials)?;
            language.whole(&at, &default_texts)?;
            if compiled.insert(tag, language).is_some() {
                return Err(Fault::invalid(at, "is the same language as another one; remove one"));
            }
        }
        Ok(Self { default: default_texts, locales: compiled })
    }

    /// The language that a recipient of `locale` reads; `None` for the default.
    #[must_use]
    pub fn locale(&self, locale: Option<&str>) -> Option<&str> {
        let mut wanted = tag(locale?);
        loop {
            if let Some((found, _)) = self.locales.get_key_value(&wanted) {
                return Some(found);
            }
            // A single letter leads an extension, and means nothing by itself.
            let (shorter, _) = wanted.rsplit_once('-')?;
            let shorter = match shorter.rsplit_once('-') {
                Some((shortest, single)) if single.len() == 1 => shortest,
                _ => shorter,
            };
            wanted = shorter.to_owned();
        }
    }

    /// What the message says to a recipient of `locale`, with `facts` filled in.
    ///
    /// # Errors
    /// `Invalid`, naming the field, and the variable if one is unknown.
    pub fn render(&self, facts: &Value, locale: Option<&str>) -> Result<Content, Fault> {
        let found = self.locale(locale).and_then(|found| self.locales.get(found));
        let language = found.unwrap_or(&self.default);
        let part = |template: Option<&Template>| template.map(|it| it.render(facts)).transpose();
        let approved = language.approved.as_ref().map(|it| it.render(facts)).transpose()?;
        let ticket = language.ticket.as_ref().or(self.default.ticket.as_ref());
        let text = match &language.text {
            Some(text) => text.render(facts)?,
            None => approved.as_ref().map(|it| it.parameters.join("\n")).unwrap_or_default(),
        };
        Ok(Content {
            subject: part(language.subject.as_ref())?,
            text,
            html: part(language.html.as_ref())?,
            link: part(language.link.as_ref().or(self.default.link.as_ref()))?,
            approved,
            ticket: ticket.map(|it| it.render(facts)).transpose()?,
            ..Content::default()
        })
    }

    /// Every template of every language; each knows its field.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.default).chain(self.locales.values()).flat_map(Language::templates)
    }

    /// Each fact that it reads in any language, with the field that reads it.
    pub fn paths(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.templates().flat_map(|it| it.paths().into_iter().map(move |path| (it.field(), path)))
    }

    /// Whether it reads the fact `root` at all: `links`, say.
    #[must_use]
    pub fn reads(&self, root: &str) -> bool {
        self.paths().any(|(_, path)| path.first().is_some_and(|first| first == root))
    }

    /// The fields of `event.data` that it names in any language; `None` when it uses `event` or
    /// `data` as a whole.
    #[must_use]
    pub fn event_fields(&self) -> Option<BTreeSet<String>> {
        self.templates().map(Template::event_fields).try_fold(BTreeSet::new(), |mut all, fields| {
            all.extend(fields?);
            Some(all)
        })
    }
}

impl Language {
    fn compile(at: &str, document: &TextsDocument, partials: &Partials) -> Result<Self, Fault> {
        let part = |name: &str, source: &Option<String>, escape| {
            let compile =
                |source: &String| Template::with(&join(at, name), source, escape, partials);
            source.as_ref().map(compile).transpose()
        };
        if document.text.is_none() && document.approved.is_none() {
            return Err(Fault::invalid(join(at, "text"), "is missing; every message has a text"));
        }
        let html = match (&document.html, &document.mjml) {
            (Some(_), Some(_)) => {
                let message = "is one too many: give `html` or `mjml`, not both";
                return Err(Fault::invalid(join(at, "mjml"), message));
            }
            (_, Some(source)) => {
                let field = join(at, "mjml");
                let html = mjml::compile(source).map_err(|it| invalid(&field, None, it))?;
                let template = Template::with(&field, &html, Escape::Html, partials);
                Some(template.map_err(made)?)
            }
            (html, None) => part("html", html, Escape::Html)?,
        };
        let (approved, ticket) = (document.approved.as_ref(), document.ticket.as_ref());
        Ok(Self {
            subject: part("subject", &document.subject, Escape::Line)?,
            text: part("text", &document.text, Escape::Text)?,
            html,
            link: part("link", &document.link, Escape::Url)?,
            approved: approved.map(|it| Provided::compile(at, it, partials)).transpose()?,
            ticket: ticket
                .map(|it| TicketTexts::compile(&join(at, "ticket"), it, partials))
                .transpose()?,
        })
    }

    /// Whether it says all that `default` says.
    fn whole(&self, at: &str, default: &Self) -> Result<(), Fault> {
        let parts = [
            ("subject", self.subject.is_some(), default.subject.is_some()),
            ("text", self.text.is_some(), default.text.is_some()),
            ("html", self.html.is_some(), default.html.is_some()),
            ("approved", self.approved.is_some(), default.approved.is_some()),
        ];
        match parts.iter().find(|(_, mine, theirs)| *theirs && !*mine) {
            Some((part, ..)) => {
                let message = "is missing; a message is in one language throughout, so each \
                               language gives all that the default gives";
                Err(Fault::invalid(join(at, part), message))
            }
            None => Ok(()),
        }
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let parts = [&self.subject, &self.text, &self.html, &self.link].into_iter().flatten();
        let parts = parts.chain(self.approved.iter().flat_map(|approved| &approved.parameters));
        parts.chain(self.ticket.iter().flat_map(TicketTexts::templates))
    }
}

impl Provided {
    fn compile(at: &str, document: &ApprovedDocument, partials: &Partials) -> Result<Self, Fault> {
        let parameters = document.parameters.iter().enumerate().map(|(n, source)| {
            let field = join(at, &format!("approved.parameters[{n}]"));
            Template::with(&field, source, Escape::Line, partials)
        });
        Ok(Self {
            name: document.name.clone(),
            language: document.language.clone(),
            parameters: parameters.collect::<Result<_, Fault>>()?,
        })
    }

    fn render(&self, facts: &Value) -> Result<Approved, Fault> {
        let parameters = self.parameters.iter().map(|parameter| parameter.render(facts));
        Ok(Approved {
            name: self.name.clone(),
            language: self.language.clone(),
            parameters: parameters.collect::<Result<_, Fault>>()?,
        })
    }
}

/// The line is one of the HTML, which its author has not seen.
fn made(fault: Fault) -> Fault {
    match fault {
        Fault::Invalid { field, message, .. } => {
            Fault::invalid(field, format!("in the HTML that it becomes, {message}"))
        }
        other => other,
    }
}

fn join(at: &str, part: &str) -> String {
    if at.is_empty() { part.to_owned() } else { format!("{at}.{part}") }
}

fn tag(locale: &str) -> String {
    locale.replace('_', "-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn document(value: Value) -> TextsDocument {
        serde_json::from_value(value).unwrap()
    }

    fn texts(default: Value, locales: Value) -> Result<Texts, Fault> {
        let locales = serde_json::from_value(locales).unwrap();
        Texts::compile("action", &document(default), &locales, &Partials::default())
    }

    #[rstest]
    #[case(None, "default")]
    #[case(Some("fr"), "default")]
    #[case(Some("de"), "de")]
    #[case(Some("DE_ch"), "de-CH")]
    #[case(Some("de-AT"), "de")]
    #[case(Some("de-CH-1996"), "de-CH")]
    #[case(Some("zh-Hant-CN-x-private1"), "zh-Hant")]
    #[case(Some("zh"), "default")]
    #[case(Some("-"), "default")]
    fn a_language_is_looked_up(#[case] wanted: Option<&str>, #[case] found: &str) {
        let locales = json!({"de": {"text": "de"}, "de_CH": {"text": "de-CH"},
                             "zh-hant": {"text": "zh-Hant"}});
        let texts = texts(json!({"text": "default", "link": "https://x.ch"}), locales).unwrap();
        let content = texts.render(&json!({}), wanted).unwrap();
        assert_eq!(content.text, found);
        assert_eq!(content.link.as_deref(), Some("https://x.ch"));
    }

    #[rstest]
    #[case(json!({"subject": "a"}), json!({}), "action.text: is missing")]
    #[case(json!({"text": "a", "html": "a", "mjml": "a"}), json!({}), "action.mjml: is one too many")]
    #[case(json!({"text": "a", "mjml": "<p"}), json!({}), "action.mjml: ")]
    #[case(json!({"text": "a", "html": "<p {{ a }}>"}), json!({}), "action.html: line 1: no value")]
    #[case(json!({"text": "a", "subject": "a"}), json!({"de": {"text": "a"}}),
           "action.locales.de.subject: is missing")]
    #[case(json!({"text": "a", "html": "a"}), json!({"de": {"text": "a"}}),
           "action.locales.de.html: is missing")]
    #[case(json!({"text": "a"}), json!({"de": {"text": "{{"}}), "action.locales.de.text: line 1: ")]
    #[case(json!({"text": "a"}), json!({"de-CH": {"text": "a"}, "de_ch": {"text": "a"}}),
           "is the same language")]
    #[case(json!({"text": "a"}), json!({"d!": {"text": "a"}}), "action.locales.d!: must be named")]
    #[case(json!({"text": "a", "ticket": {"priority": "highest"}}), json!({}),
           "action.ticket.priority: must be one of urgent")]
    #[case(json!({"text": "a", "ticket": {"tags": ["{{ a"]}}), json!({}),
           "action.ticket.tags[0]: line 1: ")]
    fn what_is_wrong_is_named(#[case] default: Value, #[case] locales: Value, #[case] says: &str) {
        let fault = texts(default, locales).unwrap_err().to_string();
        assert!(fault.contains(says), "{fault}");
    }

    #[test]
    fn an_approved_template_speaks_by_its_parameters() {
        let approved = json!({"approved": {"name": "n", "language": "en",
                                           "parameters": ["{{ a }}", "{{ b }}!"]}});
        let texts = texts(approved, json!({})).unwrap();
        let content = texts.render(&json!({"a": "1\n2", "b": 3}), None).unwrap();
        assert_eq!(content.text, "1 2\n3!");
        assert_eq!(content.approved.unwrap().parameters, ["1 2", "3!"]);
        let fault = texts.render(&json!({"a": 1}), None).unwrap_err().to_string();
        assert!(fault.starts_with("action.approved.parameters[1]: Unknown variable"), "{fault}");
    }

    #[test]
    fn a_ticket_is_written_as_its_texts_are() {
        let ticket = json!({"text": "t", "ticket": {
            "priority": "{% if a > 3 %}urgent{% endif %}", "tags": ["app", "{{ b }}"],
            "custom_fields": {"Crashes": "{{ a }}"}, "public": true, "update": "all"}});
        let texts = texts(ticket, json!({"de": {"text": "t"}})).unwrap();
        let written = texts.render(&json!({"a": 4, "b": "x\ny"}), Some("de")).unwrap().ticket;
        let expected = json!({"priority": "urgent", "tags": ["app", "x y"],
                              "custom_fields": {"Crashes": "4"}, "public": true, "update": "all"});
        assert_eq!(serde_json::to_value(written).unwrap(), expected);
        let fault = texts.render(&json!({"a": 4}), None).unwrap_err().to_string();
        assert!(fault.starts_with("action.ticket.tags[1]: Unknown variable"), "{fault}");
    }

    #[test]
    fn what_any_language_reads_is_read() {
        let locales = json!({"de": {"text": "{{ event.data.b }} {{ links.unsubscribe }}"}});
        let texts = texts(json!({"text": "{{ event.data.a }}"}), locales).unwrap();
        assert_eq!(texts.event_fields(), Some(["a".to_owned(), "b".to_owned()].into()));
        assert!(texts.reads("links") && !texts.reads("profile"));
        let fields: Vec<&str> = texts.paths().map(|(field, _)| field).collect();
        assert_eq!(fields, ["action.text", "action.locales.de.text", "action.locales.de.text"]);
    }
}
