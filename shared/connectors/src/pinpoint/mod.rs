//! Amazon Pinpoint's dialect, as AWS's SDKs speak it: its events, and its operations by name. How requests are
//! signed is AWS's matter and not Pinpoint's, and what is done of an endpoint the domain's.
//!
//! <https://docs.aws.amazon.com/pinpoint/latest/apireference/welcome.html>; names, paths and shapes are those of
//! the service's model, `botocore/data/pinpoint/2016-12-01/service-2.json`.

mod event;
pub mod message;
pub mod operations;

pub use event::{Batch, Item, MAX_ENDPOINTS, MAX_EVENT, MAX_EVENTS, Placed, again, read};
