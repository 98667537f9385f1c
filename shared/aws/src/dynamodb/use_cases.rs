//! What tenants run, compiled and remembered for some seconds.

use super::Table;
use super::item::{Item, from_json, get_text, text};
use super::models::{MODEL, kept};
use super::schemas::{self, SCHEMA};
use super::templates::{PARTIAL, TEMPLATE};
use super::tenants::{TENANT, USE_CASE};
use crate::fault::fault;
use ceap_engagement::model::library::shelf;
use ceap_engagement::onboarding::Tenant;
use ceap_engagement::schema::{Compiled, EventSchema};
use ceap_engagement::template::library::Stored as Kept;
use ceap_engagement::use_case::{Document, Plan, Stored, UseCase, UseCases};
use ceap_kernel::{Fault, TenantId};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How old a plan may be: how long a changed document takes to be seen everywhere.
const REMEMBERED: Duration = Duration::from_secs(10);
const MOST: usize = 1_000;

type Known = HashMap<TenantId, (Instant, Arc<Plan>)>;

/// What tenants run.
#[derive(Debug)]
pub struct UseCaseStore {
    table: Table,
    known: Mutex<Known>,
}

impl UseCaseStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, known: Mutex::default() }
    }

    fn remembered(&self, tenant: &TenantId) -> Option<Arc<Plan>> {
        let known = self.known.lock().ok()?;
        let (at, plan) = known.get(tenant)?;
        (at.elapsed() < REMEMBERED).then(|| Arc::clone(plan))
    }

    fn remember(&self, tenant: &TenantId, plan: &Arc<Plan>) {
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(tenant.clone(), (Instant::now(), Arc::clone(plan)));
        }
    }

    async fn read(&self, tenant: &TenantId) -> Result<Plan, Fault> {
        let mut pages = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("pk = :tenant")
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let (mut settings, mut documents) = (None, Vec::new());
        let mut stored = Stored::default();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            match get_text(&item, "sk") {
                Some(TENANT) => {
                    settings = from_json::<Tenant>(&item, "tenant")?.map(|it| it.settings)
                }
                Some(sk) if sk.starts_with(USE_CASE) => {
                    documents.extend(from_json::<Document>(&item, "document")?);
                }
                Some(sk) if sk.starts_with(TEMPLATE) => {
                    if let Some(template) = document(&item)? {
                        stored.templates.add(template);
                    }
                }
                Some(sk) if sk.starts_with(MODEL) => stored.models.extend(shelf(kept(&item)?)),
                Some(sk) if sk.starts_with(SCHEMA) => {
                    let schema = schemas::read(&item)?;
                    stored.schemas.extend(schema.and_then(|it| judges(tenant, &it)));
                }
                Some(sk) if sk.starts_with(PARTIAL) => {
                    if let Some(partial) = document(&item)? {
                        stored.templates.add_partial(partial);
                    }
                }
                _ => {}
            }
        }
        let missing = || Fault::NotFound(format!("there is no tenant `{tenant}`"));
        let settings = settings.ok_or_else(missing)?;
        let use_cases = documents.into_iter().filter_map(|it| runs(tenant, it, &stored)).collect();
        Ok(Plan::with(settings, use_cases, stored))
    }
}

/// A document compiled. One whose template was deleted does not run, and the others do.
fn runs(tenant: &TenantId, document: Document, stored: &Stored) -> Option<UseCase> {
    let id = document.id.clone();
    let compiled = UseCase::with(document, stored);
    compiled.inspect_err(|fault| tracing::error!(%tenant, %id, %fault, "a use case can't run")).ok()
}

/// A schema compiled. One that no longer is one judges nothing, and the others do.
fn judges(tenant: &TenantId, schema: &EventSchema) -> Option<(String, Compiled)> {
    let kind = &schema.kind;
    let compiled = Compiled::of(schema);
    let compiled = compiled
        .inspect_err(|fault| tracing::error!(%tenant, kind, %fault, "a schema can't judge"));
    Some((kind.clone(), compiled.ok()?))
}

/// The document of a stored template or partial.
fn document<T: DeserializeOwned>(item: &Item) -> Result<Option<T>, Fault> {
    let Some(stored) = from_json::<Kept>(item, "stored")? else { return Ok(None) };
    serde_json::from_value(stored.document)
        .map(Some)
        .map_err(|error| Fault::Internal(format!("unreadable document: {error}")))
}

impl UseCases for UseCaseStore {
    async fn plan(&self, tenant: &TenantId) -> Result<Arc<Plan>, Fault> {
        if let Some(plan) = self.remembered(tenant) {
            return Ok(plan);
        }
        let plan = Arc::new(self.read(tenant).await?);
        self.remember(tenant, &plan);
        Ok(plan)
    }
}
