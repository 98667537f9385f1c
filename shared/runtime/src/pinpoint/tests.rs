//! Requests as botocore signs them (`events/ingest-pinpoint`, `events/pinpoint-messages`), and what goes wrong.

use super::*;
use crate::http::answered;
use crate::reference::Reference;
use ceap_engagement::source::library;
use ceap_kernel::SourceId;
use ceap_testkit::builders::{noon, plan_with, settings, tenant};
use ceap_testkit::{Strike, World};
use serde_json::{Value, json};

fn sample(case: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/");
    let text = std::fs::read_to_string(format!("{folder}{case}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A world with the application `shop`, whose key signed the samples.
async fn world() -> World {
    let tenant = tenant("acme");
    let world = World::new(noon()).with(&tenant, plan_with(settings(), &[]));
    for (app, seed) in [("shop", 7), ("other", 8)] {
        let id = SourceId::new(app).unwrap();
        let document = json!({"id": app, "name": "Shop", "from": {"pinpoint": {}}}).to_string();
        let put = library::put(&world, &world, &tenant, &id, document.as_bytes(), None);
        put.await.unwrap();
        library::grant(&world, &world, &world, &tenant, &id, &[seed; 32]).await.unwrap();
    }
    world
}

async fn ask(world: &World, event: &Value) -> Value {
    let gate = Gate { credentials: world.clone(), secrets: world.clone() };
    let (endpoints, stream, quarantine) = (world.clone(), world.clone(), world.clone());
    let facade = Facade { gate, endpoints, stream, quarantine, clock: world.clone() };
    said(answered(async |asked: &Asked| facade.answer(asked).await, event).await)
}

async fn send(world: &World, event: &Value) -> Value {
    let gate = Gate { credentials: world.clone(), secrets: world.clone() };
    let (endpoints, desk, clock) = (world.clone(), world.desk(), world.clone());
    let senders = Senders { gate, endpoints, desk, clock };
    said(answered(async |asked: &Asked| senders.answer(asked).await, event).await)
}

/// The answer, with its body as it reads.
fn said(mut answer: Value) -> Value {
    answer["body"] = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    answer
}

/// Types and subjects of what is in the stream.
fn told(world: &World) -> Vec<(String, String)> {
    let stores = world.stores();
    let event = |it: &ceap_engagement::event::Arrived| {
        (it.event.kind.clone(), it.event.subject.to_string())
    };
    stores.stream.iter().map(event).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const OK: (u64, &str) = (202, "Accepted");

fn item(of: &Value) -> (u64, &str) {
    (of["StatusCode"].as_u64().unwrap(), of["Message"].as_str().unwrap())
}

#[tokio::test]
async fn events_come_in_with_their_endpoints() {
    let world = world().await;
    let before = (world.calls("endpoints.load"), world.total_calls());
    let answer = ask(&world, &sample("ingest-pinpoint/put-events")).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let results = &answer["body"]["Results"];
    assert_eq!(item(&results["Phone-1"]["EndpointItemResponse"]), OK);
    assert_eq!(item(&results["Phone-1"]["EventsItemResponse"]["e-2"]), OK);
    assert_eq!(item(&results["phone-2"]["EventsItemResponse"]["e-3"]), OK);
    let expected = [
        ("profile_updated", "ada"),
        ("cart_updated", "ada"),
        ("cart_updated", "ada"),
        ("cart_updated", "phone-2"),
    ];
    assert_eq!(told(&world), pairs(&expected));
    // The key's secret, its credential, the endpoints, the stream, the endpoints again.
    assert_eq!(before.0, 0);
    assert_eq!(world.total_calls() - before.1, 5);
    let stores = world.stores();
    let first = &stores.stream[1].event;
    assert_eq!((first.id.as_str(), first.source.as_str()), ("e-1", "shop"));
    assert_eq!(first.data["metrics"], json!({"value": 80.0}));
    assert_eq!(first.data["client"], json!({"client_id": "Phone-1"}));
    assert_eq!(stores.stream[0].event.data["email"], "ada@example.com");
}

#[tokio::test]
async fn what_is_sent_again_counts_once() {
    let event = sample("ingest-pinpoint/put-events");
    let ids = |world: &World| -> std::collections::BTreeSet<String> {
        world.stores().stream.iter().map(|it| it.event.id.clone()).collect()
    };
    let whole = world().await;
    ask(&whole, &event).await;
    let expected = ids(&whole);
    for call in 0..5 {
        for strike in [Strike::FailBefore, Strike::FailAfter] {
            let world = world().await;
            world.strike(call, strike);
            let failed = ask(&world, &event).await;
            assert_eq!(failed["statusCode"], 503, "{call} {strike:?}: {failed}");
            assert_eq!(failed["headers"]["x-amzn-errortype"], "ServiceUnavailableException");
            let again = ask(&world, &event).await;
            assert_eq!(again["statusCode"], 202, "{call} {strike:?}");
            assert_eq!(ids(&world), expected, "{call} {strike:?}");
            assert_eq!(world.stores().endpoints, whole.stores().endpoints);
        }
    }
    // What says nothing new of an endpoint is not told.
    ask(&whole, &event).await;
    assert_eq!(whole.stores().stream.len(), 4 + 3);
}

#[tokio::test]
async fn what_is_no_good_is_told_one_by_one_and_kept() {
    let world = world().await;
    let answer = ask(&world, &sample("ingest-pinpoint/some-bad")).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let result = &answer["body"]["Results"]["phone-2"];
    let (status, why) = item(&result["EndpointItemResponse"]);
    assert_eq!(status, 400);
    assert!(why.starts_with("Address: must be an E.164"), "{why}");
    assert_eq!(item(&result["EventsItemResponse"]["e-4"]), OK);
    let (status, why) = item(&result["EventsItemResponse"]["e-5"]);
    assert_eq!(status, 400);
    assert!(why.starts_with("Timestamp: must be"), "{why}");
    assert_eq!(told(&world), pairs(&[("cart_updated", "phone-2")]));
    let stores = world.stores();
    assert!(stores.endpoints.is_empty());
    assert_eq!(stores.quarantine.len(), 1);
    assert_eq!(stores.quarantine[0].kind(), Some("cart_updated"));
    assert_eq!(stores.quarantine[0].payload["pinpoint"]["id"], "e-5");
}

#[tokio::test]
async fn an_endpoint_reads_what_it_wrote_until_it_is_gone() {
    let world = world().await;
    let of = async |case: &str| ask(&world, &sample(&format!("ingest-pinpoint/{case}"))).await;
    for (case, status) in
        [("get-endpoint", 404), ("get-user-endpoints", 404), ("delete-endpoint", 202)]
    {
        assert_eq!(of(case).await["statusCode"], status, "{case}");
    }
    of("put-events").await;
    let read = of("get-endpoint").await;
    assert_eq!(
        (&read["statusCode"], &read["body"]["ApplicationId"]),
        (&json!(200), &json!("shop"))
    );
    assert_eq!(
        (&read["body"]["Id"], &read["body"]["EndpointStatus"]),
        (&json!("Phone-1"), &json!("ACTIVE"))
    );
    assert_eq!(
        read["body"]["User"],
        json!({"UserId": "ada", "UserAttributes": {"plan": ["gold"]}})
    );
    let updated = of("update-endpoint").await;
    assert_eq!(
        (&updated["statusCode"], &updated["body"]["Message"]),
        (&json!(202), &json!("Accepted"))
    );
    assert_eq!(updated["body"]["RequestID"], "JKJaXmPLvHcESHA=");
    let users = of("get-user-endpoints").await;
    let ids: Vec<&Value> =
        users["body"]["Item"].as_array().unwrap().iter().map(|it| &it["Id"]).collect();
    assert_eq!(ids, ["Phone-1", "phone-2"]);
    assert_eq!(told(&world)[4..], pairs(&[("profile_merged", "ada"), ("profile_updated", "ada")]));

    let gone = of("delete-endpoint").await;
    assert_eq!((&gone["statusCode"], &gone["body"]["Id"]), (&json!(202), &json!("Phone-1")));
    assert_eq!(of("get-endpoint").await["statusCode"], 404);
    assert_eq!(of("delete-endpoint").await["statusCode"], 202, "what is gone is gone");
    let gone = of("delete-user-endpoints").await;
    assert_eq!(gone["body"]["Item"].as_array().unwrap().len(), 1);
    assert!(world.stores().endpoints.is_empty());
    let data = |nth: usize| Value::Object(world.stores().stream[nth].event.data.clone());
    assert_eq!(data(6), json!({"email": null}));
    assert_eq!(data(7), json!({"devices": {"phone-2": null}}));

    let batch = of("update-endpoints-batch").await;
    assert_eq!(batch["statusCode"], 202);
    assert_eq!(world.stores().endpoints.len(), 2);
    assert_eq!(told(&world)[8..], pairs(&[("profile_updated", "bob"); 2]));
}

#[tokio::test]
async fn whoever_did_not_sign_it_is_refused() {
    let world = world().await;
    let case = "ingest-pinpoint/get-endpoint";
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut event = sample(case);
        change(&mut event);
        let answer = ask(&world, &event).await;
        let name = answer["headers"]["x-amzn-errortype"].as_str().unwrap().to_owned();
        assert!(answer["body"]["Message"].as_str().unwrap().len() > 20, "{answer}");
        (answer["statusCode"].as_u64().unwrap(), name)
    };
    let is = |status: u64, name: &str| (status, name.to_owned());
    let header = |name: &'static str, value: Value| {
        move |event: &mut Value| event["headers"][name] = value.clone()
    };
    let replaced = |from: &'static str, to: &'static str| {
        move |event: &mut Value| {
            let given = event["headers"]["authorization"].as_str().unwrap().replace(from, to);
            event["headers"]["authorization"] = given.into();
        }
    };
    let invalid = is(403, "InvalidSignatureException");
    let unknown = is(403, "UnrecognizedClientException");
    assert_eq!(refused(&header("host", json!("elsewhere"))).await, invalid);
    assert_eq!(
        refused(&|event| event["rawPath"] = json!("/v1/apps/shop/endpoints/phone-3")).await,
        invalid
    );
    assert_eq!(refused(&|event| event["rawQueryString"] = json!("a=b")).await, invalid);
    assert_eq!(refused(&|event| event["body"] = json!("{}")).await, invalid);
    assert_eq!(refused(&replaced("eu-central-1", "eu-west-1")).await, invalid);
    assert_eq!(refused(&replaced("mobiletargeting", "ses")).await, invalid);
    assert_eq!(refused(&replaced("Credential=ceap_acme", "Credential=ceap_globex")).await, unknown);
    assert_eq!(refused(&replaced("Credential=ceap_acme", "Credential=AKIA")).await, unknown);
    assert_eq!(refused(&header("x-amz-security-token", json!("t"))).await, unknown);
    assert_eq!(
        refused(&replaced(";x-amz-date", "")).await,
        is(400, "IncompleteSignatureException")
    );
    let bearer = header("authorization", json!("Bearer x"));
    assert_eq!(refused(&bearer).await, is(403, "MissingAuthenticationTokenException"));
    let other = |event: &mut Value| event["pathParameters"]["application"] = json!("other");
    assert_eq!(refused(&other).await, is(403, "ForbiddenException"));
    world.pass(ceap_kernel::SignedDuration::from_secs(301));
    assert_eq!(refused(&|_| {}).await, invalid);
    world.set_now(noon());
    world.stores().secrets.clear();
    assert_eq!(refused(&|_| {}).await, unknown);
    assert!(world.stores().stream.is_empty() && world.stores().quarantine.is_empty());
}

/// What became of each recipient.
fn statuses(results: &Value) -> Vec<(String, String)> {
    let status = |it: &Value| it["DeliveryStatus"].as_str().unwrap().to_owned();
    results.as_object().unwrap().iter().map(|(name, it)| (name.clone(), status(it))).collect()
}

#[tokio::test]
async fn messages_to_addresses_pass_the_desk_once() {
    let world = world().await;
    let event = sample("pinpoint-messages/addresses");
    let answer = send(&world, &event).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let results = &answer["body"]["Result"];
    let expected = [
        ("+41791234567", "SUCCESSFUL"),
        ("+41791234568", "SUCCESSFUL"),
        ("token", "PERMANENT_FAILURE"),
    ];
    assert_eq!(statuses(results), pairs(&expected));
    assert!(results["token"]["StatusMessage"].as_str().unwrap().contains("POST /v1/messages"));
    assert_eq!(results["+41791234567"]["MessageId"].as_str().unwrap().len(), 32);
    let again = send(&world, &event).await;
    assert_eq!(
        again["body"]["Result"]["+41791234567"]["MessageId"],
        results["+41791234567"]["MessageId"]
    );
    let texts: Vec<(String, String)> = {
        let stores = world.stores();
        let queued: std::collections::BTreeSet<_> =
            stores.queue.iter().map(|it| (it.to.clone(), it.content.text.clone())).collect();
        assert_eq!(stores.messages.len(), 2);
        assert!(stores.messages.values().all(|it| !it.record.subject.as_str().contains("+4179")));
        queued.into_iter().collect()
    };
    let expected = [("+41791234567", "Your code is 4711"), ("+41791234568", "Your code is 4712")];
    assert_eq!(texts, pairs(&expected));

    let mut other = event.clone();
    other["headers"]["amz-sdk-invocation-id"] = json!("another");
    send(&world, &other).await;
    assert_eq!(world.stores().messages.len(), 4, "another call sends again");
}

#[tokio::test]
async fn messages_to_endpoints_and_users_say_what_is_known_of_them() {
    let world = world().await;
    ask(&world, &sample("ingest-pinpoint/put-events")).await;
    ask(&world, &sample("ingest-pinpoint/update-endpoints-batch")).await;
    let answer = send(&world, &sample("pinpoint-messages/endpoints")).await;
    let expected = [("Phone-1", "SUCCESSFUL"), ("nobody", "PERMANENT_FAILURE")];
    assert_eq!(statuses(&answer["body"]["EndpointResult"]), pairs(&expected));
    assert_eq!(answer["body"]["EndpointResult"]["Phone-1"]["Address"], "ada@example.com");
    {
        let stores = world.stores();
        let sent = &stores.queue[0];
        assert_eq!((sent.subject.as_str(), sent.to.as_str()), ("ada", "ada@example.com"));
        assert_eq!(sent.content.subject.as_deref(), Some("Hi ada"));
        assert_eq!(sent.content.text, "Hello, gold");
    }
    let answer = send(&world, &sample("pinpoint-messages/users")).await;
    let results = &answer["body"]["Result"];
    assert_eq!(statuses(&results["ada"]), pairs(&[("Phone-1", "SUCCESSFUL")]), "{answer}");
    // Bob's email names what nobody said of him.
    assert_eq!(
        statuses(&results["bob"]),
        pairs(&[("b-1", "SUCCESSFUL"), ("b-2", "PERMANENT_FAILURE")])
    );
    let why = results["bob"]["b-2"]["StatusMessage"].as_str().unwrap();
    assert!(why.contains("{{User.UserAttributes.plan}}"), "{why}");
    assert_eq!(results["nobody"], json!({}));
}

#[tokio::test]
async fn who_opted_out_is_left_alone() {
    let world = world().await;
    ask(&world, &sample("ingest-pinpoint/put-events")).await;
    let change = |from: &str, to: &str| {
        for (_, json) in world.stores().endpoints.values_mut() {
            *json = json.replace(from, to);
        }
    };
    let status = async || {
        let answer = send(&world, &sample("pinpoint-messages/endpoints")).await;
        answer["body"]["EndpointResult"]["Phone-1"]["DeliveryStatus"].as_str().unwrap().to_owned()
    };
    change(r#""OptOut":"NONE""#, r#""OptOut":"ALL""#);
    assert_eq!(status().await, "OPT_OUT");
    change(r#""EndpointStatus":"ACTIVE""#, r#""EndpointStatus":"INACTIVE""#);
    assert_eq!(status().await, "PERMANENT_FAILURE");
    assert!(world.stores().queue.is_empty());
}

#[tokio::test]
async fn what_fails_for_now_is_asked_again_and_sent_once() {
    let event = sample("pinpoint-messages/endpoints");
    let mut call = 0;
    loop {
        let mut struck = false;
        for strike in [Strike::FailBefore, Strike::FailAfter] {
            let world = world().await;
            ask(&world, &sample("ingest-pinpoint/put-events")).await;
            world.strike(call, strike);
            let first = send(&world, &event).await;
            struck = !world.struck().is_empty();
            if !struck {
                break;
            }
            let again = send(&world, &event).await;
            let status = &again["body"]["EndpointResult"]["Phone-1"]["DeliveryStatus"];
            assert_eq!(*status, "SUCCESSFUL", "{call} {strike:?}: {first} {again}");
            let stores = world.stores();
            let ids: std::collections::BTreeSet<_> = stores.queue.iter().map(|it| &it.id).collect();
            assert_eq!((stores.messages.len(), ids.len()), (1, 1), "{call} {strike:?}");
        }
        if !struck {
            break;
        }
        call += 1;
    }
    assert!(call > 5);
}

#[tokio::test]
async fn every_other_operation_names_what_to_use_instead() {
    let reference = Reference::new().unwrap();
    let ask = async |event: &Value| {
        said(answered(async |asked: &Asked| reference.answer(asked), event).await)
    };
    let answer = ask(&sample("openapi/pinpoint-create-segment")).await;
    assert_eq!(answer["statusCode"], 405);
    assert_eq!(answer["headers"]["x-amzn-errortype"], "MethodNotAllowedException");
    let message = answer["body"]["Message"].as_str().unwrap();
    assert!(message.starts_with("CreateSegment is not done here. Instead: "), "{message}");
    assert!(message.contains("PUT /v1/use-cases/{id}"));
    // At a route of ours, too; and what is no operation of Pinpoint's says so.
    let mut event = sample("openapi/get");
    event["headers"]["authorization"] = json!("AWS4-HMAC-SHA256 Credential=x");
    let answer = ask(&event).await;
    assert_eq!(
        (&answer["statusCode"], &answer["headers"]["x-amzn-errortype"]),
        (&json!(404), &json!("NotFoundException"))
    );
    event["headers"]["authorization"] = json!("Bearer x");
    assert_eq!(ask(&event).await["statusCode"], 200);
}

#[tokio::test]
async fn who_only_knows_the_id_of_a_key_uses_up_nothing_of_its_tenant() {
    let world = world().await;
    let mut forged = sample("ingest-pinpoint/put-events");
    forged["body"] = "{}".into();
    for _ in 0..3 {
        assert_eq!(ask(&world, &forged).await["statusCode"], 403);
    }
    assert_eq!(world.calls("credentials.find"), 0, "whoever is found is counted");
    ask(&world, &sample("ingest-pinpoint/put-events")).await;
    assert_eq!(world.calls("credentials.find"), 1);
}
