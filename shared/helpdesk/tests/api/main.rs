//! The API, asked as clients ask it, over a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod account;
mod activities;
mod automations;
mod automations_act;
mod cast;
mod consistent;
mod custom_statuses;
mod defaults;
mod documented;
mod dynamic_content;
mod entry;
mod erasure;
mod exports;
mod facts;
mod fed;
mod fields;
mod files;
mod groups;
mod include;
mod isolation;
mod letters;
mod macros;
mod messages;
mod organizations;
mod outside;
mod people;
mod people_go;
mod presence;
mod promised;
mod reports;
mod requests;
mod routing;
mod satisfaction;
mod saved_searches;
mod schedules;
mod schedules_own;
mod search;
mod sign_in;
mod slas;
mod survey;
mod suspended;
mod tags;
mod ticket_forms;
mod tickets;
mod tokens;
mod triage;
mod triggers;
mod triggers_act;
mod users;
mod verifications;
mod views;
mod views_run;
mod webhooks;
mod world;
