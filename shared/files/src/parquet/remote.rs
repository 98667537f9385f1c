//! An object as Parquet's library reads it: small blocks that are kept for a while, since it reads all
//! columns side by side, and whole pages.

use super::Said;
use ::bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

/// Bytes of a block, and how many are kept: 16 MiB.
const BLOCK: u64 = 256 * 1024;
const KEPT: usize = 64;

/// Bytes that the thread needs.
pub struct Want {
    pub from: u64,
    pub length: u64,
    pub answer: oneshot::Sender<Vec<u8>>,
}

/// Blocks by where they begin, the one that was used last at the end.
type Blocks = Arc<Mutex<VecDeque<(u64, Bytes)>>>;

/// An object whose bytes are asked for.
#[derive(Clone)]
pub struct Remote {
    size: u64,
    tell: Sender<Said>,
    blocks: Blocks,
}

impl Remote {
    pub fn new(size: u64, tell: Sender<Said>) -> Self {
        Self { size, tell, blocks: Blocks::default() }
    }

    fn ask(&self, from: u64, length: u64) -> Result<Bytes> {
        let (answer, answered) = oneshot::channel();
        let want = Want { from, length, answer };
        self.tell.blocking_send(Said::Want(want)).map_err(super::gone)?;
        answered.blocking_recv().map(Bytes::from).map_err(super::gone)
    }

    /// What follows `at`, up to the end of its block.
    fn block(&self, at: u64) -> Result<Bytes> {
        let begin = at.saturating_sub(at.checked_rem(BLOCK).unwrap_or_default());
        let found = self.with(|blocks| {
            let place = blocks.iter().position(|(of, _)| *of == begin)?;
            let block = blocks.remove(place)?;
            blocks.push_back(block.clone());
            Some(block.1)
        });
        let block = match found {
            Some(block) => block,
            None => {
                let block = self.ask(begin, BLOCK.min(self.size.saturating_sub(begin)))?;
                self.with(|blocks| {
                    blocks.push_back((begin, block.clone()));
                    if blocks.len() > KEPT {
                        blocks.pop_front();
                    }
                });
                block
            }
        };
        let skip = usize::try_from(at.saturating_sub(begin)).unwrap_or(usize::MAX);
        Ok(block.slice(skip.min(block.len())..))
    }

    fn with<T>(&self, work: impl FnOnce(&mut VecDeque<(u64, Bytes)>) -> T) -> T {
        work(&mut self.blocks.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

impl Length for Remote {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Remote {
    type T = Reader;

    fn get_read(&self, start: u64) -> Result<Reader> {
        Ok(Reader { remote: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        if start.checked_add(wanted).is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF("it points beyond its end".to_owned()));
        }
        let at_hand = self.block(start)?;
        if at_hand.len() >= length {
            return Ok(at_hand.slice(..length));
        }
        self.ask(start, wanted)
    }
}

/// Reads on from a place.
pub struct Reader {
    remote: Remote,
    at: u64,
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.remote.size {
            return Ok(0);
        }
        let block = self.remote.block(self.at).map_err(io::Error::other)?;
        let length = block.len().min(buffer.len());
        let (from, to) = (block.get(..length), buffer.get_mut(..length));
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(length as u64);
        Ok(length)
    }
}
