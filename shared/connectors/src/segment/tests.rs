//! What SDKs really sent (`events/ingest-tracking`), and what each call becomes.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::event::Event;
use flate2::read::GzDecoder;
use rstest::rstest;
use serde_json::json;
use std::io::Read;

const ARRIVED: &str = "2026-11-21T12:00:00Z";

fn payload(body: &[u8]) -> Payload<'_> {
    let arrived = ARRIVED.parse().unwrap();
    Payload { content_type: "application/json", headers: &[], body, source: "shop", arrived }
}

fn events(decoded: Vec<Decoded>) -> Vec<Event> {
    let event = |item| match item {
        Decoded::Event(event) => event,
        Decoded::Bad { fault, payload } => panic!("{fault}: {payload}"),
    };
    decoded.into_iter().map(event).collect()
}

/// The events of one call, as JSON.
fn of(call: Value) -> Value {
    let body = call.to_string();
    json!(events(decode(&payload(body.as_bytes()), None).unwrap()))
}

fn refused(call: Value) -> String {
    let body = call.to_string();
    let decoded = decode(&payload(body.as_bytes()), None).unwrap();
    let [Decoded::Bad { fault, payload }] = decoded.as_slice() else { panic!("{decoded:?}") };
    assert!(payload["segment"]["call"] == call || call.to_string().len() > MAX_CALL);
    assert_eq!(payload["source"], "shop");
    fault.to_string()
}

/// The body of a recorded request, unpacked.
fn recorded(name: &str) -> Vec<u8> {
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/ingest-tracking");
    let request = std::fs::read_to_string(format!("{events}/{name}.json")).unwrap();
    let request: Value = serde_json::from_str(&request).unwrap();
    let body = request["body"].as_str().unwrap();
    if request["isBase64Encoded"] != true {
        return body.as_bytes().to_vec();
    }
    let mut unpacked = Vec::new();
    let packed = STANDARD.decode(body).unwrap();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
    unpacked
}

fn kinds(events: &[Event]) -> Vec<(&str, &str)> {
    events.iter().map(|event| (event.kind.as_str(), event.subject.as_str())).collect()
}

#[rstest]
#[case("segment-node")]
#[case("segment-python")]
#[case("rudderstack-python")]
fn what_sdks_send_is_understood(#[case] sdk: &str) {
    let events = events(decode(&payload(&recorded(sdk)), None).unwrap());
    let expected = [
        ("profile_merged", "user-0"),
        ("profile_updated", "user-0"),
        ("page_viewed", "user-1"),
        ("profile_merged", "user-2"),
        ("group_joined", "user-3"),
        ("screen_viewed", "user-4"),
        ("Order Completed", "user-5"),
    ];
    assert_eq!(kinds(&events)[..7], expected);
    assert_eq!(events.len(), 11);
    let [merged, updated, page, alias, group, screen, track, ..] = events.as_slice() else {
        panic!()
    };
    assert_eq!(json!(merged.data), json!({"from": "anon-user-0"}));
    assert_ne!(merged.id, updated.id);
    let traits = json!({"email": "user-0@example.com", "time_zone": "Europe/Zurich",
                        "traits": {"phone": "555"}});
    assert_eq!(json!(updated.data), traits);
    assert_eq!(
        (page.data["name"].as_str(), page.data["category"].as_str()),
        (Some("Home"), Some("Docs"))
    );
    assert_eq!(page.data["url"], "https://x");
    assert_eq!(json!(alias.data), json!({"from": "prev-user-2"}));
    assert_eq!(
        (group.data["group_id"].as_str(), &group.data["traits"]["name"]),
        (Some("g"), &json!("Acme"))
    );
    assert_eq!((screen.data["name"].as_str(), track.data["value"].as_i64()), (Some("S"), Some(5)));
    assert!(track.data["context"]["library"]["version"].is_string());
    assert_eq!((track.id.as_str(), track.source.as_str()), ("m-5", "shop"));
    // All were sent the moment before: by our clock, they happened as they arrived.
    let arrived: Timestamp = ARRIVED.parse().unwrap();
    assert!(events.iter().all(|event| arrived.duration_since(event.time).as_secs() < 2));
}

#[test]
fn what_others_send_is_understood() {
    let all = |name: &str| events(decode(&payload(&recorded(name)), None).unwrap());
    let rudder = all("rudderstack-node");
    assert_eq!(rudder.len(), 9);
    assert_eq!(kinds(&rudder)[0], ("page_viewed", "user-1"));
    let page = all("browser-page");
    assert_eq!(kinds(&page), [("page_viewed", "b1b2f6c1-7f0b-4e0e-9a40-6b4f2f3b7c11")]);
    assert_eq!(page[0].data["context"]["page"]["path"], "/kettles");
    assert_eq!(page[0].data["name"], "Kettles");
    for (name, expected) in [
        ("jitsu-identify", &["profile_merged", "profile_updated"][..]),
        ("jitsu-page", &["page_viewed"]),
        ("jitsu-group", &["group_joined"]),
        ("jitsu-track", &["Order Completed"]),
    ] {
        let found = all(name);
        assert_eq!(found.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(), expected);
    }
    assert_eq!(write_key(&recorded("browser-page")).as_deref(), Some("wk_example"));
    assert_eq!(write_key(&recorded("segment-python")).as_deref(), Some("wk_example"));
    for none in ["{}", "[]", "{", r#"{"writeKey": 5}"#, r#"{"writeKey": ""}"#] {
        assert_eq!(write_key(none.as_bytes()), None, "{none}");
    }
}

#[test]
fn an_event_is_known_by_its_message_id() {
    let call = json!({"type": "track", "event": "x", "userId": "u", "messageId": "m"});
    let event = &of(call)[0];
    assert_eq!((&event["id"], &event["source"]), (&json!("m"), &json!("shop")));
    assert_eq!(event["time"], ARRIVED);
    // Without one, a call that says when it happened is the same again; another one is not.
    let ids = |body: Value| -> Vec<String> {
        let body = body.to_string();
        let all = events(decode(&payload(body.as_bytes()), None).unwrap());
        all.into_iter().map(|event| event.id).collect()
    };
    let dated = |at: &str| json!({"type": "track", "event": "x", "userId": "u", "timestamp": at});
    let (one, other) = (dated("2026-11-21T11:00:00Z"), dated("2026-11-21T11:00:01Z"));
    let first = ids(json!({"batch": [one.clone(), other.clone()]}));
    assert_eq!(ids(json!({"batch": [other, one]})), [first[1].clone(), first[0].clone()]);
    assert_ne!(first[0], first[1]);
    let bare = json!({"type": "track", "event": "x", "userId": "u"});
    let two = ids(json!({"batch": [bare.clone(), bare]}));
    assert_ne!(two[0], two[1]);
}

#[rstest]
#[case::right("2026-11-21T11:59:50Z", Some("2026-11-21T12:00:00Z"), "2026-11-21T11:59:50Z")]
#[case::an_hour_fast("2026-11-21T12:59:50Z", Some("2026-11-21T13:00:00Z"), "2026-11-21T11:59:50Z")]
#[case::a_day_slow("2026-11-20T11:59:50Z", Some("2026-11-20T12:00:00Z"), "2026-11-21T11:59:50Z")]
#[case::offsets("2026-11-21T13:59:50+02:00", Some("2026-11-21T12:00:00Z"), "2026-11-21T11:59:50Z")]
#[case::no_offset("2026-11-21T11:59:50.25", Some("2026-11-21T12:00:00"), "2026-11-21T11:59:50.25Z")]
#[case::not_told("2026-11-21T11:59:50Z", None, "2026-11-21T11:59:50Z")]
#[case::history("2020-01-01T00:00:00Z", Some("2026-11-21T12:00:00Z"), "2020-01-01T00:00:00Z")]
fn clocks_of_clients_are_corrected(
    #[case] timestamp: &str,
    #[case] sent: Option<&str>,
    #[case] expected: &str,
) {
    let call = json!({"type": "track", "event": "x", "userId": "u", "timestamp": timestamp,
                      "sentAt": sent});
    assert_eq!(of(call.clone())[0]["time"], expected);
    // Of a batch, the batch's counts: its calls may have waited for it.
    let mut waited = call;
    waited["sentAt"] = json!("2026-11-01T00:00:00Z");
    if sent.is_some() {
        assert_eq!(of(json!({"batch": [waited], "sentAt": sent}))[0]["time"], expected);
    }
}

#[test]
fn traits_become_fields_where_they_fit() {
    let traits = json!({
        "email": "ada@example.com", "phone": "+41791234567", "locale": "de-CH",
        "timezone": "Europe/Zurich", "plan": "pro", "address": {"city": "Bern"}, "consents": 5,
    });
    let call = json!({"type": "identify", "messageId": "m", "userId": "u", "traits": traits});
    let data = json!({
        "email": "ada@example.com", "phone": "+41791234567", "locale": "de-CH",
        "time_zone": "Europe/Zurich",
        "traits": {"plan": "pro", "address": {"city": "Bern"}, "consents": 5},
    });
    assert_eq!(of(call)[0]["data"], data);
    let odd = json!({"email": "ada", "phone": 791234567, "locale": "Deutsch (Schweiz)", "timezone": "CET+1"});
    let call = json!({"type": "identify", "userId": "u", "traits": odd});
    assert_eq!(of(call)[0]["data"], json!({"traits": odd}));
    let call = json!({"type": "identify", "userId": "u", "traits": {"email": null, "plan": null}});
    assert_eq!(of(call)[0]["data"], json!({"email": null, "traits": {"plan": null}}));
}

#[test]
fn visitors_become_users() {
    let call = json!({"type": "identify", "messageId": "m", "userId": "u", "anonymousId": "v"});
    let events = of(call.clone());
    assert_eq!(events[0]["type"], "profile_merged");
    assert_eq!((&events[0]["subject"], &events[0]["data"]), (&json!("u"), &json!({"from": "v"})));
    assert_eq!((&events[1]["type"], &events[1]["id"]), (&json!("profile_updated"), &json!("m")));
    assert_eq!(of(call)[0]["id"], events[0]["id"]);
    let alone = |ids: Value| of(ids).as_array().unwrap().len();
    assert_eq!(alone(json!({"type": "identify", "userId": "u", "anonymousId": "u"})), 1);
    assert_eq!(alone(json!({"type": "identify", "anonymousId": "v"})), 1);
    assert_eq!(alone(json!({"type": "alias", "userId": "u", "previousId": "u"})), 0);
    // Ids that are numbers.
    let numbers = json!({"type": "alias", "userId": 17, "previousId": "v"});
    assert_eq!(of(numbers)[0]["subject"], "17");
}

#[test]
fn what_is_a_calls_own_comes_before_its_context() {
    let context = json!({"locale": "de", "traits": {"secret": 1}});
    let call = |properties: Value| {
        let call = json!({"type": "track", "event": "Ärger (1)", "userId": "u", "properties": properties,
                          "context": context});
        of(call)[0]["data"].clone()
    };
    assert_eq!(
        call(json!({"a": 1})),
        json!({"a": 1, "event": "Ärger (1)", "context": {"locale": "de"}})
    );
    let own = json!({"event": "mine", "context": "mine"});
    assert_eq!(call(own.clone()), own);
    let full = json!({"a": "x".repeat(MAX_CALL - 300), "event": ""});
    let data = call(full.clone());
    assert_eq!(data["context"]["locale"], "de");
}

#[rstest]
#[case(json!({"type": "track", "userId": "u"}), "event: is missing")]
#[case(json!({"type": "track", "event": "x"}), "userId: is missing; a call names userId, or anonymousId")]
#[case(json!({"type": "track", "event": "x", "userId": "", "anonymousId": null}), "userId: is missing")]
#[case(json!({"type": "track", "event": "x", "userId": {"a": 1}}), "userId: must be text")]
#[case(json!({"type": "track", "event": "x", "userId": "u\u{0}"}), "subject: must be 1 to 256")]
#[case(json!({"type": "track", "event": "x", "userId": "u", "properties": []}), "properties: must be a JSON object")]
#[case(json!({"type": "track", "event": "x", "userId": "u", "timestamp": 5}), "timestamp: must be an ISO 8601")]
#[case(json!({"type": "track", "event": "x", "userId": "u", "timestamp": "2026-11-21T13:00:00Z"}), "time: lies more than 5 minutes")]
#[case(json!({"type": "track", "event": "x", "userId": "u", "timestamp": "-009000-01-01T00:00:00Z", "sentAt": "9000-01-01T00:00:00Z"}), "timestamp: lies too far")]
#[case(json!({"type": "sing", "userId": "u"}), "type: must be one of track, identify")]
#[case(json!({"userId": "u"}), "type: must be one of track")]
#[case(json!({"type": "group", "userId": "u"}), "groupId: is missing")]
#[case(json!({"type": "alias", "userId": "u"}), "previousId: is missing")]
#[case(json!({"type": "identify", "userId": "u", "traits": "x"}), "traits: must be a JSON object")]
#[case(json!({"type": "track", "event": "x", "userId": "u", "a": "x".repeat(MAX_CALL)}), "call: is 32")]
fn a_bad_call_says_why(#[case] call: Value, #[case] says: &str) {
    let said = refused(call);
    assert!(said.starts_with(says), "{said}");
}

#[test]
fn bad_calls_do_not_spoil_the_others() {
    let good = r#"{"type":"track","event":"x","userId":"u"}"#;
    let deep = format!("{{\"type\":\"track\",\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let body = format!(r#"{{"batch":[{good},5,{deep},{{"type":"track","a":1e999}},{good}]}}"#);
    let decoded = decode(&payload(body.as_bytes()), None).unwrap();
    let bad = |item: &Decoded| matches!(item, Decoded::Bad { .. });
    assert_eq!(decoded.iter().map(bad).collect::<Vec<_>>(), [false, true, true, true, false]);
    // What is kept of one that cannot be read fits quarantine.
    assert!(decoded.iter().all(|item| match item {
        Decoded::Bad { payload, .. } => payload.to_string().len() < 2 * KEPT,
        Decoded::Event(_) => true,
    }));
}

#[rstest]
#[case("", "body: is not a JSON object")]
#[case("{", "body: is not a JSON object")]
#[case("5", "body: is not a JSON object")]
#[case("[]", "body: is not a JSON object")]
#[case(r#"{"batch": {}}"#, "batch: must be an array")]
#[case(r#"{"batch": 5}"#, "batch: must be an array")]
fn what_cannot_be_read_at_all_is_an_error(#[case] body: &str, #[case] says: &str) {
    let fault = decode(&payload(body.as_bytes()), None).unwrap_err().to_string();
    assert!(fault.starts_with(says), "{fault}");
}

#[test]
fn a_path_says_what_a_call_is() {
    let body = br#"{"event":"x","userId":"u","type":"page"}"#;
    let events = events(decode(&payload(body), Some("track")).unwrap());
    assert_eq!(kinds(&events), [("x", "u")]);
    assert!(decode(&payload(br#"{"batch":[]}"#), None).unwrap().is_empty());
}

/// What quarantine keeps: by source and type it is found, by subject it is forgotten.
#[test]
fn what_is_kept_names_whom_it_is_about() {
    let kept = |body: &str| {
        let decoded = decode(&payload(body.as_bytes()), Some("track")).unwrap();
        let [Decoded::Bad { payload, .. }] = decoded.as_slice() else { panic!("{decoded:?}") };
        payload.clone()
    };
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for rest in ["5".to_owned(), "1e999".to_owned(), deep, format!("\"{}\"", "x".repeat(MAX_CALL))]
    {
        let body = format!(
            r#"{{"event":"Added (1)","properties":{rest},"userId":"u","anonymousId":"v","previousId":7}}"#
        );
        let payload = kept(&body);
        assert_eq!((&payload["source"], &payload["type"]), (&json!("shop"), &json!("Added _1_")));
        for subject in ["u", "v", "7"] {
            let subject = ceap_kernel::SubjectId::new(subject).unwrap();
            assert_eq!(ceap_engagement::quarantine::without(&payload, &subject), None);
        }
        let other = ceap_kernel::SubjectId::new("w").unwrap();
        assert!(ceap_engagement::quarantine::without(&payload, &other).is_some());
    }
}

/// Its id, its time and what its path said of it are the same as the first time.
#[test]
fn what_is_kept_can_be_decoded_again() {
    let call = json!({"event": "x", "userId": "u", "messageId": "m", "properties": 5,
                      "timestamp": "2026-11-21T12:59:50Z", "sentAt": "2026-11-21T13:00:00Z"});
    let body = call.to_string();
    let decoded = decode(&payload(body.as_bytes()), Some("track")).unwrap();
    let [Decoded::Bad { fault, payload: kept }] = decoded.as_slice() else { panic!("{decoded:?}") };
    let arrived: Timestamp = ARRIVED.parse().unwrap();
    let same = again(kept, arrived).unwrap();
    assert!(matches!(&same[..], [Decoded::Bad { fault: now, .. }] if now == fault), "{same:?}");
    let mut mended = kept.clone();
    mended["segment"]["call"]["properties"] = json!({"a": 1});
    let event = &events(again(&mended, arrived).unwrap())[0];
    assert_eq!((event.id.as_str(), event.source.as_str(), event.kind.as_str()), ("m", "shop", "x"));
    assert_eq!(event.time, "2026-11-21T11:59:50Z".parse().unwrap());
    // Of a batch, what the batch said.
    let batch = json!({"sentAt": "2026-11-21T13:00:00Z", "batch": [
        {"type": "track", "userId": "u", "messageId": "m", "timestamp": "2026-11-21T12:59:50Z"}]});
    let batch = batch.to_string();
    let decoded = decode(&payload(batch.as_bytes()), None).unwrap();
    let [Decoded::Bad { payload: kept, .. }] = decoded.as_slice() else { panic!("{decoded:?}") };
    let mut kept = kept.clone();
    kept["segment"]["call"]["event"] = "y".into();
    let event = &events(again(&kept, arrived).unwrap())[0];
    assert_eq!((event.kind.as_str(), event.time), ("y", "2026-11-21T11:59:50Z".parse().unwrap()));
    // Not what is an event, or was cut.
    for other in [json!({"id": "1"}), json!({"source": "s", "segment": {"call": "{"}}), json!(5)] {
        assert!(again(&other, arrived).is_none());
    }
}
