//! The running pipeline from outside, in one binary so that tests run side by side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod at_least_once;
mod backup;
mod bad_input;
mod carts;
mod catalogue;
mod cdnow;
mod channels;
mod chaos;
mod consent;
mod demo;
mod erasure;
mod feeds;
mod files;
mod helpdesk;
mod lake;
mod messages;
mod pinpoint;
mod presence;
mod queries;
mod registry;
mod report;
mod routing;
mod rules;
mod runs;
mod sdks;
mod search;
mod sign_in;
mod sources;
mod ssh_logins;
mod story;
mod tenants;
mod ticket_reports;
mod unknown_types;
mod use_cases;
mod webhooks;
mod zendesk_clients;
