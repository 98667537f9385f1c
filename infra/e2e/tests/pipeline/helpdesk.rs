//! The helpdesk's API on the running stack: what lies between a client and its routes, which have tests of their own.

use ceap_e2e::events::{customer, event};
use ceap_e2e::http::{self, Answer};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, stack, time, until};
use serde_json::{Value, json};

/// One call of the API as the tenant's administrator.
pub fn call(tenant: &Tenant, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::call(method, &format!("{}/api/v2/{path}", aws::API), &headers, body.as_bytes())
}

pub fn get(tenant: &Tenant, path: &str) -> Value {
    let answer = call(tenant, "GET", path, &Value::Null);
    assert_eq!(answer.status, 200, "{path}: {answer}");
    answer.json()
}

/// Waits until a job is done.
pub fn done(tenant: &Tenant, started: &Answer) -> Value {
    assert_eq!(started.status, 200, "{started}");
    let url = started.json()["job_status"]["url"].as_str().unwrap().to_owned();
    let path =
        url.strip_prefix(&format!("{}/api/v2/", aws::API)).unwrap_or_else(|| panic!("{url}"));
    until("the job to be done", PATIENCE, || {
        let status = get(tenant, path)["job_status"].take();
        (status["status"] == "completed").then_some(status)
    })
}

#[test]
fn groups_are_kept_and_jobs_are_done() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk");
    let first = get(&tenant, "groups.json");
    assert_eq!(first["count"], 1, "an account begins with one: {first}");
    let asked = json!({"group": {"name": "Billing & more", "description": "Zoë's"}});
    let made = call(&tenant, "POST", "groups.json", &asked);
    assert_eq!(made.status, 201, "{made}");
    let group = made.json()["group"].clone();
    assert_eq!(made.header("location"), group["url"].as_str().unwrap());
    let url = format!("{}/api/v2/groups/{}.json", aws::API, group["id"]);
    assert_eq!(group["url"], url, "links are on the caller's own host");
    assert_eq!(get(&tenant, &format!("groups/{}", group["id"]))["group"], group);

    let owner = get(&tenant, "group_memberships.json")["group_memberships"][0]["user_id"].clone();
    let memberships: Vec<Value> = [&group["id"], &json!(1)]
        .iter()
        .map(|group| json!({"user_id": owner, "group_id": group}))
        .collect();
    let asked = json!({"group_memberships": memberships});
    let started = call(&tenant, "POST", "group_memberships/create_many.json", &asked);
    let job = done(&tenant, &started);
    let outcome = |n: usize| job["results"][n]["success"].clone();
    assert_eq!((outcome(0), outcome(1)), (json!(true), json!(false)), "{job}");
    let members = get(&tenant, &format!("groups/{}/memberships.json", group["id"]));
    assert_eq!(members["count"], 1, "{members}");

    let gone = call(&tenant, "DELETE", &format!("groups/{}.json", group["id"]), &Value::Null);
    assert_eq!((gone.status, gone.body.len(), gone.header("content-type")), (204, 0, ""), "{gone}");
    let gone = call(&tenant, "GET", &format!("groups/{}.json", group["id"]), &Value::Null);
    assert_eq!((gone.status, &gone.json()["error"]), (404, &json!("RecordNotFound")));
}

#[test]
fn queries_and_headers_arrive_as_they_were_sent() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-wire");
    for name in ["a", "b"] {
        let made = call(&tenant, "POST", "groups", &json!({"group": {"name": name}}));
        assert_eq!(made.status, 201, "{made}");
    }
    let page = get(&tenant, "groups.json?page[size]=2");
    let next = page["links"]["next"].as_str().unwrap();
    let path = next.strip_prefix(&format!("{}/api/v2/", aws::API)).unwrap();
    let last = get(&tenant, path);
    assert_eq!(
        (last["groups"].as_array().unwrap().len(), &last["meta"]["has_more"]),
        (1, &json!(false))
    );

    let bearer = format!("Bearer {}", tenant.token);
    let ask = |method: &str, more: &[(&str, &str)], path: &str, body: &[u8]| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend_from_slice(more);
        http::call(method, &format!("{}/api/v2/{path}", aws::API), &headers, body)
    };
    let read = ask("GET", &[], "groups.json", &[]);
    let etag = read.header("etag").to_owned();
    assert_eq!(read.header("x-rate-limit"), "700");
    assert_eq!(ask("GET", &[("if-none-match", &etag)], "groups.json", &[]).status, 304);
    let packed = http::gzip(br#"{"group": {"name": "packed"}}"#);
    let headers = [("content-encoding", "gzip"), ("content-type", "application/json")];
    assert_eq!(ask("POST", &headers, "groups.json", &packed).status, 201);

    let nowhere = call(&tenant, "GET", "no/such/route.json", &Value::Null);
    assert_eq!((nowhere.status, &nowhere.json()["error"]), (404, &json!("InvalidEndpoint")));
    let stranger = format!("Bearer ceap_{}_{}", tenant.name, "0".repeat(64));
    let headers = [("authorization", stranger.as_str())];
    let url = format!("{}/api/v2/groups.json", aws::API);
    let refused = http::call("GET", &url, &headers, &[]);
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (401, &json!("Couldn't authenticate you"))
    );
    let large = vec![b' '; 7 * 1024 * 1024];
    let headers = [("content-type", "application/json")];
    let refused = ask("POST", &headers, "groups.json", &large);
    assert_eq!((refused.status, &refused.json()["error"]), (413, &json!("RequestEntityTooLarge")));
}

#[test]
fn what_happens_to_tickets_comes_as_events_of_their_requesters() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-events");
    let email = format!("ada@{}.example.com", tenant.name);
    let requester = json!({"name": "Ada", "email": email});
    let asked = json!({"ticket": {"comment": {"body": "It burns."}, "requester": requester}});
    let made = call(&tenant, "POST", "tickets.json", &asked);
    assert_eq!(made.status, 201, "{made}");
    let ticket = made.json()["ticket"].clone();
    let subject = format!("user-{}", ticket["requester_id"]);
    tenant.wait_for_count(&subject, "TicketCreated.v1", 1);
    tenant.wait_for_count(&subject, "CommentAdded.v1", 1);
    assert_eq!(tenant.profile(&subject).unwrap()["email"], email);

    let path = format!("tickets/{}.json", ticket["id"]);
    let changed = json!({"ticket": {"priority": "high"}});
    assert_eq!(call(&tenant, "PUT", &path, &changed).status, 200);
    tenant.wait_for_count(&subject, "TicketUpdated.v1", 1);
}

#[test]
fn who_is_added_shows_that_their_address_is_theirs() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-invites");
    let email = format!("vera@{}.example.com", tenant.name);
    let user = json!({"user": {"name": "Vera <b>", "email": email}});
    let made = call(&tenant, "POST", "users.json", &user);
    assert_eq!((made.status, &made.json()["user"]["verified"]), (201, &json!(false)), "{made}");
    let path = format!("users/{}.json", made.json()["user"]["id"]);

    let mails = tenant.wait_for_messages(1);
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((&mail.to, mail.text.contains("Hello Vera <b>")), (&email, true), "{mail:?}");
    let start = format!("{}/v1/verifications/", aws::API);
    let link = mail.text.split_whitespace().find(|word| word.starts_with(&start)).unwrap();
    let page = http::call("GET", link, &[], &[]);
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(get(&tenant, &path)["user"]["verified"], false, "scanners follow links, too");
    assert_eq!(http::call("POST", link, &[], &[]).status, 200);
    assert_eq!(get(&tenant, &path)["user"]["verified"], true);
    let other = format!("{}0", &link[..link.len() - 1]);
    let wrong = if other == link { format!("{}1", &link[..link.len() - 1]) } else { other };
    assert_eq!(http::call("POST", &wrong, &[], &[]).status, 404);
}

#[test]
fn who_is_in_copy_is_written_to_once() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-copies");
    let copy = format!("bo@{}.example.com", tenant.name);
    let ticket = json!({"ticket": {"subject": "Fire", "comment": {"body": "It burns."},
        "email_ccs": [{"user_email": copy, "action": "put"}]}});
    let made = call(&tenant, "POST", "tickets.json", &ticket);
    assert_eq!(made.status, 201, "{made}");
    let id = &made.json()["ticket"]["id"];
    let note = json!({"ticket": {"comment": {"body": "Between us.", "public": false}}});
    assert_eq!(call(&tenant, "PUT", &format!("tickets/{id}.json"), &note).status, 200);
    let reply = json!({"ticket": {"comment": {"body": "It is out."}}});
    assert_eq!(call(&tenant, "PUT", &format!("tickets/{id}.json"), &reply).status, 200);
    let mails = tenant.wait_for_messages(2);
    let texts: Vec<(&str, bool)> = mails
        .iter()
        .map(|it| (it.title.as_str(), it.to == copy && !it.text.contains("Between us.")))
        .collect();
    let title = format!("[#{id}] Fire");
    assert_eq!(texts, [(title.as_str(), true), (title.as_str(), true)], "{mails:?}");
}

#[test]
fn a_use_case_opens_a_ticket_and_goes_on_with_it() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("desk-action");
    let group = get(&tenant, "groups.json")["groups"][0].clone();
    let document = json!({
        "id": "crash", "version": 1, "name": "Crash", "purpose": "operational",
        "trigger": {"event": "app_crashed"},
        "score": {"kind": "expression", "base": 0.5, "terms": []},
        "ttl": "24h", "key": "event.data.report",
        "action": {
            "channel": "ticket", "subject": "The app crashes", "text": "Report {{ event.data.report }}.",
            "ticket": {"priority": "high", "tags": ["crash"], "group": group["name"], "public": true},
        },
    });
    let headers = format!("Bearer {}", tenant.token);
    let headers = [("authorization", headers.as_str()), ("content-type", "application/json")];
    let url = format!("{}/v1/use-cases/crash", aws::API);
    let kept = http::call("PUT", &url, &headers, document.to_string().as_bytes());
    assert_eq!(kept.status, 201, "{kept}");

    let now = time::now();
    let email = format!("ada@{}.example.com", tenant.name);
    let known = json!({"email": email, "traits": {"name": "Ada Lovelace"}});
    tenant.send(&[customer("ada", now - 60, &known)]);
    tenant.wait_for_count("ada", "profile_updated", 1);
    let crash = |n: i64| {
        let data = json!({"report": format!("r{n}")});
        event("app_crashed", "ada", &format!("crash-{n}"), now - 30 + n, &data)
    };
    let said = |expected: usize| {
        until("what was said", PATIENCE, || {
            let comments = get(&tenant, "tickets/1/comments.json")["comments"].take();
            (comments.as_array()?.len() >= expected).then_some(comments)
        })
    };
    tenant.send(&[crash(1)]);
    let ticket = until("the ticket", PATIENCE, || {
        get(&tenant, "tickets.json")["tickets"].as_array()?.first().cloned()
    });
    let facts = ["subject", "priority", "tags", "group_id"].map(|it| ticket[it].clone());
    let expected = [json!("The app crashes"), json!("high"), json!(["crash"]), group["id"].clone()];
    assert_eq!((facts, &ticket["via"]["channel"]), (expected, &json!("rule")));
    let requester = get(&tenant, &format!("users/{}.json", ticket["requester_id"]))["user"].clone();
    let facts = ["external_id", "email", "name"].map(|it| requester[it].clone());
    assert_eq!(facts, [json!("ada"), json!(email), json!("Ada Lovelace")]);

    tenant.send(&[crash(2)]);
    let said = said(2);
    let bodies: Vec<&Value> = said.as_array().unwrap().iter().map(|it| &it["plain_body"]).collect();
    assert_eq!(bodies, ["Report r1.", "Report r2."]);
    assert_eq!(get(&tenant, "tickets.json")["count"], 1);
    // It is the customer's by their own id, so what happens to it comes back as events of theirs.
    tenant.wait_for_count("ada", "TicketCreated.v1", 1);
}
