//! Sources: where a tenant's events come from, and how what they give becomes events.

pub mod document;
pub mod library;
pub mod mapping;
pub mod webhook;

pub use document::{SourceDocument, SourceKind};
pub use mapping::{Mapping, MappingDocument, Row};
