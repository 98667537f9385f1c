//! Erasures: pk `<tenant>#ERASURE#<erasure>`, sk `ERASURE`. While one is not done, a pointer at pk
//! `<tenant>#ERASING`, sk a digest of the subject, leads to it: the pointer comes and goes with the
//! erasure, in one transaction, so there is one at a time of each subject.

use super::Table;
use super::item::{Item, from_json, get_number, get_text, json, key, number, text};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use ceap_engagement::erasure::{Erasure, ErasureStore, Kept, State};
use ceap_kernel::{ErasureId, Fault, TenantId};

const ERASURE: &str = "ERASURE";

/// Days that one is kept which is done.
const KEPT_DAYS: i64 = 400;

/// Times an erasure is opened anew when the one that was in the way was done meanwhile.
const ATTEMPTS: usize = 5;

/// Erasures.
#[derive(Debug, Clone)]
pub struct Erasures(Table);

impl Erasures {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    fn put(
        &self,
        erasure: &Erasure,
        revision: u64,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Fault> {
        let mut item = key(&pk(&erasure.tenant, &erasure.id), ERASURE);
        item.insert("erasure".to_owned(), json(erasure)?);
        item.insert("revision".to_owned(), number(revision));
        // One that is not done is an obligation: it does not go by itself.
        if erasure.state == State::Done {
            let done = erasure.finished.unwrap_or(erasure.requested).as_second();
            let gone = done.saturating_add(KEPT_DAYS.saturating_mul(86_400));
            item.insert("ttl".to_owned(), number(gone));
        }
        Ok(Put::builder().table_name(&self.0.name).set_item(Some(item)))
    }
}

fn pk(tenant: &TenantId, id: &ErasureId) -> String {
    format!("{tenant}#ERASURE#{id}")
}

fn pointer(erasure: &Erasure) -> Item {
    key(&format!("{}#ERASING", erasure.tenant), &erasure.digest)
}

fn built<T, E: std::fmt::Display>(made: Result<T, E>) -> Result<T, Fault> {
    made.map_err(|error| Fault::Internal(error.to_string()))
}

impl ErasureStore for Erasures {
    async fn open(&self, erasure: &Erasure) -> Result<Kept, Fault> {
        let place = pointer(erasure);
        for _ in 0..ATTEMPTS {
            let mut to = place.clone();
            to.insert("erasure".to_owned(), text(erasure.id.as_str()));
            let absent = "attribute_not_exists(pk)";
            let to = Put::builder().table_name(&self.0.name).set_item(Some(to));
            let new = built(self.put(erasure, 1)?.condition_expression(absent).build())?;
            let to = built(to.condition_expression(absent).build())?;
            let both = [new, to].map(|put| TransactWriteItem::builder().put(put).build());
            if self.0.transact(both.to_vec()).await? {
                return Ok(Kept { erasure: erasure.clone(), revision: 1 });
            }
            let part = |name| get_text(&place, name).unwrap_or_default();
            let Some(found) = self.0.get(part("pk"), part("sk")).await? else { continue };
            let id = ErasureId::new(get_text(&found, "erasure").unwrap_or_default())?;
            let kept = self.get(&erasure.tenant, &id).await?;
            if let Some(kept) = kept.filter(|kept| kept.erasure.state != State::Done) {
                return Ok(kept);
            }
        }
        Err(Fault::Unavailable("the subject's erasures kept changing".to_owned()))
    }

    async fn get(&self, tenant: &TenantId, id: &ErasureId) -> Result<Option<Kept>, Fault> {
        let Some(item) = self.0.get(&pk(tenant, id), ERASURE).await? else { return Ok(None) };
        let revision = get_number(&item, "revision").and_then(|n| u64::try_from(n).ok());
        let erasure = from_json(&item, "erasure")?;
        Ok(erasure.map(|erasure| Kept { erasure, revision: revision.unwrap_or_default() }))
    }

    async fn save(&self, erasure: &Erasure, revision: u64) -> Result<(), Fault> {
        let put = self.put(erasure, revision.saturating_add(1))?;
        let put = put.condition_expression("revision = :read");
        let put = built(put.expression_attribute_values(":read", number(revision)).build())?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        if erasure.state == State::Done {
            let gone = Delete::builder().table_name(&self.0.name);
            let gone = built(gone.set_key(Some(pointer(erasure))).build())?;
            writes.push(TransactWriteItem::builder().delete(gone).build());
        }
        if self.0.transact(writes).await? {
            return Ok(());
        }
        Err(Fault::Conflict("the erasure changed meanwhile".to_owned()))
    }
}
