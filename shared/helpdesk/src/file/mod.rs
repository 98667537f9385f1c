//! Files: where they are kept, beyond the records that tell of them.
//!
//! A file is left first, and kept once something needs it: what is only left goes by itself some days later. It is kept
//! before the change that needs it is written, so nothing that a record tells of is ever lost; if that change fails
//! after all, a file stays that no record tells of.

mod attachment;
mod holder;
mod token;
pub mod upload;

pub use attachment::Attachment;
pub use holder::Holder;

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
    /// Leaves a file: it goes by itself a week later, at the earliest, unless it is kept.
    fn put<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        bytes: Vec<u8>,
    ) -> Soon<'a, Result<(), Fault>>;

    /// An address under which a file of exactly `size` bytes may be left (`PUT`) once, for a quarter of an hour, by
    /// whoever knows it.
    fn upload<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        size: u64,
    ) -> Soon<'a, Result<String, Fault>>;

    /// The headers that have to be sent with a file of this media type to such an address.
    fn upload_headers(&self, content_type: &str) -> Vec<(&'static str, String)> {
        vec![("content-type", content_type.to_owned())]
    }

    /// Keeps a file that was left, from now on; one that is kept already stays so. Where nothing goes by itself, there
    /// is nothing to do.
    fn keep<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>> {
        let _ = (tenant, name);
        Box::pin(async { Ok(()) })
    }

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
