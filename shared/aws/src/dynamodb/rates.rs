//! Token buckets: pk `<account>#RATE#<channel>`, where the account is a tenant's, or `*` for the AWS
//! account that all share; sk `BUCKET`. One conditional write a token, one read less.

use super::item::{get_number, key, number};
use super::messages::Messages;
use crate::fault::fault;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use ceap_engagement::policy::rate::{Rate, Rates};
use ceap_kernel::{Fault, Timestamp};

const BUCKET: &str = "BUCKET";

/// Times a token is asked for while others take theirs.
const ATTEMPTS: usize = 30;

/// Seconds that a full bucket is kept.
const KEPT_S: i64 = 3600;

impl Rates for Messages {
    async fn take(&self, bucket: &str, rate: Rate, now: Timestamp) -> Result<Option<u32>, Fault> {
        let now_us = now.as_microsecond();
        let mut full_us = 0;
        for _ in 0..ATTEMPTS {
            let next = match rate.take(full_us, now_us) {
                Ok(next) => next,
                Err(wait_us) => {
                    let wait_s = u32::try_from(wait_us.div_euclid(1_000_000)).unwrap_or(u32::MAX);
                    return Ok(Some(wait_s.saturating_add(1)));
                }
            };
            match self.fill(bucket, full_us, next, now_us).await? {
                None => return Ok(None),
                Some(changed) => full_us = changed,
            }
        }
        Ok(Some(1))
    }
}

impl Messages {
    /// Moves a bucket on, if it is as it was read, or full and never read; else how it is.
    async fn fill(
        &self,
        bucket: &str,
        read_us: i64,
        next_us: i64,
        now_us: i64,
    ) -> Result<Option<i64>, Fault> {
        let table = &self.0;
        let gone = next_us.div_euclid(1_000_000).saturating_add(KEPT_S);
        let update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(bucket, BUCKET)))
            .update_expression("SET full_us = :next, #ttl = :gone")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":next", number(next_us))
            .expression_attribute_values(":gone", number(gone))
            .return_values_on_condition_check_failure(AllOld);
        let update = if read_us <= now_us {
            update
                .condition_expression("attribute_not_exists(pk) OR full_us <= :now")
                .expression_attribute_values(":now", number(now_us))
        } else {
            update
                .condition_expression("full_us = :read")
                .expression_attribute_values(":read", number(read_us))
        };
        match update.send().await {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(answer))
                if answer.err().is_conditional_check_failed_exception() =>
            {
                let item = match answer.into_err() {
                    UpdateItemError::ConditionalCheckFailedException(refused) => refused.item,
                    _ => None,
                };
                let item = match item {
                    Some(item) => item,
                    None => table.get(bucket, BUCKET).await?.unwrap_or_default(),
                };
                Ok(Some(get_number(&item, "full_us").unwrap_or_default()))
            }
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }
}
