//! All that the tables hold of one tenant, item by item.
//!
//! Profiles, features, candidates and most else stand under partitions that nothing lists, so tables are scanned, and
//! DynamoDB leaves out what is another tenant's before it answers. What is scanned is paid for, whosever it is: 1 read
//! unit for 4 KB, which is $0.033 a GB.

use super::item::{key, text};
use super::tenants::TENANT;
use super::{Client, wire};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use ceap_engagement::backup::{Item, Items, Page, Put, SEGMENTS, Slice, Table};
use ceap_kernel::{Fault, TenantId};
use serde_json::Value;

/// The five tables, by their own names.
#[derive(Debug, Clone)]
pub struct Everything {
    client: Client,
    profiles: String,
    engagement: String,
    quarantine: String,
    helpdesk: String,
    platform: String,
    twins: Option<String>,
}

impl Everything {
    /// `name` tells the name of each table.
    pub fn new(client: &Client, name: impl Fn(Table) -> String) -> Self {
        Self {
            client: client.clone(),
            profiles: name(Table::Profiles),
            engagement: name(Table::Engagement),
            quarantine: name(Table::Quarantine),
            helpdesk: name(Table::Helpdesk),
            platform: name(Table::Platform),
            twins: None,
        }
    }

    /// The same, which reads tables too that were restored beside these: `prefix` and the name of the table in archives.
    #[must_use]
    pub fn with_twins(self, prefix: impl Into<String>) -> Self {
        Self { twins: Some(prefix.into()), ..self }
    }

    fn name(&self, table: Table) -> &str {
        match table {
            Table::Profiles => &self.profiles,
            Table::Engagement => &self.engagement,
            Table::Quarantine => &self.quarantine,
            Table::Helpdesk => &self.helpdesk,
            Table::Platform => &self.platform,
        }
    }

    fn looked_at(&self, slice: Slice) -> Result<String, Fault> {
        if !slice.twin {
            return Ok(self.name(slice.table).to_owned());
        }
        let twins = self.twins.as_ref();
        let twins = twins.ok_or_else(|| Fault::Internal("no twins are read here".to_owned()))?;
        Ok(format!("{twins}{}", slice.table.name()))
    }
}

impl Items for Everything {
    async fn page(
        &self,
        tenant: &TenantId,
        slice: Slice,
        from: Option<&Value>,
    ) -> Result<Page, Fault> {
        let from = from.and_then(Value::as_object).map(wire::from_json).transpose()?;
        let mut scan = self
            .client
            .scan()
            .table_name(self.looked_at(slice)?)
            .consistent_read(true)
            .segment(i32::try_from(slice.segment).unwrap_or(i32::MAX))
            .total_segments(i32::try_from(SEGMENTS).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from)
            .filter_expression("pk = :tenant OR begins_with(pk, :own) OR begins_with(pk, :shared)")
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .expression_attribute_values(":own", text(format!("{tenant}#")))
            .expression_attribute_values(":shared", text("*#S"));
        if slice.keys {
            let names = scan.projection_expression("pk, sk, #tenant");
            scan = names.expression_attribute_names("#tenant", "tenant");
        }
        let page = scan.send().await.map_err(|error| match error.as_service_error() {
            Some(it) if it.is_resource_not_found_exception() => {
                Fault::NotFound(format!("there is no table for {}", slice.table.name()))
            }
            _ => fault("Scan", &error),
        })?;
        let items = page.items().iter().map(wire::to_json).collect::<Result<_, _>>()?;
        let next = page.last_evaluated_key().map(wire::to_json).transpose()?;
        Ok(Page { items, next: next.map(Value::Object) })
    }

    async fn put(&self, table: Table, item: &Item) -> Result<Put, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(wire::from_json(item)?))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(AllOld);
        let error = match put.send().await {
            Ok(_) => return Ok(Put::New),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                let found = refused.item().map(wire::to_json).transpose()?;
                Ok(Put::There(found.unwrap_or_default()))
            }
            _ => Err(fault("PutItem", &error)),
        }
    }

    async fn delete(&self, table: Table, item: &Item) -> Result<(), Fault> {
        let part = |name: &str| item.get(name)?.get("S")?.as_str();
        let (Some(pk), Some(sk)) = (part("pk"), part("sk")) else {
            return Err(Fault::Internal("an item without keys".to_owned()));
        };
        let delete = self.client.delete_item().table_name(self.name(table));
        let deleted = delete.set_key(Some(key(pk, sk))).send().await;
        deleted.map(drop).map_err(|error| fault("DeleteItem", &error))
    }

    async fn exists(&self, tenant: &TenantId) -> Result<bool, Fault> {
        let get = self.client.get_item().table_name(&self.platform).consistent_read(true);
        let found = get.set_key(Some(key(tenant.as_str(), TENANT))).send().await;
        found.map(|found| found.item.is_some()).map_err(|error| fault("GetItem", &error))
    }
}
