//! Runs of use cases over whole populations.

use super::{Access, Answer, CURSOR, Content, Group, IDEMPOTENCY_KEY, Operation, Parameter};
use ceap_engagement::run::affinity;
use ceap_engagement::run::desk::{Evaluate, List, View};
use ceap_engagement::run::replay::Asked;
use ceap_kernel::access::Role;
use ceap_kernel::{RunId, UseCaseId};

const ID: Parameter = Parameter::path::<UseCaseId>("id", "The use case.");
const RUN: Parameter = Parameter::path::<RunId>("run", "The run.");

/// The operations.
pub const GROUP: Group = Group {
    tag: "Runs",
    about: "One use case over a whole population, in parts. A run that failed goes on where it stopped.",
    operations: &[
        Operation::new(
            "POST /v1/use-cases/{id}/evaluate",
            "evaluateUseCase",
            "Runs a scheduled use case now",
            Access::Role(Role::may_send),
        )
        .about("The same `Idempotency-Key` is the same run, however often it is asked for.")
        .parameters(&[ID, IDEMPOTENCY_KEY])
        .takes(&[Content::json::<Evaluate>(r#"{"as_of":"2026-11-21T09:00:00Z"}"#)])
        .answers(&[Answer::json::<View>(202, "The run.")])
        .fails(&[404]),
        Operation::new(
            "POST /v1/use-cases/{id}/replay",
            "replayUseCase",
            "Tries a use case on history",
            Access::Role(Role::may_send),
        )
        .about("The history of the event lake through the document. Nothing is sent.")
        .parameters(&[ID, IDEMPOTENCY_KEY])
        .takes(&[Content::json::<Asked>(
            r#"{"from":"2026-10-01T00:00:00Z","to":"2026-11-01T00:00:00Z"}"#,
        )])
        .answers(&[Answer::json::<View>(
            202,
            "The run. When it is done, its `result` is the funnel, with samples.",
        )])
        .fails(&[404]),
        Operation::new(
            "POST /v1/use-cases/{id}/backfill",
            "backfillUseCase",
            "Computes a use case's features from history",
            Access::Role(Role::may_send),
        )
        .about("A new document starts right after it, as if it had been there from the start.")
        .parameters(&[ID, IDEMPOTENCY_KEY])
        .answers(&[Answer::json::<View>(202, "The run.")])
        .fails(&[404]),
        Operation::new(
            "POST /v1/use-cases/{id}/affinity",
            "learnAffinity",
            "Learns a use case's affinity model from history",
            Access::Role(Role::may_send),
        )
        .about(
            "Counts which items the same subjects had to do with, by the document's `score`, and keeps \
             the model under its name; from then on candidates are scored with it. `score.learn` does it \
             by a schedule.",
        )
        .parameters(&[ID, IDEMPOTENCY_KEY])
        .takes(&[Content::json::<affinity::Asked>(r#"{"as_of":"2026-11-21T00:00:00Z"}"#)])
        .answers(&[Answer::json::<View>(
            202,
            "The run. When it is done, its `result` names the model.",
        )])
        .fails(&[404]),
        Operation::new(
            "GET /v1/use-cases/{id}/runs",
            "listRuns",
            "Lists a use case's runs",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[ID, CURSOR])
        .answers(&[Answer::json::<List>(200, "The newest first.")]),
        Operation::new(
            "GET /v1/use-cases/{id}/runs/{run}",
            "getRun",
            "Reads a run and how far it is",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[ID, RUN])
        .answers(&[Answer::json::<View>(200, "The run.")])
        .fails(&[404]),
        Operation::new(
            "DELETE /v1/use-cases/{id}/runs/{run}",
            "cancelRun",
            "Calls a run off",
            Access::Role(Role::may_send),
        )
        .about("Signals that it has emitted go on.")
        .parameters(&[ID, RUN])
        .answers(&[Answer::json::<View>(200, "The run.")])
        .fails(&[404, 409]),
        Operation::new(
            "POST /v1/use-cases/{id}/runs/{run}/resume",
            "resumeRun",
            "Goes on with a run that failed or was called off",
            Access::Role(Role::may_send),
        )
        .about("Parts that are done stay done.")
        .parameters(&[ID, RUN])
        .answers(&[Answer::json::<View>(202, "The run.")])
        .fails(&[404, 409]),
    ],
};
