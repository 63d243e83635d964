//! A 16-byte proof of the whole position map, kept in constant time per movement.
//!
//! The digest is the sum, modulo 2^128, of a hash of every (key, balance) whose balance is not zero. It does not depend on
//! the order of changes, and a position that returns to zero leaves no trace. It is a check between our own
//! authenticated ends, not a defence against somebody who can choose positions.

use std::fmt;

use crate::positions::PositionKey;
use crate::quantity::Balance;

/// The additive digest of a position map; equal maps have equal digests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest(u128);

impl Digest {
    /// The digest of no positions.
    pub const EMPTY: Self = Self(0);

    /// Reads 16 stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// The digest after one position changed from `before` to `after`.
    #[must_use]
    pub fn changed(self, key: &PositionKey, before: Balance, after: Balance) -> Self {
        Self(self.0.wrapping_sub(term(key, before)).wrapping_add(term(key, after)))
    }

    /// The digest of a whole map after a part of it, whose digest was `before`, became one whose digest is `after`.
    #[must_use]
    pub const fn with_part(self, before: Self, after: Self) -> Self {
        Self(self.0.wrapping_sub(before.0).wrapping_add(after.0))
    }

    /// Both parts' digests together, for maps without a common key.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

fn term(key: &PositionKey, balance: Balance) -> u128 {
    if balance == Balance::ZERO {
        return 0;
    }
    // 8 item + 8 balance + 3 texts with a length byte each: below 128 bytes, two BLAKE3 blocks at most.
    let mut bytes = [0u8; 128];
    let mut at = 0usize;
    let mut put = |part: &[u8]| {
        let room = bytes.get_mut(at..).unwrap_or_default();
        room.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        at = at.saturating_add(part.len());
    };
    put(&key.item.as_u64().to_le_bytes());
    put(&balance.get().to_le_bytes());
    put(&[key.account.code()]);
    for text in [
        Some(key.lot.as_str()),
        key.serial.as_ref().map(|s| s.as_str()),
        key.account.transfer().map(|t| t.as_str()),
    ] {
        let text = text.unwrap_or_default();
        put(&[u8::try_from(text.len()).unwrap_or(u8::MAX)]);
        put(text.as_bytes());
    }
    let hash = blake3::hash(bytes.get(..at).unwrap_or(&bytes));
    let (half, _rest) = hash.as_bytes().split_at(16);
    u128::from_le_bytes(half.try_into().unwrap_or_default())
}

impl fmt::Display for Digest {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
