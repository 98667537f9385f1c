//! What was read, kept in a folder: it outlives the memory's share, and costs no call to the store.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::bounded::Bounded;

/// A folder of files up to a size in all. Whatever it can't keep or read is as if it were not there.
pub struct Folder {
    root: PathBuf,
    files: Mutex<Bounded<String, u64>>,
    written: AtomicU64,
}

impl Folder {
    /// Keeps up to `most` bytes in the folder `root`, and takes over what an earlier process has left there. Nothing
    /// else may use it, nor another process at the same time.
    ///
    /// # Errors
    /// If there can be no such folder.
    pub fn open(root: impl Into<PathBuf>, most: u64) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        let folder = Self {
            files: Mutex::new(Bounded::new(most)),
            written: AtomicU64::new(0),
            root: root.clone(),
        };
        for entry in fs::read_dir(&root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let size = entry.metadata()?.len();
            if is_half(&name) {
                folder.erase(&name);
            } else {
                folder.admit(&name, size);
            }
        }
        Ok(folder)
    }

    /// Keeps up to `most` bytes among the process's temporary files, if that can be: on Lambda they are there as long as
    /// its sandbox.
    #[must_use]
    pub fn temporary(most: u64) -> Option<Self> {
        let name = format!("search-{}", std::process::id());
        Self::open(std::env::temp_dir().join(name), most).ok()
    }

    /// The file with this name, if it has this size.
    pub fn get(&self, name: &str, size: usize) -> Option<Vec<u8>> {
        self.files().get(&name.to_owned())?;
        let bytes = fs::read(self.path(name)).ok().filter(|bytes| bytes.len() == size);
        if bytes.is_none() {
            self.files().remove(&name.to_owned());
        }
        bytes
    }

    /// Keeps a file.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        // It gets its name when it is whole, so that a process that ends here leaves nothing wrong.
        let half = format!("{}.half", self.written.fetch_add(1, Ordering::Relaxed));
        let written = fs::write(self.path(&half), bytes)
            .and_then(|()| fs::rename(self.path(&half), self.path(name)));
        match written {
            Ok(()) => self.admit(name, bytes.len() as u64),
            Err(error) => {
                tracing::debug!(%error, "a part of a search index was not kept in the folder");
                self.erase(&half);
            }
        }
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files().weight()
    }

    fn admit(&self, name: &str, size: u64) {
        let gone = self.files().put(name.to_owned(), size, size);
        gone.iter().for_each(|name| self.erase(name));
    }

    fn erase(&self, name: &str) {
        let _ = fs::remove_file(self.path(name));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn files(&self) -> MutexGuard<'_, Bounded<String, u64>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_half(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "half")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_what_fits_and_takes_over_what_is_there() {
        let root = std::env::temp_dir().join(format!("ceap-search-{}", std::process::id()));
        let folder = Folder::open(&root, 10).unwrap();
        folder.put("a", b"aaaa");
        folder.put("b", b"bbbb");
        assert_eq!(folder.get("a", 4), Some(b"aaaa".to_vec()));
        folder.put("c", b"cccc");
        assert_eq!((folder.get("b", 4), folder.bytes()), (None, 8));
        fs::write(root.join("9.half"), b"torn").unwrap();
        let again = Folder::open(&root, 10).unwrap();
        assert_eq!((again.get("a", 4), again.bytes()), (Some(b"aaaa".to_vec()), 8));
        assert_eq!(again.get("a", 5), None);
        fs::remove_dir_all(&root).unwrap();
    }
}
