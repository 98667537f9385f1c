//! Profiles, and how they are erased.

use super::{Access, Answer, Group, Operation, Parameter};
use ceap_engagement::erasure;
use ceap_engagement::profile_view::View;
use ceap_kernel::access::Role;
use ceap_kernel::{ErasureId, SubjectId};

const SUBJECT: Parameter = Parameter::path::<SubjectId>("id", "The subject.");

/// The operations.
pub const GROUP: Group = Group {
    tag: "Profiles",
    about: "What is known of a subject. Profiles are changed by events: `profile_updated`.",
    operations: &[
        Operation::new(
            "GET /v1/profiles/{id}",
            "getProfile",
            "Reads a profile",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[SUBJECT])
        .answers(&[Answer::json::<View>(
            200,
            "What is known, and how often each type of event was seen.",
        )])
        .fails(&[404]),
        Operation::new(
            "DELETE /v1/profiles/{id}",
            "eraseProfile",
            "Erases a subject",
            Access::Role(Role::may_erase),
        )
        .about(
            "All that is known of the subject, its events and its messages, for good. Suppressed addresses stay. \
             While one erasure is under way it is answered again; one that failed goes on.",
        )
        .parameters(&[SUBJECT])
        .answers(&[Answer::json::<erasure::desk::View>(202, "The erasure, which takes some minutes.")]),
        Operation::new(
            "GET /v1/erasures/{id}",
            "getErasure",
            "Reads an erasure",
            Access::Role(Role::may_erase),
        )
        .parameters(&[Parameter::path::<ErasureId>("id", "The erasure.")])
        .answers(&[Answer::json::<erasure::desk::View>(200, "Where it stands.")])
        .fails(&[404]),
    ],
};
