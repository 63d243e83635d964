//! Application Identifiers as they stand in a message.

use core::fmt;
use core::str::FromStr;

/// An Application Identifier (AI): the two to four digits that say what the value after them means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ai {
    /// NUL where there is no digit.
    digits: [u8; 4],
}

/// Why a text is no AI: it does not have two to four digits and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AiError;

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

impl FromStr for Ai {
    type Err = AiError;

    /// Whether there is such an AI is not asked.
    fn from_str(text: &str) -> Result<Self, AiError> {
        let is_ai = (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_ai { Ok(Self::new(text.as_bytes())) } else { Err(AiError) }
    }
}

impl fmt::Display for AiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AI has two to four digits")
    }
}

impl core::error::Error for AiError {}

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
