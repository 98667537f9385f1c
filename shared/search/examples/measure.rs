//! Indexes a helpdesk that is made up, and measures what searching it takes, with a store that answers as S3 does.
//!
//! `cargo run --release -p ceap-search --example measure -- 100000`
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "../tests/desk/generated/mod.rs"]
mod generated;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use ceap_helpdesk::{
    rule::Order,
    search::{
        Filter, Index, Key, Kind, Language, Place, Sort,
        document::field,
        feed,
        index::{Change, Step, Wanted, Writing},
    },
};
use ceap_kernel::{Fault, SystemClock, TenantId};
use ceap_search::{
    Cache, Capacity, Engine, Folder, Limits, Patience, Policy,
    blobs::memory::Memory,
    desk::{Build, Builds, Indexes},
};

use generated::{AGENTS, Desk, GROUPS, dice::Dice};

/// The first byte from S3, and each further one: a function of Lambda reads 75 MB a second, of all objects together.
const FIRST_BYTE: Duration = Duration::from_millis(30);
const PER_BYTE: Duration = Duration::from_nanos(13);
/// Documents of one step, and steps after which it is looked what is to be merged, as who keeps an index does it.
const STEP: usize = 1_000;
const STEPS: usize = 8;
/// Bytes of the folder that what was read is kept in, beside the memory.
const FOLDER: u64 = 1 << 30;

const LANGUAGES: [Language; 3] = [Language::English, Language::French, Language::German];

/// An engine as a function has it; a cold one has no folder that others have filled.
fn engine(store: &Arc<Memory>, folder: Option<Folder>) -> Result<Engine, Fault> {
    let cache = Cache::new(Capacity::default(), folder);
    Engine::start(store.clone(), Patience::default(), cache, 32)
}

fn documents(desk: &Desk, part: &[(Kind, u64)]) -> Vec<Change> {
    part.iter().map(|(kind, id)| desk.change(*kind, *id)).collect()
}

async fn index(store: &Arc<Memory>, tenant: &TenantId, desk: &Desk) -> Result<(), Fault> {
    // What nobody names goes soon, so that the store does not outgrow the memory.
    let limits = Limits { grace: Duration::from_mins(3), ..Limits::default() };
    let (clock, patience) = (Arc::new(SystemClock), Patience::default());
    let (tenant, blobs, engine) = (tenant.clone(), store.clone(), engine(store, None)?);
    let builds = Builds::new(tenant, blobs, engine, clock, limits, patience)?;
    let build = builds.fresh().await?;
    let people = (1..=desk.people).map(|id| (Kind::User, id));
    let all: Vec<(Kind, u64)> =
        people.chain((1..=desk.tickets).map(|id| (Kind::Ticket, id))).collect();
    let (mut making, mut applying, mut merging) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut merges = 0;
    for (at, part) in (1..).zip(all.chunks(STEP)) {
        let start = Instant::now();
        let changes = documents(desk, part);
        making += start.elapsed();
        let start = Instant::now();
        let step = Step { source: feed::SOURCE, position: u64::try_from(at).unwrap_or(u64::MAX) };
        build.apply(&step, changes).await?;
        applying += start.elapsed();
        if at % STEPS == 0 {
            let start = Instant::now();
            merges += build.tend(&Policy::default(), 2).await?.merged.len();
            merging += start.elapsed();
        }
    }
    let rate = |time: Duration| all.len() as f64 / time.as_secs_f64();
    println!(
        "{} tickets with 3 comments and {} people: {:.0} rows/s without merging, {:.0} with it ({merges} merges); made up in {:.0} s, indexed in {:.0} s, merged in {:.0} s",
        desk.tickets,
        desk.people,
        rate(applying),
        rate(applying + merging),
        making.as_secs_f64(),
        applying.as_secs_f64(),
        merging.as_secs_f64(),
    );
    change_some(&build, desk).await?;
    builds.switch(&build).await?;
    size(&build, desk).await
}

/// Some tickets change, as they do all day.
async fn change_some(build: &Build, desk: &Desk) -> Result<(), Fault> {
    let start = Instant::now();
    let mut dice = Dice::new(77);
    for at in 0..20 {
        let changed: Vec<(Kind, u64)> =
            (0..25).map(|_| (Kind::Ticket, dice.below(desk.tickets) + 1)).collect();
        let step = Step { source: feed::SOURCE, position: 1_000_000_000 + at };
        build.apply(&step, documents(desk, &changed)).await?;
    }
    println!(
        "a step of 25 changed tickets: {:.0} ms",
        start.elapsed().as_secs_f64() * 1_000.0 / 20.0
    );
    build.tend(&Policy::default(), 100).await?;
    Ok(())
}

async fn size(build: &Build, desk: &Desk) -> Result<(), Fault> {
    let segments = build.manifest().await?.segments;
    let bytes: u64 = segments.iter().map(|piece| piece.bytes).sum();
    let tails: u64 = segments.iter().map(|piece| piece.bytes - piece.tail).sum();
    println!(
        "{} segments, {bytes} bytes ({} a ticket), of which a cold searcher reads {tails} to open them",
        segments.len(),
        bytes / desk.tickets
    );
    Ok(())
}

/// What is asked.
struct Asked {
    name: &'static str,
    filter: Filter,
    sort: Sort,
    most: usize,
    after: bool,
}

fn asked(desk: &Desk, dice: &mut Dice) -> Vec<Asked> {
    let tickets =
        |filters: Vec<Filter>| Filter::all([Filter::kind(Kind::Ticket)].into_iter().chain(filters));
    let unsolved = || !Filter::is_any(field::STATUS, ["solved", "closed"]);
    let by = |name: &str, order| (Key::Number(name.to_owned()), order);
    let named = |field: &str, most: u64| {
        (
            Key::named(field, (1..=most).map(|id| (id, format!("Name {}", id * 7_919 % 1_000)))),
            Order::Asc,
        )
    };
    let text = |text: &str| Filter::phrase(field::EVERYWHERE, text, &LANGUAGES);
    let mut word = || desk.words.word(usize::try_from(dice.below(2_000)).unwrap());
    let (one, two, three) = (word(), word(), word());
    let common = |n: u64| desk.words.word(usize::try_from(n % 60).unwrap());
    let phrase = format!("{} {}", common(dice.below(60)), common(dice.below(60)));
    let prefix: String = three.chars().take(3).collect();
    let (group, agent) = (dice.below(GROUPS) + 1, dice.below(AGENTS) + 1);
    let name: String = desk
        .user(dice.below(desk.people) + 1)
        .name
        .chars()
        .take(2 + dice.below(4) as usize)
        .collect();
    let titled = |text: &str| Filter::phrase(&[field::SUBJECT, field::NAME], text, &LANGUAGES);
    let relevance =
        |words: &[&str]| (Key::Met(words.iter().map(|it| titled(it)).collect()), Order::Desc);
    let row =
        |name, filter, sort, most| Asked { name, filter, sort: Sort(sort), most, after: false };
    let updated = || by(field::UPDATED, Order::Desc);
    vec![
        row(
            "view: unsolved of a group, by update",
            tickets(vec![unsolved(), Filter::is(field::GROUP, group)]),
            vec![updated()],
            30,
        ),
        row(
            "view: all and any, by assignee, then priority",
            tickets(vec![
                unsolved(),
                Filter::any([
                    Filter::is(field::ASSIGNEE, agent),
                    Filter::is(field::GROUP, group),
                    Filter::absent(field::ASSIGNEE),
                ]),
            ]),
            vec![named(field::ASSIGNEE, AGENTS), by(field::PRIORITY, Order::Desc)],
            100,
        ),
        row(
            "view: all tickets, by requester",
            tickets(vec![]),
            vec![(Key::Keyword(field::REQUESTER_NAME.to_owned()), Order::Asc)],
            100,
        ),
        row(
            "view: created in a range, by update",
            tickets(vec![Filter::number(field::CREATED, 1_770_000_000.0..1_790_000_000.0)]),
            vec![updated()],
            100,
        ),
        row(
            "count: unsolved of a group",
            tickets(vec![unsolved(), Filter::is(field::GROUP, group)]),
            vec![],
            0,
        ),
        row(
            "count: of an agent, changed since",
            tickets(vec![
                Filter::is(field::ASSIGNEE, agent),
                Filter::number(field::UPDATED, 1_780_000_000.0..),
            ]),
            vec![],
            0,
        ),
        row(
            "sort: all solved and closed, by creation",
            tickets(vec![Filter::is_any(field::STATUS, ["solved", "closed"])]),
            vec![by(field::CREATED, Order::Asc)],
            100,
        ),
        Asked {
            after: true,
            ..row(
                "sort: the same, a later page",
                tickets(vec![Filter::is_any(field::STATUS, ["solved", "closed"])]),
                vec![by(field::CREATED, Order::Asc)],
                100,
            )
        },
        row(
            "search: one word",
            tickets(vec![text(&one)]),
            vec![relevance(&[&one]), updated()],
            100,
        ),
        row("search: two words", tickets(vec![text(&one), text(&two)]), vec![updated()], 100),
        row(
            "search: either of two words, the best first",
            tickets(vec![Filter::any([text(&one), text(&two)])]),
            vec![relevance(&[&one, &two]), updated()],
            100,
        ),
        row(
            "search: a phrase of frequent words",
            tickets(vec![text(&phrase)]),
            vec![updated()],
            100,
        ),
        row(
            "search: a word and a negation in a group",
            tickets(vec![text(&one), !text(&two), Filter::is(field::GROUP, group)]),
            vec![updated()],
            100,
        ),
        row(
            "search: a beginning of three letters",
            tickets(vec![Filter::prefix(field::EVERYWHERE, &prefix, &LANGUAGES)]),
            vec![updated()],
            100,
        ),
        row(
            "autocomplete: a beginning of a name",
            Filter::all([
                Filter::kind(Kind::User),
                Filter::prefix(&[field::NAME], &name, &LANGUAGES),
            ]),
            vec![(Key::Keyword(field::NAME.to_owned()), Order::Asc)],
            10,
        ),
    ]
}

async fn ask(
    indexes: &Indexes,
    tenant: &TenantId,
    asked: &Asked,
    after: Option<&Place>,
) -> Result<(Option<Place>, u64), Fault> {
    let opened = indexes.open(tenant).await?;
    let without = BTreeSet::new();
    let Asked { filter, sort, most, .. } = asked;
    let wanted = Wanted { filter, without: &without, sort, backward: false, after, most: *most };
    let mut hits = opened.find(wanted).await?;
    Ok((hits.places.pop(), hits.count))
}

fn shown(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    };
    format!("p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", at(50), at(95), at(99))
}

async fn cold(store: &Arc<Memory>, tenant: &TenantId, desk: &Desk) -> Result<(), Fault> {
    let mut dice = Dice::new(5);
    for kind in 0..asked(desk, &mut dice).len() {
        let (mut times, before, mut name) = (Vec::new(), store.count(), "");
        for _ in 0..10 {
            let indexes = Indexes::new(engine(store, None)?, Duration::ZERO, 8)?;
            let asked = &asked(desk, &mut dice)[kind];
            name = asked.name;
            let start = Instant::now();
            ask(&indexes, tenant, asked, None).await?;
            times.push(start.elapsed());
        }
        let after = store.count();
        println!(
            "cold, {name}: {}; {} reads, {} bytes each",
            shown(&mut times),
            (after.reads - before.reads) / 10,
            (after.bytes_read - before.bytes_read) / 10
        );
    }
    Ok(())
}

/// The manifest is looked at each time, which takes a first byte that is left out.
async fn warm(store: &Arc<Memory>, tenant: &TenantId, desk: &Desk) -> Result<(), Fault> {
    let root = std::env::temp_dir().join(format!("measure-{}", std::process::id()));
    let engine = engine(store, Folder::open(&root, FOLDER).ok())?;
    let indexes = Indexes::new(engine.clone(), Duration::from_secs(3_600), 8)?;
    let mut dice = Dice::new(5);
    for kind in 0..asked(desk, &mut dice).len() {
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..100 {
            let asked = &asked(desk, &mut dice)[kind];
            let (last, count) = ask(&indexes, tenant, asked, None).await?;
            let after = last.filter(|_| asked.after);
            let start = Instant::now();
            ask(&indexes, tenant, asked, after.as_ref()).await?;
            times.push(start.elapsed());
            found += count;
        }
        println!(
            "warm, {}: {}; {} found",
            asked(desk, &mut dice)[kind].name,
            shown(&mut times),
            found / 100
        );
    }
    let stored: usize = store.sizes().iter().map(|(_, bytes)| bytes).sum();
    println!(
        "{} bytes read are kept in memory; the process takes {} bytes, of which the store {stored}",
        engine.cache().in_memory(),
        resident()
    );
    let _ = std::fs::remove_dir_all(root);
    Ok(())
}

/// Bytes of memory that the process takes, as Linux tells them; none elsewhere.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1_024
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let tickets = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let desk = Desk::new(tickets, 1);
    let store = Arc::new(Memory::default());
    let tenant = TenantId::new("acme")?;
    index(&store, &tenant, &desk).await?;
    warm(&store, &tenant, &desk).await?;
    store.slow(FIRST_BYTE, PER_BYTE);
    cold(&store, &tenant, &desk).await
}
