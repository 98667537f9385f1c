//! A directory of Tantivy's in memory, which tells what was read of its files.

use std::{
    collections::BTreeMap,
    fmt, io,
    io::{BufWriter, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tantivy::{
    HasLen,
    directory::{
        AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite,
        WatchCallback, WatchHandle, WritePtr,
        error::{DeleteError, LockError, OpenReadError, OpenWriteError},
    },
};

/// The ranges of a file that were read.
pub type Touched = Vec<Range<usize>>;

#[derive(Default)]
struct Files {
    files: BTreeMap<PathBuf, OwnedBytes>,
    touched: BTreeMap<PathBuf, Touched>,
}

/// A directory in memory. Its clones are the same directory.
#[derive(Clone, Default)]
pub struct Shelf {
    state: Arc<Mutex<Files>>,
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, Files> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The content of a file.
    pub fn file(&self, path: &Path) -> Option<OwnedBytes> {
        self.state().files.get(path).cloned()
    }

    /// The files whose names begin with `prefix`.
    pub fn starting(&self, prefix: &str) -> Vec<(PathBuf, OwnedBytes)> {
        let state = self.state();
        let of = |path: &PathBuf| path.to_string_lossy().starts_with(prefix);
        let found = state.files.iter().filter(|(path, _)| of(path));
        found.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
    }

    /// Forgets what was read.
    pub fn forget(&self) {
        self.state().touched.clear();
    }

    /// What was read of a file.
    pub fn touched(&self, path: &Path) -> Touched {
        self.state().touched.get(path).cloned().unwrap_or_default()
    }

    fn keep(&self, path: &Path, bytes: Vec<u8>) {
        self.state().files.insert(path.to_path_buf(), OwnedBytes::new(bytes));
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("files", &self.state().files.len()).finish()
    }
}

struct Shelved {
    shelf: Shelf,
    path: PathBuf,
    bytes: OwnedBytes,
}

impl fmt::Debug for Shelved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shelved").field(&self.path).finish()
    }
}

impl HasLen for Shelved {
    fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl FileHandle for Shelved {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut state = self.shelf.state();
        state.touched.entry(self.path.clone()).or_default().push(range.clone());
        Ok(self.bytes.slice(range))
    }
}

/// A file that is being written. It is on the shelf when it is finished.
struct Writing {
    shelf: Shelf,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.shelf.keep(&self.path, std::mem::take(&mut self.bytes));
        Ok(())
    }
}

fn absent(path: &Path) -> OpenReadError {
    OpenReadError::FileDoesNotExist(path.to_path_buf())
}

impl Directory for Shelf {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let bytes = self.file(path).ok_or_else(|| absent(path))?;
        Ok(Arc::new(Shelved { shelf: self.clone(), path: path.to_path_buf(), bytes }))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let found = self.state().files.remove(path);
        found.map(|_| ()).ok_or_else(|| DeleteError::FileDoesNotExist(path.to_path_buf()))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.state().files.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        if self.state().files.contains_key(path) {
            return Err(OpenWriteError::FileAlreadyExists(path.to_path_buf()));
        }
        let writing = Writing { shelf: self.clone(), path: path.to_path_buf(), bytes: Vec::new() };
        Ok(BufWriter::new(Box::new(writing)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.file(path).map(|bytes| bytes.to_vec()).ok_or_else(|| absent(path))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.keep(path, data.to_vec());
        Ok(())
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
