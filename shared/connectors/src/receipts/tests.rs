//! Recorded payloads, and those same payloads with anything in them gone or of another type.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The recorded payloads of `events/receipts`: name, and the bodies as [`queue`] gets them.
fn recorded() -> Vec<(String, Vec<String>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/receipts");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let bodies = match value.get("Records").and_then(Value::as_array) {
            Some(records) => {
                records.iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
            }
            None => vec![text],
        };
        (name, bodies)
    };
    files.iter().map(read).collect()
}

/// One word for each item that is told.
fn summary(told: &Told) -> String {
    match told {
        Told::News(News::Receipt(receipt)) => {
            let reasons = receipt.suppress.iter().map(|entry| entry.2.as_str());
            let words: Vec<&str> = std::iter::once(receipt.state.as_str()).chain(reasons).collect();
            words.join("+")
        }
        Told::News(News::Inbound(_)) => "inbound".to_owned(),
        Told::Other => "other".to_owned(),
        Told::Bad { .. } => "bad".to_owned(),
    }
}

#[test]
fn the_recorded_payloads_tell_what_they_are_named_for() {
    let seen: BTreeMap<String, Vec<String>> = recorded()
        .into_iter()
        .map(|(name, bodies)| {
            (name, bodies.iter().flat_map(|body| queue(body)).map(|told| summary(&told)).collect())
        })
        .collect();
    let expected = [
        ("eum-delivered", "delivered"),
        ("eum-sns", "bounced+bounce"),
        ("eum-voice", "delivered"),
        ("foreign", "other"),
        ("of-no-interest", "other other other"),
        ("ses-bounced", "bounced+bounce"),
        ("ses-bounced-soft", "failed"),
        ("ses-complained", "complained+complaint"),
        ("ses-delivered", "delivered"),
        ("ses-sns", "opened clicked"),
        ("ses-sns-raw", "delivered"),
        ("sms-inbound", "inbound"),
        ("sns-sms-logs", "delivered failed+stop"),
        ("unreadable", "bad bad bad bad"),
    ];
    let expected: BTreeMap<String, Vec<String>> = expected
        .into_iter()
        .map(|(name, words)| (name.to_owned(), words.split(' ').map(str::to_owned).collect()))
        .collect();
    assert_eq!(seen, expected);
}

/// No address, number or text of a person leaves by the detail, whatever the provider wrote.
fn harmless(told: &[Told]) {
    for told in told {
        if let Told::News(News::Inbound(inbound)) = told {
            let ids = [&inbound.id, &inbound.from, &inbound.to];
            assert!(ids.iter().all(|id| (1..=LONGEST_ID).contains(&id.len())), "{inbound:?}");
            assert!(YEARS.contains(&inbound.at.as_second()));
        }
        let Told::News(News::Receipt(receipt)) = told else { continue };
        let id = receipt.provider_id.as_deref().unwrap_or("-");
        assert!((1..=LONGEST_ID).contains(&id.len()), "{id:?}");
        let detail = receipt.detail.as_deref().unwrap_or("-");
        assert!(!detail.is_empty() && detail.len() <= LONGEST_DETAIL, "{detail:?}");
        assert!(!detail.contains('@') && !detail.contains("5555550123"), "{detail:?}");
        assert!(YEARS.contains(&receipt.at.as_second()));
    }
}

#[test]
fn details_are_harmless() {
    for (_, bodies) in recorded() {
        bodies.iter().for_each(|body| harmless(&queue(body)));
    }
}

/// What a field becomes; nothing means that it goes.
fn replacement() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        any::<bool>().prop_map(|it| Some(it.into())),
        any::<i64>().prop_map(|it| Some(it.into())),
        any::<f64>().prop_map(|it| Some(it.into())),
        ".{0,40}".prop_map(|it| Some(it.into())),
        Just(Some(json!([]))),
        Just(Some(json!({}))),
        Just(Some(json!(["acme", {"emailAddress": ["ada@example.com +1 555 555 0123"]}]))),
        Just(Some(json!("9".repeat(5000)))),
    ]
}

/// Changes the `pick`th value of `value`, counting from it; what is left to count comes back.
fn change(value: &mut Value, pick: usize, to: &Option<Value>) -> Result<(), usize> {
    let mut left = pick;
    match value {
        Value::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            for name in names {
                if left == 0 {
                    replace(fields, &name, to);
                    return Ok(());
                }
                match change(fields.get_mut(&name).unwrap(), left.saturating_sub(1), to) {
                    Ok(()) => return Ok(()),
                    Err(rest) => left = rest,
                }
            }
        }
        Value::Array(all) => {
            for position in 0..all.len() {
                if left == 0 {
                    match to {
                        Some(to) => all[position] = to.clone(),
                        None => drop(all.remove(position)),
                    }
                    return Ok(());
                }
                match change(&mut all[position], left.saturating_sub(1), to) {
                    Ok(()) => return Ok(()),
                    Err(rest) => left = rest,
                }
            }
        }
        _ => {}
    }
    Err(left)
}

fn replace(fields: &mut Map<String, Value>, name: &str, to: &Option<Value>) {
    match to {
        Some(to) => drop(fields.insert(name.to_owned(), to.clone())),
        None => drop(fields.remove(name)),
    }
}

/// The payload as it is taken apart: SNS and CloudWatch Logs wrap JSON in text.
fn opened(body: &str) -> Value {
    let mut value: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(message) = text(&value, "/Message").and_then(|text| serde_json::from_str(text).ok())
    {
        value["Message"] = message;
    }
    value
}

fn closed(mut value: Value) -> String {
    if value.get("Message").is_some_and(Value::is_object) {
        value["Message"] = value["Message"].to_string().into();
    }
    value.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_payload_with_anything_changed_is_read_or_told_bad(
        file in any::<proptest::sample::Index>(),
        changes in prop::collection::vec((0_usize..90, replacement()), 1..4),
    ) {
        let recorded = recorded();
        let (_, bodies) = file.get(&recorded);
        for body in bodies {
            let mut value = opened(body);
            for (pick, to) in &changes {
                let _ = change(&mut value, *pick, to);
            }
            let told = queue(&closed(value.clone()));
            harmless(&told);
            let acme = TenantId::new("acme").unwrap();
            harmless(&whatsapp::callback(&acme, value.to_string().as_bytes()));
        }
    }

    #[test]
    fn a_log_with_anything_changed_is_read_or_told_bad(
        pick in 0_usize..16,
        inner in 0_usize..16,
        to in replacement(),
    ) {
        let mut log = json!({
            "notification": {"messageId": "34d9b400", "timestamp": "2026-11-21 10:00:00.558"},
            "delivery": {"destination": "+15555550123", "providerResponse": "Invalid phone number"},
            "status": "FAILURE",
        });
        let _ = change(&mut log, inner, &to);
        let event = json!({"id": "3", "timestamp": 1_795_255_205_000_i64, "message": log.to_string()});
        let mut payload = json!({"messageType": "DATA_MESSAGE", "logEvents": [event]});
        let _ = change(&mut payload, pick, &to);
        harmless(&sns_sms::logs(&sns_sms::tests::pack(payload.to_string().as_bytes())));
    }

    #[test]
    fn a_callback_with_anything_changed_is_read_or_told_bad(
        changes in prop::collection::vec((0_usize..45, replacement()), 1..4),
    ) {
        let mut callback = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
                "metadata": {"phone_number_id": "106540352242922"},
                "statuses": [{
                    "id": "wamid.HBgL", "status": "failed", "timestamp": "1795255205",
                    "recipient_id": "15555550123", "errors": [{"code": 131_050}],
                    "biz_opaque_callback_data": "acme/7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
                }],
                "messages": [{
                    "from": "15555550123", "id": "wamid.IN", "timestamp": 1_795_255_205,
                    "type": "interactive", "context": {"id": "wamid.HBgL"},
                    "interactive": {"type": "button_reply", "button_reply": {"title": "Yes"}},
                }],
            }}]}],
        });
        for (pick, to) in &changes {
            let _ = change(&mut callback, *pick, to);
        }
        let acme = TenantId::new("acme").unwrap();
        let told = whatsapp::callback(&acme, callback.to_string().as_bytes());
        harmless(&told);
        prop_assert!(!told.is_empty());
    }

    #[test]
    fn any_text_and_any_json_is_told(text in ".{0,200}", name in "[a-zA-Z-]{1,12}", to in replacement()) {
        prop_assert_eq!(queue(&text).len(), 1);
        let value = json!({name: to, "Type": text});
        prop_assert_eq!(queue(&value.to_string()).len(), 1);
    }
}
