//! The helpdesk's rules on the running stack: what triggers tell leaves, once, and automations act when their hour comes.

use super::channels::receiver;
use super::helpdesk::{call, get};
use ceap_e2e::http;
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, grace, stack, time, until};
use serde_json::{Value, json};

fn kept(tenant: &Tenant, path: &str, asked: &Value) -> Value {
    let made = call(tenant, "POST", path, asked);
    assert_eq!(made.status, 201, "{path}: {made}");
    made.json()
}

#[test]
fn a_trigger_tells_people_a_webhook_and_a_use_case_once() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-triggers");
    let (port, asked) = receiver();
    let webhook = json!({"webhook": {"name": "Hook", "endpoint": format!("http://127.0.0.1:{port}/hook"),
        "http_method": "POST", "request_format": "json", "status": "active",
        "subscriptions": ["conditional_ticket_events"]}});
    let webhook = kept(&tenant, "webhooks", &webhook)["webhook"]["id"].clone();
    let actions = json!([
        {"field": "priority", "value": "urgent"},
        {"field": "current_tags", "value": "greeted"},
        {"field": "notification_user",
         "value": ["requester_id", "Received: {{ticket.title}}", "Hi {{ticket.requester.name}}, #{{ticket.id}} is {{ticket.priority}}."]},
        {"field": "notification_webhook", "value": [webhook, "{\"id\": {{ticket.id}}, \"title\": \"{{ticket.title}}\"}"]},
        {"field": "use_case", "value": "welcome"},
    ]);
    let all = json!([{"field": "update_type", "operator": "is", "value": "Create"}]);
    kept(
        &tenant,
        "triggers",
        &json!({"trigger": {"title": "Greets", "all": all, "actions": actions}}),
    );
    let email = format!("zoe@{}.example.com", tenant.name);
    let ticket = json!({"ticket": {"subject": "A \"fire\"", "comment": {"body": "It burns."},
        "requester": {"name": "Zoe", "email": email}}});
    let ticket = kept(&tenant, "tickets.json", &ticket)["ticket"].clone();
    assert_eq!((&ticket["priority"], &ticket["tags"]), (&json!("urgent"), &json!(["greeted"])));

    let subject = format!("user-{}", ticket["requester_id"]);
    tenant.wait_for_count(&subject, "TicketTriggered.v1", 1);
    let written = || {
        let all = tenant.messages().into_iter();
        all.filter(|mail| mail.title == "Received: A \"fire\"").collect::<Vec<_>>()
    };
    let mails = until("the requester to be written to", PATIENCE, || {
        Some(written()).filter(|mails| !mails.is_empty())
    });
    let text = format!("Hi Zoe, #{} is urgent.", ticket["id"]);
    assert_eq!((&mails[0].to, mails[0].text.trim()), (&email, text.as_str()));
    let body = until("the webhook to be asked", PATIENCE, || {
        asked.lock().unwrap().first().map(|it| it.body.clone())
    });
    assert_eq!(body, json!({"id": ticket["id"], "title": "A \"fire\""}));
    grace();
    assert_eq!((written().len(), asked.lock().unwrap().len()), (1, 1), "once each");
}

#[test]
fn who_is_asked_by_a_letter_answers_once_by_its_link() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-surveys");
    let actions = json!([
        {"field": "satisfaction_score", "value": "offered"},
        {"field": "notification_user", "value": ["requester_id", "How was it?", "{{satisfaction.rating_section}}"]},
    ]);
    let all = json!([{"field": "status", "operator": "value", "value": "solved"}]);
    kept(
        &tenant,
        "triggers",
        &json!({"trigger": {"title": "Asks", "all": all, "actions": actions}}),
    );
    let owner = get(&tenant, "group_memberships.json")["group_memberships"][0]["user_id"].clone();
    let email = format!("zoe@{}.example.com", tenant.name);
    let ticket = json!({"ticket": {"subject": "Fire", "comment": {"body": "It burns."}, "assignee_id": owner,
        "requester": {"name": "Zoe", "email": email}}});
    let path = format!("tickets/{}.json", kept(&tenant, "tickets.json", &ticket)["ticket"]["id"]);
    let done = call(&tenant, "PUT", &path, &json!({"ticket": {"status": "solved"}}));
    assert_eq!(done.status, 200, "{done}");
    let mail = until("the requester to be asked", PATIENCE, || {
        tenant.messages().into_iter().find(|mail| mail.title == "How was it?")
    });
    let start = format!("{}/v1/satisfaction/", aws::API);
    let bad = |word: &&str| word.starts_with(&start) && word.ends_with("?score=bad");
    let link = mail.text.split_whitespace().find(bad).unwrap_or_else(|| panic!("{mail:?}"));
    let rating = || get(&tenant, &path)["ticket"]["satisfaction_rating"].clone();

    let page = http::call("GET", link, &[], &[]);
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(rating(), json!({"score": "offered"}), "scanners follow links, too");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = http::call("POST", link, &form, b"score=bad&reason=5&comment=A+week%21");
    assert_eq!(answer.status, 200, "{answer}");
    let given = rating();
    assert_eq!((&given["score"], &given["comment"]), (&json!("bad"), &json!("A week!")));
    assert_eq!(http::call("POST", link, &form, b"score=good").status, 410, "once");
    assert_eq!(rating(), given);
}

#[test]
fn an_automation_acts_once_in_its_hour_and_is_called_each_hour() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-automations");
    let due = time::rfc3339(time::now() - 5 * 3_600);
    let ticket = json!({"ticket": {"subject": "Call back", "type": "task", "due_at": due, "comment": {"body": "x"}}});
    let id = kept(&tenant, "tickets.json", &ticket)["ticket"]["id"].clone();
    let all = json!([
        {"field": "due_date", "operator": "greater_than", "value": "1"},
        {"field": "status", "operator": "less_than", "value": "solved"},
        {"field": "current_tags", "operator": "not_includes", "value": "late"},
    ]);
    let actions = json!([{"field": "current_tags", "value": "late"}]);
    kept(
        &tenant,
        "automations",
        &json!({"automation": {"title": "Late", "all": all, "actions": actions}}),
    );
    let due = json!({"tenant": tenant.name, "duty": "automations"});
    let of_it = |it: &&Value| {
        let input = it["Target"]["Input"].as_str().unwrap_or_default();
        serde_json::from_str::<Value>(input).is_ok_and(|input| input == due)
    };
    let schedule = until("its schedule to be made", PATIENCE, || {
        aws::schedules("automations").into_iter().find(|it| of_it(&it))
    });
    assert_eq!(schedule["ScheduleExpression"], "cron(0 * * * ? *)");

    // As the schedule does, which may come first.
    let hour = || aws::scheduled("helpdesk-automations", &due);
    hour();
    let tags = || get(&tenant, &format!("tickets/{id}.json"))["ticket"]["tags"].clone();
    assert_eq!(tags(), json!(["late"]));
    hour();
    let audits = get(&tenant, &format!("tickets/{id}/audits.json"));
    assert_eq!(audits["count"], 2, "{audits}");
}

#[test]
fn a_promise_that_is_about_to_be_broken_is_escalated_once() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-promises");
    let policy = json!({"sla_policy": {"title": "Gold", "filter": {"all": [], "any": []},
        "policy_metrics": [{"priority": "urgent", "metric": "agent_work_time", "target": 60, "business_hours": false}],
        "escalations": [{"minutes_before": 60, "actions": [{"field": "current_tags", "value": "escalated"}]}]}});
    kept(&tenant, "slas/policies", &policy);
    let ticket =
        json!({"ticket": {"subject": "Now", "priority": "urgent", "comment": {"body": "x"}}});
    let id = kept(&tenant, "tickets.json", &ticket)["ticket"]["id"].clone();
    // As the schedule does, which may come first.
    let minute = || {
        let due = json!({"tenant": tenant.name, "duty": "promises"});
        aws::scheduled("helpdesk-automations", &due);
        get(&tenant, &format!("tickets/{id}.json?include=slas"))["ticket"].clone()
    };
    let shown = until("the ticket to be found", PATIENCE, || {
        Some(minute()).filter(|ticket| ticket["tags"] == json!(["escalated"]))
    });
    assert_eq!(shown["slas"]["policy_metrics"][0]["stage"], "active", "{shown}");
    minute();
    let audits = get(&tenant, &format!("tickets/{id}/audits.json"));
    assert_eq!(audits["count"], 2, "{audits}");
}
