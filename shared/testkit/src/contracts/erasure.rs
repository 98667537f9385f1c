//! Erasures, and what they leave of a subject in the tables: nothing.

use super::candidates::candidate;
use super::inbox::notification;
use super::{record, refused};
use crate::builders::{after_noon, event, fresh_tenant, noon, subject, use_case};
use ceap_engagement::audience::{Audiences, Tie, Ties};
use ceap_engagement::candidate::{CandidateStore, Histories};
use ceap_engagement::candidate_list::CandidateList;
use ceap_engagement::erasure::{Erasure, ErasureStore, Forget, Identities, Kept, State};
use ceap_engagement::inbox::{Inbox, Mark, Wanted};
use ceap_engagement::message::{CapCheck, Claimed, Claims, Record};
use ceap_engagement::message_log::MessagesOf;
use ceap_engagement::pipeline::convert::{Conversion, Exposure, Exposures};
use ceap_engagement::pipeline::ingest::{Subjects, Versioned};
use ceap_engagement::pipeline::merge::Merge;
use ceap_engagement::policy::Cap;
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_engagement::reentry::EntryRules;
use ceap_engagement::use_case::Purpose;
use ceap_engagement::window::Span;
use ceap_kernel::{Fault, SubjectId, TenantId};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// There is one erasure of a subject at a time, changed by one at a time; after it is done the next.
pub async fn erasures(store: &impl ErasureStore) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let first = Erasure::new(&mine, &subject("u#1 ü"), noon());
    assert_eq!(store.get(&mine, &first.id).await, Ok(None));
    let asked = |second: i64| Erasure::new(&mine, &subject("u#1 ü"), after_noon(second));
    let opened = join_all((0..9).map(|second| {
        let asked = asked(second);
        async move { store.open(&asked).await }
    }));
    let opened: Vec<Kept> = opened.await.into_iter().map(Result::unwrap).collect();
    let kept = opened[0].clone();
    assert!(opened.iter().all(|it| *it == kept), "one of them: {opened:?}");
    assert_eq!(store.get(&mine, &kept.erasure.id).await, Ok(Some(kept.clone())));
    assert_eq!(store.get(&yours, &kept.erasure.id).await, Ok(None), "another tenant's");
    for (tenant, who) in [(&mine, "u#2"), (&yours, "u#1 ü")] {
        let other = Erasure::new(tenant, &subject(who), noon());
        assert_eq!(store.open(&other).await, Ok(Kept { erasure: other, revision: 1 }));
    }

    let erasure = &kept.erasure;
    let waits = |second: i64| erasure.clone().waiting(after_noon(second));
    let saved = join_all((1..6).map(|second| {
        let waits = waits(second);
        async move { store.save(&waits, 1).await }
    }));
    let saved = saved.await;
    assert_eq!(saved.iter().filter(|it| it.is_ok()).count(), 1, "{saved:?}");
    assert!(saved.iter().all(|it| matches!(it, Ok(()) | Err(Fault::Conflict(_)))), "{saved:?}");
    let failed = erasure.clone().failed("unavailable: no answer", after_noon(9));
    store.save(&failed, 2).await.unwrap();
    let still = Kept { erasure: failed.clone(), revision: 3 };
    assert_eq!(store.open(&asked(60)).await, Ok(still), "one that failed is not done");

    let done = failed.resumed().done(after_noon(70));
    store.save(&done, 3).await.unwrap();
    let kept = store.get(&mine, &done.id).await.unwrap().unwrap();
    assert_eq!((&kept.erasure, kept.revision), (&done, 4));
    assert_eq!((kept.erasure.state, kept.erasure.subject), (State::Done, None));
    let next = asked(80);
    assert_eq!(store.open(&next).await, Ok(Kept { erasure: next.clone(), revision: 1 }));
    assert_eq!(store.get(&mine, &done.id).await.unwrap().unwrap().erasure, done);
}

/// The stores that a subject is in, of which one takes it out of all.
#[derive(Debug)]
pub struct Tables<'a, F, S, C, M, I, A, Q> {
    pub forget: &'a F,
    pub subjects: &'a S,
    pub candidates: &'a C,
    pub messages: &'a M,
    pub inbox: &'a I,
    pub audiences: &'a A,
    pub quarantine: &'a Q,
}

const MANY: usize = 60;

const ADDRESS: &str = "u1@example.com";

fn one_an_hour(who: &SubjectId) -> CapCheck {
    let within = Span::try_from("1h".to_owned()).unwrap();
    let cap = Cap { limit: 1, within, purpose: Purpose::Marketing, channel: None };
    let (channel, purpose) = ("email".to_owned(), Purpose::Marketing);
    CapCheck { subject: who.clone(), channel, purpose, caps: vec![cap] }
}

/// A message of this subject that no other tenant has, either.
fn own(tenant: &TenantId, who: &SubjectId, label: &str, make: fn(&str, &str) -> Record) -> Record {
    let label = format!("{tenant} {who} {label}");
    make(&label, who.as_str())
}

impl<F, S, C, M, I, A, Q> Tables<'_, F, S, C, M, I, A, Q>
where
    F: Identities + Forget,
    S: Subjects,
    C: CandidateStore + CandidateList + Histories,
    M: Claims + MessagesOf + Exposures,
    I: Inbox,
    A: Ties + Audiences,
    Q: Quarantine,
{
    /// Something of the subject in every store.
    async fn fill(&self, tenant: &TenantId, who: &SubjectId) {
        let mut read = Versioned::default();
        read.state.profile.email = Some(ADDRESS.to_owned());
        self.subjects.save_profile(tenant, who, &read).await.unwrap();
        self.subjects.save_series(tenant, who, &Versioned::default()).await.unwrap();
        for (id, key) in [("contract", ""), ("contract", "b#c"), ("deleted-since", "")] {
            let mut one = candidate(&format!("{tenant} {who} {id} {key}"), 0.5);
            (one.signal.subject, one.signal.use_case) = (who.clone(), use_case(id));
            one.signal.key = key.to_owned();
            let rules = EntryRules { history: true, ..EntryRules::default() };
            self.candidates.upsert(tenant, one, &rules, noon()).await.unwrap();
        }
        let first = own(tenant, who, "first", record);
        let caps = one_an_hour(who);
        let claimed = self.messages.claim(tenant, &first, Some(&caps), noon()).await;
        assert_eq!(claimed, Ok(Claimed::New));
        for n in 0..MANY {
            let mut refused = own(tenant, who, &format!("refused {n}"), refused);
            refused.origin = None;
            assert!(self.messages.refuse(tenant, &refused).await.unwrap());
        }
        let exposure = Exposure::of(&first).unwrap();
        self.messages.convert(tenant, &exposure, &conversion()).await.unwrap();
        let notifications = [notification("a", 0), notification("b", 5)];
        for one in &notifications {
            self.inbox.put(tenant, who, one).await.unwrap();
        }
        let read = &notifications[0].id;
        self.inbox.mark(tenant, who, read, Mark::Read, after_noon(6)).await.unwrap();
        for (kind, thing) in [("item_wishlisted", "a#b"), ("item_searched", "c")] {
            let tie = Tie {
                kind: kind.to_owned(),
                thing: thing.to_owned(),
                subject: who.clone(),
                until: after_noon(600),
            };
            self.audiences.tie(tenant, &[tie]).await.unwrap();
        }
        let bad = self.rejected(tenant, event("x", who.as_str(), "bad").json());
        self.quarantine.keep(&[bad]).await.unwrap();
    }

    fn rejected(&self, tenant: &TenantId, payload: Value) -> Rejected {
        Rejected::new(Some(tenant), "contract", &Fault::invalid("data", "is bad"), payload, noon())
    }

    /// How much there is: profiles and feature items, candidates and what is remembered of them, messages,
    /// notifications and markers, ties.
    async fn held(&self, tenant: &TenantId, who: &SubjectId) -> [usize; 8] {
        let read = self.subjects.load(tenant, std::slice::from_ref(who)).await.unwrap().remove(0);
        let candidates = self.candidates.of_subject(tenant, None, who, noon()).await.unwrap();
        let place = candidate("any", 0.0).signal.place();
        let place = ceap_engagement::candidate::Place { subject: who.clone(), ..place };
        let known = self.candidates.histories(tenant, &[place]).await.unwrap().remove(0);
        let messages = self.messages.of(tenant, who, None, 2 * MANY).await.unwrap().0;
        let all = Wanted { unread: false, from: None, limit: 9 };
        let inbox = self.inbox.list(tenant, who, &all, noon()).await.unwrap().notifications;
        let unread = self.inbox.unread(tenant, who, 9, noon()).await.unwrap();
        let mut ties = 0;
        for (kind, thing) in [("item_wishlisted", "a#b"), ("item_searched", "c")] {
            let of = self.audiences.audience(tenant, kind, thing, None, 99, noon()).await.unwrap();
            ties += of.0.iter().filter(|it| *it == who).count();
        }
        [
            usize::from(read.profile_version > 0),
            usize::from(read.series_version > 0),
            candidates.len(),
            usize::from(known != ceap_engagement::reentry::History::default()),
            messages.len(),
            inbox.len(),
            unread,
            ties,
        ]
    }
}

fn conversion() -> Conversion {
    Conversion { at: after_noon(9), event: format!("{:016x}", 7), value: Some(9.5) }
}

/// After a subject is taken out, nothing of it is in any table, and everybody else is as before. `list`
/// reads all that is kept in quarantine for a tenant.
pub async fn forget<F, S, C, M, I, A, Q>(
    tables: &Tables<'_, F, S, C, M, I, A, Q>,
    list: impl AsyncFn(&TenantId) -> Vec<Rejected>,
) where
    F: Identities + Forget,
    S: Subjects,
    C: CandidateStore + CandidateList + Histories,
    M: Claims + MessagesOf + Exposures,
    I: Inbox,
    A: Ties + Audiences,
    Q: Quarantine,
{
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let gone = subject("u#1 ü");
    let others = [
        (&mine, subject("u#1")),
        (&mine, subject("u#1 ü#")),
        (&mine, subject(&format!("/{gone}"))),
        (&yours, gone.clone()),
    ];
    tables.fill(&mine, &gone).await;
    for (tenant, who) in &others {
        tables.fill(tenant, who).await;
    }
    let event = |who: &SubjectId| json!({"subject": who, "event": {"type": "x"}});
    let batch = json!({"tenant": mine, "signals": [event(&others[0].1), event(&gone)],
                       "profiles": {gone.as_str(): {"email": "u1@example.com"}}});
    tables.quarantine.keep(&[tables.rejected(&mine, batch)]).await.unwrap();
    let full = [1, 1, 3, 1, 1 + MANY, 2, 1, 2];
    assert_eq!(tables.held(&mine, &gone).await, full);
    let known = tables.forget.known(&mine, &gone).await.unwrap();
    assert_eq!(known.emails, [ADDRESS.to_owned()].into());

    // Once more does no harm, and of one that nothing is known of neither.
    for who in [&gone, &gone, &subject("nobody")] {
        tables.forget.forget(&mine, who).await.unwrap();
        assert_eq!(tables.held(&mine, &gone).await, [0; 8]);
        assert!(tables.forget.known(&mine, who).await.unwrap().is_empty());
    }
    for (tenant, who) in &others {
        assert_eq!(tables.held(tenant, who).await, full, "{tenant} {who}");
    }
    let kept = list(&mine).await;
    let named = |it: &&Rejected| it.payload.to_string().contains(&json!(gone).to_string());
    assert_eq!(kept.iter().filter(named).count(), 0, "{kept:?}");
    let left = json!({"tenant": mine, "signals": [event(&others[0].1)], "profiles": {}});
    assert!(kept.iter().any(|it| it.payload == left), "{kept:?}");
    assert_eq!(kept.len(), 4, "three others' events, and what is left of the batch");
    assert_eq!(list(&yours).await.len(), 1);

    everybody_is_found(tables).await;

    // No cap counts what was sent, and no goal that was reached.
    for (tenant, who) in &others {
        let caps = one_an_hour(who);
        let again = own(tenant, who, "capped", record);
        let capped = tables.messages.claim(tenant, &again, Some(&caps), after_noon(60)).await;
        assert_eq!(capped, Ok(Claimed::Capped));
    }
    let first = own(&mine, &gone, "first", record);
    let caps = one_an_hour(&gone);
    let anew = tables.messages.claim(&mine, &first, Some(&caps), after_noon(60)).await;
    assert_eq!(anew, Ok(Claimed::New), "nobody remembers it");
    let exposure = Exposure::of(&first).unwrap();
    assert_eq!(tables.messages.convert(&mine, &exposure, &conversion()).await, Ok(true));
}

/// Merges are followed both ways, from whichever id, until one is forgotten.
async fn everybody_is_found<F, S, C, M, I, A, Q>(tables: &Tables<'_, F, S, C, M, I, A, Q>)
where
    F: Identities + Forget,
    S: Subjects,
{
    let (mine, yours) = (fresh_tenant("merged"), fresh_tenant("yours"));
    let ids = ["ada", "ada#", "visitor/1 ü", "tablet"].map(subject);
    let [ada, other, visitor, tablet] = &ids;
    let join = async |tenant: &TenantId, from: &SubjectId, into: &SubjectId| {
        let both = [from.clone(), into.clone()];
        let mut read = tables.subjects.load(tenant, &both).await.unwrap();
        let (next, was) = (read.remove(1), read.remove(0));
        let merge = Merge { from, was: &was, into, next: &next };
        tables.subjects.merge(tenant, &merge).await.unwrap();
    };
    join(&mine, visitor, ada).await;
    join(&mine, tablet, ada).await;
    join(&mine, ada, &subject("ada@work")).await;
    join(&yours, other, ada).await;
    let of = async |who: &SubjectId| tables.forget.identities(&mine, who).await.unwrap();
    let all: BTreeSet<SubjectId> =
        [ada, visitor, tablet, &subject("ada@work")].into_iter().cloned().collect();
    for who in &all {
        assert_eq!(of(who).await, all, "from {who}");
    }
    assert_eq!(of(other).await, [other.clone()].into());
    tables.forget.forget(&mine, ada).await.unwrap();
    assert_eq!(of(ada).await, [ada.clone()].into(), "it knows of nobody any more");
}
