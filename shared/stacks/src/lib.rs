//! The stacks' CloudFormation templates, read; and their alarms, evaluated as CloudWatch does, so that it can be proven without
//! an AWS account when they ring. For checks and tests: no function has a use for it.

pub mod alarm;
pub mod math;
pub mod points;
mod state;
mod template;

pub use alarm::{Alarm, Stat, Watched};
pub use points::{Metric, Points, Statistic};
pub use state::State;
pub use template::{Resource, Template, all, many, target, text};
