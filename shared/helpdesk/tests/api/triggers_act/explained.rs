//! Why triggers act, or do not.

use super::{condition, desk, opened, set, trigger};
use crate::cast::AGENT;
use serde_json::{Value, json};

#[tokio::test]
async fn it_is_told_which_condition_decides_and_nothing_is_done() {
    let world = desk().await;
    let made = opened(&world, json!({"priority": "low"})).await;
    let id = &made["ticket"]["id"];
    let conditions = [["priority", "value", "urgent"], ["current_tags", "includes", "vip"]];
    trigger(&world, "vip", &conditions, set("type", "incident")).await;
    trigger(&world, "urgent", &[["priority", "is", "urgent"]], set("current_tags", "vip")).await;
    let tried = json!({"ticket_id": id, "ticket": {"priority": "urgent"}});
    let told = world.post("/triggers/test", tried).await.is(200)["test"].clone();
    assert_eq!(
        (&told["ticket"]["type"], &told["ticket"]["tags"]),
        (&json!("incident"), &json!(["vip"]))
    );
    let all = told["triggers"].as_array().unwrap();
    let acted: Vec<(&Value, &Value)> = all.iter().map(|it| (&it["title"], &it["acted"])).collect();
    assert_eq!(acted, [(&json!("urgent"), &json!(true)), (&json!("vip"), &json!(true))]);
    assert_eq!(told["events"].as_array().unwrap().len(), 2);
    let tried = json!({"ticket_id": id, "ticket": {"priority": "high"}});
    let told = world.post("/triggers/test", tried).await.is(200)["test"].clone();
    let vip = told["triggers"].as_array().unwrap().iter().find(|it| it["title"] == "vip").unwrap();
    assert_eq!(
        vip["decided_by"],
        json!({"field": "priority", "operator": "value", "value": "urgent", "met": false})
    );
    assert_eq!(
        (&vip["acted"], &vip["why"]),
        (&json!(false), &json!("a condition of `all` is not met"))
    );
    assert_eq!(vip["conditions"]["all"][1]["met"], false);
    let path = format!("/tickets/{id}");
    assert_eq!(world.get(&path).await.is(200)["ticket"], made["ticket"], "nothing was done");
}

#[tokio::test]
async fn one_that_is_not_kept_can_be_tried_on_a_ticket_that_is_not_there() {
    let world = desk().await;
    let any = json!([condition(&["priority", "is", "high"]), condition(&["type", "is", "task"])]);
    let draft = json!({"any": any, "actions": set("priority", "urgent")});
    let ticket = json!({"comment": {"body": "x"}, "requester": {"email": "new@acme.example"}, "type": "task"});
    let tried = json!({"trigger": draft, "ticket": ticket});
    let told = world.post("/triggers/test", tried.clone()).await.is(200)["test"].clone();
    assert_eq!(told["ticket"]["priority"], "urgent");
    assert_eq!(told["triggers"][0]["decided_by"]["field"], "type");
    let found = world.get("/users/search?query=email:new@acme.example").await.is(200);
    assert_eq!(found["users"], json!([]), "nobody was added");
    assert_eq!(
        world.get("/tickets/count").await.is(200)["count"]["value"].as_u64().unwrap() % 2,
        0
    );
    let mut wrong = tried;
    wrong["trigger"]["actions"] = set("colour", "red");
    world.post("/triggers/test", wrong).await.is(422);
    world.post("/triggers/test", json!({})).await.is(400);
    world.post("/triggers/test", json!({"ticket_id": 999})).await.is(404);
    let tried = json!({"ticket_id": 1});
    assert_eq!(world.ask(AGENT, "POST", "/triggers/test", tried).await.status, 403);
}

#[tokio::test]
async fn a_closed_ticket_is_told_to_be_one() {
    let world = desk().await;
    let made = opened(&world, json!({"assignee_id": 1001, "status": "closed"})).await;
    trigger(&world, "any", &[["status", "is", "closed"]], set("current_tags", "x")).await;
    let tried = json!({"ticket_id": made["ticket"]["id"]});
    let told = world.post("/triggers/test", tried).await.is(200)["test"].clone();
    assert_eq!(told["triggers"][0]["why"], "triggers do not act on closed tickets");
    assert_eq!(told["events"], json!([]));
}
