//! The helpdesk's domain: tickets and their life, as Zendesk documents them. Pure: what it needs of others is handed
//! in, what it decides is handed back.

pub mod ids;
pub mod refusal;
pub mod ticket;
