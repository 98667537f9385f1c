//! Reports: what became of tickets, by day, group, agent, brand and channel.
//!
//! What a ticket adds to the figures is worked out of a [`Snapshot`] of it alone ([`Snapshot::cells`]). Whoever keeps them
//! remembers what each ticket added, and adds the difference when it changes: so what is told twice, or in another order,
//! changes nothing, and figures made anew from all snapshots in the lake are the same.

mod cells;
mod figure;
mod journal;
mod keep;
mod kind;
mod names;
mod period;
mod rebuild;
mod shown;
mod snapshot;
mod told;

pub use cells::{Cells, Figures, Place};
pub use figure::Figure;
pub use journal::{Journal, Noted};
pub use keep::{count, newest};
pub use kind::Kind;
pub use period::{Asked, By, MOST_DAYS, Period};
pub use rebuild::{Filling, Generations, begin, clear, finish, generations};
pub use shown::{Report, Row, report, served};
pub use snapshot::{MEASURED, Snapshot};
pub use told::{Average, Told};
