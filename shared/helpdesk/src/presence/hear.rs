//! What clients say, and that they are gone.

use super::Live;
use super::message::{Said, Tells, Trouble};
use super::place::{Holder, IDLE, MOST_WATCHED, NOTED, Place, State, Watched, Watches, kept, read};
use super::tell::{News, sees};
use crate::ids::TicketId;
use crate::later::later;
use crate::record::{Known, Record as _, places};
use crate::store::{Expect, Failure, Key, Write};
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::{Fault, TenantId, Timestamp};
use std::collections::BTreeSet;

/// Times that something is done anew which another message of the same connection was in the way of.
const ATTEMPTS: usize = 5;

/// Bytes of what a client says at once: ten times what any message takes. (The gateway takes 128 KB.)
const MOST_SAID: usize = 1_024;

/// A connection that says something.
struct Speaker<'a> {
    connection: &'a str,
    holder: Holder,
}

/// What it watches, and how often that was written; nothing, if it watches nothing.
struct Before {
    watches: Watches,
    revision: u64,
}

fn read_message(text: &str) -> Result<Said, Trouble> {
    if text.len() > MOST_SAID {
        let why = format!("a message has at most {MOST_SAID} bytes");
        return Err(Trouble::Senseless(why));
    }
    serde_json::from_str(text).map_err(|error| Trouble::Senseless(error.to_string()))
}

impl Live<'_> {
    /// Hears what a client says, and answers it. Tells whose account it is; of a connection that is not known, none.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`, which the client is told of.
    pub async fn hear(&self, connection: &str, text: &str) -> Result<Option<TenantId>, Fault> {
        let said = match read_message(text) {
            Ok(said) => said,
            Err(trouble) => {
                self.refuse(connection, &trouble, None).await?;
                return Ok(None);
            }
        };
        let Some(holder) = self.holder(connection).await? else { return Ok(None) };
        let tenant = holder.tenant.clone();
        match self.done(&Speaker { connection, holder }, said).await {
            Ok(()) => Ok(Some(tenant)),
            Err(trouble) => {
                self.refuse(connection, &trouble, said.ticket()).await?;
                if let Trouble::Fault(fault) = trouble { Err(fault) } else { Ok(Some(tenant)) }
            }
        }
    }

    /// Forgets a connection that has ended, and tells those who watched the same tickets. Tells whose account it was.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn ended(&self, connection: &str) -> Result<Option<TenantId>, Fault> {
        let Some(holder) = self.holder(connection).await? else { return Ok(None) };
        let tickets = self.forget(&holder.tenant, connection, BTreeSet::new()).await?;
        self.show(&holder.tenant, tickets).await?;
        Ok(Some(holder.tenant))
    }

    /// Takes away what is kept of a connection, and its places at `tickets` even if it says nothing of them. Tells where
    /// it was.
    pub(super) async fn forget(
        &self,
        tenant: &TenantId,
        connection: &str,
        tickets: BTreeSet<TicketId>,
    ) -> Result<BTreeSet<TicketId>, Fault> {
        for _ in 0..ATTEMPTS {
            let before = self.watched(tenant, connection, Vec::new()).await?.1;
            let mut all = tickets.clone();
            all.extend(before.iter().flat_map(|it| &it.watches.tickets).map(|it| it.ticket_id));
            let own = before.map(|it| Write::Delete {
                key: Watches::key(connection),
                expect: Expect::Revision(it.revision),
            });
            let places = all.iter().map(|ticket| Write::Delete {
                key: Place::key(*ticket, connection),
                expect: Expect::Anything,
            });
            let writes: Vec<Write> = own.into_iter().chain(places).collect();
            if self.committed(tenant, &writes).await? {
                let key = Holder::key(connection);
                let holder = Write::Delete { key, expect: Expect::Anything };
                self.committed(&TenantId::nobody(), &[holder]).await?;
                return Ok(all);
            }
        }
        Err(busy())
    }

    async fn done(&self, who: &Speaker<'_>, said: Said) -> Result<(), Trouble> {
        let tenant = &who.holder.tenant;
        let changed = self.noted(who, said).await?;
        match said {
            Said::Ping => {
                let pong = Tells::Pong.text()?;
                self.connections.post(who.connection, &pong).await?;
                Ok(())
            }
            Said::Watch { ticket_id, .. } | Said::Leave { ticket_id } if changed => {
                Ok(self.show(tenant, [ticket_id]).await?)
            }
            // Who says again what they said before has perhaps missed what they were told.
            Said::Watch { ticket_id, .. } => {
                let news = BTreeSet::from([(ticket_id, News::Presence)]);
                Ok(self.tell(tenant, news, Some(who.connection)).await?)
            }
            Said::Leave { .. } => Ok(()),
        }
    }

    /// Keeps what was said. Whether anything became different by it.
    async fn noted(&self, who: &Speaker<'_>, said: Said) -> Result<bool, Trouble> {
        let tenant = &who.holder.tenant;
        for _ in 0..ATTEMPTS {
            let (known, before) = self.watched(tenant, who.connection, needed(who, said)).await?;
            let now = self.clock.now();
            let mut tickets =
                before.as_ref().map_or_else(Vec::new, |it| it.watches.tickets.clone());
            match said {
                Said::Watch { ticket_id, state } => {
                    self.allowed(&known, who, ticket_id).await?;
                    watch(&mut tickets, ticket_id, state, now)?;
                }
                Said::Leave { ticket_id } => tickets.retain(|it| it.ticket_id != ticket_id),
                Said::Ping => {}
            }
            let changed = before.as_ref().is_some_and(|it| it.watches.tickets != tickets)
                || (before.is_none() && !tickets.is_empty());
            let writes = writes(who, before.as_ref(), tickets, now)?;
            if self.committed(tenant, &writes).await? {
                return Ok(changed);
            }
        }
        Err(busy().into())
    }

    /// Goes on only if who speaks is an agent who sees the ticket.
    async fn allowed(
        &self,
        known: &Known,
        who: &Speaker<'_>,
        ticket: TicketId,
    ) -> Result<(), Trouble> {
        let user = known.record::<User>(who.holder.user_id.get())?.ok_or(Trouble::Forbidden)?;
        let face = user.face();
        if face.suspended || !face.role.is_agent() {
            return Err(Trouble::Forbidden);
        }
        let account = self.account(&who.holder.tenant, known).await?;
        let ticket = known.record::<Ticket>(ticket.get())?.ok_or(Trouble::NotFound)?;
        if sees(&account, &user, &ticket)? { Ok(()) } else { Err(Trouble::NotFound) }
    }

    /// Whose a connection is, if it is one of ours.
    async fn holder(&self, connection: &str) -> Result<Option<Holder>, Fault> {
        let key = Holder::key(connection);
        let known = Known::read(self.store, &TenantId::nobody(), vec![key.clone()]).await?;
        known.item(&key).map(read).transpose()
    }

    /// What a connection watches, read together with `keys`.
    async fn watched(
        &self,
        tenant: &TenantId,
        connection: &str,
        mut keys: Vec<Key>,
    ) -> Result<(Known, Option<Before>), Fault> {
        let own = Watches::key(connection);
        keys.push(own.clone());
        let known = Known::read(self.store, tenant, keys).await?;
        let before = known
            .item(&own)
            .map(|item| Ok::<_, Fault>(Before { watches: read(item)?, revision: item.revision }));
        let before = before.transpose()?;
        Ok((known, before))
    }

    /// Whether the writes were done: not, if something was changed meanwhile.
    async fn committed(&self, tenant: &TenantId, writes: &[Write]) -> Result<bool, Fault> {
        if writes.is_empty() {
            return Ok(true);
        }
        match self.store.commit(tenant, writes).await {
            Ok(()) => Ok(true),
            Err(Failure::Unexpected(_)) => Ok(false),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    async fn refuse(
        &self,
        connection: &str,
        trouble: &Trouble,
        ticket_id: Option<TicketId>,
    ) -> Result<(), Fault> {
        let (code, message) = trouble.words();
        let text = Tells::Error { code, message, ticket_id }.text()?;
        self.connections.post(connection, &text).await.map(drop)
    }
}

/// Adds a ticket to those that are watched, or changes what its agent does.
fn watch(
    tickets: &mut Vec<Watched>,
    ticket_id: TicketId,
    state: State,
    now: Timestamp,
) -> Result<(), Trouble> {
    // Times in the API are whole seconds.
    let since = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let asked = Watched { ticket_id, state, since };
    let full = tickets.len() >= MOST_WATCHED;
    match tickets.iter_mut().find(|it| it.ticket_id == ticket_id) {
        Some(same) if same.state == state => {}
        Some(other) => *other = asked,
        None if full => return Err(Trouble::TooMany),
        None => tickets.push(asked),
    }
    Ok(())
}

/// What is to be known of who speaks before it is decided.
fn needed(who: &Speaker<'_>, said: Said) -> Vec<Key> {
    match said {
        Said::Watch { ticket_id, .. } => vec![
            places::stamp(),
            places::record(User::KIND, who.holder.user_id.get()),
            places::record(Ticket::KIND, ticket_id.get()),
        ],
        Said::Leave { .. } | Said::Ping => Vec::new(),
    }
}

/// What makes `tickets` of what a connection watched before. Once it was not heard of for some time, everything is
/// written again, so that it does not expire.
fn writes(
    who: &Speaker<'_>,
    before: Option<&Before>,
    tickets: Vec<Watched>,
    now: Timestamp,
) -> Result<Vec<Write>, Fault> {
    let had = before.map_or(&[][..], |it| &it.watches.tickets);
    let due = before.is_none_or(|it| later(it.watches.seen_at, NOTED).is_ok_and(|at| at <= now));
    if tickets == had && !(due && before.is_some()) {
        return Ok(Vec::new());
    }
    let expires_at = later(now, IDLE)?.min(who.holder.ends_at);
    let expect = before.map_or(Expect::Absent, |it| Expect::Revision(it.revision));
    let mut writes = Vec::new();
    for watched in tickets.iter().filter(|it| due || !had.contains(it)) {
        let Watched { ticket_id, state, since } = *watched;
        let place = Place { user_id: who.holder.user_id, state, since };
        let key = Place::key(ticket_id, who.connection);
        writes.push(kept(key, &place, Expect::Anything, expires_at)?);
    }
    for left in had.iter().filter(|it| tickets.iter().all(|is| is.ticket_id != it.ticket_id)) {
        let key = Place::key(left.ticket_id, who.connection);
        writes.push(Write::Delete { key, expect: Expect::Anything });
    }
    let key = Watches::key(who.connection);
    writes.push(if tickets.is_empty() {
        Write::Delete { key, expect }
    } else {
        let seen_at = if due { now } else { before.map_or(now, |it| it.watches.seen_at) };
        kept(key, &Watches { seen_at, tickets }, expect, expires_at)?
    });
    Ok(writes)
}

fn busy() -> Fault {
    Fault::Conflict("too many messages of one connection at once".to_owned())
}
