//! Who is given which ticket, by what they can, how much they have to do already, and whether they are there
//! ([about omnichannel routing](https://support.zendesk.com/hc/en-us/articles/4409149119514)).
//!
//! A pass ([`pass`]) reads who is online, what they have to do and what waits, decides ([`decide`], pure) and writes each ticket
//! together with its agent's availability, both only as they were read. So passes may run at any time, several at once, and
//! none has to know of the others. What may let a ticket be given to somebody leads to a pass ([`wake`], [`bell`]); a sweep each
//! minute ([`tend`]) does what time brings about, and what was missed.

pub mod availability;
mod bell;
pub mod capacity;
mod channel;
pub mod decide;
mod load;
mod pass;
pub mod queue;
mod settings;
pub mod skill;
mod standing;
mod status;
mod tend;

pub use availability::Availability;
pub use bell::{bell, wake};
pub use capacity::{Capacities, CapacityRule};
pub use channel::Channel;
pub use load::{Load, loads};
use pass::pass_through;
pub use pass::{Passed, pass};
pub use queue::Queue;
pub use settings::{RoutingSettings, Strategy};
pub use skill::{Attribute, Skill};
pub use standing::{Standing, loaded, settle};
pub use status::AgentStatus;
pub use tend::{Tended, tend};

use crate::ids::GroupId;
use crate::ticket::Priority;
use ceap_kernel::Timestamp;

/// The list of tickets of a channel that wait for an agent, the most urgent first: of all, or of those of a group.
#[must_use]
pub fn waiting(channel: Channel, group: Option<GroupId>) -> String {
    let channel = channel.as_str();
    match group {
        Some(group) => format!("routing/waiting/{channel}/{group}"),
        None => format!("routing/waiting/{channel}"),
    }
}

/// The list of tickets that agents have to do, by agent and channel.
pub const LOAD: &str = "routing/load";

/// The word by which audits tell that routing gave a ticket to somebody (`via.source.rel`).
pub const ROUTED: &str = "routing";

/// Where a ticket stands among those that wait, as text sorts: the most urgent first, then what is promised soonest, then what
/// waits longest.
#[must_use]
pub fn order(priority: Option<Priority>, breach_at: Option<Timestamp>, since: Timestamp) -> String {
    let urgency = match priority {
        Some(Priority::Urgent) => 0,
        Some(Priority::High) => 1,
        Some(Priority::Normal) => 2,
        Some(Priority::Low) => 3,
        None => 4,
    };
    let second = |at: Timestamp| at.as_second().clamp(0, NEVER);
    let breach = breach_at.map_or(NEVER, second);
    format!("{urgency}#{breach:012}#{:012}", second(since))
}

/// A second that does not come: places have twelve digits for it.
const NEVER: i64 = 999_999_999_999;
