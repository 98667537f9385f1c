//! A tenant's stored templates and partials: kept, changed, and never left broken.
//!
//! Each has a version that counts up. A change names the version that it is made to (RFC 9110
//! §13.1.1, `If-Match`), so that two people never overwrite each other unseen. What is stored
//! compiles, together with the partials as they are; a partial can be changed or deleted only while
//! every template that renders it still compiles.

use super::check::{Known, check};
use super::document::{PartialDocument, TemplateDocument, slug};
use super::escape::Escape;
use super::liquid::Template;
use super::partials::Partials;
use super::texts::Texts;
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use futures::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A [`TemplateDocument`].
    Template,
    /// A [`PartialDocument`].
    Partial,
}

impl Kind {
    /// As keys, paths and errors write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Partial => "partial",
        }
    }
}

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StoredDocument")]
pub struct Stored {
    /// Its version, from 1.
    pub version: u64,
    /// When it was stored.
    pub updated_at: Timestamp,
    /// The document, in JSON.
    pub document: Value,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "TemplateListed")]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// When it was stored.
    pub updated_at: Timestamp,
    /// A template's channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// A template's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// A template's languages beside the default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<String>,
}

/// Keeps templates and partials.
#[allow(async_fn_in_trait)]
pub trait Templates {
    /// The document, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, kind: Kind, id: &str) -> Result<Option<Stored>, Fault>;

    /// All of the tenant's, by id.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(&self, tenant: &TenantId, kind: Kind) -> Result<Vec<(String, Stored)>, Fault>;

    /// Keeps it, if the version that is kept is the one before `stored.version`; none for 1.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn put(
        &self,
        tenant: &TenantId,
        kind: Kind,
        id: &str,
        stored: &Stored,
    ) -> Result<(), Fault>;

    /// Forgets it, if `version` is kept.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn delete(
        &self,
        tenant: &TenantId,
        kind: Kind,
        id: &str,
        version: u64,
    ) -> Result<(), Fault>;
}

/// The version that an `If-Match` header names: `"3"`, or 3.
///
/// # Errors
/// `Invalid` when it names none.
pub fn if_match(header: Option<&str>) -> Result<Option<u64>, Fault> {
    let number = |text: &str| text.trim().trim_matches('"').parse().ok().filter(|n| *n > 0);
    let rule = "must be the version that you change, as \"3\"; the answer to a GET names it";
    header.map(|text| number(text).ok_or_else(|| Fault::invalid("If-Match", rule))).transpose()
}

/// Keeps a document: a new one without `if_match`, a change with it.
///
/// # Errors
/// `Invalid`, naming the field; `Conflict` when another version is kept; `Unavailable` or
/// `Throttled` from the store.
#[allow(clippy::too_many_arguments)]
pub async fn put(
    store: &impl Templates,
    clock: &impl Clock,
    known: &Known,
    tenant: &TenantId,
    kind: Kind,
    id: &str,
    body: &str,
    if_match: Option<u64>,
) -> Result<Stored, Fault> {
    let version = if_match.unwrap_or_default().saturating_add(1);
    let same = |named: &str| match named == id {
        true => Ok(()),
        false => Err(Fault::invalid("id", format!("must be `{id}`, as in the path"))),
    };
    let document = match kind {
        Kind::Template => {
            let mut document = TemplateDocument::parse(body)?;
            same(&document.id)?;
            let texts = compile(&document, &partials(store, tenant).await?)?;
            check(texts.templates(), known)?;
            document.version = Some(version);
            serde_json::to_value(document)
        }
        Kind::Partial => {
            let mut document = PartialDocument::parse(body)?;
            same(&document.id)?;
            let (mut partials, templates) = all(store, tenant).await?;
            partials.insert(id, document.source.clone());
            Template::with("source", &document.source, Escape::Text, &partials)?;
            unbroken(templates, id, &partials, known)?;
            document.version = Some(version);
            serde_json::to_value(document)
        }
    };
    let document = document.map_err(|error| Fault::Internal(error.to_string()))?;
    let stored = Stored { version, updated_at: clock.now(), document };
    store.put(tenant, kind, id, &stored).await.map_err(|fault| match (fault, if_match) {
        (Fault::Conflict(_), None) => Fault::Conflict(format!(
            "there is a {} `{id}`; name its version in If-Match to change it",
            kind.as_str()
        )),
        (Fault::Conflict(_), Some(version)) => changed(kind, id, version),
        (other, _) => other,
    })?;
    Ok(stored)
}

/// The document.
///
/// # Errors
/// `NotFound`; `Unavailable` or `Throttled`.
pub async fn get(
    store: &impl Templates,
    tenant: &TenantId,
    kind: Kind,
    id: &str,
) -> Result<Stored, Fault> {
    slug(id)?;
    let stored = store.get(tenant, kind, id).await?;
    stored.ok_or_else(|| Fault::NotFound(format!("there is no {} `{id}`", kind.as_str())))
}

/// All of the tenant's, by id.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn list(
    store: &impl Templates,
    tenant: &TenantId,
    kind: Kind,
) -> Result<Vec<Listed>, Fault> {
    let all = store.list(tenant, kind).await?;
    Ok(all
        .into_iter()
        .map(|(id, stored)| {
            let text = |field: &str| stored.document.get(field)?.as_str().map(str::to_owned);
            let locales = stored.document.get("locales").and_then(Value::as_object);
            Listed {
                id,
                version: stored.version,
                updated_at: stored.updated_at,
                channel: text("channel"),
                name: text("name"),
                description: text("description").unwrap_or_default(),
                locales: locales.into_iter().flat_map(|it| it.keys().cloned()).collect(),
            }
        })
        .collect())
}

/// Forgets a document. A use case that names it is not looked for: its messages are refused then.
///
/// # Errors
/// `NotFound`; `Conflict` when another version is kept, or a template renders the partial;
/// `Unavailable` or `Throttled`.
pub async fn delete(
    store: &impl Templates,
    known: &Known,
    tenant: &TenantId,
    kind: Kind,
    id: &str,
    if_match: Option<u64>,
) -> Result<(), Fault> {
    let others = async {
        match kind {
            Kind::Partial => all(store, tenant).await.map(Some),
            Kind::Template => Ok(None),
        }
    };
    let (kept, others) = try_join!(get(store, tenant, kind, id), others)?;
    let version = if_match.unwrap_or(kept.version);
    if let Some((partials, templates)) = others {
        let rest: Partials = partials
            .iter()
            .filter(|(name, _)| *name != id)
            .map(|(name, source)| (name.to_owned(), source.to_owned()))
            .collect();
        unbroken(templates, id, &rest, known).map_err(|fault| match fault {
            Fault::Invalid { field, .. } => Fault::Conflict(format!("`{id}` is used: {field}")),
            other => other,
        })?;
    }
    store.delete(tenant, kind, id, version).await.map_err(|fault| match fault {
        Fault::Conflict(_) => changed(kind, id, version),
        other => other,
    })
}

/// A template, compiled with the tenant's partials.
///
/// # Errors
/// `NotFound`; `Invalid` when it no longer compiles; `Unavailable` or `Throttled`.
pub async fn load(
    store: &impl Templates,
    tenant: &TenantId,
    id: &str,
) -> Result<(TemplateDocument, Texts), Fault> {
    let (stored, partials) =
        try_join!(get(store, tenant, Kind::Template, id), partials(store, tenant))?;
    let document: TemplateDocument = serde_json::from_value(stored.document)
        .map_err(|error| Fault::Internal(format!("template `{id}`: {error}")))?;
    let texts = compile(&document, &partials)?;
    Ok((document, texts))
}

/// The tenant's partials.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn partials(store: &impl Templates, tenant: &TenantId) -> Result<Partials, Fault> {
    let all = store.list(tenant, Kind::Partial).await?;
    let source = |stored: &Stored| stored.document.get("source")?.as_str().map(str::to_owned);
    Ok(all.into_iter().filter_map(|(id, stored)| Some((id, source(&stored)?))).collect())
}

pub(super) fn compile(document: &TemplateDocument, partials: &Partials) -> Result<Texts, Fault> {
    Texts::compile("", &document.texts, &document.locales, partials)
}

/// The tenant's partials, and its templates.
async fn all(
    store: &impl Templates,
    tenant: &TenantId,
) -> Result<(Partials, Vec<(String, Stored)>), Fault> {
    try_join!(partials(store, tenant), store.list(tenant, Kind::Template))
}

/// Whether every one of `templates`, and every partial, that leads to the partial `id` compiles with `partials`.
fn unbroken(
    templates: Vec<(String, Stored)>,
    id: &str,
    partials: &Partials,
    known: &Known,
) -> Result<(), Fault> {
    for (name, source) in partials.iter().filter(|(name, _)| *name != id) {
        let compiled = Template::with("source", source, Escape::Text, partials);
        compiled.map_err(|fault| fault.within(&format!("partial {name}")))?;
    }
    for (name, stored) in templates {
        let Ok(document) = serde_json::from_value::<TemplateDocument>(stored.document) else {
            continue;
        };
        let checked =
            compile(&document, partials).and_then(|texts| check(texts.templates(), known));
        checked.map_err(|fault| fault.within(&format!("template {name}")))?;
    }
    Ok(())
}

fn changed(kind: Kind, id: &str, version: u64) -> Fault {
    let kind = kind.as_str();
    Fault::Conflict(format!("the {kind} `{id}` is no longer at version {version}; read it again"))
}

#[cfg(test)]
#[path = "library_tests.rs"]
pub(super) mod tests;
