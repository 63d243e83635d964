//! Application Identifiers as they stand in a message.

use core::fmt;

/// An Application Identifier (AI): the two to four digits that say what the value after them means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ai {
    /// NUL where there is no digit.
    digits: [u8; 4],
}

impl Ai {
    /// The first four bytes at most; the table, or a look at the bytes, has made sure that they are digits.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut digits = [0; 4];
        for (place, byte) in digits.iter_mut().zip(bytes) {
            *place = *byte;
        }
        Self { digits }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.digits.iter().take_while(|digit| **digit != 0).count();
        self.digits.get(..length).and_then(|digits| str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

impl AsRef<str> for Ai {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Ai {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Ai {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({self})")
    }
}
