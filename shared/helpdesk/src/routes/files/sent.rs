//! What is sent as a file.
//!
//! Clients send a file's bytes as they are, under any media type: `application/binary`, `application/json`, even
//! `multipart/form-data`. Only what is such a form in truth (RFC 7578) is read as one: Ruby's client sends it.

use crate::api::{Ask, Refused};
use futures::stream;
use multer::Multipart;
use std::convert::Infallible;

/// A file as it is sent, and what is told of it in the same form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// Its name.
    pub name: Option<String>,
    /// The token that it is to come under.
    pub token: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The file that is sent.
pub(super) async fn read(ask: &Ask) -> Result<Sent, Refused> {
    let content_type = ask.header("content-type").map(str::to_owned);
    match content_type.as_deref().and_then(|it| boundary(it, &ask.body)) {
        Some(boundary) => {
            let form = parts(&ask.body, boundary).await;
            form.map_err(|error| {
                Refused::parameter("uploaded_data", format!("is no form: {error}"))
            })
        }
        None => Ok(Sent { content_type, bytes: ask.body.clone(), ..Sent::default() }),
    }
}

/// The boundary of a form, if the body is one. Some clients forget to name it.
fn boundary(content_type: &str, body: &[u8]) -> Option<String> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let first = body.split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    let begun = std::str::from_utf8(first.strip_prefix(b"--")?).ok()?;
    let named = multer::parse_boundary(content_type).ok();
    let end = [first, b"--"].concat();
    let fits = match &named {
        Some(named) => named == begun,
        None => !begun.is_empty() && body.trim_ascii_end().ends_with(&end),
    };
    fits.then(|| begun.to_owned())
}

async fn parts(body: &[u8], boundary: String) -> Result<Sent, multer::Error> {
    let body = body.to_vec();
    let whole = stream::iter([Ok::<_, Infallible>(body)]);
    let mut form = Multipart::new(whole, boundary);
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await? {
        let name = field.name().map(str::to_owned).unwrap_or_default();
        let file_name = field.file_name().map(str::to_owned);
        match name.as_str() {
            "filename" => sent.name = Some(field.text().await?),
            "token" => sent.token = Some(field.text().await?).filter(|it| !it.is_empty()),
            _ if name == "uploaded_data" || file_name.is_some() => {
                sent.name = sent.name.take().or(file_name);
                sent.content_type = field.content_type().map(ToString::to_string);
                sent.bytes = field.bytes().await?.to_vec();
            }
            _ => {}
        }
    }
    Ok(sent)
}
