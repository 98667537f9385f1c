//! One request's story, told by the logs of every function on its way.

use ceap_e2e::{PATIENCE, Tenant, aws, event, http, stack, time, until};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const STAGES: [&str; 7] =
    ["ingest-http", "ingest-stream", "filter", "score", "store", "deliver", "deliver-email"];

const USE_CASE: &str = "id: story\nversion: 1\nname: Story\npurpose: transactional\n\
    trigger: {event: story_begun}\nscore: {kind: expression, base: 1, terms: []}\nttl: 1h\n\
    action: {channel: email, subject: Story, text: 'It began'}\n";

/// The lines of a function's log that hold a text.
fn lines(function: &str, text: &str) -> Vec<Value> {
    let group = format!("/aws/lambda/{}", aws::output(&format!("/functions/{function}")));
    let ask =
        json!({"logGroupName": group, "filterPattern": format!("\"{text}\""), "limit": 10_000});
    let found = aws::call("logs", "Logs_20140328.FilterLogEvents", &ask);
    let messages = found["events"].as_array().unwrap().iter();
    let messages = messages.filter_map(|it| it["message"].as_str()).filter(|it| it.contains(text));
    messages.filter_map(|it| serde_json::from_str(it).ok()).collect()
}

#[test]
fn a_trace_is_followed_from_the_request_to_the_provider() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("story");
    let address = format!("ada@{}.example.com", tenant.name);
    let person = json!({"email": address});
    tenant.send(&[event("profile_updated", "ada", "p", time::now() - 60, &person)]);
    tenant.wait_for_count("ada", "profile_updated", 1);
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let url = format!("{}/v1/use-cases/story", aws::API);
    let kept = http::call("PUT", &url, &headers, USE_CASE.as_bytes());
    assert_eq!(kept.status, 201, "{kept}");

    // Use cases are remembered for ten seconds: the first event that comes after them leads to the email.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (mark, count) = (format!("{:016x}", since.as_micros()), std::cell::Cell::new(0));
    until("an email", PATIENCE, || {
        let n = count.replace(count.get() + 1);
        let parent = format!("00-{:08x}{mark}{n:08x}-53995c3f42cd8ad8-01", since.as_secs());
        let begun = event("story_begun", "ada", &format!("s-{n}"), time::now(), &json!({}));
        let headers = [("content-type", "application/json"), ("traceparent", parent.as_str())];
        let answer = tenant.post(begun.to_string().as_bytes(), &headers);
        assert_eq!(answer.status, 202, "{answer}");
        std::thread::sleep(Duration::from_secs(2));
        (!tenant.messages().is_empty()).then_some(())
    });
    let trace = until("the sender's line", PATIENCE, || {
        let sent = lines("deliver-email", &mark);
        let links = sent.iter().filter_map(|it| it["links"].as_array()).flatten();
        links.filter_map(Value::as_str).find(|it| it.contains(&mark)).map(str::to_owned)
    });
    for stage in STAGES {
        let found = until(&format!("the line of {stage}"), PATIENCE, || {
            let found = lines(stage, &trace);
            (!found.is_empty()).then_some(found)
        });
        let named = found.iter().any(|it| {
            let linked = it["links"].as_array().is_some_and(|all| all.contains(&json!(trace)));
            (it["trace_id"] == json!(trace) || linked) && it["request_id"].is_string()
        });
        assert!(named, "{stage}: {found:?}");
        assert!(found.iter().all(|it| !it.to_string().contains(&address)), "{stage}: {found:?}");
    }
}
