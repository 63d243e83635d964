//! The notation in which the facts of an AI are written down.

/// Rules that one AI may have; two are the most today.
pub(super) const RULES: usize = 3;
/// Parts of one value; five are the most today.
pub(super) const PARTS: usize = 8;
/// Checks of one part; three are the most today.
const CHECKS: usize = 3;

/// Which characters may stand in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CharSet {
    /// Digits.
    Digits,
    /// The set of 82 (GS1 General Specifications, figure 7.11-1).
    Text,
    /// The set of 39 (figure 7.11-2).
    Capitals,
    /// Base 64 for file names and URIs, with padding (figure 7.11-3).
    Base64,
}

/// What is checked beyond characters and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nothing.
    None,
    /// The last digit is a check digit.
    Sum,
    /// The last two characters are a check pair.
    SumPair,
    /// Begins with a GS1 Company Prefix.
    Prefix1,
    /// The second digit begins a GS1 Company Prefix.
    Prefix2,
    /// YYMMDD, the day may be 00.
    DateOrMonth,
    /// YYMMDD.
    Date,
    /// YYYYMMDD.
    LongDate,
    /// YYYYMMDD, the day may be 00.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "no built-in AI has it"))]
    LongDateOrMonth,
    /// HHMM.
    HourMinute,
    /// HH.
    Hour,
    /// MM of an hour.
    Minute,
    /// SS.
    Second,
    /// ISO 3166 number.
    Country,
    /// ISO 3166 number, or 999.
    CountryOr999,
    /// ISO 3166 letters.
    CountryLetters,
    /// ISO 4217 number.
    Currency,
    /// ISO 5218.
    Sex,
    /// ISO 13616.
    Iban,
    /// 0 to 180 degrees from the south pole, in ten-millionths.
    Latitude,
    /// 0 to 360 degrees, in ten-millionths.
    Longitude,
    /// `%` stands before two hexadecimal digits only.
    PercentEncoding,
    /// North American coupon.
    CouponCode,
    /// North American coupon of a positive offer file.
    CouponOffer,
    /// One character of the importer index of EU 2018/574.
    ImporterIndex,
    /// Package type code.
    PackageType,
    /// AIDC media type.
    MediaType,
    /// `1/3`.
    PositionInSequence,
    /// `0103`.
    PieceOfTotal,
    /// Not all zeros.
    NonZero,
    /// All zeros.
    Zero,
    /// No zero in front.
    NoZeroPrefix,
    /// 0 or 1.
    YesNo,
    /// 0, 1 or 9.
    Winding,
    /// Hyphens only.
    Hyphen,
    /// Not all digits.
    NonDigit,
}

/// A stretch of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) set: CharSet,
    pub(crate) min: u8,
    pub(crate) max: u8,
    pub(crate) optional: bool,
    pub(crate) checks: [Check; CHECKS],
}

impl Part {
    pub(crate) const fn new(set: CharSet, min: u8, max: u8) -> Self {
        Self { set, min, max, optional: false, checks: [Check::None; CHECKS] }
    }

    /// It may be left out, with all behind it.
    pub(crate) const fn or_none(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Adds a check. One too many is dropped, which the comparison with the dictionary shows.
    pub(crate) const fn is(mut self, check: Check) -> Self {
        match &mut self.checks {
            [first @ Check::None, ..] => *first = check,
            [_, second @ Check::None, _] => *second = check,
            [_, _, third] => *third = check,
        }
        self
    }
}

/// So many digits.
pub(super) const fn n(length: u8) -> Part {
    Part::new(CharSet::Digits, length, length)
}

/// At most so many digits.
pub(super) const fn n_to(max: u8) -> Part {
    Part::new(CharSet::Digits, 1, max)
}

/// So many characters.
pub(super) const fn x(length: u8) -> Part {
    Part::new(CharSet::Text, length, length)
}

/// At most so many characters.
pub(super) const fn x_to(max: u8) -> Part {
    Part::new(CharSet::Text, 1, max)
}

/// At most so many capitals.
pub(super) const fn y_to(max: u8) -> Part {
    Part::new(CharSet::Capitals, 1, max)
}

/// At most so many characters of base 64.
pub(super) const fn z_to(max: u8) -> Part {
    Part::new(CharSet::Base64, 1, max)
}

/// Words that are part of the program, or of a dictionary's text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text {
    Static(&'static str),
    /// Offset and length.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "of dictionaries"))]
    At(u32, u32),
}

impl Text {
    pub(super) fn of(self, text: &str) -> &str {
        match self {
            Self::Static(words) => words,
            Self::At(offset, length) => {
                let (offset, length) = (offset as usize, length as usize);
                text.get(offset..offset + length).unwrap_or_default()
            }
        }
    }

    /// The same for the compiler.
    pub(super) const fn bytes(self, text: &[u8]) -> &[u8] {
        match self {
            Self::Static(words) => words.as_bytes(),
            Self::At(offset, length) => match text.split_at_checked(offset as usize) {
                Some((_, rest)) => match rest.split_at_checked(length as usize) {
                    Some((words, _)) => words,
                    None => b"",
                },
                None => b"",
            },
        }
    }
}

/// One AI, or several in a row that have everything in common.
///
/// Rules are written as AIs with `n` for any digit; a blank is "or", `+` is "and".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) first: [u8; 4],
    pub(crate) count: u16,
    pub(crate) parts: [Part; PARTS],
    pub(crate) parts_count: u8,
    pub(crate) fixed: bool,
    pub(crate) attribute: bool,
    pub(crate) needs: [Text; RULES],
    pub(crate) needs_count: u8,
    pub(crate) excludes: Text,
    pub(crate) key: Option<Text>,
    pub(crate) title: Text,
}

/// One AI.
pub(super) const fn ai(digits: &str) -> Spec {
    ais(digits, 1)
}

/// So many AIs from this one on.
pub(super) const fn ais(first: &str, count: u16) -> Spec {
    let first = match *first.as_bytes() {
        [a, b] => [a, b, 0, 0],
        [a, b, c] => [a, b, c, 0],
        [a, b, c, d] => [a, b, c, d],
        _ => [0; 4],
    };
    Spec::new(first, count)
}

impl Spec {
    pub(crate) const fn new(first: [u8; 4], count: u16) -> Self {
        Self {
            first,
            count,
            parts: [n(0); PARTS],
            parts_count: 0,
            fixed: false,
            attribute: false,
            needs: [Text::Static(""); RULES],
            needs_count: 0,
            excludes: Text::Static(""),
            key: None,
            title: Text::Static(""),
        }
    }

    /// One past the last place makes `compile` refuse the line.
    #[expect(
        clippy::indexing_slicing,
        reason = "the compiler cannot call `get_mut`; the place is looked at first"
    )]
    pub(crate) const fn part(mut self, part: Part) -> Self {
        if (self.parts_count as usize) < PARTS {
            self.parts[self.parts_count as usize] = part;
        }
        self.parts_count = self.parts_count.saturating_add(1);
        self
    }

    /// Ends without FNC1.
    pub(crate) const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// May be in the query of a Digital Link.
    pub(crate) const fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }

    pub(super) const fn needs(self, rule: &'static str) -> Self {
        self.rule(Text::Static(rule))
    }

    /// One past the last place makes `compile` refuse the line.
    #[expect(
        clippy::indexing_slicing,
        reason = "the compiler cannot call `get_mut`; the place is looked at first"
    )]
    pub(crate) const fn rule(mut self, rule: Text) -> Self {
        if (self.needs_count as usize) < RULES {
            self.needs[self.needs_count as usize] = rule;
        }
        self.needs_count = self.needs_count.saturating_add(1);
        self
    }

    pub(super) const fn not_beside(mut self, ais: &'static str) -> Self {
        self.excludes = Text::Static(ais);
        self
    }

    /// A primary key of Digital Links; with its qualifiers in order, alternatives apart by `|`.
    pub(super) const fn key(mut self, qualifiers: &'static str) -> Self {
        self.key = Some(Text::Static(qualifiers));
        self
    }

    pub(super) const fn titled(mut self, title: &'static str) -> Self {
        self.title = Text::Static(title);
        self
    }
}
