//! The directory that Tantivy reads: all segments of a manifest, as if they were files.

use std::{
    collections::HashMap,
    fmt, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ceap_kernel::Fault;
use tantivy::{
    HasLen,
    directory::{
        Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, WatchCallback, WatchHandle,
        WritePtr,
        error::{DeleteError, LockError, OpenReadError, OpenWriteError},
    },
};

use super::{cache::Object, engine::Engine};
use crate::segment::Hot;

/// What went wrong while Tantivy read. It passes on what its own reads fail with in some places and panics in others,
/// so this is what tells.
#[derive(Debug, Default)]
pub struct Trouble {
    times: AtomicU64,
    last: Mutex<Option<Fault>>,
}

impl Trouble {
    /// How often something went wrong.
    pub fn times(&self) -> u64 {
        self.times.load(Ordering::SeqCst)
    }

    /// What it was the last time.
    pub fn last(&self) -> Option<Fault> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, fault: Fault) -> io::Error {
        let error = io::Error::other(fault.clone());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        self.times.fetch_add(1, Ordering::SeqCst);
        error
    }
}

/// An open segment.
pub struct Open {
    /// Its object.
    pub object: Object,
    /// What of it is in memory.
    pub hot: Hot,
}

/// A file in a segment's object.
struct File {
    open: Arc<Open>,
    range: Range<u64>,
    engine: Engine,
    trouble: Arc<Trouble>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(&self.open.object.name).field(&self.range).finish()
    }
}

impl HasLen for File {
    fn len(&self) -> usize {
        usize::try_from(self.range.end.saturating_sub(self.range.start)).unwrap_or(0)
    }
}

impl FileHandle for File {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let at = |at: usize| self.range.start.saturating_add(at as u64).min(self.range.end);
        let range = at(range.start)..at(range.end);
        if let Some(bytes) = self.open.hot.read(&range) {
            return Ok(bytes);
        }
        let Engine { reads, cache, .. } = &self.engine;
        cache.read(reads, &self.open.object, range).map_err(|fault| self.trouble.note(fault))
    }
}

enum Entry {
    Part(Arc<Open>, Range<u64>),
    Made(OwnedBytes),
}

/// The files of all segments.
pub struct Files {
    entries: HashMap<PathBuf, Entry>,
    engine: Engine,
    trouble: Arc<Trouble>,
}

impl Files {
    /// No files.
    pub fn new(engine: Engine) -> Self {
        Self { entries: HashMap::new(), engine, trouble: Arc::default() }
    }

    /// What goes wrong while they are read.
    pub fn trouble(&self) -> Arc<Trouble> {
        Arc::clone(&self.trouble)
    }

    /// A file that is a part of an object.
    pub fn part(&mut self, path: String, open: Arc<Open>, range: Range<u64>) {
        self.entries.insert(path.into(), Entry::Part(open, range));
    }

    /// A file that is no object's.
    pub fn made(&mut self, path: String, bytes: Vec<u8>) {
        self.entries.insert(path.into(), Entry::Made(OwnedBytes::new(bytes)));
    }

    /// As Tantivy reads them.
    pub fn directory(self) -> Remote {
        Remote(Arc::new(self))
    }
}

/// The directory. Nothing is written to it.
#[derive(Clone)]
pub struct Remote(Arc<Files>);

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("files", &self.0.entries.len()).finish()
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "segments are only read here")
}

impl Directory for Remote {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.0.entries.get(path) {
            None => Err(OpenReadError::FileDoesNotExist(path.to_path_buf())),
            Some(Entry::Made(bytes)) => Ok(Arc::new(bytes.clone())),
            Some(Entry::Part(open, range)) => Ok(Arc::new(File {
                open: Arc::clone(open),
                range: range.clone(),
                engine: self.0.engine.clone(),
                trouble: self.0.trouble(),
            })),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let filepath = path.to_path_buf();
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.0.entries.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(read_only(), path.to_path_buf()))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match self.0.entries.get(path) {
            Some(Entry::Made(bytes)) => Ok(bytes.to_vec()),
            Some(Entry::Part(..)) | None => {
                Err(OpenReadError::FileDoesNotExist(path.to_path_buf()))
            }
        }
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
