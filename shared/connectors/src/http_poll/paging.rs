//! How the next page of a JSON API is asked for.

use ceap_engagement::source::poll::Paging;
use ceap_http::{Answer, Url};
use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of a cursor or a URL, which is kept between two pages.
const MAX_PLACE: usize = 8 * 1024;

/// Which page, but for the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The one after this cursor.
    Cursor(String),
    /// The one of this number.
    Page(u64),
    /// The one from this row on.
    Offset(u64),
    /// The one there.
    Url(String),
}

impl Place {
    pub fn read(place: Option<&Value>) -> Result<Option<Self>, Fault> {
        let read = |place: &Value| Self::deserialize(place);
        place.map(read).transpose().map_err(|error| Fault::Internal(format!("a place: {error}")))
    }

    pub fn written(self) -> Result<Value, Fault> {
        serde_json::to_value(self).map_err(|error| Fault::Internal(error.to_string()))
    }
}

/// The parameter that asks for a page.
pub fn parameter<'a>(pages: Option<&'a Paging>, place: Option<&Place>) -> Option<(&'a str, Value)> {
    match (pages?, place) {
        (Paging::Cursor { parameter, .. }, Some(Place::Cursor(cursor))) => {
            Some((parameter, cursor.as_str().into()))
        }
        (Paging::Page { parameter, .. }, Some(Place::Page(page))) => {
            Some((parameter, (*page).into()))
        }
        (Paging::Page { parameter, from }, None) => Some((parameter, (*from).into())),
        (Paging::Offset { parameter, .. }, Some(Place::Offset(offset))) => {
            Some((parameter, (*offset).into()))
        }
        (Paging::Offset { parameter, .. }, None) => Some((parameter, 0.into())),
        _ => None,
    }
}

/// The place of the next page, if there is one.
pub fn next(
    pages: Option<&Paging>,
    place: Option<&Place>,
    base: &Url,
    answer: &Answer,
    told: &Value,
    items: Option<&str>,
) -> Result<Option<Place>, Fault> {
    let Some(pages) = pages else { return Ok(None) };
    let count = || {
        let list = items.map_or(Some(told), |items| told.pointer(items)).and_then(Value::as_array);
        list.map_or(0, |list| u64::try_from(list.len()).unwrap_or(u64::MAX))
    };
    let next = match pages {
        Paging::Cursor { at, .. } => match told.pointer(at) {
            Some(Value::String(cursor)) if !cursor.is_empty() => {
                Some(Place::Cursor(cursor.clone()))
            }
            Some(Value::Number(cursor)) => Some(Place::Cursor(cursor.to_string())),
            None | Some(Value::Null | Value::String(_) | Value::Bool(false)) => None,
            Some(_) => {
                return Err(Fault::invalid(
                    "pages.at",
                    "holds no cursor: it is neither text nor a number",
                ));
            }
        },
        Paging::Page { from, .. } => {
            let page = if let Some(Place::Page(page)) = place { *page } else { *from };
            (count() > 0).then(|| Place::Page(page.saturating_add(1)))
        }
        Paging::Offset { limit, .. } => {
            let offset = if let Some(Place::Offset(offset)) = place { *offset } else { 0 };
            (count() >= *limit).then(|| Place::Offset(offset.saturating_add(count())))
        }
        Paging::Link {} => linked(answer).map(|url| absolute(base, &url)).transpose()?,
        Paging::Next { at } => match told.pointer(at) {
            Some(Value::String(url)) if !url.is_empty() => Some(absolute(base, url)?),
            None | Some(Value::Null | Value::String(_) | Value::Bool(false)) => None,
            Some(_) => return Err(Fault::invalid("pages.at", "holds no URL")),
        },
    };
    let long = |place: &Place| match place {
        Place::Cursor(text) | Place::Url(text) => text.len() > MAX_PLACE,
        Place::Page(_) | Place::Offset(_) => false,
    };
    if next.as_ref().is_some_and(long) {
        let rule = format!("the next page's cursor or URL has more than {MAX_PLACE} bytes");
        return Err(Fault::invalid("pages", rule));
    }
    Ok(next)
}

fn absolute(base: &Url, url: &str) -> Result<Place, Fault> {
    same_host(base, url).map(|url| Place::Url(url.to_string()))
}

/// A URL of an answer, if it is on the host of its source: credentials are for that.
pub fn same_host(base: &Url, url: &str) -> Result<Url, Fault> {
    let wrong = |why: &str| Fault::invalid("pages", format!("the next page {why}"));
    let found = base.join(url).map_err(|_| wrong("is at no URL"))?;
    let plain = found.username().is_empty() && found.password().is_none();
    if found.origin() != base.origin() || !plain {
        return Err(wrong("is on another host than the first"));
    }
    Ok(found)
}

/// The target of `rel="next"` in `Link` (RFC 8288 §3).
fn linked(answer: &Answer) -> Option<String> {
    let values = answer.headers.get_all("link").into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(links).find_map(|(target, rel)| {
        let next = rel.split_ascii_whitespace().any(|it| it.eq_ignore_ascii_case("next"));
        next.then_some(target)
    })
}

/// Targets and their relations: `<target>; name=value; …, <target>…`.
fn links(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let (mut parameters, after) = unquoted(after, ',');
        let mut rel = "";
        while !parameters.is_empty() {
            let (parameter, more) = unquoted(parameters, ';');
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("rel")
            {
                rel = value.trim().trim_matches('"');
            }
            parameters = more;
        }
        found.push((target.to_owned(), rel.to_owned()));
        rest = after;
    }
    found
}

/// Up to the first `end` that is not quoted, and what comes after.
fn unquoted(text: &str, end: char) -> (&str, &str) {
    let mut quoted = false;
    let place = text.find(|c| {
        quoted ^= c == '"';
        c == end && !quoted
    });
    let cut = place.and_then(|place| text.split_at_checked(place));
    cut.map_or((text, ""), |(before, after)| (before, after.trim_start_matches(end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        r#"<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last""#,
        Some("https://a/?page=2")
    )]
    #[case(
        r#"<https://a/?page=1>; title="a, <b>; rel=next"; rel="prev", </p?2,3>; REL=next"#,
        Some("/p?2,3")
    )]
    #[case(r#"<https://a/?x>; rel="prev next""#, Some("https://a/?x"))]
    #[case(r#"<https://a/>; rel="last""#, None)]
    #[case("nonsense", None)]
    #[case("<", None)]
    fn links_are_read(#[case] value: &str, #[case] next: Option<&str>) {
        let headers = [(ceap_http::HeaderName::from_static("link"), value.parse().unwrap())];
        let headers = headers.into_iter().collect();
        let answer =
            Answer { status: 200, body: Vec::new(), whole: true, headers, retry_after_s: None };
        assert_eq!(linked(&answer).as_deref(), next);
    }

    #[rstest]
    #[case("/orders?page=2", true)]
    #[case("?page=2", true)]
    #[case("https://api.example.com/orders?page=2", true)]
    #[case("https://api.example.com:8443/orders", false)]
    #[case("http://api.example.com/orders", false)]
    #[case("https://evil.example.com/orders", false)]
    #[case("//evil.example.com/orders", false)]
    #[case("https://me:you@api.example.com/orders", false)]
    fn the_next_page_is_on_the_same_host(#[case] url: &str, #[case] taken: bool) {
        let base = "https://api.example.com/orders".parse().unwrap();
        assert_eq!(same_host(&base, url).is_ok(), taken);
    }
}
