//! What Liquid that others write may do. Templates of messages and texts of the helpdesk's rules have languages of their own; both
//! are rendered within this budget.

mod metered;
mod work;

pub use metered::Metered;
pub use work::{Pay, TOO_MUCH, bounded, pay, size};
