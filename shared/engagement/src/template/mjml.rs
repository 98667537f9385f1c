//! MJML, the markup from which mail that looks right everywhere is made.
//!
//! It becomes HTML once, when it is compiled; what is rendered for each message is the HTML. Liquid
//! passes through untouched: each of its tags is a word of its own while crate `mrml` works. So
//! Liquid may stand in texts and in attributes that HTML has too (`href`, `src`, `alt`). A block
//! around sections or columns goes into `<mj-raw>`:
//!
//! ```text
//! <mj-raw>{% for item in data.items %}</mj-raw>
//! <mj-section>…{{ item.name }}…</mj-section>
//! <mj-raw>{% endfor %}</mj-raw>
//! ```
//!
//! Attributes that MJML reads itself (`width`, `padding`, colours) become styles or are computed with
//! and take no values; the check of the HTML says so. `mj-include` is refused: partials are Liquid's.

use super::syntax::{self, Kind, Problem};
use mrml::prelude::parser::Error;
use mrml::prelude::render::RenderOptions;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Elements within elements: `mrml` descends for each.
const MAX_DEPTH: usize = 64;

/// Bytes of one source.
const MAX_SOURCE: usize = 64 * 1024;

/// The HTML template of `source`.
pub(super) fn compile(source: &str) -> Result<String, Problem> {
    if source.len() > MAX_SOURCE {
        return Err(Problem::new(0, format!("must be at most {MAX_SOURCE} bytes")));
    }
    if source.to_ascii_lowercase().contains("<mj-include") {
        let line = line(source, source.to_ascii_lowercase().find("<mj-include").unwrap_or(0));
        return Err(Problem::new(line, "`mj-include` reads files; use {% render %} in `mj-raw`"));
    }
    let word = unused(source);
    let (mut markup, mut tags) = (String::new(), Vec::new());
    for piece in syntax::read(source)? {
        if piece.kind == Kind::Text {
            markup.push_str(&piece.text);
        } else {
            markup.push_str(&format!("{word}{}z", tags.len()));
            tags.push(piece.text);
        }
    }
    depth(&markup)?;
    let html = catch_unwind(AssertUnwindSafe(|| render(&markup)));
    let html = html.unwrap_or_else(|_| Err(Problem::new(0, "cannot be made into HTML")))?;
    // What `mrml` does not know, it leaves as it is.
    if let Some((_, rest)) = html.split_once("<mj-") {
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let at = markup.find(&format!("<mj-{name}")).unwrap_or_default();
        let message = format!("`mj-{name}` is no element of MJML, or may not stand here");
        return Err(Problem::new(line(&markup, at), message));
    }
    Ok(restored(&html, &word, &tags))
}

/// A word that the source does not hold.
fn unused(source: &str) -> String {
    let mut word = "liquid".to_owned();
    while source.contains(&word) {
        word.push('q');
    }
    word
}

fn restored(html: &str, word: &str, tags: &[String]) -> String {
    let mut parts = html.split(word);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('z').unwrap_or(("", part));
        let tag = number.parse::<usize>().ok().and_then(|n| tags.get(n));
        text.push_str(tag.map_or("", String::as_str));
        text.push_str(rest);
    }
    text
}

fn render(markup: &str) -> Result<String, Problem> {
    let parsed = mrml::parse(markup).map_err(|error| problem(&error, markup))?;
    // Comments would be read by every recipient.
    let options = RenderOptions { disable_comments: true, ..RenderOptions::default() };
    parsed.element.render(&options).map_err(|error| Problem::new(0, error.to_string()))
}

fn problem(error: &Error, markup: &str) -> Problem {
    let (what, position) = match error {
        Error::UnexpectedElement { position, .. } => {
            ("an element that may not stand here", position)
        }
        Error::UnexpectedToken { position, .. } => ("something that may not stand here", position),
        Error::MissingAttribute { position, .. } => {
            ("an element that lacks an attribute", position)
        }
        Error::InvalidAttribute { position, .. } => ("an attribute that is not valid", position),
        Error::InvalidFormat { position, .. } => ("a value that is not valid", position),
        Error::IncludeLoaderError { position, .. } => ("an include", position),
        Error::EndOfStream { .. } => return Problem::new(0, "ends too early; close every element"),
        _ => return Problem::new(0, "is not MJML; it is XML within <mjml>"),
    };
    let line = line(markup, position.start);
    Problem::new(
        line,
        format!("is not MJML: {what}; Liquid around sections and columns goes into <mj-raw>"),
    )
}

fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count().saturating_add(1)
}

fn depth(markup: &str) -> Result<(), Problem> {
    const VOID: [&str; 14] = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    ];
    let (mut depth, mut line) = (0_usize, 1_usize);
    for (n, part) in markup.split('<').enumerate() {
        let name: String = part
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
            .to_ascii_lowercase();
        let tag = part.split('>').next().unwrap_or_default();
        if n > 0 && part.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if n > 0 && !name.is_empty() && !tag.ends_with('/') && !VOID.contains(&name.as_str())
        {
            depth = depth.saturating_add(1);
        }
        if depth > MAX_DEPTH {
            return Err(Problem::new(line, format!("nests more than {MAX_DEPTH} elements")));
        }
        line = line.saturating_add(part.matches('\n').count());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Escape, Template};
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    const MAIL: &str = r##"<mjml>
  <mj-head>
    <mj-title>{{ data.title }}</mj-title>
    <mj-preview>For {{ profile.name }}</mj-preview>
    <mj-attributes><mj-all font-family="Helvetica, Arial" /></mj-attributes>
    <mj-style>.small { font-size: 10px }</mj-style>
  </mj-head>
  <mj-body background-color="#f4f4f4">
    <mj-section background-color="#fff" background-url="https://x.ch/bg.png">
      <mj-column>
        <mj-image src="{{ data.image }}" alt="{{ data.title }}" width="100px" />
        <mj-text>Dear {{ profile.name }},<br/>it's {% if data.vip %}<b>you</b>{% else %}them{% endif %}.</mj-text>
        <mj-button href="{{ data.link }}?a=1&amp;b={{ profile.name | url_encode }}">Go</mj-button>
      </mj-column>
    </mj-section>
    <mj-raw>{% for item in data.items %}</mj-raw>
    <mj-section><mj-column><mj-text>{{ item }}</mj-text></mj-column></mj-section>
    <mj-raw>{% endfor %}</mj-raw>
    <mj-section><mj-column width="50%"><mj-text>a</mj-text></mj-column>
      <mj-column width="50%"><mj-table><tr><td>{{ data.title }}</td></tr></mj-table></mj-column>
    </mj-section>
    <mj-section><mj-column><mj-divider /><mj-spacer height="10px" />
      <mj-social><mj-social-element name="facebook" href="https://x.ch">f</mj-social-element></mj-social>
      <mj-text><a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>"##;

    #[test]
    fn a_responsive_mail_compiles_once_and_renders_safely() {
        let html = compile(MAIL).unwrap();
        assert!(html.contains("@media") && html.contains("<!--[if mso"), "{html}");
        assert!(html.contains(r#"src="{{ data.image }}""#), "{html}");
        let template = Template::compile("mjml", &html, Escape::Html)
            .unwrap_or_else(|fault| panic!("{fault}\n{html}"));
        let facts = json!({
            "data": {"title": "A <b>", "image": "https://x.ch/i.png", "vip": true, "link": "https://x.ch/",
                     "items": ["<1>", "2"]},
            "profile": {"name": "\"><script>"},
            "links": {"unsubscribe": "https://x.ch/u"},
        });
        let mail = template.render(&facts).unwrap();
        assert!(!mail.contains("{{") && !mail.contains("{%") && !mail.contains("liquid"), "{mail}");
        assert!(!mail.contains("<script>"), "{mail}");
        assert!(mail.contains("Dear &quot;&gt;&lt;script&gt;,"), "{mail}");
        assert!(mail.contains("href=\"https://x.ch/?a=1&amp;b=%22%3E%3Cscript%3E\""), "{mail}");
        assert_eq!(mail.matches("&lt;1&gt;").count(), 1, "{mail}");
        let mut bad = facts;
        bad["data"]["link"] = json!("javascript:alert(1)//");
        assert!(template.render(&bad).unwrap_err().to_string().contains("`href`"));
    }

    #[rstest]
    #[case("<mjml><mj-body>\n<mj-include path='/etc/passwd'/></mj-body></mjml>", "2: `mj-include`")]
    #[case("<mjml><mj-body><mj-section></mj-body></mjml>", "")]
    #[case("<mjml>\n<mj-body>\n<mj-nope></mj-nope></mj-body></mjml>", "3: `mj-nope` is no element")]
    #[case("<p>", "")]
    #[case("", "")]
    #[case("<mjml><mj-body>{{ a b }}</mj-body></mjml>", "1: ")]
    fn what_is_no_mjml_is_refused(#[case] source: &str, #[case] says: &str) {
        let Problem { line, message } = compile(source).unwrap_err();
        assert!(format!("{line}: {message}").contains(says), "{line}: {message}");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("<mjml><mj-body><mj-raw>{}", "<b>".repeat(15_000));
        assert!(compile(&deep).unwrap_err().message.contains("nests more"));
    }
}
