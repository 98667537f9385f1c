//! Liquid, in which rules write what they say
//! ([Liquid markup](https://support.zendesk.com/hc/en-us/articles/4408825578266)).
//!
//! What a value holds is never read as Liquid. Each output is written in the form of the text around it at the very end, after its
//! filters: no filter can undo that. Loops are few, and what filters make is paid from a budget, so that every text ends soon.

use crate::text::escaped;
use ceap_liquid::Metered;
use liquid_core::model::{KString, KStringCow, KStringRef, ScalarCow, ValueCow};
use liquid_core::parser::{
    Filter, FilterArguments, FilterReflection, ParameterReflection, ParseFilter,
};
use liquid_core::runtime::{PartialStore, Registers, RuntimeBuilder};
use liquid_core::{
    Language, Object, ParseBlock, ParseTag, Renderable, Runtime, Value, ValueView, parser, runtime,
};
use liquid_lib::stdlib;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

/// Of what form a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Plain,
    /// HTML or XML: values are text there.
    Markup,
    /// JSON: values stand between quotes.
    Json,
}

/// Loops of one text at most, so that nested ones end soon.
const LOOPS: usize = 2;

/// Bytes of a text that is read as Liquid.
const MAX_SOURCE: usize = 64 * 1024;

/// A text with what it asks for filled in; none if it is no Liquid. What nobody knows is nothing.
pub(super) fn render(text: &str, form: Form, known: &Object) -> Option<String> {
    if text.len() > MAX_SOURCE || !bounded(text) {
        return None;
    }
    let text = finished(text, form)?;
    let rendered = catch_unwind(AssertUnwindSafe(|| {
        let template = runtime::Template::new(parser::parse(&text, &LANGUAGE).ok()?);
        let runtime = RuntimeBuilder::new().set_globals(known).build();
        ceap_liquid::bounded(|| template.render(&Lenient(&runtime)).ok())
    }));
    rendered.ok().flatten()
}

/// Whether it has few loops, and none that counts; and several only over what the ticket has, which is little.
fn bounded(text: &str) -> bool {
    let tags = || text.split("{%").skip(1).filter_map(|it| Some(it.split_once("%}")?.0));
    let loops = || tags().filter(|it| it.trim_start_matches(['-', ' ']).starts_with("for"));
    let little =
        |it: &str| it.split_once(" in ").is_some_and(|(_, of)| of.trim().starts_with("ticket."));
    let (count, all_little) = (loops().count(), loops().all(little));
    count <= LOOPS && (count <= 1 || all_little) && !tags().any(|it| it.contains(".."))
}

/// The text, each of whose outputs is written in its form.
fn finished(text: &str, form: Form) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (output, after) = behind.split_once("}}")?;
        // Spaces around it may be asked to go: `{{- x -}}`.
        let (output, end) = output.strip_suffix('-').map_or((output, "}}"), |it| (it, "-}}"));
        let form = if is_content(output) { form.of_content() } else { form };
        out.extend([before, "{{", output, " | ", form.name(), " ", end]);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Whether an output is dynamic content, and nothing but that.
pub(super) fn is_content(output: &str) -> bool {
    let name = output.trim_matches(['-', ' ']).strip_prefix("dc.");
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

impl Form {
    /// The form in which dynamic content is put into a text of this one: it is HTML of its own in HTML, where its values were
    /// written as text, and a value in JSON.
    pub(super) const fn of_content(self) -> Self {
        match self {
            Self::Plain | Self::Markup => Self::Plain,
            Self::Json => Self::Json,
        }
    }

    const ALL: [Self; 3] = [Self::Plain, Self::Markup, Self::Json];

    /// The filter that writes so.
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "_plain",
            Self::Markup => "_markup",
            Self::Json => "_json",
        }
    }

    /// A value as it is written.
    pub(super) fn written(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Markup => escaped(text),
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
            }
        }
    }
}

impl FilterReflection for Form {
    fn name(&self) -> &str {
        (*self).name()
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Form {
    fn parse(&self, _: FilterArguments<'_>) -> liquid_core::Result<Box<dyn Filter>> {
        Ok(Box::new(*self))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl Filter for Form {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Value> {
        Ok(Value::scalar(self.written(&input.to_kstr())))
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str((*self).name())
    }
}

/// Built once: it is the same for all.
static LANGUAGE: LazyLock<Language> = LazyLock::new(|| {
    let mut language = Language::empty();
    let blocks: [Box<dyn ParseBlock>; 5] = [
        stdlib::IfBlock.into(),
        stdlib::UnlessBlock.into(),
        stdlib::CaseBlock.into(),
        stdlib::ForBlock.into(),
        stdlib::CommentBlock.into(),
    ];
    for block in blocks {
        language.blocks.register(block.reflection().start_tag().to_owned(), block);
    }
    let tags: [Box<dyn ParseTag>; 3] =
        [stdlib::AssignTag.into(), stdlib::BreakTag.into(), stdlib::ContinueTag.into()];
    for tag in tags {
        language.tags.register(tag.reflection().tag().to_owned(), tag);
    }
    let filters: Vec<Box<dyn ParseFilter>> = vec![
        stdlib::Append.into(),
        stdlib::Capitalize.into(),
        stdlib::Date.into(),
        stdlib::Default.into(),
        stdlib::DividedBy.into(),
        stdlib::Downcase.into(),
        stdlib::Escape.into(),
        stdlib::First.into(),
        stdlib::Join.into(),
        stdlib::Last.into(),
        stdlib::Minus.into(),
        stdlib::Modulo.into(),
        stdlib::Plus.into(),
        stdlib::Prepend.into(),
        stdlib::Remove.into(),
        stdlib::Replace.into(),
        stdlib::ReplaceFirst.into(),
        stdlib::Round.into(),
        stdlib::Size.into(),
        stdlib::Slice.into(),
        stdlib::Split.into(),
        stdlib::Strip.into(),
        stdlib::StripHtml.into(),
        stdlib::StripNewlines.into(),
        stdlib::Times.into(),
        stdlib::Truncate.into(),
        stdlib::TruncateWords.into(),
        stdlib::Upcase.into(),
        stdlib::UrlEncode.into(),
    ];
    for filter in filters.into_iter().chain(Form::ALL.map(Into::into)) {
        let metered = Metered(filter);
        language.filters.register(metered.reflection().name().to_owned(), metered.into());
    }
    language
});

/// A runtime in which what nobody knows is nothing, as Zendesk's is.
struct Lenient<'a>(&'a dyn Runtime);

impl Runtime for Lenient<'_> {
    fn partials(&self) -> &dyn PartialStore {
        self.0.partials()
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        self.0.name()
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        self.0.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        Some(self.0.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil)))
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> liquid_core::Result<ValueCow<'_>> {
        Ok(self.0.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil)))
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.0.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.0.registers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn known() -> Object {
        let about = json!({"ticket": {"title": "{{ticket.id}} <b>\"x\"", "id": "35", "priority": "urgent",
            "tags": "vip gold", "requester": {"first_name": "Zoë", "name": "Zoë Doe", "language": "fr"},
            "comments": [{"value": "one"}, {"value": "two"}]}});
        liquid_core::model::to_object(&about).unwrap()
    }

    #[rstest]
    #[case::name("Hi {{ticket.requester.first_name}}!", "Hi Zoë!")]
    #[case::nothing("[{{ticket.nobody.name}}{{who}}]", "[]")]
    #[case::filter("{{ ticket.requester.name | upcase | truncate: 6 }}", "ZOË...")]
    #[case::default("{{ ticket.assignee.name | default: 'nobody' }}", "nobody")]
    #[case::spaces("a {{- ticket.id -}} b", "a35b")]
    #[case::condition("{% if ticket.priority == 'urgent' %}Now{% else %}Later{% endif %}", "Now")]
    #[case::contains("{% if ticket.tags contains 'vip' %}VIP{% endif %}", "VIP")]
    #[case::unknown("{% if ticket.assignee.name %}x{% else %}y{% endif %}", "y")]
    #[case::case(
        "{% case ticket.requester.language %}{% when 'fr' %}Salut{% else %}Hi{% endcase %}",
        "Salut"
    )]
    #[case::assign("{% assign n = ticket.requester.name | split: ' ' %}{{ n | last }}", "Doe")]
    #[case::dots("Well... {{ticket.id}}", "Well... 35")]
    #[case::loops("{% for c in ticket.comments %}{{ c.value }};{% endfor %}", "one;two;")]
    #[case::not_read_again("{{ticket.title}}", "{{ticket.id}} <b>\"x\"")]
    fn what_is_said(#[case] text: &str, #[case] said: &str) {
        assert_eq!(render(text, Form::Plain, &known()).as_deref(), Some(said));
    }

    #[rstest]
    #[case(Form::Markup, "<p>{{ticket.title}}</p>", "<p>{{ticket.id}} &lt;b&gt;&quot;x&quot;</p>")]
    #[case(Form::Json, "\"{{ticket.title}}\"", "\"{{ticket.id}} <b>\\\"x\\\"\"")]
    #[case(Form::Json, "\"{{ticket.title | slice: 0, 18}}\"", "\"{{ticket.id}} <b>\\\"\"")]
    fn values_are_written_in_their_form_after_all_filters(
        #[case] form: Form,
        #[case] text: &str,
        #[case] said: &str,
    ) {
        assert_eq!(render(text, form, &known()).as_deref(), Some(said));
    }

    /// Each of these would fill the memory, or take hours.
    #[rstest]
    #[case::doubled(&format!("{{% assign x = ticket.tags %}}{}{{{{x}}}}", "{% assign x = x | append: x %}".repeat(60)))]
    #[case::multiplied(&format!("{{% assign x = 'aaaaaaaaaa' %}}{}{{{{x | size}}}}", "{% assign x = x | replace: 'a', x %}".repeat(30)))]
    #[case::wide("{{ ticket.id | date: '%9999999999d' }}{{ 'now' | date: '%9999999999d' }}")]
    #[case::crossed(
        "{% assign x = ticket.title | split: '' %}{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}"
    )]
    fn what_does_too_much_is_no_liquid(#[case] text: &str) {
        assert_eq!(render(text, Form::Plain, &known()), None);
    }

    #[rstest]
    #[case("{% if x %}")]
    #[case("{{ x | no_such_filter }}")]
    #[case("{% include 'x' %}")]
    #[case("{{")]
    #[case("{% for a in (1..1000000000) %}x{% endfor %}")]
    #[case("{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}")]
    fn what_is_no_liquid_is_left_alone(#[case] text: &str) {
        assert_eq!(render(text, Form::Plain, &known()), None);
    }
}
