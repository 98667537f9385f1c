//! App clients through which people sign in: pk `*#SIGN-IN#<client>`, sk `CLIENT`. A token names its client and no tenant,
//! so this key has none in front; what it leads to is the tenant.

use super::Table;
use super::item::{Item, from_json, json, key, refused, text};
use crate::fault::fault;
use ceap_kernel::access::SignInClient;
use ceap_kernel::{Fault, TenantId};

const CLIENT: &str = "CLIENT";

fn pk(id: &str) -> String {
    format!("*#SIGN-IN#{id}")
}

/// Keeps what a client is for, unless it is another tenant's.
pub(super) async fn put(table: &Table, id: &str, client: &SignInClient) -> Result<(), Fault> {
    let mut item = key(&pk(id), CLIENT);
    item.insert("client".to_owned(), json(client)?);
    item.insert("tenant".to_owned(), text(client.tenant.as_str()));
    let put = table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk) OR tenant = :tenant")
        .expression_attribute_values(":tenant", text(client.tenant.as_str()));
    match put.send().await {
        Ok(_) => Ok(()),
        Err(error) if refused(&error) => {
            Err(Fault::Conflict(format!("the app client `{id}` is another tenant's")))
        }
        Err(error) => Err(fault("PutItem", &error)),
    }
}

/// Forgets a client, if it is the tenant's.
pub(super) async fn delete(table: &Table, id: &str, tenant: &TenantId) -> Result<(), Fault> {
    let delete = table
        .client
        .delete_item()
        .table_name(&table.name)
        .set_key(Some(key(&pk(id), CLIENT)))
        .condition_expression("tenant = :tenant")
        .expression_attribute_values(":tenant", text(tenant.as_str()));
    match delete.send().await {
        Ok(_) => Ok(()),
        Err(error) if refused(&error) => Ok(()),
        Err(error) => Err(fault("DeleteItem", &error)),
    }
}

/// What a client is for, as of now.
#[cfg(feature = "helpdesk")]
pub(super) async fn get(table: &Table, id: &str) -> Result<Option<SignInClient>, Fault> {
    let item: Option<Item> = table.get(&pk(id), CLIENT).await?;
    item.map_or(Ok(None), |item| from_json(&item, "client"))
}
