//! What was rejected can be sent again when it can be taken, once, whatever dies.

use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::Decoded;
use ceap_engagement::quarantine::redrive::{Asked, Reads, discard, redrive};
use ceap_engagement::quarantine::{Filter, Rejected, list};
use ceap_engagement::schema::{Compatibility, Compiled, EventSchema, Mode, SchemaDocument};
use ceap_engagement::use_case::{Plan, Stored};
use ceap_kernel::{Fault, Metric, TenantId};
use ceap_testkit::builders::{after_noon, event, noon, settings, subject, tenant};
use ceap_testkit::{Strike, World};
use serde_json::json;

struct AsEvents;

impl Reads for AsEvents {
    async fn read(&self, _: &TenantId, rejected: &Rejected) -> Result<Option<Vec<Decoded>>, Fault> {
        Ok(rejected.stage.starts_with("ingest-").then(|| {
            vec![match Event::from_json(&rejected.payload, rejected.at) {
                Ok(event) => Decoded::Event(event),
                Err(fault) => Decoded::Bad { fault, payload: rejected.payload.clone() },
            }]
        }))
    }
}

/// What a tenant runs whose orders must have a value.
fn judging(mode: Option<Mode>) -> Plan {
    let schema = json!({"type": "object", "required": ["value"]}).as_object().unwrap().clone();
    let schemas = mode.map(|mode| {
        let document = SchemaDocument { schema, mode, compatibility: Compatibility::None };
        let kind = "order".to_owned();
        let schema = EventSchema { kind: kind.clone(), version: 1, updated_at: noon(), document };
        (kind, Compiled::of(&schema).unwrap())
    });
    let stored = Stored { schemas: schemas.into_iter().collect(), ..Stored::default() };
    Plan::with(settings(), Vec::new(), stored)
}

/// Three orders, of which one has no value, and one that is no event at all.
async fn rejected(tenant: &TenantId) -> World {
    let world = World::new(noon()).with(tenant, judging(Some(Mode::Reject)));
    let order = |id: &str, data| event("order", "ada", id).sec(-90).data(data).of(tenant);
    let all =
        [order("1", json!({"value": 1})), order("2", json!({})), order("3", json!({"value": 3}))];
    world.ingest(&all).await;
    let broken = ceap_kernel::Fault::invalid("id", "is missing; it is required");
    let payload = json!({"type": "order"});
    let one = Rejected::new(Some(tenant), "ingest-http", &broken, payload, after_noon(-5));
    ceap_engagement::quarantine::Quarantine::keep(&world, &[one]).await.unwrap();
    world.set_now(after_noon(30 * 3600));
    world
}

fn count(world: &World, tenant: &TenantId) -> u64 {
    world.state(tenant, &subject("ada")).series.events()["order"].count
}

/// What the stream brings on.
async fn brought(world: &World) {
    let arrived = std::mem::take(&mut world.stores().stream);
    world.ingest(&arrived).await;
}

#[tokio::test]
async fn a_schema_warns_or_keeps_out() {
    let tenant = tenant("acme");
    for (mode, counted, kept) in
        [(None, 2, 0), (Some(Mode::Warn), 2, 0), (Some(Mode::Reject), 1, 1)]
    {
        let world = World::new(noon()).with(&tenant, judging(mode));
        let order = |id: &str, data| event("order", "ada", id).data(data).of(&tenant);
        world.ingest(&[order("1", json!({"value": 1})), order("2", json!({}))]).await;
        assert_eq!(count(&world, &tenant), counted, "{mode:?}");
        let stores = world.stores();
        assert_eq!(stores.quarantine.len(), kept, "{mode:?}");
        let unexpected = stores.tally.total(Metric::EventsUnexpected);
        assert_eq!(unexpected, u64::from(mode == Some(Mode::Warn)));
        let reasons: Vec<&str> = stores.quarantine.iter().map(|it| it.reason.as_str()).collect();
        assert!(
            reasons.iter().all(|it| it.starts_with("data: \"value\" is a required")),
            "{reasons:?}"
        );
    }
}

#[tokio::test]
async fn it_is_shown_and_what_is_thrown_away_is_gone() {
    let tenant = tenant("acme");
    let world = rejected(&tenant).await;
    let all = list(&tenant, &Filter::default(), None, &world).await.unwrap();
    assert_eq!((all.entries.len(), all.next), (2, None));
    let http = Filter { stage: Some("ingest-http".into()), ..Filter::default() };
    let found = list(&tenant, &http, None, &world).await.unwrap().entries;
    assert_eq!((found.len(), found[0].kind.as_deref()), (1, Some("order")));
    let asked = Asked {
        filter: Filter { ids: vec![found[0].id.clone()], ..Filter::default() },
        cursor: None,
    };
    assert_eq!(discard(&tenant, &asked, &world).await.unwrap().discarded, 1);
    assert_eq!(world.stores().quarantine.len(), 1);
}

#[tokio::test]
async fn what_can_be_taken_now_is_taken_once_whatever_dies() {
    let tenant = tenant("acme");
    let clean = rejected(&tenant).await.with(&tenant, judging(None));
    let before = clean.total_calls();
    let outcome = redrive(&tenant, &Asked::default(), &clean, &AsEvents, &clean).await.unwrap();
    assert_eq!((outcome.redriven, outcome.refused, outcome.skipped), (1, 1, 0));
    let calls = clean.total_calls() - before;
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = rejected(&tenant).await.with(&tenant, judging(None));
            world.strike(nth, strike);
            while !matches!(
                world.alive(redrive(&tenant, &Asked::default(), &world, &AsEvents, &world)).await,
                Some(Ok(_))
            ) {}
            brought(&world).await;
            let struck = world.struck();
            assert_eq!(count(&world, &tenant), 3, "{struck:?}");
            assert_eq!(world.stores().quarantine.len(), 1, "{struck:?}");
            let seen = world.state(&tenant, &subject("ada")).series.events()["order"];
            assert_eq!(seen.last, after_noon(-90).as_millisecond(), "as of its own time");
        }
    }
}
