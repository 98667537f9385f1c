//! Parquet. Its library reads when it wants to, and blocks; an object in S3 can only be waited for. So it
//! works in a thread of its own, which asks for ranges and tells rows, both over one channel that holds
//! little: memory stays that of the pages that are open.

mod remote;
mod value;

use crate::broken;
use crate::rows::Found;
use ceap_engagement::source::object::{Object, ObjectFiles, Part, Start};
use ceap_kernel::Fault;
use futures::future::LocalBoxFuture;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use remote::{Remote, Want};
use serde_json::Value;
use std::collections::VecDeque;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use value::Shaper;

/// Rows that are told at once, and how many such batches wait.
const BATCH: usize = 64;
const WAITING: usize = 4;

/// What the thread says.
enum Said {
    /// It needs bytes.
    Want(Want),
    /// Rows in their order, and how many bytes of the part they and those before take.
    Rows(Vec<Value>, u64),
    /// Rows and bytes of each row group.
    Groups(Vec<(u64, u64)>),
    /// It read as far as it could.
    End(Result<(), Fault>),
}

/// The rows of a part.
pub struct Table<'a> {
    read: Read<'a>,
    said: Receiver<Said>,
    rows: VecDeque<Value>,
    next: u64,
    bytes: u64,
    ended: bool,
}

/// Reads a range of the object.
type Read<'a> = Box<dyn Fn(u64, u64) -> LocalBoxFuture<'a, Result<Vec<u8>, Fault>> + 'a>;

impl<'a> Table<'a> {
    /// The rows of `part` from `from` on.
    pub fn open(files: &'a impl ObjectFiles, object: &'a Object, part: &Part, from: Start) -> Self {
        let (first, to) = (part.from.at, part.to.unwrap_or(u64::MAX));
        Self::work(files, object, from.at, move |remote, tell| {
            tell_rows(remote, tell, first, from.at, to)
        })
    }

    fn work(
        files: &'a impl ObjectFiles,
        object: &'a Object,
        next: u64,
        job: impl FnOnce(Remote, &Sender<Said>) -> Result<(), ParquetError> + Send + 'static,
    ) -> Self {
        let (tell, said) = channel(WAITING);
        let size = object.size;
        tokio::task::spawn_blocking(move || {
            let ended = job(Remote::new(size, tell.clone()), &tell).map_err(fault);
            // Nobody listens any more, then nobody minds.
            let _ = tell.blocking_send(Said::End(ended));
        });
        let read: Read<'a> = Box::new(move |from, length| {
            Box::pin(files.read(&object.key, &object.etag, from, length))
        });
        Self { read, said, rows: VecDeque::new(), next, bytes: 0, ended: false }
    }

    /// The next row, if there is one.
    pub async fn next(&mut self) -> Result<Option<Found>, Fault> {
        loop {
            let start = self.place();
            if let Some(row) = self.rows.pop_front() {
                self.next = self.next.saturating_add(1);
                return Ok(Some(Found { start, row: Ok(row) }));
            }
            match self.listen().await? {
                Some(Said::Rows(rows, bytes)) => {
                    self.rows.extend(rows);
                    self.bytes = bytes;
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// What the thread says next, but for what it wants.
    async fn listen(&mut self) -> Result<Option<Said>, Fault> {
        while !self.ended {
            match self.said.recv().await {
                Some(Said::Want(want)) => {
                    // Without an answer, the thread ends.
                    let bytes = (self.read)(want.from, want.length).await?;
                    let _ = want.answer.send(bytes);
                }
                Some(Said::End(ended)) => {
                    self.ended = true;
                    ended?;
                }
                Some(said) => return Ok(Some(said)),
                None => return Err(broken("has a column of a kind that cannot be read")),
            }
        }
        Ok(None)
    }

    /// Where the next row is.
    pub fn place(&self) -> Start {
        Start { at: self.next, line: self.next.saturating_add(1) }
    }

    /// Bytes of the part that were read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Rows and bytes of each row group.
///
/// # Errors
/// `Invalid` when it is no Parquet; `NotFound` when it is no longer there; `Unavailable` or `Throttled`.
pub async fn groups(files: &impl ObjectFiles, object: &Object) -> Result<Vec<(u64, u64)>, Fault> {
    let mut table = Table::work(files, object, 0, |remote, tell| {
        let reader = SerializedFileReader::new(remote)?;
        let groups = reader.metadata().row_groups().iter().map(size).collect();
        tell.blocking_send(Said::Groups(groups)).map_err(gone)
    });
    match table.listen().await? {
        Some(Said::Groups(groups)) => Ok(groups),
        _ => Err(broken("is no Parquet")),
    }
}

/// Rows and bytes. A file may say anything; what is negative is none.
fn size(group: &RowGroupMetaData) -> (u64, u64) {
    let rows = u64::try_from(group.num_rows()).unwrap_or_default();
    (rows, u64::try_from(group.compressed_size()).unwrap_or_default())
}

fn tell_rows(
    remote: Remote,
    tell: &Sender<Said>,
    first: u64,
    from: u64,
    to: u64,
) -> Result<(), ParquetError> {
    let reader = SerializedFileReader::new(remote)?;
    let shaper = Shaper::new(reader.metadata().file_metadata().schema_descr());
    let (mut begin, mut before) = (0_u64, 0_u64);
    for (number, group) in reader.metadata().row_groups().iter().enumerate() {
        let (rows, bytes) = size(group);
        let end = begin.saturating_add(rows);
        if end > from && begin < to {
            let group = reader.get_row_group(number)?;
            let wanted = usize::try_from(from.saturating_sub(begin)).unwrap_or(usize::MAX);
            let mut batch = Vec::with_capacity(BATCH);
            let mut told = from.max(begin);
            for row in RowIter::from_row_group(None, group.as_ref())?.skip(wanted) {
                batch.push(shaper.value(&row?));
                told = told.saturating_add(1);
                if batch.len() >= BATCH {
                    let share = share(bytes, told.saturating_sub(begin), rows);
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    say(tell, full, before.saturating_add(share))?;
                }
            }
            say(tell, batch, before.saturating_add(bytes))?;
        }
        if begin >= first {
            before = before.saturating_add(bytes);
        }
        begin = end;
        if begin >= to {
            break;
        }
    }
    Ok(())
}

/// `rows` of `all` rows' part in `bytes`.
fn share(bytes: u64, rows: u64, all: u64) -> u64 {
    let share = u128::from(bytes).saturating_mul(rows.into()).checked_div(all.into());
    u64::try_from(share.unwrap_or_default()).unwrap_or(bytes).min(bytes)
}

fn say(tell: &Sender<Said>, rows: Vec<Value>, bytes: u64) -> Result<(), ParquetError> {
    tell.blocking_send(Said::Rows(rows, bytes)).map_err(gone)
}

fn gone<T>(_: T) -> ParquetError {
    ParquetError::General("nobody listens".to_owned())
}

/// What is wrong with the file. What the port said never comes this way.
fn fault(error: ParquetError) -> Fault {
    broken(format!("is no Parquet that can be read: {error}"))
}
