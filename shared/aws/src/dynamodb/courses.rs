//! How far sources were read that are asked: pk `<tenant>#POLLS`, sk the source's id.

use super::Table;
use super::item::{self, from_json, get_number, json, key, number};
use crate::fault::fault;
use ceap_engagement::source::poll::{Course, CourseStore, KeptCourse};
use ceap_kernel::{Fault, SourceId, TenantId};

/// How far sources were read.
#[derive(Debug, Clone)]
pub struct Courses(Table);

impl Courses {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn pk(tenant: &TenantId) -> String {
    format!("{tenant}#POLLS")
}

impl CourseStore for Courses {
    async fn get(&self, tenant: &TenantId, source: &SourceId) -> Result<Option<KeptCourse>, Fault> {
        let Some(item) = self.0.get(&pk(tenant), source.as_str()).await? else { return Ok(None) };
        let revision = get_number(&item, "revision").and_then(|n| u64::try_from(n).ok());
        let course = from_json(&item, "value")?;
        Ok(course.map(|course| KeptCourse { course, revision: revision.unwrap_or_default() }))
    }

    async fn save(&self, course: &Course, revision: u64) -> Result<(), Fault> {
        let mut item = key(&pk(&course.tenant), course.source.as_str());
        item.insert("value".to_owned(), json(course)?);
        item.insert("revision".to_owned(), number(revision.saturating_add(1)));
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item));
        let put = match revision {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            _ => put
                .condition_expression("revision = :read")
                .expression_attribute_values(":read", number(revision)),
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => {
                Err(Fault::Conflict("the source is being asked by another".to_owned()))
            }
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn forget(&self, tenant: &TenantId, source: &SourceId) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let deleted = delete.set_key(Some(key(&pk(tenant), source.as_str()))).send().await;
        deleted.map(|_| ()).map_err(|error| fault("DeleteItem", &error))
    }
}
