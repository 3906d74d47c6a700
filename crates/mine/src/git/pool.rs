//! Which object reader does a thread use?
//!
//! In: an object directory. Out: readers, lent to one thread at a time and
//! given back to the same thread if possible, since each keeps the bases of the
//! deltas it resolved.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use gix::hash::Kind as HashKind;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use gix::odb::{HandleArc, Store};

use crate::MineError;

/// How many bytes of delta bases each reader keeps.
const DELTA_CACHE: usize = 16 << 20;

/// The readers of one object directory.
pub(super) struct Pool {
    store: Arc<Store>,
    idle: Mutex<Vec<(ThreadId, Reader)>>,
}

/// An object reader and the memory it reads into.
pub(super) struct Reader {
    /// Finds objects.
    pub(super) handle: HandleArc,
    /// Where they are read to.
    pub(super) buffer: Vec<u8>,
}

impl Pool {
    /// Opens an object directory and those its `info/alternates` names.
    pub(super) fn open(objects: &Path) -> Result<Self, MineError> {
        let options = gix::odb::store::init::Options::default();
        // No replacements: `refs/replace/*` of a repository must not swap commits.
        let store =
            Store::at_opts(objects.to_owned(), HashKind::Sha1, &mut std::iter::empty(), options)
                .map_err(|source| MineError::unreadable(objects, source))?;
        Ok(Self { store: Arc::new(store), idle: Mutex::default() })
    }

    /// Lends a reader to the closure.
    pub(super) fn with<T>(&self, read: impl FnOnce(&mut Reader) -> T) -> T {
        let thread = std::thread::current().id();
        let mut reader = self.take(thread).unwrap_or_else(|| Reader {
            handle: self
                .store
                .to_cache_arc()
                .with_pack_cache(|| Box::new(MemoryCappedHashmap::new(DELTA_CACHE))),
            buffer: Vec::new(),
        });
        let answer = read(&mut reader);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((thread, reader));
        answer
    }

    fn take(&self, thread: ThreadId) -> Option<Reader> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.iter().position(|(owner, _)| *owner == thread);
        let at = at.or_else(|| idle.len().checked_sub(1))?;
        Some(idle.swap_remove(at).1)
    }
}
