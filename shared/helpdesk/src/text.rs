//! Text as HTML, and HTML as text.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Text as Zendesk shows it: a paragraph for each, a break for each line.
#[must_use]
pub fn to_html(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| {
            let lines: Vec<String> = paragraph.lines().map(escaped).collect();
            format!("<p dir=\"auto\">{}</p>", lines.join("<br>"))
        })
        .collect();
    framed(&paragraphs.concat())
}

/// HTML without what could do harm to who reads it: no scripts, no styles, no forms, links that cannot reach back.
#[must_use]
pub fn clean(html: &str) -> String {
    framed(&ammonia::Builder::default().url_schemes(schemes()).clean(html).to_string())
}

fn schemes() -> HashSet<&'static str> {
    HashSet::from(["http", "https", "mailto", "tel"])
}

fn framed(html: &str) -> String {
    format!("<div class=\"zd-comment\" dir=\"auto\">{html}</div>")
}

/// Signs that HTML has a meaning for, written so that they have none.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, letter| {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
        out
    })
}

/// HTML as text. What cannot be read as HTML is shown without its tags.
#[must_use]
pub fn of_html(html: &str) -> String {
    let width = 10_000;
    // It counts lists on from any number that their HTML gives them.
    let read = catch_unwind(AssertUnwindSafe(|| {
        html2text::config::plain_no_decorate().string_from_read(html.as_bytes(), width)
    }));
    let plain = read.ok().and_then(Result::ok).unwrap_or_else(|| untagged(html));
    plain.trim_end().to_owned()
}

/// What stands between the tags.
fn untagged(html: &str) -> String {
    let parts = html.split('<').enumerate();
    let text = |(at, part): (usize, &str)| match part.split_once('>') {
        _ if at == 0 => part.to_owned(),
        Some((_, behind)) => behind.to_owned(),
        None => String::new(),
    };
    parts.map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let html = to_html("1 < 2 & \"so\"\nyes\n\nno");
        let inner =
            "<p dir=\"auto\">1 &lt; 2 &amp; &quot;so&quot;<br>yes</p><p dir=\"auto\">no</p>";
        assert_eq!(html, format!("<div class=\"zd-comment\" dir=\"auto\">{inner}</div>"));
    }

    #[test]
    fn html_does_no_harm() {
        let html = clean(
            "<p onclick=\"x()\">Hi<script>y()</script> <a href=\"javascript:z()\">there</a></p>",
        );
        for harm in ["script", "onclick", "javascript", "x()", "y()", "z()"] {
            assert!(!html.contains(harm), "{html}");
        }
        assert_eq!(of_html("<p>Hi <b>there</b></p><p>you</p>"), "Hi there\n\nyou");
    }

    #[test]
    fn lists_may_begin_with_any_number() {
        for start in [i64::MAX, i64::MIN, -1] {
            let html = format!("<ol start=\"{start}\"><li>one<li>two</ol><p>and more</p>");
            let read = of_html(&html);
            assert!(read.contains("one") && read.contains("two"), "{read}");
            assert!(read.contains("and more") && !read.contains('<'), "{read}");
        }
    }
}
