//! Lists of live candidates. The index `by-score` has them in the order of their ranks: hash `score_key`,
//! `<tenant>#<use case>`, range `rank`; of the rest it holds only when each expires. A subject's candidates
//! need no index: their keys start alike.

use super::Table;
use super::candidates::{Candidates, of_use_case, partition};
use super::item::{Item, from_json, get_number, get_text, key, millis, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::AttributeValue;
use ceap_engagement::candidate::Candidate;
use ceap_engagement::candidate_list::{CandidateList, Rank, Stretch};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use std::collections::HashMap;

const BY_SCORE: &str = "by-score";

/// Queries for one page, and what one looks at after the first: expired candidates stay for days, and a
/// page ends rather than to look at all of them.
const ROUNDS: usize = 10;
const LOOK: usize = 1_000;

/// What the index `by-score` keeps of a candidate.
pub(super) fn ranked(tenant: &TenantId, candidate: &Candidate) -> [(String, AttributeValue); 2] {
    let place = format!("{tenant}#{}", candidate.signal.use_case);
    [("score_key".to_owned(), text(place)), ("rank".to_owned(), text(candidate.rank().as_str()))]
}

impl Table {
    /// Ranks and keys of those live at `now`, and whether the index may hold more behind the last that it
    /// looked at.
    async fn ranks(
        &self,
        place: &str,
        (from, to): (&str, &str),
        look: usize,
        now: Timestamp,
    ) -> Result<(Vec<(Rank, Item)>, Option<Rank>), Fault> {
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(BY_SCORE)
            .limit(i32::try_from(look).unwrap_or(i32::MAX))
            .expression_attribute_names("#rank", "rank")
            .key_condition_expression("score_key = :place AND #rank BETWEEN :from AND :to")
            .filter_expression("expires_at > :now")
            .expression_attribute_values(":place", text(place))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .expression_attribute_values(":now", millis(now))
            .send()
            .await
            .map_err(|error| fault("Query", &error))?;
        let rank = |item: &Item| Rank::read(get_text(item, "rank").unwrap_or_default());
        let last = page.last_evaluated_key.as_ref().map(rank).transpose()?;
        let part = |item: &Item, name| get_text(item, name).unwrap_or_default().to_owned();
        let found = page.items.unwrap_or_default().into_iter().map(|item| {
            Ok::<_, Fault>((rank(&item)?, key(&part(&item, "pk"), &part(&item, "sk"))))
        });
        Ok((found.collect::<Result<_, _>>()?, last))
    }
}

/// The candidate in an item, if it is live at `now`.
fn live(item: &Item, now: Timestamp) -> Result<Option<Candidate>, Fault> {
    let live = get_number(item, "expires_at") > Some(now.as_millisecond());
    Ok(from_json::<Candidate>(item, "candidate")?.filter(|_| live))
}

impl CandidateList for Candidates {
    async fn ranked(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        stretch: &Stretch,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<Candidate>, Option<Rank>), Fault> {
        let place = format!("{tenant}#{use_case}");
        let mut stretch = stretch.clone();
        let mut found = Vec::new();
        for round in 0..ROUNDS {
            let Some((from, to)) = stretch.bounds() else { return Ok((found, None)) };
            let room = limit.saturating_sub(found.len());
            let look = if round == 0 { room } else { LOOK };
            let (mut ranks, mut last) = self.0.ranks(&place, (&from, &to), look, now).await?;
            if ranks.len() > room {
                ranks.truncate(room);
                last = ranks.last().map(|(rank, _)| rank.clone());
            }
            let keys = ranks.iter().map(|(_, key)| key.clone()).collect();
            let mut whole = HashMap::new();
            for item in self.0.get_all(keys).await? {
                whole.extend(live(&item, now)?.map(|candidate| (candidate.id.clone(), candidate)));
            }
            // One that another has replaced since is found by that one's rank.
            found.extend(ranks.iter().filter_map(|(rank, _)| whole.remove(&rank.id()?)));
            if last.is_none() || found.len() >= limit {
                return Ok((found, last));
            }
            stretch.after = last;
        }
        Ok((found, stretch.after))
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        use_case: Option<&UseCaseId>,
        subject: &SubjectId,
        now: Timestamp,
    ) -> Result<Vec<Candidate>, Fault> {
        let table = &self.0;
        let pages = table
            .client
            .query()
            .table_name(&table.name)
            .consistent_read(true)
            .filter_expression("expires_at > :now")
            .expression_attribute_values(":pk", text(partition(tenant, subject)))
            .expression_attribute_values(":now", millis(now));
        let pages = match use_case {
            None => pages.key_condition_expression("pk = :pk"),
            Some(use_case) => pages
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", text(of_use_case(use_case))),
        };
        let mut items = pages.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.extend(live(&item.map_err(|error| fault("Query", &error))?, now)?);
        }
        Ok(found)
    }
}
