//! Writes as DynamoDB's expressions say them.

use super::{ending, place};
use crate::dynamodb::item::{millis, number, text};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};
use ceap_helpdesk::store::{Expect, Write};
use ceap_kernel::{TenantId, Timestamp};
use std::collections::HashMap;

/// The condition of what is there and has not expired.
pub(super) const ALIVE: &str = "(attribute_not_exists(expires_at) OR expires_at > :now)";

/// The condition of what is not there, or has expired.
const ABSENT: &str = "(attribute_not_exists(pk) OR expires_at <= :now)";

/// What an expression says.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub update: Option<String>,
    pub condition: Option<String>,
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
}

impl Terms {
    fn value(&mut self, name: &str, value: AttributeValue) {
        self.values.insert(name.to_owned(), value);
    }

    /// One more thing that is set.
    pub fn set(&mut self, name: &str, placeholder: &str, value: AttributeValue) {
        let rest = self.update.take().unwrap_or_default();
        let rest = rest.strip_prefix("SET ").unwrap_or(&rest).to_owned();
        self.update = Some(format!("SET {name} = {placeholder}, {rest}"));
        self.value(placeholder, value);
    }

    fn expecting(mut self, expect: Expect, now: Timestamp) -> Self {
        self.condition = match expect {
            Expect::Anything => return self,
            Expect::Absent => Some(ABSENT.to_owned()),
            Expect::Present => Some(format!("attribute_exists(pk) AND {ALIVE}")),
            Expect::Revision(revision) => {
                self.value(":seen", number(revision));
                Some(format!("rev = :seen AND {ALIVE}"))
            }
        };
        self.value(":now", millis(now));
        self
    }
}

/// `body` in place of what is there. All of an item is said anew, for it may be one that has expired.
pub(super) fn putting(
    body: &str,
    expires_at: Option<Timestamp>,
    expect: Expect,
    now: Timestamp,
) -> Terms {
    let mut terms = Terms::default().expecting(expect, now);
    terms.value(":body", text(body));
    let revision = match expect {
        Expect::Absent => {
            terms.value(":rev", number(1));
            ":rev"
        }
        Expect::Revision(seen) => {
            terms.value(":rev", number(seen.saturating_add(1)));
            ":rev"
        }
        Expect::Present | Expect::Anything => {
            terms.value(":none", number(0));
            terms.value(":one", number(1));
            "if_not_exists(rev, :none) + :one"
        }
    };
    terms.names.insert("#ttl".to_owned(), "ttl".to_owned());
    terms.update = Some(match expires_at {
        Some(at) => {
            terms.values.extend(ending(at));
            format!("SET body = :body, rev = {revision}, expires_at = :gone, #ttl = :ttl REMOVE n")
        }
        None => format!("SET body = :body, rev = {revision} REMOVE n, expires_at, #ttl"),
    });
    terms
}

/// A number that `by` is added to; one that has expired (`anew`) begins at 0. From then on it expires as `expires_at`
/// says.
pub(super) fn counting(
    by: u64,
    expires_at: Option<Timestamp>,
    now: Timestamp,
    anew: bool,
) -> Terms {
    let mut terms = adding(number(by), now, anew);
    terms.names.insert("#ttl".to_owned(), "ttl".to_owned());
    terms.values.extend(expires_at.map(ending).into_iter().flatten());
    let update = match (anew, expires_at) {
        (false, Some(_)) => "SET expires_at = :gone, #ttl = :ttl ADD n :by, rev :one",
        (false, None) => "REMOVE expires_at, #ttl ADD n :by, rev :one",
        (true, Some(_)) => "SET n = :by, rev = :one, expires_at = :gone, #ttl = :ttl REMOVE body",
        (true, None) => "SET n = :by, rev = :one REMOVE body, expires_at, #ttl",
    };
    terms.update = Some(update.to_owned());
    terms
}

/// A number that `by` is added to, and that expires when it did before.
fn adding(by: AttributeValue, now: Timestamp, anew: bool) -> Terms {
    let mut terms = Terms::default();
    terms.value(":by", by);
    terms.value(":one", number(1));
    terms.value(":now", millis(now));
    terms.condition = Some(if anew { "expires_at <= :now" } else { ALIVE }.to_owned());
    terms.update = Some("ADD n :by, rev :one".to_owned());
    terms
}

/// A write as an item of a transaction; `anew` if it adds to a number that has expired.
pub(super) fn item(
    table: &str,
    tenant: &TenantId,
    write: &Write,
    now: Timestamp,
    anew: bool,
) -> Result<TransactWriteItem, BuildError> {
    let key = place(tenant, write.key());
    let item = TransactWriteItem::builder();
    let item = match write {
        Write::Put { body, expect, expires_at, .. } => {
            item.update(update(table, key, putting(body, *expires_at, *expect, now))?)
        }
        Write::Add { by, .. } if anew => {
            let by = u64::try_from(*by).unwrap_or_default();
            item.update(update(table, key, counting(by, None, now, anew))?)
        }
        Write::Add { by, .. } => item.update(update(table, key, adding(number(by), now, anew))?),
        Write::Delete { expect, .. } => {
            let terms = Terms::default().expecting(*expect, now);
            let delete = Delete::builder().table_name(table).set_key(Some(key));
            let values = (!terms.values.is_empty()).then_some(terms.values);
            let delete = delete.set_condition_expression(terms.condition);
            item.delete(delete.set_expression_attribute_values(values).build()?)
        }
        Write::Check { expect, .. } => {
            let terms = Terms::default().expecting(*expect, now);
            // A check has to say something: of anything, that it is there or is not.
            let anything = || "attribute_exists(pk) OR attribute_not_exists(pk)".to_owned();
            let check = ConditionCheck::builder().table_name(table).set_key(Some(key));
            let values = (!terms.values.is_empty()).then_some(terms.values);
            let check = check.condition_expression(terms.condition.unwrap_or_else(anything));
            item.condition_check(check.set_expression_attribute_values(values).build()?)
        }
    };
    Ok(item.build())
}

fn update(
    table: &str,
    key: HashMap<String, AttributeValue>,
    terms: Terms,
) -> Result<Update, BuildError> {
    let update = Update::builder().table_name(table).set_key(Some(key));
    let names = (!terms.names.is_empty()).then_some(terms.names);
    update
        .set_update_expression(terms.update)
        .set_condition_expression(terms.condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(Some(terms.values))
        .build()
}
