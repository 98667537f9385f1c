//! The API, as Zendesk's clients know it: what is asked and answered, without how it travels.

pub mod answer;
pub mod ask;
pub mod call;
mod caller;
pub mod entry;
mod identity;
mod include;
pub mod list;
pub mod page;
mod rate;
pub mod refused;
pub mod route;

pub use answer::Answer;
pub use ask::{Ask, Method};
pub use call::{Call, Desk};
pub use entry::{Told, answer};
pub use page::{Page, Paging};
pub use rate::{Ceiling, NoCeiling};
pub use refused::Refused;
pub use route::{Does, Guard, Route};
