//! The Application Identifiers that are understood: data in our own notation, one row an AI.
//!
//! A new AI is a new row. What its value may be is one of a few forms, which `check` knows.

/// What the value of an AI is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// 14 digits, the last a check digit.
    Gtin,
    /// 18 digits, the last a check digit.
    Sscc,
    /// Six digits: year, month, and day or 00.
    Date,
    /// Digits.
    Digits,
    /// Characters of the set of 82 (GS1 General Specifications, figure 7.11-1).
    Text,
}

/// What else must be on the label, in this symbol or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needs {
    /// The pallet or parcel whose content is counted.
    LogisticUnit,
    /// What is counted in it.
    Content,
    /// How many pieces of it there are.
    Count,
    /// What has the lot, the date or the variant.
    Item,
    /// What expires, or the coupon that does.
    ItemOrCoupon,
    /// What has the serial number.
    SingleItem,
    /// What is weighed or counted.
    Measured,
    /// The payment slip that is due.
    PaymentSlip,
    /// What has a variant.
    Variable,
}

impl Needs {
    /// The AIs any one of which will do.
    #[must_use]
    pub const fn any_of(self) -> &'static [&'static str] {
        match self {
            Self::LogisticUnit => &["00"],
            Self::Content => &["02", "8026"],
            Self::Count => &["37"],
            Self::Item => &["01", "02", "03", "8006", "8026"],
            Self::ItemOrCoupon => &["01", "02", "03", "255", "8006", "8026"],
            Self::SingleItem => &["01", "03", "8006"],
            Self::Measured => &["01", "02"],
            Self::PaymentSlip => &["8020"],
            Self::Variable => &["01", "02", "8006", "8026"],
        }
    }
}

/// One AI.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) ai: &'static str,
    pub(crate) format: Format,
    /// Shortest and longest value.
    pub(crate) length: (u8, u8),
    /// AIs, or first digits of them, that contradict this one.
    excludes: &'static [&'static str],
    /// Each must be met by one of its AIs.
    pub(crate) needs: &'static [Needs],
}

impl Row {
    /// Whether this AI may not stand beside `other`. An AI does not exclude itself: that would be a repeat.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.ai != other.ai && self.excludes.iter().any(|prefix| other.ai.starts_with(prefix))
    }
}

const fn row(
    ai: &'static str,
    format: Format,
    length: (u8, u8),
    excludes: &'static [&'static str],
    needs: &'static [Needs],
) -> Row {
    Row { ai, format, length, excludes, needs }
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    //  AI      value          length    not beside       needs
    row("00",   Format::Sscc,   (18, 18), &[],             &[]),
    row("01",   Format::Gtin,   (14, 14), &["255", "37"],  &[]),
    row("02",   Format::Gtin,   (14, 14), &["01", "03"],   &[Needs::Count]),
    row("10",   Format::Text,   (1, 20),  &[],             &[Needs::Item]),
    row("11",   Format::Date,   (6, 6),   &[],             &[Needs::Item]),
    row("12",   Format::Date,   (6, 6),   &[],             &[Needs::PaymentSlip]),
    row("13",   Format::Date,   (6, 6),   &[],             &[Needs::Item]),
    row("15",   Format::Date,   (6, 6),   &[],             &[Needs::Item]),
    row("16",   Format::Date,   (6, 6),   &[],             &[Needs::Item]),
    row("17",   Format::Date,   (6, 6),   &[],             &[Needs::ItemOrCoupon]),
    row("20",   Format::Digits, (2, 2),   &[],             &[Needs::Variable]),
    row("21",   Format::Text,   (1, 20),  &["235"],        &[Needs::SingleItem]),
    row("30",   Format::Digits, (1, 8),   &[],             &[Needs::Measured]),
    row("37",   Format::Digits, (1, 8),   &[],             &[Needs::LogisticUnit, Needs::Content]),
    row("3100", Format::Digits, (6, 6),   &["310"],        &[Needs::Measured]),
    row("3101", Format::Digits, (6, 6),   &["310"],        &[Needs::Measured]),
    row("3102", Format::Digits, (6, 6),   &["310"],        &[Needs::Measured]),
    row("3103", Format::Digits, (6, 6),   &["310"],        &[Needs::Measured]),
    row("3104", Format::Digits, (6, 6),   &["310"],        &[Needs::Measured]),
    row("3105", Format::Digits, (6, 6),   &["310"],        &[Needs::Measured]),
];

/// The row of the AI at the front of `data`, and its place. No AI is the beginning of another, so there is at most one.
pub(crate) fn at_front(data: &[u8]) -> Option<(u8, &'static Row)> {
    (0..).zip(TABLE).find(|(_, row)| data.starts_with(row.ai.as_bytes()))
}

/// The row of an AI.
pub(crate) fn named(ai: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.ai == ai)
}

/// Digits of AI and value together, for AIs that begin with these two digits and end without FNC1 (GS1 General
/// Specifications, figure 7.8.5-2). Holds for AIs that are not in the table too, so that they can be skipped.
pub(crate) fn predefined_length(data: &[u8]) -> Option<usize> {
    Some(match data {
        [b'0', b'0', ..] => 20,
        [b'0', b'1'..=b'3', ..] => 16,
        [b'0', b'4', ..] => 18,
        [b'1', b'1'..=b'9', ..] => 8,
        [b'2', b'0', ..] => 4,
        [b'3', b'1'..=b'6', ..] => 10,
        [b'4', b'1', ..] => 16,
        _ => return None,
    })
}

/// How many digits an AI has that begins with these two (figure 7.8.2-1): to name one that is not in the table.
pub(crate) fn digits_of_ai(data: &[u8]) -> usize {
    match data {
        [b'2', b'3'..=b'5', ..] | [b'4', b'0'..=b'2', ..] | [b'7', b'1', ..] => 3,
        [b'3', b'1'..=b'6' | b'9', ..]
        | [b'4', b'3', ..]
        | [b'7', b'0' | b'2', ..]
        | [b'8', b'0'..=b'2', ..] => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ai_is_the_beginning_of_another() {
        for (one, other) in TABLE.iter().flat_map(|one| TABLE.iter().map(move |other| (one, other))) {
            assert!(one.ai == other.ai || !other.ai.starts_with(one.ai), "{} {}", one.ai, other.ai);
        }
    }

    #[test]
    fn predefined_lengths_agree_with_the_table() {
        for row in TABLE {
            let fixed = row.length.0 == row.length.1;
            let total = fixed.then(|| row.ai.len() + usize::from(row.length.1));
            assert_eq!(predefined_length(row.ai.as_bytes()), total, "{}", row.ai);
            assert_eq!(digits_of_ai(row.ai.as_bytes()), row.ai.len(), "{}", row.ai);
        }
    }
}
