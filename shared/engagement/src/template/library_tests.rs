use super::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A store in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<BTreeMap<(Kind, String), Stored>>);

impl Templates for Memory {
    async fn get(&self, _: &TenantId, kind: Kind, id: &str) -> Result<Option<Stored>, Fault> {
        Ok(self.0.lock().unwrap().get(&(kind, id.to_owned())).cloned())
    }

    async fn list(&self, _: &TenantId, kind: Kind) -> Result<Vec<(String, Stored)>, Fault> {
        let all = self.0.lock().unwrap().clone();
        Ok(all
            .into_iter()
            .filter(|((of, _), _)| *of == kind)
            .map(|((_, id), it)| (id, it))
            .collect())
    }

    async fn put(&self, _: &TenantId, kind: Kind, id: &str, stored: &Stored) -> Result<(), Fault> {
        let mut all = self.0.lock().unwrap();
        let kept = all.get(&(kind, id.to_owned())).map_or(0, |kept| kept.version);
        if kept.saturating_add(1) != stored.version {
            return Err(Fault::Conflict("version".into()));
        }
        all.insert((kind, id.to_owned()), stored.clone());
        Ok(())
    }

    async fn delete(&self, _: &TenantId, kind: Kind, id: &str, version: u64) -> Result<(), Fault> {
        let mut all = self.0.lock().unwrap();
        if all.get(&(kind, id.to_owned())).is_none_or(|kept| kept.version != version) {
            return Err(Fault::Conflict("version".into()));
        }
        all.remove(&(kind, id.to_owned()));
        Ok(())
    }
}

pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

pub(crate) async fn keep(
    store: &Memory,
    kind: Kind,
    document: Value,
    if_match: Option<u64>,
) -> Result<Stored, Fault> {
    let id = document["id"].as_str().unwrap().to_owned();
    let (tenant, known) = (tenant(), Known::request());
    put(store, &Noon, &known, &tenant, kind, &id, &document.to_string(), if_match).await
}

fn welcome(html: &str) -> Value {
    json!({"id": "welcome", "channel": "email", "name": "Welcome", "text": "Hi {{ data.name }}",
           "html": html, "locales": {"de": {"text": "Hallo", "html": "<p>Hallo</p>"}}})
}

fn footer(source: &str) -> Value {
    json!({"id": "footer", "source": source})
}

#[tokio::test]
async fn versions_count_up_and_nobody_overwrites_unseen() {
    let (store, acme) = (Memory::default(), tenant());
    let template = welcome("<p>Hi</p>");
    let first = keep(&store, Kind::Template, template.clone(), None).await.unwrap();
    assert_eq!((first.version, &first.document["version"]), (1, &json!(1)));
    let again = keep(&store, Kind::Template, template.clone(), None).await.unwrap_err();
    assert!(again.to_string().contains("If-Match"), "{again}");
    let second = keep(&store, Kind::Template, template.clone(), Some(1)).await.unwrap();
    assert_eq!(get(&store, &acme, Kind::Template, "welcome").await.unwrap(), second);
    let stale = keep(&store, Kind::Template, template, Some(1)).await.unwrap_err();
    assert_eq!(stale.code(), "conflict");
    let listed = list(&store, &acme, Kind::Template).await.unwrap();
    assert_eq!((listed[0].version, listed[0].channel.as_deref()), (2, Some("email")));
    assert_eq!(listed[0].locales, ["de"]);
    let known = Known::request();
    let stale = delete(&store, &known, &acme, Kind::Template, "welcome", Some(1)).await;
    assert_eq!(stale.unwrap_err().code(), "conflict");
    delete(&store, &known, &acme, Kind::Template, "welcome", None).await.unwrap();
    let gone = get(&store, &acme, Kind::Template, "welcome").await.unwrap_err();
    assert_eq!(gone.code(), "not_found");
}

#[tokio::test]
async fn what_is_stored_compiles_and_stays_so() {
    let (store, acme) = (Memory::default(), tenant());
    let with_footer = welcome("<p>{% render 'footer', who: data.name %}</p>");
    let fault = keep(&store, Kind::Template, with_footer.clone(), None).await.unwrap_err();
    assert_eq!(fault.to_string(), "html: line 1: there is no partial `footer`; store it first");
    keep(&store, Kind::Partial, footer("<b>{{ who }}</b>{{ links.unsubscribe }}"), None)
        .await
        .unwrap();
    keep(&store, Kind::Template, with_footer, None).await.unwrap();
    for (bad, says) in [
        ("<b {{ who }}>", "template welcome.html: partial `footer`, line 1: no value may stand"),
        ("{{ whom }}", "template welcome.html: `whom` is unknown"),
        ("{% render 'footer' %}", "source: "),
        ("{{", "source: line 1"),
    ] {
        let fault = keep(&store, Kind::Partial, footer(bad), Some(1)).await.unwrap_err();
        assert!(fault.to_string().starts_with(says), "{fault}");
    }
    let used = delete(&store, &Known::request(), &acme, Kind::Partial, "footer", None).await;
    assert_eq!(used.unwrap_err().to_string(), "`footer` is used: template welcome.html");
    let (document, texts) = load(&store, &acme, "welcome").await.unwrap();
    assert_eq!((document.channel.as_str(), texts.reads("links")), ("email", true));
}

#[tokio::test]
async fn unknown_variables_and_other_ids_are_refused() {
    let store = Memory::default();
    let fault = keep(&store, Kind::Template, welcome("{{ event.x }}"), None).await.unwrap_err();
    assert!(fault.to_string().starts_with("html: `event.x` is unknown"), "{fault}");
    let body = footer("a").to_string();
    let (acme, known) = (tenant(), Known::request());
    let fault = put(&store, &Noon, &known, &acme, Kind::Partial, "header", &body, None).await;
    assert_eq!(fault.unwrap_err().to_string(), "id: must be `header`, as in the path");
}

#[test]
fn if_match_names_a_version() {
    assert_eq!(if_match(None).unwrap(), None);
    assert_eq!(if_match(Some("\"3\"")).unwrap(), Some(3));
    assert_eq!(if_match(Some("3")).unwrap(), Some(3));
    for bad in ["*", "", "W/\"3\"", "0", "-1"] {
        assert_eq!(if_match(Some(bad)).unwrap_err().code(), "invalid");
    }
}
