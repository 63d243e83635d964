//! The patterns of countries, as far as their GS1 organisations have published them; Norway's are what its goods show.

use super::pattern::{Measure, Pattern, Strictness};

/// A country with agreed patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names say all")]
pub enum Country {
    Denmark,
    Estonia,
    Finland,
    Germany,
    GreatBritain,
    Latvia,
    Lithuania,
    Norway,
    Sweden,
}

impl Country {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Denmark,
        Self::Estonia,
        Self::Finland,
        Self::Germany,
        Self::GreatBritain,
        Self::Latvia,
        Self::Lithuania,
        Self::Norway,
        Self::Sweden,
    ];

    /// Its two-letter code (ISO 3166), in small letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Denmark => "dk",
            Self::Estonia => "ee",
            Self::Finland => "fi",
            Self::Germany => "de",
            Self::GreatBritain => "gb",
            Self::Latvia => "lv",
            Self::Lithuania => "lt",
            Self::Norway => "no",
            Self::Sweden => "se",
        }
    }

    /// The country of a two-letter code, in capitals or not.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|country| country.code().eq_ignore_ascii_case(code))
    }

    /// The currency of its prices (ISO 4217), where it has patterns for prices.
    #[must_use]
    pub const fn currency(self) -> Option<&'static str> {
        match self {
            Self::Denmark => Some("DKK"),
            Self::Germany => Some("EUR"),
            Self::GreatBritain => Some("GBP"),
            Self::Norway => Some("NOK"),
            Self::Sweden => Some("SEK"),
            Self::Estonia | Self::Finland | Self::Latvia | Self::Lithuania => None,
        }
    }

    /// Its patterns.
    #[must_use]
    pub const fn patterns(self) -> &'static [Pattern] {
        match self {
            Self::Denmark => DENMARK,
            Self::Germany => GERMANY,
            Self::GreatBritain => GREAT_BRITAIN,
            Self::Estonia | Self::Finland | Self::Latvia | Self::Lithuania => BALTIC,
            Self::Norway | Self::Sweden => SCANDINAVIA,
        }
    }
}

const fn price(layout: &[u8; 12], decimals: u8) -> Pattern {
    Pattern { layout: *layout, measure: Measure::Price, decimals, strictness: Strictness::Both }
}

const fn weight(layout: &[u8; 12], decimals: u8) -> Pattern {
    Pattern { layout: *layout, measure: Measure::Weight, decimals, strictness: Strictness::Both }
}

const fn count(layout: &[u8; 12]) -> Pattern {
    Pattern { layout: *layout, measure: Measure::Count, decimals: 0, strictness: Strictness::Both }
}

const DENMARK: &[Pattern] = &[
    price(b"21IIIIVVVVVV", 2),
    price(b"22IIIIVVVVVV", 2),
    price(b"23IIIIVVVVVV", 2),
    price(b"24IIIIVVVVVV", 2),
    weight(b"26IIIIVVVVVV", 3),
    weight(b"27IIIIIVVVVV", 3),
    weight(b"28IIIIVVVVVV", 3),
];

const GERMANY: &[Pattern] = &[
    price(b"22IIIICVVVVV", 2),
    price(b"23IIIICVVVVV", 2),
    count(b"25IIIICVVVVV"),
    count(b"26IIIICVVVVV"),
    weight(b"28IIIICVVVVV", 3),
    weight(b"29IIIICVVVVV", 3),
];

const GREAT_BRITAIN: &[Pattern] = &[price(b"20IIIIICVVVV", 2)];

const BALTIC: &[Pattern] =
    &[weight(b"23IIIIIIVVVV", 3), weight(b"24IIIIIIVVVV", 2), weight(b"25IIIIIIVVVV", 1)];

const SCANDINAVIA: &[Pattern] = &[
    price(b"20IIIIIIVVVV", 2),
    price(b"21IIIIIIVVVV", 1),
    price(b"22IIIIIIVVVV", 0),
    weight(b"23IIIIIIVVVV", 3),
    weight(b"24IIIIIIVVVV", 2),
    weight(b"25IIIIIIVVVV", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for pattern in Country::ALL.iter().flat_map(|country| country.patterns()) {
            let layout = str::from_utf8(&pattern.layout).unwrap();
            assert_eq!(Pattern::new(layout, pattern.measure, pattern.decimals), Ok(*pattern));
        }
    }
}
