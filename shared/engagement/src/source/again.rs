//! Rows in quarantine, mapped again as their source says by now.

use super::library::Sources;
use super::mapping::{Mapping, Row};
use crate::pipeline::accept::Decoded;
use crate::quarantine::Rejected;
use ceap_kernel::{Fault, SourceId, TenantId};
use serde_json::Value;
use std::collections::BTreeMap;

/// How the rows of a tenant's sources become events, each read once.
#[derive(Debug, Default)]
pub struct Mappings(BTreeMap<SourceId, Option<Mapping>>);

impl Mappings {
    /// The event of a row in quarantine, or why it is still none; nothing where it is left out by now. None for
    /// what is no row of a source that there is.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn read(
        &mut self,
        sources: &impl Sources,
        tenant: &TenantId,
        rejected: &Rejected,
    ) -> Result<Option<Vec<Decoded>>, Fault> {
        let payload = &rejected.payload;
        let text = |field: &str| payload.get(field)?.as_str();
        let source = text("source").and_then(|source| SourceId::new(source).ok());
        let (Some(source), Some(id), Some(row)) = (source, text("id"), payload.get("row")) else {
            return Ok(None);
        };
        let Some(mapping) = self.of(sources, tenant, &source).await? else { return Ok(None) };
        let headers = payload.get("headers").unwrap_or(&Value::Null);
        let row = Row { row, headers, id, source: source.as_str(), arrived: rejected.at };
        Ok(Some(match mapping.event(&row) {
            Ok(event) => event.map(Decoded::Event).into_iter().collect(),
            Err(fault) => vec![Decoded::Bad { fault, payload: payload.clone() }],
        }))
    }

    async fn of(
        &mut self,
        sources: &impl Sources,
        tenant: &TenantId,
        source: &SourceId,
    ) -> Result<Option<&Mapping>, Fault> {
        if !self.0.contains_key(source) {
            let stored = sources.get(tenant, source).await?;
            let mapping = stored.as_ref().and_then(|stored| stored.document.from.mapping());
            let mapping = mapping.map(Mapping::compile).transpose()?;
            self.0.insert(source.clone(), mapping);
        }
        Ok(self.0.get(source).and_then(Option::as_ref))
    }
}
