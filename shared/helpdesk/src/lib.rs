//! The helpdesk's domain: tickets and their life, as Zendesk documents them. Pure: what it needs of others is handed
//! in, what it decides is handed back.

pub mod access;
pub mod account;
pub mod activity;
pub mod api;
pub mod automation;
pub mod content;
pub mod field;
pub mod file;
pub mod ids;
pub mod job;
mod later;
pub mod locale;
pub mod message;
pub mod organization;
pub mod presence;
pub mod record;
pub mod refusal;
pub mod report;
pub mod routes;
pub mod routing;
pub mod rule;
pub mod satisfaction;
pub mod schedule;
pub mod search;
pub mod secret;
pub mod store;
pub mod suspended;
pub mod tag;
pub mod text;
pub mod ticket;
pub mod time_zone;
pub mod triage;
pub mod trigger;
pub mod user;
pub mod webhook;
pub mod wire;
