//! Looks again and again until something is so. The number of looks is bounded, so that a test ends; no test asserts how
//! long anything took.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

/// How often to look, and how long to pause between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Looks before giving up, at least one.
    pub looks: u32,
    /// Pause after each look.
    pub pause: Duration,
}

impl Patience {
    /// For what takes milliseconds on a quiet machine: 600 looks, 50 ms apart.
    pub const SHORT: Self = Self { looks: 600, pause: Duration::from_millis(50) };
    /// For what takes seconds on a quiet machine: 3,000 looks, 100 ms apart.
    pub const LONG: Self = Self { looks: 3_000, pause: Duration::from_millis(100) };

    /// Calls `probe` until it succeeds, and hands on what it found. A probe that fails says what it saw instead.
    ///
    /// # Errors
    /// When no look succeeded: names `what` was waited for, and what was seen last.
    pub fn until<T>(self, what: &str, mut probe: impl FnMut() -> Result<T>) -> Result<T> {
        let mut last = anyhow!("nobody looked");
        for look in 0..self.looks.max(1) {
            if look > 0 {
                thread::sleep(self.pause);
            }
            match probe() {
                Ok(found) => return Ok(found),
                Err(seen) => last = seen,
            }
        }
        Err(anyhow!("gave up after {} looks, waiting until {what}; seen last: {last:#}", self.looks.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    const EAGER: Patience = Patience { looks: 5, pause: Duration::ZERO };

    #[test]
    fn looks_until_it_is_so() {
        let mut looks = 0;
        let found = EAGER.until("it is three", || {
            looks += 1;
            if looks < 3 { bail!("it is {looks}") } else { Ok(looks) }
        });
        assert_eq!(found.unwrap(), 3);
    }

    #[test]
    fn gives_up_and_says_what_was_seen_last() {
        let mut looks = 0;
        let error = EAGER
            .until("it is nine", || -> Result<()> {
                looks += 1;
                bail!("it is {looks}")
            })
            .unwrap_err();
        assert_eq!(error.to_string(), "gave up after 5 looks, waiting until it is nine; seen last: it is 5");
    }
}
