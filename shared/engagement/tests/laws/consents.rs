//! Consents and suppression lists as the team keeps them: what is wrong is named, what is right goes
//! on, and what goes out can be brought in again.

use crate::preferences::Keys;
use ceap_engagement::consents::{Consents, MOST, Put};
use ceap_engagement::lines::Imported;
use ceap_engagement::link::{Allows, Links, Signer};
use ceap_engagement::message::{Dispatch, State};
use ceap_engagement::pipeline::request::Desk;
use ceap_engagement::secret::Secret;
use ceap_engagement::suppression::Reason;
use ceap_engagement::suppression::api::Lists;
use ceap_engagement::use_case::{Purpose, Settings};
use ceap_kernel::{Fault, SignedDuration, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{
    after_noon, customer, event, noon, plan_with, settings, subject, tenant,
};
use serde_json::{Value, json};

const CHANNELS: [&str; 3] = ["email", "sms", "push"];

type MessageDesk = Desk<World, World, World, World, World, World, World, World>;

struct House {
    world: World,
    consents: Consents<World, World, World, World, Keys, MessageDesk, World, World>,
    lists: Lists<World, World, World>,
    tenant: TenantId,
}

impl House {
    fn new() -> Self {
        let tenant = tenant("acme");
        let settings = Settings { brand: Some("{{ Shop }} & <Co>".to_owned()), ..settings() };
        let world = World::new(noon()).with(&tenant, plan_with(settings, &[]));
        let desk = Desk {
            subjects: world.clone(),
            use_cases: world.clone(),
            gates: world.gates(),
            queues: world.clone(),
        };
        let consents = Consents {
            subjects: world.clone(),
            use_cases: world.clone(),
            suppressions: world.clone(),
            events: world.clone(),
            links: Links::new(Keys, "https://ceap.example"),
            confirmations: desk,
            addresses: world.clone(),
            channels: CHANNELS.to_vec(),
            clock: world.clone(),
        };
        let lists = Lists {
            keeper: world.clone(),
            addresses: world.clone(),
            channels: CHANNELS.to_vec(),
            clock: world.clone(),
        };
        Self { world, consents, lists, tenant }
    }

    async fn with_customer() -> Self {
        let house = Self::new();
        house.world.ingest(&[customer("u1").of(&house.tenant)]).await;
        house
    }

    async fn put(&self, put: Value) -> Result<Value, Fault> {
        let put: Put = serde_json::from_value(put).unwrap();
        let (taken, _) = self.consents.put(&self.tenant, &put).await?;
        Ok(serde_json::to_value(taken).unwrap())
    }

    async fn of(&self, subject: &str) -> Value {
        let of = self.consents.of(&self.tenant, Some(subject)).await.unwrap();
        serde_json::to_value(of).unwrap()
    }

    async fn import(&self, body: &str) -> Imported {
        self.consents.import(&self.tenant, "application/x-ndjson", body.as_bytes()).await.unwrap()
    }

    async fn fold(&self) {
        let told = std::mem::take(&mut self.world.stores().stream);
        self.world.ingest(&told).await;
    }

    fn queued(&self) -> Vec<Dispatch> {
        self.world.stores().queue.iter().cloned().collect()
    }

    async fn export(&self) -> Vec<Value> {
        let (mut lines, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.consents.export(&self.tenant, cursor.as_deref()).await.unwrap();
            lines.extend(page.body.lines().map(|line| serde_json::from_str(line).unwrap()));
            cursor = page.next;
            if cursor.is_none() {
                return lines;
            }
        }
    }
}

fn told(imported: &Imported) -> Vec<(usize, &str)> {
    imported.refused.iter().map(|it| (it.line, it.field.as_str())).collect()
}

#[tokio::test]
async fn what_is_said_is_shown_with_its_evidence() {
    let house = House::with_customer().await;
    let taken = house
        .put(json!({"subject": "u1", "consents": {
            "email.marketing": {"given": true, "how": "checkout form", "text": "2026-03"},
            "sms": false,
            "push": null,
        }}))
        .await
        .unwrap();
    assert_eq!(taken, json!({"subject": "u1", "accepted": ["email.marketing", "push", "sms"]}));
    house.fold().await;
    let noon = "2026-11-21T12:00:00Z";
    assert_eq!(
        house.of("u1").await,
        json!({"subject": "u1", "consents": {
            "email": {"given": true, "at": "2026-11-21T10:00:00Z"},
            "email.marketing": {"given": true, "at": noon, "how": "checkout form", "text": "2026-03"},
            "sms": {"given": false, "at": noon, "how": "API"},
        }})
    );
    let nobody = house.consents.of(&house.tenant, Some("nobody")).await;
    assert!(matches!(nobody, Err(Fault::NotFound(_))));
}

#[tokio::test]
async fn mistakes_are_named_and_nothing_is_taken() {
    let house = House::with_customer().await;
    for (consents, says) in [
        (json!({}), "consents: must name 1 to 20"),
        (
            json!({"emial.marketing": true}),
            "consents.emial.marketing: must be named by a channel (em",
        ),
        (json!({"email.news": true}), "consents.email.news: must be named by a channel"),
        (json!({"email": "yes"}), "consents.email: must be true, false, null or"),
        (json!({"email": {"marketing": true}}), "consents.email: must be true, false, null or"),
        (json!({"email": {"given": true, "how": ""}}), "consents.email.how: must be 1 to 256"),
        (json!({"sms": false, "email": {"given": 1}}), "consents.email: must be true"),
    ] {
        let fault = house.put(json!({"subject": "u1", "consents": consents})).await.unwrap_err();
        assert!(fault.to_string().starts_with(says), "{fault}");
    }
    for name in ["email", "marketing"] {
        let put = json!({"subject": "u1", "consents": {name: true}, "double_opt_in": true});
        let fault = house.put(put).await.unwrap_err().to_string();
        assert!(fault.contains("needs channel and purpose to be confirmed"), "{fault}");
    }
    assert!(house.world.stores().stream.is_empty() && house.queued().is_empty());
}

#[tokio::test]
async fn double_opt_in_grants_nothing_and_asks_once_a_day() {
    let house = House::with_customer().await;
    let said =
        json!({"email.marketing": {"given": true, "text": "2026-03"}, "sms.marketing": false});
    let put = json!({"subject": "u1", "consents": said, "double_opt_in": true});
    let taken = house.put(put.clone()).await.unwrap();
    assert_eq!(taken["accepted"], json!(["sms.marketing"]));
    assert_eq!(taken["confirmations"][0]["consent"], "email.marketing");
    assert_eq!(taken["confirmations"][0]["message"]["state"], "queued");
    house.world.pass(SignedDuration::from_hours(1));
    let again = house.put(put.clone()).await.unwrap();
    assert_eq!(
        again["confirmations"][0]["message"]["id"],
        taken["confirmations"][0]["message"]["id"]
    );
    house.world.pass(SignedDuration::from_hours(24));
    let tomorrow = house.put(put).await.unwrap();
    assert_ne!(
        tomorrow["confirmations"][0]["message"]["id"],
        taken["confirmations"][0]["message"]["id"]
    );
    house.fold().await;
    assert!(house.of("u1").await["consents"].get("email.marketing").is_none());

    let message = house.queued().remove(0);
    assert_eq!(message.purpose, Purpose::Transactional);
    assert_eq!(message.to, "u1@customers.example.com");
    assert_eq!(message.content.subject.as_deref(), Some("{{ Shop }} & <Co>: Please confirm"));
    let (_, url) = message.content.text.split_once(": ").unwrap();
    let url = url.split_whitespace().next().unwrap();
    let html = message.content.html.unwrap();
    assert!(html.contains("&lt;Co&gt;") && html.contains(&format!("href=\"{url}\"")), "{html}");
    let token = url.strip_prefix("https://ceap.example/v1/confirm/").unwrap();
    let signer = Signer::new(house.tenant.clone(), Secret::new("key of acme"));
    let allows = signer.read(token, after_noon(6 * 86_400)).unwrap();
    let Allows::Confirm { subject: who, consent, text, address, .. } = allows else { panic!() };
    assert_eq!((who, consent.as_str()), (subject("u1"), "email.marketing"));
    assert_eq!(text.as_deref(), Some("2026-03"));
    assert_eq!(address, Some(message.to));
    assert!(signer.read(token, after_noon(8 * 86_400)).is_err());
}

#[tokio::test]
async fn who_is_asked_is_asked_in_its_language_and_by_any_channel() {
    let house = House::with_customer().await;
    let german = event("profile_updated", "u1", "l").data(json!({
        "locale": "de-CH", "devices": {"a": {"channel": "push", "address": "fcm:1"},
                                       "b": {"channel": "push", "address": "fcm:2"}}}));
    house.world.ingest(&[german.of(&house.tenant)]).await;
    let consents = json!({"email.marketing": true, "sms.marketing": true, "push.marketing": true});
    house.put(json!({"subject": "u1", "consents": consents, "double_opt_in": true})).await.unwrap();
    let queued = house.queued();
    assert_eq!(queued.len(), 3);
    assert!(queued.iter().all(|it| it.content.text.starts_with("Bitte bestätigen Sie")));
    let push = queued.iter().find(|it| it.channel == "push").unwrap();
    assert_eq!((push.to.as_str(), push.others.len()), ("fcm:1", 1));
    assert!(push.content.link.as_ref().unwrap().starts_with("https://ceap.example/v1/confirm/"));
}

#[tokio::test]
async fn who_cannot_be_asked_is_told_of() {
    let house = House::new();
    let put =
        json!({"subject": "new", "consents": {"email.marketing": true}, "double_opt_in": true});
    let taken = house.put(put).await.unwrap();
    let message = &taken["confirmations"][0]["message"];
    assert_eq!(
        (&message["state"], &message["reason"]),
        (&json!("suppressed"), &json!("no_address"))
    );
    let record = house.world.stores().messages.values().next().unwrap().record.clone();
    assert_eq!(record.state, State::Suppressed);
}

#[tokio::test]
async fn a_consent_that_has_no_effect_is_told_of() {
    let house = House::with_customer().await;
    let address = "u1@customers.example.com";
    let listed = json!({"channel": "email", "address": address, "reason": "unsubscribe"});
    house.lists.put(&house.tenant, serde_json::from_value(listed).unwrap()).await.unwrap();
    let put = json!({"subject": "u1", "consents": {"email.marketing": true, "sms": true}});
    let taken = house.put(put).await.unwrap();
    assert_eq!(taken["suppressed"], json!([{"channel": "email", "reason": "unsubscribe"}]));
    // Only its owner, or the team by name, takes an address off the list.
    assert_eq!(house.world.stores().suppressed.len(), 1);
}

#[tokio::test]
async fn bad_lines_in_the_middle_stop_nobody() {
    let house = House::new();
    let imported = house
        .import(concat!(
            "{\"subject\": \"a\", \"consent\": \"email\", \"given\": true, \"how\": \"old shop\"}\n",
            "{\"subject\": \"b\", \"consent\": \"email\"}\n",
            "{\"subject\": \"\", \"consent\": \"email\", \"given\": true}\n",
            "not JSON\n",
            "{\"subject\": \"c\", \"consent\": \"fax\", \"given\": true}\n",
            "{\"subject\": \"c\", \"consent\": \"sms\", \"given\": false, \"at\": \"2027-01-01T00:00:00Z\"}\n",
            "{\"subject\": \"c\", \"consent\": \"sms\", \"given\": false, \"who\": \"me\"}\n",
            "\n",
            "{\"subject\": \"d\", \"consent\": \"sms.marketing\", \"given\": \"FALSE\", \"at\": \"2020-01-01T00:00:00Z\"}\n",
        ))
        .await;
    assert_eq!(imported.accepted, 2);
    let expected =
        [(2, "given"), (3, "subject"), (4, "line"), (5, "consent"), (6, "at"), (7, "who")];
    assert_eq!(told(&imported), expected);
    house.fold().await;
    assert_eq!(house.of("a").await["consents"]["email"]["how"], "old shop");
    assert_eq!(house.of("d").await["consents"]["sms.marketing"]["at"], "2020-01-01T00:00:00Z");

    let many = "{\"subject\": \"a\", \"consent\": \"email\", \"given\": true}\n".repeat(MOST + 1);
    let fault = house.consents.import(&house.tenant, "", many.as_bytes()).await.unwrap_err();
    assert_eq!(fault.to_string(), "body: has 501 lines; send at most 500 at once");
}

#[tokio::test]
async fn what_was_said_later_outweighs_what_is_brought_in_with_an_older_instant() {
    let house = House::with_customer().await;
    house.put(json!({"subject": "u1", "consents": {"email.marketing": false}})).await.unwrap();
    let csv = "subject,consent,given,at,how\nu1,email.marketing,true,2026-11-20T00:00:00Z,\"form, old\"\n";
    let imported = house.consents.import(&house.tenant, "text/csv", csv.as_bytes()).await.unwrap();
    assert_eq!(imported.accepted, 1);
    house.fold().await;
    assert_eq!(house.of("u1").await["consents"]["email.marketing"]["given"], false);
}

#[tokio::test]
async fn what_goes_out_can_be_brought_in_elsewhere() {
    let house = House::new();
    let mut lines = String::new();
    for n in 0..250 {
        let given = n % 2 == 0;
        lines += &json!({"subject": format!("ü{n}"), "consent": "email.marketing", "given": given,
                         "at": "2026-01-01T00:00:00Z", "how": "form \"1\"", "text": "v1"})
        .to_string();
        lines.push('\n');
    }
    assert_eq!(house.import(&lines).await.accepted, 250);
    house.fold().await;
    let mut exported = house.export().await;
    assert_eq!(exported.len(), 250);
    let other = House::new();
    let body: String = exported.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(other.import(&body).await, Imported { accepted: 250, refused: vec![] });
    other.fold().await;
    let mut again = other.export().await;
    for lines in [&mut exported, &mut again] {
        lines.sort_by_key(Value::to_string);
    }
    assert_eq!(again, exported);
    assert_eq!(exported[0]["at"], "2026-01-01T00:00:00Z");

    let bad = house.consents.export(&house.tenant, Some("99:x")).await.unwrap_err().to_string();
    assert!(bad.starts_with("cursor: is none of ours"), "{bad}");
}

#[tokio::test]
async fn lists_are_kept_by_hand() {
    let house = House::new();
    let put = |value: Value| {
        let put = serde_json::from_value(value).unwrap();
        house.lists.put(&house.tenant, put)
    };
    let page = put(json!({"channel": "email", "address": "a@b.ch", "note": "asked by phone"}));
    let page = page.await.unwrap();
    assert_eq!((page.entries[0].reason, page.entries[0].at), (Reason::Manual, noon()));
    house.world.pass(SignedDuration::from_secs(60));
    let both = put(json!({"channel": "email", "address": "a@b.ch", "reason": "bounce"}));
    assert_eq!(both.await.unwrap().entries.len(), 2);
    for (bad, says) in [
        (json!({"channel": "fax", "address": "1"}), "channel: must be one of email, sms, push"),
        (
            json!({"channel": "sms", "address": "a@b.ch"}),
            "address: is no address on the channel `sms`",
        ),
        (json!({"channel": "sms", "address": "+4179", "note": "a\nb"}), "note: must be 1 to 256"),
    ] {
        let fault = put(bad).await.unwrap_err().to_string();
        assert!(fault.starts_with(says), "{fault}");
    }
    let list = |channel, address| house.lists.list(&house.tenant, channel, address, None);
    assert_eq!(list(Some("email"), None).await.unwrap().entries.len(), 2);
    assert_eq!(list(Some("email"), Some("a@b.ch")).await.unwrap().entries.len(), 2);
    assert!(list(Some("email"), Some("c@d.ch")).await.unwrap().entries.is_empty());
    assert!(list(None, None).await.is_err());

    let delete =
        |address, reason| house.lists.delete(&house.tenant, Some("email"), address, reason);
    let fault = delete(None, None).await.unwrap_err().to_string();
    assert!(fault.starts_with("address: is missing"), "{fault}");
    let fault = delete(Some("a@b.ch"), Some("spam")).await.unwrap_err().to_string();
    assert!(fault.starts_with("reason: must be unsubscribe, complaint, stop"), "{fault}");
    delete(Some("a@b.ch"), Some("bounce")).await.unwrap();
    delete(Some("a@b.ch"), None).await.unwrap();
    assert!(matches!(delete(Some("a@b.ch"), None).await, Err(Fault::NotFound(_))));
}

#[tokio::test]
async fn lists_go_in_and_out() {
    let house = House::new();
    let csv = "channel,address,reason,at,note\nemail,a@b.ch,complaint,2025-01-01T00:00:00Z,\nemail,nobody,,,\nsms,+41790000000,stop,,\"said, \"\"no\"\"\"\npush,fcm:1,gone,tomorrow,\n";
    let imported = house.lists.import(&house.tenant, "text/csv", csv.as_bytes()).await.unwrap();
    assert_eq!(imported.accepted, 2);
    assert_eq!(told(&imported), [(3, "address"), (5, "at")]);
    let export = |channel| house.lists.export(&house.tenant, Some(channel), None);
    let email = export("email").await.unwrap();
    let line = "{\"channel\":\"email\",\"address\":\"a@b.ch\",\"reason\":\"complaint\",\"at\":\"2025-01-01T00:00:00Z\"}\n";
    assert_eq!((email.body.as_str(), &email.next), (line, &None));
    let sms = export("sms").await.unwrap().body;
    let other = House::new();
    let again = other.lists.import(&other.tenant, "", sms.as_bytes()).await.unwrap();
    assert_eq!(again.accepted, 1);
    assert_eq!(other.world.stores().suppressed[0].1.note.as_deref(), Some("said, \"no\""));
}

#[tokio::test]
async fn a_long_list_goes_on_by_its_cursor() {
    let house = House::new();
    let lines: String = (0..250)
        .map(|n| json!({"channel": "email", "address": format!("u{n:03}@b.ch")}).to_string() + "\n")
        .collect();
    house.lists.import(&house.tenant, "", lines.as_bytes()).await.unwrap();
    let (mut seen, mut cursor) = (0, None::<String>);
    loop {
        let page =
            house.lists.list(&house.tenant, Some("email"), None, cursor.as_deref()).await.unwrap();
        seen += page.entries.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 250);
    let bad = house.lists.list(&house.tenant, Some("email"), None, Some("§")).await;
    assert!(bad.unwrap_err().to_string().starts_with("cursor: is none of ours"));
}
