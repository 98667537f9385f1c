use super::super::scope::Scope;
use super::super::syntax;
use super::*;
use rstest::rstest;

fn scan(source: &str) -> Result<Vec<Context>, String> {
    let pieces = syntax::read(source).unwrap();
    let captured = Scope::of(&pieces).unwrap().captured;
    let found = contexts(&pieces, &captured);
    let found = found.map_err(|problem| format!("{}: {}", problem.line, problem.message))?;
    Ok(found.into_iter().flatten().collect())
}

#[rstest]
#[case("<p>{{ x }}</p>", &[Context::Text])]
#[case("{{ x }}", &[Context::Text])]
#[case("a < b {{ x }} <3 {{ x }}", &[Context::Text, Context::Text])]
#[case("<a href=\"{{ x }}\" title = '{{ x }}'>{{ x }}</a>",
       &[Context::Url('"'), Context::Attribute, Context::Text])]
#[case("<IMG SRC='{{ x }}' alt=\"{{ x }}\"/>{{ x }}",
       &[Context::Url('\''), Context::Attribute, Context::Text])]
#[case("<title>a{{ x }}</title><b>{{ x }}</b>", &[Context::Text, Context::Text])]
#[case("<!doctype html><!-- a > b --><b>{{ x }}</b>", &[Context::Text])]
#[case("<!--><b>{{ x }}</b><!---->{{ x }}", &[Context::Text, Context::Text])]
#[case("<!--[if mso]><td title=\"{{ x }}\"><![endif]-->{{ x }}",
       &[Context::Attribute, Context::Text])]
#[case("<!--[if !mso]><!--><i>{{ x }}</i><!--<![endif]-->{{ x }}",
       &[Context::Text, Context::Text])]
#[case("<style>a{b:'</p>'}</style>{{ x }}", &[Context::Text])]
#[case("<script>if (a</b>1) '</scripty>'</script >{{ x }}", &[Context::Text])]
#[case("<svg><path d='M0'/></svg>{{ x }}<svg/>{{ x }}", &[Context::Text, Context::Text])]
#[case("<td style='width:{{ x | round }}px'>", &[Context::Attribute])]
#[case("<a {% if y %}title='a'{% else %}title='b'{% endif %}>{{ x }}", &[Context::Text])]
#[case("<a{% if y %} title='a'{% endif %}{% if y %} b{% endif %}>{{ x }}", &[Context::Text])]
#[case("<a b{% if y %} c='a'{% endif %} d='{{ x }}'/>{{ x }}",
       &[Context::Attribute, Context::Text])]
#[case("<p class=\"{% if y %}a{% elsif z %}b{% endif %}{{ x }}\">", &[Context::Attribute])]
#[case("{% for a in b %}<p>{{ a }}{% if a %}{% continue %}{% endif %}{% else %}<b>{% endfor %}",
       &[Context::Text])]
#[case("{% case a %}<b {% when 1 %}<i>{% when 2 %}{% else %}<u>{% endcase %}{{ x }}",
       &[Context::Text])]
#[case("<b {% capture c %}<i>{{ x }}</i>{% endcapture %}>{{ c }}", &[Context::Text, Context::Text])]
#[case("{% comment %}<a {{ x }}{% endcomment %}{{ x }}", &[Context::Text])]
#[case("<p class='{% cycle 'a', 'b' %}'>{% increment n %}", &[])]
fn where_values_may_stand(#[case] source: &str, #[case] expected: &[Context]) {
    assert_eq!(scan(source).unwrap(), expected, "{source}");
}

#[rstest]
#[case("<a href={{ x }}>", "in quotes: href=")]
#[case("<a href=/a/{{ x }}>", "in quotes: href=")]
#[case("<a {{ x }}>", "the tag `a` outside of quotes")]
#[case("<a title{{ x }}>", "the tag `a` outside of quotes")]
#[case("<a title=''{{ x }}>", "the tag `a` outside of quotes")]
#[case("<{{ x }}>", "the name of a tag")]
#[case("<h{{ x }}>", "the name of a tag")]
#[case("</{{ x }}>", "the name of a tag")]
#[case("<!-- {{ x }} -->", "a comment")]
#[case("<!{{ x }}>", "a comment")]
#[case("<!--[if {{ x }}]>", "a comment")]
#[case("<script>var a = '{{ x }}'</script>", "`script`")]
#[case("<style>a { color: {{ x }} }</style>", "`style`")]
#[case("<noscript>{{ x }}</noscript>", "`noscript`")]
#[case("<title></ti{{ x }}</title>", "`title`")]
#[case("<svg><text>{{ x }}</text></svg>", "svg")]
#[case("<a onclick=\"f('{{ x }}')\">", "`onclick`")]
#[case("<a style=\"color:{{ x }}\">", "must be a number")]
#[case("<a style=\"color:{{ x | round | append: ';' }}\">", "must be a number")]
#[case("<iframe srcdoc='{{ x }}'>", "`iframe`")]
#[case("<div srcdoc='{{ x }}'>", "`srcdoc`")]
#[case("<img srcset='{{ x }} 2x'>", "`srcset`")]
#[case("<meta content='0;url={{ x }}'>", "`meta`")]
#[case("<base href='{{ x }}'>", "`base`")]
#[case("<a {% if y %}title=\"{% endif %}{{ x }}\">", "the branches")]
#[case("<a title=\"{% if y %}\"{% else %}a{% endif %}>", "the branches")]
#[case("{% for a in b %}<a {% endfor %}>", "the branches")]
#[case("{% for a in b %}<a {% break %}>{% endfor %}", "must stand in a loop")]
#[case(
    "{% for a in b %}<a {% capture c %}{% break %}{% endcapture %}>{% endfor %}{{ x }}",
    "must stand in a loop"
)]
#[case("a{% break %}", "must stand in a loop")]
#[case("{% case a %}{% when 1 %}<i {% endcase %}{{ x }}>", "the branches")]
#[case("{% unless a %}<!--{% endunless %}{{ x }}", "the branches")]
#[case("{% capture c %}<a title='{% endcapture %}", "the captured text ends inside")]
#[case("<a {% render 'p' %}>", "between tags only")]
#[case("{% cycle a, b %}", "fixed texts")]
#[case("{% cycle '<b>', 'x' %}", "fixed texts")]
#[case("<a {% if y %}b{% endif %}='{{ x }}'>", "the tag `a` outside")]
#[case("<a{% if y %} b{% endif %}c='{{ x }}'>", "the tag `a` outside")]
#[case("<a b{% if y %} c{% endif %} = '{{ x }}'>", "the tag `a` outside")]
#[case("<b", "ends inside")]
#[case("a\nb<p title='\n", "2: ends inside")]
fn where_they_may_not(#[case] source: &str, #[case] says: &str) {
    let fault = scan(source).unwrap_err();
    assert!(fault.contains(says), "{source}: {fault}");
}
