//! A tenant's use cases: kept with all their versions, changed, taken back, installed from the
//! catalogue. A document says its own version, which counts up with each change: whoever changes an
//! older one than is kept is told, so that two people never overwrite each other unseen.

use super::catalogue;
use super::compile::UseCase;
use super::document::{Document, Mode, Purpose};
use super::place;
use super::stored::Stored;
use super::trigger::{Duty, ScheduleDocument};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp, UseCaseId};
use futures::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of one document.
const MAX_BYTES: usize = 128 * 1024;

/// A version of a use case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UseCaseVersion")]
pub struct Version {
    /// When it was stored.
    pub updated_at: Timestamp,
    /// The document, which says its version.
    pub document: Document,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "UseCaseListed")]
pub struct Listed {
    /// Its id.
    pub id: UseCaseId,
    /// Its version.
    pub version: u32,
    /// For people.
    pub name: String,
    /// Why it sends.
    pub purpose: Purpose,
    /// Whether it acts.
    pub mode: Mode,
    /// When this version was stored.
    pub updated_at: Timestamp,
}

/// Keeps use cases.
#[allow(async_fn_in_trait)]
pub trait UseCaseKeeper {
    /// The use cases that there are, by id.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Version>, Fault>;

    /// The use case, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Option<Version>, Fault>;

    /// All versions that there ever were, newest first, of a deleted one too.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn versions(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Vec<Version>, Fault>;

    /// Keeps a version, if there never was one of this number.
    ///
    /// # Errors
    /// `Conflict` when there was; `Unavailable` or `Throttled`.
    async fn put(&self, tenant: &TenantId, version: &Version) -> Result<(), Fault>;

    /// Deletes the use case, if `version` is the one that is kept; its versions stay.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn delete(&self, tenant: &TenantId, id: &UseCaseId, version: u32) -> Result<(), Fault>;
}

/// Starts the runs of use cases that have a schedule.
#[allow(async_fn_in_trait)]
pub trait Schedules {
    /// From `now` on the use case does its `duty` as `schedule` says; never, without one.
    ///
    /// # Errors
    /// `Invalid` when there can be no such schedule; `Unavailable` or `Throttled`.
    async fn set(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        duty: Duty,
        schedule: Option<&ScheduleDocument>,
        now: Timestamp,
    ) -> Result<(), Fault>;
}

/// A tenant's use cases.
#[derive(Debug)]
pub struct Library<K, S, C> {
    /// Where they are kept.
    pub keeper: K,
    /// What starts those that have a schedule.
    pub schedules: S,
    /// The wall clock.
    pub clock: C,
}

impl<K: UseCaseKeeper, S: Schedules, C: Clock> Library<K, S, C> {
    /// The use cases that there are, by id.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<Listed>, Fault> {
        let all = self.keeper.list(tenant).await?;
        let listed = |version: Version| Listed {
            id: version.document.id,
            version: version.document.version,
            name: version.document.name,
            purpose: version.document.purpose,
            mode: version.document.mode,
            updated_at: version.updated_at,
        };
        Ok(all.into_iter().map(listed).collect())
    }

    /// The use case, or an older version of it.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` or `Throttled`.
    pub async fn get(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        version: Option<u32>,
    ) -> Result<Version, Fault> {
        version_of(&self.keeper, tenant, id, version).await
    }

    /// Keeps a document in YAML or JSON that compiles with what the tenant has `stored`.
    ///
    /// # Errors
    /// `Invalid`, naming the line and the field; `Conflict` when its version is not the next one;
    /// `Unavailable` or `Throttled`. What was kept before stays then.
    pub async fn put(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        text: &str,
        if_match: Option<u64>,
        stored: &Stored,
    ) -> Result<Version, Fault> {
        if text.len() > MAX_BYTES {
            return Err(Fault::invalid("use_case", format!("must be at most {MAX_BYTES} bytes")));
        }
        let (document, places) = place::read::<Document>(text)?;
        if document.id != *id {
            let fault = Fault::invalid("id", format!("must be `{id}`, as in the path"));
            return Err(places.locate(fault));
        }
        let versions = self.keeper.versions(tenant, id).await?;
        let newest = newest(&versions);
        if if_match.is_some_and(|named| named != u64::from(newest)) {
            let message = format!("`{id}` has version {newest}, not the one that If-Match names");
            return Err(Fault::Conflict(message));
        }
        if document.version != newest.saturating_add(1) {
            let next = newest.saturating_add(1);
            return Err(Fault::Conflict(format!("`version` must be {next}, the next of `{id}`")));
        }
        let kept = self.keep(tenant, document, versions.first(), stored).await;
        kept.map_err(|fault| places.locate(fault))
    }

    /// Makes an older version the newest again, under the next number.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when it no longer compiles; `Unavailable` or `Throttled`.
    pub async fn roll_back(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        to: u32,
        stored: &Stored,
    ) -> Result<Version, Fault> {
        let versions = self.keeper.versions(tenant, id).await?;
        let version = newest(&versions).saturating_add(1);
        let older = versions.iter().find(|it| it.document.version == to);
        let older = older.ok_or_else(|| missing(id))?.document.clone();
        let document = Document { version, ..older };
        self.keep(tenant, document, versions.first(), stored).await
    }

    /// Installs a use case of the catalogue that the tenant has not.
    ///
    /// # Errors
    /// `Invalid` when there is none of this name; `Conflict` when the tenant has it; `Unavailable` or
    /// `Throttled`.
    pub async fn install(
        &self,
        tenant: &TenantId,
        name: &str,
        stored: &Stored,
    ) -> Result<Version, Fault> {
        let names: Vec<&str> = catalogue::CATALOGUE.iter().map(|(id, _)| *id).collect();
        let unknown =
            || Fault::invalid("catalogue", format!("must be one of {}", names.join(", ")));
        let mut document = Document::parse(catalogue::find(name).ok_or_else(unknown)?)?;
        let keeper = &self.keeper;
        let (versions, kept) =
            try_join!(keeper.versions(tenant, &document.id), keeper.get(tenant, &document.id))?;
        if kept.is_some() {
            return Err(Fault::Conflict(format!("there is a use case `{name}` already")));
        }
        document.version = newest(&versions).saturating_add(1);
        self.keep(tenant, document, None, stored).await
    }

    /// Deletes the use case; its versions stay, and it can be rolled back to.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when another version is kept; `Unavailable` or `Throttled`.
    pub async fn delete(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        if_match: Option<u64>,
    ) -> Result<(), Fault> {
        let document = self.get(tenant, id, None).await?.document;
        let kept = document.version;
        if if_match.is_some_and(|named| named != u64::from(kept)) {
            let message = format!("`{id}` has version {kept}, not the one that If-Match names");
            return Err(Fault::Conflict(message));
        }
        self.keeper.delete(tenant, id, kept).await?;
        self.schedule(tenant, id, Duty::ALL, Some(&document), None).await
    }

    /// Keeps a document that comes after `before`, which is the newest version: the one that runs, unless it was deleted.
    async fn keep(
        &self,
        tenant: &TenantId,
        document: Document,
        before: Option<&Version>,
        stored: &Stored,
    ) -> Result<Version, Fault> {
        UseCase::with(document.clone(), stored)?;
        let before = before.map(|it| &it.document);
        let version = Version { updated_at: self.clock.now(), document };
        let document = &version.document;
        // What must fire is set before the document is kept, and what must not is taken away after it:
        // a crash in between leaves a schedule too many, never one too few. One that fires for a
        // document that does not name it does nothing, and is set right (`run/plan.rs`).
        let id = &document.id;
        let fires = |duty: &Duty| document.schedule(*duty).is_some();
        let (on, off): (Vec<Duty>, Vec<Duty>) = Duty::ALL.into_iter().partition(fires);
        self.schedule(tenant, id, on.clone(), before, Some(document)).await?;
        if let Err(fault) = self.keeper.put(tenant, &version).await {
            if !on.is_empty() {
                let kept = self.keeper.get(tenant, id).await?.map(|kept| kept.document);
                self.schedule(tenant, id, on, Some(document), kept.as_ref()).await?;
            }
            return Err(fault);
        }
        self.schedule(tenant, id, off, before, Some(document)).await?;
        Ok(version)
    }

    /// Sets the schedules of `after` where `before` or it has one.
    async fn schedule(
        &self,
        tenant: &TenantId,
        id: &UseCaseId,
        duties: impl IntoIterator<Item = Duty>,
        before: Option<&Document>,
        after: Option<&Document>,
    ) -> Result<(), Fault> {
        for duty in duties {
            let schedule = after.and_then(|it| it.schedule(duty));
            if schedule.is_some() || before.is_some_and(|it| it.schedule(duty).is_some()) {
                self.schedules.set(tenant, id, duty, schedule, self.clock.now()).await?;
            }
        }
        Ok(())
    }
}

fn newest(versions: &[Version]) -> u32 {
    versions.first().map_or(0, |newest| newest.document.version)
}

fn missing(id: &UseCaseId) -> Fault {
    Fault::NotFound(format!("there is no use case `{id}`, or no such version"))
}

/// The use case, or an older version of it.
///
/// # Errors
/// `NotFound`; `Unavailable` or `Throttled`.
pub async fn version_of(
    keeper: &impl UseCaseKeeper,
    tenant: &TenantId,
    id: &UseCaseId,
    version: Option<u32>,
) -> Result<Version, Fault> {
    let found = match version {
        None => keeper.get(tenant, id).await?,
        Some(wanted) => {
            let all = keeper.versions(tenant, id).await?;
            all.into_iter().find(|it| it.document.version == wanted)
        }
    };
    found.ok_or_else(|| missing(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_kernel::SystemClock;
    use std::cell::RefCell;

    #[derive(Default)]
    struct Kept(RefCell<Vec<Version>>, RefCell<Vec<UseCaseId>>);

    impl UseCaseKeeper for Kept {
        async fn list(&self, tenant: &TenantId) -> Result<Vec<Version>, Fault> {
            let mut all = Vec::new();
            let ids: std::collections::BTreeSet<UseCaseId> =
                self.0.borrow().iter().map(|it| it.document.id.clone()).collect();
            for id in ids {
                all.extend(self.get(tenant, &id).await?);
            }
            Ok(all)
        }

        async fn get(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Option<Version>, Fault> {
            let deleted = self.1.borrow().contains(id);
            Ok(self.versions(tenant, id).await?.into_iter().next().filter(|_| !deleted))
        }

        async fn versions(&self, _: &TenantId, id: &UseCaseId) -> Result<Vec<Version>, Fault> {
            let all = self.0.borrow();
            Ok(all.iter().rev().filter(|it| it.document.id == *id).cloned().collect())
        }

        async fn put(&self, _: &TenantId, version: &Version) -> Result<(), Fault> {
            self.1.borrow_mut().retain(|id| *id != version.document.id);
            self.0.borrow_mut().push(version.clone());
            Ok(())
        }

        async fn delete(&self, _: &TenantId, id: &UseCaseId, _: u32) -> Result<(), Fault> {
            self.1.borrow_mut().push(id.clone());
            Ok(())
        }
    }

    /// Schedules as they were set, the newest last.
    #[derive(Default)]
    struct Set(RefCell<Vec<(Duty, Option<ScheduleDocument>)>>);

    impl Schedules for Set {
        async fn set(
            &self,
            _: &TenantId,
            _: &UseCaseId,
            duty: Duty,
            schedule: Option<&ScheduleDocument>,
            _: Timestamp,
        ) -> Result<(), Fault> {
            self.0.borrow_mut().push((duty, schedule.cloned()));
            Ok(())
        }
    }

    fn library() -> Library<Kept, Set, SystemClock> {
        Library { keeper: Kept::default(), schedules: Set::default(), clock: SystemClock }
    }

    fn daily(version: u32, mode: &str) -> String {
        format!(
            "{{id: daily, version: {version}, name: Daily, purpose: operational, mode: {mode}, \
             trigger: {{schedule: {{expression: cron(0 9 * * ? *)}}}}, \
             score: {{kind: expression, base: 1, terms: []}}, ttl: 1h, \
             action: {{channel: email, to: \"'a@example.com'\", subject: a, text: b}}}}"
        )
    }

    #[tokio::test]
    async fn a_schedule_follows_its_document() {
        let library = library();
        let tenant = TenantId::new("acme").unwrap();
        let id = UseCaseId::new("daily").unwrap();
        let stored = Stored::default();
        let put = async |text: &str| library.put(&tenant, &id, text, None, &stored).await.unwrap();
        let set = || {
            let set = std::mem::take(&mut *library.schedules.0.borrow_mut());
            set.into_iter().map(|(duty, it)| (duty, it.is_some())).collect::<Vec<_>>()
        };
        put(&daily(1, "live")).await;
        assert_eq!(set(), [(Duty::Evaluate, true)]);
        put(&daily(2, "off")).await;
        assert_eq!(set(), [(Duty::Evaluate, false)]);
        put(&daily(3, "off")).await;
        assert!(set().is_empty(), "there was none, and is none");
        put(&daily(4, "shadow")).await;
        library.delete(&tenant, &id, None).await.unwrap();
        assert_eq!(set(), [(Duty::Evaluate, true), (Duty::Evaluate, false)]);
        library.install(&tenant, "abandoned-cart", &stored).await.unwrap();
        assert!(set().is_empty());
        let learns = library.install(&tenant, "product-recommendations", &stored).await.unwrap();
        library.delete(&tenant, &learns.document.id, None).await.unwrap();
        assert_eq!(set(), [(Duty::Learn, true), (Duty::Learn, false)]);
    }

    fn cart(version: u32) -> String {
        let text = catalogue::find("abandoned-cart").unwrap();
        text.replacen("version: 1", &format!("version: {version}"), 1)
    }

    #[tokio::test]
    async fn versions_count_up_and_can_be_taken_back() {
        let library = library();
        let tenant = TenantId::new("acme").unwrap();
        let id = UseCaseId::new("abandoned-cart").unwrap();
        let stored = Stored::default();
        let put = async |version, if_match| {
            let kept = library.put(&tenant, &id, &cart(version), if_match, &stored).await;
            kept.map(|kept| kept.document.version)
        };
        assert!(matches!(put(2, None).await, Err(Fault::Conflict(_))));
        assert_eq!(put(1, None).await, Ok(1));
        assert!(matches!(put(1, None).await, Err(Fault::Conflict(_))));
        assert!(matches!(put(2, Some(7)).await, Err(Fault::Conflict(_))));
        assert_eq!(put(2, Some(1)).await, Ok(2));
        let back = library.roll_back(&tenant, &id, 1, &stored).await.unwrap();
        assert_eq!(back.document.version, 3);
        let unknown = library.roll_back(&tenant, &id, 9, &stored).await;
        assert!(matches!(unknown, Err(Fault::NotFound(_))));
        assert_eq!(library.get(&tenant, &id, Some(2)).await.unwrap().document.version, 2);
        assert_eq!(library.list(&tenant).await.unwrap().len(), 1);

        library.delete(&tenant, &id, None).await.unwrap();
        assert!(library.get(&tenant, &id, None).await.is_err());
        assert_eq!(put(4, None).await, Ok(4), "its numbers go on");
    }

    #[tokio::test]
    async fn a_refused_change_leaves_what_runs() {
        let library = library();
        let tenant = TenantId::new("acme").unwrap();
        let id = UseCaseId::new("abandoned-cart").unwrap();
        let stored = Stored::default();
        let put = async |text: &str| library.put(&tenant, &id, text, None, &stored).await;
        let kept = put(&cart(1)).await.unwrap();
        for (old, new, said) in [
            ("ttl: 24h", "ttl: soon", "line 22: ttl: "),
            ("ttl: 24h", "ttl: 24h\nttl: 1h", "line 23: ttl: is given twice"),
            ("features.orders == 0", "features.oders == 0", "line 16: filter[0].when: "),
            ("id: abandoned-cart", "id: another", "line 1: id: must be `abandoned-cart`"),
        ] {
            let refused = put(&cart(2).replacen(old, new, 1)).await.unwrap_err().to_string();
            assert!(refused.starts_with(said), "{refused}");
            assert_eq!(library.get(&tenant, &id, None).await.as_ref(), Ok(&kept), "{refused}");
        }
        assert_eq!(put(&cart(2)).await.unwrap().document.version, 2);
    }

    #[tokio::test]
    async fn what_does_not_compile_is_not_kept() {
        let library = library();
        let tenant = TenantId::new("acme").unwrap();
        let id = UseCaseId::new("abandoned-cart").unwrap();
        let stored = Stored::default();
        let put = async |text: &str| library.put(&tenant, &id, text, None, &stored).await;
        let other = put(&cart(1).replacen("id: abandoned-cart", "id: another", 1)).await;
        assert!(matches!(&other, Err(Fault::Invalid { field, .. }) if field == "id"), "{other:?}");
        let broken = put(&cart(1).replacen("ttl: 24h", "ttl: soon", 1)).await;
        assert!(broken.unwrap_err().to_string().contains("ttl"));
        assert!(library.list(&tenant).await.unwrap().is_empty());
        let unknown = library.install(&tenant, "perpetual-motion", &stored).await;
        assert!(matches!(unknown, Err(Fault::Invalid { .. })));
        let installed = library.install(&tenant, "abandoned-cart", &stored).await.unwrap();
        assert_eq!(installed.document.version, 1);
        let again = library.install(&tenant, "abandoned-cart", &stored).await;
        assert!(matches!(again, Err(Fault::Conflict(_))));
    }
}
