//! Documents, made of records.

use super::feed::{self, Entry};
use super::{Document, Kind, Of, Stamp, document};
use crate::account::Account;
use crate::field::{OrganizationField, TicketField, UserField};
use crate::ids::TicketId;
use crate::organization::Organization;
use crate::record::{Kept, Known};
use crate::satisfaction::SatisfactionRating;
use crate::store::{Item, Range, Store};
use crate::ticket::{Comment, Ticket, comment};
use crate::user::User;
use ceap_kernel::{Fault, TenantId, Timestamp};
use futures::StreamExt;
use futures::TryStreamExt;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Comments of a ticket that are searched (Zendesk's limit).
const COMMENTS: usize = 500;

/// Reads of comments that are under way at once.
const AT_ONCE: usize = 64;

/// What was made of a record.
#[derive(Debug, Clone)]
pub struct Made {
    /// Of which.
    pub of: Of,
    /// The document and the version that it is made of; nothing, if the record is no more.
    pub now: Option<(Arc<Document>, Stamp)>,
    /// The record itself, as it was read.
    pub item: Option<Item>,
}

/// Makes the documents of what stands on the feed.
///
/// All that they are made of is read at once, and so may be of different moments: a document has the version of its
/// place on the feed, which was read before, so that it is made again if anything came after.
///
/// # Errors
/// `Unavailable` or `Throttled`; `Internal` if something cannot be read.
pub async fn documents(
    store: &dyn Store,
    tenant: &TenantId,
    account: &Account,
    entries: &[Entry],
) -> Result<Vec<Made>, Fault> {
    let alive = entries.iter().filter(|it| it.stamp.is_some());
    let keys = alive.clone().flat_map(|it| feed::key(it.of).into_iter().chain(it.beside.clone()));
    let tickets = alive.filter(|it| it.of.kind == Kind::Ticket);
    let tickets = tickets.filter_map(|it| TicketId::new(it.of.id));
    let (known, comments) = futures::try_join!(
        Known::read(store, tenant, keys.collect()),
        comments(store, tenant, tickets.collect())
    )?;
    let making = Making {
        known,
        comments,
        ticket_fields: &account.all::<TicketField>()?,
        user_fields: &account.all::<UserField>()?,
        organization_fields: &account.all::<OrganizationField>()?,
    };
    let made = entries.iter().map(|entry| {
        let now = entry.stamp.map(|stamp| Ok((making.document(entry)?, stamp))).transpose()?;
        let now = now.and_then(|(document, stamp)| Some((Arc::new(document?), stamp)));
        let item = feed::key(entry.of).and_then(|key| making.known.item(&key).cloned());
        Ok(Made { of: entry.of, now, item })
    });
    made.collect()
}

/// What was said in tickets.
async fn comments(
    store: &dyn Store,
    tenant: &TenantId,
    tickets: Vec<TicketId>,
) -> Result<BTreeMap<TicketId, Vec<Comment>>, Fault> {
    let read = tickets.into_iter().map(|id| async move {
        let range = Range::of(comment::history(id), COMMENTS).starting(comment::COMMENTS);
        let found = store.range(tenant, &range).await?;
        let wrong = |error| Fault::Internal(format!("unreadable comment: {error}"));
        let comments = found.items.iter().map(|item| serde_json::from_str(&item.body));
        let comments: Result<Vec<Comment>, _> = comments.collect();
        Ok::<_, Fault>((id, comments.map_err(wrong)?))
    });
    futures::stream::iter(read).buffer_unordered(AT_ONCE).try_collect().await
}

/// What documents are made of.
struct Making<'a> {
    known: Known,
    comments: BTreeMap<TicketId, Vec<Comment>>,
    ticket_fields: &'a [Kept<TicketField>],
    user_fields: &'a [Kept<UserField>],
    organization_fields: &'a [Kept<OrganizationField>],
}

impl Making<'_> {
    fn document(&self, entry: &Entry) -> Result<Option<Document>, Fault> {
        let id = entry.of.id;
        Ok(match entry.of.kind {
            Kind::Ticket => match self.known.record::<Ticket>(id)? {
                Some(ticket) => Some(self.ticket(&ticket)?),
                None => None,
            },
            Kind::User => {
                let user = self.known.record::<User>(id)?;
                let shown = |it| document::user(&it, self.user_fields);
                user.map(|it| shown(it).unwrap_or_else(|| Document::unseen(Kind::User, id)))
            }
            Kind::Organization => {
                let organization = self.known.record::<Organization>(id)?;
                organization.map(|it| document::organization(&it, self.organization_fields))
            }
            Kind::Group => None,
        })
    }

    fn ticket(&self, ticket: &Ticket) -> Result<Document, Fault> {
        let requester = self.known.record::<User>(ticket.requester_id.get())?;
        let organization = match ticket.organization_id {
            Some(id) => self.known.record::<Organization>(id.get())?,
            None => None,
        };
        let rating = match ticket.satisfaction_rating_id {
            Some(id) => self.known.record::<SatisfactionRating>(id.get())?,
            None => None,
        };
        let beside = document::Beside {
            requester: requester.as_ref(),
            organization: organization.as_ref(),
            reason: rating.and_then(|it| it.reason_code),
            fields: self.ticket_fields,
        };
        let comments = self.comments.get(&ticket.id).map(Vec::as_slice);
        Ok(document::ticket(ticket, comments.unwrap_or_default(), &beside))
    }
}

/// What was made a moment ago, so that who searches again while the index lags does not read and make it again.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    made: HashMap<(TenantId, Of), Made>,
    weight: usize,
    fed: HashMap<TenantId, Timestamp>,
}

/// Bytes that are remembered; beyond, all are forgotten.
const MOST_BYTES: usize = 32 << 20;

impl Recent {
    /// The same as [`documents`], only that what is known already is not read.
    ///
    /// # Errors
    /// As [`documents`].
    pub async fn documents(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
        account: &Account,
        entries: &[Entry],
    ) -> Result<Vec<Made>, Fault> {
        let (mut made, mut unknown) = (Vec::new(), Vec::new());
        {
            let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for entry in entries {
                let known = remembered.made.get(&(tenant.clone(), entry.of));
                let is_it = |it: &&Made| it.now.as_ref().map(|(_, stamp)| *stamp) == entry.stamp;
                match known.filter(is_it) {
                    Some(known) => made.push(known.clone()),
                    None => unknown.push(entry.clone()),
                }
            }
        }
        let new = documents(store, tenant, account, &unknown).await?;
        self.remember(tenant, &new);
        made.extend(new);
        Ok(made)
    }

    /// When a tenant's index had been fed, as it was last seen.
    pub(super) fn fed_at(&self, tenant: &TenantId) -> Option<Timestamp> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.fed.get(tenant).copied()
    }

    /// When it had been fed, as it is seen now.
    pub(super) fn fed(&self, tenant: &TenantId, at: Option<Timestamp>) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match at {
            Some(at) => drop(remembered.fed.insert(tenant.clone(), at)),
            None => drop(remembered.fed.remove(tenant)),
        }
    }

    fn remember(&self, tenant: &TenantId, made: &[Made]) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for made in made {
            let Some((document, _)) = &made.now else { continue };
            let record = made.item.as_ref().map_or(0, |item| item.body.len());
            let weight = document.weight().saturating_add(record);
            if remembered.weight.saturating_add(weight) > MOST_BYTES {
                *remembered = Remembered::default();
            }
            remembered.weight = remembered.weight.saturating_add(weight);
            remembered.made.insert((tenant.clone(), made.of), made.clone());
        }
    }
}
