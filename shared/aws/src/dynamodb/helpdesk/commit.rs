//! Commits: several writes are a transaction, one is as cheap as it can be.

use super::write::{self, Terms};
use super::{HelpdeskStore, place};
use crate::dynamodb::item::{get_text, text};
use crate::fault::fault;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use ceap_helpdesk::store::{self, Expect, Failure, Key, Write};
use ceap_kernel::{Fault, TenantId};
use std::collections::BTreeSet;
use std::time::Duration;
use ulid::Ulid;

/// Times that a transaction is tried while others are in the way.
const ATTEMPTS: u32 = 6;

/// Times that a commit is told anew that numbers have expired, or have not.
const RESTARTS: usize = 4;

/// Why a transaction did not happen.
enum Cancelled {
    /// These conditions did not hold.
    Unmet(Vec<usize>),
    /// Another transaction was at work on one of the items.
    Contended,
    /// Too much at once.
    Throttled,
    /// Anything else, by its code.
    Broken(String),
}

impl HelpdeskStore {
    pub(super) async fn committed(
        &self,
        tenant: &TenantId,
        writes: &[Write],
    ) -> Result<(), Failure> {
        store::sound(writes)?;
        match writes {
            [] => Ok(()),
            [Write::Put { key, body, expect, expires_at }] => {
                let terms = write::putting(body, *expires_at, *expect, self.clock.now());
                self.put(tenant, key, terms).await
            }
            [Write::Delete { key, expect: Expect::Anything }] => {
                Ok(self.delete(tenant, key).await?)
            }
            // Of a conditional delete or an addition that is made twice because its answer was lost, only a transaction
            // remembers that it was done.
            _ => self.transaction(tenant, writes).await,
        }
    }

    /// One item, for half the price of a transaction. The nonce tells our own write, whose answer was lost, from
    /// another's.
    async fn put(&self, tenant: &TenantId, key: &Key, mut terms: Terms) -> Result<(), Failure> {
        let nonce = Ulid::generate().to_string();
        terms.set("nonce", ":nonce", text(&nonce));
        let put = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(place(tenant, key)))
            .set_update_expression(terms.update)
            .set_condition_expression(terms.condition)
            .set_expression_attribute_names(Some(terms.names))
            .set_expression_attribute_values(Some(terms.values))
            .return_values_on_condition_check_failure(AllOld);
        match put.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(answer))
                if answer.err().is_conditional_check_failed_exception() =>
            {
                let there = match answer.into_err() {
                    UpdateItemError::ConditionalCheckFailedException(refused) => refused.item,
                    _ => None,
                };
                let ours = there.is_some_and(|it| get_text(&it, "nonce") == Some(&nonce));
                if ours { Ok(()) } else { Err(Failure::Unexpected(0)) }
            }
            Err(error) => Err(fault("UpdateItem", &error).into()),
        }
    }

    async fn delete(&self, tenant: &TenantId, key: &Key) -> Result<(), Fault> {
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let done = delete.set_key(Some(place(tenant, key))).send().await;
        done.map(drop).map_err(|error| fault("DeleteItem", &error))
    }

    async fn transaction(&self, tenant: &TenantId, writes: &[Write]) -> Result<(), Failure> {
        let now = self.clock.now();
        // Numbers that have expired, as far as it is known: a transaction reads nothing, so it has to be told.
        let mut anew = BTreeSet::new();
        for _ in 0..RESTARTS {
            let items: Result<Vec<_>, _> = (0..)
                .zip(writes)
                .map(|(at, it)| write::item(&self.table.name, tenant, it, now, anew.contains(&at)))
                .collect();
            let items = items.map_err(|error| Fault::Internal(error.to_string()))?;
            let unmet = self.tried(items).await?;
            if unmet.is_empty() {
                return Ok(());
            }
            let number = |at: &usize| matches!(writes.get(*at), Some(Write::Add { .. }));
            if let Some(at) = unmet.iter().find(|at| !number(at)) {
                return Err(Failure::Unexpected(*at));
            }
            for at in unmet {
                if !anew.remove(&at) {
                    anew.insert(at);
                }
            }
        }
        Err(contended().into())
    }

    /// Tries a transaction until it is done, or until it is known which of its conditions do not hold.
    async fn tried(&self, items: Vec<TransactWriteItem>) -> Result<Vec<usize>, Fault> {
        // Under one token it happens once, however often it is sent.
        let token = Ulid::generate().to_string();
        let mut last = contended();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                pause(attempt).await;
            }
            let write = self.table.client.transact_write_items();
            let write = write.client_request_token(&token);
            let error = match write.set_transact_items(Some(items.clone())).send().await {
                Ok(_) => return Ok(Vec::new()),
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(fault("TransactWriteItems", &error));
            };
            match why(cancelled.cancellation_reasons()) {
                Cancelled::Unmet(unmet) => return Ok(unmet),
                Cancelled::Contended => last = contended(),
                Cancelled::Throttled => {
                    last = Fault::Throttled("TransactWriteItems: too much at once".to_owned());
                }
                Cancelled::Broken(code) => {
                    return Err(Fault::Internal(format!("TransactWriteItems: {code}")));
                }
            }
        }
        Err(last)
    }
}

fn contended() -> Fault {
    Fault::Conflict("others are changing the same records".to_owned())
}

/// Waits for a random part of a time that doubles ("full jitter"), so that those who met do not meet again.
async fn pause(attempt: u32) {
    let most = 20_u64.saturating_mul(1 << attempt.min(6));
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=most))).await;
}

/// The reasons, one for each write in their order, say why
/// ([`TransactionCanceledException`](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html)).
fn why(reasons: &[CancellationReason]) -> Cancelled {
    let codes = || (0..).zip(reasons).filter_map(|(at, it)| Some((at, it.code()?)));
    let unmet: Vec<usize> =
        codes().filter(|(_, code)| *code == "ConditionalCheckFailed").map(|(at, _)| at).collect();
    if !unmet.is_empty() {
        return Cancelled::Unmet(unmet);
    }
    let is = |wanted: &[&str]| codes().any(|(_, code)| wanted.contains(&code));
    if is(&["TransactionConflict"]) {
        Cancelled::Contended
    } else if is(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        Cancelled::Throttled
    } else {
        let other = codes().find(|(_, code)| *code != "None");
        Cancelled::Broken(other.map_or("cancelled", |(_, code)| code).to_owned())
    }
}
