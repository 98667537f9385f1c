//! Profiles.

use super::{Access, Answer, Group, Operation, Parameter};
use ceap_engagement::profile_view::View;
use ceap_kernel::SubjectId;
use ceap_kernel::access::Role;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Profiles",
    about: "What is known of a subject. Profiles are changed by events: `profile_updated`.",
    operations: &[Operation::new(
        "GET /v1/profiles/{id}",
        "getProfile",
        "Reads a profile",
        Access::Role(Role::may_read_customers),
    )
    .parameters(&[Parameter::path::<SubjectId>("id", "The subject.")])
    .answers(&[Answer::json::<View>(
        200,
        "What is known, and how often each type of event was seen.",
    )])
    .fails(&[404])],
};
