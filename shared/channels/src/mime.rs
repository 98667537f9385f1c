//! An email as it goes over the wire: RFC 5322, with its parts as RFC 2045 to 2049 say.
//!
//! `mail-builder` writes headers, parameters and the tree of parts. What is done here and not left to
//! it:
//!
//! - Transfer encodings. It leaves short ASCII as it is, with NULs, lone CRs and lines that relays
//!   change; quoted-printable with every such letter encoded, and base64 leave them nothing to change.
//! - Boundaries, which it draws at random. The same message at the same time is the same bytes here.
//! - Text that only looks encoded (`=?…?=`), or starts with a space: it writes that as it is, and a
//!   reader would decode or trim it. And long names of senders, see `phrase`.

mod encoding;

use crate::http::Reach;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::message::{Attachment, Content, Dispatch};
use ceap_engagement::profile;
use ceap_kernel::Timestamp;
use encoding::{
    FOLD, LINE, base64_lines, breaks, clean, hex, misread, phrase, pieces, quoted_printable, words,
};
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::headers::url::URL;
use mail_builder::mime::MimePart;

/// Bytes of a whole message. SES v2 takes 40 MB ("Service quotas in Amazon SES"); other providers and
/// many mailboxes take less.
pub const LONGEST: usize = 10 * 1024 * 1024;

/// Files beside the text.
pub const ATTACHMENTS: usize = 10;

/// Bytes of a file's name: what file systems take.
const NAME: usize = 255;

/// Letters of the URL to unsubscribe. It can't be folded, and a line has at most 998 (RFC 5322
/// §2.1.1).
const URL_LETTERS: usize = 900;

/// Letters of one section of a file's name (RFC 2231 §3).
const SECTION: usize = 50;

/// Writes `dispatch` as an email of the instant `now`. The same of both is the same, byte for byte.
///
/// - Line breaks of a text, however written, become CRLF (RFC 2046 §4.1.1).
/// - Control characters and line separators of a subject become one space; a header can't hold them.
/// - `Auto-Submitted: auto-generated` tells responders not to answer (RFC 3834 §5: for all that a
///   process writes and that answers no other message). Without it, absence notes would come back and
///   count as replies.
/// - A place to unsubscribe is told as RFC 8058 §3.1 says.
///
/// SES replaces `Date` and `Message-ID` by its own ("Amazon SES header fields"); `X-Ceap-Message-Id`
/// stays.
///
/// # Errors
/// The part of the message that no email can hold, and the rule that it breaks.
pub fn write(dispatch: &Dispatch, now: Timestamp) -> Result<Vec<u8>, String> {
    let (name, address) = sender(dispatch.from.as_deref().unwrap_or_default())?;
    mailbox(&dispatch.to).map_err(|rule| format!("the recipient {rule}"))?;
    let domain = address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let id = dispatch.id.as_str();

    let mut message = MessageBuilder::new()
        .header("From", from(&name, address))
        .header("To", Address::from(dispatch.to.as_str()))
        .header("Subject", line(&clean(dispatch.content.subject.as_deref().unwrap_or_default())))
        .header("Date", Date::new(now.as_second()))
        .header("Message-ID", MessageId::new(format!("{id}@{domain}")))
        .header("MIME-Version", Raw::new("1.0"))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .header("X-Ceap-Message-Id", Raw::new(id))
        .header("X-Ceap-Tenant", Raw::new(dispatch.tenant.as_str()));
    if let Some(use_case) = &dispatch.use_case {
        message = message.header("X-Ceap-Use-Case", Raw::new(use_case.as_str()));
    }
    if let Some(url) = &dispatch.unsubscribe {
        message = message
            .header("List-Unsubscribe", URL::new(unsubscribe(url)?))
            .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
    }

    let mut bytes = Vec::new();
    message.body(body(dispatch)?).serialize(&mut bytes);
    if bytes.len() > LONGEST {
        return Err(format!("the email has {} bytes; at most {LONGEST} are sent", bytes.len()));
    }
    Ok(bytes)
}

/// Whether an email can carry `content`.
///
/// # Errors
/// The part that it can't, and the limit.
pub fn check_content(content: &Content) -> Result<(), String> {
    files(content)?;
    let texts = content.text.len().saturating_add(content.html.as_ref().map_or(0, String::len));
    if texts > LONGEST {
        return Err(format!("text and html: {texts} bytes; at most {LONGEST} are sent"));
    }
    Ok(())
}

/// The name, if there is one, and the address.
fn sender(text: &str) -> Result<(String, &str), String> {
    const RULE: &str = "the sender must be an address, as a@b.ch, or a name and an address, as \
                        Name <a@b.ch>";
    if text.contains(breaks) {
        return Err(format!("{RULE}, without control characters"));
    }
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text),
    };
    mailbox(address).map_err(|rule| format!("{RULE}; its address {rule}"))?;
    // Between words, however many spaces are one (RFC 5322 §3.2.2).
    let name = name.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let quoted = name.strip_prefix('"').map(|rest| rest.strip_suffix('"').and_then(unquoted));
    match quoted {
        Some(Some(name)) => Ok((name, address)),
        None if !name.contains(['<', '>', '@']) => Ok((name, address)),
        _ => Err(format!("{RULE}; a name with one of <>@\" in it stands in double quotes")),
    }
}

/// What stands between the quotes of a quoted string (RFC 5322 §3.2.4).
fn unquoted(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => plain.push(letters.next()?),
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// An address that needs no quotes (RFC 5322 §3.4.1 with dot-atoms on both sides, RFC 1123 §2.1).
fn mailbox(text: &str) -> Result<(), &'static str> {
    const RULE: &str = "must be one email address, as ada@example.com";
    profile::email(text)?;
    let (local, domain) = text.rsplit_once('@').ok_or(RULE)?;
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.trim_matches('-').len() == label.len()
    };
    let shaped = local.split('.').all(|atom| !atom.is_empty()) && domain.split('.').all(label);
    if shaped { Ok(()) } else { Err(RULE) }
}

/// The value of a header of free text.
fn line(text: &str) -> HeaderType<'static> {
    if misread(text) { Raw::new(words(text)).into() } else { Text::new(text.to_owned()).into() }
}

/// The value of `From`.
fn from<'a>(name: &str, address: &'a str) -> HeaderType<'a> {
    if name.is_empty() {
        Address::from(address).into()
    } else if name.len() <= LINE && name.bytes().all(|b| matches!(b, b' '..=b'~')) && !misread(name)
    {
        Address::new_address(Some(name.to_owned()), address).into()
    } else {
        Raw::new(format!("{}{FOLD}<{address}>", phrase(name))).into()
    }
}

/// RFC 8058 §3.1 wants HTTPS; on loopback plain HTTP will do, for local use.
fn unsubscribe(url: &str) -> Result<&str, String> {
    let what = |rule: &str| format!("the URL to unsubscribe: {rule}");
    if url.len() > URL_LETTERS {
        return Err(what(&format!("at most {URL_LETTERS} letters")));
    }
    if !url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b)) {
        return Err(what("only letters that a URL may hold (RFC 3986)"));
    }
    Reach::Loopback.url(url).map(|_| url).map_err(|rule| what(&rule))
}

/// The tree of parts (RFC 2046 §5.1): a text, the same as HTML beside it, files after them.
fn body(dispatch: &Dispatch) -> Result<MimePart<'static>, String> {
    let content = &dispatch.content;
    let mut files = files(content)?;
    let alone = content.html.is_none() && files.is_empty();
    let mut body = text("text/plain", &content.text, alone);
    if let Some(html) = &content.html {
        let parts = vec![body, text("text/html", html, false)];
        body = multipart(dispatch, "alternative", parts);
    }
    if files.is_empty() {
        return Ok(body);
    }
    files.insert(0, body);
    Ok(multipart(dispatch, "mixed", files))
}

fn files(content: &Content) -> Result<Vec<MimePart<'static>>, String> {
    if content.attachments.len() > ATTACHMENTS {
        return Err(format!("attachments: at most {ATTACHMENTS}"));
    }
    let lengths = content.attachments.iter().map(|it| it.data.len());
    let size = lengths.fold(0_usize, usize::saturating_add);
    if size > LONGEST {
        return Err(format!("attachments: {size} bytes of base64; at most {LONGEST} are sent"));
    }
    let each =
        |(n, attachment)| file(attachment).map_err(|rule| format!("attachments[{n}].{rule}"));
    content.attachments.iter().enumerate().map(each).collect()
}

/// `=_` stands in no quoted-printable and no base64 text, so no part can hold the boundary (RFC 2045
/// §6.7).
fn multipart(dispatch: &Dispatch, kind: &str, parts: Vec<MimePart<'static>>) -> MimePart<'static> {
    let boundary = format!("=_{kind}_{}", dispatch.id);
    MimePart::new(
        ContentType::new(format!("multipart/{kind}")).attribute("boundary", boundary),
        parts,
    )
}

/// A part of text, in the shorter of both encodings. `last` when nothing comes after it: then its
/// last line must end too, or the relay ends it and adds a line break to the text.
fn text(media_type: &'static str, text: &str, last: bool) -> MimePart<'static> {
    let text = text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
    let mut quoted = quoted_printable(&text);
    let encoded = base64_lines(text.as_bytes());
    let kind = ContentType::new(media_type).attribute("charset", "utf-8");
    if encoded.len() < quoted.len() {
        return MimePart::new(kind, encoded).transfer_encoding("base64");
    }
    if last && !quoted.is_empty() && !quoted.ends_with("\r\n") {
        quoted.push_str("=\r\n");
    }
    MimePart::new(kind, quoted).transfer_encoding("quoted-printable")
}

fn file(attachment: &Attachment) -> Result<MimePart<'static>, String> {
    let Attachment { name, media_type, data } = attachment;
    if name.is_empty() || name.len() > NAME || matches!(name.as_str(), "." | "..") {
        return Err(format!("name: must be a file's name of at most {NAME} bytes"));
    }
    if name.contains(|letter| breaks(letter) || matches!(letter, '/' | '\\')) {
        return Err("name: must hold no path and no control characters".to_owned());
    }
    let kind = kind(media_type)?;
    let bytes = STANDARD.decode(data).map_err(|error| {
        format!("data: must be base64 with padding and without line breaks (RFC 4648 §4): {error}")
    })?;
    let mut kind = ContentType::new(kind);
    // Otherwise it would be taken for US-ASCII (RFC 2046 §4.1.2).
    if kind.is_text() && std::str::from_utf8(&bytes).is_ok() {
        kind = kind.attribute("charset", "utf-8");
    }
    Ok(MimePart::new(kind, base64_lines(&bytes).into_bytes())
        .transfer_encoding("base64")
        .header("Content-Disposition", disposition(name)))
}

/// Type and subtype as RFC 6838 §4.2 names them, in lower case (RFC 2045 §5.1: their case says
/// nothing).
fn kind(media_type: &str) -> Result<String, String> {
    const RULE: &str = "media_type: must be a type and a subtype, as application/pdf";
    let shaped = |name: &str| {
        (1..=127).contains(&name.len())
            && name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let kind = media_type.to_ascii_lowercase();
    match kind.split_once('/') {
        Some(("multipart" | "message", _)) => {
            Err("media_type: multipart and message can't be base64 (RFC 2045 §6.4)".to_owned())
        }
        Some((main, sub)) if shaped(main) && shaped(sub) => Ok(kind),
        _ => Err(RULE.to_owned()),
    }
}

/// RFC 2183 §2, with its parameter as RFC 2231 says.
fn disposition(name: &str) -> HeaderType<'static> {
    if !misread(name) {
        return ContentType::new("attachment").attribute("filename", name.to_owned()).into();
    }
    let long = |letter: char| {
        if letter.is_ascii_alphanumeric() { 1 } else { letter.len_utf8().saturating_mul(3) }
    };
    let mut value = "attachment".to_owned();
    for (n, piece) in pieces(name, SECTION, long).iter().enumerate() {
        let charset = if n == 0 { "utf-8''" } else { "" };
        value.push_str(&format!("; filename*{n}*={charset}"));
        for byte in piece.bytes() {
            if byte.is_ascii_alphanumeric() {
                value.push(char::from(byte));
            } else {
                hex(&mut value, '%', byte);
            }
        }
    }
    Raw::new(value).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_kernel::MessageId;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn dispatch(content: &Value) -> Dispatch {
        serde_json::from_value(json!({
            "tenant": "acme",
            "id": "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
            "subject": "customer-1",
            "purpose": "marketing",
            "channel": "email",
            "from": "hello@shop.example.com",
            "to": "ada@example.com",
            "content": content,
            "expires_at": "2026-11-22T10:00:00Z",
        }))
        .unwrap()
    }

    fn written(dispatch: &Dispatch) -> Result<String, String> {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        write(dispatch, now).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_whole_message() {
        let content = json!({
            "subject": "Grüezi", "text": "Hello\n", "html": "<p>Hello</p>",
            "attachments": [{"name": "a.txt", "media_type": "text/plain", "data": "aGk="}],
        });
        let mut dispatch = dispatch(&content);
        dispatch.from = Some("Müller & Co. <hello@shop.example.com>".to_owned());
        dispatch.unsubscribe = Some("https://example.com/u?t=1".to_owned());
        dispatch.use_case = "abandoned-cart".to_owned().try_into().ok();
        let expected = "\
From: =?utf-8?B?TcO8bGxlciAmIENvLg==?=
 <hello@shop.example.com>
To: <ada@example.com>
Subject: =?utf-8?Q?Gr=C3=BCezi?=
Date: Sat, 21 Nov 2026 10:00:00 +0000
Message-ID: <7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00@shop.example.com>
MIME-Version: 1.0
Auto-Submitted: auto-generated
X-Ceap-Message-Id: 7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00
X-Ceap-Tenant: acme
X-Ceap-Use-Case: abandoned-cart
List-Unsubscribe: <https://example.com/u?t=1>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Content-Type: multipart/mixed;
 boundary=\"=_mixed_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00\"

--=_mixed_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00
Content-Type: multipart/alternative;
 boundary=\"=_alternative_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00\"

--=_alternative_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00
Content-Type: text/plain; charset=\"utf-8\"
Content-Transfer-Encoding: quoted-printable

Hello

--=_alternative_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00
Content-Type: text/html; charset=\"utf-8\"
Content-Transfer-Encoding: quoted-printable

<p>Hello</p>
--=_alternative_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00--

--=_mixed_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00
Content-Type: text/plain; charset=\"utf-8\"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename=\"a.txt\"

aGk=

--=_mixed_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00--
";
        assert_eq!(written(&dispatch).unwrap().replace("\r\n", "\n"), expected);
        assert_eq!(written(&dispatch), written(&dispatch));
    }

    #[rstest]
    #[case("", "must be an address")]
    #[case("Shop", "must be an address")]
    #[case("Shop <>", "must be an address")]
    #[case("Shop <a@b.ch", "must be an address")]
    #[case("a@b.ch, c@d.ch", "must be an address")]
    #[case("a@b.ch <x> <c@d.ch>", "in double quotes")]
    #[case("ceo@bank.ch <c@d.ch>", "in double quotes")]
    #[case("\"Shop <c@d.ch>", "in double quotes")]
    #[case("\"Shop\" x\" <c@d.ch>", "in double quotes")]
    #[case("a@localhost", "must be an address")]
    #[case("a..b@c.ch", "must be an address")]
    #[case(".a@c.ch", "must be an address")]
    #[case("a@c..ch", "must be an address")]
    #[case("a@-c.ch", "must be an address")]
    #[case("ä@c.ch", "must be an address")]
    #[case("Shop\r\nBcc: x@y.ch <a@b.ch>", "without control characters")]
    #[case("Shop\u{2028}Bcc: x@y.ch <a@b.ch>", "without control characters")]
    #[case("Shop\u{85}x <a@b.ch>", "without control characters")]
    #[case("Shop\0 <a@b.ch>", "without control characters")]
    fn refuses_senders(#[case] from: &str, #[case] rule: &str) {
        let mut dispatch = dispatch(&json!({"text": "x"}));
        dispatch.from = Some(from.to_owned()).filter(|from| !from.is_empty());
        let refused = written(&dispatch).unwrap_err();
        assert!(refused.starts_with("the sender must be") && refused.contains(rule), "{refused}");
    }

    #[rstest]
    #[case("ada@example.com\r\nBcc: x@y.ch")]
    #[case("ada@example.com, x@y.ch")]
    #[case("Ada <ada@example.com>")]
    #[case("ada@example.com>")]
    #[case("a..b@example.com")]
    #[case("")]
    fn refuses_recipients(#[case] to: &str) {
        let mut dispatch = dispatch(&json!({"text": "x"}));
        dispatch.to = to.to_owned();
        let refused = written(&dispatch).unwrap_err();
        assert!(refused.starts_with("the recipient must be one email address"), "{refused}");
    }

    #[rstest]
    #[case("http://example.com/u")]
    #[case("mailto:x@y.ch")]
    #[case("https://example.com/>\r\nBcc: x@y.ch")]
    #[case("https://example.com/a b")]
    #[case("https://example.com/>, <https://evil.example/")]
    #[case("https://user:pass@example.com/")]
    #[case("https://exämple.com/")]
    #[case(&format!("https://example.com/{}", "x".repeat(900)))]
    fn refuses_places_to_unsubscribe(#[case] url: &str) {
        let mut dispatch = dispatch(&json!({"text": "x"}));
        dispatch.unsubscribe = Some(url.to_owned());
        let refused = written(&dispatch).unwrap_err();
        assert!(refused.starts_with("the URL to unsubscribe: "), "{refused}");
    }

    #[rstest]
    #[case("", "a/b", "aGk=", "name")]
    #[case("..", "a/b", "aGk=", "name")]
    #[case("a/b.txt", "a/b", "aGk=", "name")]
    #[case("..\\b.txt", "a/b", "aGk=", "name")]
    #[case("a\r\nX: y.txt", "a/b", "aGk=", "name")]
    #[case("a\u{2029}.txt", "a/b", "aGk=", "name")]
    #[case(&"x".repeat(256), "a/b", "aGk=", "name")]
    #[case("a.txt", "", "aGk=", "media_type")]
    #[case("a.txt", "text", "aGk=", "media_type")]
    #[case("a.txt", "text/", "aGk=", "media_type")]
    #[case("a.txt", "a/b/c", "aGk=", "media_type")]
    #[case("a.txt", "text/plain; charset=x", "aGk=", "media_type")]
    #[case("a.txt", "text/plain\r\nX: y", "aGk=", "media_type")]
    #[case("a.txt", "text/plän", "aGk=", "media_type")]
    #[case("a.txt", "message/rfc822", "aGk=", "media_type")]
    #[case("a.txt", "Multipart/mixed", "aGk=", "media_type")]
    #[case("a.txt", "a/b", "aGk", "data")]
    #[case("a.txt", "a/b", "aG k=", "data")]
    #[case("a.txt", "a/b", "aGk=\r\n", "data")]
    #[case("a.txt", "a/b", "-_-_", "data")]
    fn refuses_files(
        #[case] name: &str,
        #[case] media_type: &str,
        #[case] data: &str,
        #[case] field: &str,
    ) {
        let file = json!({"name": name, "media_type": media_type, "data": data});
        let dispatch = dispatch(&json!({"text": "x", "attachments": [file]}));
        let refused = written(&dispatch).unwrap_err();
        assert!(refused.starts_with(&format!("attachments[0].{field}: ")), "{refused}");
        assert_eq!(check_content(&dispatch.content), Err(refused));
    }

    #[test]
    fn knows_its_limits() {
        let file = |data: String| json!({"name": "a", "media_type": "a/b", "data": data});
        let files = |count: usize, bytes: usize| {
            let files: Vec<Value> = (0..count).map(|_| file("AAAA".repeat(bytes / 3))).collect();
            dispatch(&json!({"text": "x", "attachments": files}))
        };
        assert!(written(&files(10, 300)).is_ok());
        assert_eq!(written(&files(11, 3)), Err("attachments: at most 10".to_owned()));
        assert!(written(&files(2, 3_600_000)).is_ok());
        let refused = written(&files(2, 4_200_000)).unwrap_err();
        assert!(refused.starts_with("attachments: 11200000 bytes of base64"), "{refused}");
        let refused = written(&dispatch(&json!({"text": "x".repeat(LONGEST)}))).unwrap_err();
        assert!(refused.starts_with("the email has "), "{refused}");
    }

    proptest! {
        /// Whatever the texts, they add no header, no line end and no part.
        #[test]
        fn nothing_can_be_injected(subject: String, name in "[ a-zA-Z0-9äöü日🎉.,;:()=?_'&-]{0,40}", text: String) {
            let bare = dispatch(&json!({"subject": "", "text": ""}));
            let names = |message: &str| -> Vec<String> {
                let (head, _) = message.split_once("\r\n\r\n").unwrap();
                let lines = head.split("\r\n").filter(|line| !line.starts_with(' '));
                lines.map(|line| line.split_once(": ").unwrap().0.to_owned()).collect()
            };
            let mut full = dispatch(&json!({"subject": subject, "text": text}));
            full.from = Some(format!("{name} <hello@shop.example.com>"));
            full.id = MessageId::new("0".repeat(32)).unwrap();
            let message = written(&full).unwrap();
            prop_assert_eq!(names(&message), names(&written(&bare).unwrap()));
            prop_assert!(message.is_ascii() && message.ends_with("\r\n"));
            let rest = message.replace("\r\n", "");
            prop_assert!(!rest.contains(|letter: char| letter != '\t' && letter.is_control()));
        }
    }
}
