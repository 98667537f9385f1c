//! Whatever is asked for of whatever was written: the index finds what the naive scan finds.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use ceap_helpdesk::{
    rule::Order,
    search::{
        Document, Filter, Index, Key, Kind, Language, Of, Place, Seek, Sort, Stamp, Value,
        index::{Change, Wanted},
    },
};
use ceap_search::Policy;
use ceap_search::desk::Indexes;

use crate::{
    generated::dice::Dice,
    world::{Model, World, apply, naive},
};

const WORDS: [&str; 14] = [
    "run", "running", "runs", "cat", "cats", "über", "a", "ab", "abc", "ab-c", "北京", "naïve",
    "x9", "the",
];
const VALUES: [&str; 10] = ["1", "2", "3", "10", "a", "ab", "abc", "zoë", "über", "a b"];
const KEYWORDS: [&str; 6] =
    ["group", "assignee", "requester_name", "custom_field_7", "brand", "organization_name"];
const NUMBERS: [&str; 5] = ["priority", "score", "created", "profile.size", "custom_field_7"];
const TEXTS: [&str; 4] = ["subject", "comment", "name", "profile.size"];
const NAMES: [&str; 3] = ["tags", "email", "profile.plan"];

fn number(dice: &mut Dice) -> f64 {
    match dice.below(8) {
        0..4 => dice.below(5) as f64,
        4 => -(dice.below(3) as f64) + 0.0,
        5 => dice.below(40) as f64 / 8.0 - 2.0,
        6 => 1_700_000_000.0 + dice.below(5) as f64,
        _ => *dice.pick(&[
            9_007_199_254_740_991.0,
            -9_007_199_254_740_991.0,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            0.1,
        ]),
    }
}

/// Of one column, numbers of one sort are met in some segments and others in others.
fn document(dice: &mut Dice, of: Of) -> Document {
    let mut document = Document::new(of.kind, of.id);
    document.language = *dice.pick(&[None, Some(Language::English), Some(Language::German)]);
    for field in KEYWORDS.iter().chain(&NAMES) {
        let values: BTreeSet<String> =
            dice.some(3, |dice| (*dice.pick(&VALUES)).to_owned()).into_iter().collect();
        if !values.is_empty() {
            document.keywords.insert((*field).to_owned(), values);
        }
    }
    for field in NUMBERS {
        if !dice.once_in(3) {
            document.numbers.insert(field.to_owned(), number(dice));
        }
    }
    for field in TEXTS {
        let texts = dice.some(3, |dice| {
            let words: Vec<&str> = dice.some(6, |dice| *dice.pick(&WORDS));
            words.join(*dice.pick(&[" ", ". ", ", "]))
        });
        if !texts.is_empty() {
            document.texts.insert(field.to_owned(), texts);
        }
    }
    document
}

fn of(dice: &mut Dice, most: u64) -> Of {
    let id = match dice.below(20) {
        0 => (1 << 53) - dice.below(3),
        _ => dice.below(most) + 1,
    };
    Of { kind: *dice.pick(Kind::ALL), id }
}

fn bound(dice: &mut Dice) -> Bound<f64> {
    let number = match dice.below(10) {
        0 => -0.0,
        1 => *dice.pick(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]),
        _ => number(dice),
    };
    match dice.below(3) {
        0 => Bound::Included(number),
        1 => Bound::Excluded(number),
        _ => Bound::Unbounded,
    }
}

fn text(dice: &mut Dice) -> Filter {
    let fields: Vec<&str> = dice.some(3, |dice| *dice.pick(&TEXTS));
    let words: Vec<&str> = dice.some(3, |dice| *dice.pick(&WORDS));
    let languages = [Language::English, Language::German];
    match dice.below(4) {
        0 => Filter::prefix(&fields, &words.join(" "), &languages),
        1 => {
            let prefix = *dice.pick(&["", "a", "ab", "=", "=en:r", "r", "ü", "u", "ab\0comment"]);
            let seek = Seek::Prefix(prefix.to_owned());
            Filter::Text { fields: fields.iter().map(|it| (*it).to_owned()).collect(), seek }
        }
        2 => {
            let word = |dice: &mut Dice| (*dice.pick(&["run", "=en:run", "cat", "the"])).to_owned();
            let seek = Seek::Phrases(dice.some(2, |dice| dice.some(3, word)));
            Filter::Text { fields: fields.iter().map(|it| (*it).to_owned()).collect(), seek }
        }
        _ => Filter::phrase(&fields, &words.join(" "), &languages),
    }
}

fn filter(dice: &mut Dice, depth: u32) -> Filter {
    let kinds = if depth == 0 { 7 } else { 12 };
    let some = |dice: &mut Dice| dice.some(3, |dice| filter(dice, depth - 1));
    let exact = |dice: &mut Dice| match dice.below(3) {
        0 => (*dice.pick(&NAMES)).to_owned(),
        1 => "missing".to_owned(),
        _ => (*dice.pick(&KEYWORDS)).to_owned(),
    };
    match dice.below(kinds) {
        0 => Filter::kind(*dice.pick(Kind::ALL)),
        1 => Filter::Keyword { field: exact(dice), value: (*dice.pick(&VALUES)).to_owned() },
        2 => {
            let prefix = (*dice.pick(&["", "a", "ab", "1", "zo", "x", "a "])).to_owned();
            Filter::Begins { field: exact(dice), prefix }
        }
        3 | 4 => {
            let field = if dice.once_in(8) { "missing" } else { *dice.pick(&NUMBERS) };
            Filter::Number { field: field.to_owned(), from: bound(dice), to: bound(dice) }
        }
        5 | 6 => text(dice),
        7 | 8 => Filter::All(some(dice)),
        9 | 10 => Filter::Any(some(dice)),
        _ => Filter::Not(Box::new(filter(dice, depth - 1))),
    }
}

fn key(dice: &mut Dice) -> Key {
    let field = if dice.once_in(8) { "custom_field_8" } else { *dice.pick(&KEYWORDS) }.to_owned();
    match dice.below(4) {
        0 if dice.once_in(6) => Key::Number("missing".to_owned()),
        0 => Key::Number((*dice.pick(&NUMBERS)).to_owned()),
        1 => Key::Keyword(field),
        2 => {
            let names: BTreeMap<&str, u64> =
                dice.some(8, |dice| (*dice.pick(&VALUES), dice.below(5))).into_iter().collect();
            Key::named(&field, names.into_iter().map(|(id, name)| (id, name.to_string())))
        }
        _ => Key::Met(dice.some(3, |dice| filter(dice, 1))),
    }
}

/// A place that a document has, or nearly.
fn place(dice: &mut Dice, sort: &Sort, model: &Model) -> Option<Place> {
    let all: Vec<&Document> = model.values().map(|(document, _)| document).collect();
    if all.is_empty() {
        return None;
    }
    let mut place = sort.place(dice.pick::<&Document>(&all));
    if dice.once_in(3)
        && let Some(value) = place.values.first_mut()
    {
        *value = match dice.below(4) {
            0 => None,
            1 => Some(Value::Text((*dice.pick(&["", "aa", "b", "zzz"])).to_owned())),
            2 => Some(Value::Number(number(dice))),
            _ => Some(Value::Number(1.5)),
        };
    }
    match dice.below(8) {
        0 => place.id = place.id.saturating_add(1),
        1 => place.id = u64::MAX,
        2 => drop(place.values.pop()),
        3 => place.values.push(Some(Value::Number(1.0))),
        _ => {}
    }
    Some(place)
}

async fn ask(dice: &mut Dice, world: &World, indexes: &Indexes, model: &Model) -> u64 {
    let filter = filter(dice, 3);
    let sort = Sort(dice.some(3, |dice| (key(dice), *dice.pick(&[Order::Asc, Order::Desc]))));
    let after = if dice.once_in(2) { place(dice, &sort, model) } else { None };
    let without: BTreeSet<Of> = match dice.once_in(3) {
        true => dice.some(9, |dice| of(dice, 60)).into_iter().collect(),
        false => BTreeSet::new(),
    };
    let wanted = Wanted {
        filter: &filter,
        without: &without,
        sort: &sort,
        backward: dice.once_in(3),
        after: after.as_ref(),
        most: *dice.pick(&[0, 1, 3, 10, 1_000]),
    };
    let expected = naive(model, &wanted);
    let found = world.find(indexes, wanted).await.unwrap();
    assert_eq!(found, expected, "{wanted:#?}");
    expected.count
}

/// Writes some batches, and merges now and then.
async fn write(dice: &mut Dice, world: &World, model: &mut Model, batches: u64) {
    let build = world.serving().await;
    for at in 1..=batches {
        let mut stamp = 0;
        let changes = dice.some(30, |dice| {
            let of = of(dice, 60);
            stamp += 1;
            let is = !dice.once_in(5);
            let now = is.then(|| (document(dice, of), Stamp(at * 1_000 + stamp)));
            Change { of, now }
        });
        apply(&build, model, at, changes).await;
        if dice.once_in(4) {
            build.tend(&Policy { fanout: 2, ..Policy::default() }, 3).await.unwrap();
        }
    }
}

async fn run(seed: u64) -> u64 {
    let mut dice = Dice::new(seed);
    let (world, mut model) = (World::new(), Model::new());
    world.build().await;
    let indexes = world.indexes();
    let batches = dice.below(10) + 1;
    write(&mut dice, &world, &mut model, batches).await;
    let mut found = 0;
    for _ in 0..100 {
        found += ask(&mut dice, &world, &indexes, &model).await;
    }
    let opened = indexes.open(&world.tenant).await.unwrap();
    let of: Vec<Of> = (0..40).map(|_| of(&mut dice, 60)).collect();
    let known = of.iter().filter_map(|of| Some((*of, model.get(of)?.1))).collect();
    assert_eq!(opened.stamps(&of).await.unwrap(), known);
    found
}

#[tokio::test]
async fn what_is_found_is_what_the_naive_scan_finds() {
    let mut found = 0;
    for seed in 0..16 {
        found += run(seed).await;
    }
    assert!(found > 8_000, "{found} documents in all are too few to tell");
}
