//! Routing on the running stack: what waits goes to who is online, once, by the queue alone.

use super::helpdesk::{call, get};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, stack, until};
use serde_json::{Value, json};

#[test]
fn a_ticket_goes_to_who_is_online_once() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-routing");
    let membership = get(&tenant, "group_memberships.json")["group_memberships"][0].clone();
    let (owner, group) = (membership["user_id"].clone(), membership["group_id"].clone());
    let put = |path: &str, body: Value| {
        let done = call(&tenant, "PUT", path, &body);
        assert_eq!(done.status, 200, "{path}: {done}");
        done.json()
    };
    put("routing/settings", json!({"settings": {"enabled": true, "strategy": "least_loaded"}}));
    // As the schedule does, which may come first.
    let due = json!({"tenant": tenant.name, "duty": "promises"});
    until("routing to know of all tickets", PATIENCE, || {
        aws::scheduled("helpdesk-automations", &due);
        let ready = get(&tenant, "routing/settings")["settings"]["ready"] == true;
        ready.then_some(())
    });
    let made = |subject: &str| {
        let ticket = json!({"ticket": {"subject": subject, "comment": {"body": "x"}, "group_id": group,
            "requester": {"name": "Zoe", "email": format!("zoe@{}.example.com", tenant.name)}}});
        let made = call(&tenant, "POST", "tickets.json", &ticket);
        assert_eq!(made.status, 201, "{made}");
        made.json()["ticket"]["id"].clone()
    };
    let assignee =
        |id: &Value| get(&tenant, &format!("tickets/{id}.json"))["ticket"]["assignee_id"].clone();
    let first = made("nobody is there");
    assert_eq!(assignee(&first), Value::Null);
    put("agent_availabilities/agent_statuses/agents/me", json!({"id": 3}));
    until("what waited to be given to who came", PATIENCE, || {
        (assignee(&first) == owner).then_some(())
    });
    let second = made("somebody is there");
    until("a new ticket to be given to them", PATIENCE, || {
        (assignee(&second) == owner).then_some(())
    });
    let audits = get(&tenant, &format!("tickets/{second}/audits.json"));
    let routed = audits["audits"].as_array().unwrap().iter();
    let routed = routed.filter(|it| it["via"]["source"]["rel"] == "routing");
    assert_eq!(routed.count(), 1, "once: {audits}");
}
