//! What every implementation of a port must do, whatever it is made of. The fakes pass these
//! suites here, the AWS adapters pass them against the local DynamoDB.
//!
//! They use port methods only, and tenants that nobody else uses. Where a port cannot show what it
//! did, the suite takes a function that looks.

mod audiences;
mod blobs;
mod candidate_list;
mod candidates;
mod claims;
mod courses;
mod endpoints;
mod erasure;
mod goals;
mod helpdesk;
mod history;
mod inbox;
mod items;
mod keeping;
mod models;
mod objects;
mod outbox;
mod quota;
mod rates;
mod receipts;
mod runs;
mod schemas;
mod shelf;
mod sources;
mod subjects;
mod suppressions;

pub use audiences::audiences;
pub use blobs::{blobs, leases};
pub use candidate_list::candidate_list;
pub use candidates::candidates;
pub use claims::claims;
pub use courses::courses;
pub use endpoints::{endpoints, forgotten_endpoints};
pub use erasure::{Tables, erasures, forget};
pub use goals::goals;
pub use helpdesk::helpdesk;
pub use history::history;
pub use inbox::inbox;
pub use items::{affinities, items};
pub use keeping::{quarantine, stream};
pub use models::{model_files, models};
pub use objects::objects;
pub use outbox::outbox;
pub use quota::quota;
pub use rates::rates;
pub use receipts::receipts;
pub use runs::{population, runs};
pub use schemas::schemas;
pub use shelf::shelf;
pub use sources::sources;
pub use subjects::subjects;
pub use suppressions::suppressions;

use ceap_engagement::message::{Origin, Record, State};
use ceap_engagement::use_case::Purpose;
use ceap_kernel::{CandidateId, MessageId, SignalId};

/// A signal's id that only `text` has.
pub(crate) fn signal_id(text: &str) -> SignalId {
    SignalId::new(ceap_kernel::digest(&[text])).unwrap()
}

/// The record of a message to `subject` that is queued.
pub(crate) fn record(label: &str, subject: &str) -> Record {
    let candidate = CandidateId::derive(&signal_id(label));
    Record {
        id: MessageId::derive(&candidate, "email"),
        use_case: Some(crate::builders::use_case("contract")),
        subject: crate::builders::subject(subject),
        origin: Some(Origin { candidate, key: String::new(), step: 0, next: None }),
        channel: "email".to_owned(),
        purpose: Purpose::Marketing,
        state: State::Queued,
        reason: None,
        gates: Vec::new(),
        provider_id: None,
        request: None,
        history: [("queued".to_owned(), crate::builders::noon())].into(),
    }
}

/// The record of a message that a gate refused.
pub(crate) fn refused(label: &str, subject: &str) -> Record {
    Record {
        state: State::Suppressed,
        reason: Some("no_consent".to_owned()),
        history: [("suppressed".to_owned(), crate::builders::noon())].into(),
        ..record(label, subject)
    }
}
