//! A record as it is kept.

use super::Record;
use crate::store::Item;
use ceap_kernel::Fault;

/// A record, and how often it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<R> {
    /// The record.
    pub record: R,
    /// How often.
    pub revision: u64,
}

impl<R: Record> Kept<R> {
    /// Reads what was kept.
    ///
    /// # Errors
    /// `Internal` if it is no such record.
    pub fn read(item: &Item) -> Result<Self, Fault> {
        let wrong = |error| Fault::Internal(format!("unreadable {}: {error}", R::KIND.name));
        let record = serde_json::from_str(&item.body).map_err(wrong)?;
        Ok(Self { record, revision: item.revision })
    }
}

impl<R> std::ops::Deref for Kept<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}
