//! A tenant's schemas: kept by event type, every version of them, and compared with the one before.

use super::infer::Shape;
use super::{Compiled, EventSchema, SchemaDocument, check};
use crate::history::{History, Query};
use ceap_kernel::{Clock, Fault, SignedDuration, TenantId};
use futures::{TryStreamExt, try_join};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Schemas of one tenant: all are read whenever what it runs is.
pub const MAX_SCHEMAS: usize = 200;

/// Events that a suggestion is made from.
const OBSERVED: usize = 5_000;

/// How far back they lie at most.
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Keeps schemas.
#[allow(async_fn_in_trait)]
pub trait SchemaKeeper {
    /// The schema of a type: a certain version, or the one that events are judged by.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(
        &self,
        tenant: &TenantId,
        kind: &str,
        version: Option<u64>,
    ) -> Result<Option<EventSchema>, Fault>;

    /// Those that events are judged by, by type.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(&self, tenant: &TenantId) -> Result<Vec<EventSchema>, Fault>;

    /// The number of the newest version that there ever was of a type; 0 for none.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn newest(&self, tenant: &TenantId, kind: &str) -> Result<u64, Fault>;

    /// Keeps a version, and judges by it from now on.
    ///
    /// # Errors
    /// `Conflict` when there is one of this number; `Unavailable` or `Throttled`.
    async fn put(&self, tenant: &TenantId, schema: &EventSchema) -> Result<(), Fault>;

    /// Judges events of this type by nothing any more; its versions stay.
    ///
    /// # Errors
    /// `Conflict` when `version` is not the one judged by; `Unavailable` or `Throttled`.
    async fn delete(&self, tenant: &TenantId, kind: &str, version: u64) -> Result<(), Fault>;
}

/// What a tenant's schemas are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "SchemaList")]
pub struct List {
    /// By type.
    pub schemas: Vec<EventSchema>,
}

/// What seems to be a type's schema.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "SchemaSuggestion")]
pub struct Suggestion {
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Events that it was made from: of the last week, as far as they are in the lake.
    pub observed: usize,
    /// A schema that all of them meet.
    pub schema: Value,
}

/// Keeps a schema: a new one without `if_match`, a change with it.
///
/// # Errors
/// `Invalid`, naming the place, also where it breaks the compatibility that the version before demands;
/// `Conflict` when another version is kept; `Unavailable` or `Throttled`.
pub async fn put(
    keeper: &impl SchemaKeeper,
    clock: &impl Clock,
    tenant: &TenantId,
    kind: &str,
    document: SchemaDocument,
    if_match: Option<u64>,
) -> Result<EventSchema, Fault> {
    named(kind)?;
    // Before what is kept: so a version that somebody writes in between is seen, or its number is taken.
    let (newest, others) = match if_match {
        None => try_join!(keeper.newest(tenant, kind), keeper.list(tenant))?,
        Some(_) => Default::default(),
    };
    let before = keeper.get(tenant, kind, None).await?;
    match (&before, if_match) {
        (Some(before), named) if named != Some(before.version) => {
            let message = format!(
                "the schema of `{kind}` has version {}; name it in If-Match to change it",
                before.version
            );
            return Err(Fault::Conflict(message));
        }
        (None, Some(_)) => return Err(unknown(kind)),
        (None, None) if others.len() >= MAX_SCHEMAS => {
            let message = format!("would be more than {MAX_SCHEMAS} schemas");
            return Err(Fault::invalid("type", message));
        }
        _ => {}
    }
    check(&document, before.as_ref().map(|before| &before.document))?;
    let version = before.map_or(newest, |before| before.version).saturating_add(1);
    let schema = EventSchema { kind: kind.to_owned(), version, updated_at: clock.now(), document };
    Compiled::of(&schema)?;
    keeper.put(tenant, &schema).await?;
    Ok(schema)
}

/// A schema, or an older version of it.
///
/// # Errors
/// `NotFound`; `Unavailable` or `Throttled`.
pub async fn get(
    keeper: &impl SchemaKeeper,
    tenant: &TenantId,
    kind: &str,
    version: Option<u64>,
) -> Result<EventSchema, Fault> {
    keeper.get(tenant, kind, version).await?.ok_or_else(|| unknown(kind))
}

/// Judges events of this type by nothing any more.
///
/// # Errors
/// `NotFound`; `Conflict` when another version is kept; `Unavailable` or `Throttled`.
pub async fn delete(
    keeper: &impl SchemaKeeper,
    tenant: &TenantId,
    kind: &str,
    if_match: Option<u64>,
) -> Result<(), Fault> {
    let kept = get(keeper, tenant, kind, None).await?.version;
    if if_match.is_some_and(|named| named != kept) {
        let message = format!("the schema of `{kind}` has version {kept}, not what If-Match names");
        return Err(Fault::Conflict(message));
    }
    keeper.delete(tenant, kind, kept).await
}

/// A schema that the newest events of a type meet.
///
/// # Errors
/// `NotFound` when the lake has none of this type; `Unavailable` or `Throttled`.
pub async fn suggest(
    lake: &impl History,
    clock: &impl Clock,
    tenant: &TenantId,
    kind: &str,
) -> Result<Suggestion, Fault> {
    let from = clock.now().checked_sub(RECENT).ok();
    let query = Query { kinds: [kind.to_owned()].into(), from, ..Query::default() };
    let (mut shape, mut observed) = (Shape::default(), 0_usize);
    let mut events = lake.read(tenant, &query);
    while observed < OBSERVED
        && let Some(arrived) = events.try_next().await?
    {
        shape.object(&arrived.event.data);
        observed = observed.saturating_add(1);
    }
    if observed == 0 {
        let message = format!("the lake has no event of type `{kind}` of the last week");
        return Err(Fault::NotFound(message));
    }
    let mut schema = shape.schema();
    if let Value::Object(fields) = &mut schema {
        let all: Map<String, Value> = std::mem::take(fields);
        let draft = "https://json-schema.org/draft/2020-12/schema";
        fields.insert("$schema".to_owned(), draft.into());
        fields.extend(all);
    }
    Ok(Suggestion { kind: kind.to_owned(), observed, schema })
}

fn unknown(kind: &str) -> Fault {
    Fault::NotFound(format!("there is no schema of `{kind}`, or no such version"))
}

/// A name that an event's type may have.
fn named(kind: &str) -> Result<(), Fault> {
    let shaped = kind.len() <= 128
        && kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-: ".contains(&b));
    let rule = "must start with a letter and hold at most 128 letters, digits, spaces and . _ - :";
    if shaped { Ok(()) } else { Err(Fault::invalid("type", rule)) }
}
