//! What is kept of an output without end?
//!
//! The beginning and the end, in bounded memory; what lies between is counted.

use backstory_model::OutputCut;

/// Bytes kept from the beginning, and as many from the end.
const KEPT: usize = 1 << 20;

/// An output as it comes.
#[derive(Default)]
pub struct Capture {
    head: Vec<u8>,
    tail: Vec<u8>,
    total: u64,
}

impl Capture {
    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(KEPT - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * KEPT {
            self.tail.drain(..self.tail.len() - KEPT);
        }
    }

    /// Returns how many bytes came.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns what is kept, and what is missing in it.
    pub fn finish(&mut self) -> (Vec<u8>, Option<OutputCut>) {
        let start = self.tail.len().saturating_sub(KEPT);
        let mut output = std::mem::take(&mut self.head);
        let head = output.len() as u64;
        output.extend_from_slice(&self.tail[start..]);
        let left_out = self.total - output.len() as u64;
        let cut = (left_out > 0).then_some(OutputCut { head, left_out });
        (output, cut)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// However the bytes come, head, gap and tail are those of the whole.
        #[test]
        fn a_cut_output_is_its_two_ends(pieces in prop::collection::vec(0..700_000_usize, 0..8)) {
            let mut whole = Vec::new();
            let mut capture = Capture::default();
            for (number, length) in (0..8).zip(pieces) {
                let piece: Vec<u8> = (0..=u8::MAX - number).cycle().take(length).collect();
                capture.take(&piece);
                whole.extend(piece);
            }
            let (output, cut) = capture.finish();
            let Some(cut) = cut else {
                prop_assert_eq!(output, whole);
                return Ok(());
            };
            let (head, tail) = output.split_at(usize::try_from(cut.head).unwrap());
            prop_assert!(whole.starts_with(head) && whole.ends_with(tail));
            prop_assert_eq!(output.len() as u64 + cut.left_out, whole.len() as u64);
            prop_assert_eq!((head.len(), tail.len()), (KEPT, KEPT));
        }
    }
}
