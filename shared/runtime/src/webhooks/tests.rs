//! A webhook as Shopify sends it (`events/ingest-webhook`), and what goes wrong.

use super::*;
use crate::http::answered;
use ceap_engagement::secret::Secret;
use ceap_engagement::source::library::Stored;
use ceap_testkit::World;
use ceap_testkit::builders::{noon, tenant};
use serde_json::json;

/// The secrets of `acme`.
struct Known(&'static str);

impl Secrets for Known {
    async fn get(&self, _: &TenantId, name: &str) -> Result<Secret, Fault> {
        match name {
            "source_shop" if !self.0.is_empty() => Ok(Secret::new(self.0)),
            _ => Err(Fault::NotFound("there is no such secret".to_owned())),
        }
    }
}

/// Requests that a tenant may make in a minute here.
const MOST: u64 = 20;

type Taking = Hooks<World, Known, World, World, World, World>;

async fn hooks(secret: &'static str) -> (World, Taking) {
    let world = World::new(noon());
    let document = json!({"id": "shop", "name": "Shop", "from": {"webhook": {
        "signature": "shopify", "secret": "source_shop", "mapping": {
            "type": "'order_placed'", "subject": "row.customer.id", "id": "row.id",
            "time": "row.created_at", "data": {"value": "double(row.total_price)"}}}}});
    let document = serde_json::from_value(document).unwrap();
    let stored = Stored { version: 1, updated_at: noon(), document };
    Sources::put(&world, &tenant("acme"), &stored).await.unwrap();
    let (sources, stream, quarantine) = (world.clone(), world.clone(), world.clone());
    let (clock, limit) = (world.clone(), Limit::new(world.clone(), world.clone(), MOST));
    (world, Hooks { sources, secrets: Known(secret), stream, quarantine, clock, limit })
}

fn recorded() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/ingest-webhook/shopify.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn what_its_source_signed_becomes_an_event() {
    let (world, hooks) = hooks("older hush").await;
    let answer = answered(async |asked: &Asked| hooks.take(asked).await, &recorded()).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let stores = world.stores();
    let event = &stores.stream[0].event;
    assert_eq!((event.kind.as_str(), event.source.as_str()), ("order_placed", "shop"));
    assert_eq!(
        (event.id.as_str(), event.subject.as_str()),
        ("820982911946154508", "115310627314723954")
    );
    assert_eq!(Value::Object(event.data.clone()), json!({"value": 409.94}));
    assert_eq!(event.time, "2026-11-21T09:59:58Z".parse().unwrap());
    assert!(stores.source_problems.is_empty());
}

#[tokio::test]
async fn what_nobody_known_signed_is_refused_and_the_source_tells() {
    for (secret, said) in
        [("another", "is not one of this source's secret"), ("", "no secret `source_shop`")]
    {
        let (world, hooks) = hooks(secret).await;
        let answer = answered(async |asked: &Asked| hooks.take(asked).await, &recorded()).await;
        assert_eq!(answer["statusCode"], 401, "{answer}");
        let problem =
            world.problem(&tenant("acme"), &SourceId::new("shop").unwrap()).await.unwrap();
        let problem = problem.unwrap();
        assert_eq!((problem.code.as_str(), problem.at), ("unauthorized", noon()));
        assert!(problem.message.contains(said), "{problem:?}");
        assert!(world.stores().stream.is_empty() && world.stores().quarantine.is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_what_is_no_source_is_not_there() {
    let (world, hooks) = hooks("hush").await;
    let mut page = recorded();
    page["body"] = json!("<html>");
    // Python: base64.b64encode(hmac.new(b"hush", b"<html>", hashlib.sha256).digest())
    page["headers"]["x-shopify-hmac-sha256"] =
        json!("w1OTKVgx6AxLTzH+JYJDvP2Dr7K47oGLQQDUzi05TAQ=");
    let answer = answered(async |asked: &Asked| hooks.take(asked).await, &page).await;
    assert_eq!(answer["statusCode"], 400, "{answer}");
    let kept: Vec<(String, Value)> = {
        let stores = world.stores();
        stores.quarantine.iter().map(|it| (it.reason.clone(), it.payload.clone())).collect()
    };
    assert_eq!(kept.len(), 1);
    assert!(kept[0].0.starts_with("body: must be JSON"), "{kept:?}");
    assert_eq!(kept[0].1, json!({"source": "shop", "body": "<html>"}));
    for (name, value) in [("source", "other"), ("tenant", "globex"), ("source", "NO")] {
        let mut elsewhere = recorded();
        elsewhere["pathParameters"][name] = json!(value);
        let answer = answered(async |asked: &Asked| hooks.take(asked).await, &elsewhere).await;
        assert_eq!(answer["statusCode"], 404, "{answer}");
    }
}

#[tokio::test]
async fn who_signs_may_send_so_much_and_who_does_not_uses_up_none_of_it() {
    let (_, hooks) = hooks("hush").await;
    let sent = async |event: Value| {
        let answer = answered(async |asked: &Asked| hooks.take(asked).await, &event).await;
        answer["statusCode"].as_u64().unwrap()
    };
    let mut forged = recorded();
    forged["headers"]["x-shopify-hmac-sha256"] = "AAAA".into();
    for _ in 0..MOST * 2 {
        assert_eq!(sent(forged.clone()).await, 401);
    }
    for _ in 0..MOST {
        assert_eq!(sent(recorded()).await, 200);
    }
    assert_eq!(sent(recorded()).await, 429);
}
