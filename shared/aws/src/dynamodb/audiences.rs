//! Who had to do with what: pk `<tenant>#A#<event type>#<thing>`, sk the subject. An event type holds
//! no `#`, so that no two things share a key. The index `by-subject` lists a subject's, to take them away.

use super::item::{self, get_number, get_text, key, millis, number, text};
use super::{Table, holdings};
use crate::fault::fault;
use ceap_engagement::audience::{Audiences, Tie, Ties};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use futures::stream::{self, StreamExt, TryStreamExt};

/// Ties written at once.
const CONCURRENCY: usize = 16;

/// Audiences.
#[derive(Debug, Clone)]
pub struct AudienceStore(Table);

impl AudienceStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// A tie that counts as long already stays: events come in any order.
    async fn put(&self, tenant: &TenantId, tie: &Tie) -> Result<(), Fault> {
        let place = pk(tenant, &tie.kind, &tie.thing);
        let mut item = key(&place, tie.subject.as_str());
        item.extend(holdings::listed(tenant, &tie.subject, &place));
        item.insert("until".to_owned(), millis(tie.until));
        item.insert("ttl".to_owned(), number(tie.until.as_second()));
        let put = self
            .0
            .client
            .put_item()
            .table_name(&self.0.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #until < :until")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", millis(tie.until))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }
}

fn pk(tenant: &TenantId, kind: &str, thing: &str) -> String {
    format!("{tenant}#A#{kind}#{thing}")
}

impl Ties for AudienceStore {
    async fn tie(&self, tenant: &TenantId, ties: &[Tie]) -> Result<(), Fault> {
        stream::iter(ties)
            .map(|tie| self.put(tenant, tie))
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await
    }
}

impl Audiences for AudienceStore {
    async fn audience(
        &self,
        tenant: &TenantId,
        kind: &str,
        thing: &str,
        after: Option<&SubjectId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<SubjectId>, Option<SubjectId>), Fault> {
        let pk = pk(tenant, kind, thing);
        let query = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(pk.as_str()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|after| key(&pk, after.as_str())));
        let page = query.send().await.map_err(|error| fault("Query", &error))?;
        let subject = |item: &item::Item| get_text(item, "sk").map(SubjectId::new).transpose();
        let last = page.last_evaluated_key.as_ref().map(subject).transpose()?.flatten();
        let items = page.items.unwrap_or_default();
        let counts = items.iter().filter(|it| get_number(it, "until") > Some(now.as_millisecond()));
        let found: Vec<Option<SubjectId>> = counts.map(subject).collect::<Result<_, _>>()?;
        Ok((found.into_iter().flatten().collect(), last))
    }
}
