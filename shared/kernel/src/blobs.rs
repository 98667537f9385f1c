//! The port to an object store: whole objects, ranges of them, and writes on a condition.
//!
//! It is as narrow as S3's API, so that what a search costs can be read off its calls. What is written here is never
//! changed, but for one object (the manifest), which is changed on the condition that it is still as it was read:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.

use std::ops::Range;

use crate::{Fault, Timestamp};
use std::future::Future;
use std::pin::Pin;

/// What a call answers with, some time.
///
/// It may be waited for by another thread than asked for it, unlike what the ports of the domains answer with: Tantivy
/// reads synchronously, and the thread that waits for it must not be the one that drives the read.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// What tells one content of an object from another, as the store gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(pub String);

/// An object's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Which content it is.
    pub etag: ETag,
}

/// What a read of a whole object found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    /// No such object.
    Absent,
    /// The content that the reader has already.
    Unchanged,
    /// This.
    Blob(Blob),
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was written.
    pub written_at: Timestamp,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// In the order of their names, at most 1,000.
    pub entries: Vec<Entry>,
    /// The name after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// An object store. Reads see every write that was answered before they began.
///
/// Whatever fails with a retryable fault may have happened all the same, its answer being lost. `Conflict` is only said
/// where the condition is known not to hold (S3's 412). S3's 409 says that another write was under way, and leaves open
/// what is there now, so it is `Unavailable`.
pub trait Blobs: Send + Sync {
    /// The bytes of an object in `range`, which lies within it.
    ///
    /// `NotFound` if there is no such object.
    fn range<'a>(&'a self, name: &'a str, range: Range<u64>) -> Soon<'a, Vec<u8>>;

    /// A whole object, unless its content is `known` (`If-None-Match`).
    fn get<'a>(&'a self, name: &'a str, known: Option<&'a ETag>) -> Soon<'a, Got>;

    /// Writes an object that is not there yet (`If-None-Match: *`); `Conflict` if it is.
    fn put_new<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> Soon<'a, ETag>;

    /// Writes an object whose content is still `known` (`If-Match`); `Conflict` if it is not.
    fn put_over<'a>(&'a self, name: &'a str, bytes: Vec<u8>, known: &'a ETag) -> Soon<'a, ETag>;

    /// The objects whose names begin with `prefix`, after the name `after`.
    fn list<'a>(&'a self, prefix: &'a str, after: Option<&'a str>) -> Soon<'a, Listed>;

    /// Takes an object away. It is no error if there is none.
    fn delete<'a>(&'a self, name: &'a str) -> Soon<'a, ()>;
}
