//! An object's bytes as a stream: read in ranges, one ahead, and unpacked.

use crate::broken;
use ::bytes::Bytes;
use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use ceap_engagement::source::object::{Compression, Object, ObjectFiles};
use ceap_kernel::Fault;
use futures::stream::{self, StreamExt};
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

/// Bytes of one range. Two are on their way while one is read.
const BLOCK: u64 = 2 * 1024 * 1024;
const AHEAD: usize = 2;

/// Bytes on their way.
pub type Stream<'a> = Pin<Box<dyn AsyncRead + 'a>>;

/// How many bytes of the object, as it is stored, were read.
pub type Counter = Rc<Cell<u64>>;

/// The bytes of `object` from `from` to `to`, unpacked. Of what is packed, all.
pub fn open<'a>(
    files: &'a impl ObjectFiles,
    object: &'a Object,
    compression: Compression,
    (from, to): (u64, u64),
    counter: Counter,
) -> Stream<'a> {
    let ranges = stream::iter((from..to).step_by(usize::try_from(BLOCK).unwrap_or(usize::MAX)));
    let blocks = ranges.map(move |at| {
        let length = BLOCK.min(to.saturating_sub(at));
        async move { files.read(&object.key, &object.etag, at, length).await }
    });
    let blocks = blocks.buffered(AHEAD).map(move |block| match block {
        Ok(block) => {
            counter.set(counter.get().saturating_add(block.len() as u64));
            Ok(Bytes::from(block))
        }
        Err(fault) => Err(io::Error::other(fault)),
    });
    let packed = StreamReader::new(Box::pin(blocks));
    match compression {
        Compression::Plain => Box::pin(packed),
        Compression::Gzip => {
            let mut unpacked = GzipDecoder::new(packed);
            unpacked.multiple_members(true);
            Box::pin(unpacked)
        }
        Compression::Zstd => {
            let mut unpacked = ZstdDecoder::new(packed);
            unpacked.multiple_members(true);
            Box::pin(unpacked)
        }
    }
}

/// Why no more bytes came: what the port said, or what is wrong with the file.
pub fn fault(error: &io::Error) -> Fault {
    let told = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>());
    told.cloned().unwrap_or_else(|| match error.kind() {
        io::ErrorKind::UnexpectedEof => broken("breaks off: what packed it did not finish"),
        _ => broken(format!("cannot be unpacked: {error}")),
    })
}
