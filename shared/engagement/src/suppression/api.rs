//! Suppression lists as the team keeps them: looked at, changed, brought in and taken out.

use super::{Entry, Page, Reason, SuppressionKeeper};
use crate::lines::{self, Exported, Imported, Line, optional, required};
use crate::pipeline::gates::Addresses;
use crate::profile::short;
use crate::profile_list::not_ours;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Lines of one upload.
pub const MOST: usize = 1000;

/// Addresses of one page.
const PAGE: usize = 100;

/// Addresses of one page of a download.
const EXPORT_PAGE: usize = 1000;

/// What a line of an upload holds; `channel` and `address` are required.
const COLUMNS: [&str; 5] = ["channel", "address", "reason", "at", "note"];

/// What is put on a list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SuppressionPut")]
pub struct Put {
    /// On which channel.
    pub channel: String,
    /// Which address, as the channel writes it.
    pub address: String,
    /// Why; `manual` unless it says so.
    #[serde(default = "manual")]
    pub reason: Reason,
    /// What the team notes about it.
    #[serde(default)]
    pub note: Option<String>,
}

const fn manual() -> Reason {
    Reason::Manual
}

impl Reason {
    /// The reason of that name.
    ///
    /// # Errors
    /// `Invalid` at `reason`, with those there are.
    pub fn read(name: &str) -> Result<Self, Fault> {
        serde_json::from_value(Value::from(name)).map_err(|_| {
            let message = "must be unsubscribe, complaint, stop, manual, gone or bounce";
            Fault::invalid("reason", message)
        })
    }
}

/// The lists and what is needed to keep them.
#[derive(Debug)]
pub struct Lists<K, A, C> {
    /// The suppression lists.
    pub keeper: K,
    /// Knows which address is one.
    pub addresses: A,
    /// The names of the channels.
    pub channels: Vec<&'static str>,
    /// The wall clock.
    pub clock: C,
}

impl<K: SuppressionKeeper, A: Addresses, C: Clock> Lists<K, A, C> {
    /// A page of a channel's list; or, with `address`, its entries alone.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `Unavailable` or `Throttled`.
    pub async fn list(
        &self,
        tenant: &TenantId,
        channel: Option<&str>,
        address: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Page, Fault> {
        let channel = self.channel(channel)?;
        match address {
            Some(address) => {
                let entries = self.keeper.entries(tenant, channel, address).await?;
                Ok(Page { entries, next: None })
            }
            None => self.page(tenant, channel, cursor, PAGE).await,
        }
    }

    async fn page(
        &self,
        tenant: &TenantId,
        channel: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Fault> {
        let from = cursor.map(|cursor| {
            let from = BASE64.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            from.filter(|from| (1..=1024).contains(&from.len())).ok_or_else(not_ours)
        });
        let page = self.keeper.list(tenant, channel, from.transpose()?.as_deref(), limit).await?;
        // An address is any text, and a cursor stands in headers and queries.
        Ok(Page { next: page.next.map(|next| BASE64.encode(next)), ..page })
    }

    /// Puts an address on a list; returns all entries of the address. One that is there keeps the
    /// instant it has.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `Unavailable` or `Throttled`.
    pub async fn put(&self, tenant: &TenantId, put: Put) -> Result<Page, Fault> {
        let Put { channel, address, reason, note } = put;
        let entry = Entry { channel, address, reason, at: self.clock.now(), note };
        self.check(&entry)?;
        self.keeper.add(tenant, std::slice::from_ref(&entry)).await?;
        let entries = self.keeper.entries(tenant, &entry.channel, &entry.address).await?;
        Ok(Page { entries, next: None })
    }

    /// Takes an address off a list: for this reason, or for all.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `NotFound` when it was not there; `Unavailable` or `Throttled`.
    pub async fn delete(
        &self,
        tenant: &TenantId,
        channel: Option<&str>,
        address: Option<&str>,
        reason: Option<&str>,
    ) -> Result<(), Fault> {
        let channel = self.channel(channel)?;
        let missing = || Fault::invalid("address", "is missing; say which to take off the list");
        let address = address.filter(|it| !it.is_empty()).ok_or_else(missing)?;
        let reason = reason.map(Reason::read).transpose()?;
        if self.keeper.remove(tenant, channel, address, reason).await? {
            Ok(())
        } else {
            Err(Fault::NotFound("there is no such entry".to_owned()))
        }
    }

    /// Puts the lines of an upload (NDJSON or CSV, at most [`MOST`]) on the lists.
    ///
    /// # Errors
    /// `Invalid` when nothing of it can be read; `Unavailable` or `Throttled`: the same may be sent
    /// again.
    pub async fn import(
        &self,
        tenant: &TenantId,
        content_type: &str,
        body: &[u8],
    ) -> Result<Imported, Fault> {
        let mut imported = Imported::default();
        let read = |Line { number, fields }: Line| {
            let entry = fields.and_then(|fields| self.entry(&fields));
            imported.note(number, entry)
        };
        let lines = lines::read(content_type, body, &COLUMNS, MOST)?;
        let entries: Vec<Entry> = lines.into_iter().filter_map(read).collect();
        if !entries.is_empty() {
            self.keeper.add(tenant, &entries).await?;
        }
        Ok(imported)
    }

    /// A page of a channel's list as NDJSON, in the shape in which it can be brought in.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `Unavailable` or `Throttled`.
    pub async fn export(
        &self,
        tenant: &TenantId,
        channel: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Exported, Fault> {
        let channel = self.channel(channel)?;
        let page = self.page(tenant, channel, cursor, EXPORT_PAGE).await?;
        let mut exported = Exported { next: page.next, ..Exported::default() };
        for entry in &page.entries {
            exported.push(entry)?;
        }
        Ok(exported)
    }

    fn entry(&self, fields: &Map<String, Value>) -> Result<Entry, Fault> {
        let now = self.clock.now();
        let at = match optional(fields, "at")? {
            None => now,
            Some(text) => instant(text, now)?,
        };
        let reason = optional(fields, "reason")?.map(Reason::read).transpose()?;
        let entry = Entry {
            channel: required(fields, "channel")?.to_owned(),
            address: required(fields, "address")?.to_owned(),
            reason: reason.unwrap_or(Reason::Manual),
            at,
            note: optional(fields, "note")?.map(str::to_owned),
        };
        self.check(&entry)?;
        Ok(entry)
    }

    fn check(&self, entry: &Entry) -> Result<(), Fault> {
        let channel = self.channel(Some(&entry.channel))?;
        if !self.addresses.reaches(channel, &entry.address) {
            let message = format!("is no address on the channel `{channel}`");
            return Err(Fault::invalid("address", message));
        }
        let note = entry.note.as_deref().map_or(Ok(()), short);
        note.map_err(|rule| Fault::invalid("note", rule))
    }

    fn channel<'a>(&self, channel: Option<&'a str>) -> Result<&'a str, Fault> {
        let known = channel.filter(|channel| self.channels.contains(channel));
        known.ok_or_else(|| {
            Fault::invalid("channel", format!("must be one of {}", self.channels.join(", ")))
        })
    }
}

/// An instant that is not to come.
pub(crate) fn instant(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let rule = "must be an RFC 3339 instant with offset, not to come, as 2026-11-21T09:30:00Z";
    let at = text.parse::<Timestamp>().ok();
    at.filter(|at| (Timestamp::UNIX_EPOCH..=now).contains(at))
        .ok_or_else(|| Fault::invalid("at", rule))
}
