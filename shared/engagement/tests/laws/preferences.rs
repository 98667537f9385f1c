//! What a recipient decides by a link takes effect at once, however often and in whatever order it
//! comes, and nobody decides without one.

use ceap_engagement::event::Arrived;
use ceap_engagement::link::{Allows, KEY, Links, Signer};
use ceap_engagement::preferences::{Answer, Ask, Preferences};
use ceap_engagement::secret::{Secret, Secrets};
use ceap_engagement::suppression::{Entry, Reason};
use ceap_engagement::use_case::{Purpose, Settings};
use ceap_kernel::{Fault, MessageId, SignedDuration, TenantId};
use ceap_testkit::builders::{
    after_noon, customer, event, noon, plan_with, settings, subject, tenant,
};
use ceap_testkit::{Strike, World};
use proptest::prelude::*;
use serde_json::{Value, json};

const ADDRESS: &str = "u1@customers.example.com";

/// Every tenant's key is made of its name; `keyless` has none.
#[derive(Debug, Clone, Copy)]
pub struct Keys;

impl Secrets for Keys {
    async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault> {
        if tenant.as_str() == "keyless" || name != KEY {
            return Err(Fault::NotFound("there is no such secret".to_owned()));
        }
        Ok(Secret::new(format!("key of {tenant}")))
    }
}

type Pages = Preferences<World, World, World, World, Keys, World, World>;

struct House {
    world: World,
    pages: Pages,
    tenant: TenantId,
}

impl House {
    fn of(settings: Settings) -> Self {
        let tenant = tenant("acme");
        let plan = plan_with(settings, &[]);
        let world = World::new(noon()).with(&tenant, plan);
        let pages = Preferences {
            subjects: world.clone(),
            use_cases: world.clone(),
            suppressions: world.clone(),
            events: world.clone(),
            links: Links::new(Keys, "https://ceap.example/"),
            addresses: world.clone(),
            channels: vec!["email", "sms", "push", "in-app"],
            clock: world.clone(),
        };
        Self { world, pages, tenant }
    }

    /// With a customer who agreed to email and texts.
    async fn with_customer() -> Self {
        let house = Self::of(Settings { brand: Some("Shop".to_owned()), ..settings() });
        house.world.ingest(&[customer("u1").of(&house.tenant)]).await;
        house
    }

    fn token(&self, allows: &Allows) -> String {
        let key = Secret::new(format!("key of {}", self.tenant));
        Signer::new(self.tenant.clone(), key).token(allows).unwrap()
    }

    async fn ask(&self, route: &str, token: &str, body: &str) -> Answer {
        let ask = Ask { route, token, languages: "", content_type: "", body: body.as_bytes() };
        self.pages.answer(&ask).await
    }

    async fn one_click(&self) -> Answer {
        let token = self.token(&unsubscribe("email", ADDRESS, Purpose::Marketing));
        self.ask("POST /v1/unsubscribe/{token}", &token, "List-Unsubscribe=One-Click").await
    }

    async fn save(&self, body: &str) -> Answer {
        self.ask("POST /v1/preferences/{token}", &self.token(&preferences()), body).await
    }

    async fn show(&self) -> String {
        let token = self.token(&preferences());
        self.ask("GET /v1/preferences/{token}", &token, "").await.html
    }

    /// What was told so far, folded.
    async fn fold(&self) {
        let told = std::mem::take(&mut self.world.stores().stream);
        self.world.ingest(&told).await;
    }

    fn told(&self) -> Vec<Arrived> {
        self.world.stores().stream.clone()
    }

    fn consent(&self, name: &str) -> Option<bool> {
        self.world.state(&self.tenant, &subject("u1")).profile.consents.get(name).copied()
    }

    fn how(&self, name: &str) -> Option<String> {
        let profile = self.world.state(&self.tenant, &subject("u1")).profile;
        profile.evidence.get(name).and_then(|it| it.how.clone())
    }

    fn reasons(&self) -> Vec<(String, Reason)> {
        let stores = self.world.stores();
        stores.suppressed.iter().map(|(_, it)| (it.address.clone(), it.reason)).collect()
    }

    fn list(&self, channel: &str, address: &str, reason: Reason) {
        let (channel, address) = (channel.to_owned(), address.to_owned());
        let entry = Entry { channel, address, reason, at: noon(), note: None };
        self.world.stores().suppressed.push((self.tenant.clone(), entry));
    }
}

fn unsubscribe(channel: &str, address: &str, purpose: Purpose) -> Allows {
    Allows::Unsubscribe {
        subject: subject("u1"),
        channel: channel.to_owned(),
        purpose,
        address: address.to_owned(),
        message: MessageId::new("0".repeat(32)).unwrap(),
    }
}

fn preferences() -> Allows {
    Allows::Preferences { subject: subject("u1") }
}

fn confirm(expires: i64) -> Allows {
    Allows::Confirm {
        subject: subject("u1"),
        consent: "email.marketing".to_owned(),
        text: Some("2026-03".to_owned()),
        address: Some(ADDRESS.to_owned()),
        expires,
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    let encoded: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", value.replace(':', "%3A"))).collect();
    encoded.join("&")
}

fn unsubscribed() -> Vec<(String, Reason)> {
    vec![(ADDRESS.to_owned(), Reason::Unsubscribe)]
}

#[tokio::test]
async fn one_click_takes_effect_at_once_and_is_kept_with_its_evidence() {
    let house = House::with_customer().await;
    let answer = house.one_click().await;
    assert_eq!(answer.status, 200);
    assert!(answer.html.contains("You are unsubscribed"), "{}", answer.html);
    assert_eq!(house.reasons(), unsubscribed());
    house.fold().await;
    assert_eq!(house.consent("email.marketing"), Some(false));
    assert_eq!(house.how("email.marketing").as_deref(), Some("one-click unsubscribe"));
    assert_eq!(house.consent("sms.marketing"), None, "of this channel alone");
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let house = House::with_customer().await;
    for (page, allows) in [
        ("unsubscribe", unsubscribe("email", ADDRESS, Purpose::Marketing)),
        ("preferences", preferences()),
        ("confirm", confirm(i64::MAX)),
    ] {
        let answer =
            house.ask(&format!("GET /v1/{page}/{{token}}"), &house.token(&allows), "").await;
        assert_eq!(answer.status, 200);
        assert!(answer.html.contains("<form method=\"post\">"), "{}", answer.html);
    }
    assert!(house.told().is_empty() && house.reasons().is_empty());
}

#[tokio::test]
async fn a_click_that_comes_again_is_told_once() {
    let house = House::with_customer().await;
    house.one_click().await;
    house.world.pass(SignedDuration::from_secs(30));
    house.one_click().await;
    let told = house.told();
    assert_eq!(told[0].event.id, told[1].event.id);
    house.fold().await;
    let since =
        house.world.state(&house.tenant, &subject("u1")).profile.evidence["email.marketing"].at;
    // Known by now: nothing more to tell, also when the stream forgot the first.
    house.world.pass(SignedDuration::from_hours(48));
    assert_eq!(house.one_click().await.status, 200);
    assert!(house.told().is_empty());
    assert_eq!(since, noon().as_millisecond());
    assert_eq!(house.reasons(), unsubscribed());
}

#[tokio::test]
async fn who_agreed_again_can_unsubscribe_again_by_the_same_link() {
    let house = House::with_customer().await;
    house.one_click().await;
    house.fold().await;
    house.world.pass(SignedDuration::from_secs(60));
    house.save(&form(&[("was", "email:off"), ("on", "email"), ("action", "save")])).await;
    assert!(house.reasons().is_empty());
    // Whether the agreement is known yet or not.
    for folded in [true, false] {
        if folded {
            house.fold().await;
            assert_eq!(house.consent("email.marketing"), Some(true));
        }
        house.world.pass(SignedDuration::from_secs(60));
        house.one_click().await;
        house.fold().await;
        assert_eq!(house.consent("email.marketing"), Some(false));
        assert_eq!(house.reasons(), unsubscribed());
        house.world.pass(SignedDuration::from_secs(60));
        house.save(&form(&[("was", "email:off"), ("on", "email")])).await;
    }
}

#[tokio::test]
async fn who_agreed_elsewhere_meanwhile_and_unsubscribes_again_is_heard() {
    let house = House::with_customer().await;
    house.one_click().await;
    house.fold().await;
    let again = event("profile_updated", "u1", "checkout").sec(600);
    let again = again.data(json!({"consents": {"email.marketing": true}})).of(&house.tenant);
    house.world.ingest(&[again]).await;
    house.world.set_now(after_noon(1200));
    house.one_click().await;
    house.fold().await;
    assert_eq!(house.consent("email.marketing"), Some(false));
}

#[tokio::test]
async fn whatever_fails_the_same_click_again_mends_it() {
    for nth in 0..5 {
        for strike in [Strike::FailBefore, Strike::FailAfter] {
            let house = House::with_customer().await;
            house.world.strike(nth, strike);
            let first = house.one_click().await;
            assert_eq!(first.status, 503, "{nth}");
            assert_eq!(house.one_click().await.status, 200);
            house.fold().await;
            assert_eq!(house.reasons(), unsubscribed());
            assert_eq!(house.consent("email.marketing"), Some(false));
        }
    }
}

#[tokio::test]
async fn bodies_that_ask_for_something_else_do_nothing() {
    let house = House::with_customer().await;
    let token = house.token(&unsubscribe("email", ADDRESS, Purpose::Marketing));
    for body in ["", "List-Unsubscribe=", "x=One-Click", "{\"List-Unsubscribe\":\"One-Click\"}"] {
        let answer = house.ask("POST /v1/unsubscribe/{token}", &token, body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.html.contains("Shop"));
    }
    let body = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--";
    let ask = Ask {
        route: "POST /v1/unsubscribe/{token}",
        token: &token,
        languages: "",
        content_type: "multipart/form-data; boundary=b",
        body: body.as_bytes(),
    };
    assert!(house.reasons().is_empty());
    assert_eq!(house.pages.answer(&ask).await.status, 200);
    assert_eq!(house.reasons(), unsubscribed());
}

#[tokio::test]
async fn unsubscribing_from_what_is_not_marketing_refuses_marketing_too() {
    let house = House::with_customer().await;
    let token = house.token(&unsubscribe("email", ADDRESS, Purpose::Transactional));
    house.ask("POST /v1/unsubscribe/{token}", &token, "List-Unsubscribe=One-Click").await;
    house.fold().await;
    assert_eq!(house.consent("email.marketing"), Some(false));
    assert_eq!(house.consent("email.transactional"), Some(false));
}

#[tokio::test]
async fn an_older_address_and_the_present_one_are_both_left_alone() {
    let house = House::with_customer().await;
    let token = house.token(&unsubscribe("email", "old@b.ch", Purpose::Marketing));
    house.ask("POST /v1/unsubscribe/{token}", &token, "List-Unsubscribe=One-Click").await;
    let addresses: Vec<String> = house.reasons().into_iter().map(|it| it.0).collect();
    assert_eq!(addresses, ["old@b.ch", ADDRESS]);
}

#[tokio::test]
async fn the_page_shows_what_was_just_saved() {
    let house = House::with_customer().await;
    let page = house.show().await;
    assert!(page.contains("value=\"email:on\"") && page.contains("value=\"sms:on\""), "{page}");
    assert!(page.contains("u…@customers.example.com") && page.contains("<strong>Shop</strong>"));
    assert!(!page.contains(ADDRESS) && !page.contains("push"));

    // Text off, email left as it is.
    let body = form(&[("was", "email:on"), ("was", "sms:on"), ("on", "email"), ("action", "save")]);
    let saved = house.save(&body).await.html;
    assert!(saved.contains("Your choice is saved"));
    assert!(saved.contains("value=\"email:on\"") && saved.contains("value=\"sms:off\""), "{saved}");
    assert_eq!(house.reasons(), [("+41790000000".to_owned(), Reason::Unsubscribe)]);
    // And at once on again, before anything of it is known.
    house.world.pass(SignedDuration::from_secs(1));
    let body = form(&[("was", "email:on"), ("was", "sms:off"), ("on", "email"), ("on", "sms")]);
    let saved = house.save(&body).await.html;
    assert!(saved.contains("value=\"sms:on\""), "{saved}");
    assert!(house.reasons().is_empty());
    house.fold().await;
    assert_eq!(house.consent("sms.marketing"), Some(true));
    assert_eq!(house.how("sms.marketing").as_deref(), Some("preference page"));
    assert_eq!(house.consent("email.marketing"), None, "nobody touched it");
    assert!(house.show().await.contains("value=\"sms:on\""));
}

#[tokio::test]
async fn unsubscribing_from_everything_is_from_what_comes_later_too() {
    let house = House::with_customer().await;
    let saved = house.save("action=all-off&was=email%3Aon&on=email").await.html;
    assert!(saved.contains("You are unsubscribed from everything"));
    assert!(!saved.contains(" checked"), "{saved}");
    let addresses: Vec<String> = house.reasons().into_iter().map(|it| it.0).collect();
    assert_eq!(addresses, [ADDRESS, "u1", "+41790000000"], "an inbox is its subject's");
    house.fold().await;
    for name in ["email.marketing", "sms.marketing", "in-app.marketing", "marketing"] {
        assert_eq!(house.consent(name), Some(false), "{name}");
    }
    assert!(!house.show().await.contains(" checked"));
}

#[tokio::test]
async fn a_click_lifts_nothing_that_a_click_did_not_put_there() {
    let house = House::with_customer().await;
    let stays = [Reason::Complaint, Reason::Stop, Reason::Manual, Reason::Bounce, Reason::Gone];
    for reason in stays {
        house.list("email", ADDRESS, reason);
    }
    house.list("email", ADDRESS, Reason::Unsubscribe);
    let page = house.show().await;
    assert!(page.contains("We cannot send to this address"), "{page}");
    house.save(&form(&[("was", "email:off"), ("on", "email")])).await;
    let token = house.token(&confirm(i64::MAX));
    assert_eq!(house.ask("POST /v1/confirm/{token}", &token, "").await.status, 200);
    let left: Vec<Reason> = house.reasons().into_iter().map(|it| it.1).collect();
    assert_eq!(left, stays);
}

#[tokio::test]
async fn a_stop_says_how_to_start_again() {
    let house = House::with_customer().await;
    house.list("sms", "+41790000000", Reason::Stop);
    assert!(house.show().await.contains("answer START"));
}

#[tokio::test]
async fn a_confirmation_grants_with_its_evidence_until_it_is_over() {
    let house = House::with_customer().await;
    house.one_click().await;
    house.fold().await;
    house.world.pass(SignedDuration::from_secs(60));
    let token = house.token(&confirm(after_noon(3600).as_second()));
    for _ in 0..2 {
        let answer = house.ask("POST /v1/confirm/{token}", &token, "").await;
        assert!(answer.html.contains("that is confirmed"), "{}", answer.html);
    }
    assert!(house.reasons().is_empty());
    house.fold().await;
    assert_eq!(house.consent("email.marketing"), Some(true));
    assert_eq!(house.how("email.marketing").as_deref(), Some("double opt-in"));
    let profile = house.world.state(&house.tenant, &subject("u1")).profile;
    assert_eq!(profile.evidence["email.marketing"].text.as_deref(), Some("2026-03"));

    house.world.set_now(after_noon(3600));
    assert_eq!(house.ask("POST /v1/confirm/{token}", &token, "").await.status, 404, "it is over");
}

#[tokio::test]
async fn pages_speak_the_recipients_language() {
    let house = House::with_customer().await;
    let token = house.token(&preferences());
    let shown = async |languages| {
        let route = "GET /v1/preferences/{token}";
        let ask = Ask { route, token: &token, languages, content_type: "", body: b"" };
        house.pages.answer(&ask).await.html
    };
    assert!(shown("de-CH, en;q=0.5").await.contains("<html lang=\"de\">"));
    assert!(shown("fr").await.contains("<html lang=\"en\">"));
    let german = event("profile_updated", "u1", "l").data(json!({"locale": "de_CH"}));
    house.world.ingest(&[german.of(&house.tenant)]).await;
    assert!(shown("en").await.contains("Neuigkeiten und Angebote per"));
}

#[tokio::test]
async fn without_a_good_link_there_is_nothing() {
    let house = House::with_customer().await;
    let good = house.token(&preferences());
    let other = Signer::new(tenant("globex"), Secret::new("key of globex"));
    let stranger = Signer::new(tenant("acme"), Secret::new("guess"));
    let long = format!("acme.{}.x", "a".repeat(100_000));
    let tokens = [
        "",
        ".",
        "acme",
        "acme..",
        "../../etc",
        "keyless.e30.x",
        "<script>alert(1)</script>",
        &long,
        &good.replace("acme.", "globex."),
        &format!("{good}x"),
        // Of a tenant that is gone, and whose key stayed behind.
        &other.token(&preferences()).unwrap(),
        &stranger.token(&preferences()).unwrap(),
    ];
    let page = house.ask("GET /v1/preferences/{token}", "", "").await;
    for token in tokens {
        for route in ["unsubscribe", "preferences", "confirm"] {
            for method in ["GET", "POST"] {
                let route = format!("{method} /v1/{route}/{{token}}");
                let answer = house.ask(&route, token, "List-Unsubscribe=One-Click").await;
                assert_eq!((answer.status, &answer.html), (404, &page.html), "{token}");
            }
        }
    }
    // Nor does a good one open another page than its own.
    for route in ["POST /v1/unsubscribe/{token}", "POST /v1/confirm/{token}", "GET /v1/inbox", ""] {
        assert_eq!(house.ask(route, &good, "List-Unsubscribe=One-Click").await.status, 404);
    }
    assert!(!page.html.contains("Shop"));
    assert!(house.told().is_empty() && house.reasons().is_empty());
}

#[tokio::test]
async fn when_a_store_is_down_people_are_told_to_come_again() {
    let house = House::with_customer().await;
    house.world.strike(0, Strike::FailBefore);
    let answer = house.save("action=all-off").await;
    assert_eq!(answer.status, 503);
    assert!(answer.html.contains("try again"), "{}", answer.html);
}

/// Marks that only markup of ours may make.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).filter_map(|rest| rest.split(['>', ' ']).next()).collect()
}

proptest! {
    #[test]
    fn nothing_that_is_known_of_anyone_becomes_markup(
        brand in "[<>\"'&a-z /=]{0,30}|.{0,30}",
        who in "[<>\"'&a-z/=]{1,20}x",
        channel in "[<>\"'&a-z /=]{0,20}",
        address in "[<>\"'&a-z /=@.]{0,30}",
        languages in "[<>\"'a-z,;=]{0,20}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let plain = House::of(Settings { brand: Some("B".to_owned()), ..settings() });
            let house = House::of(Settings { brand: Some(format!("B{brand}")), ..settings() });
            let unsubscribe = |who: &str, channel: &str, address: &str| Allows::Unsubscribe {
                subject: subject(who),
                channel: channel.to_owned(),
                purpose: Purpose::Marketing,
                address: address.to_owned(),
                message: MessageId::new("0".repeat(32)).unwrap(),
            };
            let route = "GET /v1/unsubscribe/{token}";
            let hostile = house.token(&unsubscribe(&who, &channel, &address));
            let tame = plain.token(&unsubscribe("u", "c", "a"));
            let ask = Ask { route, token: &hostile, languages: &languages, content_type: "", body: b"" };
            let hostile = house.pages.answer(&ask).await;
            let tame = plain.pages.answer(&Ask { token: &tame, languages: "", ..ask }).await;
            assert_eq!(hostile.status, 200);
            assert_eq!(tags(&hostile.html), tags(&tame.html), "{}", hostile.html);
            let quotes = |page: &str| page.matches('"').count();
            assert_eq!(quotes(&hostile.html), quotes(&tame.html));
        });
    }

    /// Whatever is chosen in whatever order, in the end both the list and the profile say the last.
    #[test]
    fn the_last_choice_is_what_holds(
        choices in prop::collection::vec((0_u8..5, any::<bool>()), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::with_customer().await;
            let mut on = true;
            for (what, fold) in choices {
                house.world.pass(SignedDuration::from_secs(1));
                let was = if on { "email:on" } else { "email:off" };
                match what {
                    0 => { house.one_click().await; on = false; }
                    1 => { house.save("action=all-off").await; on = false; }
                    2 => { house.save(&form(&[("was", was), ("on", "email")])).await; on = true; }
                    3 => { house.save(&form(&[("was", was)])).await; on = false; }
                    _ => {
                        let token = house.token(&confirm(i64::MAX));
                        house.ask("POST /v1/confirm/{token}", &token, "").await;
                        on = true;
                    }
                }
                if fold {
                    house.fold().await;
                }
            }
            house.fold().await;
            let said = if on { "email:on" } else { "email:off" };
            let page = house.show().await;
            assert!(page.contains(said), "{said}: {page}");
            let refused = house.reasons().contains(&(ADDRESS.to_owned(), Reason::Unsubscribe));
            assert_eq!(refused, !on);
        });
    }
}

/// The fields of an event that a consent is told by.
#[tokio::test]
async fn an_event_says_all_that_has_to_be_shown_later() {
    let house = House::with_customer().await;
    house.one_click().await;
    let told = house.told();
    let said: Value = told[0].event.data["consents"]["email.marketing"].clone();
    assert_eq!(said, json!({"given": false, "how": "one-click unsubscribe"}));
    assert_eq!(told[0].event.kind, "profile_updated");
    assert_eq!(told[0].event.subject, subject("u1"));
}
