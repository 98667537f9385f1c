//! A report says what a naive count over the whole history says, and reads no more than it may.

use ceap_engagement::message::{Origin, Record, State};
use ceap_engagement::pipeline::convert::{Conversion, Exposure, Exposures};
use ceap_engagement::profile_list::{SHARDS, shard};
use ceap_engagement::report::{
    Listed, MOST, Outcome, Outcomes, Period, Report, Share, Verdict, report,
};
use ceap_engagement::use_case::Purpose;
use ceap_kernel::{
    CandidateId, Fault, MessageId, SignalId, SubjectId, TenantId, UseCaseId, digest,
};
use ceap_testkit::builders::{after_noon, plan, subject, tenant, use_case};
use ceap_testkit::{Message, World};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DOCUMENT: &str = "\
id: test
version: 3
name: Test
purpose: transactional
trigger: {event: cart_left}
score: {kind: expression, base: 1, terms: []}
ttl: 10m
goal: {event: purchase, of: amount, within: 1h}
action: {channel: email, subject: Hi, text: Hi}
";

/// Seconds that a goal counts.
const WITHIN: i64 = 3600;

/// One candidate of a history: who, when (seconds after noon), what was decided, and how long after it a
/// goal of some worth was reached.
#[derive(Debug, Clone)]
struct Happened {
    who: usize,
    at: i64,
    said: &'static str,
    goal: Option<(i64, u32)>,
}

fn world(tenant: &TenantId) -> World {
    World::new(after_noon(10_000)).with(tenant, plan(&[DOCUMENT]))
}

fn record(nth: usize, it: &Happened) -> Record {
    let candidate = CandidateId::derive(&SignalId::new(digest(&[&nth.to_string()])).unwrap());
    let state = match it.said {
        "sent" => State::Sent,
        "expired" => State::Expired,
        _ => State::Suppressed,
    };
    Record {
        id: MessageId::derive(&candidate, "email"),
        use_case: Some(use_case("test")),
        subject: subject(&format!("u{}", it.who)),
        origin: Some(Origin { candidate, key: nth.to_string(), step: 0, next: None }),
        channel: "email".to_owned(),
        purpose: Purpose::Transactional,
        state,
        reason: (it.said != "sent").then(|| it.said.to_owned()),
        gates: Vec::new(),
        provider_id: None,
        request: None,
        history: [(state.as_str().to_owned(), after_noon(it.at))].into(),
    }
}

/// Keeps a history as the stages would.
async fn keep(world: &World, tenant: &TenantId, history: &[Happened]) {
    for (nth, it) in history.iter().enumerate() {
        let record = record(nth, it);
        let (id, exposure) = (record.id.clone(), Exposure::of(&record));
        let message = Message { record, since: None, claims: 0, untold: None };
        world.stores().messages.insert((tenant.clone(), id), message);
        if let (Some((after, value)), Some(exposure)) = (it.goal, exposure) {
            let at = after_noon(it.at + after);
            let event = format!("{}-{}", it.who, it.at + after);
            let conversion = Conversion { at, event, value: Some(f64::from(value)) };
            world.convert(tenant, &exposure, &conversion).await.unwrap();
        }
    }
}

async fn read(world: &World, tenant: &TenantId) -> Report {
    let day = (Some("2026-11-21"), None);
    report(tenant, &use_case("test"), day, world, world, world).await.unwrap()
}

fn arm(said: &str) -> Option<&'static str> {
    match said {
        "shadow" => Some("shadow"),
        "holdout" => Some("holdout"),
        "off" => None,
        _ => Some("treated"),
    }
}

/// The same from the history, one question at a time.
fn check(report: &Report, history: &[Happened], now: i64) {
    let of = |name: &str| -> Vec<&Happened> {
        history.iter().filter(|it| arm(it.said) == Some(name)).collect()
    };
    let over = |it: &&Happened| it.at + WITHIN <= now;
    let subjects = |all: &[&Happened]| all.iter().map(|it| it.who).collect::<BTreeSet<_>>();
    let mixed: BTreeSet<usize> =
        subjects(&of("treated")).intersection(&subjects(&of("holdout"))).copied().collect();
    let mut pure = BTreeMap::new();
    for (name, arm) in [
        ("treated", &report.arms.treated),
        ("holdout", &report.arms.holdout),
        ("shadow", &report.arms.shadow),
    ] {
        let all = of(name);
        let ended: Vec<&Happened> = all.iter().copied().filter(over).collect();
        let won: Vec<&Happened> = ended.iter().copied().filter(|it| it.goal.is_some()).collect();
        assert_eq!(arm.candidates as usize, all.len(), "{name}");
        assert_eq!(arm.subjects as usize, subjects(&all).len(), "{name}");
        let measured = arm.measured.as_ref().unwrap();
        assert_eq!(measured.share.subjects as usize, subjects(&ended).len(), "{name}");
        assert_eq!(measured.share.conversions as usize, subjects(&won).len(), "{name}");
        assert_eq!(measured.candidates as usize, ended.len(), "{name}");
        assert_eq!(measured.candidates_converted as usize, won.len(), "{name}");
        let goals: BTreeMap<(usize, i64), u32> = won
            .iter()
            .map(|it| ((it.who, it.at + it.goal.unwrap().0), it.goal.unwrap().1))
            .collect();
        let value: u32 = goals.values().sum();
        assert!((measured.value - f64::from(value)).abs() < 1e-9, "{name}");
        let pending = arm.pending.as_ref().unwrap();
        let open: Vec<&Happened> = all.iter().copied().filter(|it| !over(it)).collect();
        assert_eq!(pending.candidates as usize, open.len(), "{name}");
        let waiting = subjects(&all).difference(&subjects(&ended)).count();
        assert_eq!(pending.subjects as usize, waiting, "{name}");
        let unmixed = |all: &[&Happened]| subjects(all).difference(&mixed).count() as u64;
        let share = Share { subjects: unmixed(&ended), conversions: unmixed(&won) };
        pure.insert(name, share);
        let refused: u64 = arm.refused.values().sum();
        let unsent = all.iter().filter(|it| it.said != "sent").count();
        assert_eq!(refused as usize, unsent, "{name}");
        assert_eq!(arm.rates.is_some(), all.len() > unsent, "{name}");
    }
    let lift = &report.lift;
    assert_eq!(lift.mixed as usize, mixed.len());
    assert_eq!(lift.treated_less_holdout.one, pure["treated"]);
    assert_eq!(lift.treated_less_holdout.other, pure["holdout"]);
    let measured = |it: &ceap_engagement::report::ArmReport| it.measured.as_ref().unwrap().share;
    assert_eq!(lift.live_less_shadow.one, measured(&report.arms.treated));
    assert_eq!(lift.live_less_shadow.other, measured(&report.arms.shadow));
    assert_eq!(report.read.records as usize, history.len());
}

const SAID: [&str; 7] = ["sent", "sent", "holdout", "shadow", "no_consent", "expired", "off"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_is_what_a_naive_count_says(
        rows in prop::collection::vec((0..12_usize, 0..9_000_i64, 0..7_usize, 1..6_000_i64, 0..100_u32), 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tenant = tenant("acme");
            let world = world(&tenant);
            let history: Vec<Happened> = rows
                .into_iter()
                .map(|(who, at, said, after, value)| Happened {
                    who,
                    at,
                    said: SAID[said],
                    goal: (after <= WITHIN && at + after <= 10_000 && SAID[said] != "off")
                        .then_some((after, value)),
                })
                .collect();
            // One event is worth one thing.
            let worth: BTreeMap<(usize, i64), u32> = history
                .iter()
                .filter_map(|it| Some(((it.who, it.at + it.goal?.0), it.goal?.1)))
                .collect();
            let history: Vec<Happened> = history
                .into_iter()
                .map(|mut it| {
                    it.goal = it.goal.map(|(after, _)| (after, worth[&(it.who, it.at + after)]));
                    it
                })
                .collect();
            keep(&world, &tenant, &history).await;
            check(&read(&world, &tenant).await, &history, 10_000);
        });
    }
}

fn many(n: usize, said: &'static str, converted: usize, from: usize) -> Vec<Happened> {
    let one = |k: usize| Happened {
        who: from + k,
        at: 0,
        said,
        goal: (k < converted).then_some((60, 10)),
    };
    (0..n).map(one).collect()
}

#[tokio::test]
async fn a_difference_has_an_interval_and_a_verdict() {
    let tenant = tenant("acme");
    for (treated, holdout, verdict, interval) in [
        // Newcombe's first example, 56 of 70 against 48 of 80.
        ((70, 56), (80, 48), Verdict::Higher, Some((0.0524, 0.3339))),
        ((80, 48), (70, 56), Verdict::Lower, Some((-0.3339, -0.0524))),
        ((70, 40), (80, 48), Verdict::NoDifferenceShown, None),
        ((9, 9), (80, 48), Verdict::TooFew, None),
        ((0, 0), (80, 48), Verdict::NoSubjects, None),
    ] {
        let world = world(&tenant);
        let mut history = many(treated.0, "sent", treated.1, 0);
        history.extend(many(holdout.0, "holdout", holdout.1, 1_000));
        keep(&world, &tenant, &history).await;
        let report = read(&world, &tenant).await;
        check(&report, &history, 10_000);
        let lift = report.lift.treated_less_holdout;
        assert_eq!(lift.verdict, verdict);
        assert_eq!(lift.interval.is_none(), verdict == Verdict::NoSubjects);
        if let Some((low, high)) = interval {
            let found = lift.interval.unwrap();
            assert!((found[0] - low).abs() < 1e-4 && (found[1] - high).abs() < 1e-4, "{found:?}");
        }
        assert_eq!(report.lift.live_less_shadow.verdict, Verdict::NoSubjects);
    }
}

#[tokio::test]
async fn without_a_goal_nothing_is_compared() {
    let tenant = tenant("acme");
    let aimless = DOCUMENT.replace("goal: {event: purchase, of: amount, within: 1h}\n", "");
    let world = World::new(after_noon(10_000)).with(&tenant, plan(&[&aimless]));
    keep(&world, &tenant, &many(5, "sent", 0, 0)).await;
    let report = read(&world, &tenant).await;
    assert_eq!((report.arms.treated.candidates, &report.arms.treated.measured), (5, &None));
    assert_eq!(report.lift.treated_less_holdout.verdict, Verdict::NoGoal);
    assert_eq!(report.lift.treated_less_holdout.difference, None);
}

#[tokio::test]
async fn a_time_that_is_none_or_too_long_is_refused() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let asked = async |id: &UseCaseId, from, to| {
        report(&tenant, id, (from, to), &world, &world, &world).await
    };
    let id = use_case("test");
    for (from, to, field) in [
        (Some("yesterday"), None, "from"),
        (None, Some("2026-13-01"), "to"),
        (Some("2026-11-21T12:00:00Z"), Some("2026-11-21T12:00:00Z"), "from"),
        (Some("2026-01-01"), Some("2026-11-21"), "from"),
    ] {
        let fault = asked(&id, from, to).await.unwrap_err();
        assert!(matches!(fault, Fault::Invalid { .. }), "{fault:?}");
        assert!(fault.to_string().starts_with(field), "{fault}");
    }
    let unknown = asked(&use_case("unknown"), None, None).await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))));
    // The last day is in.
    let day = asked(&id, Some("2026-11-20"), Some("2026-11-21")).await.unwrap();
    assert_eq!(day.to.duration_since(day.from).as_hours(), 48);
    let month = asked(&id, None, None).await.unwrap();
    assert_eq!(month.to, after_noon(10_000));
    assert_eq!(month.to.duration_since(month.from).as_hours(), 30 * 24);
}

/// A use case with so many subjects, each with one message.
struct Many(Vec<Vec<MessageId>>);

impl Many {
    fn new(n: usize) -> Self {
        let mut parts = vec![Vec::new(); usize::from(SHARDS)];
        for n in 0..n {
            let id = MessageId::new(format!("{n:032x}")).unwrap();
            parts[usize::from(shard(&who(&id)))].push(id);
        }
        Self(parts)
    }
}

fn who(id: &MessageId) -> SubjectId {
    subject(id.as_str())
}

impl Outcomes for Many {
    async fn listed(
        &self,
        _: &TenantId,
        _: &UseCaseId,
        part: u8,
        _: Period,
        most: usize,
    ) -> Result<Listed, Fault> {
        let all = &self.0[usize::from(part)];
        let messages = all.iter().take(most + 1).cloned().collect();
        Ok(Listed { messages, converted: Vec::new() })
    }

    async fn outcomes(&self, _: &TenantId, listed: &Listed) -> Result<Vec<Outcome>, Fault> {
        let sent = record(0, &Happened { who: 0, at: 0, said: "sent", goal: None });
        let outcome = |id: &MessageId| {
            let record = Record { id: id.clone(), subject: who(id), ..sent.clone() };
            Outcome { record, conversion: None }
        };
        Ok(listed.messages.iter().map(outcome).collect())
    }
}

#[tokio::test]
async fn of_too_many_whole_parts_are_read() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let id = use_case("test");
    for n in [100_000, MOST + 20_000] {
        let many = Many::new(n);
        let began = std::time::Instant::now();
        let report = report(&tenant, &id, (None, None), &world, &many, &world).await.unwrap();
        eprintln!("{n} exposures: {:?}", began.elapsed());
        let parts = usize::from(report.read.parts);
        let counted: usize = many.0.iter().take(parts).map(Vec::len).sum();
        assert_eq!(report.read.records as usize, counted);
        assert_eq!(report.arms.treated.subjects as usize, counted);
        if n <= MOST {
            assert_eq!((parts, counted), (16, n));
        } else {
            assert!((12..16).contains(&parts) && counted <= MOST, "{counted} in {parts}");
        }
    }
    // One part alone is too much.
    let mut many = Many::new(0);
    many.0[0] = (0..=MOST).map(|n| MessageId::new(format!("{n:032x}")).unwrap()).collect();
    let refused = report(&tenant, &id, (None, None), &world, &many, &world).await;
    assert!(matches!(refused, Err(Fault::Invalid { .. })), "{refused:?}");
}
