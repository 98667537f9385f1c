//! Sources: where a tenant's events come from, and how what they give becomes events.

pub mod again;
pub mod document;
pub mod feed;
pub mod files;
pub mod library;
pub mod mapping;
pub mod object;
pub mod poll;
pub mod unpack;
pub mod webhook;

pub use document::{SourceDocument, SourceKind};
pub use mapping::{Mapping, MappingDocument, Row};
