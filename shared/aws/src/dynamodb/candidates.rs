//! Candidates: pk `<tenant>#C#<subject>`, sk `<use case>#<key>`, so that a subject's are listed, and taken away, without
//! an index: those of use cases that are no more, too.

use super::item::{self, Item, from_json, get_number, json, key, millis, number, text};
use super::{Table, candidate_list};
use crate::fault::fault;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use ceap_engagement::candidate::{Candidate, CandidateStore, Histories, Place, Upserted};
use ceap_engagement::reentry::{EntryRules, History};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use std::collections::HashMap;

/// Times an upsert is tried while others write the same candidate.
const ATTEMPTS: usize = 20;

/// Seconds an expired candidate stays: a signal that is learnt of late still belongs to the one that
/// was live at its instant. Longer than the lateness, which is 24 hours.
const KEPT_S: i64 = 3 * 86_400;

/// Candidates.
#[derive(Debug, Clone)]
pub struct Candidates(pub(super) Table);

impl Candidates {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// Opens it where none is live, and none is remembered but the one `seen`; else what is there.
    async fn open(
        &self,
        place: &Item,
        item: Item,
        seen: Option<i64>,
        now: Timestamp,
    ) -> Result<Option<Item>, Fault> {
        let table = &self.0;
        let put = table.client.put_item().table_name(&table.name).set_item(Some(item));
        // Expired is gone, whether or not DynamoDB has deleted it.
        let put = match seen {
            None => put.condition_expression(
                "attribute_not_exists(pk) OR (expires_at <= :now AND attribute_not_exists(history))",
            ),
            Some(expires_at) => put
                .condition_expression("expires_at <= :now AND expires_at = :seen")
                .expression_attribute_values(":seen", number(expires_at)),
        };
        let put = put
            .expression_attribute_values(":now", millis(now))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(answer))
                if answer.err().is_conditional_check_failed_exception() =>
            {
                match answer.into_err() {
                    PutItemError::ConditionalCheckFailedException(refused) => match refused.item {
                        Some(live) => Ok(Some(live)),
                        None => self.read(place).await,
                    },
                    _ => Ok(None),
                }
            }
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn read(&self, place: &Item) -> Result<Option<Item>, Fault> {
        let part = |name| item::get_text(place, name).unwrap_or_default();
        self.0.get(part("pk"), part("sk")).await.map(|found| Some(found.unwrap_or_default()))
    }

    /// Gives the live one the better signal; false when it changed meanwhile.
    async fn improve(&self, place: &Item, live: &Candidate, now: Timestamp) -> Result<bool, Fault> {
        let table = &self.0;
        let update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(place.clone()))
            .update_expression("SET candidate = :candidate, score = :score, #rank = :rank")
            .condition_expression("score < :score AND expires_at = :expires AND expires_at > :now")
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_values(":rank", text(live.rank().as_str()))
            .expression_attribute_values(":candidate", json(live)?)
            .expression_attribute_values(":score", number(live.scored.score))
            .expression_attribute_values(":expires", millis(live.expires_at))
            .expression_attribute_values(":now", millis(now))
            .send()
            .await;
        match update {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }
}

impl CandidateStore for Candidates {
    async fn upsert(
        &self,
        tenant: &TenantId,
        candidate: Candidate,
        rules: &EntryRules,
        now: Timestamp,
    ) -> Result<(Candidate, Upserted), Fault> {
        let place = item_key(tenant, &candidate.signal.place());
        let (mut known, mut seen) = (History::default(), None);
        for _ in 0..ATTEMPTS {
            let item = whole(tenant, &place, &candidate, rules, known.clone(), now)?;
            let Some(item) = self.open(&place, item, seen, now).await? else {
                return Ok((candidate, Upserted::Opened));
            };
            let live = from_json::<Candidate>(&item, "candidate")?;
            let Some(live) =
                live.filter(|_| get_number(&item, "expires_at") > Some(now.as_millisecond()))
            else {
                known = from_json(&item, "history")?.unwrap_or_default();
                if let Some(bar) = known.bars(rules, now) {
                    return Ok((candidate, Upserted::Barred(bar)));
                }
                seen = get_number(&item, "expires_at");
                continue;
            };
            if live.scored.score >= candidate.scored.score {
                return Ok((live, Upserted::Merged));
            }
            let better =
                Candidate { id: live.id, expires_at: live.expires_at, ..candidate.clone() };
            if self.improve(&place, &better, now).await? {
                return Ok((better, Upserted::Merged));
            }
        }
        Err(Fault::Unavailable("the candidate kept changing".to_owned()))
    }

    async fn live(
        &self,
        tenant: &TenantId,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<Candidate>, Fault> {
        let item = self.read(&item_key(tenant, place)).await?.unwrap_or_default();
        let live = get_number(&item, "expires_at") > Some(now.as_millisecond());
        Ok(from_json::<Candidate>(&item, "candidate")?.filter(|_| live))
    }
}

impl Histories for Candidates {
    async fn histories(&self, tenant: &TenantId, places: &[Place]) -> Result<Vec<History>, Fault> {
        let keys: Vec<Item> = places.iter().map(|place| item_key(tenant, place)).collect();
        let mut found: HashMap<(String, String), History> = HashMap::new();
        for item in self.0.get_all(keys.clone()).await? {
            found.insert(place(&item), from_json(&item, "history")?.unwrap_or_default());
        }
        Ok(keys.iter().map(|key| found.get(&place(key)).cloned().unwrap_or_default()).collect())
    }
}

fn place(item: &Item) -> (String, String) {
    let part = |name| item::get_text(item, name).unwrap_or_default().to_owned();
    (part("pk"), part("sk"))
}

/// A candidate's item. What is remembered outlives the candidate.
fn whole(
    tenant: &TenantId,
    place: &Item,
    candidate: &Candidate,
    rules: &EntryRules,
    known: History,
    now: Timestamp,
) -> Result<Item, Fault> {
    let mut item = place.clone();
    item.extend(candidate_list::ranked(tenant, candidate));
    item.insert("candidate".to_owned(), json(candidate)?);
    item.insert("score".to_owned(), number(candidate.scored.score));
    item.insert("expires_at".to_owned(), millis(candidate.expires_at));
    let gone = candidate.expires_at.as_second().saturating_add(KEPT_S);
    let mut until = Some(gone);
    if rules.remember() {
        item.insert("history".to_owned(), json(&known.opening(now, candidate.expires_at))?);
        until = rules.until(now).map(|until| until.as_second().max(gone));
    }
    if let Some(until) = until {
        item.insert("ttl".to_owned(), number(until));
    }
    Ok(item)
}

fn item_key(tenant: &TenantId, place: &Place) -> Item {
    let sk = format!("{}{}", of_use_case(&place.use_case), place.key);
    key(&partition(tenant, &place.subject), &sk)
}

/// The partition of a subject's candidates.
pub(super) fn partition(tenant: &TenantId, subject: &SubjectId) -> String {
    format!("{tenant}#C#{subject}")
}

/// What the sort keys of a use case's candidates start with. No use case has a `#`.
pub(super) fn of_use_case(use_case: &UseCaseId) -> String {
    format!("{use_case}#")
}
