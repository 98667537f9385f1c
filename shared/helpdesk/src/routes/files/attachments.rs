//! Files of comments: for whoever sees the comment. Of one that no comment took yet, only who uploaded it knows.

use crate::access::Action::{ReadPrivateComments, UpdateTicket};
use crate::access::Resource;
use crate::api::{Answer, Ask, Call, Refused};
use crate::file::upload::Upload;
use crate::file::{Attachment, Holder};
use crate::ids::{AttachmentId, CommentId, TicketId};
use crate::record::{Changes, Kept, Record, places};
use crate::routes::tickets::{attachment_shown, see};
use crate::store::{Item, Key};
use crate::ticket::{Comment, Ticket};
use serde::Deserialize;
use serde_json::{Value, json};

/// What tells of the file that the path names by its id.
pub(super) fn needs(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(1).and_then(|it| it.parse().ok()).and_then(AttachmentId::new);
    id.map(Holder::key).into_iter().collect()
}

/// What tells of the file that the path names by its token.
pub(super) fn needs_by_token(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(2).and_then(Attachment::id_of);
    id.map(Holder::key).into_iter().collect()
}

async fn holder(call: &Call<'_>, id: AttachmentId) -> Result<Holder, Refused> {
    let item = call.item(&Holder::key(id)).await?.ok_or(Refused::NotFound)?;
    Ok(Holder::read(&item)?)
}

fn named(call: &Call<'_>) -> Result<AttachmentId, Refused> {
    AttachmentId::new(call.id("id")?).ok_or(Refused::NotFound)
}

fn among(all: &[Attachment], id: AttachmentId) -> Result<Attachment, Refused> {
    all.iter().find(|it| it.id == id).cloned().ok_or(Refused::NotFound)
}

/// A comment with a file, and its ticket, both as they are kept.
struct Said {
    ticket: Kept<Ticket>,
    item: Item,
    comment: Comment,
}

/// The comment with a file, of a ticket that who asks sees; an internal note only if they see those.
async fn said(call: &Call<'_>, ticket: TicketId, comment: CommentId) -> Result<Said, Refused> {
    let key = Comment::key(ticket, comment);
    call.fetch([places::record(Ticket::KIND, ticket.get()), key.clone()]).await?;
    let ticket = call.get::<Ticket>(ticket.get()).await?;
    let item = call.item(&key).await?.ok_or(Refused::NotFound)?;
    let comment = Comment::read(&item)?;
    let sees = see::sees(call, &ticket).await?
        && (comment.public || call.may(ReadPrivateComments, Resource::Ticket(&ticket, false))?);
    if sees { Ok(Said { ticket, item, comment }) } else { Err(Refused::NotFound) }
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = named(call)?;
    let attachment = match holder(call, id).await? {
        Holder::Upload(token) => {
            let (_, upload) = Upload::find(call, &token).await?.ok_or(Refused::NotFound)?;
            among(&upload.attachments, id)?
        }
        Holder::Comment(ticket, comment) => {
            among(&said(call, ticket, comment).await?.comment.attachments, id)?
        }
    };
    Ok(Answer::ok(json!({"attachment": attachment_shown(call, &attachment)})))
}

/// What is asked of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    malware_access_override: Option<bool>,
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = named(call)?;
    let Holder::Comment(ticket, comment) = holder(call, id).await? else {
        return Err(Refused::NotFound);
    };
    let Said { ticket, item, mut comment } = said(call, ticket, comment).await?;
    call.require(UpdateTicket, Resource::Ticket(&ticket, false))?;
    let edit: Edit = call.ask.record("attachment")?;
    let attachment = comment.attachments.iter_mut().find(|it| it.id == id);
    let attachment = attachment.ok_or(Refused::NotFound)?;
    let before = attachment.malware_access_override;
    attachment.malware_access_override = edit.malware_access_override.unwrap_or(before);
    let shown: Value = attachment_shown(call, attachment);
    let mut changes = Changes::new();
    changes.replace(&item, &comment, None)?;
    call.commit(changes).await?;
    Ok(Answer::ok(json!({"attachment": shown})))
}

/// Who knows the token may read the file, whoever they are; but for one that was taken out, or has not arrived.
pub(super) async fn download(call: &Call<'_>) -> Result<Answer, Refused> {
    let token = call.variable("token");
    let id = Attachment::id_of(token).ok_or(Refused::NotFound)?;
    let attachments = match holder(call, id).await? {
        Holder::Upload(upload) => {
            let item = call.item(&Upload::key(&upload)).await?.ok_or(Refused::NotFound)?;
            Upload::read(&item)?.arrived()
        }
        Holder::Comment(ticket, comment) => {
            let item = call.item(&Comment::key(ticket, comment)).await?;
            Comment::read(&item.ok_or(Refused::NotFound)?)?.attachments
        }
    };
    let attachment = among(&attachments, id)?;
    if attachment.token != token || attachment.deleted {
        return Err(Refused::NotFound);
    }
    let Attachment { token, file_name, content_type, .. } = &attachment;
    let url = call.desk.files.download(&call.tenant, token, file_name, content_type).await?;
    Ok(Answer::found(url))
}
