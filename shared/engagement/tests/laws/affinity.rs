//! What goes together is counted as a naive reading of its definition says, in whatever parts; and only
//! what can be had, and is new to its subject, is recommended.

use ceap_engagement::affinity::count::{Counted, Counting};
use ceap_engagement::affinity::port::AffinityKeeper;
use ceap_engagement::affinity::{Affinity, Own, learn};
use ceap_engagement::history::Part;
use ceap_engagement::item::Item;
use ceap_engagement::item::catalogue::ItemStore;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::use_case::{OwnShop, UseCase};
use ceap_engagement::{simulation, use_case};
use ceap_kernel::{AffinityName, ItemId};
use ceap_testkit::World;
use ceap_testkit::builders::{after_noon, event, noon, plan_with, settings, tenant};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(future)
}

fn id(item: impl ToString) -> ItemId {
    ItemId::new(format!("i{}", item.to_string())).unwrap()
}

fn counted(histories: &[Vec<u8>]) -> Counting {
    let mut counting = Counting::default();
    for history in histories {
        counting.subject(&history.iter().map(id).collect::<Vec<_>>()).unwrap();
    }
    counting
}

/// By the definition: cosine of each pair that at least `least` had to do with.
fn naive(histories: &[Vec<u8>], least: usize) -> BTreeMap<(ItemId, ItemId), f64> {
    let of = |item: u8| -> BTreeSet<usize> {
        let has = histories.iter().enumerate().filter(|(_, it)| it.contains(&item));
        has.map(|(n, _)| n).collect()
    };
    let items: BTreeSet<u8> = histories.iter().flatten().copied().collect();
    let mut cosines = BTreeMap::new();
    for (a, b) in items.iter().flat_map(|a| items.iter().map(move |b| (*a, *b))) {
        let both = of(a).intersection(&of(b)).count();
        if a != b && both >= least {
            let root = ((of(a).len() * of(b).len()) as f64).sqrt();
            cosines.insert((id(a), id(b)), both as f64 / root);
        }
    }
    cosines
}

fn histories() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(0_u8..30, 0..12), 0..40)
}

proptest! {
    #[test]
    fn a_model_is_what_its_definition_says(histories in histories(), least in 1_usize..4) {
        let model = counted(&histories).model(least as u64);
        let naive = naive(&histories, least);
        for item in (0..30).map(id) {
            let own = Own { item: item.clone(), rank: 0, event: "seen".to_owned() };
            let said = model.recommend(&[own], &BTreeSet::new(), 50);
            let mut expected: Vec<(ItemId, f64)> = naive
                .iter()
                .filter(|((one, _), _)| *one == item)
                .map(|((_, other), cosine)| (other.clone(), *cosine))
                .collect();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            let mut found: Vec<(ItemId, f64)> =
                said.iter().map(|it| (it.item.clone(), it.score)).collect();
            prop_assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1));
            found.sort_by(|a, b| a.0.cmp(&b.0));
            prop_assert_eq!(found.len(), expected.len());
            for (a, b) in found.iter().zip(&expected) {
                prop_assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn parts_add_up_to_the_whole(
        histories in histories().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        cuts in (0_usize..40, 0_usize..40),
    ) {
        let (one, other) = histories;
        let (first, second) = (cuts.0.min(other.len()), cuts.1.min(other.len()));
        let (first, second) = (first.min(second), first.max(second));
        let mut merged = Counting::default();
        for part in [&other[second..], &other[..first], &other[first..second]] {
            let written = serde_json::to_value(counted(part).counted()).unwrap();
            merged.merge(serde_json::from_value::<Counted>(written).unwrap()).unwrap();
        }
        let whole = counted(&one).model(2).write().unwrap();
        prop_assert_eq!(merged.model(2).write().unwrap(), whole);
    }
}

#[test]
fn of_a_subject_the_newest_fifty_count() {
    let mut counting = Counting::default();
    let items: Vec<ItemId> = (0..80).map(id).collect();
    counting.subject(&items).unwrap();
    let (subjects, known, pairs) = counting.sizes();
    assert_eq!((subjects, known, pairs), (1, 50, 50 * 49 / 2));
    let model = counting.model(1);
    assert!(model.items.iter().all(|(item, _)| items[30..].contains(item)));
    assert!(model.neighbours.iter().all(|near| near.len() == 49));
}

#[test]
fn a_model_survives_its_file_and_nothing_else_is_one() {
    let model = counted(&[vec![1, 2], vec![1, 2, 3]]).model(1);
    let (name, file) = model.write().unwrap();
    assert_eq!(Affinity::read(&file).unwrap(), model);
    assert_eq!(model.write().unwrap().0, name);
    for other in
        [&b"{}"[..], b"", b"[1,2", br#"{"format":"x","subjects":1,"items":[],"neighbours":[]}"#]
    {
        assert_eq!(Affinity::read(other).unwrap_err().code(), "invalid");
    }
}

const DOCUMENT: &str = "{id: recommended, version: 1, name: Recommended, purpose: operational,
    trigger: {event: item_viewed},
    score: {kind: affinity, model: products, events: [item_viewed], of: item_id, within: 90d,
            min: 0.05, top: 2, exclude: [item_bought]},
    ttl: 1d,
    action: {channel: email, to: settings.security_recipient, subject: 'For you: {{ items[0].name }}',
             text: '{% for item in items %}{{ item.name }} {{ item.url }} {{ item.attributes.price }};{% endfor %}{{ reasons[0] }}'}}";

fn item(n: u8, available: bool) -> Item {
    let item = json!({"id": id(n), "name": format!("Item {n}"), "available": available,
                      "url": format!("https://shop.example/{n}"), "attributes": {"price": n}});
    serde_json::from_value(item).unwrap()
}

/// Five who looked at 1, all at 2, four at 3, three at 4, two at 5.
async fn shop() -> World {
    let world = World::new(noon());
    let (acme, name) = (tenant("acme"), AffinityName::new("products").unwrap());
    let seen =
        [vec![1, 2], vec![1, 2, 3], vec![1, 2, 3, 4], vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5]];
    let (model, file) = counted(&seen).model(2).write().unwrap();
    world.keep(&acme, &name, &model, file, noon()).await.unwrap();
    let items: Vec<Item> = (1..=5).map(|n| item(n, n != 2)).collect();
    ItemStore::put(&world, &acme, &items).await.unwrap();
    world
}

/// What became of the last of these views and purchases.
fn decided(world: &World, happened: &[(&str, u8)]) -> Value {
    let plan = plan_with(settings(), &[])
        .with_shop(OwnShop { affinities: Arc::new(world.clone()), items: Arc::new(world.clone()) });
    let events: Vec<Value> = (0..)
        .zip(happened)
        .map(|(n, (kind, item))| {
            let fact = event(kind, "ada", &format!("e{n}")).time(after_noon(i64::from(n)));
            serde_json::to_value(fact.data(json!({"item_id": id(item)})).json()).unwrap()
        })
        .collect();
    let request: simulation::Request = serde_json::from_value(json!({"events": events})).unwrap();
    let document = use_case::Document::parse(DOCUMENT).unwrap();
    let said = block_on(simulation::simulate(
        &tenant("acme"),
        &plan,
        document,
        &request,
        world,
        world.clone(),
    ));
    let said = serde_json::to_value(said.unwrap()).unwrap();
    said["signals"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn what_can_be_had_and_is_new_is_recommended() {
    let world = block_on(shop());
    let signal = decided(&world, &[("item_viewed", 1)]);
    let score = &signal["passes"][0]["score"];
    let ids: Vec<&str> =
        score["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    // 2 goes best with 1, and is sold out.
    assert_eq!(ids, ["i3", "i4"]);
    let expected = 4.0 / (5.0_f64 * 4.0).sqrt();
    assert!((score["score"].as_f64().unwrap() - expected).abs() < 1e-12);
    assert_eq!(score["reasons"], json!(["item viewed: Item 1"]));
}

#[test]
fn neither_what_was_looked_at_nor_what_was_bought() {
    let world = block_on(shop());
    let happened = [("item_viewed", 3), ("item_bought", 4), ("item_viewed", 1)];
    let signal = decided(&world, &happened);
    let items = signal["passes"][0]["score"]["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1, "{signal:#}");
    assert_eq!(items[0]["id"], "i5");
}

#[test]
fn nothing_to_recommend_is_a_score_of_zero() {
    let world = block_on(shop());
    let signal = decided(&world, &[("item_viewed", 29)]);
    let score = &signal["passes"][0]["score"];
    assert_eq!((&score["score"], &score["passes"]), (&json!(0.0), &json!(false)), "{signal:#}");
}

#[test]
fn without_a_model_the_signal_is_filtered() {
    let signal = decided(&World::new(noon()), &[("item_viewed", 1)]);
    assert!(signal.to_string().contains("no_model"), "{signal:#}");
}

#[test]
fn a_document_says_what_affinity_can_do() {
    for (from, to, field) in [
        ("top: 2", "top: 6", "score.top"),
        ("top: 2", "top: 0", "score.top"),
        ("of: item_id", "of: ''", "score.of"),
        ("events: [item_viewed]", "events: []", "score.events"),
        ("exclude: [item_bought]", "exclude: [item_viewed]", "score.events"),
        ("min: 0.05", "min: 2", "score.min"),
        ("model: products", "model: 'Products!'", "score"),
        ("items[0].name", "things[0].name", "action.subject"),
    ] {
        let fault = UseCase::parse(&DOCUMENT.replace(from, to)).unwrap_err();
        assert!(fault.to_string().contains(field), "{from} → {to}: {fault}");
    }
}

/// Learnt from the lake, in any number of parts: the same file.
#[test]
fn history_is_learnt_in_parts() {
    let (acme, world) = (tenant("acme"), World::new(after_noon(1_000)));
    let mut arrived = Vec::new();
    for n in 0..200_u32 {
        let kind = if n % 7 == 0 { "item_bought" } else { "item_viewed" };
        let fact = event(kind, &format!("u{}", n % 23), &format!("e{n}"));
        let fact = fact.time(after_noon(i64::from(n))).data(json!({"item_id": (n * n) % 31}));
        arrived.push(fact.of(&acme));
    }
    block_on(EventStream::put(&world, &arrived)).unwrap();
    let document = use_case::Document::parse(DOCUMENT).unwrap();
    let ceap_engagement::score::ScoreDocument::Affinity(asked) = &document.score else { panic!() };
    let learnt = |parts: u32| {
        let mut whole = Counting::default();
        for index in 0..parts {
            let part = Part::new(index, parts).unwrap();
            let query = learn::query(asked, after_noon(150), Some(part));
            let counted = block_on(learn::count(&acme, asked, &query, &world)).unwrap();
            whole.merge(counted.counted()).unwrap();
        }
        whole
    };
    let mut seen: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for n in (0..150_u32).filter(|n| n % 7 != 0) {
        seen.entry(n % 23).or_default().push(u8::try_from((n * n) % 31).unwrap());
    }
    let mut expected = Counting::default();
    for items in seen.values() {
        let items: Vec<ItemId> =
            items.iter().map(|it| ItemId::new(it.to_string()).unwrap()).collect();
        expected.subject(&items).unwrap();
    }
    let expected = expected.model(learn::LEAST).write().unwrap();
    for parts in [1, 2, 5] {
        assert_eq!(learnt(parts).model(learn::LEAST).write().unwrap(), expected);
    }
}
