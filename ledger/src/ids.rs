//! Identifiers, each with a type of its own: two kinds of id never mix.

use std::fmt;
use std::str::FromStr;

use crate::text::{ShortText, TextError};

/// A text identifier was refused: which kind, which text, why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}: {why}")]
pub struct IdError {
    /// What it should have been, in words of the field ("device id").
    pub kind: &'static str,
    /// What was given, cut to 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: TextError,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $kind:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(ShortText<$max>);

        impl $name {
            /// Longest text, in bytes.
            pub const MAX: usize = $max;

            /// Checks and stores the text.
            ///
            /// # Errors
            /// [`IdError`] when it is empty, too long or has a character that is not allowed.
            pub fn new(text: &str) -> Result<Self, IdError> {
                let refuse = |why| IdError { kind: $kind, text: text.chars().take(64).collect(), why };
                let allowed: fn(char) -> bool = $allowed;
                let checked = ShortText::new(text).map_err(refuse)?;
                match text.chars().find(|c| !allowed(*c)) {
                    Some(character) => Err(refuse(TextError::Character { character })),
                    None => Ok(Self(checked)),
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    };
}

fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

text_id! {
    /// A shop, as named in its certificate, in paths and in journals: letters, digits, `-`, `_`, `.`; at most 32.
    StoreId, 32, "store id", plain
}
text_id! {
    /// A scanner, till or other source of events within one store; at most 32 bytes.
    DeviceId, 32, "device id", |c| !c.is_whitespace()
}
text_id! {
    /// Who did it: a badge number or login; at most 32 bytes.
    UserId, 32, "user id", |c| !c.is_whitespace()
}
text_id! {
    /// An order, ship notice, sales receipt or other document; at most 40 bytes.
    DocumentId, 40, "document id", |_| true
}
text_id! {
    /// A serial number as in GS1 AI (21); at most 20 bytes.
    Serial, 20, "serial number", |_| true
}
text_id! {
    /// A batch or lot as in GS1 AI (10); at most 20 bytes. A lot nobody named is [`Lot::unknown`], never absent (R49).
    Lot, 20, "lot", |_| true
}

impl Lot {
    /// The lot of goods whose lot was not recorded, written `-` (R49).
    #[must_use]
    pub fn unknown() -> Self {
        Self::new("-").expect("`-` is one allowed character")
    }

    /// Whether this is the lot nobody named.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.as_str() == "-"
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u64);

        impl $name {
            /// Before the first one.
            pub const ZERO: Self = Self(0);

            /// Wraps a number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one after this; stays at the largest, which 64 bits never reach in practice.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(u64::from(number))
            }
        }
    };
}

counter! {
    /// A movement's place in its store's ledger: 1, 2, 3, ... without gaps, never reset. 0 is "before the first".
    Seq
}
counter! {
    /// One life of a replica. The hub raises it when a replica is provisioned anew or restored; 0 is "not yet claimed".
    Epoch
}
counter! {
    /// A device's own count of its events; together with the device it names an event for ever (R7).
    DeviceSeq
}

impl Seq {
    /// How many entries lie after `earlier` up to and including this one; 0 when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The place `count` entries further.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

/// The highest [`Seq`] that is durable somewhere together with every one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Watermark(Seq);

impl Watermark {
    /// A place's watermark.
    #[must_use]
    pub const fn new(seq: Seq) -> Self {
        Self(seq)
    }

    /// The highest sequence number covered.
    #[must_use]
    pub const fn seq(self) -> Seq {
        self.0
    }

    /// Covers `first..=last` too if that leaves no gap; otherwise the watermark stays and `false` is returned.
    /// Ranges already covered are harmless.
    #[must_use]
    pub fn cover(&mut self, first: Seq, last: Seq) -> bool {
        if first > self.0.next() || last < first {
            return false;
        }
        self.0 = self.0.max(last);
        true
    }
}

impl fmt::Display for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An id that a client gave its event beside (device, device sequence): 16 bytes, shown as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 16]);

impl EventId {
    /// Wraps 16 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no UUID: 32 hexadecimal digits, with or without hyphens, are expected")]
pub struct EventIdError(pub String);

impl FromStr for EventId {
    type Err = EventIdError;
    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let refuse = || EventIdError(text.chars().take(64).collect());
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let number = u128::from_str_radix(&digits, 16).map_err(|_no_hex| refuse())?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// A line of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DocumentLine {
    /// The document.
    pub document: DocumentId,
    /// The line's number in it, as the document counts; 0 when the document has no lines.
    pub line: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_is_wrong_with_it() {
        let error = StoreId::new("store 1").unwrap_err();
        assert_eq!(error.to_string(), "`store 1` is no store id: character ' ' is not allowed");
    }

    #[test]
    fn watermark_never_covers_a_gap() {
        let mut mark = Watermark::default();
        assert!(mark.cover(Seq::new(1), Seq::new(3)));
        assert!(!mark.cover(Seq::new(5), Seq::new(6)));
        assert_eq!(mark.seq(), Seq::new(3));
        assert!(mark.cover(Seq::new(2), Seq::new(4)) && mark.cover(Seq::new(1), Seq::new(2)));
        assert_eq!(mark.seq(), Seq::new(4));
    }

    #[test]
    fn event_id_round_trips() {
        let text = "0190b5a8-0000-7abc-8def-0123456789ab";
        assert_eq!(text.parse::<EventId>().unwrap().to_string(), text);
        assert!("+190b5a800007abc8def0123456789ab".parse::<EventId>().is_err());
    }
}
