//! How does a repository look as one pack?
//!
//! In: objects. Out: the bytes of a version 2 pack without deltas, and of its
//! version 2 index.

use std::io::Write as _;

use backstory_model::BlobId;
use sha1::Digest as _;

use crate::object::{Object, raw_id};

/// Compresses the way git stores bytes.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("compressing into memory cannot fail")
}

/// A pack and its index.
pub(crate) struct Pack {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) index: Vec<u8>,
}

/// Packs these objects, sorted by id.
pub(crate) fn pack(objects: &[(&BlobId, &Object)]) -> Pack {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(length(objects.len()));
    let mut rows: Vec<(Vec<u8>, u32, u32)> = Vec::new();
    for (id, object) in objects {
        let start = pack.len();
        pack.extend(entry_header(object));
        pack.extend(deflate(&object.content));
        let mut crc = flate2::Crc::new();
        crc.update(&pack[start..]);
        let offset = u32::try_from(start).expect("a test pack is small");
        rows.push((raw_id(id.as_str()), crc.sum(), offset));
    }
    let digest = sha1::Sha1::digest(&pack).to_vec();
    pack.extend_from_slice(&digest);
    let name = backstory_model::BlobId::from_digest(&digest).as_str().to_owned();
    Pack { name, index: index(&rows, &digest), bytes: pack }
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("a test pack is small").to_be_bytes()
}

/// Kind and size, seven bits at a time.
fn entry_header(object: &Object) -> Vec<u8> {
    let mut size = object.content.len();
    let low_bits = |size: usize, mask: usize| u8::try_from(size & mask).expect("masked to a byte");
    let mut byte = object.kind.pack_number() << 4 | low_bits(size, 0x0f);
    size >>= 4;
    let mut header = Vec::new();
    while size > 0 {
        header.push(byte | 0x80);
        byte = low_bits(size, 0x7f);
        size >>= 7;
    }
    header.push(byte);
    header
}

fn index(rows: &[(Vec<u8>, u32, u32)], pack_digest: &[u8]) -> Vec<u8> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255_u8 {
        index.extend(length(rows.iter().filter(|(id, ..)| id[0] <= first).count()));
    }
    for (id, ..) in rows {
        index.extend_from_slice(id);
    }
    for (_, crc, _) in rows {
        index.extend(crc.to_be_bytes());
    }
    for (.., offset) in rows {
        index.extend(offset.to_be_bytes());
    }
    index.extend_from_slice(pack_digest);
    let digest = sha1::Sha1::digest(&index);
    index.extend_from_slice(&digest);
    index
}
