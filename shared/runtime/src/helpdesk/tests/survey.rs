//! The page of a survey, as API Gateway asks for it.

use super::{credential, event, office, told};
use crate::helpdesk::Office;
use crate::http::{Asked, answered};
use crate::limit::Limit;
use ceap_helpdesk::ids::{TicketId, UserId};
use ceap_helpdesk::routes::{GROUPS, TICKETS};
use ceap_helpdesk::satisfaction::{Survey, Surveys};
use ceap_helpdesk::store::Soon;
use ceap_kernel::{Fault, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{noon, tenant};
use serde_json::{Value, json};

/// The key that the samples are signed with.
struct Sevens;

impl Surveys for Sevens {
    fn secret<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Soon<'a, Result<[u8; 32], Fault>> {
        Box::pin(async { Ok([7; 32]) })
    }

    fn url(&self, token: &str) -> String {
        token.to_owned()
    }
}

async fn asked(office: &Office, method: &str, path: &str, body: Value) -> Value {
    let mut asked = event(method, path, "", &[]);
    asked["body"] = json!(body.to_string());
    told(office, &TICKETS, asked).await["body"].clone()
}

/// A ticket that is solved, whose requester is sent the link of the samples.
async fn solved(office: &Office) -> u64 {
    let owner = told(office, &GROUPS, event("GET", "/api/v2/group_memberships", "", &[])).await;
    let owner = owner["body"]["group_memberships"][0]["user_id"].clone();
    let ticket = json!({"subject": "<b>Fire</b>", "comment": {"body": "It burns."}, "assignee_id": owner,
        "requester": {"name": "Ada", "email": "ada@acme.example"}});
    let made = asked(office, "POST", "/api/v2/tickets", json!({"ticket": ticket})).await;
    let id = made["ticket"]["id"].as_u64().unwrap();
    let done = json!({"ticket": {"status": "solved"}});
    asked(office, "PUT", &format!("/api/v2/tickets/{id}"), done).await;
    let survey = Survey {
        ticket_id: TicketId::new(id).unwrap(),
        user_id: UserId::new(made["ticket"]["requester_id"].as_u64().unwrap()).unwrap(),
        offered_at: None,
        rating_id: None,
    };
    let link = survey.link(&*office.store, &tenant("acme"), &Sevens, noon()).await.unwrap();
    assert_eq!(link, credential().reveal());
    id
}

fn sample(case: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/helpdesk-verify/");
    let text = std::fs::read_to_string(format!("{folder}{case}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn page(office: &Office, event: &Value) -> (u64, String) {
    page_again(office, event, 0).await
}

/// The same, of who asked so often before.
async fn page_again(office: &Office, event: &Value, before: usize) -> (u64, String) {
    let limit = Limit::new(World::new(noon()), World::new(noon()), 3);
    let served = async |asked: &Asked| Ok(office.page(&limit, asked).await);
    for _ in 0..before {
        answered(served, event).await;
    }
    let got = answered(served, event).await;
    let headers = &got["headers"];
    assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{got}");
    assert_eq!(
        (&headers["cache-control"], &headers["referrer-policy"]),
        (&json!("no-store"), &json!("no-referrer"))
    );
    assert!(headers["content-security-policy"].as_str().unwrap().contains("default-src 'none'"));
    (got["statusCode"].as_u64().unwrap(), got["body"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_samples_are_answered_as_they_come_from_the_gateway() {
    let (office, _) = office();
    let (status, html) = page(&office, &sample("survey")).await;
    assert_eq!(
        (status, html.contains("<html lang=\"de\">")),
        (404, true),
        "nobody was asked: {html}"
    );
    let id = solved(&office).await;
    for _ in 0..2 {
        let (status, html) = page(&office, &sample("survey")).await;
        assert_eq!((status, html.contains("<html lang=\"en\">")), (200, true), "{html}");
        assert!(html.contains("&lt;b&gt;Fire&lt;/b&gt;") && !html.contains("<b>"), "{html}");
        assert!(html.contains("value=\"bad\" id=\"a1\" checked"), "{html}");
        assert!(html.contains("The issue took too long to resolve"), "{html}");
    }
    let mut empty = sample("answer");
    empty["body"] = json!("");
    let (status, html) = page(&office, &empty).await;
    assert_eq!(
        (status, html.contains("Please choose one of the two answers.")),
        (422, true),
        "{html}"
    );
    assert!(!html.contains(" checked") && html.contains("<p role=\"alert\">"), "{html}");
    // What was filled in is there again, and stays text.
    let mut evil = sample("answer");
    evil["isBase64Encoded"] = json!(false);
    evil["body"] = json!("reason=6&comment=%3C%2Ftextarea%3E%3Cscript%3E%22");
    let (status, html) = page(&office, &evil).await;
    assert_eq!((status, html.contains("<script>")), (422, false), "{html}");
    let safe = "&lt;/textarea&gt;&lt;script&gt;&quot;</textarea>";
    assert!(html.contains(&format!("maxlength=\"1000\">\n{safe}")), "{html}");
    let reason = "<option value=\"6\" selected>The issue was not resolved</option>";
    assert!(html.contains(reason), "{html}");
    for id in ["a0", "a1", "reason", "comment"] {
        let (own, label) = (format!(" id=\"{id}\""), format!("<label for=\"{id}\">"));
        assert!(html.contains(&own) && html.contains(&label), "{id} has a label: {html}");
    }
    let mut large = sample("answer");
    (large["body"], large["isBase64Encoded"]) = (json!("x".repeat(20_000)), json!(false));
    assert_eq!(page(&office, &large).await.0, 400);
    let (status, html) = page(&office, &sample("answer")).await;
    assert_eq!((status, html.contains("Thank you")), (200, true), "{html}");
    for case in ["answer", "survey"] {
        let (status, html) = page(&office, &sample(case)).await;
        assert_eq!((status, html.contains("answered already")), (410, true), "{html}");
    }
    let shown = asked(&office, "GET", &format!("/api/v2/tickets/{id}"), Value::Null).await;
    let rating = &shown["ticket"]["satisfaction_rating"];
    assert_eq!((&rating["score"], &rating["comment"]), (&json!("bad"), &json!("Slow.\n<b>")));
    // The other page of the function is as it was.
    assert_eq!(page(&office, &sample("show")).await.0, 404);
}

#[tokio::test]
async fn who_opens_a_link_again_and_again_waits() {
    let (office, _) = office();
    solved(&office).await;
    assert_eq!(page_again(&office, &sample("survey"), 30).await.0, 429);
}
