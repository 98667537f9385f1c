//! Somebody is taken out of an account: not a byte of what they are known by stays in any record, key, file or search,
//! and everybody else is as before.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use ceap_helpdesk::erasure::{Place, Stage, Step, Whom, step};
use ceap_helpdesk::ids::{BrandId, IdentityId, RecordId, UserId};
use ceap_helpdesk::message::{Again, Message, Requester, take};
use ceap_helpdesk::record::Changes;
use ceap_helpdesk::store::Store;
use ceap_helpdesk::suspended::{Author, Cause, SuspendedTicket};
use ceap_helpdesk::ticket::Via;
use ceap_helpdesk::user::{Invitation, Verification};
use ceap_kernel::access::Credential;
use ceap_kernel::{Clock, Fault, TenantId, digest};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SUBJECT: &str = "Cust-Ada-88123";
const EMAIL: &str = "ada.lovelace@acme.example";
const WORK: &str = "countess@acme.example";
const PHONE: &str = "+41445550123";
const NAME: &str = "Ada Lovelace";

fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// What the platform knows of her.
fn ada() -> Whom {
    let set = |text: &str| BTreeSet::from([text.to_owned()]);
    Whom {
        subjects: set(SUBJECT),
        emails: set("Ada.Lovelace@acme.example"),
        phones: set("+41 44 555 01 23"),
        names: set(NAME),
        ..Whom::default()
    }
}

fn message(id: &str, subject: &str, email: &str) -> Message {
    Message {
        id: id.to_owned(),
        use_case: Some("crash-support".to_owned()),
        requester: Requester {
            external_id: subject.to_owned(),
            name: Some(NAME.to_owned()),
            email: Some(email.to_owned()),
            phone: Some("+41 44 555 01 23".to_owned()),
        },
        subject: Some(format!("{NAME} cannot print")),
        text: format!("{subject} wrote from {email}"),
        again: Again::Comment,
        ..Message::default()
    }
}

async fn taken(world: &World, message: &Message) -> u64 {
    world.at_desk(async |desk| take(desk, &acme(), message).await).await.unwrap().get()
}

async fn opened(world: &World, who: &str, ticket: Value) -> u64 {
    let made = world.ask(who, "POST", "/tickets", json!({"ticket": ticket})).await.is(201);
    made["ticket"]["id"].as_u64().unwrap()
}

async fn uploaded(world: &World, who: &str, name: &str) -> Value {
    let mut headers = world.basic(who, world.token("acme"));
    headers.push(("content-type".to_owned(), "text/plain".to_owned()));
    let path = format!("/uploads.json?filename={name}");
    let bytes = format!("I am {NAME}").into_bytes();
    world.raw(headers, "POST", &path, bytes).await.is(201)["upload"]["token"].clone()
}

/// Held back as from her, before anybody knew her.
async fn held(world: &World) {
    let suspended = SuspendedTicket {
        id: RecordId::new(71).unwrap(),
        created_at: world.hands.now(),
        updated_at: world.hands.now(),
        author: Author { id: None, name: "A.".to_owned(), email: EMAIL.to_owned() },
        subject: None,
        content: "Out of office".to_owned(),
        cause: Cause::Spam,
        message_id: None,
        recipient: None,
        brand_id: None::<BrandId>,
        via: Via::of("email"),
    };
    let mut changes = Changes::new();
    changes.create(&suspended).unwrap();
    let (writes, _) = changes.finish();
    world.store.commit(&acme(), &writes).await.unwrap();
}

/// Where anything that she is known by stands: keys, records and files, whatever their case; and the keys that are
/// digests of it.
fn found(world: &World, tenant: &str) -> Vec<String> {
    let known = [SUBJECT, EMAIL, WORK, PHONE, "41445550123", NAME].map(str::to_lowercase);
    let digests = [digest(&["use_case", "crash-support", SUBJECT])];
    let named = |text: &str| {
        let text = text.to_lowercase();
        known.iter().chain(&digests).any(|it| text.contains(it.as_str()))
    };
    let items = world.store.dump().into_iter();
    let items = items.filter(|(of, ..)| of.as_str() == tenant);
    let items = items.map(|(_, key, body)| format!("{key} {body}"));
    let files = world.around.files.borrow();
    let files = files.iter().filter(|(name, _)| name.starts_with(tenant));
    let files =
        files.map(|(name, (_, bytes))| format!("{name} {}", String::from_utf8_lossy(bytes)));
    items.chain(files).filter(|text| named(text)).collect()
}

/// Everything that a tenant keeps, but for how often it was asked.
fn kept(world: &World, tenant: &str) -> Vec<String> {
    let items = world.store.dump().into_iter().filter(|(of, ..)| of.as_str() == tenant);
    let lasting = items.filter(|(_, key, _)| !key.partition.starts_with("RATE#"));
    lasting.map(|(_, key, body)| format!("{key} {body}")).collect()
}

/// She is sent a link, which shows that her address is hers.
async fn invite(world: &World, her: &Value) {
    let identity = world.get(&format!("/users/{her}/identities?type=email")).await.is(200);
    let identity = identity["identities"][0].clone();
    let path = format!("/users/{her}/identities/{}/request_verification", identity["id"]);
    world.put(&path, json!({})).await.is(200);
    let invitation = Invitation {
        user_id: UserId::new(her.as_u64().unwrap()).unwrap(),
        identity_id: IdentityId::new(identity["id"].as_u64().unwrap()).unwrap(),
    };
    let token = Credential::generate(acme(), &[9; 32]);
    let now = world.hands.now();
    assert!(Verification::begin(&world.store, &token, (&invitation, EMAIL), now).await.unwrap());
}

/// All steps of a pass, one after the other.
async fn erase(world: &World, whom: Whom) -> Result<Whom, Fault> {
    let (mut whom, mut place) = (whom, Place::default());
    loop {
        let next = world.at_desk(async |desk| step(desk, &acme(), &whom, &place).await).await?;
        match next {
            Step::On(on, known) => (place, whom) = (on, known),
            Step::Through(known) => return Ok(known),
            Step::NoHelpdesk => panic!("there is a helpdesk"),
        }
    }
}

/// Ada in every place that there is, and others beside her.
async fn lived(world: &World) -> [u64; 3] {
    cast::team(world).await;
    // Hers: one with a file and a thought, one that was deleted, one of who she was before.
    let own = taken(world, &message("m1", SUBJECT, EMAIL)).await;
    let path = format!("/tickets/{own}");
    let upload = uploaded(world, AGENT, "ada.txt").await;
    let reply = json!({"comment": {"body": format!("Dear {NAME}"), "uploads": [upload]},
        "assignee_id": 1001, "status": "solved"});
    world.ask(AGENT, "PUT", &path, json!({"ticket": reply})).await.is(200);
    let score =
        json!({"satisfaction_rating": {"score": "good", "comment": format!("Thanks! {NAME}")}});
    world.ask(EMAIL, "POST", &format!("{path}/satisfaction_rating"), score).await.is(200);
    let before = json!({"user": {"name": NAME, "email": WORK}});
    let before = world.post("/users", before).await.is(201)["user"]["id"].clone();
    let of_before = json!({"description": "When I was a countess", "requester_id": before});
    opened(world, AGENT, of_before).await;
    let her = world.get(&format!("/users/search?external_id={SUBJECT}")).await.is(200);
    let her = her["users"][0]["id"].clone();
    let into = json!({"user": {"id": her}});
    world.put(&format!("/users/{before}/merge"), into).await.is(200);
    // In jobs: in what was done, in what came of it, and in what was not done yet.
    let asked = json!({"users": [{"name": NAME, "email": EMAIL, "external_id": SUBJECT},
        {"name": "Bob", "email": "bob@acme.example", "external_id": "bob"}]});
    world.post("/users/create_or_update_many", asked.clone()).await.is(200);
    world.post("/users/create_many", asked.clone()).await.is(200);
    world.work().await;
    let waits = json!({"users": [{"name": NAME, "email": EMAIL}, {"name": "Carol", "external_id": "carol"},
        {"name": "A.", "external_id": SUBJECT}]});
    world.post("/users/create_many", waits).await.is(200);
    invite(world, &her).await;
    let gone = json!({"subject": NAME, "description": "x", "requester_id": her, "tags": [SUBJECT]});
    let gone = opened(world, AGENT, gone).await;
    world.delete(&format!("/tickets/{gone}")).await.is(204);
    held(world).await;
    // Another's, that she took part in: in copy, and by a word and a file.
    let upload = uploaded(world, AGENT, "me.txt").await;
    let copied = opened(
        world,
        AGENT,
        json!({
            "subject": format!("For {NAME}"), "description": format!("Copied {NAME} <{EMAIL}>"),
            "requester_id": 4001, "email_ccs": [{"user_id": her}],
        }),
    )
    .await;
    let said = json!({"comment": {"author_id": her, "uploads": [upload],
        "html_body": "<p>Regards,<br>Ada&nbsp;<b>Lovelace</b>, +41 (44) 555-01-23</p>"}});
    world.ask(AGENT, "PUT", &format!("/tickets/{copied}"), json!({"ticket": said})).await.is(200);
    // Another's, that names her.
    let named = opened(world, AGENT, json!({
        "subject": "Invoice", "requester_id": 4001, "external_id": SUBJECT, "tags": [SUBJECT, "vip"],
        "comment": {"body": format!("Ask {} or call 0041 44 555 01 23", EMAIL.to_uppercase()), "public": false},
    })).await;
    let about = json!({"organization": {"name": "Engines", "notes": format!("Ask {EMAIL}")}});
    world.post("/organizations", about).await.is(201);
    let notes = json!({"user": {"notes": format!("Knows {SUBJECT}")}});
    world.put("/users/4001", notes).await.is(200);
    let search = json!({"saved_search": {"title": "Hers", "query": format!("requester:{EMAIL}")}});
    world.ask(AGENT, "POST", "/saved_searches.json", search).await.is(201);
    // The same person is known to another tenant.
    let elsewhere =
        json!({"ticket": {"description": "x", "requester": {"name": NAME, "email": EMAIL}}});
    world.ask("owner@other.example", "POST", "/tickets", elsewhere).await.is(201);
    [own, copied, named]
}

#[tokio::test]
async fn not_a_byte_of_somebody_stays_and_everybody_else_does() {
    let world = World::new();
    let [own, copied, named] = lived(&world).await;
    world.feed(&world.index).await;
    let before = found(&world, "acme");
    for place in [
        "TICKET ",
        "TICKET#",
        "DELETED_TICKET",
        "USER",
        "UNIQUE#user.email",
        "UNIQUE#user.external_id",
        "LIST#external",
        "SATISFACTION",
        "ORGANIZATION",
        "SAVED_SEARCH",
        "SUSPENDED",
        "TAGS",
        "JOB#",
        "OPENED#",
        "acme/",
    ] {
        assert!(
            before.iter().any(|it| it.starts_with(place)),
            "{place} names her not: {before:#?}"
        );
    }
    let other = kept(&world, "other");
    let searched = async |query: &str| {
        let path = format!("/search?query={query}");
        world.get(&path).await.is(200)["count"].as_u64().unwrap()
    };
    assert!(searched(EMAIL).await > 0 && searched("countess").await > 0);

    world.pass(60);
    let known = erase(&world, ada()).await.unwrap();
    assert_eq!(known.people.len(), 2, "she, and who she was before: {known:?}");
    assert!(known.emails.contains(WORK), "{known:?}");
    assert_eq!(found(&world, "acme"), Vec::<String>::new());
    world.feed(&world.index).await;
    for query in [EMAIL, WORK, SUBJECT, "lovelace", "countess"] {
        assert_eq!(searched(query).await, 0, "{query}");
    }

    world.get(&format!("/tickets/{own}")).await.is(404);
    world.get(&format!("/tickets/{own}/comments")).await.is(404);
    let left = world.get("/tickets/count").await.is(200);
    assert_eq!(left["count"]["value"], 2, "of others");
    let ticket = world.get(&format!("/tickets/{copied}")).await.is(200)["ticket"].clone();
    assert_eq!(ticket["subject"], format!("For {}", "▇".repeat(NAME.len())));
    assert_eq!((&ticket["email_cc_ids"], &ticket["requester_id"]), (&json!([]), &json!(4001)));
    let comments = world.get(&format!("/tickets/{copied}/comments")).await.is(200);
    let said = comments["comments"].as_array().unwrap().last().unwrap().clone();
    let text = said["plain_body"].as_str().unwrap();
    assert!(text.starts_with("Regards,") && text.contains('▇'), "{text}");
    assert_eq!(said["attachments"][0]["file_name"], "redacted.txt");
    let author = world.get(&format!("/users/{}", said["author_id"])).await.is(200)["user"].clone();
    assert_eq!(
        (&author["name"], &author["email"]),
        (&json!("Permanently Deleted User"), &Value::Null)
    );
    let invoice = world.get(&format!("/tickets/{named}")).await.is(200)["ticket"].clone();
    assert_eq!(invoice["subject"], "Invoice");
    let tags: Vec<&Value> =
        invoice["tags"].as_array().unwrap().iter().filter(|it| *it == "vip").collect();
    assert_eq!(tags.len(), 1, "{invoice}");
    // Of what was not done yet, what names her is refused, and the rest is done.
    world.work().await;
    assert_eq!(found(&world, "acme"), Vec::<String>::new());
    let carol = world.get("/users/search?external_id=carol").await.is(200);
    assert_eq!(carol["count"], 1);
    let jobs = world.get("/job_statuses").await.is(200)["job_statuses"].clone();
    let results = jobs[0]["results"].as_array().unwrap();
    let became: Vec<&Value> =
        results.iter().map(|it| it.get("error").unwrap_or(&it["success"])).collect();
    assert_eq!(became, [&json!("Erased"), &json!(true), &json!("Erased")], "{results:?}");
    let customer = world.ask(CUSTOMER, "GET", "/users/me", Value::Null).await.is(200);
    assert_eq!(customer["user"]["email"], CUSTOMER);
    assert_eq!(kept(&world, "other"), other, "another tenant's");

    // Again, it changes nothing.
    let after = kept(&world, "acme");
    world.pass(600);
    assert_eq!(erase(&world, known.clone()).await.unwrap(), known);
    assert_eq!(kept(&world, "acme"), after);
    // Who comes back is somebody new.
    let anew = taken(&world, &message("m2", SUBJECT, EMAIL)).await;
    assert_ne!(anew, own);
}

#[tokio::test]
async fn it_may_end_at_any_step_and_be_done_again() {
    let mut steps = 0;
    loop {
        let world = World::new();
        world.unchecked.set(true);
        lived(&world).await;
        let (mut whom, mut place) = (ada(), Place::default());
        let mut through = false;
        for _ in 0..steps {
            let next = world.at_desk(async |desk| step(desk, &acme(), &whom, &place).await).await;
            match next.unwrap() {
                Step::On(on, known) => (place, whom) = (on, known),
                Step::Through(_) => through = true,
                Step::NoHelpdesk => panic!("there is a helpdesk"),
            }
        }
        // What was learnt is kept, where it stood is not.
        erase(&world, whom).await.unwrap();
        assert_eq!(found(&world, "acme"), Vec::<String>::new(), "after {steps} steps");
        if through {
            break;
        }
        steps += 1;
    }
    assert!(steps > 10, "{steps}");
}

#[tokio::test]
async fn who_works_in_the_helpdesk_is_not_erased_as_a_customer() {
    let world = World::new();
    cast::all(&world).await;
    let emails = BTreeSet::from([AGENT.to_owned()]);
    let before = kept(&world, "acme");
    let refused = erase(&world, Whom { emails, ..Whom::default() }).await.unwrap_err();
    assert!(
        matches!(&refused, Fault::Invalid { message, .. } if message.contains("user 1001")),
        "{refused:?}"
    );
    assert!(!refused.retryable());
    assert_eq!(kept(&world, "acme"), before);
}

#[tokio::test]
async fn an_address_that_is_anothers_too_leads_to_nobody_and_stays() {
    let world = World::new();
    cast::all(&world).await;
    let bob = json!({"user": {"name": "Bob", "email": EMAIL, "external_id": "bob"}});
    let bob = world.post("/users", bob).await.is(201)["user"].clone();
    let own = opened(&world, AGENT, json!({"description": EMAIL, "requester_id": bob["id"]})).await;
    let known = erase(&world, ada()).await.unwrap();
    assert_eq!(known.shared, BTreeSet::from([EMAIL.to_owned()]));
    assert_eq!(known.people, BTreeSet::<UserId>::new());
    let path = format!("/users/{}", bob["id"]);
    assert_eq!(world.get(&path).await.is(200)["user"]["email"], EMAIL);
    let ticket = world.get(&format!("/tickets/{own}")).await.is(200)["ticket"].clone();
    assert_eq!(ticket["description"], EMAIL);
}

#[tokio::test]
async fn where_nobody_set_a_helpdesk_up_there_is_nobody_to_erase() {
    let world = World::new();
    let place = Place { stage: Stage::Tickets, after: None };
    let next = world.at_desk(async |desk| step(desk, &acme(), &ada(), &place).await).await;
    assert_eq!(next, Ok(Step::NoHelpdesk));
}
