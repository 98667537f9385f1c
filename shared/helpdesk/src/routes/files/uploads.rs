//! Files that no comment took yet. They are for who uploads them alone.

use super::sent;
use crate::api::{Answer, Ask, Call, Refused};
use crate::file::Attachment;
use crate::file::upload::Upload;
use crate::routes::tickets::attachment_shown;
use crate::store::Key;
use serde_json::{Map, Value, json};

/// Bytes of a file that one request carries (what is sent to a Lambda function ends at 6 MB, coded in base64).
const MOST: usize = 4 * 1024 * 1024;

/// Bytes of a file (Zendesk's limit).
const LARGEST: u64 = 50 * 1024 * 1024;

/// The upload that the query or the path names.
pub(super) fn needs(ask: &Ask) -> Vec<Key> {
    let token = ask.query("token").or_else(|| ask.segments().nth(1));
    token.map(Upload::key).into_iter().collect()
}

/// A variable of the query that says something.
fn given<'a>(ask: &'a Ask, name: &str) -> Option<&'a str> {
    ask.query(name).filter(|it| !it.trim().is_empty())
}

/// Refuses a token before a file is left under it that nobody would find.
async fn known(call: &Call<'_>, token: Option<&str>) -> Result<(), Refused> {
    match token {
        Some(token) => Upload::find(call, token).await?.map(drop).ok_or(Refused::NotFound),
        None => Ok(()),
    }
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let sent = sent::read(call.ask).await?;
    if sent.bytes.len() > MOST {
        return Err(too_large(call));
    }
    let name = given(call.ask, "filename").or(sent.name.as_deref());
    let name = name.ok_or_else(|| Refused::parameter("filename", "is required"))?;
    let token = given(call.ask, "token").or(sent.token.as_deref());
    known(call, token).await?;
    let size = u64::try_from(sent.bytes.len()).unwrap_or(u64::MAX);
    let attachment = Attachment::new(call, name, sent.content_type.as_deref(), size)?;
    let (files, kind) = (call.desk.files, &attachment.content_type);
    files.put(&call.tenant, &attachment.token, kind, sent.bytes).await?;
    let upload = Upload::add(call, token, &attachment, false).await?;
    Ok(created(call, &attachment, shown(call, &upload, &attachment)))
}

fn too_large(call: &Call<'_>) -> Refused {
    let url = call.url("/uploads/presigned?filename=NAME&size=BYTES&content_type=TYPE");
    Refused::TooLarge(format!(
        "A request carries files of up to 4 MB. Ask with POST {url} where to put one of up to 50 MB, put it there, \
         and name its token in the comment"
    ))
}

/// Tells where to put a file that no request carries.
pub(super) async fn presign(call: &Call<'_>) -> Result<Answer, Refused> {
    let required =
        |name| given(call.ask, name).ok_or_else(|| Refused::parameter(name, "is required"));
    let name = required("filename")?;
    let size: u64 =
        required("size")?.parse().map_err(|_| Refused::parameter("size", "must be an integer"))?;
    if size == 0 {
        return Err(Refused::parameter("size", "must be greater than 0"));
    }
    if size > LARGEST {
        return Err(Refused::TooLarge("Files have up to 50 MB".to_owned()));
    }
    let token = given(call.ask, "token");
    let attachment = Attachment::new(call, name, given(call.ask, "content_type"), size)?;
    let upload = Upload::add(call, token, &attachment, true).await?;
    let (files, kind) = (call.desk.files, &attachment.content_type);
    let url = files.upload(&call.tenant, &attachment.token, kind, size).await?;
    let headers = files.upload_headers(kind).into_iter();
    let headers: Map<String, Value> =
        headers.map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    let mut shown = shown(call, &upload, &attachment);
    shown.insert("upload_url".to_owned(), Value::String(url));
    shown.insert("headers".to_owned(), Value::Object(headers));
    Ok(created(call, &attachment, shown))
}

fn shown(call: &Call<'_>, upload: &Upload, attachment: &Attachment) -> Map<String, Value> {
    let all: Vec<Value> = upload.attachments.iter().map(|it| attachment_shown(call, it)).collect();
    Map::from_iter([
        ("token".to_owned(), json!(upload.token)),
        ("expires_at".to_owned(), json!(upload.expires_at)),
        ("attachments".to_owned(), Value::Array(all)),
        ("attachment".to_owned(), attachment_shown(call, attachment)),
    ])
}

fn created(call: &Call<'_>, attachment: &Attachment, shown: Map<String, Value>) -> Answer {
    let location = call.url(&format!("/attachments/{}.json", attachment.id));
    Answer::created(json!({"upload": shown}), location)
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let found = Upload::find(call, call.variable("token")).await?;
    let (item, upload) = found.ok_or(Refused::NotFound)?;
    upload.remove(call, &item).await?;
    Ok(Answer::gone())
}
