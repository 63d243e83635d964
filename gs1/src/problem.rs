//! What is wrong with a scan: a class for programs, a sentence for people, and the place.

use core::fmt;

use crate::ai::Ai;
use crate::reading::{MAX_BYTES, MAX_ELEMENTS};
use crate::span::Span;
use crate::symbology::Symbology;
use crate::table::Needs;

/// One thing that is wrong. Shown, it says what is wrong and what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Problem {
    /// What kind of fault it is.
    pub class: Class,
    /// The AI at fault, where it is an AI's fault.
    pub ai: Option<Ai>,
    /// The fault's place in the scan.
    pub span: Span,
    /// What belongs to the class.
    pub detail: Detail,
}

/// The kinds of fault. [`Class::name`] is stable: programs may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Class {
    /// There is no data.
    #[default]
    Empty,
    /// Without a symbology identifier it cannot be told what the data is.
    SymbologyMissing,
    /// The symbology identifier announces nothing that is read here.
    SymbologyUnsupported,
    /// No AI of the table stands where one is due.
    AiUnknown,
    /// An AI without a value.
    AiEmpty,
    /// Too short or too long.
    Length,
    /// A character that may not be there.
    Charset,
    /// The check digit is not that of the digits before it.
    CheckDigit,
    /// No day of the calendar.
    Date,
    /// Two AIs that contradict each other.
    Mutex,
    /// An AI that needs another one beside it.
    Requisite,
    /// One AI twice, with different values.
    Repeat,
    /// The check digit of a price, weight or count inside a restricted number does not fit it.
    PriceCheckDigit,
    /// A UPC-E that does not begin with number system 0 or 1.
    UpcENumberSystem,
    /// Brackets that do not hold AIs, each before its value.
    BracketSyntax,
    /// No web address.
    UriSyntax,
    /// A web address without a primary key, such as `/01/` and a GTIN.
    DlNoKey,
    /// An AI in a web address without a value.
    DlEmptyValue,
    /// A NUL character in a web address, written `%00`.
    DlNull,
    /// A number in a query that is no AI.
    DlUnknownAi,
    /// AIs in a path that do not belong to its primary key, or not in this order.
    DlKeySequence,
    /// An AI that stands in a web address twice.
    DlDuplicate,
    /// An AI in a query that may not stand there.
    DlNotAttribute,
    /// An AI in a query that belongs in the path, behind its primary key.
    DlShouldBePath,
    /// A tag of no scheme that is read here.
    EpcHeader,
    /// A tag whose partition value is 7: it says how long the company prefix is, and only 0 to 6 are defined.
    EpcPartition,
    /// A tag whose company prefix has more digits than its partition allows.
    EpcCompanyPrefixRange,
    /// A tag whose reference or serial number has more digits than there is room for.
    EpcItemRange,
    /// A tag with fewer bits than its scheme has.
    EpcTruncated,
    /// A tag whose content is not written in hexadecimal digits.
    EpcNotHex,
}

impl Class {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::SymbologyMissing => "symbology-missing",
            Self::SymbologyUnsupported => "symbology-unsupported",
            Self::AiUnknown => "ai-unknown",
            Self::AiEmpty => "ai-empty",
            Self::Length => "length",
            Self::Charset => "charset",
            Self::CheckDigit => "check-digit",
            Self::Date => "date",
            Self::Mutex => "mutex",
            Self::Requisite => "requisite",
            Self::Repeat => "repeat",
            Self::PriceCheckDigit => "price-check-digit",
            Self::UpcENumberSystem => "upc-e-number-system",
            Self::BracketSyntax => "bracket-syntax",
            Self::UriSyntax => "uri-syntax",
            Self::DlNoKey => "dl-no-key",
            Self::DlEmptyValue => "dl-empty-value",
            Self::DlNull => "dl-null",
            Self::DlUnknownAi => "dl-unknown-ai",
            Self::DlKeySequence => "dl-key-sequence",
            Self::DlDuplicate => "dl-duplicate",
            Self::DlNotAttribute => "dl-not-attribute",
            Self::DlShouldBePath => "dl-should-be-path",
            Self::EpcHeader => "epc-header",
            Self::EpcPartition => "epc-partition",
            Self::EpcCompanyPrefixRange => "epc-company-prefix-range",
            Self::EpcItemRange => "epc-item-range",
            Self::EpcTruncated => "epc-truncated",
            Self::EpcNotHex => "epc-not-hex",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What belongs to a class of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Nothing more.
    #[default]
    Nothing,
    /// Of [`Class::SymbologyUnsupported`].
    Symbology(Symbology),
    /// Of [`Class::CheckDigit`].
    CheckDigit {
        /// What the other digits call for.
        expected: u8,
        /// What stands there.
        found: u8,
    },
    /// Of [`Class::Length`].
    Length {
        /// The fewest that will do.
        min: u8,
        /// The most that will do.
        max: u8,
        /// How many there are.
        found: u16,
    },
    /// Of [`Class::Length`]: more than [`MAX_BYTES`].
    TooManyBytes,
    /// Of [`Class::Length`]: more than [`MAX_ELEMENTS`].
    TooManyElements,
    /// Of [`Class::Charset`] and [`Class::AiUnknown`]: the byte that stands there.
    Byte(u8),
    /// Of [`Class::Mutex`]: the other one.
    With(Ai),
    /// Of [`Class::Requisite`]: what is missing.
    Needs(Needs),
}

impl Problem {
    /// What is wrong, without what to do about it.
    #[must_use]
    pub const fn what(&self) -> What<'_> {
        What(self)
    }

    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self.class {
            Class::Empty => "scan again",
            Class::SymbologyMissing => "set the scanner to send AIM identifiers, or scan another symbol",
            Class::SymbologyUnsupported => "scan a symbol that holds a GTIN, or key the GTIN",
            Class::AiUnknown | Class::AiEmpty => {
                "check that the scanner sends FNC1 as ASCII 29; the rest of the label was read"
            }
            Class::Length => "scan again, and check that the scanner sends FNC1 as ASCII 29",
            Class::Charset => "check the scanner's keyboard layout, or correct the label",
            Class::CheckDigit => "scan again; if it stays, key the number from the label",
            Class::Date => "read the date from the label, and tell its maker",
            Class::Mutex => "count this label by hand, and tell its maker",
            Class::Requisite => "scan the other symbols of the label too",
            Class::Repeat => "scan one label at a time",
            Class::PriceCheckDigit => "weigh or price the piece again",
            Class::UpcENumberSystem => "scan again, or key the longer number",
            Class::BracketSyntax => {
                "write each AI in brackets before its value, as in `(01)04006381333931(10)A7`"
            }
            Class::UriSyntax => "check the address for blanks and other characters that belong in no address",
            Class::DlNoKey => "scan the symbol that holds the GTIN, or key the GTIN",
            Class::DlEmptyValue | Class::DlNull | Class::DlUnknownAi => {
                "tell the maker of the address; the rest of it was read"
            }
            Class::DlKeySequence | Class::DlDuplicate | Class::DlNotAttribute | Class::DlShouldBePath => {
                "tell the maker of the address; its elements were read"
            }
            Class::EpcHeader => "read a tag that holds an SGTIN, SSCC, SGLN, GRAI or GIAI",
            Class::EpcPartition | Class::EpcCompanyPrefixRange | Class::EpcItemRange => {
                "have the tag written anew"
            }
            Class::EpcTruncated => "read the tag again, all of its EPC bank",
            Class::EpcNotHex => "set the reader to send hexadecimal digits",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what(), self.hint())
    }
}

impl core::error::Error for Problem {}

/// The first half of what a [`Problem`] shows: what is wrong.
#[derive(Debug, Clone, Copy)]
pub struct What<'a>(&'a Problem);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = self.0;
        let subject = Subject(problem.ai);
        let at = problem.span.offset() + 1;
        match (problem.class, problem.detail) {
            (Class::Length, Detail::TooManyBytes) => write!(f, "the scan has more than {MAX_BYTES} bytes"),
            (Class::Length, Detail::TooManyElements) => {
                write!(f, "the scan has more than {MAX_ELEMENTS} elements")
            }
            (Class::Length, Detail::Length { min, max, found }) => {
                write!(f, "{subject} has {found} characters, {} are expected", Expected(problem.ai, min, max))
            }
            (Class::CheckDigit, Detail::CheckDigit { expected, found }) => {
                write!(f, "check digit `{found}` of {subject} should be `{expected}`")
            }
            (Class::Charset, Detail::Byte(byte)) => {
                write!(f, "{subject} may not hold {} (byte {at} of the scan)", Shown(byte))
            }
            (Class::AiUnknown, Detail::Byte(byte)) => {
                write!(f, "{} stands where an AI is due (byte {at} of the scan)", Shown(byte))
            }
            (Class::SymbologyUnsupported, Detail::Symbology(symbology)) => {
                write!(f, "symbology `{symbology}` holds nothing that is read here")
            }
            (Class::Mutex, Detail::With(other)) => write!(f, "{subject} contradicts AI `{other}`"),
            (Class::Requisite, Detail::Needs(needs)) => {
                write!(f, "{subject} needs AI ")?;
                for (place, ai) in needs.any_of().iter().enumerate() {
                    write!(f, "{}`{ai}`", if place == 0 { "" } else { " or " })?;
                }
                f.write_str(" beside it")
            }
            (Class::AiUnknown, _) => write!(f, "{subject} is not known (byte {at} of the scan)"),
            (Class::AiEmpty, _) => write!(f, "{subject} has no value"),
            (Class::Date, _) => write!(f, "{subject} is no day of the calendar"),
            (Class::Repeat, _) => write!(f, "{subject} stands there twice, with different values"),
            (Class::Empty, _) => f.write_str("the scan is empty"),
            (Class::SymbologyMissing, _) => f.write_str(
                "without a symbology identifier this is neither a GTIN nor a whole element string",
            ),
            (Class::PriceCheckDigit, _) => {
                f.write_str("the check digit of the price or weight in the number does not fit it")
            }
            (Class::UpcENumberSystem, _) => f.write_str("the UPC-E does not begin with `0` or `1`"),
            (Class::BracketSyntax, _) => {
                write!(f, "the brackets from byte {at} on do not hold an AI and its value")
            }
            (Class::UriSyntax, _) => write!(f, "the web address has a fault at byte {at} of the scan"),
            (Class::DlNoKey, _) => f.write_str("the web address holds no primary key"),
            (Class::DlEmptyValue, _) => write!(f, "{subject} has no value in the web address"),
            (Class::DlNull, _) => write!(f, "{subject} holds a NUL character in the web address"),
            (Class::DlUnknownAi, _) => {
                write!(f, "the web address holds a number that is no AI (byte {at} of the scan)")
            }
            (Class::DlKeySequence, _) => write!(
                f,
                "what stands behind {subject} in the web address does not belong there in this order"
            ),
            (Class::DlDuplicate, _) => write!(f, "{subject} stands in the web address twice"),
            (Class::DlNotAttribute, _) => write!(f, "{subject} may not stand in the query of a web address"),
            (Class::DlShouldBePath, _) => {
                write!(f, "{subject} belongs in the path of the web address, not in its query")
            }
            (Class::EpcHeader, _) => f.write_str("the tag's header names no scheme that is read here"),
            (Class::EpcPartition, _) => f.write_str("the tag's partition value is not 0 to 6"),
            (Class::EpcCompanyPrefixRange, _) => {
                f.write_str("the tag's company prefix is too large for its partition")
            }
            (Class::EpcItemRange, _) => f.write_str("the tag's reference or serial number is too large"),
            (Class::EpcTruncated, _) => {
                write!(f, "the tag's content ends too early (after byte {at} of the scan)")
            }
            (Class::EpcNotHex, _) => write!(f, "byte {at} of the tag's content is no hexadecimal digit"),
            // Classes whose detail is always one of those above.
            (
                class @ (Class::Length
                | Class::CheckDigit
                | Class::Charset
                | Class::SymbologyUnsupported
                | Class::Mutex
                | Class::Requisite),
                _,
            ) => write!(f, "{subject} has a fault of class `{class}`"),
        }
    }
}

/// What a sentence is about: an AI, or the number that is the whole scan.
struct Subject(Option<Ai>);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ai) => write!(f, "AI `{ai}`"),
            None => f.write_str("the number"),
        }
    }
}

/// How many characters would do.
struct Expected(Option<Ai>, u8, u8);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(_, min, max) if min == max => write!(f, "{min}"),
            Self(None, 8, 14) => f.write_str("8, 12, 13 or 14"),
            Self(_, min, max) => write!(f, "{min} to {max}"),
        }
    }
}

/// A byte so that it can be seen.
struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x1d => f.write_str("FNC1"),
            byte @ 0x21..=0x7e => write!(f, "`{}`", char::from(byte)),
            byte => write!(f, "`0x{byte:02x}`"),
        }
    }
}
