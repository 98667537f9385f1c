//! Runs: pk `<tenant>#RUN#<run>`, sk `RUN`, and beside it `PART#<part>` with what became of each part.
//! A use case's runs are listed at pk `<tenant>#RUNS#<use case>`, sk `<when it was asked for>#<run>`:
//! a pointer that is written with its run, in one transaction.

use super::Table;
use super::item::{self, Item, from_json, get_number, get_text, json, key, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use ceap_engagement::run::{Kept, Outcome, Run, RunStore};
use ceap_kernel::{Fault, RunId, TenantId, UseCaseId};
use std::collections::{BTreeMap, HashMap};

const RUN: &str = "RUN";
const PART: &str = "PART#";

/// Days that a run and its parts are kept.
const KEPT_DAYS: i64 = 400;

/// Runs and the outcomes of their parts.
#[derive(Debug, Clone)]
pub struct Runs(Table);

impl Runs {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn pk(tenant: &TenantId, id: &RunId) -> String {
    format!("{tenant}#RUN#{id}")
}

fn list_pk(tenant: &TenantId, use_case: &UseCaseId) -> String {
    format!("{tenant}#RUNS#{use_case}")
}

fn part_sk(part: u32) -> String {
    format!("{PART}{part:06}")
}

fn ttl(run: &Run) -> (String, aws_sdk_dynamodb::types::AttributeValue) {
    let gone = run.requested.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
    ("ttl".to_owned(), number(gone))
}

fn write(run: &Run, revision: u64) -> Result<Item, Fault> {
    let mut item = key(&pk(&run.tenant, &run.id), RUN);
    item.insert("run".to_owned(), json(run)?);
    item.insert("revision".to_owned(), number(revision));
    item.extend([ttl(run)]);
    Ok(item)
}

fn read(item: &Item) -> Result<Option<Kept>, Fault> {
    let revision = get_number(item, "revision").and_then(|n| u64::try_from(n).ok());
    let run = from_json(item, "run")?;
    Ok(run.map(|run| Kept { run, revision: revision.unwrap_or_default() }))
}

impl RunStore for Runs {
    async fn create(&self, run: &Run) -> Result<Kept, Fault> {
        let name = &self.0.name;
        let mut pointer = key(
            &list_pk(&run.tenant, &run.use_case),
            &format!("{:015}#{}", run.requested.as_millisecond(), run.id),
        );
        pointer.extend([ttl(run), ("run".to_owned(), text(run.id.as_str()))]);
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let put = |item| Put::builder().table_name(name).set_item(Some(item));
        let new = put(write(run, 1)?).condition_expression("attribute_not_exists(pk)");
        let new = new.build().map_err(|error| unbuilt(&error))?;
        let pointer = put(pointer).build().map_err(|error| unbuilt(&error))?;
        let writes = [new, pointer].map(|put| TransactWriteItem::builder().put(put).build());
        if self.0.transact(writes.to_vec()).await? {
            return Ok(Kept { run: run.clone(), revision: 1 });
        }
        let vanished = || Fault::Unavailable("the run is no longer there".to_owned());
        self.get(&run.tenant, &run.id).await?.ok_or_else(vanished)
    }

    async fn get(&self, tenant: &TenantId, id: &RunId) -> Result<Option<Kept>, Fault> {
        let item = self.0.get(&pk(tenant, id), RUN).await?;
        item.map_or(Ok(None), |item| read(&item))
    }

    async fn save(&self, run: &Run, revision: u64) -> Result<(), Fault> {
        let table = &self.0;
        let put = table.client.put_item().table_name(&table.name);
        let saved = put
            .set_item(Some(write(run, revision.saturating_add(1))?))
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(revision))
            .send()
            .await;
        match saved {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => {
                Err(Fault::Conflict("the run changed meanwhile".to_owned()))
            }
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn list(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Run>, Option<String>), Fault> {
        let table = &self.0;
        let mut query = table
            .client
            .query()
            .table_name(&table.name)
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .expression_attribute_values(":pk", text(list_pk(tenant, use_case)));
        query = match cursor {
            Some(cursor) => query
                .key_condition_expression("pk = :pk AND sk < :cursor")
                .expression_attribute_values(":cursor", text(cursor)),
            None => query.key_condition_expression("pk = :pk"),
        };
        let page = query.send().await.map_err(|error| fault("Query", &error))?;
        let found = page.items.unwrap_or_default();
        let last = found.last().and_then(|item| get_text(item, "sk")).map(str::to_owned);
        let next = last.filter(|_| page.last_evaluated_key.is_some());
        let place =
            |item: &Item| format!("{tenant}#RUN#{}", get_text(item, "run").unwrap_or_default());
        let keys = found.iter().map(|item| key(&place(item), RUN)).collect();
        let mut whole: HashMap<String, Item> = HashMap::new();
        for item in table.get_all(keys).await? {
            whole.insert(get_text(&item, "pk").unwrap_or_default().to_owned(), item);
        }
        let ordered = found.iter().filter_map(|item| whole.remove(&place(item)));
        let runs = ordered.map(|item| read(&item)).collect::<Result<Vec<_>, _>>()?;
        Ok((runs.into_iter().flatten().map(|kept| kept.run).collect(), next))
    }

    async fn record(&self, run: &Run, part: u32, outcome: &Outcome) -> Result<(), Fault> {
        let table = &self.0;
        let mut item = key(&pk(&run.tenant, &run.id), &part_sk(part));
        item.insert("outcome".to_owned(), json(outcome)?);
        item.insert("done".to_owned(), number(u8::from(outcome.counts().is_some())));
        item.extend([ttl(run)]);
        let put = table.client.put_item().table_name(&table.name).set_item(Some(item));
        let kept = put
            .condition_expression("attribute_not_exists(pk) OR done = :no")
            .expression_attribute_values(":no", number(0))
            .send()
            .await;
        match kept {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        id: &RunId,
        part: u32,
    ) -> Result<Option<Outcome>, Fault> {
        let item = self.0.get(&pk(tenant, id), &part_sk(part)).await?;
        item.map_or(Ok(None), |item| from_json(&item, "outcome"))
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        id: &RunId,
    ) -> Result<BTreeMap<u32, Outcome>, Fault> {
        let table = &self.0;
        let mut pages = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :part)")
            .expression_attribute_values(":pk", text(pk(tenant, id)))
            .expression_attribute_values(":part", text(PART))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut all = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let part = get_text(&item, "sk").and_then(|sk| sk.strip_prefix(PART)?.parse().ok());
            if let (Some(part), Some(outcome)) = (part, from_json(&item, "outcome")?) {
                all.insert(part, outcome);
            }
        }
        Ok(all)
    }
}
