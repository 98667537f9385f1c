//! Reports of tickets.

use super::{Access, Answer, Group, Operation, Parameter};
use ceap_helpdesk::report::{Kind, Report};
use ceap_kernel::access::Role;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Reports of tickets",
    about: "What became of tickets, day by day, kept as they change.",
    operations: &[Operation::new(
        "GET /v1/reports/{report}",
        "getTicketReport",
        "Reports what became of tickets",
        Access::Role(Role::may_read_customers),
    )
    .about("Days are those of the account's time zone. What was deleted is not counted.")
    .parameters(&[
        Parameter::path::<Kind>("report", "Which report."),
        Parameter::query::<String>(
            "from",
            "The first day, as 2026-11-22; 29 days before `to` by default, less than 400.",
        ),
        Parameter::query::<String>("to", "The last day; today by default."),
        Parameter::query::<String>(
            "by",
            "By what figures are told apart: day, group, agent, brand, channel, or several with commas.",
        ),
        Parameter::query::<u64>("group_id", "Only figures of this group."),
        Parameter::query::<u64>("agent_id", "Only figures of this agent."),
        Parameter::query::<u64>("brand_id", "Only figures of this brand."),
        Parameter::query::<String>("channel", "Only figures of tickets that came this way."),
    ])
    .answers(&[Answer::json::<Report>(200, "The figures.")])
    .fails(&[404])],
};
