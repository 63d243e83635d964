//! Seeded choices: the same seed makes the same choices, on every machine and in every version of the toolchain.

use std::env;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A seeded source of choices.
#[derive(Debug, Clone)]
pub struct Dice {
    seed: u64,
    generator: ChaCha8Rng,
}

impl Dice {
    /// Choices that follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, generator: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// For a test: follows from `seed`, or from the environment variable `SHELFLINE_SEED` when it is set. Says which seed
    /// it is, so that a failing run can be repeated.
    ///
    /// # Errors
    /// When `SHELFLINE_SEED` is not a number.
    #[expect(clippy::print_stderr, reason = "test runners show it when the test fails")]
    pub fn for_test(seed: u64) -> Result<Self> {
        let seed = match env::var(SEED_VARIABLE) {
            Ok(text) => {
                text.parse().with_context(|| format!("{SEED_VARIABLE} is `{text}`: set it to a number"))?
            }
            Err(_) => seed,
        };
        eprintln!("the seed is {seed}: repeat this run with {SEED_VARIABLE}={seed}");
        Ok(Self::new(seed))
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A source of its own for part `number` of a test: what one part draws does not change what another gets.
    #[must_use]
    pub fn part(&self, number: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(number.saturating_add(1));
        Self { seed: self.seed, generator }
    }

    /// A number in `range`, each equally likely; the start when the range is empty.
    pub fn number(&mut self, range: Range<u64>) -> u64 {
        if range.is_empty() { range.start } else { self.generator.random_range(range) }
    }

    /// A span in `range`, in whole microseconds.
    pub fn span(&mut self, range: Range<Duration>) -> Duration {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.number(micros(range.start)..micros(range.end)))
    }

    /// True in `permille` of a thousand cases.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.number(0..1000) < permille
    }

    /// One of `choices`, each equally likely; `None` when there are none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        choices.get(usize::try_from(self.number(0..count)).ok()?)
    }

    /// Random bytes, such as an id or hostile input.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.generator.fill(bytes.as_mut_slice());
        bytes
    }
}

const SEED_VARIABLE: &str = "SHELFLINE_SEED";

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(dice: &mut Dice) -> Vec<u64> {
        (0..4).map(|_| dice.number(0..100)).collect()
    }

    #[test]
    fn a_seed_makes_the_same_choices_for_ever() {
        assert_eq!(draw(&mut Dice::new(7)), draw(&mut Dice::new(7)));
        assert_ne!(draw(&mut Dice::new(7)), draw(&mut Dice::new(8)));
    }

    #[test]
    fn parts_do_not_depend_on_each_other() {
        let mut whole = Dice::new(7);
        let before = draw(&mut whole.part(1));
        draw(&mut whole);
        assert_eq!(draw(&mut whole.part(1)), before);
        assert_ne!(draw(&mut whole.part(2)), before);
    }

    #[test]
    fn choices_stay_in_their_bounds() {
        let mut dice = Dice::new(1);
        for _ in 0..1000 {
            assert!((5..8).contains(&dice.number(5..8)));
            let span = dice.span(Duration::from_millis(1)..Duration::from_millis(2));
            assert!((1000..2000).contains(&span.as_micros()));
        }
        assert_eq!(dice.number(9..9), 9);
        assert_eq!(dice.pick::<u8>(&[]), None);
        assert_eq!(dice.pick(&["only"]), Some(&"only"));
        assert!(!dice.chance(0) && dice.chance(1000));
        assert_eq!(dice.bytes(16).len(), 16);
    }
}
