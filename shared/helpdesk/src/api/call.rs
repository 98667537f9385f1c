//! A request on its way: who asks, what, and what was read for it so far.

use super::answer::Answer;
use super::ask::Ask;
use super::refused::Refused;
use crate::access::{Action, Actor, Resource, permits};
use crate::account::{Account, AuditLog};
use crate::job;
use crate::later::later;
use crate::record::changes::Clash;
use crate::record::{Changes, Kept, Record, places};
use crate::store::{
    Failure, Item, Key, MOST_AT_ONCE, MOST_BYTES, MOST_WRITES, Range, Store, Write,
};
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// What the helpdesk reaches beyond its own records.
pub struct Desk<'a> {
    /// The records.
    pub store: &'a dyn Store,
    /// What accounts are set up with, as last read.
    pub accounts: &'a crate::account::Remembered,
    /// The platform's credentials.
    pub platform: &'a dyn crate::access::credential::Platform,
    /// Verifies the tokens of people who signed in.
    pub sign_in: &'a dyn crate::access::sign_in::SignIn,
    /// Whose app clients were, as last read.
    pub clients: &'a crate::access::sign_in::Clients,
    /// How much an account may ask.
    pub ceiling: &'a dyn super::rate::Ceiling,
    /// The time.
    pub clock: &'a dyn ceap_kernel::Clock,
    /// Keeps files.
    pub files: &'a dyn crate::file::Files,
    /// Keeps secrets.
    pub secrets: &'a dyn crate::secret::Secrets,
    /// Makes webhooks' requests.
    pub deliver: &'a dyn crate::webhook::Deliver,
    /// What is searched.
    pub index: &'a dyn crate::search::Index,
    /// What was made for searches that the index did not have yet.
    pub recent: &'a crate::search::Recent,
    /// Posts to who is connected to the WebSocket API.
    pub connections: &'a dyn crate::presence::Connections,
    /// 256 random bits.
    pub random: &'a dyn Fn() -> [u8; 32],
}

/// A request on its way.
pub struct Call<'a> {
    /// What it reaches.
    pub desk: &'a Desk<'a>,
    /// Whose account it is.
    pub tenant: TenantId,
    /// What the account is set up with.
    pub account: Arc<Account>,
    /// Who asks; nobody who is known, on routes that are for anyone.
    pub actor: Option<Actor>,
    /// What is asked.
    pub ask: &'a Ask,
    /// The variables of the path.
    pub path: Vec<(&'static str, String)>,
    /// When, to the second: as precise as the API tells times.
    pub at: Timestamp,
    /// If it is a step of a job: where it is remembered that it was done, by the first commit.
    pub(super) once: Cell<Option<Key>>,
    pub(super) memo: Memo,
    pub(super) last_id: Cell<u64>,
}

/// What was read so far; `None` where nothing is.
pub type Memo = RefCell<HashMap<Key, Option<Item>>>;

/// That a step of a job is not done yet.
#[derive(Debug)]
#[must_use]
pub struct Held(Option<Key>);

/// The least id that can be given at a time.
#[must_use]
pub fn id_at(at: Timestamp) -> u64 {
    const BEGAN: i64 = 1_577_836_800_000; // 2020-01-01
    let since = at.as_millisecond().saturating_sub(BEGAN);
    u64::try_from(since).unwrap_or_default() << 12
}

impl<'a> Call<'a> {
    /// Who asks.
    ///
    /// # Errors
    /// 401 if nobody who is known does.
    pub fn actor(&self) -> Result<&Actor, Refused> {
        self.actor.as_ref().ok_or(Refused::Unknown)
    }

    /// Whether who asks may do this.
    ///
    /// # Errors
    /// `Internal` if the policies cannot be judged.
    pub fn may(&self, action: Action, resource: Resource<'_>) -> Result<bool, Refused> {
        Ok(permits(self.actor()?, action, resource)?)
    }

    /// Goes on only if who asks may do this.
    ///
    /// # Errors
    /// 403 if they may not.
    pub fn require(&self, action: Action, resource: Resource<'_>) -> Result<(), Refused> {
        if self.may(action, resource)? { Ok(()) } else { Err(Refused::Forbidden) }
    }

    /// A name that nothing else has: 32 hexadecimal digits.
    #[must_use]
    pub fn random_name(&self) -> String {
        (self.desk.random)().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same, made by somebody else: of whom it is known by other means that they make it.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self {
            desk: self.desk,
            tenant: self.tenant.clone(),
            account: self.account.clone(),
            actor: Some(actor),
            ask: self.ask,
            path: self.path.clone(),
            at: self.at,
            once: Cell::new(self.once.take()),
            memo: self.memo.clone(),
            last_id: self.last_id.clone(),
        }
    }

    /// The same, of which nothing was read yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            desk: self.desk,
            tenant: self.tenant.clone(),
            account: self.account.clone(),
            actor: self.actor.clone(),
            ask: self.ask,
            path: self.path.clone(),
            at: self.at,
            once: Cell::new(None),
            memo: Memo::default(),
            last_id: self.last_id.clone(),
        }
    }

    /// A variable of the path.
    #[must_use]
    pub fn variable(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str())
    }

    /// A variable of the path that is an id.
    ///
    /// # Errors
    /// 404 when no record can have it; 400 when it is no number.
    pub fn id(&self, name: &str) -> Result<u64, Refused> {
        let text = self.variable(name);
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refused::parameter(name, "must be an integer"));
        }
        let id = text.parse().ok().filter(|id| (1..=crate::ids::MAX).contains(id));
        id.ok_or(Refused::NotFound)
    }

    /// A new id: greater than all that were given before, in this account, to the millisecond; unique to one in 2,048
    /// within it, which the record's own write then finds out. Fits in 53 bits until 2089.
    #[must_use]
    pub fn new_id(&self) -> u64 {
        let random = (self.desk.random)();
        let bits = u64::from(u16::from_be_bytes([random[0], random[1]]) & 0x7ff);
        let fresh = id_at(self.desk.clock.now()) | bits;
        let id = fresh.max(self.last_id.get().saturating_add(1));
        self.last_id.set(id);
        id
    }

    /// The absolute address of something of the API, on the caller's own host: `/tickets/35.json`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v2{path}", self.ask.base)
    }

    /// Whether it is a step of a job, of which nothing was kept yet.
    #[must_use]
    pub fn is_step(&self) -> bool {
        let once = self.once.take();
        let is = once.is_some();
        self.once.set(once);
        is
    }

    /// Keeps what follows from remembering that the step is done: it takes several commits, of which the last is to.
    pub fn hold(&self) -> Held {
        Held(self.once.take())
    }

    /// The next commit is the last of the step.
    pub fn release(&self, held: Held) {
        self.once.set(held.0);
    }

    // --- reading

    /// Reads what was not read yet of `keys`, all at once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn fetch(&self, keys: impl IntoIterator<Item = Key>) -> Result<(), Fault> {
        let mut missing: Vec<Key> = {
            let memo = self.memo.borrow();
            keys.into_iter().filter(|key| !memo.contains_key(key)).collect()
        };
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.desk.store.get(&self.tenant, &missing).await?;
        let mut memo = self.memo.borrow_mut();
        memo.extend(missing.into_iter().map(|key| (key, None)));
        memo.extend(found.into_iter().map(|item| (item.key.clone(), Some(item))));
        Ok(())
    }

    /// What was read otherwise needs not be read again.
    pub(crate) fn know(&self, item: Option<Item>) {
        self.memo.borrow_mut().extend(item.map(|item| (item.key.clone(), Some(item))));
    }

    /// What is at a key.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn item(&self, key: &Key) -> Result<Option<Item>, Fault> {
        self.fetch([key.clone()]).await?;
        Ok(self.memo.borrow().get(key).cloned().flatten())
    }

    /// What a name that only one record may have leads to.
    ///
    /// # Errors
    /// `Unavailable`, `Throttled`, or `Internal` if it cannot be read.
    pub async fn lookup<T: DeserializeOwned>(
        &self,
        of: &str,
        value: &str,
    ) -> Result<Option<T>, Fault> {
        let item = self.item(&places::unique(of, value)).await?;
        item.map(|item| serde_json::from_str(&item.body))
            .transpose()
            .map_err(|error| Fault::Internal(format!("unreadable {of}: {error}")))
    }

    /// A record, if there is one with this id.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn find<R: Record>(&self, id: u64) -> Result<Option<Kept<R>>, Fault> {
        self.item(&places::record(R::KIND, id)).await?.map(|item| Kept::read(&item)).transpose()
    }

    /// A record.
    ///
    /// # Errors
    /// 404 if there is none with this id.
    pub async fn get<R: Record>(&self, id: u64) -> Result<Kept<R>, Refused> {
        self.find(id).await?.ok_or(Refused::NotFound)
    }

    /// The records with these ids, in their order, without those that are not there.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn get_all<R: Record>(&self, ids: &[u64]) -> Result<Vec<Kept<R>>, Fault> {
        self.fetch(ids.iter().map(|id| places::record(R::KIND, *id))).await?;
        let memo = self.memo.borrow();
        let items = ids.iter().filter_map(|id| memo.get(&places::record(R::KIND, *id))?.as_ref());
        items.map(Kept::read).collect()
    }

    /// A range of a partition. What it holds needs not be read again.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn range(&self, range: &Range) -> Result<crate::store::Found, Fault> {
        let found = self.desk.store.range(&self.tenant, range).await?;
        let read = found.items.iter().map(|item| (item.key.clone(), Some(item.clone())));
        self.memo.borrow_mut().extend(read);
        Ok(found)
    }

    // --- writing

    /// Does the changes, all or none. What was read is forgotten then. Of a step of a job, that it was done is remembered
    /// with the first of its commits.
    ///
    /// # Errors
    /// 409 when something was changed meanwhile; 422 when a name is taken; `Unavailable` or `Throttled`.
    pub async fn commit(&self, mut changes: Changes) -> Result<(), Refused> {
        let once = self.once.take();
        if changes.is_empty() && once.is_none() {
            return Ok(());
        }
        if let Some(key) = &once {
            let index = key.sort.rsplit('#').next().and_then(|it| it.parse().ok());
            let (method, path) = (self.ask.method, self.ask.path());
            let result = job::result(method, path, index.unwrap_or_default(), &changes);
            let over = later(self.at, job::REMEMBERED_SECONDS)?;
            changes.once(key.clone(), &result, Some(over))?;
        }
        self.tell(&mut changes)?;
        let beyond = changes.spill();
        let (writes, clashes) = changes.finish();
        if writes.len() > MOST_WRITES {
            let text = "Changes too much at once: do it in parts".to_owned();
            return Err(Refused::Other(422, "TooManyChanges", text));
        }
        if let Err(large) = fits(&writes) {
            self.once.set(once);
            return Err(large);
        }
        let done = self.desk.store.commit(&self.tenant, &writes).await;
        self.memo.borrow_mut().clear();
        if done.is_err() {
            self.once.set(once);
        }
        match done {
            Ok(()) => {
                for part in beyond.chunks(MOST_WRITES) {
                    self.added(part).await?;
                }
                Ok(())
            }
            Err(Failure::Fault(fault)) => Err(fault.into()),
            Err(Failure::Unexpected(index)) => Err(match clashes.into_iter().nth(index) {
                Some(Clash::Taken(refusal)) => refusal.into(),
                Some(Clash::Done) => {
                    Refused::Other(409, "AlreadyDone", "was done before".to_owned())
                }
                Some(Clash::Changed) | None => Refused::Conflict,
            }),
        }
    }

    /// Adds to numbers.
    async fn added(&self, writes: &[Write]) -> Result<(), Fault> {
        match self.desk.store.commit(&self.tenant, writes).await {
            Ok(()) | Err(Failure::Unexpected(_)) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    /// Has the account's log tell of changes, in the same commit. What an account begins with is nobody's change.
    fn tell(&self, changes: &mut Changes) -> Result<(), Refused> {
        let told = changes.told();
        let Some(actor) = &self.actor else { return Ok(()) };
        for change in told {
            let id = crate::ids::RecordId::fresh(self)?;
            changes.create(&AuditLog::of(
                id,
                self.at,
                actor.id(),
                self.ask.ip_address(),
                change,
            ))?;
        }
        Ok(())
    }

    /// Does a part of what a step of a job does in many: that it was done is remembered with a later commit only, and
    /// until then it may be begun again.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_part(&self, changes: Changes) -> Result<(), Refused> {
        let held = self.hold();
        let done = self.commit(changes).await;
        self.release(held);
        done
    }

    /// Adds one record.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn add<R: Record>(&self, record: &R) -> Result<(), Refused> {
        let mut changes = Changes::new();
        changes.create(record)?;
        self.commit(changes).await
    }

    /// Changes one record.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn change<R: Record>(&self, before: &Kept<R>, after: &R) -> Result<(), Refused> {
        let mut changes = Changes::new();
        changes.update(before, after)?;
        self.commit(changes).await
    }

    /// Takes one record away.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn remove<R: Record>(&self, before: &Kept<R>) -> Result<Answer, Refused> {
        let mut changes = Changes::new();
        changes.delete(before)?;
        self.commit(changes).await?;
        Ok(Answer::gone())
    }
}

/// Refuses what is larger than a store keeps.
fn fits(writes: &[Write]) -> Result<(), Refused> {
    let large = |what: &str, bytes: usize, most: usize| {
        let text = format!("{what} would have {bytes} bytes, at most {most} are kept: say less");
        Err(Refused::Other(413, "RecordTooLarge", text))
    };
    if let Some(write) = writes.iter().find(|write| write.bytes() > MOST_BYTES) {
        // The key may hold an address, so only its kind is told.
        let key = write.key();
        let kind = if key.partition == places::ACCOUNT { &key.sort } else { &key.partition };
        let kind = kind.split('#').next().unwrap_or_default().to_lowercase();
        return large(&format!("the {kind}"), write.bytes(), MOST_BYTES);
    }
    let all = writes.iter().map(Write::bytes).fold(0, usize::saturating_add);
    if all > MOST_AT_ONCE { large("what is asked for", all, MOST_AT_ONCE) } else { Ok(()) }
}
