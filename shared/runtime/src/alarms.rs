//! Each alarm of each template, made to ring and kept from ringing, by its own threshold. Those on our metrics by what a run of the
//! functions' own code prints; those on AWS's by a model of what AWS would tell of such a run.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod models;
mod printed;
mod runs;

use ceap_stacks::{Alarm, Points, State, Template};
use models::Model;
use printed::lines;
use std::path::PathBuf;

/// When the first period begins, in seconds since 1970: a midnight, so that any period begins there.
const BEGIN_S: i64 = 1_795_219_200;

/// A run, what of it goes wrong and what well, and what the alarm has to say of that.
type Run = (&'static str, usize, usize, State);

/// What makes alarms on our own metrics ring, and what just not.
const RUNS: [(&str, &[Run]); 11] = [
    (
        "DeployHelpdeskFaultsAlarm",
        &[("helpdesk", 5, 5, State::Ok), ("helpdesk", 6, 5, State::Alarm)],
    ),
    (
        "DeployRequestFaultsAlarm",
        &[("requests", 5, 5, State::Ok), ("requests", 6, 5, State::Alarm)],
    ),
    ("HelpdeskFaultsAlarm", &[("helpdesk", 10, 5, State::Ok), ("helpdesk", 11, 5, State::Alarm)]),
    ("RequestFaultsAlarm", &[("requests", 10, 5, State::Ok), ("requests", 11, 5, State::Alarm)]),
    ("EventsQuarantinedAlarm", &[("events", 100, 5, State::Ok), ("events", 101, 5, State::Alarm)]),
    ("SignalsQuarantinedAlarm", &[("signals", 10, 5, State::Ok), ("signals", 11, 5, State::Alarm)]),
    (
        "StagesFailingAlarm",
        &[
            ("stages", 10, 190, State::Ok),
            ("stages", 11, 189, State::Alarm),
            ("stages", 9, 1, State::Ok),
            ("stages", 10, 0, State::Alarm),
        ],
    ),
    (
        "MessagesFailedAlarm",
        &[
            ("refused", 20, 180, State::Ok),
            ("refused", 21, 179, State::Alarm),
            ("refused", 19, 1, State::Ok),
            ("refused", 20, 0, State::Alarm),
        ],
    ),
    ("MessagesUnknownAlarm", &[("unknown", 10, 5, State::Ok), ("unknown", 11, 5, State::Alarm)]),
    (
        "EmailBouncesAlarm",
        &[
            ("bounced", 10, 240, State::Ok),
            ("bounced", 11, 239, State::Alarm),
            ("bounced", 9, 1, State::Ok),
        ],
    ),
    (
        "EmailComplaintsAlarm",
        &[
            ("complained", 3, 3747, State::Ok),
            ("complained", 4, 3746, State::Alarm),
            ("complained", 2, 8, State::Ok),
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every alarm, with the template that it stands in.
fn alarms(templates: &[Template]) -> Vec<(&Template, Alarm)> {
    let of = |template| Alarm::all(template).unwrap().into_iter().map(move |it| (template, it));
    templates.iter().flat_map(of).collect()
}

fn runs_of(alarm: &Alarm) -> Option<&'static [Run]> {
    RUNS.iter().find(|(id, _)| *id == alarm.id).map(|(_, runs)| *runs)
}

/// What an alarm says after as many periods as it takes to ring, all of them alike: `put` puts one that begins at an instant.
fn said(alarm: &Alarm, mut put: impl FnMut(&mut Points, i64)) -> State {
    let mut points = Points::default();
    let periods = i64::try_from(alarm.bad_periods()).unwrap();
    let starts = (0..periods).map(|n| BEGIN_S + n * alarm.period_s());
    for start in starts {
        put(&mut points, start);
        let told = alarm.watched.value(&points, start);
        assert!(told.is_some(), "{}: nothing was told of {:?}", alarm.id, alarm.watched);
    }
    let last = BEGIN_S + (periods - 1) * alarm.period_s();
    let before = alarm.state(&points, last, State::Ok);
    assert_eq!(before, State::Ok, "{}: rings before its last period is over", alarm.id);
    alarm.state(&points, last + alarm.period_s(), State::Ok)
}

#[test]
fn every_alarm_has_a_case() {
    let templates = ceap_stacks::all(&root()).unwrap();
    let alarms = alarms(&templates);
    assert!(alarms.len() > 60, "only {} alarms are found", alarms.len());
    for (template, alarm) in &alarms {
        let ours = alarm.watched.stats().iter().any(|stat| stat.metric.namespace == "CEAP");
        let has =
            if ours { runs_of(alarm).is_some() } else { Model::of(alarm, template).is_some() };
        assert!(has, "{}, {}: add a case, so that it is seen to ring", alarm.file, alarm.id);
    }
    for (id, runs) in RUNS {
        assert!(alarms.iter().any(|(_, alarm)| alarm.id == id), "there is no alarm {id}");
        for state in [State::Ok, State::Alarm] {
            assert!(runs.iter().any(|run| run.3 == state), "{id} has no run for {state:?}");
        }
    }
}

#[test]
fn alarms_on_our_metrics_ring_by_what_runs_print() {
    let templates = ceap_stacks::all(&root()).unwrap();
    for (_, alarm) in alarms(&templates) {
        for (run, bad, good, state) in runs_of(&alarm).unwrap_or_default() {
            let lines = lines(run, *bad, *good);
            let seen = said(&alarm, |points, start| {
                for line in &lines {
                    points.embedded(line, start).unwrap_or_else(|why| panic!("{line}: {why:#}"));
                }
            });
            assert_eq!(seen, *state, "{}: {run} with {bad} bad and {good} good", alarm.id);
        }
    }
}

#[test]
fn alarms_on_aws_metrics_ring_by_a_model_of_them() {
    let templates = ceap_stacks::all(&root()).unwrap();
    let mut modelled = 0;
    for (template, alarm) in alarms(&templates) {
        let Some(model) = Model::of(&alarm, template) else { continue };
        modelled += 1;
        model.holds(&alarm, template);
        for (amount, state) in model.amounts(&alarm) {
            let seen = said(&alarm, |points, start| model.tell(&alarm, amount, points, start));
            assert_eq!(seen, state, "{}: {model:?} with {amount:?}", alarm.id);
        }
    }
    assert!(modelled > 50, "only {modelled} alarms");
}

/// An alarm that is told nothing more: most are quiet again, since who counts faults tells nothing where there are none.
#[test]
fn alarms_are_quiet_again_when_nothing_is_told() {
    let templates = ceap_stacks::all(&root()).unwrap();
    for (_, alarm) in alarms(&templates) {
        let state = alarm.state(&Points::default(), BEGIN_S, State::Alarm);
        let kept = ["TableThrottlesAlarm", "SesBounceRateAlarm", "SesComplaintRateAlarm"];
        assert_eq!(alarm.keeps_its_state(), kept.contains(&&*alarm.id), "{}", alarm.id);
        assert_eq!(state == State::Alarm, alarm.keeps_its_state(), "{}", alarm.id);
    }
}
