//! Short text in place.

use core::fmt;

/// Text of at most 30 characters, as the values of tags are.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Short {
    bytes: [u8; 30],
    length: u8,
}

impl Short {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Whether there was room.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        let place = self.bytes.get_mut(usize::from(self.length));
        place.map(|place| *place = byte).is_some_and(|()| {
            self.length += 1;
            true
        })
    }
}

impl FromIterator<u8> for Short {
    /// The first 30.
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut short = Self::default();
        bytes.into_iter().take_while(|byte| short.push(*byte)).for_each(drop);
        short
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| self.push(byte)) { Ok(()) } else { Err(fmt::Error) }
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}
