//! The fields of a form, as browsers and mail programs send them.

use std::borrow::Cow;

/// Fields of one form: nobody fills in more.
const MOST: usize = 200;

/// Names and values in their order.
pub type Fields = Vec<(String, String)>;

/// Reads `multipart/form-data` (RFC 7578) where `content_type` says so, and else
/// `application/x-www-form-urlencoded` (WHATWG URL §5), which it also is when nothing is said.
/// What is neither has no fields.
#[must_use]
pub fn fields(content_type: &str, body: &[u8]) -> Fields {
    let mut parts = content_type.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        return form_urlencoded::parse(body).into_owned().take(MOST).collect();
    }
    let boundary = parts.find_map(|part| parameter(part, "boundary"));
    let Some(boundary) = boundary.filter(|it| !it.is_empty()) else { return Fields::new() };
    let text = String::from_utf8_lossy(body);
    // Each part stands between two lines `--boundary`; before the first and after the last is nothing.
    let border = format!("--{boundary}");
    let parts = text.split(border.as_str()).skip(1).take(MOST);
    parts.take_while(|part| !part.starts_with("--")).filter_map(part).collect()
}

fn part(part: &str) -> Option<(String, String)> {
    let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let name = disposition.split(';').map(str::trim).find_map(|it| parameter(it, "name"))?;
    let value = value.strip_suffix('\n').unwrap_or(value);
    let value = value.strip_suffix('\r').unwrap_or(value);
    Some((name.into_owned(), value.to_owned()))
}

/// The value of the parameter `name`, with or without quotes.
fn parameter<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (found, value) = text.split_once('=')?;
    found.trim().eq_ignore_ascii_case(name).then(|| Cow::from(value.trim().trim_matches('"')))
}

/// Whether it is what a mail program posts to unsubscribe its user (RFC 8058 §3.1).
#[must_use]
pub fn one_click(fields: &Fields) -> bool {
    fields.iter().any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("List-Unsubscribe")
            && value.trim().eq_ignore_ascii_case("One-Click")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const MULTIPART: &str = "--b1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b1--\r\n";

    #[rstest]
    #[case("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", true)]
    #[case("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "List-Unsubscribe=One-Click", true)]
    #[case("", "List-Unsubscribe=One-Click", true)]
    #[case("", "List%2DUnsubscribe=One%2dClick", true)]
    #[case("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click\r\n", true)]
    #[case("multipart/form-data; boundary=b1", MULTIPART, true)]
    #[case("multipart/form-data; charset=utf-8; boundary=\"b1\"", MULTIPART, true)]
    #[case("multipart/form-data; boundary=b2", MULTIPART, false)]
    #[case("multipart/form-data", MULTIPART, false)]
    #[case("", MULTIPART, false)]
    #[case("", "", false)]
    #[case("", "List-Unsubscribe=", false)]
    #[case("", "List-Unsubscribe", false)]
    #[case("", "x=List-Unsubscribe=One-Click", false)]
    #[case("application/json", "{\"List-Unsubscribe\": \"One-Click\"}", false)]
    fn bodies_of_one_click(#[case] kind: &str, #[case] body: &str, #[case] asks: bool) {
        assert_eq!(one_click(&fields(kind, body.as_bytes())), asks);
    }

    #[test]
    fn lines_may_end_as_on_unix() {
        let body = MULTIPART.replace("\r\n", "\n");
        assert!(one_click(&fields("multipart/form-data; boundary=b1", body.as_bytes())));
    }

    #[test]
    fn a_field_may_stand_often() {
        let read = fields("", b"on=email&on=sms&a=%C3%BC+1");
        let expected = [("on", "email"), ("on", "sms"), ("a", "\u{fc} 1")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    proptest! {
        #[test]
        fn any_body_is_read(multi in any::<bool>(), body in prop::collection::vec(any::<u8>(), 0..300)) {
            let kind = if multi { "multipart/form-data; boundary=-" } else { "" };
            prop_assert!(fields(kind, &body).len() <= MOST);
        }
    }
}
