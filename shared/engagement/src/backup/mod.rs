//! Backup: all of one tenant, copied out of every table and bucket, put back, and wiped.
//!
//! AWS restores whole tables; of one tenant nobody but us can. A workflow asks for a [`Step`] again and again until it
//! is done: an [`Exporter`] walks through the tables and writes what is the tenant's into an archive, in DynamoDB's own
//! JSON as DynamoDB's own export to S3 writes it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html>), a [`Restorer`] puts it
//! back into where nothing is, and a [`Wiper`] takes it away. How far each is stands in the archive, since AWS keeps what
//! a workflow hands on for 90 days, and keys name people. Every step may be done again.
//!
//! What opens doors is in the platform's table: it is put back last and taken away first, so that nobody, and no use
//! case, meets a tenant of which only a part is there.

mod archive;
mod export;
mod manifest;
mod restore;
mod wipe;

pub use archive::Bucket;
pub use export::Exporter;
pub use manifest::{Manifest, Of, Part, SCHEMA, Walk};
pub use restore::{Restored, Restorer};
pub use wipe::{SETTLES_S, Wiped, Wiper, settles};

use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An item in DynamoDB's JSON: `{"pk": {"S": "acme"}, …}`.
pub type Item = Map<String, Value>;

/// Marks items of [`Table::Helpdesk`] that were put back: who reads the table's stream tells nobody of them, since they
/// are no news. It is in no archive.
pub const MARK: &str = "restored";

/// A table, in the order in which they are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// Profiles and features.
    Profiles,
    /// Candidates, messages, caps, suppressions.
    Engagement,
    /// What could not proceed.
    Quarantine,
    /// All of the helpdesk.
    Helpdesk,
    /// The tenant itself: settings, use cases, credentials, secrets.
    Platform,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Profiles, Self::Engagement, Self::Quarantine, Self::Helpdesk, Self::Platform];

    /// Its name in archives.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profiles => "profiles",
            Self::Engagement => "engagement",
            Self::Quarantine => "quarantine",
            Self::Helpdesk => "helpdesk",
            Self::Platform => "platform",
        }
    }
}

/// Whether an item is the tenant's. Keys begin with the tenant; the few that lead to one from what names none, senders
/// and app clients, say whose they are behind.
#[must_use]
pub fn belongs(tenant: &TenantId, item: &Item) -> bool {
    let text = |name: &str| item.get(name)?.get("S")?.as_str();
    let (Some(pk), Some(sk)) = (text("pk"), text("sk")) else { return false };
    if pk.starts_with("*#SENDER#") {
        return sk.rsplit_once('#').is_some_and(|(_, of)| of == tenant.as_str());
    }
    if pk.starts_with("*#SIGN-IN#") {
        return text("tenant") == Some(tenant.as_str());
    }
    pk.split('#').next() == Some(tenant.as_str())
}

/// Whether an item says no more than what is going on right now: a lease, or a count of requests or of sends a second.
/// Put back, a lease would be held by nobody. No export has it.
#[must_use]
pub fn momentary(item: &Item) -> bool {
    let pk = item.get("pk").and_then(|it| it.get("S")).and_then(Value::as_str).unwrap_or_default();
    pk.ends_with("#LEASE") || pk.ends_with("#ASKED") || pk.contains("#RATE#")
}

/// What of a table is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The table.
    pub table: Table,
    /// Which of [`SEGMENTS`], from 0 on.
    pub segment: u32,
    /// Whether its restored twin is looked at (`ceap-<stage>-restored-<table>`), and not the one that serves.
    pub twin: bool,
    /// Whether only keys are read, and what says whose an item is.
    pub keys: bool,
}

/// In how many parts a table is walked through.
pub const SEGMENTS: u32 = 8;

/// A page of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Items that may be the tenant's: [`belongs`] says which are. Fields and members of sets in order.
    pub items: Vec<Item>,
    /// Where the next page begins, if there is one.
    pub next: Option<Value>,
}

/// What became of an item that was to be put.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// It is there now.
    New,
    /// One of its key was there, and stays: this one.
    There(Item),
}

/// All tables, item by item.
#[allow(async_fn_in_trait)]
pub trait Items {
    /// About a MB of a slice, of which all that may be the tenant's is told.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; `NotFound` where there is no such table.
    async fn page(
        &self,
        tenant: &TenantId,
        slice: Slice,
        from: Option<&Value>,
    ) -> Result<Page, Fault>;

    /// Puts an item, unless one of its key is there.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; `Invalid` if it is no item.
    async fn put(&self, table: Table, item: &Item) -> Result<Put, Fault>;

    /// Takes the item of this key away; it is no error if there is none.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn delete(&self, table: Table, item: &Item) -> Result<(), Fault>;

    /// Whether there is such a tenant: it has its own record.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn exists(&self, tenant: &TenantId) -> Result<bool, Fault>;
}

/// Copies objects without reading them.
#[allow(async_fn_in_trait)]
pub trait Copies {
    /// Copies an object with its media type and tags over whatever is there; false if it is not there (any more).
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn copy(&self, from: Place<'_>, to: Place<'_>) -> Result<bool, Fault>;
}

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The bucket's own name.
    pub bucket: &'a str,
    /// The object's.
    pub name: &'a str,
}

/// What is asked of the workflow, and what each step hands to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is to be done; the workflow chooses the function by it.
    pub action: Action,
    /// Whose.
    pub tenant: TenantId,
    /// The export's name: letters, digits and hyphens. A wipe that names one is refused unless it is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
    /// A wipe asks for the tenant's name once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// An export of tables that were restored beside those that serve.
    #[serde(default)]
    pub restored_tables: bool,
    /// A restore into a tenant that is there: what is missing is put back, and what is there stays.
    #[serde(default)]
    pub missing: bool,
    /// Whether a step of this execution was done before.
    #[serde(default)]
    pub under_way: bool,
    /// Whether nothing is left to do.
    #[serde(default)]
    pub done: bool,
    /// When the next step is due; now when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<Timestamp>,
    /// Items exported, put back, or taken away by now.
    #[serde(default)]
    pub items: u64,
    /// Objects, the same.
    #[serde(default)]
    pub objects: u64,
    /// Items that were there already, as they would have been put back.
    #[serde(default)]
    pub same: u64,
    /// Items that were there and are others; they stay.
    #[serde(default)]
    pub other: u64,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Into the archive.
    Export,
    /// Back from it.
    Restore,
    /// Away.
    Wipe,
}

impl Step {
    /// What is asked for at first.
    #[must_use]
    pub fn first(action: Action, tenant: TenantId, export: Option<&str>) -> Self {
        Self {
            action,
            tenant,
            export: export.map(str::to_owned),
            confirm: None,
            restored_tables: false,
            missing: false,
            under_way: false,
            done: false,
            settles: None,
            items: 0,
            objects: 0,
            same: 0,
            other: 0,
        }
    }

    /// The export's name.
    fn name(&self) -> Result<&str, Fault> {
        let name = self.export.as_deref().unwrap_or_default();
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        if (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-') {
            return Ok(name);
        }
        let why = "must be 1 to 64 small letters, digits and hyphens, as in 2026-11-22";
        Err(Fault::invalid("export", why))
    }

    fn answered(mut self, done: bool) -> Self {
        self.under_way = true;
        self.done = done;
        self.settles = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(pk: &str, sk: &str) -> bool {
        let Value::Object(item) = json!({"pk": {"S": pk}, "sk": {"S": sk}}) else {
            return false;
        };
        belongs(&TenantId::new("acme").unwrap(), &item)
    }

    #[test]
    fn what_is_the_tenants_is_known_by_its_key() {
        for (pk, sk) in [("acme", "SETTINGS"), ("acme#KEYS", "x"), ("acme#ada#b", "PROFILE")] {
            assert!(of(pk, sk), "{pk}");
        }
        assert!(of("*#SENDER#sms", "+15555550100#acme"));
        for (pk, sk) in [
            ("acme-2", "SETTINGS"),
            ("acmeb#KEYS", "x"),
            ("other#acme", "acme"),
            ("*#RATE#email", "acme"),
            ("*#CONNECTION#acme", "HOLDER"),
            ("*#SENDER#sms", "+15555550100#acme-2"),
            ("", "acme"),
        ] {
            assert!(!of(pk, sk), "{pk}");
        }
    }

    #[test]
    fn what_goes_on_right_now_is_known_by_its_key() {
        let of = |pk: &str| momentary(&json!({"pk": {"S": pk}}).as_object().cloned().unwrap());
        assert!(["acme#search#LEASE", "acme#ASKED", "acme#RATE#sms"].into_iter().all(of));
        assert!(!["acme", "acme#KEYS", "acme#LEASE#x", ""].into_iter().any(of));
    }

    #[test]
    fn an_app_client_is_its_tenants() {
        let item = |tenant: &str| {
            let item = json!({"pk": {"S": "*#SIGN-IN#c1"}, "sk": {"S": "CLIENT"},
                              "tenant": {"S": tenant}});
            item.as_object().cloned().unwrap()
        };
        let acme = TenantId::new("acme").unwrap();
        assert!(belongs(&acme, &item("acme")) && !belongs(&acme, &item("acme-2")));
    }

    #[test]
    fn exports_have_plain_names() {
        let step =
            |name| Step::first(Action::Export, TenantId::new("acme").unwrap(), name).name().is_ok();
        assert!(step(Some("2026-11-22")) && step(Some("before-the-move")));
        assert!(!step(None) && !step(Some("")) && !step(Some("../x")) && !step(Some("-a")));
    }

    #[test]
    fn a_step_is_asked_for_in_a_few_words_and_fields_of_newer_versions_are_no_harm() {
        let asked = json!({"action": "wipe", "tenant": "acme", "confirm": "acme", "new": 1});
        let step: Step = serde_json::from_value(asked).unwrap();
        assert_eq!((step.action, step.under_way, step.done), (Action::Wipe, false, false));
        let told = serde_json::to_value(step.answered(true)).unwrap();
        assert_eq!(told["done"], true);
        assert_eq!(told.get("settles"), None);
    }
}
