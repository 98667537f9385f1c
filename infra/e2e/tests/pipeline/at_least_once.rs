//! Every stage delivers at least once; nobody gets a message twice. Here everything comes again for
//! real: the records of the stream, the workflow's input, the messages on the channels' queues.

use ceap_e2e::events::{crashes, customer, failed_logins};
use ceap_e2e::tap::Tap;
use ceap_e2e::{Message, PATIENCE, Tenant, aws, grace, root, stack, time, until};
use serde_json::{Value, json};

const SOURCE: &str = "198.51.100.20";
const SENTINEL: &str = "198.51.100.99";

fn person(subject: &str, phone: &str) -> Value {
    customer(subject, time::now() - 9000, &json!({"phone": phone}))
}

/// The records of the tenant's events, as they are in the stream.
fn records(tenant: &str, since: i64) -> Vec<Value> {
    let stream = aws::output("/stream");
    let kinesis = |operation: &str, body: &Value| {
        aws::call("kinesis", &format!("Kinesis_20131202.{operation}"), body)
    };
    let shards = kinesis("ListShards", &json!({"StreamName": stream}));
    let mut found = Vec::new();
    for shard in shards["Shards"].as_array().unwrap() {
        let ask = json!({"StreamName": stream, "ShardId": shard["ShardId"],
                         "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": since});
        let mut iterator = kinesis("GetShardIterator", &ask)["ShardIterator"].clone();
        loop {
            let page = kinesis("GetRecords", &json!({"ShardIterator": iterator, "Limit": 1000}));
            let records = page["Records"].as_array().unwrap();
            found.extend(records.iter().cloned());
            if records.is_empty() && page["MillisBehindLatest"].as_i64().unwrap_or(0) == 0 {
                break;
            }
            iterator = page["NextShardIterator"].clone();
        }
    }
    found.retain(|record| decoded(record["Data"].as_str().unwrap()).contains(tenant));
    found
}

/// Base64 (RFC 4648 §4) of text.
fn decoded(data: &str) -> String {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for byte in data.bytes().filter(|byte| *byte != b'=') {
        (bits, held) = (bits << 6 | u32::from(value(byte)), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The same records once more.
fn put_again(records: &[Value]) {
    for batch in records.chunks(100) {
        let again: Vec<Value> = batch
            .iter()
            .map(|it| json!({"Data": it["Data"], "PartitionKey": it["PartitionKey"]}))
            .collect();
        let request = json!({"StreamName": aws::output("/stream"), "Records": again});
        let taken = aws::call("kinesis", "Kinesis_20131202.PutRecords", &request);
        assert_eq!(taken["FailedRecordCount"], 0);
    }
}

/// Runs the workflow on an input and waits for its end.
fn execute(input: &Value) {
    let machine = aws::output("/state_machine");
    let request = json!({"stateMachineArn": machine, "input": input.to_string()});
    let ended = aws::call("states", "AWSStepFunctions.StartSyncExecution", &request);
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
}

/// What `deliver` puts on a channel's queue: the recorded payload of that channel with these fields.
fn dispatch(channel: &str, fields: &Value) -> String {
    let file = root().join(format!("events/deliver-{channel}/one.json"));
    let payload: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut body: Value =
        serde_json::from_str(payload["Records"][0]["body"].as_str().unwrap()).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        assert!(body.get(name).is_some(), "a dispatch has no {name}: {body}");
        body[name] = value.clone();
    }
    body.to_string()
}

fn to(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.to.as_str()).collect()
}

#[test]
fn what_comes_again_at_any_stage_sends_nothing_again() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("again");
    let tap = Tap::on(&tenant.name);
    let began = time::now() - 1;
    let mut events = vec![person("ada", "+15555550131")];
    events.extend(failed_logins(SOURCE, 7, began));
    events.extend(crashes("ada", 5, began));
    tenant.send(&events);
    let first = tenant.wait_for_messages(2);
    assert_eq!(to(&first), [tenant.security().as_str(), "+15555550131"]);
    let inputs = tap.take();
    assert!(!inputs.is_empty(), "signals crossed the bus");

    // The stream: in order, then newest first.
    let mut records = records(&tenant.name, began - 5);
    assert_eq!(records.len(), events.len());
    put_again(&records);
    records.reverse();
    put_again(&records);

    // The workflow: two at once, and one later.
    std::thread::scope(|scope| {
        for input in inputs.iter().flat_map(|input| [input, input]) {
            scope.spawn(|| execute(input));
        }
    });
    inputs.iter().for_each(execute);

    // The queues: each message three times.
    let sent = tenant.records();
    assert_eq!(sent.len(), 2);
    for record in sent.iter().map(aws::plain) {
        let channel = record["channel"].as_str().unwrap();
        let recipient = if channel == "sms" { "+15555550131" } else { &tenant.security() };
        let expires = time::rfc3339(time::now() + 3600);
        let fields = json!({"tenant": tenant.name, "id": record["id"], "to": recipient,
            "from": format!("no-reply@{}.example.com", tenant.name), "expires_at": expires});
        let body = dispatch(channel, &fields);
        for _ in 0..3 {
            aws::enqueue(&format!("deliver-{channel}"), &body);
        }
    }

    // When these have passed all stages, so has all that came before them.
    let mut last = vec![person("zoe", "+15555550199")];
    last.extend(failed_logins(SENTINEL, 6, time::now()));
    last.extend(crashes("zoe", 4, time::now()));
    tenant.send(&last);
    let _ = tenant.wait_for_messages(4);
    grace();
    let all = tenant.messages();
    let expected =
        [tenant.security(), tenant.security(), "+15555550131".into(), "+15555550199".into()];
    assert_eq!(to(&all), expected);
    tenant.wait_for_count(SOURCE, "login_failed", 7);
    tenant.wait_for_count("ada", "app_crashed", 5);
    assert_eq!(tenant.records().len(), 4);
    assert_eq!(tenant.quarantined(), Vec::<Value>::new());
}

/// A message's record in the table, and its copies on the queue.
struct Left {
    name: &'static str,
    state: &'static str,
    copies: usize,
    expires_in: i64,
    ends: &'static str,
}

#[test]
fn a_sender_that_died_is_not_followed_by_a_second_message() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("died");
    tenant.send(&failed_logins(SOURCE, 6, time::now()));
    let _ = tenant.wait_for_messages(1);
    // A record that the platform itself wrote is the pattern of those below.
    let pattern = until("the record of what was sent", PATIENCE, || {
        let record = tenant.records().into_iter().next()?;
        (record["state"]["S"] == "sent").then_some(record)
    });
    let cases = [
        // It died after it had claimed the message, long ago: nobody knows whether it was sent.
        Left { name: "died", state: "sending", copies: 1, expires_in: 3600, ends: "unknown" },
        Left {
            name: "died-thrice",
            state: "sending",
            copies: 3,
            expires_in: 3600,
            ends: "unknown",
        },
        // It died after it had put the message on the queue, or did so several times.
        Left { name: "queued-thrice", state: "queued", copies: 3, expires_in: 3600, ends: "sent" },
        // What is settled stays so.
        Left { name: "settled", state: "sent", copies: 2, expires_in: 3600, ends: "sent" },
        Left { name: "unknown", state: "unknown", copies: 2, expires_in: 3600, ends: "unknown" },
        Left { name: "failed", state: "failed", copies: 2, expires_in: 3600, ends: "failed" },
        // Too late to be worth sending.
        Left { name: "expired", state: "queued", copies: 2, expires_in: -1, ends: "expired" },
    ];
    let address = |name: &str| format!("{name}@{}.example.com", tenant.name);
    for (n, left) in cases.iter().enumerate() {
        let id = format!("{:032x}", n + 1);
        let mut record = pattern.clone();
        let fields = record.as_object_mut().unwrap();
        fields.remove("provider_id");
        fields.remove("provider_key");
        fields.remove("sort_key");
        fields.insert("pk".into(), json!({"S": format!("{}#M#{id}", tenant.name)}));
        fields.insert("id".into(), json!({"S": id}));
        fields.insert("state".into(), json!({"S": left.state}));
        let long_ago = (time::now() - 900) * 1000;
        fields.insert("claimed_at".into(), json!({"N": long_ago.to_string()}));
        aws::put_item("engagement", &record);
        let expires = time::rfc3339(time::now() + left.expires_in);
        let fields = json!({"tenant": tenant.name, "id": id, "to": address(left.name),
            "from": address("no-reply"), "expires_at": expires});
        for _ in 0..left.copies {
            aws::enqueue("deliver-email", &dispatch("email", &fields));
        }
    }
    tenant.send(&failed_logins(SENTINEL, 6, time::now()));
    let _ = tenant.wait_for_messages(3);
    let state = |n: usize| {
        let message = tenant.message(&format!("{:032x}", n + 1));
        message["state"].as_str().unwrap().to_owned()
    };
    for (n, left) in cases.iter().enumerate() {
        until(&format!("{} to end {}", left.name, left.ends), PATIENCE, || {
            (state(n) == left.ends).then_some(())
        });
    }
    grace();
    let all = tenant.messages();
    let security = tenant.security();
    assert_eq!(to(&all), [address("queued-thrice"), security.clone(), security]);
    for (n, left) in cases.iter().enumerate() {
        assert_eq!(state(n), left.ends, "{}", left.name);
    }
}
