//! Sources: where a tenant's events come from, and how what they give becomes events.

pub mod mapping;
pub mod webhook;

pub use mapping::{Mapping, MappingDocument, Row};
