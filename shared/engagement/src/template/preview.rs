//! What a template would say, without saying it to anyone.

use super::document::TemplateDocument;
use super::library::{self, Templates};
use crate::message::Content;
use crate::pipeline::follow;
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Subjects;
use ceap_kernel::{Fault, SubjectId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Gmail shows so many bytes of a mail's HTML and hides the rest, the link to unsubscribe with it.
const GMAIL: usize = 102 * 1024;

/// What to fill in. What is left out is empty, or an example.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PreviewRequest")]
pub struct Request {
    /// Whose profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// A profile, in place of the subject's; what it leaves out is the subject's.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub profile: Map<String, Value>,
    /// `data`, as a request to send would give it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// An event, as a use case would see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Value>,
    /// A use case's features.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub features: Map<String, Value>,
    /// Items that are recommended, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Value>,
    /// The recipient's language; by default the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A document that is not stored yet, in place of the stored one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<TemplateDocument>,
}

/// What it would say.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Preview {
    /// The template's channel.
    pub channel: String,
    /// The language that was found; null is the default.
    pub locale: Option<String>,
    /// What it says; none when it cannot be rendered.
    pub content: Option<Content>,
    /// Why it would not be sent, or not as it is.
    pub problems: Vec<String>,
    /// How long its parts are.
    pub sizes: Sizes,
}

/// How long the parts of a message are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sizes {
    /// Characters of the subject.
    pub subject: usize,
    /// Characters of the text.
    pub text: usize,
    /// Bytes of the HTML.
    pub html: usize,
}

/// What the template `id` would say. `settings` are the tenant's, as templates see them; `addresses`
/// knows the channels' limits.
///
/// # Errors
/// `NotFound`; `Invalid` when a draft does not compile; `Unavailable` or `Throttled`.
pub async fn preview(
    store: &impl Templates,
    subjects: &impl Subjects,
    addresses: &impl Addresses,
    settings: &Value,
    tenant: &TenantId,
    id: &str,
    request: Request,
) -> Result<Preview, Fault> {
    let (document, texts) = match request.draft {
        Some(draft) => {
            let texts = library::compile(&draft, &library::partials(store, tenant).await?)?;
            (draft, texts)
        }
        None => library::load(store, tenant, id).await?,
    };
    let mut profile = match &request.subject {
        Some(subject) => follow::one(subjects, tenant, subject).await?.1.state.profile.facts(),
        None => json!({}),
    };
    if let Some(fields) = profile.as_object_mut() {
        fields.extend(request.profile);
    }
    let locale = request.locale.or_else(|| profile.get("locale")?.as_str().map(str::to_owned));
    let mut facts = json!({
        "data": request.data,
        "features": request.features,
        "profile": profile,
        "settings": settings,
        "score": 1.0,
        "reasons": [],
        "links": {
            "unsubscribe": "https://example.com/unsubscribe",
            "preferences": "https://example.com/preferences",
        },
    });
    if let Some(facts) = facts.as_object_mut() {
        facts.extend(request.event.map(|event| ("event".to_owned(), event)));
        facts.extend(request.items.first().map(|best| ("item".to_owned(), best.clone())));
        facts.insert("items".to_owned(), Value::Array(request.items));
    }
    let found = texts.locale(locale.as_deref()).map(str::to_owned);
    let (content, mut problems) = match texts.render(&facts, locale.as_deref()) {
        Ok(content) => (Some(content), Vec::new()),
        Err(fault @ Fault::Invalid { .. }) => (None, vec![fault.to_string()]),
        Err(other) => return Err(other),
    };
    let mut sizes = Sizes::default();
    if let Some(content) = &content {
        sizes = Sizes {
            subject: content.subject.as_deref().map_or(0, |text| text.chars().count()),
            text: content.text.chars().count(),
            html: content.html.as_deref().map_or(0, str::len),
        };
        problems.extend(addresses.limit(&document.channel, content).err());
        if sizes.html > GMAIL {
            problems.push(format!("html: Gmail cuts it off after {GMAIL} bytes"));
        }
    }
    Ok(Preview { channel: document.channel, locale: found, content, problems, sizes })
}

#[cfg(test)]
mod tests {
    use super::super::library::Kind;
    use super::super::library::tests::{Memory, keep, tenant};
    use super::*;
    use crate::pipeline::ingest::Versioned;
    use crate::pipeline::merge::Merge;
    use crate::profile::Profile;
    use crate::use_case::Settings;

    struct People;

    impl Subjects for People {
        async fn load(&self, _: &TenantId, ids: &[SubjectId]) -> Result<Vec<Versioned>, Fault> {
            let mut read = Versioned::default();
            read.state.profile.email = Some("ada@example.com".to_owned());
            read.state.profile.locale = Some("de-CH".to_owned());
            Ok(vec![read; ids.len()])
        }

        async fn save_profile(
            &self,
            _: &TenantId,
            _: &SubjectId,
            _: &Versioned,
        ) -> Result<(), Fault> {
            Ok(())
        }

        async fn save_series(
            &self,
            _: &TenantId,
            _: &SubjectId,
            _: &Versioned,
        ) -> Result<(), Fault> {
            Ok(())
        }

        async fn merge(&self, _: &TenantId, _: &Merge<'_>) -> Result<(), Fault> {
            Ok(())
        }
    }

    struct Short;

    impl Addresses for Short {
        fn files(&self, _: &str) -> bool {
            false
        }

        fn programs(&self, _: &str) -> bool {
            false
        }

        fn worth(&self, _: &str) -> Option<ceap_kernel::SignedDuration> {
            None
        }

        fn addresses(&self, _: &str, _: &SubjectId, _: &Profile) -> Vec<String> {
            Vec::new()
        }

        fn reaches(&self, _: &str, _: &str) -> bool {
            true
        }

        fn sender<'a>(&self, _: &str, _: &'a Settings) -> Option<&'a str> {
            None
        }

        fn limit(&self, _: &str, content: &Content) -> Result<(), String> {
            if content.text.len() > 20 { Err("text: at most 20".to_owned()) } else { Ok(()) }
        }
    }

    async fn shown(request: Value) -> Preview {
        let store = Memory::default();
        let document = json!({"id": "hi", "channel": "sms", "name": "Hi",
                              "text": "Hi {{ profile.email }} {{ data.x }} {{ links.unsubscribe }}",
                              "locales": {"de": {"text": "Hallo {{ data.x }}"}}});
        keep(&store, Kind::Template, document, None).await.unwrap();
        let request = serde_json::from_value(request).unwrap();
        let settings = json!({});
        preview(&store, &People, &Short, &settings, &tenant(), "hi", request).await.unwrap()
    }

    #[tokio::test]
    async fn a_template_is_shown_as_the_subject_would_read_it() {
        let german = shown(json!({"subject": "u1", "data": {"x": "1"}})).await;
        assert_eq!(german.locale.as_deref(), Some("de"));
        assert_eq!(german.content.unwrap().text, "Hallo 1");
        assert_eq!((german.problems.len(), german.sizes.text), (0, 7));
        let english = json!({"subject": "u1", "data": {"x": "1"}, "locale": "en"});
        let english = shown(english).await;
        assert_eq!(english.locale, None);
        assert!(english.content.unwrap().text.contains("ada@example.com 1 https://example.com/"));
        assert_eq!(english.problems, ["text: at most 20"]);
    }

    #[tokio::test]
    async fn what_cannot_be_rendered_is_a_problem_and_a_draft_is_shown_too() {
        let missing = shown(json!({"locale": "de"})).await;
        assert_eq!(missing.content, None);
        assert!(missing.problems[0].contains("x"), "{:?}", missing.problems);
        let draft =
            json!({"id": "hi", "channel": "push", "name": "Hi", "text": "{{ profile.email }}"});
        let shown =
            shown(json!({"draft": draft, "subject": "u1", "profile": {"email": "b@b.ch"}})).await;
        assert_eq!(
            (shown.channel.as_str(), shown.content.unwrap().text.as_str()),
            ("push", "b@b.ch")
        );
    }

    #[tokio::test]
    async fn what_is_recommended_is_shown() {
        let text = "{{ item.name }}: {% for item in items %}{{ item.id }} {% endfor %}";
        let draft = json!({"id": "hi", "channel": "push", "name": "Hi", "text": text});
        let items = json!([{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]);
        let shown = shown(json!({"draft": draft, "items": items})).await;
        assert_eq!(shown.content.unwrap().text, "A: a b ");
    }
}
