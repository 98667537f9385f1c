//! Each use case of the catalogue does on its sample events what its sample says: `use-cases/samples`
//! holds the body of a simulation, and what is expected of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use ceap_engagement::affinity::count::Counting;
use ceap_engagement::affinity::port::AffinityKeeper;
use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::item::Item;
use ceap_engagement::item::catalogue::ItemStore;
use ceap_engagement::run::Run;
use ceap_engagement::run::batch::Batch;
use ceap_engagement::simulation::{Request, Simulated, simulate};
use ceap_engagement::use_case::{Document, OwnShop, Plan, Settings, UseCase, UseCases, catalogue};
use ceap_kernel::{AffinityName, ItemId, RunId, SubjectId, Tally, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{noon, plan_with, settings, tenant};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is expected of a sample.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The tenant's settings, where the use case needs some.
    #[serde(default)]
    settings: serde_json::Map<String, serde_json::Value>,
    /// What recommendations are made from.
    #[serde(default)]
    shop: Option<Sold>,
    /// Signals that go no further, by reason.
    filtered: BTreeMap<String, u64>,
    messages: Vec<Sent>,
}

/// Items, and an affinity model of what subjects before had to do with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sold {
    model: AffinityName,
    seen: Vec<Vec<ItemId>>,
    items: Vec<Item>,
}

impl Sold {
    async fn open(&self, world: &World, tenant: &TenantId) -> OwnShop {
        let mut counting = Counting::default();
        self.seen.iter().for_each(|seen| counting.subject(seen).unwrap());
        let (model, file) = counting.model(2).write().unwrap();
        world.keep(tenant, &self.model, &model, file, noon()).await.unwrap();
        world.put(tenant, &self.items).await.unwrap();
        OwnShop { affinities: Arc::new(world.clone()), items: Arc::new(world.clone()) }
    }
}

/// A message: to whom, and some of what it says.
#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
#[serde(deny_unknown_fields)]
struct Sent {
    subject: String,
    channel: String,
    to: String,
    says: String,
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../use-cases/samples")
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> Option<T> {
    let text = fs::read_to_string(samples().join(name)).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn sent(simulated: &Simulated) -> BTreeSet<Sent> {
    let mut sent = BTreeSet::new();
    for signal in &simulated.signals {
        for tried in signal.passes.iter().flat_map(|pass| &pass.channels) {
            let Some(message) = &tried.message else { continue };
            sent.insert(Sent {
                subject: signal.subject.to_string(),
                channel: tried.channel.clone(),
                to: message.to.clone(),
                says: serde_json::to_string(&message.content).unwrap(),
            });
        }
    }
    sent
}

/// What speaks against the sample of `id`; nothing, if all is as expected.
async fn check(id: &str, text: &str) -> Option<String> {
    let request: Request = read(&format!("{id}.json")).unwrap();
    let expected: Expected = read(&format!("{id}.expected.json")).unwrap();
    let mut given = serde_json::to_value(settings()).unwrap();
    given.as_object_mut().unwrap().extend(expected.settings);
    let settings: Settings = serde_json::from_value(given).unwrap();
    let world = World::new(noon());
    let tenant = tenant("acme");
    let mut plan = plan_with(settings, &[]);
    if let Some(shop) = &expected.shop {
        plan = plan.with_shop(shop.open(&world, &tenant).await);
    }
    let document = Document::parse(text).unwrap();
    let document = Document { holdout_percent: 0, ..document };
    let simulated = simulate(&tenant, &plan, document, &request, &world, world.clone());
    let simulated = simulated.await.unwrap_or_else(|fault| panic!("{id}: {fault}"));
    let sent = sent(&simulated);
    let found = |it: &Sent| {
        let to = |other: &&Sent| {
            (&other.subject, &other.channel, &other.to) == (&it.subject, &it.channel, &it.to)
        };
        sent.iter().filter(to).any(|other| other.says.contains(&it.says))
    };
    let missing: Vec<&Sent> = expected.messages.iter().filter(|it| !found(it)).collect();
    let filtered = &simulated.funnel.filtered;
    let fits = missing.is_empty()
        && sent.len() == expected.messages.len()
        && *filtered == expected.filtered
        && simulated.funnel.quarantined == 0;
    (!fits).then(|| format!("{id}: {filtered:?}, without {missing:#?}: {sent:#?}"))
}

#[tokio::test]
async fn each_does_what_its_sample_says() {
    let mut wrong = Vec::new();
    for (id, text) in catalogue::CATALOGUE {
        let document = Document::parse(text).unwrap();
        if document.trigger.schedule.is_none() {
            wrong.extend(check(id, text).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_eighteen_each_with_its_sample_and_page() {
    assert_eq!(catalogue::CATALOGUE.len(), 18);
    let pages = samples().join("../../docs/src/catalogue");
    for (id, _) in catalogue::CATALOGUE {
        assert!(read::<Expected>(&format!("{id}.expected.json")).is_some(), "{id} has no sample");
        let page = fs::read_to_string(pages.join(format!("{id}.md"))).unwrap_or_default();
        assert!(page.contains(&format!("use-cases/{id}.yaml")), "{id} has no page");
    }
}

/// A schedule judges a whole population: here by the same stages over testkit's world.
#[tokio::test]
async fn the_scheduled_ones_do_what_their_samples_say() {
    for (id, text) in catalogue::CATALOGUE {
        let document = Document::parse(text).unwrap();
        if document.trigger.schedule.is_some() {
            scheduled(id, Document { holdout_percent: 0, ..document }).await;
        }
    }
}

async fn scheduled(id: &str, document: Document) {
    let request: Request = read(&format!("{id}.json")).unwrap();
    let expected: Expected = read(&format!("{id}.expected.json")).unwrap();
    let tenant = tenant("acme");
    let use_case = UseCase::compile(document).unwrap();
    let run = RunId::derive(&tenant, use_case.id(), "batch", "1");
    let plan = Plan::new(settings(), vec![use_case]);
    let run: Run = serde_json::from_value(json!({
        "id": run, "tenant": tenant, "use_case": id, "version": 1,
        "kind": "batch", "state": "running", "requested": noon(), "as_of": noon(), "attempt": 1,
    }))
    .unwrap();
    let world = World::new(noon()).with(&tenant, plan);
    let mut arrived: Vec<Arrived> = request
        .events
        .iter()
        .map(|event| Event::from_json(event, noon()).unwrap())
        .map(|event| Arrived { tenant: tenant.clone(), at: event.time, event, trace: None })
        .collect();
    arrived.sort_by_key(|it| it.at);
    world.run(&arrived).await;
    let subjects: BTreeSet<SubjectId> = arrived.iter().map(|it| it.event.subject.clone()).collect();
    let subjects: Vec<SubjectId> = subjects.into_iter().collect();
    let batch = Batch { subjects: &world, signals: &world, quarantine: &world, now: noon() };
    let plan = world.plan(&tenant).await.unwrap();
    let mut tally = Tally::default();
    // A part that comes twice does nothing twice.
    for _ in 0..2 {
        batch.run(&run, &plan, &subjects, &mut tally).await.unwrap();
    }
    world.settle_all().await;
    let sent = world.sent();
    for message in &expected.messages {
        let found = sent.iter().any(|it| {
            let says = serde_json::to_string(&it.content).unwrap();
            (it.subject.as_str(), &it.channel, &it.to)
                == (message.subject.as_str(), &message.channel, &message.to)
                && says.contains(&message.says)
        });
        assert!(found, "{id}: no {message:?} in {sent:#?}");
    }
    assert_eq!(sent.len(), expected.messages.len(), "{id}");
}
