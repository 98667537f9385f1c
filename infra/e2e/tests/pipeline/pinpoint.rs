//! Amazon Pinpoint's client of boto3, unmodified, against the API. Skipped where it is not installed, see
//! `sdks.rs`.

use crate::sdks::install;
use crate::sources::{call, keep};
use ceap_e2e::flaky::Flaky;
use ceap_e2e::{PATIENCE, Tenant, aws, grace, root, stack, time, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};

const APP: &str = "shop";

fn python() -> Option<OsString> {
    let python = std::env::var_os("CEAP_VERIFY_PYTHON");
    if python.is_none() {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so boto3 did not run");
    }
    python
}

/// A tenant with an application, and a pair of it.
struct Shop {
    tenant: Tenant,
    python: OsString,
    pair: Value,
}

impl Shop {
    fn new(label: &str, python: OsString) -> Self {
        let tenant = Tenant::new(label);
        keep(&tenant, APP, "pinpoint");
        let made = call(&tenant, "POST", &format!("sources/{APP}/keys"), "", &Value::Null);
        assert_eq!(made.status, 201, "{made}");
        Self { tenant, python, pair: made.json() }
    }

    /// What boto3 answers to these calls, one after the other.
    fn ask(&self, url: &str, calls: &Value) -> Vec<Value> {
        self.ask_as(url, &self.pair["secret_access_key"], APP, calls)
    }

    fn ask_as(&self, url: &str, secret: &Value, app: &str, calls: &Value) -> Vec<Value> {
        let job = json!({
            "url": url, "access_key_id": self.pair["access_key_id"], "secret_access_key": secret,
            "application": app, "calls": calls,
        });
        let mut child = Command::new(&self.python)
            .arg(root().join("infra/local/verify/sources/pinpoint.py"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn one(call: &str, arguments: Value) -> Value {
    json!({"call": call, "arguments": arguments})
}

const USERS: usize = 20;
/// Events of each before it is known whose the endpoint is, and after.
const BEFORE: usize = 10;
const AFTER: usize = 40;
/// Events of one request.
const AT_ONCE: usize = 10;

/// Counts what is put into carts, and sends nothing.
const USE_CASE: &str = "id: pinpoint-carts
version: 1
name: Carts
purpose: transactional
mode: shadow
trigger: {event: cart updated, when: event.data.value < 0}
features:
  carts: {op: count, event: cart updated, within: 1d}
  spent: {op: sum, event: cart updated, of: value, within: 1d}
  colors: {op: distinct, event: cart updated, of: color, within: 1d}
score: {kind: expression, base: 1, terms: []}
ttl: 1h
action: {channel: email, subject: Carts, text: Carts}
";

/// The value of the nth event of a user.
fn value(who: usize, nth: usize) -> f64 {
    f64::from(u32::try_from(who + nth).unwrap()) + 0.5
}

/// A request with some events of one user's endpoint.
fn events(who: usize, from: usize) -> Value {
    let event = |nth: usize| {
        let event = json!({
            "EventType": "cart updated", "Timestamp": time::rfc3339(time::now()),
            "Metrics": {"value": value(who, nth)}, "Attributes": {"color": format!("c{}", nth % 3)},
        });
        (format!("e-{who}-{nth}"), event)
    };
    let events: serde_json::Map<String, Value> = (from..from + AT_ONCE).map(event).collect();
    let endpoint = format!("Phone-{who}");
    one(
        "put_events",
        json!({"EventsRequest": {"BatchItem": {endpoint: {"Endpoint": {}, "Events": events}}}}),
    )
}

fn signed_in(who: usize) -> Value {
    one(
        "update_endpoint",
        json!({"EndpointId": format!("phone-{who}"), "EndpointRequest": {
            "ChannelType": "EMAIL", "Address": format!("user-{who}@example.com"),
            "Demographic": {"Timezone": "Europe/Zurich"},
            "User": {"UserId": format!("user-{who}"), "UserAttributes": {"seat": [who.to_string()]}}}}),
    )
}

/// 1,000 events, and who they are of; a tenth of the requests is made twice, at once or much later.
fn calls() -> Vec<Value> {
    let mut calls: Vec<Value> = Vec::new();
    let mut rounds: Vec<Vec<Value>> = Vec::new();
    for from in (0..BEFORE + AFTER).step_by(AT_ONCE) {
        rounds.push((0..USERS).map(|who| events(who, from)).collect());
        if from < BEFORE {
            rounds.push((0..USERS).map(signed_in).collect());
        }
    }
    for (place, one) in rounds.into_iter().flatten().enumerate() {
        calls.push(one);
        if place % 10 == 9 {
            let before = if place % 20 == 9 && place > 20 { 10 } else { 1 };
            calls.push(calls[calls.len() - before].clone());
        }
    }
    calls
}

fn found(tenant: &Tenant, id: &str) -> Option<Value> {
    let profile = tenant.profile(id)?;
    let feature = |name: &str| profile["features"]["pinpoint-carts"][name].as_f64();
    Some(json!({
        "email": profile["email"], "zone": profile["time_zone"], "seat": profile["traits"]["seat"],
        "events": profile["events"]["cart updated"]["count"],
        "changes": profile["events"]["profile_updated"]["count"],
        "carts": feature("carts"), "spent": feature("spent"), "colors": feature("colors"),
    }))
}

fn expected(who: usize) -> Value {
    let spent: f64 = (0..BEFORE + AFTER).map(|nth| value(who, nth)).sum();
    json!({
        "email": format!("user-{who}@example.com"), "zone": "Europe/Zurich", "seat": who.to_string(),
        "events": BEFORE + AFTER, "changes": 1, "carts": 50.0, "spent": spent, "colors": 3.0,
    })
}

#[test]
fn a_thousand_events_count_exactly_while_a_fifth_of_the_requests_fails() {
    let (Some(python), Some(_stack)) = (python(), stack()) else { return };
    let shop = Shop::new("boto", python);
    install(&shop.tenant, "pinpoint-carts", USE_CASE);
    let calls = calls();
    let sent: usize = calls.iter().filter(|it| it["call"] == "put_events").count() * AT_ONCE;
    assert!(sent >= 1090, "{sent} with those that are sent twice");
    let api = Flaky::start();
    let said = shop.ask(&api.url, &json!(calls));
    let bad: Vec<&Value> = said.iter().filter(|it| it["status"] != 202).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let (requests, failed) = api.requests();
    assert!(failed > 20, "{failed} of {requests} requests failed");
    for who in 0..USERS {
        until(&format!("user-{who} to be complete"), PATIENCE, || {
            let now = found(&shop.tenant, &format!("user-{who}"))?;
            let done = now["events"].as_u64() >= expected(who)["events"].as_u64();
            (done && !now["email"].is_null()).then_some(())
        });
    }
    // What was sent twice has had its time; and the endpoint is its user.
    grace();
    for who in 0..USERS {
        assert_eq!(found(&shop.tenant, &format!("user-{who}")), Some(expected(who)));
        assert_eq!(found(&shop.tenant, &format!("Phone-{who}")), Some(expected(who)));
    }
    assert_eq!(shop.tenant.quarantined(), Vec::<Value>::new());
}

#[test]
fn endpoints_read_what_they_wrote_and_go_when_they_are_told_to() {
    let (Some(python), Some(_stack)) = (python(), stack()) else { return };
    let shop = Shop::new("endpoints", python);
    let id = "größe+1 @home";
    let said = shop.ask(
        aws::API,
        &json!([
            one("get_endpoint", json!({"EndpointId": id})),
            one("update_endpoint", json!({"EndpointId": id, "EndpointRequest": {
                "ChannelType": "EMAIL", "Address": "ada@example.com", "OptOut": "NONE",
                "Attributes": {"interests": ["tea", "pots"]}, "Metrics": {"seats": 3.5},
                "Location": {"City": "Bern"}, "User": {"UserId": "ada"}}})),
            one("update_endpoint", json!({"EndpointId": id, "EndpointRequest": {
                "Attributes": {"plan": ["gold"]}, "OptOut": "ALL"}})),
            one("update_endpoints_batch", json!({"EndpointBatchRequest": {"Item": [
                {"Id": "sms", "ChannelType": "SMS", "Address": "+41791234567", "User": {"UserId": "ada"}},
                {"Id": "push", "ChannelType": "GCM", "Address": "token:0123456789-0123456789",
                 "User": {"UserId": "ada"}}]}})),
            one("get_endpoint", json!({"EndpointId": id.to_ascii_uppercase()})),
            one("get_user_endpoints", json!({"UserId": "ada"})),
            one("update_endpoint", json!({"EndpointId": "x", "EndpointRequest": {
                "ChannelType": "SMS", "Address": "0791234567"}})),
        ]),
    );
    let errors: Vec<&Value> = [0, 6].map(|nth| &said[nth]["error"]).into();
    assert_eq!(
        (&errors[0]["code"], &errors[0]["status"]),
        (&json!("NotFoundException"), &json!(404))
    );
    assert_eq!(errors[1]["code"], "BadRequestException", "{}", errors[1]);
    assert!(errors[1]["message"].as_str().unwrap().starts_with("Address: must be"));
    assert_eq!(said[1]["answer"]["MessageBody"]["Message"], "Accepted", "{}", said[1]);
    let read = &said[4]["answer"]["EndpointResponse"];
    assert_eq!((&read["Id"], &read["ApplicationId"]), (&json!(id), &json!(APP)));
    assert_eq!(read["Attributes"], json!({"interests": ["tea", "pots"], "plan": ["gold"]}));
    assert_eq!((&read["OptOut"], &read["Metrics"]), (&json!("ALL"), &json!({"seats": 3.5})));
    let ids = |of: &Value| -> BTreeSet<String> {
        let all = of["EndpointsResponse"]["Item"].as_array().unwrap().clone();
        all.iter().map(|it| it["Id"].as_str().unwrap().to_owned()).collect()
    };
    let all: BTreeSet<String> = ["push", "sms", id].map(str::to_owned).into();
    assert_eq!(ids(&said[5]["answer"]), all);
    let known = until("ada to be known", PATIENCE, || {
        let profile = shop.tenant.profile("ada")?;
        let whole = profile["phone"].is_string() && profile["traits"]["plan"].is_string();
        whole.then_some(profile)
    });
    assert_eq!(
        (&known["email"], &known["phone"]),
        (&json!("ada@example.com"), &json!("+41791234567"))
    );
    assert_eq!(known["devices"]["push"]["address"], "fcm:token:0123456789-0123456789", "{known}");
    assert_eq!(
        (&known["traits"]["city"], &known["traits"]["seats"]),
        (&json!("Bern"), &json!(3.5))
    );
    assert_eq!(known["consents"]["email"], false, "{known}");

    let said = shop.ask(
        aws::API,
        &json!([
            one("delete_endpoint", json!({"EndpointId": id})),
            one("delete_endpoint", json!({"EndpointId": id})),
            one("get_endpoint", json!({"EndpointId": id})),
            one("get_user_endpoints", json!({"UserId": "ada"})),
            one("delete_user_endpoints", json!({"UserId": "ada"})),
            one("get_user_endpoints", json!({"UserId": "ada"})),
        ]),
    );
    assert_eq!(said[0]["answer"]["EndpointResponse"]["Id"], id);
    assert_eq!((&said[1]["status"], &said[2]["error"]["status"]), (&json!(202), &json!(404)));
    assert_eq!(ids(&said[3]["answer"]), ["push", "sms"].map(str::to_owned).into());
    assert_eq!(ids(&said[4]["answer"]), ["push", "sms"].map(str::to_owned).into());
    assert_eq!(said[5]["error"]["code"], "NotFoundException");
    until("ada to have no address", PATIENCE, || {
        let profile = shop.tenant.profile("ada")?;
        let gone = profile["email"].is_null() && profile["phone"].is_null();
        (gone && profile["devices"].as_object().is_none_or(serde_json::Map::is_empty)).then_some(())
    });
    assert!(aws::scan("engagement", &format!("{}#ENDPOINT#", shop.tenant.name)).is_empty());
}

#[test]
fn a_retry_sends_nothing_twice() {
    let (Some(python), Some(_stack)) = (python(), stack()) else { return };
    let shop = Shop::new("sends", python);
    let message = json!({
        "SMSMessage": {"Body": "Your code is {{code}}", "MessageType": "TRANSACTIONAL"},
        "EmailMessage": {"SimpleEmail": {"Subject": {"Data": "Hi {{name}}"}, "TextPart": {"Data": "{{name}} {%"},
                                         "HtmlPart": {"Data": "<b>{{name}}</b>"}}},
    });
    let mut calls: Vec<Value> = (0..5)
        .map(|nth| {
            let to = |kind: &str| json!({"ChannelType": kind, "Substitutions": {"code": [nth.to_string()], "name": ["Ada"]}});
            let (email, phone) = (format!("ada-{nth}@example.com"), format!("+4179123456{nth}"));
            let addresses = json!({email: to("EMAIL"), phone: to("SMS"), "token": to("ADM")});
            one("send_messages", json!({"MessageRequest": {"Addresses": addresses, "MessageConfiguration": message}}))
        })
        .collect();
    let endpoint =
        json!({"ChannelType": "EMAIL", "Address": "bob@example.com", "User": {"UserId": "bob"}});
    calls.push(one("update_endpoint", json!({"EndpointId": "bob-1", "EndpointRequest": endpoint})));
    for nth in 0..3 {
        let text = json!({"DefaultMessage": {"Body": format!("Number {nth} for {{{{User.UserId}}}}")},
                          "EmailMessage": {"SimpleEmail": {"Subject": {"Data": "Hello"}}}});
        let (users, endpoints) = (json!({"bob": {}}), json!({"bob-1": {}, "nobody": {}}));
        calls.push(match nth {
            0 => one(
                "send_messages",
                json!({"MessageRequest": {"Endpoints": endpoints, "MessageConfiguration": text}}),
            ),
            _ => one(
                "send_users_messages",
                json!({"SendUsersMessageRequest": {"Users": users, "MessageConfiguration": text}}),
            ),
        });
    }
    let api = Flaky::start();
    let said = shop.ask(&api.url, &json!(calls));
    let (requests, failed) = api.requests();
    assert!(failed >= 2 && requests > calls.len(), "{failed} of {requests} requests failed");
    for (nth, said) in said.iter().take(5).enumerate() {
        let result = &said["answer"]["MessageResponse"]["Result"];
        let status =
            |to: &str| result[to]["DeliveryStatus"].as_str().unwrap_or_default().to_owned();
        assert_eq!(status(&format!("ada-{nth}@example.com")), "SUCCESSFUL", "{said}");
        assert_eq!(status(&format!("+4179123456{nth}")), "SUCCESSFUL", "{said}");
        assert_eq!(status("token"), "PERMANENT_FAILURE", "{said}");
    }
    let results = &said[6]["answer"]["MessageResponse"]["EndpointResult"];
    assert_eq!(results["nobody"]["DeliveryStatus"], "PERMANENT_FAILURE", "{}", said[6]);
    let result = &said[8]["answer"]["SendUsersMessageResponse"]["Result"]["bob"]["bob-1"];
    assert_eq!(
        (&result["DeliveryStatus"], &result["Address"]),
        (&json!("SUCCESSFUL"), &json!("bob@example.com"))
    );
    drop(shop.tenant.wait_for_messages(13));
    grace();
    let sent = shop.tenant.messages();
    assert_eq!(sent.len(), 13, "{sent:?}");
    let texts: BTreeSet<(String, String)> =
        sent.iter().map(|it| (it.to.clone(), it.text.trim().to_owned())).collect();
    for nth in 0..5 {
        assert!(
            texts.contains(&(format!("+4179123456{nth}"), format!("Your code is {nth}"))),
            "{texts:?}"
        );
        assert!(
            texts.contains(&(format!("ada-{nth}@example.com"), "Ada {%".to_owned())),
            "{texts:?}"
        );
    }
    for nth in 0..3 {
        assert!(
            texts.contains(&("bob@example.com".to_owned(), format!("Number {nth} for bob"))),
            "{texts:?}"
        );
    }
    // Its id is one of the platform's.
    let id = result["MessageId"].as_str().unwrap();
    assert_eq!(shop.tenant.message(id)["subject"], "bob");
}

#[test]
fn every_operation_of_the_model_is_done_or_names_what_to_use_instead() {
    let (Some(python), Some(_stack)) = (python(), stack()) else { return };
    let shop = Shop::new("operations", python);
    let said = shop.ask(aws::API, &json!("every"));
    assert!(said.len() >= 122, "{}", said.len());
    let mut done = 0;
    for said in &said {
        let error = &said["error"];
        if error["code"] == "MethodNotAllowedException" {
            let message = error["message"].as_str().unwrap();
            assert_eq!(error["status"], 405, "{said}");
            assert!(message.contains(" is not done here. Instead: "), "{said}");
            assert!(message.starts_with(said["call"].as_str().unwrap()), "{said}");
        } else {
            let status = error["status"].as_u64().or(said["status"].as_u64()).unwrap();
            assert!(matches!(status, 200 | 202 | 400 | 404), "{said}");
            done += 1;
        }
    }
    assert_eq!(done, 9);
}

#[test]
fn nobody_else_is_let_in() {
    let (Some(python), Some(_stack)) = (python(), stack()) else { return };
    let shop = Shop::new("signed", python);
    keep(&shop.tenant, "other", "pinpoint");
    let calls = json!([one("get_user_endpoints", json!({"UserId": "ada"}))]);
    let error = |said: Vec<Value>| {
        let error = &said[0]["error"];
        (error["status"].as_u64().unwrap(), error["code"].as_str().unwrap().to_owned())
    };
    let secret = &shop.pair["secret_access_key"];
    let wrong = shop.ask_as(aws::API, &json!("another"), APP, &calls);
    assert_eq!(error(wrong), (403, "InvalidSignatureException".to_owned()));
    let other = shop.ask_as(aws::API, secret, "other", &calls);
    assert_eq!(error(other), (403, "ForbiddenException".to_owned()));
    assert_eq!(error(shop.ask(aws::API, &calls)), (404, "NotFoundException".to_owned()));
    // What is encrypted is not what is signed with; and what is revoked is refused within a minute.
    let kept = aws::scan("platform", &format!("{}#SECRETS", shop.tenant.name));
    assert!(kept.iter().any(|it| it.to_string().contains("pinpoint_")), "{kept:?}");
    assert!(!format!("{kept:?}").contains(secret.as_str().unwrap()));
    let key = shop.pair["key"].as_str().unwrap();
    let gone = call(&shop.tenant, "DELETE", &format!("sources/{APP}/keys/{key}"), "", &Value::Null);
    assert_eq!(gone.status, 204, "{gone}");
    until("the pair to be refused", PATIENCE, || {
        let said = error(shop.ask(aws::API, &calls));
        (said == (403, "UnrecognizedClientException".to_owned())).then_some(())
    });
    let kept = aws::scan("platform", &format!("{}#SECRETS", shop.tenant.name));
    assert!(!kept.iter().any(|it| it.to_string().contains("pinpoint_")), "{kept:?}");
}
