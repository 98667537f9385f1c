//! The engagement domain: events in, actions out. Pure: every outside thing is a port, a small
//! trait beside its use, implemented by `ceap-aws` and faked by `ceap-testkit`.

pub mod candidate;
pub mod candidate_list;
pub mod condition;
pub mod consents;
pub mod event;
pub mod feature;
pub mod goal;
pub mod inbox;
pub mod lines;
pub mod link;
pub mod message;
pub mod message_log;
pub mod model;
pub mod onboarding;
pub mod pipeline;
pub mod policy;
pub mod preferences;
pub mod profile;
pub mod profile_list;
pub mod profile_view;
pub mod push;
pub mod quarantine;
pub mod receipt;
pub mod reentry;
pub mod report;
pub mod run;
pub mod score;
pub mod secret;
pub mod series;
pub mod signal;
pub mod simulation;
pub mod suppression;
pub mod template;
pub mod use_case;
pub mod window;
