//! What the helpdesk's store makes of answers that the local DynamoDB never gives.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod canned;
mod local;

use canned::{Reply, Server, json};
use ceap_aws::dynamodb::{self, HelpdeskStore, Table};
use ceap_helpdesk::store::{Expect, Failure, Key, Range, Store, Write};
use ceap_kernel::{Fault, SystemClock};
use ceap_testkit::builders::tenant;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Replies to the requests in turn, the last one again and again.
fn script(replies: Vec<(u16, Value)>) -> Server {
    let next = AtomicUsize::new(0);
    Server::new(move |_| {
        let at = next.fetch_add(1, Ordering::Relaxed).min(replies.len().saturating_sub(1));
        let (status, body) = &replies[at];
        json(*status, body)
    })
}

async fn store(server: &Server) -> HelpdeskStore {
    let client = dynamodb::client(&local::config(&server.url).await);
    HelpdeskStore::new(Table::new(&client, "helpdesk"), SystemClock)
}

fn put(sort: &str) -> Write {
    let key = Key::new("THINGS", sort);
    Write::Put { key, body: "{}".to_owned(), expect: Expect::Absent, expires_at: None }
}

fn cancelled(codes: &[&str]) -> (u16, Value) {
    let reasons: Vec<Value> = codes.iter().map(|code| json!({"Code": code})).collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    (400, json!({"__type": kind, "Message": "cancelled", "CancellationReasons": reasons}))
}

#[test]
fn a_transaction_that_meets_another_is_tried_again_under_the_same_token() {
    local::run(async || {
        let busy = cancelled(&["None", "TransactionConflict"]);
        let server = script(vec![busy.clone(), busy, (200, json!({}))]);
        let commit = store(&server).await;
        commit.commit(&tenant("acme"), &[put("a"), put("b")]).await.unwrap();
        let asked: Vec<Value> = server.asked().await.iter().map(|it| it.json()).collect();
        assert_eq!(asked.len(), 3);
        assert!(asked[0]["ClientRequestToken"].is_string());
        assert!(asked.iter().all(|it| *it == asked[0]), "{asked:?}");
        assert_eq!(asked[0]["TransactItems"][1]["Update"]["Key"]["pk"]["S"], "acme#THINGS");
    });
}

#[test]
fn a_transaction_is_given_up_after_some_time() {
    local::run(async || {
        let server = script(vec![cancelled(&["TransactionConflict", "None"])]);
        let done = store(&server).await.commit(&tenant("acme"), &[put("a"), put("b")]).await;
        assert!(matches!(done, Err(Failure::Fault(Fault::Conflict(_)))), "{done:?}");
        assert_eq!(server.asked().await.len(), 6);
        let server = script(vec![cancelled(&["ThrottlingError", "None"])]);
        let done = store(&server).await.commit(&tenant("acme"), &[put("a"), put("b")]).await;
        assert!(matches!(done, Err(Failure::Fault(Fault::Throttled(_)))), "{done:?}");
        let server = script(vec![cancelled(&["None", "ValidationError"])]);
        let done = store(&server).await.commit(&tenant("acme"), &[put("a"), put("b")]).await;
        assert!(matches!(done, Err(Failure::Fault(Fault::Internal(_)))), "{done:?}");
        assert_eq!(server.asked().await.len(), 1);
    });
}

#[test]
fn a_condition_that_failed_counts_more_than_a_conflict() {
    local::run(async || {
        let codes = ["None", "TransactionConflict", "ConditionalCheckFailed"];
        let server = script(vec![cancelled(&codes)]);
        let writes = [put("a"), put("b"), put("c")];
        let done = store(&server).await.commit(&tenant("acme"), &writes).await;
        assert_eq!(done, Err(Failure::Unexpected(2)));
    });
}

/// The first answer is lost, so the SDK asks again, and the condition finds what was written.
#[test]
fn what_was_written_although_the_answer_was_lost_is_known_as_our_own() {
    let lost = |ours: bool| {
        let count = AtomicUsize::new(0);
        Server::new(move |asked| {
            if count.fetch_add(1, Ordering::Relaxed) == 0 {
                return Reply::Close;
            }
            let nonce = &asked.json()["ExpressionAttributeValues"][":nonce"];
            let nonce = if ours { nonce.clone() } else { json!({"S": "another's"}) };
            let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            json(400, &json!({"__type": kind, "message": "failed", "Item": {"nonce": nonce}}))
        })
    };
    local::run(async move || {
        let server = lost(true);
        let done = store(&server).await.commit(&tenant("acme"), &[put("a")]).await;
        assert_eq!(done, Ok(()));
        assert_eq!(server.operations().await, ["UpdateItem", "UpdateItem"]);
        let server = lost(false);
        let done = store(&server).await.commit(&tenant("acme"), &[put("a")]).await;
        assert_eq!(done, Err(Failure::Unexpected(0)));
    });
}

#[test]
fn keys_that_were_not_processed_are_asked_for_again_and_pages_are_followed() {
    local::run(async || {
        let item = |sort: &str| json!({"pk": {"S": "acme#T"}, "sk": {"S": sort}, "body": {"S": sort}, "rev": {"N": "1"}});
        let key = |sort: &str| json!({"pk": {"S": "acme#T"}, "sk": {"S": sort}});
        let first = json!({"Responses": {"helpdesk": [item("a")]},
            "UnprocessedKeys": {"helpdesk": {"Keys": [key("b")], "ConsistentRead": true}}});
        let second = json!({"Responses": {"helpdesk": [item("b")]}, "UnprocessedKeys": {}});
        let server = script(vec![(200, first), (200, second)]);
        let keys = [Key::new("T", "a"), Key::new("T", "b")];
        let found = store(&server).await.get(&tenant("acme"), &keys).await.unwrap();
        assert_eq!(found.len(), 2);

        let first = json!({"Items": [item("a")], "Count": 1, "LastEvaluatedKey": key("a")});
        let second = json!({"Items": [item("b"), item("c")], "Count": 2});
        let server = script(vec![(200, first.clone()), (200, second.clone())]);
        let range = Range::of("T", 2);
        let found = store(&server).await.range(&tenant("acme"), &range).await.unwrap();
        assert_eq!((found.items.len(), found.more), (2, true));
        let asked: Vec<Value> = server.asked().await.iter().map(|it| it.json()).collect();
        assert_eq!((&asked[0]["Limit"], &asked[1]["Limit"]), (&json!(3), &json!(2)));
        assert_eq!(asked[1]["ExclusiveStartKey"], key("a"));
        let server = script(vec![(200, first), (200, second)]);
        assert_eq!(store(&server).await.count(&tenant("acme"), &range).await, Ok(3));
    });
}
