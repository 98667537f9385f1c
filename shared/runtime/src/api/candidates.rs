//! Candidates.

use super::{Access, Answer, CURSOR, Group, Operation, Parameter};
use ceap_engagement::candidate_list::List;
use ceap_kernel::access::Role;
use ceap_kernel::{SubjectId, UseCaseId};

/// The operations.
pub const GROUP: Group = Group {
    tag: "Candidates",
    about: "Signals that passed filter and score, while they live.",
    operations: &[Operation::new(
        "GET /v1/candidates",
        "listCandidates",
        "Lists a use case's candidates",
        Access::Role(Role::may_read_customers),
    )
    .parameters(&[
        Parameter::query::<UseCaseId>("use_case", "Of which use case.").required(),
        Parameter::query::<SubjectId>("subject", "Only this subject's."),
        Parameter::query::<f64>("min_score", "Only those that score at least this, from 0 to 1."),
        Parameter::query::<u8>("limit", "How many at most."),
        CURSOR,
    ])
    .answers(&[Answer::json::<List>(200, "Live candidates, the best first.")])],
};
