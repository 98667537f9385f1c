//! Why triggers act on an update, or do not: it is worked out as it would be, and nothing of it is done. Zendesk has no
//! such route.

use super::rules::{self, Governed};
use super::tickets::{Asked, Trial, audited, ticket_shown, triage, trial, triggered};
use super::triggers;
use crate::access::Action::ManageRules;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::RecordId;
use crate::routes;
use crate::rule::Trigger;
use crate::ticket::{Status, Via};
use crate::trigger::{Ready, Test, Watch};
use serde::Deserialize;
use serde_json::{Value, json};

/// Trying triggers.
pub const ROUTES: &[Route] = routes![
    POST "/triggers/test" Guard::May(ManageRules) => test, "Tells which triggers would act on an update, and which condition decides";
];

/// What is tried.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tried {
    /// On which ticket; a new one, if none is named.
    ticket_id: Option<u64>,
    /// What is asked of the ticket, as it is in `PUT /tickets/{id}` and `POST /tickets`.
    ticket: Option<Value>,
    /// By what way.
    channel: Option<String>,
    /// Which trigger; all that are in use, if none is named.
    trigger_id: Option<RecordId>,
    /// One that is not kept.
    trigger: Option<triggers::Edit>,
}

async fn test(call: &Call<'_>) -> Result<Answer, Refused> {
    let tried: Tried = crate::api::ask::read(call.ask.json()?)?;
    if tried.ticket_id.is_none() && tried.ticket.is_none() {
        return Err(Refused::parameter("ticket", "or ticket_id is required"));
    }
    let triggers: Vec<Trigger> = match (tried.trigger, tried.trigger_id) {
        (Some(draft), _) => vec![triggers::drafted(call, draft).await?],
        (None, Some(id)) => {
            let named = rules::several::<Trigger>(call, &[id.get()]).await?;
            named.into_iter().map(|it| it.record).collect()
        }
        (None, None) => {
            Trigger::in_use(&call.account)?.iter().map(|it| it.record.clone()).collect()
        }
    };
    let readable: Result<Vec<bool>, Refused> =
        triggers.iter().map(|it| it.readable(call)).collect();
    if !readable?.into_iter().all(|it| it) {
        return Err(Refused::NotFound);
    }
    let asked = Asked::read(tried.ticket.unwrap_or_else(|| json!({})))?;
    let sender = asked.sender().map(str::to_owned);
    let Trial { before, applied, mut around } = trial(call, tried.ticket_id, asked).await?;
    let channel = tried.channel.unwrap_or_else(|| Via::default().channel);
    // Triggers find a new ticket as triage leaves it.
    let sorted = match &before {
        None => triage(call, &applied, &Via::of(&channel), sender.as_deref(), &mut around).await?,
        Some(_) => None,
    };
    let (applied, done) =
        sorted.map_or_else(|| (applied, Vec::new()), |it| (it.applied, it.events));
    let triggers: Vec<&Trigger> = triggers.iter().collect();
    let mut seen = Seen(Vec::new());
    let before = before.as_ref().map(|it| &it.record);
    let update = (before, &applied, channel.as_str());
    let fired = triggered(call, update, &triggers, &mut around, &mut seen).await?;
    if before.is_some_and(|it| it.status == Status::Closed) {
        let why = "triggers do not act on closed tickets";
        seen.0.extend(triggers.iter().map(|it| {
            json!({"id": it.head.id, "title": it.head.title,
            "acted": false, "why": why})
        }));
    }
    let events = done.iter().chain(&fired.events).map(|(what, via)| audited(what, via));
    Ok(Answer::ok(json!({"test": {
        "ticket": ticket_shown(call, &fired.ticket),
        "triggers": seen.0,
        "events": events.collect::<Vec<_>>(),
    }})))
}

/// What was seen of each trigger.
struct Seen(Vec<Value>);

impl Watch for Seen {
    fn begin(&mut self) {
        self.0.clear();
    }

    fn see(&mut self, trigger: &Ready<'_>, met: &dyn Fn(&Test<'_>) -> bool, acted: bool) {
        let told = |tests: &[Test<'_>]| -> Vec<(bool, Value)> {
            let one = |test: &Test<'_>| {
                let met = met(test);
                let it = test.condition;
                let (field, operator, value) = (&it.field, &it.operator, &it.value);
                let told =
                    json!({"field": field, "operator": operator, "value": value, "met": met});
                (met, told)
            };
            tests.iter().map(one).collect()
        };
        let (all, any) = (told(&trigger.tests.all), told(&trigger.tests.any));
        let shown = |tests: &[(bool, Value)]| -> Vec<Value> {
            tests.iter().map(|(_, told)| told.clone()).collect()
        };
        let first = |tests: &[(bool, Value)], wanted: bool| {
            tests.iter().find(|(met, _)| *met == wanted).map(|(_, told)| told.clone())
        };
        let (decided_by, why) = match (first(&all, false), first(&any, true)) {
            (Some(unmet), _) => (unmet, "a condition of `all` is not met"),
            (None, Some(met)) => (met, "all conditions of `all` and one of `any` are met"),
            (None, None) if any.is_empty() => (Value::Null, "all conditions of `all` are met"),
            (None, None) => (Value::Null, "no condition of `any` is met"),
        };
        let head = &trigger.trigger.head;
        self.0.push(json!({
            "id": head.id,
            "title": head.title,
            "acted": acted,
            "why": why,
            "decided_by": decided_by,
            "conditions": {"all": shown(&all), "any": shown(&any)},
        }));
    }
}
