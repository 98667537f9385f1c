//! What was exported, wiped and restored is as it was, whatever goes wrong on the way, and nobody else is touched.

use ceap_engagement::backup::{
    Action, Exporter, Item, MARK, Manifest, Restorer, SETTLES_S, Step, Table, Wiper,
};
use ceap_kernel::{Fault, SignedDuration, TenantId};
use ceap_testkit::builders::{Hands, tenant};
use ceap_testkit::{Strike, Warehouse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The tables' items and the buckets' objects.
type Kept = (BTreeMap<(Table, String, String), Item>, BTreeMap<(String, String), Vec<u8>>);

const BUCKETS: [&str; 3] = ["files", "models", "search"];

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

struct Yard {
    store: Warehouse,
    clock: Hands,
}

impl Yard {
    /// Two tenants whose names begin alike, with something everywhere.
    fn new() -> Self {
        let store = Warehouse::default();
        for who in ["acme", "acme-2"] {
            let item =
                |pk: String, sk: &str| json!({"pk": {"S": pk}, "sk": {"S": sk}, "of": {"S": who}});
            for n in 0..25 {
                store.lay(Table::Profiles, &item(format!("{who}#s{n}"), "PROFILE"));
                store.lay(Table::Profiles, &item(format!("{who}#s{n}"), "FEATURES"));
                store.lay(Table::Engagement, &item(format!("{who}#M#m{n}"), "MESSAGE"));
                store.lay(Table::Helpdesk, &item(format!("{who}#TICKET#{n}"), "A#1"));
                store.stow("files", &format!("{who}/f{n}"), &[n]);
            }
            for n in 0..5 {
                store.lay(Table::Quarantine, &item(who.to_owned(), &format!("filter#{n}")));
                store.lay(Table::Platform, &item(format!("{who}#KEYS"), &format!("{n}")));
            }
            store.lay(Table::Platform, &item(who.to_owned(), "TENANT"));
            let sender = item("*#SENDER#sms".to_owned(), &format!("+15555550100#{who}"));
            store.lay(Table::Platform, &sender);
            let mut client = item(format!("*#SIGN-IN#{who}-app"), "CLIENT");
            client["tenant"] = json!({"S": who});
            store.lay(Table::Platform, &client);
            store.stow("models", &format!("{who}/models/m"), b"model");
            store.stow("search", &format!("{who}/search/segment"), b"words");
        }
        let rate = json!({"pk": {"S": "*#RATE#sms"}, "sk": {"S": "RATE"}});
        store.lay(Table::Engagement, &rate);
        Self { store, clock: Hands::default() }
    }

    fn kept(&self) -> Kept {
        let items = self.store.items().into_iter().map(|(key, mut item)| {
            item.retain(|name, _| name != MARK);
            (key, item)
        });
        (items.collect(), self.store.objects(&BUCKETS))
    }

    /// What is kept of others than `who`, or of `who` alone.
    fn of(&self, who: &str, own: bool) -> Kept {
        let (mut items, mut objects) = self.kept();
        items.retain(|_, item| {
            let of = item.get("of").and_then(|it| it["S"].as_str());
            (of == Some(who)) == own
        });
        objects.retain(|(_, name), _| name.starts_with(&format!("{who}/")) == own);
        (items, objects)
    }

    /// One step, by functions that were started anew; each does one round.
    fn step(&self, asked: Step) -> Result<Step, Fault> {
        let (items, copies, clock) = (self.store.clone(), self.store.clone(), self.clock.clone());
        let archive = self.store.bucket("backups");
        let budget = SignedDuration::ZERO;
        block_on(async move {
            match asked.action {
                Action::Export => {
                    let buckets = vec![self.store.bucket("files"), self.store.bucket("models")];
                    Exporter { items, buckets, archive, copies, clock, budget }.step(asked).await
                }
                Action::Restore => {
                    let buckets = vec![self.store.bucket("files"), self.store.bucket("models")];
                    Restorer { items, buckets, archive, copies, clock, budget }.step(asked).await
                }
                Action::Wipe => {
                    let buckets = BUCKETS.map(|name| self.store.bucket(name)).into();
                    let settles = SignedDuration::from_secs(SETTLES_S);
                    Wiper { items, buckets, archive, clock, budget, settles }.step(asked).await
                }
            }
        })
    }

    /// As the workflow does it: again what may succeed later, and on when it is due.
    fn done(&self, asked: Step) -> Result<Step, Fault> {
        let mut step = asked;
        for _ in 0..2000 {
            // What is handed over goes through JSON.
            step = serde_json::from_value(serde_json::to_value(&step).unwrap()).unwrap();
            match self.step(step.clone()) {
                Ok(next) if next.done => return Ok(next),
                Ok(next) => {
                    if let Some(due) = next.settles {
                        let wait = due.duration_since(ceap_kernel::Clock::now(&self.clock));
                        self.clock.pass(wait.as_secs().max(0));
                    }
                    step = next;
                }
                Err(fault) if fault.retryable() => {}
                Err(fault) => return Err(fault),
            }
        }
        panic!("no end: {step:?}");
    }

    fn export(&self) -> Result<Step, Fault> {
        self.done(first(Action::Export))
    }

    fn restore(&self) -> Result<Step, Fault> {
        self.done(first(Action::Restore))
    }

    fn wipe(&self) -> Result<Step, Fault> {
        self.done(Step { confirm: Some("acme".to_owned()), ..first(Action::Wipe) })
    }

    fn manifest(&self) -> Manifest {
        let all = self.store.objects(&["backups"]);
        let found = &all[&("backups".to_owned(), "acme/first/manifest.json".to_owned())];
        serde_json::from_slice(found).unwrap()
    }
}

fn acme() -> TenantId {
    tenant("acme")
}

fn first(action: Action) -> Step {
    Step::first(action, acme(), Some("first"))
}

/// All there is of one tenant: 25 times four items, 5 times two, and 3; 26 objects, without the index.
const ITEMS: u64 = 113;
const OBJECTS: u64 = 26;

#[test]
fn what_was_wiped_comes_back_as_it_was_and_the_other_tenant_is_not_touched() {
    let yard = Yard::new();
    let (before, other) = (yard.kept(), yard.of("acme", false));
    let exported = yard.export().unwrap();
    assert_eq!((exported.items, exported.objects), (ITEMS, OBJECTS));
    assert_eq!(yard.kept(), before, "an export changes nothing");
    let manifest = yard.manifest();
    assert_eq!(manifest.totals["helpdesk"], 25);
    assert_eq!(manifest.totals["platform"], 8);

    let wiped = yard.wipe().unwrap();
    assert_eq!((wiped.items, wiped.objects), (ITEMS, OBJECTS + 1));
    assert_eq!(yard.of("acme", true), Kept::default());
    assert_eq!(yard.of("acme", false), other);

    let restored = yard.restore().unwrap();
    assert_eq!((restored.items, restored.same, restored.other), (ITEMS, 0, 0));
    assert_eq!(restored.objects, OBJECTS);
    let mut rebuilt = before;
    rebuilt.1.remove(&("search".to_owned(), "acme/search/segment".to_owned()));
    assert_eq!(yard.kept(), rebuilt);
    let marked = yard.store.items().into_iter().filter(|(_, item)| item.contains_key(MARK));
    let marked: Vec<Table> = marked.map(|((table, ..), _)| table).collect();
    assert_eq!(marked, [Table::Helpdesk; 25]);
}

#[test]
fn a_second_restore_is_refused_and_one_of_what_is_missing_changes_nothing_else() {
    let yard = Yard::new();
    yard.export().unwrap();
    let asked = first(Action::Restore);
    assert!(matches!(yard.done(asked.clone()), Err(Fault::Invalid { .. })), "it is there");
    yard.wipe().unwrap();
    yard.restore().unwrap();
    let after = yard.kept();
    assert!(matches!(yard.done(asked.clone()), Err(Fault::Invalid { .. })), "it is there again");
    assert_eq!(yard.kept(), after);

    let missing = Step { missing: true, ..asked };
    let again = yard.done(missing.clone()).unwrap();
    assert_eq!((again.items, again.same, again.other), (0, ITEMS, 0));
    assert_eq!(yard.kept(), after);

    let changed = json!({"pk": {"S": "acme#s1"}, "sk": {"S": "PROFILE"}, "of": {"S": "acme"}, "new": {"BOOL": true}});
    yard.store.lay(Table::Profiles, &changed);
    let kept = yard.kept();
    let again = yard.done(missing).unwrap();
    assert_eq!((again.items, again.same, again.other), (0, ITEMS - 1, 1));
    assert_eq!(yard.kept(), kept, "what is there stays");
}

/// A strike at every 29th call of the whole cycle, before and after its effect: at all kinds of calls, since no cycle of them is
/// 29 long.
#[test]
fn whatever_goes_wrong_on_the_way_the_end_is_the_same() {
    let expected = {
        let yard = Yard::new();
        yard.export().unwrap();
        yard.wipe().unwrap();
        yard.restore().unwrap();
        yard.kept()
    };
    for strike in [Strike::FailBefore, Strike::FailAfter] {
        let mut struck = 0;
        for nth in (0..).step_by(29) {
            let yard = Yard::new();
            let other = yard.of("acme", false);
            yard.store.plan(nth, strike);
            let exported = yard.export().unwrap();
            assert_eq!((exported.items, exported.objects), (ITEMS, OBJECTS), "{strike:?} {nth}");
            yard.wipe().unwrap();
            assert_eq!(yard.of("acme", true), Kept::default(), "{strike:?} at {nth}");
            let restored = yard.restore().unwrap();
            assert_eq!(restored.items + restored.same, ITEMS, "{strike:?} at {nth}");
            assert_eq!(restored.other, 0);
            assert_eq!(yard.kept(), expected, "{strike:?} at {nth}");
            assert_eq!(yard.of("acme", false), other, "{strike:?} at {nth}");
            if !yard.store.was_struck() {
                break;
            }
            struck += 1;
        }
        assert!(struck > 20, "only {struck}");
    }
}

#[test]
fn what_only_says_what_goes_on_right_now_is_wiped_and_not_put_back() {
    let yard = Yard::new();
    for (table, pk) in [
        (Table::Helpdesk, "acme#search#LEASE"),
        (Table::Platform, "acme#ASKED"),
        (Table::Engagement, "acme#RATE#sms"),
    ] {
        yard.store.lay(table, &json!({"pk": {"S": pk}, "sk": {"S": "1"}, "of": {"S": "acme"}}));
    }
    assert_eq!(yard.export().unwrap().items, ITEMS);
    assert_eq!(yard.wipe().unwrap().items, ITEMS + 3);
    assert_eq!(yard.restore().unwrap().items, ITEMS);
}

#[test]
fn what_comes_while_it_is_wiped_goes_too() {
    let yard = Yard::new();
    let late = json!({"pk": {"S": "acme#late"}, "sk": {"S": "PROFILE"}, "of": {"S": "acme"}});
    let mut step = Step { confirm: Some("acme".to_owned()), ..first(Action::Wipe) };
    step.export = None;
    let mut passes = 0;
    loop {
        step = yard.step(step).unwrap();
        if step.done {
            break;
        }
        if let Some(due) = step.settles {
            let early = yard.step(step.clone()).unwrap();
            assert_eq!((early.settles, early.done), (Some(due), false), "it waits");
            passes += 1;
            if passes < 3 {
                yard.store.lay(Table::Profiles, &late);
            }
            yard.clock.pass(SETTLES_S);
        }
    }
    assert_eq!(passes, 3);
    assert_eq!(yard.of("acme", true), Kept::default());
}

#[test]
fn nothing_is_wiped_by_mistake() {
    let yard = Yard::new();
    let before = yard.kept();
    for confirm in [None, Some("acme-2"), Some("")] {
        let asked = Step { confirm: confirm.map(str::to_owned), ..first(Action::Wipe) };
        assert!(matches!(yard.step(asked), Err(Fault::Invalid { .. })));
    }
    // It names an export that there is not.
    assert!(matches!(yard.wipe(), Err(Fault::Invalid { .. })));
    assert_eq!(yard.kept(), before);
}

#[test]
fn an_archive_that_was_changed_is_not_restored() {
    let yard = Yard::new();
    yard.export().unwrap();
    yard.wipe().unwrap();
    let manifest = yard.manifest();
    let part = manifest.walks.iter().find_map(|walk| walk.parts.first()).unwrap();
    let name = format!("acme/first/{}", part.name);
    let good = yard.store.objects(&["backups"])[&("backups".to_owned(), name.clone())].clone();
    let mut bad = good.clone();
    bad[10] ^= 1;
    yard.store.stow("backups", &name, &bad);
    assert!(matches!(yard.restore(), Err(Fault::Invalid { .. })));
    yard.store.stow("backups", &name, &good);
    assert_eq!(yard.restore().unwrap().items, ITEMS);
}

#[test]
fn a_tenant_that_is_being_wiped_is_not_restored() {
    let yard = Yard::new();
    yard.export().unwrap();
    let step = Step { confirm: Some("acme".to_owned()), ..first(Action::Wipe) };
    let step = yard.step(step).unwrap();
    assert!(matches!(yard.step(first(Action::Restore)), Err(Fault::Invalid { .. })));
    yard.done(step).unwrap();
    assert_eq!(yard.restore().unwrap().items, ITEMS);
}

#[test]
fn an_export_has_a_name_of_its_own_and_is_of_somebody() {
    let yard = Yard::new();
    yard.export().unwrap();
    assert!(matches!(yard.export(), Err(Fault::Invalid { .. })));
    let nobody = Step::first(Action::Export, tenant("nobody"), Some("first"));
    assert!(matches!(yard.done(nobody), Err(Fault::Invalid { .. })));
    let none = Step::first(Action::Restore, acme(), Some("second"));
    assert!(matches!(yard.done(none), Err(Fault::NotFound(_))));
    let line: Value = serde_json::to_value(first(Action::Export)).unwrap();
    assert_eq!(line["action"], "export");
}
