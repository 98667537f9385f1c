//! Tickets whose documents tell of a person or an organization what is not so any more.

use crate::organization::Organization;
use crate::record::Known;
use crate::search::document::{self, Document, field};
use crate::search::feed::{self, Entry};
use crate::search::index::{Opened, Wanted};
use crate::search::{Filter, Kind, Of, Sort};
use crate::store::Store;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};
use std::collections::BTreeSet;

/// Tickets that are found at once, and people and organizations that they are found by.
const AT_ONCE: usize = 1_000;

/// Tickets to be made anew.
#[derive(Debug, Default)]
pub struct Stale {
    /// As they stand on the feed.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub more: bool,
}

/// Finds, in the index itself, the tickets that tell of what changed what is not so any more.
pub async fn stale(
    store: &dyn Store,
    tenant: &TenantId,
    opened: &dyn Opened,
    changed: &[Entry],
) -> Result<Stale, Fault> {
    let named: Vec<Of> = changed
        .iter()
        .filter(|it| it.stamp.is_some_and(|stamp| !feed::is_first(stamp)))
        .map(|it| it.of)
        .filter(|of| matches!(of.kind, Kind::User | Kind::Organization))
        .take(AT_ONCE)
        .collect();
    if named.is_empty() {
        return Ok(Stale::default());
    }
    let keys = named.iter().filter_map(|of| feed::key(*of)).collect();
    let known = Known::read(store, tenant, keys).await?;
    let mut any = Vec::new();
    for of in named {
        match of.kind {
            Kind::User => {
                let user = known.record::<User>(of.id)?;
                any.extend(user.map(|it| of_requester(&it)));
            }
            Kind::Organization => {
                let organization = known.record::<Organization>(of.id)?;
                any.extend(organization.map(|it| of_organization(&it)));
            }
            Kind::Ticket | Kind::Group => {}
        }
    }
    let filter = Filter::all([Filter::kind(Kind::Ticket), Filter::any(any)]);
    let (sort, without) = (Sort::default(), BTreeSet::new());
    let (backward, after, most) = (false, None, AT_ONCE);
    let wanted = Wanted { filter: &filter, without: &without, sort: &sort, backward, after, most };
    let hits = opened.find(wanted).await?;
    let keys = hits.places.iter().filter_map(|it| feed::key(Of { kind: it.kind, id: it.id }));
    let keys: Vec<_> = keys.collect();
    let items = store.get(tenant, &keys).await?;
    let entries = items.iter().map(|item| feed::of_item(Kind::Ticket, item));
    let entries: Result<Vec<Option<Entry>>, Fault> = entries.collect();
    let more = hits.count > u64::try_from(hits.places.len()).unwrap_or(u64::MAX);
    Ok(Stale { entries: entries?.into_iter().flatten().collect(), more })
}

/// The tickets of somebody that say another name or language than theirs.
fn of_requester(user: &User) -> Filter {
    let now = document::of_requester(user);
    differing(
        field::REQUESTER,
        user.id.get(),
        &now,
        &[field::REQUESTER_NAME, field::REQUESTER_LOCALE],
    )
}

/// The tickets of an organization that say another name than its own.
fn of_organization(organization: &Organization) -> Filter {
    let now = document::of_organization(organization);
    differing(field::ORGANIZATION, organization.id.get(), &now, &[field::ORGANIZATION_NAME])
}

fn differing(by: &str, id: u64, now: &Document, fields: &[&str]) -> Filter {
    let other = fields.iter().map(|name| {
        let value = now.keywords.get(*name).and_then(BTreeSet::first);
        value.map_or_else(|| Filter::present(name), |value| !Filter::is(name, value))
    });
    Filter::all([Filter::is(by, id), Filter::any(other)])
}
