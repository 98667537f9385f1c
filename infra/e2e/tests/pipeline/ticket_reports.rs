//! Reports of tickets on the running stack: counted by the table's stream, and made anew from the lake.

use super::helpdesk::{call, get};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, http, root, stack, until};
use serde_json::{Value, json};
use std::process::Command;

fn report(tenant: &Tenant, name: &str) -> Value {
    let token = format!("Bearer {}", tenant.token("admin"));
    let url = format!("{}/v1/reports/{name}", aws::API);
    let told = http::call("GET", &url, &[("authorization", &token)], &[]);
    assert_eq!(told.status, 200, "{told}");
    ceap_e2e::described::check("GET", "/v1/reports/{report}", &told);
    told.json()
}

#[test]
fn reports_are_kept_as_tickets_change_and_made_anew_the_same() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-reports");
    let owner = get(&tenant, "group_memberships.json")["group_memberships"][0]["user_id"].clone();
    let ids: Vec<Value> = (0..6)
        .map(|n| {
            let ticket = json!({"ticket": {"subject": format!("Fire {n}"), "comment": {"body": "It burns."},
                "requester": {"name": "Zoe", "email": format!("zoe@{}.example.com", tenant.name)}}});
            let made = call(&tenant, "POST", "tickets.json", &ticket);
            assert_eq!(made.status, 201, "{made}");
            made.json()["ticket"]["id"].clone()
        })
        .collect();
    let change = |id: &Value, change: Value| {
        let path = format!("tickets/{id}.json");
        let done = call(&tenant, "PUT", &path, &json!({"ticket": change}));
        assert_eq!(done.status, 200, "{done}");
    };
    for id in &ids[..4] {
        change(id, json!({"comment": {"body": "On our way."}, "assignee_id": owner}));
    }
    for id in &ids[..3] {
        change(id, json!({"status": "solved"}));
    }
    change(&ids[0], json!({"status": "open"}));
    let gone = call(&tenant, "DELETE", &format!("tickets/{}.json", ids[5]), &Value::Null);
    assert_eq!(gone.status, 204, "{gone}");

    let counted = |told: &Value| {
        ["created", "unsolved", "solved", "reopened", "replies"]
            .map(|name| told["total"][name].as_i64().unwrap())
    };
    let told = until("reports to be counted", PATIENCE, || {
        let told = report(&tenant, "tickets");
        (counted(&told) == [5, 3, 2, 1, 4]).then_some(told)
    });
    let agents = report(&tenant, "agents");
    let of = agents["rows"].as_array().unwrap().iter().find(|it| it["agent_id"] == owner).unwrap();
    assert_eq!((&of["replies"], &of["solved"]), (&json!(4), &json!(2)), "{of}");
    let channels = report(&tenant, "channels");
    assert_eq!(channels["rows"][0]["channel"], "api");

    let recount = Command::new("cargo")
        .args(["xtask", "recount", "--tenant", &tenant.name])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&recount.stdout).into_owned();
    assert!(recount.status.success(), "{said}{}", String::from_utf8_lossy(&recount.stderr));
    let said = said.lines().find_map(|line| line.strip_prefix("done: ")).unwrap().to_owned();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["counted"].as_u64().unwrap() >= 6, "{said}");
    assert_eq!(report(&tenant, "tickets"), told);
    assert_eq!(report(&tenant, "agents"), agents);
    assert_eq!(report(&tenant, "channels"), channels);
}
