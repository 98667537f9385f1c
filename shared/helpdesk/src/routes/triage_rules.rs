//! Rules of triage: by what new tickets sort themselves. Zendesk has no such routes; these are as those of triggers.

use super::rules::{self, Governed};
use super::tickets::{Asked, Trial, incoming, trial};
use super::{Shown, created, one};
use crate::access::Action::ManageRules;
use crate::access::Resource;
use crate::api::{Answer, Call, Guard, Refused, Route, ask};
use crate::ids::{GroupId, OrganizationId, RecordId};
use crate::record::Kept;
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::{Condition, Conditions, Head, HeadEdit, Refers, To, Use, check_conditions, last};
use crate::ticket::{Priority, Via};
use crate::triage::{Keywords, Part, Rules, TriageRule};
use crate::{search, tag, triage, wire};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Rules of triage.
pub const ROUTES: &[Route] = routes![
    GET "/triage_rules" Guard::Agents => list, "Lists the rules by which new tickets sort themselves";
    POST "/triage_rules" Guard::May(ManageRules) => create, "Adds a rule of triage";
    POST "/triage_rules/test" Guard::May(ManageRules) => test, "Tells which rule of triage would fit a ticket, and why";
    PUT "/triage_rules/update_many" Guard::May(ManageRules) => update_many, "Moves several rules of triage, or takes them in or out of use";
    PUT "/triage_rules/reorder" Guard::May(ManageRules) => reorder, "Puts all rules of triage into an order";
    DELETE "/triage_rules/destroy_many" Guard::May(ManageRules) => rules::delete_all::<TriageRule>, "Deletes several rules of triage";
    GET "/triage_rules/{id}" Guard::Agents => show, "Shows a rule of triage";
    PUT "/triage_rules/{id}" Guard::May(ManageRules) => update, "Changes a rule of triage";
    DELETE "/triage_rules/{id}" Guard::May(ManageRules) => rules::delete::<TriageRule>, "Deletes a rule of triage";
];

/// Rules of an account.
const MOST: usize = 500;

/// Values of one kind of one rule.
const MOST_VALUES: usize = 100;

/// Characters of a category, and of keywords that stand together.
const MAX_TEXT: usize = 100;

impl Shown for TriageRule {
    fn shown(&self, call: &Call<'_>) -> Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        if let Some(shown) = shown.as_object_mut() {
            let url = call.url(&format!("/triage_rules/{}.json", self.head.id));
            shown.insert("url".to_owned(), url.into());
        }
        shown
    }
}

impl Governed for TriageRule {
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        Ok(call.actor()?.is_agent())
    }

    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        call.may(ManageRules, Resource::Account)
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::all::<TriageRule>(call).await?.into_iter();
    rules::listed(call, all.filter(|it| rules::in_use(call, &it.record)).collect())
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &rules::named::<TriageRule>(call).await?.record)))
}

/// What is asked of a rule. What is left out stays as it is; of conditions and keywords, who changes any tells all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(flatten)]
    head: HeadEdit,
    all: Option<Vec<Condition>>,
    any: Option<Vec<Condition>>,
    conditions: Option<Conditions>,
    keywords: Option<Keywords>,
    languages: Option<Vec<String>>,
    senders: Option<Vec<String>>,
    organization_ids: Option<Vec<OrganizationId>>,
    history: Option<Vec<triage::Asked>>,
    #[serde(deserialize_with = "wire::text")]
    category: Option<Option<String>>,
    #[serde(deserialize_with = "wire::given")]
    priority: Option<Option<Priority>>,
    tags: Option<BTreeSet<String>>,
    #[serde(deserialize_with = "wire::given")]
    group_id: Option<Option<GroupId>>,
}

impl Edit {
    async fn apply(self, call: &Call<'_>, rule: &mut TriageRule) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        self.head.apply(&mut rule.head, call.at, &mut refusal);
        if self.all.is_some() || self.any.is_some() || self.conditions.is_some() {
            let mut conditions = self.conditions.unwrap_or_default();
            conditions.all = self.all.unwrap_or(conditions.all);
            conditions.any = self.any.unwrap_or(conditions.any);
            rule.conditions = conditions;
        }
        set(&mut rule.keywords, self.keywords);
        set(&mut rule.languages, self.languages);
        let senders = self.senders.map(|all| all.iter().map(|it| sender(it)).collect());
        set(&mut rule.senders, senders);
        set(&mut rule.organization_ids, self.organization_ids);
        set(&mut rule.history, self.history);
        set(&mut rule.category, self.category);
        set(&mut rule.priority, self.priority);
        set(&mut rule.tags, self.tags.map(|tags| tag::normal(&tags)));
        set(&mut rule.group_id, self.group_id);
        check(call, rule, &mut refusal).await?;
        Ok(refusal.against(())?)
    }
}

fn set<T>(field: &mut T, asked: Option<T>) {
    if let Some(value) = asked {
        *field = value;
    }
}

/// An address or a domain, as it is compared: `@acme.com` is the domain.
fn sender(text: &str) -> String {
    crate::user::canonical(text).trim_start_matches('@').to_owned()
}

async fn check(call: &Call<'_>, rule: &TriageRule, refusal: &mut Refusal) -> Result<(), Refused> {
    let mut refers = Refers::default();
    check_conditions(&rule.conditions, Use::Trigger, &mut refers, refusal);
    let both = rule.conditions.all.iter().chain(&rule.conditions.any);
    for condition in both.filter(|it| it.field.starts_with("triage_")) {
        let text = format!("{}: is not known before this rule tells it", condition.field);
        refusal.add("base", text, Some("InvalidValue"));
    }
    rules::own_values(call, rules::compared(&rule.conditions), refusal)?;
    for id in &rule.organization_ids {
        refers.add(To::Organization, id.to_string(), "organization_ids");
    }
    if let Some(id) = rule.group_id {
        refers.add(To::Group, id.to_string(), "group_id");
    }
    asks(rule, refusal);
    tells(rule, refusal);
    rules::resolve(call, &refers, refusal).await
}

/// What a rule asks for beside conditions.
fn asks(rule: &TriageRule, refusal: &mut Refusal) {
    let mut wrong = |field: &str, text: String| refusal.add(field, text, Some("InvalidValue"));
    if rule.parts().next().is_none() {
        let text = "Triage rule must ask for something: conditions, keywords, languages, senders, organization_ids or \
                    history";
        wrong("base", text.to_owned());
    }
    for (field, count) in [
        ("keywords", rule.keywords.all.len().saturating_add(rule.keywords.any.len())),
        ("languages", rule.languages.len()),
        ("senders", rule.senders.len()),
        ("organization_ids", rule.organization_ids.len()),
        ("history", rule.history.len()),
        ("tags", rule.tags.len()),
    ] {
        if count > MOST_VALUES {
            wrong(field, format!("{field}: are too many (maximum is {MOST_VALUES})"));
        }
    }
    for word in rule.keywords.all.iter().chain(&rule.keywords.any) {
        if search::analysis::count(word) == 0 || word.chars().count() > MAX_TEXT {
            wrong(
                "keywords",
                format!("Keywords: {word:?} must have words, in {MAX_TEXT} characters at most"),
            );
        }
    }
    for language in rule.languages.iter().filter(|it| triage::known_language(it).is_none()) {
        wrong(
            "languages",
            format!("Languages: {language:?} is no language that can be told, such as de"),
        );
    }
    for sender in rule.senders.iter().filter(|it| !is_sender(it)) {
        wrong(
            "senders",
            format!("Senders: {sender:?} is neither an address nor a domain, such as acme.com"),
        );
    }
    for asked in &rule.history {
        if !triage::FIELDS.contains(&asked.field.as_str()) {
            let all = triage::FIELDS.join(", ");
            wrong("history", format!("History: field {:?} is not one of {all}", asked.field));
        }
        if !triage::OPERATORS.contains(&asked.operator.as_str()) {
            let all = triage::OPERATORS.join(", ");
            wrong("history", format!("History: operator {:?} is not one of {all}", asked.operator));
        }
        if usize::try_from(asked.value).is_ok_and(|it| it > triage::History::MOST) {
            let most = triage::History::MOST;
            wrong(
                "history",
                format!("History: value is too great: the last {most} tickets are counted"),
            );
        }
    }
}

fn is_sender(text: &str) -> bool {
    super::tickets::people::is_address(text)
        || super::tickets::people::is_address(&format!("x@{text}"))
}

/// What it tells.
fn tells(rule: &TriageRule, refusal: &mut Refusal) {
    let nothing = rule.category.is_none()
        && rule.priority.is_none()
        && rule.tags.is_empty()
        && rule.group_id.is_none();
    if nothing {
        let text = "Triage rule must tell something: category, priority, tags or group_id";
        refusal.add("base", text, Some("InvalidValue"));
    }
    if rule.category.as_ref().is_some_and(|it| it.chars().count() > MAX_TEXT) {
        let text = format!("Category: is too long (maximum is {MAX_TEXT} characters)");
        refusal.add("category", text, Some("ValueTooLong"));
    }
}

fn blank(call: &Call<'_>) -> Result<TriageRule, Refused> {
    let all = call.account.all::<TriageRule>()?;
    let position = last(all.iter().map(|it| &it.head));
    Ok(TriageRule::new(Head::new(RecordId::fresh(call)?, call.at, position)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("triage_rule")?;
    if call.account.all::<TriageRule>()?.len() >= MOST {
        return Err(Refused::field("base", "there are as many triage rules as there may be"));
    }
    let mut rule = blank(call)?;
    edit.apply(call, &mut rule).await?;
    call.add(&rule).await?;
    Ok(created(call, &rule))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = rules::named::<TriageRule>(call).await?;
    let edit: Edit = call.ask.record("triage_rule")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn update_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::moved::<TriageRule>(call).await?.into_iter();
    rules::change_all(call, all.map(|(before, after, _)| (before, after)).collect()).await
}

async fn reorder(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<TriageRule>()?;
    let both = rules::in_order(call, all.as_ref(), &call.ask.body_ids("triage_rule_ids")?)?;
    rules::change_all(call, both).await
}

/// What is tried.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tried {
    /// The ticket, as it is in `POST /tickets`.
    ticket: Option<Value>,
    /// Or what it is about, what was said and from which address.
    subject: Option<String>,
    text: Option<String>,
    sender: Option<String>,
    /// One rule; all that are in use, if none is named.
    triage_rule_id: Option<u64>,
    /// One that is not kept.
    triage_rule: Option<Edit>,
}

impl Tried {
    fn ticket(&mut self) -> Result<Value, Refused> {
        if let Some(ticket) = self.ticket.take() {
            return Ok(ticket);
        }
        let (subject, text) = (self.subject.take(), self.text.take());
        let body = text.or_else(|| subject.clone());
        let body = body.ok_or_else(|| Refused::parameter("text", "or ticket is required"))?;
        let mut ticket = json!({"subject": subject, "comment": {"body": body}});
        if let (Some(email), Some(ticket)) = (self.sender.take(), ticket.as_object_mut()) {
            ticket.insert("requester".to_owned(), json!({"email": email}));
        }
        Ok(ticket)
    }
}

/// The rules that are tried, in their order.
async fn tried_rules(call: &Call<'_>, tried: &mut Tried) -> Result<Vec<TriageRule>, Refused> {
    if let Some(mut edit) = tried.triage_rule.take() {
        edit.head.entitle("Draft");
        let mut rule = blank(call)?;
        edit.apply(call, &mut rule).await?;
        return Ok(vec![rule]);
    }
    let own = |all: Vec<Kept<TriageRule>>| all.into_iter().map(|it| it.record).collect();
    match tried.triage_rule_id {
        Some(id) => Ok(own(rules::several::<TriageRule>(call, &[id]).await?)),
        None => Ok(own(Rules::in_use(&call.account)?.0)),
    }
}

/// Nothing is done of it. All that rules ask for is looked at, that who writes them sees all of it.
async fn test(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut tried: Tried = ask::read(call.ask.json()?)?;
    let asked = Asked::read(tried.ticket()?)?;
    let rules = tried_rules(call, &mut tried).await?;
    let sender = asked.sender().map(str::to_owned);
    let Trial { applied, mut around, .. } = trial(call, None, asked).await?;
    let channel = Via::default().channel;
    let seen = incoming(call, &applied, &channel, sender.as_deref(), &mut around, |it, _| {
        let looked = rules.iter().map(|rule| {
            let parts = rule.parts().map(|part| rule.look(part, it));
            parts.collect::<Vec<_>>()
        });
        (it.language, looked.collect::<Vec<_>>())
    });
    let (language, looked) = seen.await?;
    let told: Vec<(bool, Value)> = rules
        .iter()
        .zip(looked)
        .map(|(rule, parts)| {
            let unmet: Vec<&str> =
                parts.iter().filter(|it| !it.met).map(|it| Part::as_str(it.part)).collect();
            let fits = unmet.is_empty();
            let why = if fits { "all that it asks for is so".to_owned() } else { format!("not so: {}", unmet.join(", ")) };
            let parts = parts.iter().map(|it| json!({"part": it.part.as_str(), "met": it.met, "found": it.found}));
            (fits, json!({"id": rule.head.id, "title": rule.head.title, "fits": fits, "why": why, "parts": parts.collect::<Vec<_>>()}))
        })
        .collect();
    let first = told.iter().position(|(fits, _)| *fits).and_then(|at| rules.get(at));
    let verdict = first.map(|rule| {
        json!({"rule_id": rule.head.id, "rule_title": rule.head.title, "category": rule.category,
            "priority": rule.priority, "tags": rule.tags, "group_id": rule.group_id})
    });
    let rules: Vec<Value> = told.into_iter().map(|(_, told)| told).collect();
    Ok(Answer::ok(
        json!({"test": {"verdict": verdict, "language": language, "triage_rules": rules}}),
    ))
}
