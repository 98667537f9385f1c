//! Bad input gets a clear error or a quarantine record with its reason; the good events of the same
//! batch go through, and nothing is lost.

use ceap_e2e::events::{crashes, customer, failed_logins};
use ceap_e2e::http::{Answer, gzip};
use ceap_e2e::{PATIENCE, Tenant, event, stack, time, until};
use serde_json::{Value, json};

const ONE: (&str, &str) = ("content-type", "application/cloudevents+json");
const BATCH: (&str, &str) = ("content-type", "application/cloudevents-batch+json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const MIB: usize = 1024 * 1024;

fn good(subject: &str, id: &str) -> Value {
    event("page_viewed", subject, id, time::now() - 60, &json!({"path": "/"}))
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// A problem (RFC 9457) that names what is wrong and keeps internals to itself.
fn problem(name: &str, answer: &Answer, statuses: &[u16], names: &str) {
    assert!(statuses.contains(&answer.status), "{name}: {answer}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{name}");
    for member in ["type", "title", "code"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{name}: {answer}");
    }
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(names), "{name}: {names:?} is not in {detail:?}");
    assert!(!detail.contains("panicked") && !detail.contains(".rs:"), "{name}: {detail}");
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("bodies");
    let one = good("u1", "1").to_string();
    let bytes = one.as_bytes();
    let mut broken_text = bytes.to_vec();
    broken_text.insert(one.find("u1").unwrap(), 0xff);
    let deep = one.replace(r#"{"path":"/"}"#, &format!(r#"{{"x":{}}}"#, nested(10_000)));
    let huge = one.replace(r#""/""#, "1e999");
    assert!(deep.len() > 20_000 && huge.contains("1e999"));
    let many: Vec<Value> = (0..501).map(|n| good("u1", &format!("many-{n}"))).collect();
    let many_lines = many.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let packed = gzip(bytes);
    let mut scratched = packed.clone();
    let middle = scratched.len() / 2;
    scratched[middle] ^= 0xff;
    let bomb = gzip(&vec![b' '; 50 * MIB]);
    assert!(bomb.len() < MIB);
    let large = format!("{}{one}", " ".repeat(MIB));

    let check =
        |name: &str, body: &[u8], headers: &[(&str, &str)], statuses: &[u16], names: &str| {
            problem(name, &tenant.post(body, headers), statuses, names);
        };
    check("invalid JSON", b"{\"id\":", &[ONE], &[400], "body");
    check("a word", b"hello", &[ONE], &[400], "body");
    check("two events", b"{} {}", &[ONE], &[400], "body");
    check("an unclosed array", b"[{}", &[BATCH], &[400], "body");
    check("nothing", b"", &[ONE], &[400], "body");
    check("spaces", b" \n ", &[ONE], &[400], "body");
    check("invalid UTF-8", &broken_text, &[ONE], &[400], "body");
    check("packed invalid UTF-8", &gzip(&broken_text), &[ONE, GZIP], &[400], "body");
    check("10,000 levels", deep.as_bytes(), &[ONE], &[400], "body");
    check("a number beyond all", huge.as_bytes(), &[ONE], &[400], "body");
    check("501 events", json!(many).to_string().as_bytes(), &[BATCH], &[400], "500");
    check("501 lines", many_lines.as_bytes(), &[LINES], &[400], "500");
    check("a large body", large.as_bytes(), &[ONE], &[413], "1048576");
    check("large lines", large.as_bytes(), &[LINES], &[413], "1048576");
    check("a bomb", &bomb, &[ONE, GZIP], &[413], "1048576");
    check("no gzip", bytes, &[ONE, GZIP], &[400], "body");
    check("half a gzip", &packed[..packed.len() / 2], &[ONE, GZIP], &[400], "body");
    check("a scratched gzip", &scratched, &[ONE, GZIP], &[400], "body");
    // RFC 9110 §15.5.16 has a status of its own for these.
    let unsupported = [415];
    let brotli = ("content-encoding", "br");
    check("brotli", bytes, &[ONE, brotli], &unsupported, "content-encoding");
    for kind in ["text/csv", "application/xml", "application/x-www-form-urlencoded"] {
        check(kind, b"a,b", &[("content-type", kind)], &unsupported, "content-type");
    }

    // Nothing at all is no mistake where it says so.
    for (body, kind) in [("[]", BATCH), ("[]", ONE), ("", LINES), ("\n\r\n", LINES)] {
        let answer = tenant.post(body.as_bytes(), &[kind]);
        assert_eq!(answer.status, 202, "{body:?}: {answer}");
        assert_eq!(answer.json(), json!({"accepted": 0, "quarantined": []}));
    }

    // The API is as well as before, and of all that nothing got in.
    tenant.send(&[good("u1", "last")]);
    tenant.wait_for_count("u1", "page_viewed", 1);
    assert_eq!(tenant.quarantined(), Vec::<Value>::new());
}

/// An event with one field changed; what the answer and the record must name.
fn bad_events() -> Vec<(Value, &'static str)> {
    let year = 365 * 86_400;
    let count = std::cell::Cell::new(0);
    let changed = |field: &str, value: Value| {
        count.set(count.get() + 1);
        let mut event = good("u1", &format!("bad-{}", count.get()));
        event[field] = value;
        event
    };
    let without = |field: &str| {
        let mut event = good("u1", &format!("without {field}"));
        event.as_object_mut().unwrap().remove(field);
        event
    };
    let profile = |data: Value| customer("u1", time::now() - 60, &data);
    vec![
        (without("id"), "id"),
        (without("source"), "source"),
        (without("type"), "type"),
        (without("subject"), "subject"),
        (changed("id", Value::Null), "id"),
        (changed("id", json!(5)), "id"),
        (changed("id", json!("")), "id"),
        (changed("id", json!("x".repeat(5000))), "id"),
        (changed("source", json!({"a": 1})), "source"),
        (changed("type", json!("<script>alert(1)</script>")), "type"),
        (changed("type", json!("")), "type"),
        (changed("type", json!(["app_crashed"])), "type"),
        (changed("subject", json!("a\u{0}b")), "subject"),
        (changed("subject", json!("\n")), "subject"),
        (changed("subject", json!(true)), "subject"),
        (changed("subject", json!("caf\u{fffd}")), "subject"),
        (changed("time", json!(time::rfc3339(time::now() + 10 * year))), "time"),
        (changed("time", json!(time::rfc3339(time::now() + 3600))), "time"),
        (changed("time", json!("yesterday")), "time"),
        (changed("time", json!("2026-02-30T00:00:00Z")), "time"),
        (changed("time", json!("2026-01-01T00:00:00")), "time"),
        (changed("time", json!(1_700_000_000)), "time"),
        (changed("specversion", json!("0.3")), "specversion"),
        (changed("data", json!("text")), "data"),
        (changed("data", json!([1])), "data"),
        (changed("data", json!({"x": "y".repeat(40_000)})), "data"),
        (
            changed("data", serde_json::from_str(&format!(r#"{{"x":{}}}"#, nested(100))).unwrap()),
            "data",
        ),
        (profile(json!({"email": 5})), "data.email"),
        (profile(json!({"email": "nobody"})), "data.email"),
        (profile(json!({"phone": "555"})), "data.phone"),
        (profile(json!({"consents": {"email": "yes"}})), "data.consents"),
        (profile(json!({"time_zone": "Mars/Base"})), "data.time_zone"),
        (json!({}), "id"),
        (json!([]), "event"),
        (json!("text"), "event"),
        (json!(7), "event"),
        (Value::Null, "event"),
    ]
}

/// Sends bad items between good ones: the answer names each bad one by its place, the good ones
/// reach the profile, the bad ones quarantine.
fn mixed(
    tenant: &Tenant,
    subject: &str,
    bad: &[(Vec<u8>, &str)],
    pack: impl Fn(&[Vec<u8>]) -> Answer,
) {
    let mut items = Vec::new();
    for (n, (item, _)) in bad.iter().enumerate() {
        items.push(good(subject, &format!("good-{n}")).to_string().into_bytes());
        items.push(item.clone());
    }
    let answer = pack(&items);
    assert_eq!(answer.status, 202, "{answer}");
    let taken = answer.json();
    assert_eq!(taken["accepted"], bad.len(), "{answer}");
    let refused = taken["quarantined"].as_array().unwrap();
    assert_eq!(refused.len(), bad.len());
    for (n, (refused, (item, names))) in refused.iter().zip(bad).enumerate() {
        let item = String::from_utf8_lossy(item);
        assert_eq!(refused["index"], 2 * n + 1, "{item:.200}");
        assert_eq!(refused["code"], "invalid");
        let message = refused["message"].as_str().unwrap();
        assert!(message.starts_with(names), "{names:?} does not begin {message:?} ({item:.200})");
        assert!(message.len() > names.len() + 5, "what to do: {message}");
    }
    tenant.wait_for_count(subject, "page_viewed", u64::try_from(bad.len()).unwrap());
}

#[test]
fn bad_events_are_kept_with_their_reason_and_good_ones_go_through() {
    let Some(_stack) = stack() else { return };
    let events = bad_events();
    let written: Vec<(Vec<u8>, &str)> =
        events.iter().map(|(event, names)| (event.to_string().into_bytes(), *names)).collect();
    // On lines there may be what is no JSON at all.
    let broken =
        |change: &dyn Fn(&str) -> Vec<u8>| (change(&good("u1", "broken").to_string()), "line");
    let mut lines = written.clone();
    lines.extend([
        broken(&|line| line[..line.len() / 2].into()),
        broken(&|_| b"hello, world".into()),
        broken(&|line| line.replace("u1", "u\u{1}").into()),
        broken(&|line| line.replace("\"/\"", "1e999").into()),
        broken(&|line| line.replace("\"/\"", &nested(10_000)).into()),
        broken(&|line| [line.as_bytes(), b"\xff"].concat()),
    ]);
    let array = |items: &[Vec<u8>]| [b"[".as_slice(), &items.join(&b','), b"]"].concat();

    let (tenant, packed) = (Tenant::new("bad"), Tenant::new("bad-packed"));
    mixed(&tenant, "batch", &written, |items| tenant.post(&array(items), &[BATCH]));
    mixed(&tenant, "lines", &lines, |items| tenant.post(&items.join(&b'\n'), &[LINES]));
    mixed(&packed, "packed", &lines, |items| {
        packed.post(&gzip(&items.join(&b'\n')), &[LINES, GZIP])
    });
    for (event, names) in events.iter().filter(|(event, _)| event.is_object()).take(5) {
        let answer = tenant.post(event.to_string().as_bytes(), &[ONE]);
        assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(0)), "{answer}");
        let message = answer.json()["quarantined"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(names), "{message}");
    }

    // The same thing is kept once, however often it came; each with what it was and why.
    for tenant in [&tenant, &packed] {
        let kept = tenant.quarantined();
        assert_eq!(kept.len(), lines.len());
        for item in &kept {
            assert_eq!((&item["code"], &item["stage"]), (&json!("invalid"), &json!("ingest-http")));
            assert!(item["at"].as_str().is_some_and(|at| at.starts_with("20")), "{item}");
        }
        // Profiles are checked after they were read, so they are kept as they were understood.
        for (event, names) in events.iter().filter(|(event, _)| event["type"] != "profile_updated")
        {
            let found = kept.iter().find(|item| item["payload"] == *event);
            let found = found.unwrap_or_else(|| panic!("{event:.200} is lost"));
            assert!(found["reason"].as_str().unwrap().starts_with(names), "{found}");
        }
    }
}

#[test]
fn a_string_where_a_number_belongs_is_kept_when_a_use_case_asks_for_the_number() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("number");
    let now = time::now();
    let cart = |id: &str, value: Value| {
        event("cart_updated", "u1", id, now - 60, &json!({"value": value}))
    };
    let bad = [json!("sixty"), json!("60"), json!([60]), json!(true)];
    let mut events = vec![cart("good-1", json!(10))];
    events
        .extend(bad.iter().enumerate().map(|(n, value)| cart(&format!("bad-{n}"), value.clone())));
    events.extend([cart("good-2", json!(20.5)), cart("good-3", json!(-1e300))]);
    tenant.send(&events);
    tenant.wait_for_count("u1", "cart_updated", 3);
    let kept = until("the records of the bad carts", PATIENCE, || {
        Some(tenant.quarantined()).filter(|kept| kept.len() >= bad.len())
    });
    assert_eq!(kept.len(), bad.len());
    for item in &kept {
        assert!(item["reason"].as_str().unwrap().starts_with("data.value"), "{item}");
        assert!(bad.contains(&item["payload"]["data"]["value"]), "{item}");
    }
    // Corrected, the same event is welcome.
    tenant.send(&[cart("bad-0", json!(60.0))]);
    tenant.wait_for_count("u1", "cart_updated", 4);
}

#[test]
fn odd_but_valid_json_is_taken() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("odd");
    let time = time::rfc3339(time::now() - 60);
    let lines = [
        // RFC 8259 §4 leaves names that come twice open; as nearly everywhere, the last one counts.
        format!(
            r#"{{"id":"0","id":"1","source":"/e2e","type":"a","type":"odd","subject":"x","subject":"u1","time":"{time}"}}"#
        ),
        format!(
            r#"{{"id":"2","source":"/e2e","type":"odd","subject":"u1","time":"{time}","data":{{"n":123456789012345678901234567890,"m":-0.0,"e":1e308,"s":5e-324}}}}"#
        ),
        format!(
            r#"  {{ "id" : "3" , "source":"/e2e","type":"odd","subject":"\u0075\u0031","time":"{time}","data":{{"":"","\ud83d\ude00":"\ud83d\ude00"}}}}  "#
        ),
        format!("{}{}", '\u{feff}', ""),
        r#"{"id":"4","source":"/e2e","type":"odd","subject":"u1"}"#.to_owned(),
    ];
    let answer = tenant.post(lines.join("\r\n").as_bytes(), &[LINES]);
    assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(4)), "{answer}");
    tenant.wait_for_count("u1", "odd", 4);
    assert!(tenant.profile("x").is_none());
}

/// Bytes that are no UTF-8 may reach the platform as U+FFFD, since API gateways hand JSON on as text.
/// Two customers whose ids differ in those bytes alone must not become one.
#[test]
fn ids_that_lost_their_letters_on_the_way_are_not_merged() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("letters");
    let latin1 = |letter: u8, id: &str| {
        let text = good("caf@", id).to_string();
        let place = text.find('@').unwrap();
        let mut bytes = text.into_bytes();
        bytes[place] = letter;
        bytes
    };
    let (acute, grave) = (latin1(0xe9, "1"), latin1(0xe8, "2"));
    for body in [&acute, &grave] {
        let answer = tenant.post(body, &[("content-type", "application/json")]);
        let kept = answer.status == 202 && answer.json()["accepted"] == 0;
        assert!(answer.status == 400 || kept, "{answer}");
    }
    tenant.send(&[good("café", "3")]);
    tenant.wait_for_count("café", "page_viewed", 1);
    assert!(tenant.profile("caf\u{fffd}").is_none());
}

/// Events as deep as they may be must not stop what they travel with: every envelope around them on
/// their way adds levels.
#[test]
fn deep_events_are_taken_or_kept_and_harm_nobody() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("deep");
    let now = time::now();
    let mut lines = Vec::new();
    let levels =
        [1, 10, 20, 30, 60, 100, 110, 115, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 130];
    for n in levels {
        let deep = |kind: &str| {
            let text =
                event(kind, &format!("u{n}"), kind, now - 600, &json!({"x": "here"})).to_string();
            text.replace("\"here\"", &nested(n))
        };
        lines.extend([deep("profile_updated"), deep("odd")]);
    }
    let answer = tenant.post(lines.join("\n").as_bytes(), &[LINES]);
    assert_eq!(answer.status, 202, "{answer}");
    // Each of those subjects is attacked and so are others, in one batch.
    let mut attacks = Vec::new();
    for n in levels {
        attacks.extend(failed_logins(&format!("u{n}"), 6, now - 30));
    }
    attacks.extend(failed_logins("neighbour", 6, now - 30));
    attacks.extend(crashes("neighbour", 2, now - 30));
    tenant.send(&attacks);
    tenant.wait_for_count("neighbour", "app_crashed", 2);
    let messages = tenant.wait_for_messages(levels.len() + 1);
    assert_eq!(messages.len(), levels.len() + 1);

    let kept = until("every deep event in a profile or in quarantine", PATIENCE, || {
        let kept = tenant.quarantined();
        let taken = levels.iter().map(|n| {
            let subject = format!("u{n}");
            tenant.count(&subject, "profile_updated") + tenant.count(&subject, "odd")
        });
        let taken: u64 = taken.sum();
        let all = usize::try_from(taken).unwrap() + kept.len();
        (all >= lines.len()).then_some(kept)
    });
    for item in &kept {
        assert_eq!(item["stage"], "ingest-http", "the sender is told at once: {item:.300}");
    }
    assert_eq!(answer.json()["quarantined"].as_array().unwrap().len(), kept.len());
    assert_eq!(tenant.count("u10", "odd"), 1, "what anybody would send is taken");
}
