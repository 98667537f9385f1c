//! What those who watch tickets are told.

use super::message::{Seen, Tells};
use super::place::{Place, read};
use super::{Live, Posted};
use crate::access::{Action, Resource, permits};
use crate::account::Account;
use crate::ids::{TicketId, UserId};
use crate::record::{Known, Record as _, places};
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::{Fault, TenantId, Timestamp};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Calls that wait at the same time.
const AT_ONCE: usize = 32;

/// Times that it is told anew because somebody was found to be gone.
const ROUNDS: usize = 4;

/// Characters of a picture's address that are told, so that a message stays far below 128 KB.
const MOST_PHOTO: usize = 500;

/// What is told of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    /// Who is at it.
    Presence,
    /// That it was changed.
    Updated {
        /// By whom.
        by: UserId,
    },
}

/// A connection's place at a ticket.
struct Watcher {
    connection: String,
    place: Place,
}

/// A ticket with who is at it, as far as they see it.
struct Scene {
    ticket: Ticket,
    watchers: Vec<Watcher>,
}

/// What came of telling.
#[derive(Default)]
struct Outcome {
    /// Connections that are no more, and where they were.
    gone: BTreeMap<String, BTreeSet<TicketId>>,
    /// Why somebody could not be told.
    fault: Option<Fault>,
}

impl Live<'_> {
    /// Tells all who watch these tickets, or only one of them. Whoever is found to be gone is taken away, and the others
    /// are told so.
    pub(super) async fn tell(
        &self,
        tenant: &TenantId,
        mut news: BTreeSet<(TicketId, News)>,
        mut only: Option<&str>,
    ) -> Result<(), Fault> {
        let mut failed = None;
        for _ in 0..ROUNDS {
            let Outcome { gone, fault } = self.told(tenant, &news, only).await?;
            failed = failed.or(fault);
            if gone.is_empty() {
                break;
            }
            let left = gone.into_iter().map(|(connection, tickets)| async move {
                self.forget(tenant, &connection, tickets).await
            });
            let left = stream::iter(left).buffer_unordered(AT_ONCE);
            let left: Vec<BTreeSet<TicketId>> = left.try_collect().await?;
            news = left.into_iter().flatten().map(|ticket| (ticket, News::Presence)).collect();
            only = None;
        }
        failed.map_or(Ok(()), Err)
    }

    async fn told(
        &self,
        tenant: &TenantId,
        news: &BTreeSet<(TicketId, News)>,
        only: Option<&str>,
    ) -> Result<Outcome, Fault> {
        let as_of = self.clock.now();
        let watchers = self.watchers(tenant, news.iter().map(|(ticket, _)| *ticket)).await?;
        if watchers.is_empty() {
            return Ok(Outcome::default());
        }
        let (people, scenes) = self.seen(tenant, watchers).await?;
        let mut texts = Vec::new();
        for (ticket, news) in news {
            let Some(scene) = scenes.get(ticket) else { continue };
            let text = match news {
                News::Presence => scene.presence(&people, as_of)?,
                News::Updated { by } => scene.updated(*by)?,
            };
            let to = scene.watchers.iter().map(|it| &*it.connection);
            let to = to.filter(|it| only.is_none_or(|only| only == *it));
            texts.extend(to.map(|connection| (*ticket, connection, text.clone())));
        }
        Ok(self.posted(texts).await)
    }

    /// Those who are at each of these tickets, if anybody is.
    async fn watchers(
        &self,
        tenant: &TenantId,
        tickets: impl Iterator<Item = TicketId>,
    ) -> Result<BTreeMap<TicketId, Vec<Watcher>>, Fault> {
        let tickets: BTreeSet<TicketId> = tickets.collect();
        let each = tickets.into_iter().map(|ticket| async move {
            let found = self.store.range(tenant, &Place::all(ticket)).await?;
            let all = found
                .items
                .iter()
                .map(|item| Ok(Watcher { connection: item.key.sort.clone(), place: read(item)? }));
            Ok::<_, Fault>((ticket, all.collect::<Result<Vec<_>, Fault>>()?))
        });
        let mut all: BTreeMap<_, _> =
            stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await?;
        all.retain(|_, watchers| !watchers.is_empty());
        Ok(all)
    }

    /// The tickets, each with those of its watchers who may see it now, and who these are.
    async fn seen(
        &self,
        tenant: &TenantId,
        watchers: BTreeMap<TicketId, Vec<Watcher>>,
    ) -> Result<(BTreeMap<UserId, User>, BTreeMap<TicketId, Scene>), Fault> {
        let ids: BTreeSet<UserId> =
            watchers.values().flatten().map(|it| it.place.user_id).collect();
        let mut keys = vec![places::stamp()];
        keys.extend(ids.iter().map(|id| places::record(User::KIND, id.get())));
        keys.extend(watchers.keys().map(|id| places::record(Ticket::KIND, id.get())));
        let known = Known::read(self.store, tenant, keys).await?;
        let account = self.account(tenant, &known).await?;
        let mut people = BTreeMap::new();
        for id in ids {
            people.extend(known.record::<User>(id.get())?.map(|user| (id, user)));
        }
        let mut scenes = BTreeMap::new();
        for (id, mut watchers) in watchers {
            let Some(ticket) = known.record::<Ticket>(id.get())? else { continue };
            let mut may = BTreeSet::new();
            for user in watchers.iter().filter_map(|it| people.get(&it.place.user_id)) {
                if !may.contains(&user.id) && sees(&account, user, &ticket)? {
                    may.insert(user.id);
                }
            }
            watchers.retain(|it| may.contains(&it.place.user_id));
            scenes.insert(id, Scene { ticket, watchers });
        }
        Ok((people, scenes))
    }

    /// What the account is set up with, as of the stamp that was read.
    pub(super) async fn account(
        &self,
        tenant: &TenantId,
        known: &Known,
    ) -> Result<Arc<Account>, Fault> {
        let stamp = known.item(&places::stamp()).and_then(|item| item.body.parse().ok());
        self.accounts.get(self.store, tenant, stamp.unwrap_or_default()).await
    }

    async fn posted(&self, texts: Vec<(TicketId, &str, String)>) -> Outcome {
        let each = texts.into_iter().map(|(ticket, connection, text)| async move {
            (ticket, connection, self.connections.post(connection, &text).await)
        });
        let mut outcome = Outcome::default();
        let mut all = std::pin::pin!(stream::iter(each).buffer_unordered(AT_ONCE));
        while let Some((ticket, connection, posted)) = all.next().await {
            match posted {
                Ok(Posted::Sent) => {}
                Ok(Posted::Gone) => {
                    outcome.gone.entry(connection.to_owned()).or_default().insert(ticket);
                }
                Err(fault) => outcome.fault = Some(fault),
            }
        }
        outcome
    }
}

impl Scene {
    /// Who is at it: each agent once, with what they do at most.
    fn presence(&self, people: &BTreeMap<UserId, User>, as_of: Timestamp) -> Result<String, Fault> {
        let mut agents: Vec<Seen<'_>> = Vec::new();
        for Watcher { place, .. } in &self.watchers {
            let Some(user) = people.get(&place.user_id) else { continue };
            let Place { state, since, .. } = *place;
            match agents.iter_mut().find(|it| it.id == user.id) {
                Some(same) if same.state == state => same.since = same.since.min(since),
                Some(same) if same.state > state => {}
                Some(same) => (same.state, same.since) = (state, since),
                None => agents.push(Seen {
                    id: user.id,
                    name: &user.name,
                    photo: user
                        .photo
                        .as_ref()
                        .map(|it| &*it.url)
                        .filter(|it| it.len() <= MOST_PHOTO),
                    state,
                    since,
                }),
            }
        }
        agents.sort_by_key(|it| (it.since, it.id));
        Tells::Presence { ticket_id: self.ticket.id, as_of, agents: &agents }.text()
    }

    fn updated(&self, by: UserId) -> Result<String, Fault> {
        let updated_stamp = self.ticket.updated_at;
        Tells::TicketUpdated { ticket_id: self.ticket.id, updated_stamp, by }.text()
    }
}

/// Whether somebody is an agent who sees a ticket. (What an organization shares is for end-users alone.)
pub(super) fn sees(account: &Account, user: &User, ticket: &Ticket) -> Result<bool, Fault> {
    let face = user.face();
    if face.suspended || !face.role.is_agent() {
        return Ok(false);
    }
    permits(&account.actor(face)?, Action::ReadTicket, Resource::Ticket(ticket, false))
}
