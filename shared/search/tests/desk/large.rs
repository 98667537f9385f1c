//! Twenty thousand tickets with their comments.

use std::collections::BTreeSet;

use ceap_helpdesk::{
    rule::Order,
    search::{
        Document, Filter, Key, Kind, Language, Scanned, Sort,
        document::field,
        index::{Wanted, memory},
    },
};
use ceap_search::Policy;

use crate::{
    generated::{AGENTS, Desk, GROUPS},
    world::{Model, World, apply},
};

const LANGUAGES: [Language; 3] = [Language::English, Language::French, Language::German];

/// Views and searches, as agents have them.
fn asked(desk: &Desk) -> Vec<(Filter, Sort)> {
    let tickets = Filter::kind(Kind::Ticket);
    let unsolved = || !Filter::is_any(field::STATUS, ["solved", "closed"]);
    let text = |text: &str| Filter::phrase(field::EVERYWHERE, text, &LANGUAGES);
    let by = |name: &str, order| Sort::by_number(name, order);
    let named =
        |field: &str, most: u64| Key::named(field, (1..=most).map(|id| (id, desk.user(id).name)));
    let all = |filters: Vec<Filter>| Filter::all([tickets.clone()].into_iter().chain(filters));
    vec![
        (all(vec![unsolved()]), by(field::UPDATED, Order::Desc)),
        (all(vec![unsolved(), Filter::is(field::GROUP, 3)]), by(field::PRIORITY, Order::Desc)),
        (
            all(vec![Filter::any([
                Filter::is(field::ASSIGNEE, 7),
                Filter::absent(field::ASSIGNEE),
            ])]),
            Sort(vec![
                (named(field::GROUP, GROUPS), Order::Asc),
                (Key::Number(field::CREATED.to_owned()), Order::Asc),
            ]),
        ),
        (
            all(vec![
                Filter::is(field::TAGS, "refund"),
                Filter::number("custom_field_502", ..500.0),
            ]),
            Sort(vec![(named(field::ASSIGNEE, AGENTS), Order::Desc)]),
        ),
        (all(vec![]), Sort(vec![(Key::Keyword(field::REQUESTER_NAME.to_owned()), Order::Asc)])),
        (text("password"), Sort(vec![(Key::Met(vec![text("reset"), text("email")]), Order::Desc)])),
        (text("the account"), by(field::CREATED, Order::Desc)),
        (
            Filter::all([text("refunds"), text("invoice"), !text("printer")]),
            by(field::UPDATED, Order::Asc),
        ),
        (Filter::prefix(field::EVERYWHERE, "cha", &LANGUAGES), by(field::UPDATED, Order::Desc)),
        (
            Filter::all([
                Filter::kind(Kind::User),
                Filter::prefix(&[field::NAME], "su", &LANGUAGES),
            ]),
            Sort(vec![(Key::Keyword(field::NAME.to_owned()), Order::Asc)]),
        ),
        (Filter::number(field::CREATED, 1_795_000_000.0..), by(field::ID, Order::Asc)),
    ]
}

#[tokio::test]
async fn of_twenty_thousand_tickets_the_same_is_found() {
    let (world, mut model, desk) = (World::new(), Model::new(), Desk::new(20_000, 20));
    let build = world.build().await;
    let people = (1..=desk.people).map(|id| (Kind::User, id));
    let tickets = (1..=desk.tickets).map(|id| (Kind::Ticket, id));
    let all: Vec<(Kind, u64)> = people.chain(tickets).collect();
    for (at, part) in (1..).zip(all.chunks(2_000)) {
        let changes = part.iter().map(|(kind, id)| desk.change(*kind, *id)).collect();
        apply(&build, &mut model, at, changes).await;
    }
    build.tend(&Policy::default(), 1).await.unwrap();
    // Some are changed, and some are gone.
    let changed = (1..400).map(|n| {
        let mut change = desk.change(Kind::Ticket, n * 49);
        change.now = change.now.filter(|_| n % 3 > 0).map(|(mut document, stamp)| {
            document.numbers.insert(field::UPDATED.to_owned(), n as f64);
            (document, stamp)
        });
        change
    });
    apply(&build, &mut model, 1_000, changed.collect()).await;
    let (indexes, without) = (world.indexes(), BTreeSet::new());
    let documents = || model.values().map(|(document, _)| document);
    let scanned: Vec<(&Document, Scanned)> = documents().map(|it| (it, Scanned::new(it))).collect();
    let everything = Filter::everything();
    for (filter, sort) in asked(&desk) {
        let met = scanned.iter().filter(|(_, it)| it.meets(&filter));
        let met: Vec<&Document> = met.map(|(document, _)| *document).collect();
        let naive = |wanted: &Wanted<'_>| {
            memory::scan(met.iter().copied(), &Wanted { filter: &everything, ..*wanted })
        };
        for (backward, most) in [(false, 30), (true, 100), (false, 0)] {
            let first = Wanted {
                filter: &filter,
                without: &without,
                sort: &sort,
                backward,
                after: None,
                most,
            };
            let expected = naive(&first);
            assert!(expected.count > 5, "too few to tell: {filter:?}");
            assert_eq!(world.find(&indexes, first).await.unwrap(), expected, "{first:#?}");
            let next = Wanted { after: expected.places.last(), ..first };
            assert_eq!(world.find(&indexes, next).await.unwrap(), naive(&next), "{next:#?}");
        }
    }
}
