//! Scoring by affinity: what goes with a subject's own items, and can be had.

use crate::affinity::port::{Affinities, Loaded, Which};
use crate::affinity::{Own, Ranked};
use crate::item::{Item, Items};
use crate::score::{AffinityDocument, Recommended, Scored};
use crate::signal::Signal;
use ceap_kernel::{Fault, ItemId, TenantId};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};

/// The nearest items that are looked at for one signal. If none of them can be had, nothing is
/// recommended.
const LOOKED_AT: usize = 200;

/// Items of one signal that are read at once.
const AT_ONCE: usize = 20;

/// Own items that a score names as its reasons.
const MAX_REASONS: usize = 3;

/// Where affinity models and items are.
#[derive(Debug, Clone, Copy)]
pub struct Shop<'a> {
    /// Affinity models.
    pub affinities: &'a dyn Affinities,
    /// Items.
    pub items: &'a dyn Items,
}

/// Where neither is kept.
#[derive(Debug, Clone, Copy)]
pub struct NoShop;

impl Affinities for NoShop {
    fn load<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a Which,
    ) -> BoxFuture<'a, Result<Option<Loaded>, Fault>> {
        Box::pin(async { Ok(None) })
    }
}

impl Items for NoShop {
    fn get_many<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a [ItemId],
    ) -> BoxFuture<'a, Result<BTreeMap<ItemId, Item>, Fault>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }
}

/// What one signal asks for, and how far its answer is.
struct Search {
    own: Vec<Own>,
    ranked: Vec<Ranked>,
    /// How many of those ranked were read.
    read: usize,
}

impl Shop<'_> {
    /// The scores of signals of one use case, in their order; none when there is no such model.
    ///
    /// # Errors
    /// `Invalid` when the model's file can't be read; `Unavailable` or `Throttled`.
    pub async fn scores(
        &self,
        tenant: &TenantId,
        asked: &AffinityDocument,
        signals: &[&Signal],
    ) -> Result<Option<Vec<Scored>>, Fault> {
        let Some(loaded) = self.affinities.load(tenant, &asked.model).await? else {
            return Ok(None);
        };
        let search = |signal: &&Signal| {
            let own = asked.own(&signal.features);
            let not = asked.not(&signal.features);
            let ranked = loaded.affinity.recommend(&own, &not, LOOKED_AT);
            Search { own, ranked, read: 0 }
        };
        let mut searches: Vec<Search> = signals.iter().map(search).collect();
        let top = usize::from(asked.top);
        let (mut known, mut read) = (BTreeMap::new(), BTreeSet::new());
        loop {
            let wanted: BTreeSet<ItemId> = searches
                .iter_mut()
                .filter(|it| it.found(&known, top).len() < top)
                .flat_map(Search::next)
                .filter(|id| read.insert(id.clone()))
                .collect();
            let open = searches
                .iter()
                .any(|it| it.read < it.ranked.len() && it.found(&known, top).len() < top);
            if wanted.is_empty() && !open {
                break;
            }
            let wanted: Vec<ItemId> = wanted.into_iter().collect();
            if !wanted.is_empty() {
                known.extend(self.items.get_many(tenant, &wanted).await?);
            }
        }
        let model = match &asked.model {
            Which::Newest(name) => format!("{name}@{}", loaded.id.short()),
            Which::Pinned(id) => id.short().to_owned(),
        };
        Ok(Some(searches.iter().map(|it| it.scored(&known, top, &model)).collect()))
    }
}

impl Search {
    /// What is to be read next: with the first, the subject's own, which reasons name.
    fn next(&mut self) -> Vec<ItemId> {
        let own = self.own.iter().filter(|_| self.read == 0 && !self.ranked.is_empty());
        let more = self.ranked.iter().skip(self.read).take(AT_ONCE);
        let next = own.map(|own| &own.item).chain(more.map(|it| &it.item)).cloned().collect();
        self.read = self.read.saturating_add(AT_ONCE).min(self.ranked.len());
        next
    }

    /// Those of the items read that can be had, the best first.
    fn found<'a>(
        &'a self,
        known: &'a BTreeMap<ItemId, Item>,
        top: usize,
    ) -> Vec<(&'a Ranked, &'a Item)> {
        let read = self.ranked.iter().take(self.read);
        let items = read.filter_map(|it| Some((it, known.get(&it.item)?)));
        items.filter(|(_, item)| item.available).take(top).collect()
    }

    fn scored(&self, known: &BTreeMap<ItemId, Item>, top: usize, model: &str) -> Scored {
        let found = self.found(known, top);
        let reason = |nth: &usize| {
            let own = self.own.get(*nth)?;
            let name = known.get(&own.item).map_or(own.item.as_str(), |item| &item.name);
            Some(format!("{}: {name}", own.event.replace(['_', '.'], " ")))
        };
        let best = found.first().map(|(best, _)| *best);
        let because = best.into_iter().flat_map(|best| &best.because);
        let recommended = |(ranked, item): &(&Ranked, &Item)| Recommended {
            id: item.id.clone(),
            name: item.name.clone(),
            url: item.url.clone(),
            attributes: item.attributes.clone(),
            score: ranked.score,
        };
        Scored {
            score: best.map_or(0.0, |best| best.score),
            reasons: because.filter_map(reason).take(MAX_REASONS).collect(),
            model: model.to_owned(),
            items: found.iter().map(recommended).collect(),
        }
    }
}
