//! The chain: each entry's hash covers the one before, so that one hash stands for a whole history.

use std::fmt;

use crate::ids::Seq;
use crate::movement::Movement;

/// BLAKE3 over the hash before and the canonical bytes of the movement. The chain starts at 32 zero bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// Before the first entry.
    pub const START: Self = Self([0; 32]);

    /// Wraps a stored hash.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash after `movement` took place `seq`. `scratch` is cleared and reused, so that a long run does not allocate.
    #[must_use]
    pub fn after(&self, seq: Seq, movement: &Movement, scratch: &mut Vec<u8>) -> Self {
        scratch.clear();
        scratch.extend_from_slice(&self.0);
        movement.write_canonical(seq, scratch);
        Self(*blake3::hash(scratch).as_bytes())
    }
}

impl fmt::Display for ChainHash {
    /// The first 16 hexadecimal digits: enough for a person to compare.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The end of a history: how long it is and what it hashes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The last entry's place; 0 when there is none.
    pub seq: Seq,
    /// The chain's hash there.
    pub hash: ChainHash,
}

impl Head {
    /// An empty history.
    pub const START: Self = Self { seq: Seq::ZERO, hash: ChainHash::START };

    /// The head after one more movement.
    #[must_use]
    pub fn after(&self, movement: &Movement, scratch: &mut Vec<u8>) -> Self {
        let seq = self.seq.next();
        Self { seq, hash: self.hash.after(seq, movement, scratch) }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.seq, self.hash)
    }
}
