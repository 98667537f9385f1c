use super::*;
use rstest::rstest;
use serde_json::json;

fn render(source: &str, escape: Escape, facts: &Value) -> Result<String, Fault> {
    Template::compile("text", source, escape)?.render(facts)
}

fn html(source: &str, facts: &Value) -> String {
    render(source, Escape::Html, facts).unwrap()
}

#[test]
fn an_unknown_variable_is_refused_and_named() {
    let facts = json!({"profile": {"secret": "s3cret"}});
    let fault = render("Hi {{ profile.first_name }}", Escape::Text, &facts).unwrap_err();
    assert!(fault.to_string().contains("first_name"), "{fault}");
    assert!(!fault.to_string().contains("s3cret"), "{fault}");
}

#[rstest]
#[case("{{ 'now' | date: x }}")]
#[case("{{ a[x] }}")]
#[case("{% for i in (1..x) %}{% endfor %}")]
#[case("{% for i in x %}{% endfor %}")]
#[case("{{ x | plus: 1 }}")]
#[case("{{ a[a] }}")]
#[case("{{ x | divided_by: x }}")]
#[case("{{ a | join: x | plus: x }}")]
#[case("{{ x | where: x }}")]
#[case("{{ x | slice: 1, -1 }}")]
fn errors_quote_no_value(#[case] source: &str) {
    let facts = json!({"x": "s3cret\nvariable=s3cret %", "a": {"other": "s3cret"}});
    let fault = render(source, Escape::Text, &facts).unwrap_err().to_string();
    assert!(!fault.contains("s3cret") && !fault.contains("other"), "{fault}");
    assert!(fault.starts_with("text: ") && fault.len() > 10, "{fault}");
}

#[test]
fn values_cannot_become_markup_or_headers() {
    let facts = json!({"profile": {"name": "<b>\"x\"\r\nBcc: a@b.ch"}});
    let html = render("<p>{{ profile.name }}</p>", Escape::Html, &facts).unwrap();
    assert_eq!(html, "<p>&lt;b&gt;&quot;x&quot;\r\nBcc: a@b.ch</p>");
    for source in ["Hi {{ profile.name }}", "a\nb {{ '%0D%0AX: y' | url_decode }}"] {
        let line = render(source, Escape::Line, &facts).unwrap();
        assert!(!line.contains(['\r', '\n']), "{line}");
    }
}

#[rstest]
#[case("{{ x }}", "&lt;b&gt; &amp;amp;")]
#[case("{{ x | escape }}", "&lt;b&gt; &amp;amp;")]
#[case("{{ x | upcase | escape}}", "&lt;B&gt; &amp;AMP;")]
#[case("{{ x | escape_once }}", "&lt;b&gt; &amp;")]
#[case("{{ x | escape | newline_to_br }}", "&lt;b&gt; &amp;amp;")]
#[case("{{ y | newline_to_br }}", "&lt;1<br />\n2")]
#[case("{{ y | newline_to_br | upcase }}", "&lt;1&lt;BR /&gt;\n2")]
#[case("{{ x | escape | replace: '&lt;', '<' | remove: 'amp;' }}", "&lt;b&amp;gt; &amp;")]
#[case("{{ '%3Cb%3E' | url_decode }}", "&lt;b&gt;")]
#[case("{% capture c %}<i>{{ x }}</i>{% endcapture %}{{ c }}", "<i>&lt;b&gt; &amp;amp;</i>")]
#[case(
    "{% capture c %}<i>{{ x }}</i>{% endcapture %}{{ c | upcase }}",
    "&lt;I&gt;&amp;LT;B&amp;GT; &amp;AMP;AMP;&lt;/I&gt;"
)]
#[case(
    "{% capture c %}<i>{{ x }}</i>{% endcapture %}<b title=\"{{ c }}\"></b>",
    "<b title=\"&lt;i&gt;&lt;b&gt; &amp;amp;&lt;/i&gt;\"></b>"
)]
#[case("{% capture c %}<i>{% endcapture %}{% assign c = x %}{{ c }}", "&lt;b&gt; &amp;amp;")]
#[case("{% assign c = '<i>' %}{{ c }}", "&lt;i&gt;")]
#[case("{% if false %}{% capture fact %}{% endcapture %}{% endif %}{{ x }}", "&lt;b&gt; &amp;amp;")]
#[case("{% raw %}<i>{{ x }}</i>{% endraw %}", "<i>{{ x }}</i>")]
#[case("{{ liquid }}", "{{ x }}{% raw %}")]
#[case("{% for i in list %}{{ i }}{% cycle '-', '+' %}{% endfor %}", "&lt;-2+")]
fn the_last_word_on_each_output_is_ours(#[case] source: &str, #[case] expected: &str) {
    let facts = json!({"x": "<b> &amp;", "y": "<1\n2", "list": ["<", 2], "fact": "<u>",
                       "liquid": "{{ x }}{% raw %}"});
    assert_eq!(html(source, &facts), expected);
}

#[test]
fn a_fact_is_never_taken_for_captured_markup() {
    let source = "{% if no %}{% capture c %}<i>{% endcapture %}{% endif %}{{ c }}";
    let facts = json!({"no": false, "c": "<script>"});
    let fault = render(source, Escape::Html, &facts).unwrap_err();
    assert!(fault.to_string().contains("requested variable=c"), "{fault}");
}

#[test]
fn a_value_chooses_no_scheme() {
    let link = "<a href=\"{{ x }}\">a</a>";
    assert_eq!(
        html(link, &json!({"x": "https://x.ch/?a=1&b=2"})),
        "<a href=\"https://x.ch/?a=1&amp;b=2\">a</a>"
    );
    let split = "<a href='{{ x }}{% if x %}script{% endif %}:alert(1)'>a</a>";
    let captured = "{% capture c %}{{ x }}:alert(1){% endcapture %}<a href='{{ c }}'>a</a>";
    for (source, x) in [(link, "JAVASCRIPT\t:alert(1)"), (split, "java"), (captured, "javascript")]
    {
        let fault = render(source, Escape::Html, &json!({"x": x})).unwrap_err().to_string();
        assert!(fault.contains("`href`") && !fault.contains("alert"), "{fault}");
    }
    let url = |source, x| render(source, Escape::Url, &json!({"x": x}));
    assert_eq!(url("shop://a/{{ x | url_encode }}", "b c").unwrap(), "shop://a/b%20c");
    assert!(url("{{ x }}", "javascript:alert(1)").is_err());
}

#[test]
fn names_the_event_fields_it_needs() {
    let fields = |source| Template::compile("t", source, Escape::Text).unwrap().event_fields();
    let named = fields("{{ event.data.value }} {% if event.data.coupon %}x{% endif %}").unwrap();
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["coupon", "value"]);
    assert_eq!(fields("{{ event.data }}"), None);
    assert_eq!(fields("{{ event.data[event.type] }}"), None);
    assert_eq!(fields("{{ event['data'][\"x\"].y }}"), Some(["x".to_owned()].into()));
    assert_eq!(fields("{% for x in event %}{% endfor %}"), None);
    assert_eq!(fields("event.data.x {{ 'event.data.y' }}"), Some(BTreeSet::new()));
}

#[test]
fn names_the_variables_it_reads_and_not_its_own() {
    let source = "{% assign n = features.a | plus: settings.b %}{% if n > 1 and score < 2 %}\
                  {% for item in event.data.items limit: 3 %}{{ item.name | default: \"x.y\" }}\
                  {{ forloop.index }}{% endfor %}{% endif %}{%- unless profile.traits.vip -%}\
                  {{- reasons | join: ', ' -}}{% endunless %}{% case event.type %}{% when 'a' %}\
                  {% endcase %}{% cycle group: 'a', settings.c %}";
    let template = Template::compile("t", source, Escape::Text).unwrap();
    let paths: Vec<String> = template.paths().iter().map(|path| path.join(".")).collect();
    let expected = [
        "features.a",
        "settings.b",
        "score",
        "event.data.items",
        "profile.traits.vip",
        "reasons",
        "event.type",
        "settings.c",
    ];
    assert_eq!(paths, expected);
}

fn shared() -> Partials {
    [
        ("footer", "<hr>{{ links.out }}{{ label }}"),
        ("row", "<td>{{ item.name }}</td>{% render 'footer', label: 'x' %}"),
        ("a", "{% render 'b' %}"),
        ("b", "{% render 'a' %}"),
        ("bad", "\n<p {{ x }}>"),
        ("holds", "{% capture body %}{% endcapture %}{{ body }}"),
    ]
    .into_iter()
    .map(|(name, source)| (name.to_owned(), source.to_owned()))
    .collect()
}

#[test]
fn partials_see_facts_and_parameters_and_are_escaped_where_they_stand() {
    let source = "{% render 'footer', label: '<' %}{% for item in event.data.items %}\
                  {% render 'row', item: item %}{% endfor %}\
                  {% render 'row' for (1..0) as item %}{% render 'row' with x as item %}";
    let facts = json!({"links": {"out": "<o>"}, "event": {"data": {"items": [{"name": "<1>"}]}},
                       "x": {"name": 2}});
    let template = Template::with("html", source, Escape::Html, &shared()).unwrap();
    assert_eq!(
        template.render(&facts).unwrap(),
        "<hr>&lt;o&gt;&lt;<td>&lt;1&gt;</td><hr>&lt;o&gt;x<td>2</td><hr>&lt;o&gt;x"
    );
    let mut paths: Vec<String> = template.paths().iter().map(|path| path.join(".")).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths, ["event.data.items", "links.out", "x"]);
    let text = Template::with("text", "{% render 'footer', label: x %}", Escape::Text, &shared());
    assert_eq!(text.unwrap().render(&json!({"x": 1, "links": {"out": "<"}})).unwrap(), "<hr><1");
}

#[rstest]
#[case("\n{% render 'none' %}", "html: line 2: there is no partial `none`")]
#[case("{% render 'a' %}", "html: partial `b`, line 1: the partial `a` renders itself")]
#[case("{% render 'bad' %}", "html: partial `bad`, line 2: no value may stand inside the tag `p`")]
#[case("{% render x %}", "html: line 1: `render` takes the name of a partial in quotes")]
#[case("{% include 'a' %}", "html: line 1: uses `include`; use `render`")]
#[case("{% render 'holds', body: x %}", "html: line 1: `body` is a parameter here")]
#[case("{% assign links = 1 %}{% render 'footer', label: 1 %}", "hand it over")]
#[case("{% tablerow i in x %}{% endtablerow %}", "is not a Liquid template: Unknown tag")]
#[case("{{ x | nope }}", "Unknown filter: `nope`")]
#[case("\n\n{% if %}{% endif %}", "html: line 3: ")]
fn what_is_wrong_is_named(#[case] source: &str, #[case] says: &str) {
    let fault = Template::with("html", source, Escape::Html, &shared()).unwrap_err().to_string();
    assert!(fault.contains(says), "{fault}");
}

#[test]
fn partials_within_partials_are_bounded() {
    let chain = |n: usize| format!("{{% render 'p{}' %}}", n + 1);
    let mut partials: Partials = (0..20).map(|n| (format!("p{n}"), chain(n))).collect();
    partials.insert("p20", "end");
    let compile = |source: &str| Template::with("t", source, Escape::Text, &partials);
    assert_eq!(compile("{% render 'p13' %}").unwrap().render(&json!({})).unwrap(), "end");
    // Each is short by itself when the last are read first.
    let backwards: String = (0..21).rev().map(|n| format!("{{% render 'p{n}' %}}")).collect();
    for source in ["{% render 'p0' %}", &backwards] {
        let fault = compile(source).unwrap_err().to_string();
        assert!(fault.contains("more than 8 partials"), "{fault}");
    }
}

#[rstest]
#[case::range("{% for i in (1..1000000000) %}{% endfor %}")]
#[case::range_of_a_fact("{% for i in (1..big.n) %}x{% endfor %}")]
#[case::range_in_brackets("{% for i in (1..big['n']) %}x{% endfor %}")]
#[case::nested(
    "{% for a in list %}{% for b in list %}{% for c in list %}{% endfor %}{% endfor %}\
                {% endfor %}"
)]
#[case::long("{% for a in list %}{{ text }}{% endfor %}")]
#[case::doubling(
    "{% assign x = text %}{% for a in list %}{% assign x = x | append: x %}{% endfor %}"
)]
#[case::squaring("{% assign x = text | replace: '', text | replace: '', text %}")]
#[case::captures(
    "{% assign x = text %}{% for a in list %}{% capture x %}{{ x }}{{ x }}{% endcapture %}\
                  {% endfor %}"
)]
#[case::joining("{{ text | split: '' | join: text | split: '' | join: text }}")]
#[case::widths("{{ 'now' | date: '%99999999999d' }}")]
#[case::partials(
    "{% for a in list %}{% for b in list %}{% render 'deep' for list as i, list: list %}{% endfor %}{% endfor %}"
)]
#[case::quotient("{% assign n = -9223372036854775807 | minus: 1 %}{{ n | divided_by: -1 }}")]
#[case::empty_cycle("{% cycle 'a': %}")]
fn what_one_rendering_does_is_bounded(#[case] source: &str) {
    let facts = json!({"big": {"n": 2_000_000_000}, "list": (0..900).collect::<Vec<_>>(),
                       "text": "y".repeat(1_000)});
    let partials = [("deep".to_owned(), "{% for i in list %}{% endfor %}".to_owned())];
    let partials = partials.into_iter().collect();
    let template = Template::with("t", source, Escape::Text, &partials).unwrap();
    let began = std::time::Instant::now();
    let fault = template.render(&facts).unwrap_err();
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert_eq!(fault.code(), "invalid");
}

#[test]
fn a_mail_of_many_rows_is_within_the_budget() {
    let source = "<table>{% for i in list %}<tr>{% if i.a > 1 %}<td>{{ i.name | upcase | truncate: 20 }}\
                  </td>{% else %}<td>{{ i.name }}</td>{% endif %}<td>{{ i.a | times: 2 | round: 2 }}</td>\
                  </tr>{% endfor %}</table>";
    let row = json!({"a": 2, "name": "A name of a common length, & more"});
    let rendered = html(source, &json!({"list": vec![row; 500]}));
    assert_eq!(rendered.matches("<tr>").count(), 500);
}
