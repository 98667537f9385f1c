//! In-app inboxes.

use crate::{Stores, World};
use ceap_engagement::inbox::{Inbox, Mark, Notification, NotificationId, Page, Wanted};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use std::collections::BTreeMap;

fn live<'a>(
    stores: &'a Stores,
    tenant: &TenantId,
    subject: &SubjectId,
    now: Timestamp,
) -> impl DoubleEndedIterator<Item = &'a Notification> {
    let inbox = stores.inboxes.get(&(tenant.clone(), subject.clone()));
    inbox.into_iter().flat_map(BTreeMap::values).filter(move |it| it.expires_at > now)
}

impl Inbox for World {
    async fn put(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        notification: &Notification,
    ) -> Result<bool, Fault> {
        self.step("inbox.put", |stores| {
            let inbox = stores.inboxes.entry((tenant.clone(), subject.clone())).or_default();
            let new = !inbox.contains_key(&notification.id);
            inbox.entry(notification.id.clone()).or_insert_with(|| notification.clone());
            Ok(new)
        })
        .await
    }

    async fn get(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        now: Timestamp,
    ) -> Result<Option<Notification>, Fault> {
        self.step("inbox.get", |stores| {
            Ok(live(stores, tenant, subject, now).find(|it| it.id == *id).cloned())
        })
        .await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Page, Fault> {
        self.step("inbox.list", |stores| {
            let mut found = live(stores, tenant, subject, now)
                .rev()
                .filter(|it| it.dismissed_at.is_none() && (!wanted.unread || it.is_unread()))
                .filter(|it| wanted.from.as_ref().is_none_or(|from| it.id <= *from))
                .cloned();
            let notifications = found.by_ref().take(wanted.limit).collect();
            Ok(Page { notifications, next: found.next().map(|it| it.id) })
        })
        .await
    }

    async fn unread(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        most: usize,
        now: Timestamp,
    ) -> Result<usize, Fault> {
        self.step("inbox.unread", |stores| {
            let unread = live(stores, tenant, subject, now).filter(|it| it.is_unread()).count();
            Ok(unread.min(most + 1))
        })
        .await
    }

    async fn mark(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        mark: Mark,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        self.step("inbox.mark", |stores| {
            let inbox = stores.inboxes.entry((tenant.clone(), subject.clone())).or_default();
            let found = inbox.get_mut(id).filter(|it| it.expires_at > now);
            let known = found.is_some();
            found.into_iter().for_each(|it| it.set(mark, now));
            Ok(known)
        })
        .await
    }
}
