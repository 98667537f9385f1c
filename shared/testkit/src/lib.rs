//! For tests only: builders, fakes of every port, and the contract suites that fakes and adapters
//! both pass. Panics are the way a test fails, so the lints that forbid them are off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    missing_docs
)]
