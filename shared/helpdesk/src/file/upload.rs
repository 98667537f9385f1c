//! Files that were uploaded, and belong to no comment yet.

use super::{Attachment, Holder, token};
use crate::api::{Call, Refused};
use crate::ids::{AttachmentId, UserId};
use crate::record::Changes;
use crate::refusal::Refusal;
use crate::store::{Item, Key};
use crate::ticket::Comment;
use ceap_kernel::{Fault, Timestamp};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long an upload waits for a comment (Zendesk: three days).
const WAITS_SECONDS: i64 = 3 * 24 * 60 * 60;

/// Files of one comment: each is a write of its ticket's transaction.
pub const MOST: usize = 40;

/// How often one is worked out anew because another file came under the same token meanwhile.
const ATTEMPTS: usize = 6;

/// Files under one token, until a comment takes them. They are only for who uploads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its token.
    pub token: String,
    /// Whose it is.
    pub by: UserId,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// Those of them that have yet to be put where they are kept.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub awaited: BTreeSet<AttachmentId>,
}

impl Upload {
    /// Where it is kept.
    #[must_use]
    pub fn key(token: &str) -> Key {
        Key::new(format!("UPLOAD#{token}"), "UPLOAD")
    }

    fn new(call: &Call<'_>) -> Result<Self, Refused> {
        let over = call.at.as_second().saturating_add(WAITS_SECONDS);
        let over = Timestamp::from_second(over);
        Ok(Self {
            token: token::fresh(call),
            by: call.actor()?.id(),
            expires_at: over.map_err(|error| Fault::Internal(error.to_string()))?,
            attachments: Vec::new(),
            awaited: BTreeSet::new(),
        })
    }

    /// Reads one as it is kept.
    ///
    /// # Errors
    /// `Internal` if it is none.
    pub fn read(item: &Item) -> Result<Self, Fault> {
        serde_json::from_str(&item.body)
            .map_err(|error| Fault::Internal(format!("unreadable upload: {error}")))
    }

    /// The one with this token, if it is of who asks, and the item that it is kept as.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn find(call: &Call<'_>, token: &str) -> Result<Option<(Item, Self)>, Refused> {
        let Some(item) = call.item(&Self::key(token)).await? else { return Ok(None) };
        let upload = Self::read(&item)?;
        let own = upload.by == call.actor()?.id();
        Ok(own.then_some((item, upload)))
    }

    /// The files that are where they are kept.
    #[must_use]
    pub fn arrived(self) -> Vec<Attachment> {
        let Self { attachments, awaited, .. } = self;
        attachments.into_iter().filter(|it| !awaited.contains(&it.id)).collect()
    }

    /// One more file, under a token that there is already or a new one; `awaited` if it has yet to be put where it is
    /// kept.
    ///
    /// # Errors
    /// 404 if there is none under the token; 422 if there are as many as a comment takes.
    pub async fn add(
        call: &Call<'_>,
        token: Option<&str>,
        attachment: &Attachment,
        awaited: bool,
    ) -> Result<Self, Refused> {
        for _ in 0..ATTEMPTS {
            match Self::tried(call, token, attachment, awaited).await {
                Err(Refused::Conflict) => {}
                done => return done,
            }
        }
        Err(Refused::Conflict)
    }

    async fn tried(
        call: &Call<'_>,
        token: Option<&str>,
        attachment: &Attachment,
        awaited: bool,
    ) -> Result<Self, Refused> {
        let before = match token {
            Some(token) => Some(Self::find(call, token).await?.ok_or(Refused::NotFound)?),
            None => None,
        };
        let mut upload = match &before {
            Some((_, upload)) => upload.clone(),
            None => Self::new(call)?,
        };
        upload.attachments.push(attachment.clone());
        upload.awaited.extend(awaited.then_some(attachment.id));
        if upload.attachments.len() > MOST {
            return Err(too_many());
        }
        let over = Some(upload.expires_at);
        let mut changes = Changes::new();
        match &before {
            Some((item, _)) => changes.replace(item, &upload, over)?,
            None => changes.put(Self::key(&upload.token), &upload, over)?,
        }
        let holder = Holder::Upload(upload.token.clone());
        changes.put(Holder::key(attachment.id), &holder, over)?;
        call.commit(changes).await?;
        Ok(upload)
    }

    /// Takes it away, and its files. A comment that takes it at the same time has it, or this has: never both.
    ///
    /// # Errors
    /// 409 if it was changed meanwhile.
    pub async fn remove(&self, call: &Call<'_>, item: &Item) -> Result<(), Refused> {
        let mut changes = Changes::new();
        changes.take(item);
        for attachment in &self.attachments {
            changes.remove(Holder::key(attachment.id));
        }
        call.commit(changes).await?;
        let files = self.attachments.iter().map(|it| &it.token);
        try_join_all(files.map(|name| call.desk.files.delete(&call.tenant, name))).await?;
        Ok(())
    }
}

fn too_many() -> Refused {
    refused(format!("Uploads: are too many (maximum is {MOST} files)"))
}

fn refused(text: impl Into<String>) -> Refused {
    let mut refusal = Refusal::default();
    refusal.add("uploads", text, Some("InvalidValue"));
    refusal.into()
}

/// Uploads that a comment takes.
#[derive(Debug, Default)]
pub struct Taken {
    items: Vec<Item>,
    /// Their files.
    pub attachments: Vec<Attachment>,
}

/// The uploads under these tokens, for a comment to take. Their files are kept from here on.
///
/// # Errors
/// 422 when there is none under a token, or a file has not arrived.
pub async fn take(call: &Call<'_>, tokens: &[String]) -> Result<Taken, Refused> {
    let tokens: BTreeSet<&String> = tokens.iter().collect();
    call.fetch(tokens.iter().map(|token| Upload::key(token))).await?;
    let mut taken = Taken::default();
    let mut awaited = Vec::new();
    for token in tokens {
        let Some((item, upload)) = Upload::find(call, token).await? else {
            return Err(refused("Uploads: a token is not known, has expired, or was used already"));
        };
        let waits = upload.attachments.iter().filter(|it| upload.awaited.contains(&it.id));
        awaited.extend(waits.cloned());
        taken.attachments.extend(upload.attachments);
        taken.items.push(item);
    }
    if taken.attachments.len() > MOST {
        return Err(too_many());
    }
    arrived(call, &awaited).await?;
    let (files, tenant) = (call.desk.files, &call.tenant);
    try_join_all(taken.attachments.iter().map(|it| files.keep(tenant, &it.token))).await?;
    Ok(taken)
}

/// Refuses files that are not where they were to be put, or are others.
async fn arrived(call: &Call<'_>, awaited: &[Attachment]) -> Result<(), Refused> {
    let (files, tenant) = (call.desk.files, &call.tenant);
    let all = try_join_all(awaited.iter().map(|it| files.look(tenant, &it.token))).await?;
    for (attachment, stored) in awaited.iter().zip(all) {
        if stored.is_none_or(|it| it.size != attachment.size) {
            let Attachment { file_name, size, .. } = attachment;
            return Err(refused(format!(
                "Uploads: {file_name} has not arrived: PUT its {size} bytes to its upload_url first"
            )));
        }
    }
    Ok(())
}

impl Taken {
    /// Gives them to a comment, with the changes that it is written with: a token is taken once.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn give(&self, comment: &Comment, changes: &mut Changes) -> Result<(), Fault> {
        for item in &self.items {
            changes.take(item);
        }
        let holder = Holder::Comment(comment.ticket_id, comment.id);
        for attachment in &self.attachments {
            changes.put(Holder::key(attachment.id), &holder, None)?;
        }
        Ok(())
    }
}
