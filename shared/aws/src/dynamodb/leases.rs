//! Leases: pk `<name>#LEASE`, whose name begins with the tenant, sk `LEASE`. `token` is its holder's, `until` its end in
//! milliseconds; DynamoDB deletes what nobody gave back a day after that.

use super::Table;
use super::item::{get_number, key, millis, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use ceap_kernel::blobs::Soon;
use ceap_kernel::lease::{Held, Lease, Taken};
use ceap_kernel::{Fault, Timestamp};
use std::time::Duration;
use ulid::Ulid;

/// Seconds that a lease is kept after its end.
const KEPT_S: i64 = 86_400;

/// Leases in a table.
#[derive(Clone)]
pub struct Leases {
    table: Table,
}

impl Leases {
    /// In `table`.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    fn update(&self, held: &Held) -> UpdateItemFluentBuilder {
        let gone = held.until.as_second().saturating_add(KEPT_S);
        let Table { client, name } = &self.table;
        let update = client.update_item().table_name(name).set_key(Some(place(&held.name)));
        update
            .update_expression("SET #token = :token, #until = :until, #ttl = :gone")
            .expression_attribute_names("#token", "token")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":token", text(&held.token))
            .expression_attribute_values(":until", millis(held.until))
            .expression_attribute_values(":gone", number(gone))
    }

    async fn taken(&self, name: &str, now: Timestamp, term: Duration) -> Result<Taken, Fault> {
        let token = Ulid::generate().to_string();
        let held = Held { name: name.to_owned(), token, until: end(now, term)? };
        let update = self
            .update(&held)
            .condition_expression("attribute_not_exists(pk) OR #until <= :now")
            .expression_attribute_values(":now", millis(now))
            .return_values_on_condition_check_failure(AllOld);
        let error = match update.send().await {
            Ok(_) => return Ok(Taken::Mine(held)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                let until = refused.item.as_ref().and_then(|item| get_number(item, "until"));
                let until = until.and_then(|at| Timestamp::from_millisecond(at).ok());
                Ok(Taken::Other(until.unwrap_or(now)))
            }
            _ => Err(fault("UpdateItem", &error)),
        }
    }

    async fn renewed(&self, held: &Held, now: Timestamp, term: Duration) -> Result<Held, Fault> {
        let longer = Held { until: end(now, term)?, ..held.clone() };
        match self.update(&longer).condition_expression("#token = :token").send().await {
            Ok(_) => Ok(longer),
            Err(error) if super::item::refused(&error) => {
                Err(Fault::Conflict(format!("{} is another's", held.name)))
            }
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }

    async fn given_back(&self, held: &Held) -> Result<(), Fault> {
        let Table { client, name } = &self.table;
        let delete = client.delete_item().table_name(name).set_key(Some(place(&held.name)));
        let delete = delete
            .condition_expression("#token = :token")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", text(&held.token));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if super::item::refused(&error) => Ok(()),
            Err(error) => Err(fault("DeleteItem", &error)),
        }
    }
}

fn place(name: &str) -> super::item::Item {
    key(&format!("{name}#LEASE"), "LEASE")
}

fn end(now: Timestamp, term: Duration) -> Result<Timestamp, Fault> {
    now.checked_add(term).map_err(|error| Fault::Internal(format!("a lease without end: {error}")))
}

impl Lease for Leases {
    fn take<'a>(&'a self, name: &'a str, now: Timestamp, term: Duration) -> Soon<'a, Taken> {
        Box::pin(self.taken(name, now, term))
    }

    fn renew<'a>(&'a self, held: &'a Held, now: Timestamp, term: Duration) -> Soon<'a, Held> {
        Box::pin(self.renewed(held, now, term))
    }

    fn release<'a>(&'a self, held: &'a Held) -> Soon<'a, ()> {
        Box::pin(self.given_back(held))
    }
}
