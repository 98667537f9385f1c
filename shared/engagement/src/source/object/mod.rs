//! Objects: the files of a source, each as it was written once, and what became of them.

mod desk;
mod plan;
mod port;
mod record;

pub use desk::{List, ObjectDesk};
pub use plan::{Compression, Layout, Part, PartState, Plan, Shape, Start};
pub use port::{Head, Kept, KeptPart, ObjectFiles, ObjectStore, change};
pub use record::{Named, Object, Progress, State};
