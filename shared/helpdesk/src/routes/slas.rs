//! SLA policies ([SLA policies](https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/)):
//! what is promised. Whether it is kept is measured with each ticket ([`crate::ticket::sla`]).

use super::rules::{self, Governed};
use super::{Shown, one};
use crate::access::Action::ManageRules;
use crate::access::Resource;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::RecordId;
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::{
    Conditions, Escalation, Head, HeadEdit, METRICS, MOST_ESCALATIONS, MOST_MINUTES_BEFORE,
    PolicyMetric, Refers, SlaPolicy, Use, check_actions, check_conditions, defined_filter,
};
use crate::ticket::Priority;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// SLA policies.
pub const ROUTES: &[Route] = routes![
    GET "/slas/policies" Guard::May(ManageRules) => list, "Lists SLA policies";
    POST "/slas/policies" Guard::May(ManageRules) => create, "Adds an SLA policy";
    PUT "/slas/policies/reorder" Guard::May(ManageRules) => reorder, "Puts SLA policies into an order";
    GET "/slas/policies/definitions" Guard::May(ManageRules) => definitions, "Lists the conditions that SLA policies may have";
    GET "/slas/policies/{id}" Guard::May(ManageRules) => show, "Shows an SLA policy";
    PUT "/slas/policies/{id}" Guard::May(ManageRules) => update, "Changes an SLA policy";
    DELETE "/slas/policies/{id}" Guard::May(ManageRules) => rules::delete::<SlaPolicy>, "Deletes an SLA policy";
    GET "/group_slas/policies" refused "service levels are promised to customers, not between groups", "Lists group SLA policies";
    POST "/group_slas/policies" refused "service levels are promised to customers, not between groups", "Adds a group SLA policy";
    GET "/group_slas/policies/definitions" refused "service levels are promised to customers, not between groups", "Lists the conditions that group SLA policies may have";
    PUT "/group_slas/policies/reorder" refused "service levels are promised to customers, not between groups", "Puts group SLA policies into an order";
    GET "/group_slas/policies/{id}" refused "service levels are promised to customers, not between groups", "Shows a group SLA policy";
    PUT "/group_slas/policies/{id}" refused "service levels are promised to customers, not between groups", "Changes a group SLA policy";
    DELETE "/group_slas/policies/{id}" refused "service levels are promised to customers, not between groups", "Deletes a group SLA policy";
];

impl Shown for SlaPolicy {
    fn shown(&self, call: &Call<'_>) -> Value {
        let head = &self.head;
        json!({
            "url": call.url(&format!("/slas/policies/{}.json", head.id)),
            "id": head.id,
            "title": head.title,
            "description": head.description,
            "position": head.position,
            "filter": self.filter,
            "policy_metrics": self.policy_metrics,
            "metric_settings": self.metric_settings,
            "escalations": self.escalations,
            "created_at": head.created_at,
            "updated_at": head.updated_at,
        })
    }
}

impl Governed for SlaPolicy {
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        self.changeable(call)
    }

    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        call.may(ManageRules, Resource::Account)
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    rules::listed(call, rules::all::<SlaPolicy>(call).await?)
}

async fn definitions(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"definitions": defined_filter(&rules::choices(call)?)})))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &rules::named::<SlaPolicy>(call).await?.record)))
}

/// What is asked of a policy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(flatten)]
    head: HeadEdit,
    filter: Option<Conditions>,
    policy_metrics: Option<Vec<Asked>>,
    #[serde(deserialize_with = "crate::wire::given")]
    metric_settings: Option<Option<Value>>,
    escalations: Option<Vec<Escalation>>,
}

/// What is asked to be promised.
#[derive(Debug, Deserialize)]
struct Asked {
    priority: Priority,
    metric: String,
    #[serde(default)]
    target: Option<u32>,
    #[serde(default)]
    target_in_seconds: Option<u64>,
    #[serde(default)]
    business_hours: bool,
}

impl Asked {
    /// A target is told in minutes, or in seconds.
    fn read(self, refusal: &mut Refusal) -> PolicyMetric {
        let minutes = self.target.map(|minutes| u64::from(minutes).saturating_mul(60));
        let seconds = self.target_in_seconds.or(minutes).unwrap_or_default();
        let mut add = |text: &str| refusal.add("policy_metrics", text, Some("InvalidValue"));
        if seconds == 0 {
            add("Policy metrics: target must be greater than 0");
        }
        if !METRICS.contains(&self.metric.as_str()) {
            add(&format!("Policy metrics: {} is not a metric", self.metric));
        }
        PolicyMetric {
            priority: self.priority,
            metric: self.metric,
            target: u32::try_from(seconds.div_euclid(60)).unwrap_or(u32::MAX),
            target_in_seconds: seconds,
            business_hours: self.business_hours,
        }
    }
}

impl Edit {
    async fn apply(self, call: &Call<'_>, policy: &mut SlaPolicy) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        let mut refers = Refers::default();
        self.head.apply(&mut policy.head, call.at, &mut refusal);
        policy.filter = self.filter.unwrap_or(std::mem::take(&mut policy.filter));
        check_conditions(&policy.filter, Use::Sla, &mut refers, &mut refusal);
        rules::own_values(call, rules::compared(&policy.filter), &mut refusal)?;
        if let Some(asked) = self.policy_metrics {
            let read = asked.into_iter().map(|it| it.read(&mut refusal)).collect();
            policy.policy_metrics = read;
        }
        let all = policy.policy_metrics.iter();
        let promised: BTreeSet<_> = all.map(|it| (it.priority, it.metric.as_str())).collect();
        if promised.len() < policy.policy_metrics.len() {
            let text = "Policy metrics: a priority has the same metric twice";
            refusal.add("policy_metrics", text, Some("DuplicateValue"));
        }
        if let Some(settings) = self.metric_settings {
            if settings.as_ref().is_some_and(|it| !it.is_object()) {
                let text = "Metric settings: is invalid";
                refusal.add("metric_settings", text, Some("InvalidValue"));
            }
            policy.metric_settings = settings;
        }
        policy.escalations = self.escalations.unwrap_or(std::mem::take(&mut policy.escalations));
        escalations(&policy.escalations, &mut refers, &mut refusal);
        let actions = policy.escalations.iter().flat_map(|it| &it.actions);
        let set = actions.map(|it| (it.field.as_str(), &it.value));
        rules::own_values(call, set, &mut refusal)?;
        rules::resolve(call, &refers, &mut refusal).await?;
        Ok(refusal.against(())?)
    }
}

/// Checks what is done before a breach.
fn escalations(all: &[Escalation], refers: &mut Refers, refusal: &mut Refusal) {
    let mut add = |text: String| refusal.add("escalations", text, Some("InvalidValue"));
    if all.len() > MOST_ESCALATIONS {
        add(format!("Escalations: are too many (maximum is {MOST_ESCALATIONS})"));
    }
    for Escalation { metric, minutes_before, .. } in all {
        if let Some(metric) = metric.as_ref().filter(|it| !METRICS.contains(&it.as_str())) {
            add(format!("Escalations: {metric} is not a metric"));
        }
        if *minutes_before > MOST_MINUTES_BEFORE {
            add(format!("Escalations: minutes_before is at most {MOST_MINUTES_BEFORE}"));
        }
    }
    all.iter().for_each(|it| check_actions(&it.actions, Use::Automation, refers, refusal));
}

/// Behind all others, unless it says where.
async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("sla_policy")?;
    if edit.filter.is_none() {
        return Err(Refused::field("filter", "cannot be blank"));
    }
    let all = call.account.all::<SlaPolicy>()?;
    let greatest = all.iter().map(|it| it.head.position).max();
    let position = greatest.unwrap_or_default().saturating_add(1);
    let mut policy = SlaPolicy {
        head: Head::new(RecordId::fresh(call)?, call.at, position),
        filter: Conditions::default(),
        policy_metrics: Vec::new(),
        metric_settings: None,
        escalations: Vec::new(),
    };
    edit.apply(call, &mut policy).await?;
    call.add(&policy).await?;
    let location = call.url(&format!("/slas/policies/{}.json", policy.head.id));
    Ok(Answer::created(one(call, &policy), location))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = rules::named::<SlaPolicy>(call).await?;
    let edit: Edit = call.ask.record("sla_policy")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// The ids stand in the query, as Zendesk documents it, or in the body, as clients send them.
async fn reorder(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = match call.ask.list("sla_policy_ids").is_empty() {
        false => call.ask.ids("sla_policy_ids")?,
        true => call.ask.body_ids("sla_policy_ids")?,
    };
    let all = call.account.all::<SlaPolicy>()?;
    let both = rules::in_order(call, all.as_ref(), &ids)?;
    rules::change_all(call, both).await?;
    Ok(Answer::done())
}
