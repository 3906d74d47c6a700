//! What do the bytes of a packed file unpack to?

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};

const BUFFER: usize = 64 << 10;

/// Unpacks what is packed with gzip or zstd, as its first bytes say.
pub(crate) fn unpacked(file: File) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::with_capacity(BUFFER, file);
    let head = file.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file)));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(zstd::Decoder::with_buffer(file)?));
    }
    Ok(Box::new(file))
}
