//! The use case: one declarative document that says what starts it, whom it is for, and what is sent.

pub mod catalogue;
mod compile;
mod document;
mod goal;
mod index;
pub mod library;
pub mod place;
mod plan;
pub mod schema;
mod step;
mod stored;
mod trigger;

pub use compile::{Fields, UseCase};
pub use document::{ActionDocument, Document, FallbackDocument, Mode, Priority, Purpose};
pub use goal::{Goal, GoalDocument};
pub use plan::{LATENESS, Plan, Settings, UseCases};
pub use step::Step;
pub use stored::{OwnShop, Stored};
pub use trigger::{
    AbsenceDocument, Duty, Expects, FanOutDocument, PopulationDocument, ScheduleDocument,
    TriggerDocument, UntilDocument,
};
