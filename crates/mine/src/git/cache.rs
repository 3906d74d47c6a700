//! Which objects were read a moment ago?
//!
//! In: object ids and bytes. Out: the bytes again, while they last. Two
//! generations: a full young one becomes the old one and what is still wanted
//! moves up again, so that a walk over history never scans a list.

use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::hashtable::HashMap;

/// What one entry costs beside its bytes.
const OVERHEAD: usize = 96;

/// Bytes by object id, at most about `limit` of them.
pub(crate) struct ObjectCache {
    limit: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<ObjectId, Arc<[u8]>>,
    old: HashMap<ObjectId, Arc<[u8]>>,
    young_bytes: usize,
}

impl ObjectCache {
    /// Makes an empty cache that holds about this many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, generations: Mutex::default() }
    }

    /// Returns the bytes of an object, if it is still there.
    pub(crate) fn get(&self, id: &ObjectId) -> Option<Arc<[u8]>> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = generations.young.get(id) {
            return Some(Arc::clone(bytes));
        }
        let bytes = generations.old.remove(id)?;
        generations.put(*id, Arc::clone(&bytes), self.limit);
        Some(bytes)
    }

    /// Keeps the bytes of an object, unless they alone would fill a good part of the cache.
    pub(crate) fn put(&self, id: ObjectId, bytes: &Arc<[u8]>) {
        if bytes.len() > self.limit / 8 {
            return;
        }
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(id, Arc::clone(bytes), self.limit);
    }
}

impl Generations {
    fn put(&mut self, id: ObjectId, bytes: Arc<[u8]>, limit: usize) {
        let cost = bytes.len() + OVERHEAD;
        if self.young_bytes + cost > limit / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(id, bytes).is_none() {
            self.young_bytes += cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gix::ObjectId;

    use super::{OVERHEAD, ObjectCache};

    fn id(byte: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[byte; 20])
    }

    #[test]
    fn what_is_asked_for_again_outlives_what_is_not() {
        let cache = ObjectCache::new(8 * (OVERHEAD + 8));
        let bytes: Arc<[u8]> = Arc::from([7_u8; 8]);
        for byte in 0..20 {
            cache.put(id(byte), &bytes);
            assert!(cache.get(&id(0)).is_some(), "asked for after {byte} others");
        }
        assert!(cache.get(&id(1)).is_none(), "never asked for");
    }

    #[test]
    fn an_object_as_large_as_the_cache_is_not_kept() {
        let cache = ObjectCache::new(1000);
        cache.put(id(1), &Arc::from([0_u8; 900]));
        assert!(cache.get(&id(1)).is_none());
    }
}
