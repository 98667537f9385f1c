//! Files: where they are kept, beyond the records that tell of them.

mod attachment;
pub mod upload;

pub use attachment::Attachment;

use crate::store::Soon;
use ceap_kernel::{Fault, TenantId};

/// What there is to know of a file that somebody left in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub size: u64,
    /// Its media type, as whoever left it says.
    pub content_type: String,
}

/// Keeps files. Names are the helpdesk's own; the adapter puts the tenant before them.
pub trait Files {
    /// Keeps a file.
    fn put<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        bytes: Vec<u8>,
    ) -> Soon<'a, Result<(), Fault>>;

    /// An address under which a file of exactly `size` bytes may be put (`PUT`) for a quarter of an hour, by whoever
    /// knows it.
    fn upload<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        size: u64,
    ) -> Soon<'a, Result<String, Fault>>;

    /// An address under which a file may be got for a quarter of an hour, by whoever knows it. It comes as a download
    /// of `file_name`, never as a page.
    fn download<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        file_name: &'a str,
        content_type: &'a str,
    ) -> Soon<'a, Result<String, Fault>>;

    /// What there is to know of a file, if it is there.
    fn look<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<Option<Stored>, Fault>>;

    /// Takes a file away, if it is there.
    fn delete<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>>;
}
