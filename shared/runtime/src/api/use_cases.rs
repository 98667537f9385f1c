//! Use cases.

use super::{Access, Answer, Content, Group, IF_MATCH, Operation, Parameter};
use ceap_engagement::report::Report;
use ceap_engagement::simulation;
use ceap_engagement::use_case::Document;
use ceap_engagement::use_case::library::{Listed, Version};
use ceap_kernel::UseCaseId;
use ceap_kernel::access::Role;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which use case is installed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UseCaseInstall")]
pub struct Install {
    /// The id of one that comes with the platform.
    pub catalogue: String,
}

/// Which version is taken back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UseCaseRollBack")]
pub struct RollBack {
    /// That one, again, under the next number.
    pub to: u32,
}

const ID: Parameter = Parameter::path::<UseCaseId>("id", "The use case.");

const YAML: &str = "id: abandoned-cart\nversion: 1\nname: Abandoned cart\n# …";

/// The operations.
pub const GROUP: Group = Group {
    tag: "Use cases",
    about: "One declarative document each: trigger, features, filter, score, action, mode. A change is seen everywhere \
            within ten seconds.",
    operations: &[
        Operation::new(
            "GET /v1/use-cases",
            "listUseCases",
            "Lists the use cases",
            Access::Role(Role::may_read_customers),
        )
        .answers(&[Answer::json::<Vec<Listed>>(200, "All of them, by id.")]),
        Operation::new(
            "POST /v1/use-cases",
            "installUseCase",
            "Installs one that comes with the platform",
            Access::Role(Role::may_send),
        )
        .takes(&[Content::json::<Install>(r#"{"catalogue":"abandoned-cart"}"#)])
        .answers(&[Answer::json::<Version>(201, "As it is kept.")])
        .fails(&[404, 409]),
        Operation::new(
            "GET /v1/use-cases/{id}",
            "getUseCase",
            "Reads a use case",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[
            ID,
            Parameter::query::<u32>("version", "An older version, in place of the one that is kept."),
        ])
        .answers(&[Answer::json::<Version>(200, "The document.")])
        .fails(&[404]),
        Operation::new(
            "PUT /v1/use-cases/{id}",
            "putUseCase",
            "Keeps a use case",
            Access::Role(Role::may_send),
        )
        .about("A document that does not compile is refused, naming the field, and what was kept goes on running.")
        .parameters(&[ID, IF_MATCH])
        .takes(&[
            Content::of::<Document>("application/yaml", YAML),
            Content::json::<Document>(""),
            Content::of::<Document>("application/x-yaml", ""),
            Content::of::<Document>("text/yaml", ""),
        ])
        .answers(&[
            Answer::json::<Version>(200, "Changed."),
            Answer::json::<Version>(201, "Kept for the first time."),
        ])
        .fails(&[409]),
        Operation::new(
            "GET /v1/use-cases/{id}/report",
            "getUseCaseReport",
            "Reports what a use case brought about",
            Access::Role(Role::may_read_customers),
        )
        .about("Compares treated with held-out subjects, and live with shadow, by the goal that the document declares.")
        .parameters(&[
            ID,
            Parameter::query::<String>("from", "The first day, or an instant; 30 days before `to` by default, at most 92."),
            Parameter::query::<String>("to", "The last day, or the instant after the last; now by default."),
        ])
        .answers(&[Answer::json::<Report>(200, "Counts, rates and differences with their intervals of 95 %.")])
        .fails(&[404]),
        Operation::new(
            "DELETE /v1/use-cases/{id}",
            "deleteUseCase",
            "Stops a use case",
            Access::Role(Role::may_send),
        )
        .about("Its versions stay, and their numbers go on.")
        .parameters(&[ID, IF_MATCH])
        .answers(&[Answer::empty("It is gone.")])
        .fails(&[404, 409]),
        Operation::new(
            "POST /v1/use-cases/{id}/rollback",
            "rollBackUseCase",
            "Takes a use case back to an older version",
            Access::Role(Role::may_send),
        )
        .parameters(&[ID])
        .takes(&[Content::json::<RollBack>(r#"{"to":2}"#)])
        .answers(&[Answer::json::<Version>(200, "That version, under the next number.")])
        .fails(&[404, 409]),
        Operation::new(
            "POST /v1/use-cases/{id}/simulate",
            "simulateUseCase",
            "Tries a use case on events",
            Access::Role(Role::may_read_customers),
        )
        .about("Nothing is written and nothing is sent.")
        .parameters(&[ID])
        .takes(&[Content::json::<simulation::Request>("")])
        .answers(&[Answer::json::<simulation::Simulated>(200, "The whole decision on each signal.")])
        .fails(&[404]),
    ],
};
