//! Sources that are asked: a query of a database, a JSON API. A schedule fires, or somebody asks for it; the
//! source is read page by page from its watermark on, and where it stands is kept after each page.

mod course;
mod desk;
mod document;
mod http;
mod port;
mod row;
mod step;
mod watermark;

pub use course::{Counts, Course, Open, Poll, Rest, State};
pub use desk::{Begun, PollDesk, PollList, Polling, Since};
pub use document::{AthenaSource, Polled, SnowflakeSource};
pub use http::{Auth, HttpPollSource, Method, Paging, Placed};
pub use port::{Ask, CourseStore, KeptCourse, Next, Page, Pages, PollSchedules, PollWorkflow};
pub use row::{key, known_by};
pub use step::{AskedFor, Begin, Cause, End, Fired, Poller, SHIFT, Step, Stepped};
pub use watermark::{Order, WatermarkDocument};
