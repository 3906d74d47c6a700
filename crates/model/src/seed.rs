//! Where does a random choice start?
//!
//! In: texts that name the choice (an instance id, what is drawn) or a number. Out:
//! the same stream of numbers on every machine: the first eight bytes of a SHA-256
//! seed `SplitMix64`. No clock, no global state; threads share no generator.

use sha2::{Digest as _, Sha256};

/// The start of one stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed(u64);

impl Seed {
    /// Takes a number as it was given by a user or counted.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Derives a seed from texts; `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn of(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let digest = hasher.finalize();
        Self(digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// Returns the seed of one part of a choice, e.g., of one tree or one draw.
    #[must_use]
    pub fn part(self, number: u64) -> Self {
        Self(mixed(self.0 ^ mixed(number.wrapping_add(STEP))))
    }

    /// Opens the stream.
    pub fn generator(self) -> Generator {
        Generator { state: self.0 }
    }
}

/// The golden ratio in 64 bits, by which the state of the generator moves.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A `SplitMix64` stream: small, fast, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Generator {
    state: u64,
}

impl Generator {
    /// Draws 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mixed(self.state)
    }

    /// Draws a number from 0 to `end - 1`, each equally likely; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let range = end as u64;
        if range == 0 {
            return 0;
        }
        // Lemire's method: the few products that would favor small numbers are redrawn.
        let unfair = range.wrapping_neg() % range;
        loop {
            let product = u128::from(self.bits()) * u128::from(range);
            let [low, high] = halves(product);
            if low >= unfair {
                return usize::try_from(high).unwrap_or(0);
            }
        }
    }

    /// Draws a real number from 0 up to but without 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Puts items in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }

    /// Draws `size` of the numbers from 0 to `population - 1`, ascending, none twice.
    pub fn sample(&mut self, population: usize, size: usize) -> Vec<usize> {
        let mut missing = size.min(population);
        let mut drawn = Vec::with_capacity(missing);
        for number in 0..population {
            if self.below(population - number) < missing {
                drawn.push(number);
                missing -= 1;
            }
        }
        drawn
    }
}

/// Splits a product into its low and its high 64 bits.
fn halves(product: u128) -> [u64; 2] {
    let mask = u128::from(u64::MAX);
    [product & mask, product >> 64].map(|half| u64::try_from(half).unwrap_or(u64::MAX))
}

/// The output function of `SplitMix64`.
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first numbers of the published reference implementation for this state.
    #[test]
    fn the_stream_is_split_mix() {
        let mut stream = Seed::new(1_234_567).generator();
        let drawn: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        assert_eq!(
            drawn,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn where_a_text_ends_matters() {
        assert_ne!(Seed::of(&["ab", "c"]), Seed::of(&["a", "bc"]));
        assert_eq!(Seed::of(&["ab", "c"]), Seed::of(&["ab", "c"]));
        assert_ne!(Seed::of(&["ab"]).part(0), Seed::of(&["ab"]).part(1));
    }

    /// 60,000 throws of a die: each face 10,000 times, give or take five deviations.
    #[test]
    fn every_number_is_equally_likely() {
        let mut stream = Seed::of(&["die"]).generator();
        let mut seen = [0_i32; 6];
        for _ in 0..60_000 {
            seen[stream.below(6)] += 1;
        }
        assert!(seen.iter().all(|count| (count - 10_000).abs() < 460), "{seen:?}");
    }

    #[test]
    fn unit_numbers_fill_the_range() {
        let mut stream = Seed::of(&["unit"]).generator();
        let drawn: Vec<f64> = (0..10_000).map(|_| stream.unit()).collect();
        let mean = drawn.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        assert!(drawn.iter().all(|number| (0.0..1.0).contains(number)));
    }

    proptest! {
        #[test]
        fn a_sample_is_ascending_and_complete(
            seed in any::<u64>(), population in 0_usize..200, size in 0_usize..250,
        ) {
            let drawn = Seed::new(seed).generator().sample(population, size);
            prop_assert_eq!(drawn.len(), size.min(population));
            prop_assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(drawn.iter().all(|number| *number < population));
        }

        #[test]
        fn a_shuffle_loses_nothing(seed in any::<u64>(), count in 0_usize..100) {
            let mut items: Vec<usize> = (0..count).collect();
            Seed::new(seed).generator().shuffle(&mut items);
            items.sort_unstable();
            prop_assert_eq!(items, (0..count).collect::<Vec<_>>());
        }
    }
}
