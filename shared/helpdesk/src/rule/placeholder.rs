//! Placeholders in what rules say: `{{ticket.requester.first_name}}`
//! ([reference](https://support.zendesk.com/hc/en-us/articles/4408886858138)).

use super::liquid::{self, Form};
use crate::content::{self, Contents};
use crate::satisfaction::Words;
use crate::ticket::{Comment, Score, Ticket};
use crate::user::User;
use serde_json::{Map, Value, json};

/// What names of placeholders about a rating begin with.
pub const SATISFACTION: &str = "satisfaction";

/// What placeholders stand for, by their names, part by part.
#[derive(Debug, Clone)]
pub struct Placeholders {
    known: Value,
    contents: Contents,
}

impl Placeholders {
    /// These, by their names, part by part.
    #[cfg(test)]
    pub(crate) fn new(known: Value) -> Self {
        Self { known, contents: Contents::default() }
    }

    /// Those of a ticket, whoever is concerned with it, and who asks.
    #[must_use]
    pub fn of(ticket: &Ticket, people: People<'_>, account: &str, url: &str) -> Self {
        let mut about = json!({
            "id": ticket.id.to_string(),
            "title": ticket.subject,
            "description": ticket.description,
            "status": ticket.status,
            "priority": ticket.priority,
            "ticket_type": ticket.kind,
            "external_id": ticket.external_id,
            "tags": ticket.tags.iter().cloned().collect::<Vec<_>>().join(" "),
            "created_at": ticket.created_at,
            "updated_at": ticket.updated_at,
            "due_date": ticket.due_at,
            "account": account,
            "url": url,
            "link": url,
            "requester": people.requester.map(person),
            "assignee": people.assignee.map(person),
            "group": {"name": people.group},
            "organization": {"name": people.organization},
        });
        if let Some(about) = about.as_object_mut() {
            let own = ticket.custom_fields.iter();
            about.extend(own.map(|(id, value)| (format!("ticket_field_{id}"), value.clone())));
        }
        let known = json!({"ticket": about, "current_user": people.current_user.map(person)});
        Self { known, contents: Contents::default() }
    }

    /// The same, told whether it is within the business hours that count for the ticket: by a word, as Zendesk has it
    /// ([business hours in Liquid](https://support.zendesk.com/hc/en-us/articles/115015757868)).
    #[must_use]
    pub fn within_hours(mut self, open: bool) -> Self {
        if let Some(about) = self.known.get_mut("ticket").and_then(Value::as_object_mut) {
            about.insert("in_business_hours".to_owned(), Value::from(open.to_string()));
        }
        self
    }

    /// The same, with dynamic content.
    #[must_use]
    pub fn with(self, contents: Contents) -> Self {
        Self { contents, ..self }
    }

    /// What was said too, and by whom: the newest first.
    pub fn said(&mut self, comments: &[(&str, &Comment)]) {
        let Some(about) = self.known.get_mut("ticket").and_then(Value::as_object_mut) else {
            return;
        };
        let formatted = |(name, comment): &(&str, &Comment)| {
            let at = comment.created_at.strftime("%Y-%m-%d %H:%M UTC");
            let note = if comment.public { "" } else { " (internal note)" };
            format!(
                "----------------------------------------------\n{name}, {at}{note}\n\n{}",
                comment.body
            )
        };
        let all = |public: bool| {
            let seen = comments.iter().filter(move |(_, it)| it.public || !public);
            seen.map(formatted).collect::<Vec<String>>()
        };
        let last = |public: bool| comments.iter().find(|(_, it)| it.public || !public);
        let mut put = |name: &str, value: Option<String>| {
            about.insert(name.to_owned(), Value::from(value.unwrap_or_default()));
        };
        let each = |public: bool| {
            let seen = comments.iter().filter(move |(_, it)| it.public || !public);
            let one = |(name, it): &(&str, &Comment)| {
                json!({"value": it.body, "author": {"name": name},
                "created_at": it.created_at, "is_public": it.public})
            };
            Value::Array(seen.map(one).collect())
        };
        let lists = [("comments", each(false)), ("public_comments", each(true))];
        for (of, public) in [("", false), ("public_", true)] {
            put(&format!("latest_{of}comment"), last(public).map(|(_, it)| it.body.clone()));
            let first = all(public).into_iter().next();
            put(&format!("latest_{of}comment_formatted"), first);
            put(&format!("{of}comments_formatted"), Some(all(public).join("\n\n")));
        }
        about.extend(lists.map(|(name, list)| (name.to_owned(), list)));
    }

    /// What the requester thinks of how the ticket was handled, in the words of who reads it; and where they say it, if
    /// it is them: `link`
    /// ([satisfaction placeholders](https://support.zendesk.com/hc/en-us/articles/4408886858138)).
    pub fn satisfaction(&mut self, ticket: &Ticket, words: &Words, link: Option<&str>) {
        let rating = match ticket.satisfaction_score {
            Some(Score::Good) => Some(words.good),
            Some(Score::Bad) => Some(words.bad),
            Some(Score::Offered) | None => None,
        };
        let mut about =
            json!({"current_rating": rating, "current_comment": ticket.satisfaction_comment});
        if let (Some(link), Some(about)) = (link, about.as_object_mut()) {
            let [good, bad] =
                [Score::Good, Score::Bad].map(|it| format!("{link}?score={}", it.as_str()));
            let mut put =
                |name: &str, value: &str| drop(about.insert(name.to_owned(), value.into()));
            put("rating_url", link);
            put("rating_section", &words.section(&good, &bad));
            put("positive_rating_url", &good);
            put("negative_rating_url", &bad);
        }
        if let Some(all) = self.known.as_object_mut() {
            all.insert(SATISFACTION.to_owned(), about);
        }
    }

    /// `text`, which is Liquid and of a form, with what they stand for; what stands for nothing is left out. Of what is no
    /// Liquid only names in braces are filled in, and the rest stays as it is written.
    ///
    /// Dynamic content is filled in by itself first, with what its own placeholders stand for, and is a value from then on: it
    /// names no other, and what a value holds is never read again.
    #[must_use]
    pub fn fill(&self, text: &str, form: Form) -> String {
        if !text.contains("{{") && !text.contains("{%") {
            return text.to_owned();
        }
        let named = content::named(text);
        if named.is_empty() {
            return self.filled(text, form, &self.known);
        }
        // In JSON it becomes a value, which is written as one then.
        let within = if form == Form::Json { Form::Plain } else { form };
        let said = named.into_iter().filter_map(|name| {
            let content = self.contents.says(name)?;
            let inner = json!({"dc": {}});
            let said = self.filled(content, within, &merged(&self.known, inner));
            Some((name.to_owned(), Value::from(said)))
        });
        let said: Map<String, Value> = said.collect();
        self.filled(text, form, &merged(&self.known, json!({"dc": said})))
    }

    fn filled(&self, text: &str, form: Form, known: &Value) -> String {
        let object = liquid_core::model::to_object(known).ok();
        let said = object.and_then(|object| liquid::render(text, form, &object));
        said.unwrap_or_else(|| Self::names(text, form, known))
    }

    fn names(text: &str, form: Form, known: &Value) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            out.push_str(before);
            let Some((name, after)) = behind.split_once("}}") else {
                out.push_str("{{");
                rest = behind;
                continue;
            };
            match named(name.trim(), known) {
                // Dynamic content is of the form of the text already.
                Some(value) if liquid::is_content(name) => {
                    out.push_str(&form.of_content().written(&value));
                }
                Some(value) => out.push_str(&form.written(&value)),
                None => out.extend(["{{", name, "}}"]),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// What a name stands for, if it is one.
fn named(name: &str, known: &Value) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let (first, _) = name.split_once('.')?;
    if !name.chars().all(plain) || !["ticket", "current_user", "dc", SATISFACTION].contains(&first)
    {
        return None;
    }
    let mut value = known;
    for part in name.split('.') {
        value = value.get(part).unwrap_or(&Value::Null);
    }
    Some(match value {
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    })
}

/// What is known, and more.
fn merged(known: &Value, more: Value) -> Value {
    let mut known = known.clone();
    if let (Some(known), Value::Object(more)) = (known.as_object_mut(), more) {
        known.extend(more);
    }
    known
}

/// Who is concerned with a ticket.
#[derive(Debug, Clone, Copy, Default)]
pub struct People<'a> {
    /// Who asks for help.
    pub requester: Option<&'a User>,
    /// Who works on it.
    pub assignee: Option<&'a User>,
    /// Who applies the macro.
    pub current_user: Option<&'a User>,
    /// The name of the group that works on it.
    pub group: Option<&'a str>,
    /// The name of the requester's organization.
    pub organization: Option<&'a str>,
}

fn person(user: &User) -> Value {
    let mut names = user.name.split_whitespace();
    let first = names.next().unwrap_or_default();
    let last: Vec<&str> = names.collect();
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    put("id", Value::from(user.id.to_string()));
    put("name", Value::from(user.name.as_str()));
    put("first_name", Value::from(first));
    put("last_name", Value::from(last.join(" ")));
    put("email", json!(user.email()));
    put("phone", json!(user.phone));
    put("external_id", json!(user.external_id));
    put("language", json!(user.locale));
    put("time_zone", json!(user.time_zone));
    put("signature", json!(user.signature));
    put("details", json!(user.details));
    put("notes", json!(user.notes));
    put("custom_fields", Value::Object(user.user_fields.clone()));
    Value::Object(shown)
}
