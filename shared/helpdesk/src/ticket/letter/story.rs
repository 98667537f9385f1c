//! A ticket with all that placeholders may name, read outside of a request.

use super::{Audit, Comment, Record, Ticket};
use crate::account::{Account, Group, Remembered};
use crate::content::Contents;
use crate::ids::UserId;
use crate::organization::Organization;
use crate::record::{Known, places};
use crate::rule::{People, Placeholders};
use crate::schedule::Schedules;
use crate::store::{Range, Store};
use crate::ticket::comment::{COMMENTS, history};
use crate::user::User;
use ceap_kernel::{Fault, TenantId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Comments that a letter may quote: the last ones.
const QUOTED: usize = 20;

/// A ticket, and who is concerned with it.
pub struct Story<'a> {
    ticket: &'a Ticket,
    account: Arc<Account>,
    people: BTreeMap<UserId, User>,
    organization: Option<Organization>,
    /// Who did what is told.
    author: UserId,
    /// When.
    at: Timestamp,
    /// The last ones, the newest first.
    comments: Vec<Comment>,
    base: &'a str,
}

impl<'a> Story<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; `Internal` if a record cannot be read.
    pub async fn read(
        store: &dyn Store,
        accounts: &Remembered,
        tenant: &TenantId,
        ticket: &'a Ticket,
        audit: &Audit,
        base: &'a str,
    ) -> Result<Self, Fault> {
        let (author, at) = (audit.author_id, audit.created_at);
        let last = Range::of(history(ticket.id), QUOTED).starting(COMMENTS).backward(true);
        let ids = [Some(ticket.requester_id), ticket.assignee_id, Some(author)];
        let people = ids.iter().flatten().map(|id| places::record(User::KIND, id.get()));
        let organization = ticket.organization_id.map(|id| id.get());
        let of = organization.map(|id| places::record(Organization::KIND, id));
        let keys = people.chain(of).chain([places::stamp()]).collect();
        let (known, said) =
            futures::try_join!(Known::read(store, tenant, keys), store.range(tenant, &last))?;
        let comments: Result<Vec<Comment>, Fault> = said.items.iter().map(Comment::read).collect();
        let comments = comments?;
        let more = comments.iter().map(|it| places::record(User::KIND, it.author_id.get()));
        let authors = Known::read(store, tenant, more.collect()).await?;
        let mut people = BTreeMap::new();
        for id in ids.into_iter().flatten().chain(comments.iter().map(|it| it.author_id)) {
            let user = known.record::<User>(id.get())?.or(authors.record::<User>(id.get())?);
            people.extend(user.map(|user| (id, user)));
        }
        let organization = organization.map(|id| known.record(id)).transpose()?.flatten();
        let stamp = known.item(&places::stamp()).and_then(|item| item.body.parse().ok());
        let account = accounts.get(store, tenant, stamp.unwrap_or_default()).await?;
        Ok(Self { ticket, account, people, organization, author, at, comments, base })
    }

    /// What placeholders stand for in what is told to an agent, or to somebody else: they do not read internal notes. Dynamic
    /// content is in the language of who reads it; of the requester, unless that is known.
    #[must_use]
    pub fn to(&self, agent: bool, locale: Option<&str>) -> Placeholders {
        let person = |id: UserId| self.people.get(&id);
        let group =
            self.ticket.group_id.and_then(|id| self.account.find::<Group>(id.get()).ok()?);
        let people = People {
            requester: person(self.ticket.requester_id),
            assignee: self.ticket.assignee_id.and_then(person),
            current_user: person(self.author),
            group: group.as_ref().map(|it| it.name.as_str()),
            organization: self.organization.as_ref().map(|it| it.name.as_str()),
        };
        let url = format!("{}/agent/tickets/{}", self.base, self.ticket.id);
        let name = self.account.settings().map(|it| it.name).unwrap_or_default();
        let mut placeholders = Placeholders::of(self.ticket, people, &name, &url);
        let seen = self.comments.iter().filter(|it| agent || it.public);
        let said: Vec<(&str, &Comment)> = seen
            .map(|it| (person(it.author_id).map_or("", |user| user.name.as_str()), it))
            .collect();
        placeholders.said(&said);
        let asks = || person(self.ticket.requester_id).map(|it| it.locale.as_str());
        let contents = Contents::of(&self.account, locale.or_else(asks)).unwrap_or_default();
        // If the schedules cannot be read, the account could not be either.
        let open = Schedules::of(&self.account).is_ok_and(|it| it.open(self.ticket, self.at));
        placeholders.within_hours(open).with(contents)
    }
}
