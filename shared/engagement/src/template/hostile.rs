//! No value becomes markup: hostile values, every filter, every place, and chance.
//!
//! The judge is `html5ever`, the HTML parser of a browser. What it reads of a rendering with hostile
//! values must be the elements and attributes that it reads with harmless ones.

use super::language::filters;
use super::{Escape, Template};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;

/// Tags with their attributes' names, comments, and the URLs that run something.
#[derive(Default)]
struct Seen(RefCell<Vec<String>>);

impl TokenSink for Seen {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut seen = self.0.borrow_mut();
        match token {
            Token::TagToken(Tag { kind, name, attrs, .. }) => {
                let names: Vec<&str> = attrs.iter().map(|it| &*it.name.local).collect();
                seen.push(format!("{kind:?} {name} {}", names.join(" ")));
                for attribute in
                    attrs.iter().filter(|it| ["href", "src"].contains(&&*it.name.local))
                {
                    let value: String = attribute.value.chars().filter(|c| *c > ' ').collect();
                    let value = value.to_lowercase();
                    if ["javascript:", "vbscript:", "data:"].iter().any(|it| value.starts_with(it))
                    {
                        seen.push(format!("runs {value}"));
                    }
                }
                if kind == TagKind::StartTag {
                    match &*name {
                        "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
                        "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
                        "title" | "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
                        _ => {}
                    }
                }
            }
            Token::CommentToken(_) => seen.push("comment".to_owned()),
            Token::DoctypeToken(_) => seen.push("doctype".to_owned()),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn structure(html: &str) -> Vec<String> {
    let tokenizer = Tokenizer::new(Seen::default(), Default::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.take()
}

const HOSTILE: [&str; 22] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "\" onmouseover=\"alert(1)",
    "javascript:alert(1)",
    " \tJaVa\nScRiPt:alert(1)",
    "java&#115;cript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;img src=x&amp;gt;",
    "&#60;img&#62;",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "%22%3E%3Cimg%20src%3Dx%3E",
    "+%3Cimg+src%3Dx%3E+",
    "{{ x }}{% raw %}{% endraw %}",
    "--><img src=x>",
    "]]><img src=x>",
    "</title><img src=x>",
    "</td></tr></table><form>",
    "\u{10FFFD}javascript:alert(1)\u{10FFFC}",
    "\0<img src=x>\r\n\u{2028}",
    "`onclick=alert(1)` = /><a",
];

/// Each filter with arguments under which it does something to text.
fn chains() -> Vec<String> {
    let mut chains: Vec<String> = filters()
        .iter()
        .map(|filter| filter.reflection().name().to_owned())
        .flat_map(|name| {
            let arguments: &[&str] = match name.as_str() {
                "append" | "prepend" => &[": x", ": '<i>'"],
                "remove" | "remove_first" => &[": 'amp;'", ": '&'", ": 'lt;'"],
                "replace" | "replace_first" => &[": '&lt;', '<'", ": 'l', x", ": '%', x"],
                "split" => &[": ''", ": '<'"],
                "join" => &[": x"],
                "default" => &[": x"],
                "slice" => &[": 0, 9", ": 1"],
                "truncate" | "truncatewords" => &[": 3", ": 4, x"],
                "date" => &[": x", ": '%Y<b>'"],
                "concat" => &[": l"],
                "map" => &[": 'k'"],
                "where" => &[": 'k', x"],
                "at_least" | "at_most" | "divided_by" | "minus" | "modulo" | "plus" | "times" => {
                    &[": 2"]
                }
                _ => &[""],
            };
            arguments.iter().map(|it| format!("{name}{it}")).collect::<Vec<_>>()
        })
        .collect();
    chains.extend(
        [
            "escape | replace: '&lt;', '<'",
            "escape | remove: 'amp;'",
            "escape | url_decode",
            "url_encode | url_decode",
            "split: '' | join: ''",
            "escape_once | url_decode | escape_once",
            "newline_to_br | escape_once",
            "escape | newline_to_br | newline_to_br",
            "split: 'x' | first",
            "strip_html | url_decode | newline_to_br",
            "escape | upcase | downcase",
        ]
        .map(str::to_owned),
    );
    chains
}

const PLACES: [&str; 12] = [
    "<p>OUT</p>",
    "<a title=\"OUT\">a</a>",
    "<a title='OUT'>a</a>",
    "<a href=\"OUT\">a</a>",
    "<img src='OUT' alt=\"OUT\"/>",
    "<title>OUT</title><p>OUT</p>",
    "<!--[if mso]><td title=\"OUT\">OUT</td><![endif]-->",
    "{% capture c %}<b title='OUT'>OUT</b>{% endcapture %}<p>{{ c }}</p><p title=\"{{ c }}\"></p>",
    "{% capture c %}OUT{% endcapture %}<a href=\"{{ c }}\">{{ c | upcase }}{{ c | url_decode }}</a>",
    "{% assign c = VALUE %}<p title='{{ c }}'>{{ c }}</p>",
    "{% for i in l %}<li class=\"{% cycle 'a', 'b' %}\">{{ i }}OUT</li>{% else %}OUT{% endfor %}",
    "{% if x contains '<' %}<i>OUT</i>{% else %}<i>OUT</i>{% endif %}<style>a{b:c}</style>OUT",
];

fn render(template: &Template, value: &str) -> Option<String> {
    // As many items, so that loops turn as often.
    let facts = json!({"x": value, "l": [value, value], "o": [{"k": value}]});
    template.render(&facts).ok()
}

/// A template, and the structure that it has whatever the values.
struct Held {
    source: String,
    template: Template,
    harmless: Vec<String>,
}

impl Held {
    fn new(place: &str, expression: &str) -> Self {
        let output = format!("{{{{ {expression} }}}}");
        let source = place.replace("OUT", &output).replace("VALUE", expression);
        let template = Template::compile("html", &source, Escape::Html)
            .unwrap_or_else(|fault| panic!("{source}: {fault}"));
        let shown = ["harmless", "7"].iter().find_map(|value| render(&template, value));
        // Where the expression fails on every harmless value, outputs are left out.
        let shown = shown.unwrap_or_else(|| {
            let source = place.replace("OUT", "").replace("VALUE", "x");
            let bare = Template::compile("html", &source, Escape::Html).unwrap();
            render(&bare, "harmless").unwrap()
        });
        Self { source, template, harmless: structure(&shown) }
    }

    fn holds(&self, hostile: &str) {
        let Some(shown) = render(&self.template, hostile) else {
            return;
        };
        // `newline_to_br` makes as many as there are lines.
        let seen: Vec<String> =
            structure(&shown).into_iter().filter(|it| it != "StartTag br ").collect();
        assert_eq!(seen, self.harmless, "{}\n{hostile}\n{shown}", self.source);
        let marked = shown.contains(['\u{10FFFC}', '\u{10FFFD}']);
        assert!(!marked, "{}\n{hostile}\n{shown}", self.source);
    }
}

#[test]
fn every_filter_in_every_place_leaves_values_inert() {
    for place in PLACES {
        for chain in chains() {
            for input in ["x", "l", "o"] {
                let held = Held::new(place, &format!("{input} | {chain}"));
                HOSTILE.iter().for_each(|hostile| held.holds(hostile));
            }
        }
    }
}

#[test]
fn values_are_not_read_as_liquid() {
    let template = Template::compile("html", "{{ x }}", Escape::Html).unwrap();
    assert_eq!(render(&template, "{{ l }}{% if %}").unwrap(), "{{ l }}{% if %}");
}

/// Characters and words that mean something to HTML, URLs or Liquid.
fn nasty() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "<",
        ">",
        "\"",
        "'",
        "&",
        ";",
        "=",
        "/",
        " ",
        "\n",
        "\t",
        "`",
        "#",
        ":",
        "lt;",
        "amp;",
        "&#60;",
        "&#x3c",
        "%3C",
        "%22",
        "%",
        "+",
        "script",
        "javascript:",
        "onerror",
        "img",
        "a",
        "-->",
        "<!--",
        "{{",
        "}}",
        "{%",
        "%}",
        "]]>",
        "\u{0}",
        "\u{10FFFD}",
        "\u{10FFFC}",
        "é",
    ]);
    prop::collection::vec(parts, 0..14).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn chains_of_filters_leave_values_inert(
        hostile in nasty(),
        place in prop::sample::select(PLACES.to_vec()),
        links in prop::collection::vec(prop::sample::select(chains()), 0..4),
    ) {
        let expression = std::iter::once("x".to_owned()).chain(links).collect::<Vec<_>>().join(" | ");
        Held::new(place, &expression).holds(&hostile);
    }

    #[test]
    fn nothing_that_an_author_writes_breaks_the_compiler(source in nasty()) {
        for escape in [Escape::Html, Escape::Text] {
            if let Ok(template) = Template::compile("t", &source, escape) {
                let _ = template.render(&Value::Null);
            }
        }
    }
}
