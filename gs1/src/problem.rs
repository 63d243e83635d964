//! What is wrong with a scan: a class for programs, a sentence for people, and the place.

use core::fmt;

use crate::ai::Ai;
use crate::lint::Found;
use crate::reading::{MAX_BYTES, MAX_ELEMENTS};
use crate::span::Span;
use crate::symbology::Symbology;
use crate::table::{Needs, RowId, Table};

/// One thing that is wrong. Shown, it says what is wrong and what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Problem<'d> {
    /// What kind of fault it is.
    pub class: Class,
    /// The AI at fault, where it is an AI's fault.
    pub ai: Option<Ai>,
    /// The fault's place in the scan.
    pub span: Span,
    /// The value that it is a fault of; all of the scan's data when it is none of an AI.
    pub value: Span,
    /// What belongs to the class.
    pub detail: Detail<'d>,
}

/// The kinds of fault. [`Class::name`] is stable: programs may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Class {
    /// There is no data.
    #[default]
    Empty,
    /// Without a symbology identifier it cannot be told what the data is.
    SymbologyMissing,
    /// There is no symbology with this identifier.
    SymbologyUnsupported,
    /// The number of an EAN, UPC or ITF symbol is too short or too long.
    PrimaryLength,
    /// No AI of the table stands where one is due.
    AiUnknown,
    /// An AI without a value.
    AiEmpty,
    /// Too short or too long.
    Length,
    /// A character that may not be there.
    Charset,
    /// Padding of base 64 that does not fill up to a multiple of four.
    CharsetPadding,
    /// The check digit is not that of the digits before it.
    CheckDigit,
    /// The check pair is not that of the characters before it.
    CheckPair,
    /// No GS1 Company Prefix stands where one is due.
    CompanyPrefix,
    /// No day of the calendar.
    Date,
    /// No time of day.
    Time,
    /// No country of ISO 3166.
    Country,
    /// No currency of ISO 4217.
    Currency,
    /// No account number of ISO 13616.
    Iban,
    /// No latitude or longitude.
    Geo,
    /// A `%` without two hexadecimal digits behind it.
    PercentEncoding,
    /// No coupon as it was agreed in North America.
    Coupon,
    /// No character of the importer index.
    ImporterIndex,
    /// No package type.
    PackageType,
    /// No AIDC media type.
    MediaType,
    /// No sex of ISO 5218.
    SexCode,
    /// No place in a sequence, as `1/3`.
    PositionInSequence,
    /// No piece of a total, as `0103`.
    PieceOfTotal,
    /// Zero where something else is due.
    NonZero,
    /// Something else where zero is due.
    Zero,
    /// A zero in front.
    ZeroPrefix,
    /// Neither 0 nor 1.
    YesNo,
    /// No direction of winding.
    Winding,
    /// Something else where a hyphen is due.
    Hyphen,
    /// Digits only where something else has to be among them.
    NonDigitRequired,
    /// Two AIs that contradict each other.
    Mutex,
    /// An AI that needs another one beside it.
    Requisite,
    /// One AI twice, with different values.
    Repeat,
    /// A key without its serial number beside a digital signature.
    DigsigSerial,
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
    /// AIs in a path that do not belong to its primary key, or not in this order. The AI is the key, and the place all of the
    /// path from it on.
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
            Self::PrimaryLength => "primary-length",
            Self::AiUnknown => "ai-unknown",
            Self::AiEmpty => "ai-empty",
            Self::Length => "length",
            Self::Charset => "charset",
            Self::CharsetPadding => "charset-padding",
            Self::CheckDigit => "check-digit",
            Self::CheckPair => "check-pair",
            Self::CompanyPrefix => "company-prefix",
            Self::Date => "date",
            Self::Time => "time",
            Self::Country => "country",
            Self::Currency => "currency",
            Self::Iban => "iban",
            Self::Geo => "geo",
            Self::PercentEncoding => "percent-encoding",
            Self::Coupon => "coupon",
            Self::ImporterIndex => "importer-index",
            Self::PackageType => "package-type",
            Self::MediaType => "media-type",
            Self::SexCode => "sex-code",
            Self::PositionInSequence => "position-in-sequence",
            Self::PieceOfTotal => "piece-of-total",
            Self::NonZero => "nonzero",
            Self::Zero => "zero",
            Self::ZeroPrefix => "zero-prefix",
            Self::YesNo => "yes-no",
            Self::Winding => "winding",
            Self::Hyphen => "hyphen",
            Self::NonDigitRequired => "non-digit-required",
            Self::Mutex => "mutex",
            Self::Requisite => "requisite",
            Self::Repeat => "repeat",
            Self::DigsigSerial => "digsig-serial",
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

    /// What a value is not, when it is of this class.
    const fn what_it_is_not(self) -> &'static str {
        match self {
            Self::Date => "is no day of the calendar",
            Self::Time => "is no time of day",
            Self::Country => "is no country of ISO 3166",
            Self::Currency => "is no currency of ISO 4217",
            Self::Iban => "is no account number (IBAN)",
            Self::Geo => "is no place on earth",
            Self::PercentEncoding => "has a `%` without two hexadecimal digits behind it",
            Self::Coupon => "is no coupon",
            Self::ImporterIndex => "is no importer index",
            Self::PackageType => "is no package type",
            Self::MediaType => "is no media type",
            Self::SexCode => "is none of 0, 1, 2 and 9 (ISO 5218)",
            Self::PositionInSequence => "is no place in a sequence, such as `1/3`",
            Self::PieceOfTotal => "is no piece of a total, such as `0103`",
            Self::NonZero => "may not be zero",
            Self::Zero => "has to be zero",
            Self::ZeroPrefix => "may not begin with a zero",
            Self::YesNo => "is neither 0 nor 1",
            Self::Winding => "is none of 0, 1 and 9",
            Self::Hyphen => "may be a hyphen only",
            Self::NonDigitRequired => "may not be digits only",
            Self::CompanyPrefix => "has no GS1 Company Prefix",
            Self::CheckPair => "has a wrong check pair",
            Self::CharsetPadding => "is not filled up to a multiple of four characters",
            Self::AiEmpty => "has no value",
            Self::Repeat => "stands there twice, with different values",
            Self::DigsigSerial => "has no serial number, which a digital signature calls for",
            Self::Length | Self::PrimaryLength => "has a wrong length",
            Self::Charset => "has a character that may not be there",
            Self::CheckDigit => "has a wrong check digit",
            Self::AiUnknown => "is not known",
            Self::Mutex => "contradicts another AI",
            Self::Requisite => "needs another AI beside it",
            Self::Empty
            | Self::SymbologyMissing
            | Self::SymbologyUnsupported
            | Self::PriceCheckDigit
            | Self::UpcENumberSystem
            | Self::BracketSyntax
            | Self::UriSyntax
            | Self::DlNoKey
            | Self::DlEmptyValue
            | Self::DlNull
            | Self::DlUnknownAi
            | Self::DlKeySequence
            | Self::DlDuplicate
            | Self::DlNotAttribute
            | Self::DlShouldBePath
            | Self::EpcHeader
            | Self::EpcPartition
            | Self::EpcCompanyPrefixRange
            | Self::EpcItemRange
            | Self::EpcTruncated
            | Self::EpcNotHex => "cannot be read",
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
pub enum Detail<'d> {
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
    /// Of [`Class::Length`] and [`Class::PrimaryLength`].
    Length {
        /// The fewest that will do.
        min: u8,
        /// The most that will do.
        max: u8,
        /// How many there are.
        found: u16,
    },
    /// Of [`Class::Length`], for a value of parts: one may be left out, but not halved.
    Lengths {
        /// Fewer that would do.
        below: u8,
        /// More that would do.
        above: u8,
        /// How many there are.
        found: u16,
    },
    /// Of [`Class::Length`]: more than [`MAX_BYTES`].
    TooManyBytes,
    /// Of [`Class::Length`]: more than [`MAX_ELEMENTS`].
    TooManyElements,
    /// Of [`Class::Charset`] and [`Class::AiUnknown`], and of values of one character: the byte that stands there.
    Byte(u8),
    /// Of [`Class::Mutex`]: the other one.
    With(Ai),
    /// Of [`Class::Requisite`]: what is missing.
    Needs(Needs<'d>),
}

/// A problem as it is kept: in few bytes, and with places in the table for words.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flaw {
    pub(crate) class: Class,
    /// No digits where it is no AI's fault.
    pub(crate) ai: Ai,
    pub(crate) span: Span,
    pub(crate) value: Span,
    pub(crate) note: Note,
}

/// [`Detail`] in few bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Note {
    #[default]
    Nothing,
    /// Letter and modifier.
    Symbology(u8, u8),
    CheckDigit {
        expected: u8,
        found: u8,
    },
    Length {
        min: u8,
        max: u8,
        found: u16,
    },
    Lengths {
        below: u8,
        above: u8,
        found: u16,
    },
    TooManyBytes,
    TooManyElements,
    Byte(u8),
    With(RowId),
    /// A rule of an AI.
    Needs(RowId, u8),
}

impl From<Found> for Note {
    fn from(found: Found) -> Self {
        match found {
            Found::Nothing => Self::Nothing,
            Found::CheckDigit { expected, found } => Self::CheckDigit { expected, found },
            Found::Length { min, max, found } => Self::Length { min, max, found },
            Found::Lengths { below, above, found } => Self::Lengths { below, above, found },
            Found::Byte(byte) => Self::Byte(byte),
        }
    }
}

impl Flaw {
    pub(crate) fn told<'d>(self, table: &Table<'d>) -> Problem<'d> {
        let detail = match self.note {
            Note::Nothing => Detail::Nothing,
            Note::Symbology(code, modifier) => {
                Symbology::at_front(&[b']', code, modifier]).map_or(Detail::Nothing, Detail::Symbology)
            }
            Note::CheckDigit { expected, found } => Detail::CheckDigit { expected, found },
            Note::Length { min, max, found } => Detail::Length { min, max, found },
            Note::Lengths { below, above, found } => Detail::Lengths { below, above, found },
            Note::TooManyBytes => Detail::TooManyBytes,
            Note::TooManyElements => Detail::TooManyElements,
            Note::Byte(byte) => Detail::Byte(byte),
            Note::With(other) => Detail::With(table.ai(other)),
            Note::Needs(id, rule) => {
                table.line(id).map_or(Detail::Nothing, |line| Detail::Needs(table.needs(line, rule)))
            }
        };
        let ai = (!self.ai.as_str().is_empty()).then_some(self.ai);
        Problem { class: self.class, ai, span: self.span, value: self.value, detail }
    }
}

impl<'d> Problem<'d> {
    /// The fault's offset and length inside the value that it is a fault of.
    #[must_use]
    pub fn place_in_value(&self) -> (usize, usize) {
        (self.span.offset().saturating_sub(self.value.offset()), self.span.length())
    }

    /// What is wrong, without what to do about it.
    #[must_use]
    pub const fn what(&self) -> What<'_, 'd> {
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
            Class::Length | Class::PrimaryLength => {
                "scan again, and check that the scanner sends FNC1 as ASCII 29"
            }
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
            Class::CharsetPadding
            | Class::CheckPair
            | Class::CompanyPrefix
            | Class::Time
            | Class::Country
            | Class::Currency
            | Class::Iban
            | Class::Geo
            | Class::PercentEncoding
            | Class::Coupon
            | Class::ImporterIndex
            | Class::PackageType
            | Class::MediaType
            | Class::SexCode
            | Class::PositionInSequence
            | Class::PieceOfTotal
            | Class::NonZero
            | Class::Zero
            | Class::ZeroPrefix
            | Class::YesNo
            | Class::Winding
            | Class::Hyphen
            | Class::NonDigitRequired
            | Class::DigsigSerial => "scan again; if it stays, tell the label's maker",
        }
    }
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what(), self.hint())
    }
}

impl core::error::Error for Problem<'_> {}

/// The first half of what a [`Problem`] shows: what is wrong.
#[derive(Debug, Clone, Copy)]
pub struct What<'p, 'd>(&'p Problem<'d>);

impl fmt::Display for What<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = self.0;
        let subject = Subject(problem.ai);
        let at = problem.span.offset() + 1;
        match (problem.class, problem.detail) {
            (Class::Empty, _) => f.write_str("the scan is empty"),
            (Class::SymbologyMissing, _) => f.write_str(
                "without a symbology identifier this is neither a GTIN nor a whole element string",
            ),
            (_, Detail::TooManyBytes) => write!(f, "the scan has more than {MAX_BYTES} bytes"),
            (_, Detail::TooManyElements) => write!(f, "the scan has more than {MAX_ELEMENTS} elements"),
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
            (_, Detail::Length { min, max, found }) => {
                write!(f, "{subject} has {found} characters, {} are expected", Expected(problem.ai, min, max))
            }
            (_, Detail::Lengths { below, above, found }) => {
                write!(f, "{subject} has {found} characters, {below} or {above} are expected")
            }
            (_, Detail::CheckDigit { expected, found }) => {
                write!(f, "check digit `{found}` of {subject} should be `{expected}`")
            }
            (Class::AiUnknown, Detail::Byte(byte)) => {
                write!(f, "{} stands where an AI is due (byte {at} of the scan)", Shown(byte))
            }
            (Class::AiUnknown, _) => write!(f, "{subject} is not known (byte {at} of the scan)"),
            (Class::Charset, Detail::Byte(byte)) => {
                write!(f, "{subject} may not hold {} (byte {at} of the scan)", Shown(byte))
            }
            (_, Detail::Symbology(symbology)) => {
                write!(f, "symbology `{symbology}` holds nothing that is read here")
            }
            (_, Detail::With(other)) => write!(f, "{subject} contradicts AI `{other}`"),
            (_, Detail::Needs(needs)) => {
                write!(f, "{subject} needs AI ")?;
                for (place, group) in needs.groups().enumerate() {
                    f.write_str(if place == 0 { "" } else { " or " })?;
                    for (place, ai) in group.enumerate() {
                        write!(f, "{}`{ai}`", if place == 0 { "" } else { " with " })?;
                    }
                }
                f.write_str(" beside it")
            }
            (class, Detail::Nothing | Detail::Byte(_)) => write!(f, "{subject} {}", class.what_it_is_not()),
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
            Self(None, 8, 18) => f.write_str("8, 12, 13, 14 or 18"),
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
