//! Ledgers of frequency caps: pk `<tenant>#CAP#<subject>`, sk `LEDGER`.

use super::Table;
use super::item::{self, from_json, get_number, json, key, number};
use aws_sdk_dynamodb::types::Put;
use ceap_engagement::message::CapCheck;
use ceap_engagement::policy::cap::Ledger;
use ceap_kernel::{Fault, TenantId, Timestamp};

/// The write that counts one more claim against the cap, to go into the claim's transaction; `None`
/// when the cap forbids it. It fails when the ledger changed meanwhile.
pub(super) async fn admit(
    table: &Table,
    tenant: &TenantId,
    check: &CapCheck,
    now: Timestamp,
) -> Result<Option<Put>, Fault> {
    let (pk, sk) = (format!("{tenant}#CAP#{}", check.subject), "LEDGER");
    let read = table.get(&pk, sk).await?.unwrap_or_default();
    let version = get_number(&read, "version").unwrap_or_default();
    let ledger: Ledger = from_json(&read, "ledger")?.unwrap_or_default();
    let Some(next) = ledger.admit(&check.caps, &check.channel, check.purpose, now) else {
        return Ok(None);
    };
    let mut item: item::Item = key(&pk, sk);
    item.insert("ledger".to_owned(), json(&next)?);
    item.insert("version".to_owned(), number(version.saturating_add(1)));
    let longest = check.caps.iter().map(|cap| cap.within.duration().as_secs()).max();
    let forgotten = now.as_second().saturating_add(longest.unwrap_or_default());
    item.insert("ttl".to_owned(), number(forgotten));
    let put = Put::builder().table_name(&table.name).set_item(Some(item));
    let put = if version == 0 {
        put.condition_expression("attribute_not_exists(pk)")
    } else {
        put.condition_expression("version = :read")
            .expression_attribute_values(":read", number(version))
    };
    put.build().map(Some).map_err(|error| Fault::Internal(error.to_string()))
}
