//! The feed of what changed, and indexes that are kept by it.

use crate::world::{TENANTS, World};
use ceap_helpdesk::account::Account;
use ceap_helpdesk::rule::Order;
use ceap_helpdesk::search;
use ceap_helpdesk::search::document::field;
use ceap_helpdesk::search::index::{Index, Of, Wanted, Writing};
use ceap_helpdesk::search::tend::{Fed, Keeper, feed};
use ceap_helpdesk::search::{Filter, Key, Kind, Sort, index::memory::Memory};
use ceap_kernel::{TenantId, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn tenant() -> TenantId {
    TenantId::new(TENANTS[0]).unwrap()
}

impl World {
    /// Every change of what is searched stands on the feed, at the time of the request or later.
    pub fn check_feed(&self, asked_at: Timestamp) {
        let asked_at = search::feed::at(asked_at);
        let all = self.store.dump();
        let lists = ["LIST#generated/tickets", "LIST#changed/users", "LIST#changed/organizations"];
        let fed = all.iter().filter(|(_, key, _)| lists.contains(&&*key.partition));
        let fed: BTreeMap<_, _> = fed
            .map(|(tenant, key, _)| {
                let (_, id) = key.sort.split_once('#').unwrap();
                ((tenant, &*key.partition, id), &key.sort)
            })
            .collect();
        let kinds = ["TICKET", "USER", "ORGANIZATION"];
        for (tenant, key, body) in &all {
            let Some(kind) = kinds.iter().position(|it| *it == key.partition) else { continue };
            let place = format!("{tenant} {key}");
            let known = self.seen.borrow_mut().insert(place.clone(), body.clone());
            let rank = fed.get(&(tenant, lists[kind], &*key.sort));
            let rank = rank.unwrap_or_else(|| panic!("{place} is not on the feed"));
            let changed = known.is_some_and(|known| known != *body);
            assert!(!changed || **rank >= asked_at, "{place} changed, and is fed at {rank}");
        }
    }

    /// Feeds an index all that it lacks. Says how many documents changed.
    pub async fn feed(&self, index: &Memory) -> usize {
        let tenant = tenant();
        let account = Account::load(&self.store, &tenant).await.unwrap();
        let (store, account, clock) = (&self.store, &account, &self.hands);
        let keeper = Keeper { store, tenant: &tenant, account, clock };
        let mut changed = 0;
        loop {
            let fed: Fed = feed(&keeper, &index.of(tenant.clone())).await.unwrap();
            changed += fed.changed;
            if !fed.more {
                return changed;
            }
        }
    }

    async fn created(&self, path: &str, body: Value) -> u64 {
        let name = body.as_object().unwrap().keys().next().unwrap().clone();
        let made = self.post(path, body).await.is(201);
        made[&name]["id"].as_u64().unwrap()
    }
}

/// All that an index holds, by a sort.
async fn held(index: &Memory, filter: &Filter, sort: &Sort) -> Vec<u64> {
    let tenant = tenant();
    let opened = index.open(&tenant).await.unwrap();
    let without = BTreeSet::new();
    let (backward, after, most) = (false, None, 10_000);
    let wanted = Wanted { filter, without: &without, sort, backward, after, most };
    opened.find(wanted).await.unwrap().places.iter().map(|it| it.id).collect()
}

async fn stamps(index: &Memory, of: &[Of]) -> usize {
    let opened = index.open(&tenant()).await.unwrap();
    opened.stamps(of).await.unwrap().len()
}

#[tokio::test]
async fn an_index_is_fed_what_changed_and_nothing_twice() {
    let world = World::new();
    let index = Memory::default();
    world.get("/tickets.json").await.is(200);
    assert!(world.feed(&index).await > 0, "the owner");
    assert_eq!(world.feed(&index).await, 0);

    let ticket = json!({"ticket": {"subject": "My printer", "comment": {"body": "is on fire"}}});
    let id = world.created("/tickets.json", ticket).await;
    assert!(world.feed(&index).await >= 1);
    assert_eq!(world.feed(&index).await, 0);
    let tickets = Filter::kind(Kind::Ticket);
    assert_eq!(held(&index, &tickets, &Sort::default()).await, [id]);

    // Within the same second, and a while later.
    for (wait, status) in [(0, "open"), (0, "pending"), (300, "hold")] {
        world.pass(wait);
        let change = json!({"ticket": {"status": status, "comment": {"body": status}}});
        world.put(&format!("/tickets/{id}.json"), change).await.is(200);
        assert_eq!(world.feed(&index).await, 1, "{status}");
        let is = Filter::all([tickets.clone(), Filter::is(field::STATUS, status)]);
        assert_eq!(held(&index, &is, &Sort::default()).await, [id], "{status}");
    }

    world.pass(300);
    world.delete(&format!("/tickets/{id}.json")).await.is(204);
    assert_eq!(world.feed(&index).await, 1);
    assert_eq!(held(&index, &tickets, &Sort::default()).await, [] as [u64; 0]);
    world.put(&format!("/deleted_tickets/{id}/restore.json"), Value::Null).await.is(200);
    assert_eq!(world.feed(&index).await, 1);
    assert_eq!(held(&index, &tickets, &Sort::default()).await, [id]);
}

#[tokio::test]
async fn who_is_deleted_is_found_no_more() {
    let world = World::new();
    let index = Memory::default();
    let user = json!({"user": {"name": "Jane Doe", "email": "jane@acme.example"}});
    let user = world.created("/users.json", user).await;
    let organization = json!({"organization": {"name": "Tiny Co"}});
    let organization = world.created("/organizations.json", organization).await;
    world.feed(&index).await;
    let both = Filter::any([
        Filter::all([Filter::kind(Kind::User), Filter::is(field::NAME, "jane doe")]),
        Filter::kind(Kind::Organization),
    ]);
    assert_eq!(held(&index, &both, &Sort::default()).await, [user, organization]);
    world.pass(5);
    world.delete(&format!("/users/{user}.json")).await.is(200);
    world.delete(&format!("/organizations/{organization}.json")).await.is(204);
    assert_eq!(world.feed(&index).await, 2);
    assert_eq!(held(&index, &both, &Sort::default()).await, [] as [u64; 0]);
    // What is known of somebody who was deleted is that nothing is to be found.
    let of = [Of { kind: Kind::User, id: user }, Of { kind: Kind::Organization, id: organization }];
    assert_eq!(stamps(&index, &of).await, 1);
    assert_eq!(world.feed(&index).await, 0);
}

#[tokio::test]
async fn tickets_tell_the_names_that_people_have_now() {
    let world = World::new();
    let index = Memory::default();
    let organization = json!({"organization": {"name": "Zebra"}});
    let organization = world.created("/organizations.json", organization).await;
    let mut people = Vec::new();
    for (name, of) in [("Adam", None), ("Berta", Some(organization))] {
        let email = format!("{}@acme.example", name.to_lowercase());
        let user = json!({"user": {"name": name, "email": email, "organization_id": of}});
        people.push(world.created("/users.json", user).await);
    }
    let mut tickets = Vec::new();
    for requester in &people {
        let ticket = json!({"ticket": {"requester_id": requester, "comment": {"body": "Hello"}}});
        tickets.push(world.created("/tickets.json", ticket).await);
    }
    world.feed(&index).await;
    let all = Filter::kind(Kind::Ticket);
    let by_name = Sort(vec![(Key::Keyword(field::REQUESTER_NAME.to_owned()), Order::Asc)]);
    assert_eq!(held(&index, &all, &by_name).await, [tickets[0], tickets[1]]);

    world.pass(3600);
    let renamed = json!({"user": {"name": "Zacharias"}});
    world.put(&format!("/users/{}.json", people[0]), renamed).await.is(200);
    assert_eq!(world.feed(&index).await, 2, "somebody and their ticket");
    assert_eq!(held(&index, &all, &by_name).await, [tickets[1], tickets[0]]);

    let renamed = json!({"organization": {"name": "Aardvark"}});
    world.put(&format!("/organizations/{organization}.json"), renamed).await.is(200);
    assert_eq!(world.feed(&index).await, 2);
    let named = Filter::is(field::ORGANIZATION_NAME, "aardvark");
    assert_eq!(held(&index, &named, &Sort::default()).await, [tickets[1]]);
    assert_eq!(world.feed(&index).await, 0);
}

#[tokio::test]
async fn an_index_that_is_built_anew_is_the_same() {
    let world = World::new();
    let kept = Memory::default();
    let mut last = 0;
    for number in 0..30 {
        let ticket =
            json!({"ticket": {"subject": format!("No. {number}"), "comment": {"body": "x"}}});
        last = world.created("/tickets.json", ticket).await;
        world.pass(number % 7);
        if number % 3 == 0 {
            let change = json!({"ticket": {"priority": "high"}});
            world.put(&format!("/tickets/{}.json", last - 1), change).await;
        }
        if number % 5 == 0 {
            world.feed(&kept).await;
        }
    }
    world.delete(&format!("/tickets/{last}.json")).await.is(204);
    world.feed(&kept).await;
    let anew = Memory::default();
    world.feed(&anew).await;
    let tenant = tenant();
    let (kept, anew) = (kept.of(tenant.clone()), anew.of(tenant));
    assert_eq!(kept.documents(), anew.documents());
    assert!(kept.documents().len() > 29);
    let position = anew.position(ceap_helpdesk::search::feed::SOURCE).await.unwrap();
    assert!(position.is_some());
}
