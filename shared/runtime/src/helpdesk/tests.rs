mod clocks;
pub(crate) mod failing;
mod presence;
mod reports;
mod survey;

use super::changes::seen_to;
use super::deliver::Deliverer;
use super::gateway::{asked, sent};
use super::unreached::Unreached;
use super::{Herald, Office, refusal};
use crate::batch::Answer;
use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_channels::http::Reach;
use ceap_engagement::pipeline::send::Disposal;
use ceap_engagement::profile::Profile;
use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::access::sign_in::Clients;
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::api::{Ask, Method, Refused, Told};
use ceap_helpdesk::file::{Files, Stored};
use ceap_helpdesk::job::{Later, Waiting};
use ceap_helpdesk::routes::{FAMILIES, Family, GROUPS, JOBS, TICKETS, USERS};
use ceap_helpdesk::search::Recent;
use ceap_helpdesk::secret::Secrets;
use ceap_helpdesk::store::memory::Memory;
use ceap_helpdesk::store::{Key, Soon};
use ceap_helpdesk::ticket::fact::{Bus, Fact};
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Fault, Tally, TenantId};
use ceap_sign_in::Nobody;
use ceap_testkit::World;
use ceap_testkit::builders::{Hands, noon, tenant};
use flate2::{Compression, write::GzEncoder};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A request as API Gateway writes it.
fn event(method: &str, path: &str, query: &str, headers: &[(&str, &str)]) -> Value {
    let mut all =
        json!({"host": "desk.example", "x-forwarded-proto": "https", "x-forwarded-port": "443"});
    for (name, value) in headers {
        all[*name] = json!(value);
    }
    json!({
        "version": "2.0", "routeKey": "ANY /api/v2/groups", "rawPath": path, "rawQueryString": query, "headers": all,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "a.execute-api.example", "stage": "$default",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
        },
        "isBase64Encoded": false,
    })
}

fn read(event: &Value) -> ApiGatewayV2httpRequest {
    serde_json::from_str(&event.to_string()).unwrap()
}

fn ask(event: &Value) -> Ask {
    asked(read(event)).unwrap()
}

#[test]
fn a_request_is_read_as_it_was_written() {
    let query = "ids[]=1&ids%5B%5D=2&name=a+b%26%C3%BC&page[size]=5&flag";
    let event = event("HEAD", "/api/v2/groups.json", query, &[("X-On-Behalf-Of", "ada@x.example")]);
    let ask = ask(&event);
    assert_eq!((ask.method, &*ask.raw_path), (Method::Get, "/api/v2/groups.json"));
    let query: Vec<_> = ask.query.iter().map(|(key, value)| (&**key, &**value)).collect();
    let expected =
        [("ids[]", "1"), ("ids[]", "2"), ("name", "a b&ü"), ("page[size]", "5"), ("flag", "")];
    assert_eq!(query, expected);
    assert_eq!(ask.list("ids"), ["1", "2"]);
    assert_eq!(ask.header("x-on-behalf-of"), Some("ada@x.example"));
}

#[rstest]
#[case("desk.example", "https", "443", "https://desk.example")]
#[case("127.0.0.1:3000", "http", "3000", "http://127.0.0.1:3000")]
#[case("localhost", "http", "3000", "http://localhost:3000")]
#[case("desk.example", "https", "8443", "https://desk.example:8443")]
#[case("[::1]", "http", "80", "http://[::1]")]
#[case("[::1]:3000", "http", "80", "http://[::1]:3000")]
#[case("", "https", "443", "https://a.execute-api.example")]
#[case("desk.example", "gopher", "443", "https://desk.example")]
fn links_begin_as_the_caller_wrote_the_host(
    #[case] host: &str,
    #[case] scheme: &str,
    #[case] port: &str,
    #[case] base: &str,
) {
    let headers = [("host", host), ("x-forwarded-proto", scheme), ("x-forwarded-port", port)];
    assert_eq!(ask(&event("GET", "/api/v2/groups", "", &headers)).base, base);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn with_body(encoding: &str, body: &str, base64: bool) -> Value {
    let mut event = event("POST", "/api/v2/groups", "", &[("content-encoding", encoding)]);
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(base64);
    event
}

#[test]
fn bodies_are_decoded() {
    let packed = STANDARD.encode(gzip(b"{\"a\":1}"));
    assert_eq!(ask(&with_body("gzip", &packed, true)).body, b"{\"a\":1}");
    assert_eq!(ask(&with_body("identity", "\u{fc}", false)).body, "ü".as_bytes());
    assert_eq!(ask(&with_body("", &STANDARD.encode([0, 255]), true)).body, [0, 255]);
}

#[rstest]
#[case("gzip", &STANDARD.encode("no gzip"), 422)]
#[case("", "%", 422)]
#[case("br", "", 415)]
#[case("gzip", &STANDARD.encode(gzip(&vec![b' '; 6 * 1024 * 1024 + 1])), 413)]
#[case("", &STANDARD.encode(vec![b' '; 6 * 1024 * 1024 + 1]), 413)]
fn bodies_that_cannot_be_taken_are_refused(
    #[case] encoding: &str,
    #[case] body: &str,
    #[case] status: u16,
) {
    let refused = asked(read(&with_body(encoding, body, true))).unwrap_err();
    let told = refusal(&refused);
    assert_eq!(told.status, status);
    assert!(serde_json::from_str::<Value>(&told.body).unwrap()["error"].is_string());
}

#[test]
fn a_method_that_nobody_serves_is_no_route() {
    let refused = asked(read(&event("TRACE", "/api/v2/groups", "", &[]))).unwrap_err();
    assert_eq!(refused, Refused::NoRoute(None));
}

#[test]
fn answers_without_a_body_say_nothing_of_one() {
    let told = |status, body: &str| Told {
        status,
        headers: vec![("x-rate-limit", "700".to_owned()), ("location", "\n".to_owned())],
        body: body.to_owned(),
        route: None,
        tenant: None,
        fault: None,
    };
    let gone = serde_json::to_value(sent(told(204, ""), false)).unwrap();
    assert_eq!(gone["headers"], json!({"x-rate-limit": "700"}), "and no header that is none");
    assert_eq!((&gone["statusCode"], &gone["body"]), (&json!(204), &Value::Null));
    let head = serde_json::to_value(sent(told(200, "{}"), true)).unwrap();
    assert_eq!((&head["statusCode"], &head["body"]), (&json!(200), &Value::Null));
}

/// Knows one administrator, keeps what waits, and has neither files nor secrets.
#[derive(Clone, Default)]
struct Around(Arc<Mutex<Vec<Waiting>>>);

impl Platform for Around {
    fn principal<'a>(
        &'a self,
        of: &'a TenantId,
        fingerprint: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>> {
        let email = Some("owner@acme.example".to_owned());
        let principal = Principal { tenant: of.clone(), role: Role::Admin, email, source: None };
        let known = credential().fingerprint() == fingerprint;
        Box::pin(async move { Ok(known.then_some(principal)) })
    }

    fn client<'a>(&'a self, _: &'a str) -> Nothing<'a, Option<SignInClient>> {
        nothing()
    }
}

impl Later for Around {
    fn put<'a>(&'a self, waiting: &'a [Waiting]) -> Soon<'a, Result<(), Fault>> {
        self.0.lock().unwrap().extend_from_slice(waiting);
        Box::pin(async { Ok(()) })
    }
}

type Nothing<'a, T> = Soon<'a, Result<T, Fault>>;

fn nothing<'a, T: 'a>() -> Nothing<'a, T> {
    Box::pin(async { Err(Fault::Unavailable("nothing here".to_owned())) })
}

impl Secrets for Around {
    fn get<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Nothing<'a, Option<String>> {
        nothing()
    }

    fn keep<'a>(&'a self, _: &'a TenantId, _: &'a str, _: &'a str) -> Nothing<'a, ()> {
        nothing()
    }

    fn forget<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Nothing<'a, ()> {
        nothing()
    }
}

impl Files for Around {
    fn put<'a>(&'a self, _: &'a TenantId, _: &'a str, _: &'a str, _: Vec<u8>) -> Nothing<'a, ()> {
        nothing()
    }

    fn upload<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
        _: &'a str,
        _: u64,
    ) -> Nothing<'a, String> {
        nothing()
    }

    fn download<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
        _: &'a str,
        _: &'a str,
    ) -> Nothing<'a, String> {
        nothing()
    }

    fn look<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Nothing<'a, Option<Stored>> {
        nothing()
    }

    fn delete<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Nothing<'a, ()> {
        nothing()
    }
}

fn credential() -> Credential {
    Credential::generate(tenant("acme"), &[7; 32])
}

fn office() -> (Office, Around) {
    let hands = Hands::default();
    office_of(Memory::new(Arc::new(hands.clone())), hands)
}

fn office_of(store: Memory, hands: Hands) -> (Office, Around) {
    let around = Around::default();
    let office = Office {
        store: Box::new(store),
        accounts: Remembered::default(),
        platform: Box::new(around.clone()),
        sign_in: Box::new(Nobody),
        clients: Clients::default(),
        ceiling: Box::new(ceap_helpdesk::api::NoCeiling),
        clock: Box::new(hands),
        files: Box::new(around.clone()),
        secrets: Box::new(around.clone()),
        deliver: Box::new(Deliverer::new(Reach::Public)),
        index: Box::new(Unreached),
        recent: Recent::default(),
        connections: Box::new(Unreached),
    };
    (office, around)
}

/// What a family answers; the answer as API Gateway reads it.
async fn told(office: &Office, family: &Family, mut event: Value) -> Value {
    let bearer = format!("Bearer {}", credential().reveal());
    if event["headers"]["authorization"].is_null() {
        event["headers"]["authorization"] = json!(bearer);
    }
    let answer = office.answer(family, read(&event)).await;
    let mut answer = serde_json::to_value(answer).unwrap();
    if let Some(text) = answer["body"].as_str() {
        answer["body"] = serde_json::from_str(text).unwrap();
    }
    answer
}

#[tokio::test]
async fn a_family_answers_on_the_callers_own_host() {
    let (office, _) = office();
    let got = told(&office, &GROUPS, event("GET", "/api/v2/groups.json", "per_page=1", &[])).await;
    assert_eq!(got["statusCode"], 200, "{got}");
    assert_eq!(got["headers"]["content-type"], "application/json; charset=utf-8");
    assert_eq!(got["headers"]["x-rate-limit-remaining"], "699");
    let url = got["body"]["groups"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("https://desk.example/api/v2/groups/"), "{url}");
    let elsewhere = told(&office, &GROUPS, event("GET", "/api/v2/nowhere", "", &[])).await;
    assert_eq!(
        (&elsewhere["statusCode"], &elsewhere["body"]["error"]),
        (&json!(404), &json!("InvalidEndpoint"))
    );
    let stranger = event("GET", "/api/v2/groups", "", &[("authorization", "Bearer x")]);
    let stranger = told(&office, &GROUPS, stranger).await;
    assert_eq!(
        (&stranger["statusCode"], &stranger["body"]["error"]),
        (&json!(401), &json!("Couldn't authenticate you"))
    );
}

#[tokio::test]
async fn jobs_that_wait_are_done() {
    let (office, _) = office();
    let group = |name: &str| {
        let mut event = event("POST", "/api/v2/groups", "", &[]);
        event["body"] = json!(json!({"group": {"name": name}}).to_string());
        event
    };
    let group = told(&office, &GROUPS, group("Billing")).await["body"]["group"]["id"].clone();
    let all = told(&office, &GROUPS, event("GET", "/api/v2/group_memberships", "", &[])).await;
    let owner = all["body"]["group_memberships"][0]["user_id"].clone();
    let mut start = event("POST", "/api/v2/group_memberships/create_many.json", "", &[]);
    let memberships = json!({"group_memberships": [{"user_id": owner, "group_id": group}]});
    start["body"] = json!(memberships.to_string());
    let started = told(&office, &GROUPS, start).await;
    assert_eq!(started["body"]["job_status"]["status"], "queued", "{started}");
    let id = started["body"]["job_status"]["id"].as_str().unwrap();
    for _ in 0..2 {
        let (disposal, _) = office.job(&tenant("acme"), id).await.unwrap();
        assert!(matches!(disposal, Disposal::Done), "also when the queue brings it twice");
    }
    let path = format!("/api/v2/job_statuses/{id}.json");
    let done = told(&office, &JOBS, event("GET", &path, "", &[])).await;
    assert_eq!(done["body"]["job_status"]["status"], "completed", "{done}");
    assert_eq!(done["body"]["job_status"]["results"][0]["success"], true);
}

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Ears(Arc<Mutex<Vec<Fact>>>);

impl Bus for Ears {
    fn tell<'a>(&'a self, facts: &'a [Fact]) -> Soon<'a, Result<(), Fault>> {
        self.0.lock().unwrap().extend_from_slice(facts);
        Box::pin(async { Ok(()) })
    }
}

/// Hears nothing.
struct Deaf;

impl Bus for Deaf {
    fn tell<'a>(&'a self, _: &'a [Fact]) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async { Err(Fault::Unavailable("the bus".to_owned())) })
    }
}

fn herald((store, hands): (&Memory, Hands), ears: &Ears, around: &Around) -> Herald<World, World> {
    Herald {
        store: Box::new(store.clone()),
        bus: Box::new(ears.clone()),
        later: Box::new(around.clone()),
        clockwork: Box::new(clocks::Wound::default()),
        stream: World::new(noon()),
        quarantine: World::new(noon()),
        clock: Box::new(hands),
        accounts: Remembered::default(),
        connections: Box::new(Unreached),
    }
}

/// The changes of a table that holds what `store` does, as its stream has them.
fn changes(store: &Memory) -> Value {
    let record = |(n, (tenant, key, body)): (usize, (TenantId, Key, String))| {
        let keys =
            json!({"pk": {"S": format!("{tenant}#{}", key.partition)}, "sk": {"S": key.sort}});
        let mut image = keys.clone();
        image["body"] = json!({"S": body});
        image["rev"] = json!({"N": "1"});
        json!({
            "eventID": n.to_string(), "eventName": "INSERT", "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_262_400, "SizeBytes": 1, "SequenceNumber": n.to_string(),
                "Keys": keys, "NewImage": image,
            },
        })
    };
    let records: Vec<Value> = store.dump().into_iter().enumerate().map(record).collect();
    json!({"Records": records})
}

#[tokio::test]
async fn what_happens_to_tickets_is_told_to_the_bus_and_the_stream() {
    let (hands, ears) = (Hands::default(), Ears::default());
    let store = Memory::new(Arc::new(hands.clone()));
    let (office, around) = office_of(store.clone(), hands.clone());
    let mut open = event("POST", "/api/v2/tickets", "", &[]);
    let requester = json!({"name": "Ada", "email": "ada@x.example"});
    let ticket = json!({"ticket": {"comment": {"body": "It burns."}, "requester": requester,
        "email_ccs": [{"user_email": "bo@x.example", "action": "put"}]}});
    open["body"] = json!(ticket.to_string());
    let made = told(&office, &TICKETS, open).await;
    assert_eq!(made["statusCode"], 201, "{made}");

    let herald = herald((&store, hands), &ears, &around);
    let mut changes = changes(&store);
    let taken = herald.take(serde_json::from_value(changes.clone()).unwrap()).await;
    assert_eq!(taken, Answer::default());
    let kinds: Vec<&str> = ears.0.lock().unwrap().iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["TicketCreated.v1", "CommentAdded.v1"]);
    let events = std::mem::take(&mut herald.stream.stores().stream);
    let kinds: Vec<&str> = events.iter().map(|it| it.event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["profile_updated", "TicketCreated.v1", "CommentAdded.v1", "TicketMeasured.v1"]
    );
    let requester = format!("user-{}", made["body"]["ticket"]["requester_id"]);
    let (state, of_them) = events.split_last().unwrap();
    assert!(of_them.iter().all(|it| it.event.subject.as_str() == requester));
    assert_eq!(events[0].event.data["email"], "ada@x.example");
    assert_eq!(state.event.subject.as_str(), format!("ticket-{}", made["body"]["ticket"]["id"]));
    assert!(state.event.is_kept_only(), "it is about no customer");
    assert!(!serde_json::to_string(&state.event).unwrap().contains("burns"));
    assert!(events.iter().all(|it| Profile::check(&it.event).is_ok()));
    let notices = std::mem::take(&mut *around.0.lock().unwrap());
    let [Waiting::Notice { notice, .. }] = &notices[..] else { panic!("{notices:?}") };
    let id = &made["body"]["ticket"]["id"];
    assert_eq!(&json!(notice.ticket_id), id, "who is in copy is written to");

    // What cannot be read holds nothing up, and what is told again is the same.
    let body = json!({"S": "{"});
    let audit = changes["Records"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .rfind(|it| it["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().starts_with("A#"));
    let mut broken = audit.unwrap().clone();
    broken["dynamodb"]["NewImage"]["body"] = body;
    changes["Records"].as_array_mut().unwrap().push(broken);
    herald.take(serde_json::from_value(changes).unwrap()).await;
    assert_eq!(herald.stream.stores().stream, events);
    assert_eq!(herald.quarantine.stores().quarantine.len(), 1);
}

#[tokio::test]
async fn what_was_put_back_from_an_export_is_no_news_but_what_becomes_of_it_is() {
    let (hands, ears) = (Hands::default(), Ears::default());
    let store = Memory::new(Arc::new(hands.clone()));
    let (office, around) = office_of(store.clone(), hands.clone());
    let mut open = event("POST", "/api/v2/tickets", "", &[]);
    let ticket = json!({"ticket": {"comment": {"body": "It burns."}, "email_ccs":
        [{"user_email": "bo@x.example", "action": "put"}]}});
    open["body"] = json!(ticket.to_string());
    assert_eq!(told(&office, &TICKETS, open).await["statusCode"], 201);
    let herald = herald((&store, hands), &ears, &around);
    let mut changes = changes(&store);
    for record in changes["Records"].as_array_mut().unwrap() {
        record["dynamodb"]["NewImage"][ceap_engagement::backup::MARK] = json!({"BOOL": true});
    }
    herald.take(serde_json::from_value(changes.clone()).unwrap()).await;
    assert!(ears.0.lock().unwrap().is_empty());
    assert!(around.0.lock().unwrap().is_empty());
    assert!(herald.stream.stores().stream.is_empty());

    for record in changes["Records"].as_array_mut().unwrap() {
        record["eventName"] = json!("MODIFY");
    }
    herald.take(serde_json::from_value(changes).unwrap()).await;
    let events = herald.stream.stores().stream.clone();
    let kinds: Vec<&str> = events.iter().map(|it| it.event.kind.as_str()).collect();
    assert_eq!(kinds, ["TicketMeasured.v1"], "it still has the mark");
}

#[tokio::test]
async fn a_job_begins_by_being_kept_whatever_else_fails() {
    let (hands, around) = (Hands::default(), Around::default());
    let store = Memory::new(Arc::new(hands.clone()));
    let (office, _) = office_of(store.clone(), hands.clone());
    let mut start = event("POST", "/api/v2/group_memberships/create_many", "", &[]);
    start["body"] =
        json!({"group_memberships": [{"user_id": 1, "group_id": 2}]}).to_string().into();
    let started = told(&office, &GROUPS, start).await;
    let mut open = event("POST", "/api/v2/tickets", "", &[]);
    open["body"] = json!({"ticket": {"comment": {"body": "It burns."}}}).to_string().into();
    told(&office, &TICKETS, open).await;
    let herald = herald((&store, hands), &Ears::default(), &around);
    let deaf = Herald { bus: Box::new(Deaf), ..herald };
    let taken = deaf.take(serde_json::from_value(changes(&store)).unwrap()).await;
    assert_ne!(taken, Answer::default(), "the batch comes again for the bus");
    let waiting = std::mem::take(&mut *around.0.lock().unwrap());
    let [Waiting::Job { tenant: of, id }] = &waiting[..] else { panic!("{waiting:?}") };
    assert_eq!((of, &json!(id)), (&tenant("acme"), &started["body"]["job_status"]["id"]));
}

#[tokio::test]
async fn who_is_added_is_invited_by_their_ids_alone() {
    let (hands, around) = (Hands::default(), Around::default());
    let store = Memory::new(Arc::new(hands.clone()));
    let (office, _) = office_of(store.clone(), hands.clone());
    let mut add = event("POST", "/api/v2/users", "", &[]);
    add["body"] = json!({"user": {"name": "Ada", "email": "ada@x.example"}}).to_string().into();
    let added = told(&office, &USERS, add).await;
    let herald = herald((&store, hands), &Ears::default(), &around);
    let mut changes = changes(&store);
    for _ in 0..2 {
        herald.take(serde_json::from_value(changes.clone()).unwrap()).await;
    }
    let waiting = std::mem::take(&mut *around.0.lock().unwrap());
    let [first @ Waiting::Invitation { tenant: of, id, invitation }, second] = &waiting[..] else {
        panic!("{waiting:?}")
    };
    assert_eq!((of, first), (&tenant("acme"), second), "told twice, it is the same");
    assert_eq!((id.len(), json!(invitation.user_id)), (32, added["body"]["user"]["id"].clone()));
    assert!(!json!(first).to_string().contains("ada@"), "a queue knows nobody's address");

    for record in changes["Records"].as_array_mut().unwrap() {
        record["dynamodb"]["NewImage"][ceap_engagement::backup::MARK] = json!({"BOOL": true});
    }
    herald.take(serde_json::from_value(changes).unwrap()).await;
    assert!(around.0.lock().unwrap().is_empty(), "nobody is invited again by a restore");
}

/// The document that `cargo xtask tidy` compares with the templates.
const DOCUMENT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/helpdesk-families.json");

/// What leads to a family: everything below its paths, and these themselves where one of its routes ends there.
fn leading_to(family: &Family) -> Vec<String> {
    let routes =
        || family.routes.iter().copied().flatten().map(|it| it.path.trim_start_matches('/'));
    let mut all = Vec::new();
    for path in family.paths {
        let below = |route: &str| route.strip_prefix(path).is_some_and(|it| it.starts_with('/'));
        if routes().any(|route| route == *path) {
            all.push(format!("ANY /api/v2/{path}"));
            all.push(format!("ANY /api/v2/{path}.json"));
        }
        if routes().any(below) {
            all.push(format!("ANY /api/v2/{path}/{{proxy+}}"));
        }
    }
    for route in routes() {
        let led = |path: &str| {
            route.strip_prefix(path).is_some_and(|it| it.is_empty() || it.starts_with('/'))
        };
        assert!(
            family.paths.iter().any(|path| led(path)),
            "nothing leads to {route} of {}",
            family.name
        );
    }
    all
}

#[test]
fn the_document_has_what_leads_to_each_family() {
    let all: BTreeMap<_, _> = FAMILIES.iter().map(|it| (it.name, leading_to(it))).collect();
    let count: usize = all.values().map(Vec::len).sum();
    let different: BTreeSet<_> = all.values().flatten().collect();
    assert_eq!(different.len(), count, "what leads to two families leads to one of them only");
    let text = format!("{}\n", serde_json::to_string_pretty(&all).unwrap());
    if std::env::var_os("CEAP_BLESS").is_some() {
        std::fs::write(DOCUMENT, &text).unwrap();
    }
    let bless = "CEAP_BLESS=1 cargo test -p ceap-runtime helpdesk::";
    assert_eq!(std::fs::read_to_string(DOCUMENT).unwrap_or_default(), text, "{bless}");
}

#[tokio::test]
async fn every_tenant_whose_records_changed_is_seen_to_once() {
    let event: Value =
        serde_json::from_str(include_str!("../../../../events/helpdesk-index/changed.json"))
            .unwrap();
    let first = event["Records"][0]["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
    let read = || serde_json::from_value(event.clone()).unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let see_to = async |tenant: &TenantId| {
        seen.borrow_mut().push(tenant.to_string());
        Ok(Tally::default())
    };
    assert_eq!(seen_to("test", &see_to, read()).await, Answer::default());
    assert_eq!(seen.take(), ["acme", "other"]);

    let broken = async |tenant: &TenantId| match tenant.as_str() {
        "acme" => Err(Fault::Unavailable("the bucket".to_owned())),
        other => see_to(&TenantId::new(other)?).await,
    };
    let answer = seen_to("test", &broken, read()).await;
    assert_eq!(answer.batch_item_failures[0].item_identifier, first);
    assert_eq!(seen.take(), ["other"], "others do not wait for it");
}
