//! In-app inboxes: what the tenant's own app or site shows a subject, and what the subject does
//! with it.
//!
//! A notification is put once however often its message is delivered, stays until it expires or is
//! dismissed, and is unread until it is read. Its first reading moves its message on to `opened`, a
//! click to `clicked`: that is settled before the mark is kept, so a call that failed in between and
//! is made again settles it again, which counts once.

pub mod access;

use crate::message::{Dispatch, Entered, State};
use crate::pipeline::aftermath::Aftermath;
use crate::pipeline::receive::Receipts;
use crate::receipt::{About, Receipt};
use ceap_kernel::{
    Clock, Fault, MessageId, Metric, SubjectId, Tally, TenantId, Timestamp, UseCaseId,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The channel's name.
pub const CHANNEL: &str = "in-app";

/// Notifications of a page, unless another number is asked for.
pub const PAGE: usize = 20;

/// Notifications of the largest page. With what a notification may hold, an answer stays well below
/// the 6 MB that Lambda hands on ("Lambda quotas").
pub const LARGEST_PAGE: usize = 50;

/// Unread notifications are counted exactly up to here: more than any badge shows.
pub const COUNTED: usize = 1000;

/// Notifications that one call marks as read: each takes five calls of the stores.
pub const READ_AT_ONCE: usize = 100;

/// Of these, so many at the same time.
const CONCURRENCY: usize = 10;

/// Digits of the instant in an id.
const INSTANT: usize = 12;

/// Which notification: 12 hexadecimal digits of its instant in milliseconds, so that ids sort by
/// time, and the 32 of its message.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9a-f]{44}$"))]
pub struct NotificationId(String);

impl NotificationId {
    /// The id of the notification that `message` put at `at`.
    #[must_use]
    pub fn of(at: Timestamp, message: &MessageId) -> Self {
        let millis = at.as_millisecond().max(0);
        Self(format!("{millis:0INSTANT$x}{}", message.as_str().to_ascii_lowercase()))
    }

    /// Takes the text as an id; `field` names it in errors.
    ///
    /// # Errors
    /// `Invalid`, naming the rule.
    pub fn parse(field: &str, text: &str) -> Result<Self, Fault> {
        let shaped = text.len() == INSTANT.saturating_add(32)
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::invalid(field, "must be one that the inbox's list gave"))
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for NotificationId {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        Self::parse("id", &text)
    }
}

impl From<NotificationId> for String {
    fn from(id: NotificationId) -> Self {
        id.0
    }
}

/// What an inbox shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// The message that put it there.
    pub message: MessageId,
    /// Of which use case; none when it was asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_case: Option<UseCaseId>,
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Plain text.
    pub text: String,
    /// HTML, for apps that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Since when it is there.
    pub at: Timestamp,
    /// When it was read first. Marking it as unread does not take that back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When it was read; none when it counts as unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// When its link was followed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clicked_at: Option<Timestamp>,
    /// When it was dismissed: no list shows it from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<Timestamp>,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

impl Notification {
    /// What a message puts into an inbox at `at`.
    #[must_use]
    pub fn of(dispatch: &Dispatch, at: Timestamp) -> Self {
        let content = dispatch.content.clone();
        Self {
            id: NotificationId::of(at, &dispatch.id),
            message: dispatch.id.clone(),
            use_case: dispatch.use_case.clone(),
            title: content.subject,
            text: content.text,
            html: content.html,
            link: content.link,
            at,
            opened_at: None,
            read_at: None,
            clicked_at: None,
            dismissed_at: None,
            expires_at: dispatch.expires_at,
        }
    }

    /// Whether it counts as unread.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.read_at.is_none() && self.dismissed_at.is_none()
    }

    /// Whether a mark would change nothing.
    #[must_use]
    pub fn has(&self, mark: Mark) -> bool {
        match mark {
            Mark::Read => self.read_at.is_some(),
            Mark::Click => self.read_at.is_some() && self.clicked_at.is_some(),
            Mark::Unread => self.read_at.is_none() || self.dismissed_at.is_some(),
            Mark::Dismiss => self.dismissed_at.is_some(),
        }
    }

    /// Sets a mark. Of each kind the first instant stays. What is dismissed loses what it said: only
    /// that it was there is kept, so that its message does not put it there again.
    pub fn set(&mut self, mark: Mark, now: Timestamp) {
        match mark {
            Mark::Read | Mark::Click => {
                self.opened_at.get_or_insert(now);
                self.read_at.get_or_insert(now);
                if mark == Mark::Click {
                    self.clicked_at.get_or_insert(now);
                }
            }
            Mark::Unread if self.dismissed_at.is_some() => {}
            Mark::Unread => self.read_at = None,
            Mark::Dismiss => {
                self.dismissed_at.get_or_insert(now);
                self.text.clear();
                (self.title, self.html, self.link) = (None, None, None);
            }
        }
    }
}

/// What a subject does with a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "InboxMark", rename_all = "snake_case")]
pub enum Mark {
    /// Reads it.
    Read,
    /// Wants it to count as unread again.
    Unread,
    /// Follows its link, which reads it too.
    Click,
    /// Wants it to go.
    Dismiss,
}

impl Mark {
    /// The mark that the API calls so.
    ///
    /// # Errors
    /// `Invalid`, naming those that there are.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "read" => Ok(Self::Read),
            "unread" => Ok(Self::Unread),
            "click" => Ok(Self::Click),
            "dismiss" => Ok(Self::Dismiss),
            _ => Err(Fault::invalid("mark", "must be read, unread, click or dismiss")),
        }
    }
}

/// Which notifications of an inbox are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Only those that count as unread.
    pub unread: bool,
    /// This one, and those older than it.
    pub from: Option<NotificationId>,
    /// How many at most; at least 1.
    pub limit: usize,
}

impl Wanted {
    /// As the query of a URL says it.
    ///
    /// # Errors
    /// `Invalid`, naming the variable and what it must be.
    pub fn parse(
        unread: Option<&str>,
        cursor: Option<&str>,
        limit: Option<&str>,
    ) -> Result<Self, Fault> {
        let unread = match unread {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Fault::invalid("unread", "must be true or false")),
        };
        let limit = limit.map_or(Some(PAGE), |text| {
            text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        });
        let rule = || format!("must be a whole number from 1 to {LARGEST_PAGE}");
        Ok(Self {
            unread,
            from: cursor.map(|text| NotificationId::parse("cursor", text)).transpose()?,
            limit: limit.ok_or_else(|| Fault::invalid("limit", rule()))?,
        })
    }
}

/// Notifications of an inbox, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "InboxPage")]
pub struct Page {
    /// The notifications.
    pub notifications: Vec<Notification>,
    /// Where the next page begins: the `cursor` to ask for it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NotificationId>,
}

/// Keeps inboxes. What is expired at `now` is not there, for any of these.
#[allow(async_fn_in_trait)]
pub trait Inbox {
    /// Puts a notification that nobody marked into the inbox, unless it is there, whatever was done
    /// with it since; true when it was not.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; putting again puts nothing twice.
    async fn put(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        notification: &Notification,
    ) -> Result<bool, Fault>;

    /// A notification, dismissed or not.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        now: Timestamp,
    ) -> Result<Option<Notification>, Fault>;

    /// Those that are wanted, newest first, and none that is dismissed.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Page, Fault>;

    /// How many count as unread; of more than `most`, `most + 1`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn unread(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        most: usize,
        now: Timestamp,
    ) -> Result<usize, Fault>;

    /// Sets a mark (see [`Notification::set`]); false when there is no such notification.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; marking again does no harm.
    async fn mark(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        mark: Mark,
        now: Timestamp,
    ) -> Result<bool, Fault>;
}

/// How many notifications count as unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "InboxUnread")]
pub struct Unread {
    /// So many, or more if `capped`.
    pub unread: usize,
    /// Whether there are more than were counted.
    pub capped: bool,
}

/// What is to be marked as read together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxReadAll")]
pub struct ReadAll {
    /// The newest notification that was shown: what came after it stays unread.
    #[serde(default)]
    pub until: Option<NotificationId>,
}

/// What was marked as read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "InboxAllRead")]
pub struct AllRead {
    /// So many.
    pub read: usize,
    /// Whether there are more: ask again.
    pub more: bool,
}

/// What an inbox's owner, and who cares for the owner, can ask of it.
#[derive(Debug)]
pub struct Desk<I, R, A, C> {
    /// The inboxes.
    pub inbox: I,
    /// Records of messages.
    pub receipts: R,
    /// What follows from a message's state.
    pub aftermath: A,
    /// The wall clock.
    pub clock: C,
}

impl<I: Inbox, R: Receipts, A: Aftermath, C: Clock> Desk<I, R, A, C> {
    /// A page of the inbox, newest first.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn list(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        wanted: &Wanted,
    ) -> Result<Page, Fault> {
        self.inbox.list(tenant, subject, wanted, self.clock.now()).await
    }

    /// How many count as unread: exactly up to [`COUNTED`].
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn unread(&self, tenant: &TenantId, subject: &SubjectId) -> Result<Unread, Fault> {
        let found = self.inbox.unread(tenant, subject, COUNTED, self.clock.now()).await?;
        Ok(Unread { unread: found.min(COUNTED), capped: found > COUNTED })
    }

    /// Marks a notification, and returns it as it is then.
    ///
    /// # Errors
    /// `NotFound` when it is not in this inbox, or no longer; `Unavailable` or `Throttled`: the same
    /// may be asked again.
    pub async fn mark(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        mark: Mark,
    ) -> Result<(Notification, Tally), Fault> {
        let gone = || Fault::NotFound("there is no such notification in this inbox".to_owned());
        let now = self.clock.now();
        let mut found = self.inbox.get(tenant, subject, id, now).await?.ok_or_else(gone)?;
        if mark == Mark::Unread && found.dismissed_at.is_some() {
            return Err(gone());
        }
        if found.has(mark) {
            return Ok((found, Tally::default()));
        }
        let tally = self.settle(tenant, &found, mark, now).await?;
        if !self.inbox.mark(tenant, subject, id, mark, now).await? {
            return Err(gone());
        }
        found.set(mark, now);
        Ok((found, tally))
    }

    /// Marks what is unread as read, at most [`READ_AT_ONCE`] of them, the newest first.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`: the same may be asked again.
    pub async fn read_all(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        asked: &ReadAll,
    ) -> Result<(AllRead, Tally), Fault> {
        let now = self.clock.now();
        let wanted = Wanted { unread: true, from: asked.until.clone(), limit: READ_AT_ONCE };
        let page = self.inbox.list(tenant, subject, &wanted, now).await?;
        let tallies: Vec<Tally> = stream::iter(&page.notifications)
            .map(|notification| async move {
                let tally = self.settle(tenant, notification, Mark::Read, now).await?;
                self.inbox.mark(tenant, subject, &notification.id, Mark::Read, now).await?;
                Ok::<_, Fault>(tally)
            })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        let mut tally = Tally::default();
        tallies.into_iter().for_each(|one| tally.merge(one));
        Ok((AllRead { read: page.notifications.len(), more: page.next.is_some() }, tally))
    }

    /// What a mark means for the message, where it was not set before.
    async fn settle(
        &self,
        tenant: &TenantId,
        of: &Notification,
        mark: Mark,
        now: Timestamp,
    ) -> Result<Tally, Fault> {
        let opened = (State::Opened, Metric::MessagesOpened, of.opened_at);
        let clicked = (State::Clicked, Metric::MessagesClicked, of.clicked_at);
        let means: &[_] = match mark {
            Mark::Read => &[opened],
            Mark::Click => &[opened, clicked],
            Mark::Unread | Mark::Dismiss => &[],
        };
        let mut tally = Tally::default();
        for (state, metric, _) in means.iter().filter(|(_, _, known)| known.is_none()) {
            let receipt = Receipt {
                about: About::Message(tenant.clone(), of.message.clone()),
                state: *state,
                at: now,
                provider_id: None,
                detail: None,
                suppress: Vec::new(),
            };
            let learnt = self.receipts.learn(tenant, &of.message, &receipt).await?;
            let Some((record, entered)) = learnt else { continue };
            // Also where it is known: whoever told it may have died before what follows from it.
            self.aftermath.follows(tenant, &of.message, *state).await?;
            if entered == Entered::New {
                let (use_case, channel) = (record.use_case.as_ref(), record.channel.as_str());
                tally.add(*metric, tenant, use_case, Some(channel), 1);
            }
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests;
