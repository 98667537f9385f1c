//! Finds what who asks may find: in the index, and in what changed since it was fed.

use super::dependents;
use super::feed::{self, Entry, Part};
use super::index::{Hits, Of, Opened, Wanted, memory};
use super::order::Place;
use super::{Document, Filter, Kind, Sort, document, visible};
use crate::account::Group;
use crate::api::{Call, Refused};
use crate::ids::OrganizationId;
use crate::organization::Organization;
use ceap_kernel::{Fault, Timestamp};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Places of the feed that are looked at, of each list. An index that lags further behind cannot be made up for.
const MOST_ENTRIES: usize = 20_000;

/// Documents that are made because the index does not have them yet.
const MOST_MADE: usize = 2_000;

/// What is looked for, among what who asks may see.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// What documents must meet.
    pub filter: &'a Filter,
    /// In which order.
    pub sort: &'a Sort,
    /// From the last to the first.
    pub backward: bool,
    /// The place behind which to begin, in the direction that is asked for.
    pub after: Option<&'a Place>,
    /// How many places at most; with none, only their number is wanted.
    pub most: usize,
}

/// What can be found at one moment. Nothing that who asks may not see is part of any answer: not of a number, an order
/// or a suggestion either.
pub struct Finder {
    opened: Box<dyn Opened>,
    /// What the index does not have yet.
    fresh: Vec<Arc<Document>>,
    /// What it has of an older version, or of what is no more.
    without: BTreeSet<Of>,
    seen: Filter,
}

impl Finder {
    /// Looks at what there is of these kinds, for who asks.
    ///
    /// At most two calls in sequence if the index is known: for the index and the feed, and for what it lacks; two more where
    /// somebody's name or an organization's has just changed.
    ///
    /// # Errors
    /// `Unavailable` if the index lags too far behind; or `Throttled`.
    pub async fn open(call: &Call<'_>, kinds: &[Kind]) -> Result<Self, Refused> {
        let (desk, tenant) = (call.desk, &call.tenant);
        let guess = desk.recent.fed_at(tenant);
        let (opened, guessed, shared) = futures::try_join!(
            desk.index.open(tenant),
            async {
                let Some(since) = guess else { return Ok(None) };
                changed(call, kinds, Some(since)).await.map(Some)
            },
            shared(call)
        )?;
        let fed_at = opened.fed_at();
        let part = match guessed.filter(|_| fed_at >= guess) {
            Some(part) => part,
            None => changed(call, kinds, fed_at).await?,
        };
        desk.recent.fed(tenant, fed_at);
        if part.more_after.is_some() {
            return Err(behind().into());
        }
        let (without, missing) = lacking(call, kinds, &*opened, part).await?;
        let made = desk.recent.documents(desk.store, tenant, &call.account, &missing).await?;
        let mut fresh: Vec<Arc<Document>> = Vec::with_capacity(made.len());
        for made in made {
            call.know(made.item);
            fresh.extend(made.now.map(|(document, _)| document));
        }
        if kinds.contains(&Kind::Group) {
            let groups = call.account.all::<Group>()?;
            fresh.extend(groups.iter().map(|it| Arc::new(document::group(it))));
        }
        let of_kinds = Filter::is_any(document::field::TYPE, kinds.iter().map(|it| it.as_str()));
        let seen = Filter::all([of_kinds, visible(call.actor()?, &shared)]);
        Ok(Self { opened, fresh, without, seen })
    }

    /// What is looked for: places, and how many there are in all.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn find(&self, search: Search<'_>) -> Result<Hits, Fault> {
        let filter = Filter::all([self.seen.clone(), search.filter.clone()]);
        let Search { sort, backward, after, most, .. } = search;
        let without = &self.without;
        let wanted = Wanted { filter: &filter, without, sort, backward, after, most };
        let indexed = self.opened.find(wanted).await?;
        let none = BTreeSet::new();
        let fresh = self.fresh.iter().map(|it| &**it);
        let fresh = memory::scan(fresh, &Wanted { without: &none, ..wanted });
        Ok(together(indexed, fresh, &search))
    }

    /// How many there are.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn count(&self, filter: &Filter) -> Result<u64, Fault> {
        let sort = Sort::default();
        let search = Search { filter, sort: &sort, backward: false, after: None, most: 0 };
        Ok(self.find(search).await?.count)
    }
}

/// What changed since a while before the index was fed.
async fn changed(
    call: &Call<'_>,
    kinds: &[Kind],
    fed_at: Option<Timestamp>,
) -> Result<Part, Fault> {
    // Tickets tell of people and organizations.
    let kinds = if kinds.contains(&Kind::Ticket) { Kind::ALL } else { kinds };
    let after = fed_at.map(|at| feed::at(unsettled(at)));
    feed::read(call.desk.store, &call.tenant, kinds, after.as_deref(), MOST_ENTRIES).await
}

/// The time before which nothing joins any more what was there at a time.
pub(super) fn unsettled(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(feed::UNSETTLED_S)).unwrap_or(Timestamp::MIN)
}

/// What the index has another version of, or none: which it is, and what is to be made of it.
async fn lacking(
    call: &Call<'_>,
    kinds: &[Kind],
    opened: &dyn Opened,
    part: Part,
) -> Result<(BTreeSet<Of>, Vec<Entry>), Refused> {
    let mut lacking = missing(opened, part.entries).await?;
    if kinds.contains(&Kind::Ticket) {
        let (store, tenant) = (call.desk.store, &call.tenant);
        let stale = dependents::stale(store, tenant, opened, &lacking).await?;
        if stale.more {
            return Err(behind().into());
        }
        let known: BTreeSet<Of> = lacking.iter().map(|it| it.of).collect();
        lacking.extend(stale.entries.into_iter().filter(|it| !known.contains(&it.of)));
    }
    lacking.retain(|it| kinds.contains(&it.of.kind));
    let without = lacking.iter().map(|it| it.of).collect();
    let to_make: Vec<Entry> = lacking.into_iter().filter(|it| it.stamp.is_some()).collect();
    if to_make.len() > MOST_MADE {
        return Err(behind().into());
    }
    Ok((without, to_make))
}

/// What of the feed the index does not have as it is now.
pub(super) async fn missing(
    opened: &dyn Opened,
    mut entries: Vec<Entry>,
) -> Result<Vec<Entry>, Fault> {
    let of: Vec<Of> = entries.iter().map(|it| it.of).collect();
    let known = opened.stamps(&of).await?;
    entries.retain(|it| known.get(&it.of).copied() != it.stamp);
    Ok(entries)
}

fn behind() -> Fault {
    Fault::Unavailable("the search index is being fed and is far behind".to_owned())
}

/// The organizations of a customer that show all of their tickets to all of their people.
async fn shared(call: &Call<'_>) -> Result<Vec<OrganizationId>, Fault> {
    let Some(actor) = call.actor.as_ref().filter(|actor| !actor.is_agent()) else {
        return Ok(Vec::new());
    };
    let ids: Vec<u64> = actor.face.organization_ids.iter().map(|id| id.get()).collect();
    let all = call.get_all::<Organization>(&ids).await?;
    Ok(all.iter().filter(|it| it.shared_tickets).map(|it| it.id).collect())
}

/// Both in one order.
fn together(a: Hits, b: Hits, search: &Search<'_>) -> Hits {
    let count = a.count.saturating_add(b.count);
    let mut places: Vec<Place> = a.places.into_iter().chain(b.places).collect();
    places.sort_by(|a, b| search.sort.directed(search.backward, a, b));
    places.truncate(search.most);
    Hits { places, count }
}
