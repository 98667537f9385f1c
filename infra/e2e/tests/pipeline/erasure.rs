//! A subject is erased from every store, and nobody else is.

use crate::helpdesk as desk;
use crate::messages::call;
use ceap_e2e::lake::{ask, literal};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, Traces, aws, event, grace, http, stack, time, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const USE_CASES: [(&str, &str); 3] = [
    (
        "greet",
        "trigger: {event: cart_left}\ncooldown: 1h\n\
         action: {channel: email, subject: Hi, text: You left something.}\n",
    ),
    (
        "restock",
        "trigger:\n  event: item_restocked\n  \
         fan_out: {events: [item_wishlisted], of: item_id, is: event.data.item_id, within: 90d}\n\
         action: {channel: in-app, text: It is back.}\n",
    ),
    (
        "report",
        "trigger: {event: app_crashed}\n\
         action: {channel: ticket, subject: It crashed, text: Please look at it.}\n",
    ),
];

fn install(tenant: &Tenant) {
    for (id, rest) in USE_CASES {
        let document = format!(
            "id: {id}\nversion: 1\nname: Erasure\npurpose: transactional\n\
             score: {{kind: expression, base: 1, terms: []}}\nttl: 24h\n{rest}"
        );
        let bearer = format!("Bearer {}", tenant.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        let url = format!("{}/v1/use-cases/{id}", aws::API);
        let kept = http::call("PUT", &url, &headers, document.as_bytes());
        assert_eq!(kept.status, 201, "{kept}");
    }
    // Documents are known everywhere within ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(11));
}

/// A customer who wishes and leaves a cart; whose app crashes, too, if they have an address of their own.
fn live(tenant: &Tenant, who: &str, address: Option<&str>) {
    let now = time::now();
    let usual = format!("{who}@{}.example.com", tenant.name);
    let fact =
        |kind: &str, data: Value| event(kind, who, &format!("{kind}-{who}"), now - 60, &data);
    let mut all =
        vec![fact("item_wishlisted", json!({"item_id": "lamp"})), fact("cart_left", json!({}))];
    match address {
        None => all.insert(0, fact("profile_updated", json!({"email": usual}))),
        Some(_) => all.push(fact("app_crashed", json!({}))),
    }
    tenant.send(&all);
}

/// Something of theirs that cannot be read, which operators keep.
fn unread(tenant: &Tenant, who: &str) {
    let mut bad = event("cart_left", who, "unread", time::now(), &json!({"of": who}));
    bad["time"] = json!("never");
    let kind = [("content-type", "application/x-ndjson")];
    let taken = tenant.post(bad.to_string().as_bytes(), &kind);
    assert_eq!(taken.json()["quarantined"].as_array().map(Vec::len), Some(1), "{taken}");
}

fn erasure(tenant: &Tenant, id: &str) -> Value {
    let answer = call(tenant, "GET", &format!("erasures/{id}"), "", &Value::Null);
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()
}

/// All items of the tenant in all tables that name the subject, as text.
fn named(tenant: &Tenant, who: &str) -> Vec<String> {
    let tables = ["profiles", "engagement", "platform", "quarantine"];
    let items = tables.iter().flat_map(|table| aws::scan(table, &tenant.name));
    items.map(|item| item.to_string()).filter(|text| text.contains(who)).collect()
}

fn rows(tenant: &Tenant, who: &str) -> String {
    let count = "SELECT count(*) FROM events WHERE tenant = ? AND subject = ?";
    ask(count, &[&literal(&tenant.name), &literal(who)])[0][0].clone()
}

/// Ada by all that she is known by, as nobody else is in any tenant; nor does the tenant's own name, or an address of its
/// domain, end as hers do.
struct Ada {
    subject: String,
    email: String,
    other: String,
    name: String,
    phone: String,
    tenant: String,
}

impl Ada {
    fn of(tenant: &Tenant) -> Self {
        let own: String = tenant.name.trim_start_matches("e2e-").chars().rev().collect();
        let digits: String = own.bytes().map(|it| char::from(b'0' + it % 10)).collect();
        Self {
            subject: format!("ada-lovelace-{own}"),
            email: format!("countess-{own}@engines.example.com"),
            other: format!("lovelace-{own}@analytical.example.com"),
            name: format!("Ada Lovelace-{own}"),
            phone: format!("+4179{}", &digits[..7]),
            tenant: tenant.name.clone(),
        }
    }

    fn traces(&self) -> Traces {
        let known = [&*self.subject, &self.email, &self.other, &self.name, &self.phone];
        Traces::of(&known, &[&["use_case", "report", &self.subject]]).within(&[&self.tenant])
    }
}

/// A file, uploaded as the administrator: the token by which a comment takes it.
fn uploaded(tenant: &Tenant, text: &str) -> Value {
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
    let url = format!("{}/api/v2/uploads.json?filename=letter.txt", aws::API);
    let put = http::call("POST", &url, &headers, text.as_bytes());
    assert_eq!(put.status, 201, "{put}");
    put.json()["upload"]["token"].clone()
}

fn opened(tenant: &Tenant, ticket: &Value) -> u64 {
    let made = desk::call(tenant, "POST", "tickets.json", &json!({"ticket": ticket}));
    assert_eq!(made.status, 201, "{made}");
    made.json()["ticket"]["id"].as_u64().unwrap()
}

/// In the helpdesk: a ticket that a use case opened for her with a file in it, and two of Charles', of which one has her in
/// copy and the other names her. Their ids.
fn helped(tenant: &Tenant, ada: &Ada) -> [u64; 3] {
    let path = format!("users/search.json?external_id={}", http::segment(&ada.subject));
    let her = until("her ticket", PATIENCE, || {
        let user = desk::get(tenant, &path)["users"][0]["id"].clone();
        user.is_u64().then_some(user)
    });
    let own = until("her ticket", PATIENCE, || {
        let tickets = desk::get(tenant, &format!("users/{her}/tickets/requested.json"));
        tickets["tickets"][0]["id"].as_u64()
    });
    let file = uploaded(tenant, &format!("I am {}", ada.name));
    let said = json!({"ticket": {"comment": {"body": "See there", "uploads": [file]}}});
    let changed = desk::call(tenant, "PUT", &format!("tickets/{own}.json"), &said);
    assert_eq!(changed.status, 200, "{changed}");
    let charles =
        json!({"name": "Charles", "email": format!("charles@{}.example.com", tenant.name)});
    let copied = opened(
        tenant,
        &json!({"subject": format!("With {}", ada.name), "requester": charles,
        "email_ccs": [{"user_id": her}], "comment": {"body": format!("Copied {}", ada.email)}}),
    );
    let named = opened(
        tenant,
        &json!({"subject": "Invoice", "requester": charles,
        "comment": {"body": format!("Ask {} or {}", ada.email, ada.phone), "public": false}}),
    );
    invited(tenant, &her, ada);
    [own, copied, named]
}

/// By an address of hers that she has not shown to be hers, and in a job.
fn invited(tenant: &Tenant, her: &Value, ada: &Ada) {
    let identity = json!({"identity": {"type": "email", "value": ada.other}});
    let added = desk::call(tenant, "POST", &format!("users/{her}/identities.json"), &identity);
    assert_eq!(added.status, 201, "{added}");
    until("her letter", PATIENCE, || {
        tenant.messages().into_iter().any(|it| it.to == ada.other).then_some(())
    });
    let again = json!({"users": [{"name": ada.name, "email": ada.email}]});
    let job = desk::call(tenant, "POST", "users/create_or_update_many.json", &again).json();
    let path = format!("job_statuses/{}.json", job["job_status"]["id"].as_str().unwrap());
    until("the job to be done", PATIENCE, || {
        (desk::get(tenant, &path)["job_status"]["status"] == "completed").then_some(())
    });
}

#[test]
fn one_subject_is_taken_out_and_nobody_else() {
    let Some(_stack) = stack() else { return };
    let (tenant, stranger) = (Tenant::new("erasure"), Tenant::new("erasure-stranger"));
    let ada = Ada::of(&tenant);
    // The helpdesk is set up by the first who asks.
    let _ = desk::get(&tenant, "groups.json");
    install(&tenant);
    let gone = ada.subject.as_str();
    let stays = "charles-babbage";
    let visitor = format!("visitor-of-{gone}");
    let visitor = visitor.as_str();
    let profile = json!({"email": ada.email, "phone": ada.phone, "traits": {"name": ada.name}});
    // It is the newest, so it stays when others turn out to be her.
    tenant.send(&[event("profile_updated", gone, "known", time::now() - 5, &profile)]);
    tenant.wait_for_count(gone, "profile_updated", 1);
    for who in [visitor, stays] {
        live(&tenant, who, None);
    }
    live(&tenant, gone, Some(&ada.email));
    unread(&tenant, gone);
    live(&stranger, gone, None);
    let restocked = event(
        "item_restocked",
        "item:lamp",
        "restocked",
        time::now() - 1,
        &json!({"item_id": "lamp"}),
    );
    until("greetings of all", PATIENCE, || {
        let greetings = tenant.messages().into_iter().filter(|it| it.title == "Hi").count();
        (greetings >= 3).then_some(())
    });
    tenant.send(&[restocked]);
    let inbox = |who: &str| aws::query("engagement", &format!("{}#INBOX#{who}", tenant.name)).len();
    until("notifications of all", PATIENCE, || {
        [gone, visitor, stays].iter().all(|who| inbox(who) == 1).then_some(())
    });
    let from = json!({"from": visitor});
    tenant.send(&[event("profile_merged", gone, "merged", time::now(), &from)]);
    tenant.wait_for_count(gone, "profile_merged", 1);
    let [hers, copied, invoice] = helped(&tenant, &ada);
    until("all in the lake", PATIENCE, || {
        let all = [(&tenant, gone), (&tenant, visitor), (&tenant, stays), (&stranger, gone)];
        all.iter().all(|(tenant, who)| rows(tenant, who) != "0").then_some(())
    });
    let search = aws::output("/search_bucket");
    let indexed = format!("bucket {search} {}/", tenant.name);
    until("her words in the index", PATIENCE, || {
        let found = ada.traces().in_bucket(&search);
        found.iter().any(|it| it.starts_with(&indexed)).then_some(())
    });
    let before = ada.traces().in_buckets();
    grace();
    let others = named(&tenant, stays).len();
    assert!(named(&tenant, gone).len() >= 7, "profile, features, candidates, messages, inbox, tie");
    seen_where_it_is(&tenant, &ada, &before);
    let own = |found: Vec<String>| -> BTreeSet<String> {
        found.into_iter().filter(|it| !it.contains(&stranger.name)).collect()
    };
    let sent = own(ada.traces().with_providers());
    assert!(sent.len() >= 2, "a greeting and an invitation were sent: {sent:#?}");

    let agent = Tenant { token: tenant.token("agent"), ..tenant.clone() };
    let path = format!("profiles/{gone}");
    assert_eq!(call(&agent, "DELETE", &path, "", &Value::Null).status, 403);
    let asked = call(&tenant, "DELETE", &path, "", &Value::Null);
    assert_eq!(asked.status, 202, "{asked}");
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let other = call(&stranger, "GET", &format!("erasures/{id}"), "", &Value::Null);
    assert_eq!(other.status, 404, "{other}");
    let done = until("the erasure to be done", 2 * PATIENCE, || {
        let seen = erasure(&tenant, &id);
        assert_ne!(seen["state"], "failed", "{seen}");
        (seen["state"] == "done").then_some(seen)
    });
    assert_eq!(done["subject"], Value::Null, "{done}");

    // docs/src/erasure.md names what stays: what providers took before is with them, and nothing went to them since.
    let left = own(ada.traces().everywhere());
    let (outboxes, left): (BTreeSet<_>, BTreeSet<_>) =
        left.into_iter().partition(|it| it.starts_with("provider "));
    assert_eq!(left, BTreeSet::new());
    assert_eq!(outboxes, sent);
    assert_eq!([gone, visitor].map(|who| rows(&tenant, who)), ["0", "0"]);
    assert_eq!(tenant.profile(gone), None);
    assert_eq!(named(&tenant, stays).len(), others);
    assert_ne!(rows(&tenant, stays), "0");
    assert!(stranger.profile(gone).is_some(), "another tenant's");
    assert_ne!(rows(&stranger, gone), "0");
    let ticket = |id: u64| desk::call(&tenant, "GET", &format!("tickets/{id}.json"), &Value::Null);
    assert_eq!(ticket(hers).status, 404);
    assert_eq!(ticket(copied).json()["ticket"]["email_cc_ids"], json!([]));
    assert_eq!(ticket(invoice).json()["ticket"]["subject"], "Invoice");

    live(&tenant, gone, None);
    tenant.wait_for_count(gone, "cart_left", 1);
    let anew = tenant.profile(gone).unwrap();
    assert_eq!(anew["events"]["item_restocked"], Value::Null, "{anew}");
    let again = call(&tenant, "DELETE", &path, "", &Value::Null);
    assert_ne!(again.json()["id"], json!(id), "{again}");
}

/// She is seen wherever she has to be, so that who looks for her later and sees nothing would see something.
fn seen_where_it_is(tenant: &Tenant, ada: &Ada, buckets: &[String]) {
    let tables = ada.traces().in_tables();
    let item = |table: &str, begins: &str, ends: &str| {
        let name = aws::output(&format!("/tables/{table}"));
        let begins = format!("table {name} {}{begins}", tenant.name);
        let found = tables.iter().any(|it| it.starts_with(&begins) && it.contains(ends));
        assert!(found, "{table} {begins} {ends} is not seen: {tables:#?}");
    };
    item("profiles", &format!("#{}", ada.subject), " PROFILE: ");
    item("profiles", &format!("#{}", ada.subject), " FROM#");
    item("engagement", &format!("#C#{}", ada.subject), "greet#");
    item("engagement", "#M#", " MESSAGE: ");
    item("engagement", "#INBOX#", "");
    item("engagement", "#A#item_wishlisted#lamp", "");
    item("quarantine", " ingest-http#", "");
    for partition in [
        "USER",
        "TICKET ",
        "TICKET#",
        "UNIQUE#user.email",
        "UNIQUE#user.external_id",
        "OPENED#",
        "JOB#",
    ] {
        item("helpdesk", &format!("#{partition}"), "");
    }
    for bucket in ["/files_bucket", "/search_bucket", "/lake/bucket"] {
        let of = format!("bucket {} ", aws::output(bucket));
        assert!(buckets.iter().any(|it| it.starts_with(&of)), "{of} is not seen: {buckets:#?}");
    }
}
