//! The use case: one declarative document that says what starts it, whom it is for, and what is sent.

pub mod catalogue;
mod compile;
mod document;
pub mod library;
mod plan;
mod step;

pub use compile::{Fields, UseCase};
pub use document::{
    ActionDocument, Document, Expects, FallbackDocument, Mode, Purpose, TriggerDocument,
};
pub use plan::{LATENESS, Plan, Settings, UseCases};
pub use step::Step;
