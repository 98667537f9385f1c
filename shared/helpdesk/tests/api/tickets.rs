//! Tickets: opened, changed, merged, deleted, and told of.

use crate::world::World;
use ceap_kernel::TenantId;
use serde_json::{Value, json};

async fn opened(world: &World, ticket: Value) -> Value {
    world.post("/tickets.json", json!({"ticket": ticket})).await.is(201)["ticket"].clone()
}

async fn many(world: &World, count: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for index in 0..count {
        let ticket = opened(world, json!({"subject": index.to_string(), "description": "x"})).await;
        ids.push(ticket["id"].as_u64().unwrap());
    }
    ids
}

fn ids(body: &Value, name: &str) -> Vec<u64> {
    body[name].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_ticket_is_opened_and_told_with_its_audit() {
    let world = World::new();
    let asked = json!({"ticket": {
        "subject": "My printer is on fire!",
        "comment": {"body": "The smoke is very colorful."},
        "priority": "urgent",
        "requester": {"name": "Ada", "email": "Ada@acme.example"},
        "tags": ["Fire", "printer"],
        "via": {"channel": "web"},
        "metadata": {"order": 7},
    }});
    let got = world.post("/tickets.json", asked).await;
    assert_eq!(got.header("location"), Some("http://desk.example/api/v2/tickets/1.json"));
    let body = got.is(201);
    let ticket = &body["ticket"];
    assert_eq!(ticket["id"], 1);
    assert_eq!(ticket["url"], "http://desk.example/api/v2/tickets/1.json");
    assert_eq!(ticket["status"], "new");
    assert_eq!(ticket["description"], "The smoke is very colorful.");
    assert_eq!(ticket["tags"], json!(["fire", "printer"]));
    assert_eq!(ticket["via"]["channel"], "web");
    assert_eq!(ticket["requester_id"], ticket["submitter_id"], "as if Ada had sent it herself");
    let events = body["audit"]["events"].as_array().unwrap();
    assert_eq!(events[0]["type"], "Comment");
    assert_eq!(events[0]["body"], "The smoke is very colorful.");
    let created = events.iter().find(|it| it["field_name"] == "priority").unwrap();
    assert_eq!((&created["type"], &created["value"]), (&json!("Create"), &json!("urgent")));
    assert_eq!(body["audit"]["metadata"]["custom"], json!({"order": 7}));
    let again = world.get("/tickets/1").await.is(200);
    assert_eq!(again["ticket"], *ticket);
    let second = json!({"description": "x", "requester": {"email": "ada@acme.example"}});
    assert_eq!(opened(&world, second).await["requester_id"], ticket["requester_id"]);
}

#[tokio::test]
async fn an_audit_tells_agents_from_where_a_change_came() {
    let world = World::new();
    let mut headers = world.basic("owner@acme.example", world.token("acme"));
    headers.push(("user-agent".to_owned(), "Zenpy/2.0.57".to_owned()));
    headers.push(("x-forwarded-for".to_owned(), "203.0.113.9, 203.0.113.1".to_owned()));
    let asked = json!({"ticket": {"description": "x", "requester": {"email": "ada@acme.example"}}});
    let opened = world.with(headers, "POST", "/tickets", asked).await.is(201);
    let known = json!({"client": "Zenpy/2.0.57", "ip_address": "203.0.113.1"});
    assert_eq!(opened["audit"]["metadata"]["system"], known);
    let comments = world.get("/tickets/1/comments").await.is(200);
    assert_eq!(comments["comments"][0]["metadata"]["system"], known);
    let comments = world.ask("ada@acme.example", "GET", "/requests/1/comments", Value::Null).await;
    assert_eq!(comments.is(200)["comments"][0]["metadata"]["system"], json!({}));
}

#[tokio::test]
async fn the_submitter_says_the_first_word() {
    let world = World::new();
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    let requester = json!({"email": "ada@acme.example", "name": "Ada"});
    let sent = opened(&world, json!({"description": "x", "requester": requester})).await;
    let on_behalf = json!({"description": "x", "requester": requester, "submitter_id": me});
    let on_behalf = opened(&world, on_behalf).await;
    let quoted = json!({"comment": {"body": "x", "author_id": me}, "requester": requester});
    opened(&world, quoted).await;
    let note = json!({"comment": {"body": "x", "public": false}, "requester": requester});
    assert_eq!(opened(&world, note).await["submitter_id"], me, "customers write no notes");
    assert_eq!((&sent["submitter_id"], &on_behalf["submitter_id"]), (&sent["requester_id"], &me));
    for (ticket, author) in [(1, &sent["requester_id"]), (2, &me), (3, &me)] {
        let comments = world.get(&format!("/tickets/{ticket}/comments")).await.is(200);
        assert_eq!(comments["comments"][0]["author_id"], *author, "{ticket}");
    }
    // What the requester says, though an agent passes it on, is no reply.
    for author in [&sent["requester_id"], &me] {
        let said = json!({"ticket": {"comment": {"body": "y", "author_id": author}}});
        world.put("/tickets/1", said).await.is(200);
    }
    assert_eq!(world.get("/tickets/1/metrics").await.is(200)["ticket_metric"]["replies"], 1);
}

#[tokio::test]
async fn what_cannot_be_opened_takes_no_number() {
    let world = World::new();
    let refused = world.post("/tickets", json!({"ticket": {"subject": "x"}})).await.is(422);
    assert_eq!(refused["error"], "RecordInvalid");
    let reason = &refused["details"]["base"][0];
    assert_eq!(reason["description"], "Description: cannot be blank");
    let wrong = json!({"ticket": {"description": "x", "priority": "enormous"}});
    assert!(world.post("/tickets", wrong).await.is(422)["details"]["priority"].is_array());
    let nobody = json!({"ticket": {"description": "x", "requester_id": 4711}});
    let nobody = world.post("/tickets", nobody).await.is(422);
    assert_eq!(nobody["details"]["requester"][0]["description"], "Requester: is invalid");
    world.post("/tickets", json!({})).await.is(400);
    assert_eq!(opened(&world, json!({"description": "x"})).await["id"], 1);
}

#[tokio::test]
async fn a_change_is_told_field_by_field() {
    let world = World::new();
    opened(&world, json!({"subject": "a", "description": "x"})).await;
    let me = world.get("/tickets/1").await.is(200)["ticket"]["submitter_id"].clone();
    world.pass(60);
    let asked = json!({"ticket": {"id": 1, "assignee_id": me, "url": "ignored", "created_at": "ignored",
        "comment": {"html_body": "Hi <b>you</b><script>x</script>", "public": false},
        "additional_tags": ["vip"]}});
    let body = world.put("/tickets/1.json", asked).await.is(200);
    assert_eq!(body["ticket"]["status"], "open");
    assert_eq!(body["ticket"]["updated_at"], "2026-11-21T09:01:00Z");
    let events = body["audit"]["events"].as_array().unwrap();
    assert_eq!(events[0]["body"], "Hi you");
    assert_eq!(events[0]["public"], false);
    assert!(!events[0]["html_body"].as_str().unwrap().contains("script"));
    let status = events.iter().find(|it| it["field_name"] == "status").unwrap();
    let told = (&status["type"], &status["previous_value"], &status["value"]);
    assert_eq!(told, (&json!("Change"), &json!("new"), &json!("open")));
    let same = world.put("/tickets/1", json!({"ticket": {"id": 1}})).await.is(200);
    assert_eq!(same["audit"]["events"], json!([]));
    let audits = world.get("/tickets/1/audits.json").await.is(200);
    assert_eq!(audits["count"], 2);
    assert_eq!(audits["audits"][1], body["audit"]);
    let one = format!("/tickets/1/audits/{}", body["audit"]["id"]);
    assert_eq!(world.get(&one).await.is(200)["audit"], body["audit"]);
    let all = world.get("/ticket_audits?page[size]=1").await.is(200);
    assert_eq!((ids(&all, "audits").len(), &all["meta"]["has_more"]), (1, &json!(true)));
    let all = world.get("/ticket_audits?limit=1").await.is(200);
    assert_eq!(all["audits"][0]["id"], body["audit"]["id"], "the newest come first");
    let older = all["after_url"].as_str().unwrap().to_owned();
    let older = older.strip_prefix("http://desk.example/api/v2").unwrap();
    let older = world.get(older).await.is(200);
    assert_eq!(older["audits"][0]["id"], audits["audits"][0]["id"]);
    let metrics = world.get("/tickets/1/metrics").await.is(200);
    assert_eq!(metrics["ticket_metric"]["assignee_stations"], 1);
}

#[tokio::test]
async fn a_stamp_that_is_not_the_last_is_refused() {
    let world = World::new();
    let ticket = opened(&world, json!({"description": "x"})).await;
    let stamp = ticket["updated_at"].clone();
    let safe = |subject: &str, stamp: &Value| json!({"ticket": {"subject": subject, "safe_update": true, "updated_stamp": stamp}});
    // Within the same second: each state has a stamp of its own all the same.
    let changed = world.put("/tickets/1", safe("a", &stamp)).await.is(200);
    let refused = world.put("/tickets/1", safe("b", &stamp)).await.is(409);
    assert_eq!(refused["error"], "UpdateConflict");
    let next = &changed["ticket"]["updated_at"];
    world.put("/tickets/1", safe("b", next)).await.is(200);
    world.put("/tickets/1", json!({"ticket": {"safe_update": true}})).await.is(400);
}

#[tokio::test]
async fn a_request_made_again_opens_no_second_ticket() {
    let world = World::new();
    let mut headers = world.basic("owner@acme.example", world.token("acme"));
    headers.push(("idempotency-key".to_owned(), "abc".to_owned()));
    let ticket = json!({"ticket": {"description": "x"}});
    let first = world.with(headers.clone(), "POST", "/tickets", ticket.clone()).await;
    assert_eq!(first.header("x-idempotency-lookup"), Some("miss"));
    let second = world.with(headers.clone(), "POST", "/tickets", ticket).await;
    assert_eq!(second.header("x-idempotency-lookup"), Some("hit"));
    assert_eq!(first.body, second.body);
    let other = json!({"ticket": {"description": "y"}});
    let other = world.with(headers, "POST", "/tickets", other).await.is(400);
    assert_eq!(other["error"], "IdempotentRequestError");
    assert_eq!(world.get("/tickets/count").await.is(200)["count"]["value"], 1);
}

#[tokio::test]
async fn lists_agree_in_every_way_of_paging() {
    let world = World::new();
    let made = many(&world, 7).await;
    let all = world.get("/tickets.json").await.is(200);
    assert_eq!((ids(&all, "tickets"), &all["count"]), (made.clone(), &json!(7)));
    let third = world.get("/tickets?per_page=3&page=3").await.is(200);
    assert_eq!(ids(&third, "tickets"), [7]);
    for path in ["/tickets?page[size]=1", "/tickets?page[size]=2&sort=-id"] {
        let (mut path, mut seen) = (path.to_owned(), Vec::new());
        loop {
            let page = world.get(&path).await.is(200);
            seen.extend(ids(&page, "tickets"));
            let Some(next) = page["links"]["next"].as_str() else { break };
            path = next.strip_prefix("http://desk.example/api/v2").unwrap().to_owned();
        }
        if path.contains("sort") {
            seen.reverse();
        }
        assert_eq!(seen, made);
    }
    world.pass(5);
    world.put("/tickets/3", json!({"ticket": {"subject": "z"}})).await.is(200);
    let updated = world.get("/tickets?sort_by=updated_at&sort_order=desc").await.is(200);
    assert_eq!(ids(&updated, "tickets")[0], 3);
    let subject = world.get("/tickets?sort_by=subject&sort_order=desc&per_page=1").await.is(200);
    assert_eq!(ids(&subject, "tickets"), [3]);
    world.get("/tickets?page[size]=1&sort=subject").await.is(400);
    let some = world.get("/tickets/show_many?ids=2,9,1").await.is(200);
    assert_eq!(ids(&some, "tickets"), [2, 1]);
    world.pass(5);
    let back = world.get("/tickets?page[size]=3").await.is(200);
    let next = back["links"]["next"].as_str().unwrap().to_owned();
    let next = world.get(next.strip_prefix("http://desk.example/api/v2").unwrap()).await.is(200);
    let prev = next["links"]["prev"].as_str().unwrap().to_owned();
    let prev = world.get(prev.strip_prefix("http://desk.example/api/v2").unwrap()).await.is(200);
    assert_eq!(ids(&prev, "tickets"), [1, 2, 3]);
}

#[tokio::test]
async fn deleted_tickets_come_back_or_go_for_good() {
    let world = World::new();
    many(&world, 3).await;
    world.delete("/tickets/2.json").await.is(204);
    world.get("/tickets/2").await.is(404);
    assert_eq!(world.get("/tickets").await.is(200)["count"], 2);
    let deleted = world.get("/deleted_tickets.json").await.is(200);
    assert_eq!(ids(&deleted, "deleted_tickets"), [2]);
    assert_eq!(deleted["deleted_tickets"][0]["previous_state"], "new");
    assert_eq!(world.put("/deleted_tickets/2/restore", Value::Null).await.is(200), json!({}));
    world.get("/tickets/2").await.is(200);
    let job = world.done(world.delete("/tickets/destroy_many?ids=1,2,99").await).await;
    let outcomes: Vec<_> = (0..3).map(|at| job["results"][at]["success"].clone()).collect();
    assert_eq!(outcomes, [json!(true), json!(true), json!(false)]);
    assert_eq!(job["results"][2]["error"], "RecordNotFound");
    let job = world.done(world.delete("/deleted_tickets/2").await).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(world.put("/deleted_tickets/2/restore", Value::Null).await.status, 404);
    let left: Vec<_> = world
        .store
        .dump()
        .into_iter()
        .filter(|(_, key, _)| {
            key.partition == "TICKET#2" || key.sort.ends_with("#0000000000000002")
        })
        .map(|(_, key, _)| key.partition)
        .collect();
    assert_eq!(left, ["LIST#scrubbed/tickets"], "nothing is left of it but that it was there");
}

#[tokio::test]
async fn many_tickets_are_opened_and_changed_once_each() {
    let world = World::new();
    let tickets: Vec<_> =
        (0..100).map(|at| json!({"subject": format!("{at}"), "description": "x"})).collect();
    let job = world
        .done(world.post("/tickets/create_many.json", json!({"tickets": tickets})).await)
        .await;
    assert_eq!((&job["status"], &job["total"]), (&json!("completed"), &json!(100)));
    assert_eq!(job["results"][99]["id"], 100);
    let started =
        world.post("/tickets/create_many", json!({"tickets": [{"description": "x"}]})).await;
    let job = world.done(started).await;
    // A queue brings it again.
    world.work_on(&TenantId::new("acme").unwrap(), job["id"].as_str().unwrap()).await;
    assert_eq!(world.get("/tickets/count").await.is(200)["count"]["value"], 101);
    let change = json!({"ticket": {"additional_tags": ["bulk"]}});
    world.done(world.put("/tickets/update_many.json?ids=1,2", change).await).await;
    let each =
        json!({"tickets": [{"id": 3, "subject": "three"}, {"id": "4", "status": "nonsense"}]});
    let job = world.done(world.put("/tickets/update_many", each).await).await;
    assert_eq!(
        job["results"][0],
        json!({"index": 0, "id": 3, "action": "update", "success": true, "status": "Updated"})
    );
    assert_eq!(job["results"][1]["error"], "RecordInvalid");
    assert_eq!(world.get("/tickets/2").await.is(200)["ticket"]["tags"], json!(["bulk"]));
    assert_eq!(world.get("/tickets/3").await.is(200)["ticket"]["subject"], "three");
    let tickets = vec![json!({"description": "x"}); 101];
    let refused = world.post("/tickets/create_many", json!({"tickets": tickets})).await.is(400);
    assert_eq!(refused["error"], "TooManyValues");
}

#[tokio::test]
async fn a_merge_closes_what_goes_in() {
    let world = World::new();
    many(&world, 3).await;
    let asked = json!({"ids": [2, 3], "target_comment": "All here", "source_comment": null});
    world.done(world.post("/tickets/1/merge.json", asked).await).await;
    let source = world.get("/tickets/2").await.is(200)["ticket"].clone();
    assert_eq!(source["status"], "closed");
    assert_eq!(source["tags"], json!(["closed_by_merge"]));
    let said = world.get("/tickets/2/comments").await.is(200);
    assert_eq!(said["comments"][1]["body"], "This request was closed and merged into request #1.");
    let target = world.get("/tickets/1/comments.json?sort_order=desc").await.is(200);
    assert_eq!(target["comments"][0]["body"], "All here");
    assert_eq!(target["comments"][0]["public"], false);
    world.post("/tickets/1/merge", json!({"ids": [2]})).await.is(422);
    world.post("/tickets/1/merge", json!({"ids": [9]})).await.is(404);
    let step =
        world.post("/tickets/1/merge_into", json!({"target": 2, "comment": "x", "public": true}));
    assert_eq!(step.await.is(404)["error"], "InvalidEndpoint");
}

#[tokio::test]
async fn closed_tickets_are_followed_up() {
    let world = World::new();
    many(&world, 2).await;
    let me = world.get("/tickets/1").await.is(200)["ticket"]["requester_id"].clone();
    let close = json!({"ticket": {"status": "closed", "assignee_id": me, "tags": ["hot"]}});
    world.put("/tickets/1", close).await.is(200);
    let refused =
        world.put("/tickets/1", json!({"ticket": {"comment": {"body": "x"}}})).await.is(422);
    let reason = &refused["details"]["status"][0]["description"];
    assert_eq!(reason, "Status: closed prevents ticket update");
    let followup =
        opened(&world, json!({"description": "again", "via_followup_source_id": 1})).await;
    assert_eq!(followup["tags"], json!(["hot"]));
    assert_eq!(followup["via"]["source"]["from"]["ticket_id"], 1);
    assert_eq!(world.get("/tickets/1").await.is(200)["ticket"]["followup_ids"], json!([3]));
    let related = world.get("/tickets/3/related").await.is(200);
    assert_eq!(related["followup_source_ids"], json!([1]));
    let open = json!({"ticket": {"description": "again", "via_followup_source_id": 2}});
    world.post("/tickets", open).await.is(422);
}

#[tokio::test]
async fn incidents_stand_behind_their_problem() {
    let world = World::new();
    opened(&world, json!({"description": "x", "type": "problem", "subject": "Power cut"})).await;
    opened(&world, json!({"description": "x", "type": "incident", "problem_id": 1})).await;
    assert_eq!(world.get("/tickets/1").await.is(200)["ticket"]["has_incidents"], true);
    assert_eq!(ids(&world.get("/tickets/1/incidents").await.is(200), "tickets"), [2]);
    assert_eq!(ids(&world.get("/problems.json").await.is(200), "tickets"), [1]);
    let found = world.post("/problems/autocomplete", json!({"text": "power"})).await.is(200);
    assert_eq!(ids(&found, "tickets"), [1]);
    let wrong = json!({"ticket": {"description": "x", "type": "incident", "problem_id": 2}});
    world.post("/tickets", wrong).await.is(422);
}

#[tokio::test]
async fn tags_of_a_ticket_are_kept_one_by_one() {
    let world = World::new();
    many(&world, 1).await;
    let tags = |all: &[&str]| json!({"tags": all});
    assert_eq!(world.post("/tickets/1/tags", tags(&["b", "a"])).await.is(201), tags(&["a", "b"]));
    assert_eq!(world.put("/tickets/1/tags", tags(&["c"])).await.is(200), tags(&["a", "b", "c"]));
    assert_eq!(
        world.ask("owner@acme.example", "DELETE", "/tickets/1/tags", tags(&["a"])).await.is(200),
        tags(&["b", "c"])
    );
    assert_eq!(world.get("/tickets/1/tags.json").await.is(200), tags(&["b", "c"]));
}

#[tokio::test]
async fn what_is_taken_out_of_a_comment_is_gone() {
    let world = World::new();
    opened(&world, json!({"description": "My card is 4111111111111111, ok?"})).await;
    let comment = world.get("/tickets/1/comments").await.is(200)["comments"][0].clone();
    let path = format!("/tickets/1/comments/{}/redact.json", comment["id"]);
    let redacted = world.put(&path, json!({"text": "4111111111111111"})).await.is(200);
    assert_eq!(redacted["comment"]["body"], "My card is ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇, ok?");
    let left = world.store.dump().into_iter().filter(|(_, _, body)| body.contains("41111111"));
    assert_eq!(left.count(), 0, "nor in the ticket or its audits");
    let hide = format!("/tickets/1/comments/{}/make_private", comment["id"]);
    world.put(&hide, Value::Null).await.is(200);
    assert_eq!(world.get("/tickets/1/comments").await.is(200)["comments"][0]["public"], false);
}

#[tokio::test]
async fn fifty_agents_change_one_ticket_at_once() {
    let world = World::new();
    let ticket = opened(&world, json!({"description": "x"})).await;
    let stamp = &ticket["updated_at"];
    let change = |index: usize| {
        let safe = index.is_multiple_of(2);
        let mut ticket = json!({"additional_tags": [format!("t{index}")], "safe_update": safe});
        if safe {
            ticket["updated_stamp"] = stamp.clone();
        }
        world.put("/tickets/1", json!({"ticket": ticket}))
    };
    let answers = futures::future::join_all((0..50).map(change)).await;
    let done: Vec<usize> = (0..50).filter(|at| answers[*at].status == 200).collect();
    assert!(answers.iter().all(|it| matches!(it.status, 200 | 409)));
    let tags = world.get("/tickets/1/tags").await.is(200);
    let mut expected: Vec<String> = done.iter().map(|at| format!("t{at}")).collect();
    expected.sort();
    assert_eq!(tags["tags"], json!(expected), "what was answered 200 is done, and nothing else");
    let audits = world.get("/tickets/1/audits").await.is(200);
    assert_eq!(audits["count"], 1 + done.len(), "each with its audit");
    assert!(!done.is_empty());
}

#[tokio::test]
async fn what_the_account_has_set_up_holds() {
    let world = World::new();
    let options = json!([{"name": "Apple", "value": "apple"}, {"name": "Pear", "value": "pear"}]);
    let field = json!({"ticket_field": {"type": "tagger", "title": "Fruit", "required": true,
        "custom_field_options": options}});
    let field = world.post("/ticket_fields", field).await.is(201)["ticket_field"].clone();
    let (id, value) = (&field["id"], json!("apple"));
    let ticket =
        opened(&world, json!({"description": "x", "custom_fields": [{"id": id, "value": value}]}))
            .await;
    assert_eq!(ticket["custom_fields"], json!([{"id": id, "value": "apple"}]));
    assert_eq!(ticket["fields"], ticket["custom_fields"]);
    assert_eq!(ticket["tags"], json!(["apple"]), "an option is a tag");
    for name in ["brand_id", "ticket_form_id", "custom_status_id"] {
        assert!(ticket[name].is_u64(), "{name}: {ticket}");
    }
    let me = ticket["requester_id"].clone();
    let untagged = json!({"ticket": {"tags": []}});
    let untagged = world.put("/tickets/1", untagged).await.is(200)["ticket"].clone();
    assert_eq!(untagged["custom_fields"], json!([{"id": id, "value": null}]));
    let solve = json!({"ticket": {"status": "solved", "assignee_id": me}});
    let refused = world.put("/tickets/1", solve).await.is(422);
    let reason = &refused["details"]["base"][0];
    assert_eq!(reason["description"], "Fruit: is required when solving a ticket");
    assert_eq!(reason["ticket_field_id"], *id);
    let statuses = world.get("/custom_statuses").await.is(200)["custom_statuses"].clone();
    let pending = statuses.as_array().unwrap().iter().find(|it| it["status_category"] == "pending");
    let pending = json!({"ticket": {"custom_status_id": pending.unwrap()["id"]}});
    let ticket = world.put("/tickets/1", pending).await.is(200)["ticket"].clone();
    assert_eq!(ticket["status"], "pending");
    for wrong in [
        json!({"brand_id": 1}),
        json!({"ticket_form_id": 1}),
        json!({"group_id": 1}),
        json!({"organization_id": 1}),
        json!({"custom_status_id": 1}),
    ] {
        world.put("/tickets/1", json!({"ticket": wrong})).await.is(422);
    }
}

#[tokio::test]
async fn as_many_are_in_copy_as_may_be() {
    let world = World::new();
    let ccs = |count: usize, name: &str| -> Vec<Value> {
        (0..count).map(|at| json!({"user_email": format!("{name}{at}@acme.example")})).collect()
    };
    let ticket = opened(&world, json!({"description": "x", "email_ccs": ccs(48, "a")})).await;
    assert_eq!(ticket["email_cc_ids"].as_array().unwrap().len(), 48);
    let more = json!({"ticket": {"email_ccs": ccs(1, "b")}});
    let refused = world.put("/tickets/1", more).await.is(422);
    assert!(refused["details"]["email_ccs"].is_array());
    let users = world.get("/users/count").await.is(200)["count"]["value"].as_u64().unwrap();
    assert_eq!(users, 49, "who was in the refused request is nobody: {refused}");
}

#[tokio::test]
async fn who_is_mentioned_follows_and_hears_of_it() {
    let world = World::new();
    opened(
        &world,
        json!({"description": "x", "requester": {"email": "ada@acme.example"},
        "email_ccs": [{"user_email": "cc@acme.example"}]}),
    )
    .await;
    let ticket = world.get("/tickets/1").await.is(200)["ticket"].clone();
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    let cc = &ticket["email_cc_ids"][0];
    let said = json!({"ticket": {"comment": {"body": "Can @owner look?", "author_id": ticket["requester_id"]}}});
    let body = world.put("/tickets/1", said).await.is(200);
    assert_eq!(body["ticket"]["follower_ids"], json!([me.clone()]));
    let told = |kind: &str| {
        let events = body["audit"]["events"].as_array().unwrap().clone();
        events.into_iter().find(|it| it["type"] == kind).map(|it| it["recipients"].clone())
    };
    assert_eq!(told("Notification"), Some(json!([me])));
    assert_eq!(told("Cc"), Some(json!([cc])));
    assert_eq!(told("FollowerNotification"), None, "who is mentioned hears of it once");
    let note = json!({"ticket": {"comment": {"body": "Hm", "public": false, "author_id": ticket["requester_id"]}}});
    let note = world.put("/tickets/1", note).await.is(200);
    assert!(!note.to_string().contains("\"Cc\""), "a note is nothing for people in copy");
}

#[tokio::test]
async fn imported_tickets_bring_their_past() {
    let world = World::new();
    let me = opened(&world, json!({"description": "x"})).await["requester_id"].clone();
    let ticket = json!({"subject": "Old", "created_at": "2020-01-01T00:00:00Z", "status": "solved",
        "assignee_id": me, "solved_at": "2020-01-03T00:00:00Z", "comments": [
            {"value": "First", "created_at": "2020-01-01T00:00:00Z", "author_id": me},
            {"value": "Second", "created_at": "2020-01-02T00:00:00Z", "author_id": me, "public": false}]});
    let body = world.post("/imports/tickets.json", json!({"ticket": ticket})).await.is(201);
    assert_eq!(body["ticket"]["created_at"], "2020-01-01T00:00:00Z");
    assert_eq!(body["ticket"]["description"], "First");
    let said = world.get("/tickets/2/comments").await.is(200);
    assert_eq!(said["comments"][1]["created_at"], "2020-01-02T00:00:00Z");
    assert_eq!(said["comments"][1]["public"], false);
    let metrics = world.get("/tickets/2/metrics").await.is(200);
    assert_eq!(metrics["ticket_metric"]["solved_at"], "2020-01-03T00:00:00Z");
}

/// What a route may cost: never more than three calls that wait for each other.
#[tokio::test]
async fn no_ticket_route_waits_for_more_than_three_calls() {
    let world = World::new();
    many(&world, 3).await;
    let costly = json!({"ticket": {"description": "x", "requester": {"name": "n", "email": "n@acme.example"},
        "collaborators": ["c@acme.example"]}});
    let known = json!({"ticket": {"description": "x", "requester": {"email": "n@acme.example"}}});
    let change = json!({"ticket": {"comment": {"body": "hi"}, "additional_collaborators": ["d@acme.example"]}});
    let safe = json!({"ticket": {"subject": "y", "priority": "high"}});
    for (method, path, body) in [
        ("GET", "/tickets/1", Value::Null),
        ("GET", "/tickets", Value::Null),
        ("GET", "/tickets?page=2&per_page=1", Value::Null),
        ("GET", "/tickets?page[size]=2", Value::Null),
        ("GET", "/tickets?sort_by=updated_at", Value::Null),
        ("GET", "/tickets?external_id=4", Value::Null),
        ("GET", "/tickets/show_many?ids=1,2", Value::Null),
        ("GET", "/tickets/count", Value::Null),
        ("GET", "/tickets/1/comments", Value::Null),
        ("GET", "/tickets/1/audits", Value::Null),
        ("POST", "/tickets", costly),
        ("POST", "/tickets", known),
        ("PUT", "/tickets/1", change),
        ("PUT", "/tickets/1", safe),
        ("DELETE", "/tickets/2", Value::Null),
    ] {
        let _before = world.store.calls();
        let got = world.ask("owner@acme.example", method, path, body).await;
        assert!(got.status < 300, "{method} {path}: {}", got.body);
        let calls = world.store.calls();
        assert!(calls.rounds <= 3, "{method} {path}: {calls:?}");
    }
}
