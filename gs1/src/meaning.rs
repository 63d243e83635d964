//! What values mean: dates, decimals, money, measures, counts. Worked out when asked for, never while reading.
//!
//! An element says what its value means whether or not it is sound; a value that cannot mean it gives nothing.

use core::fmt;

use crate::date::{CivilDate, Moment, Time};
use crate::digits;
use crate::reading::Element;

/// A number with a fixed count of decimals: no float, and nothing lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    digits: i64,
    scale: u8,
}

/// A currency of ISO 4217, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u16);

/// An amount of money; without a currency it is that of the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub currency: Option<Currency>,
}

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Measure {
    /// What was measured.
    pub quantity: Quantity,
    /// In which unit.
    pub unit: Unit,
    /// How much.
    pub amount: Decimal,
    /// Of a logistic unit with its packaging, rather than of the trade item.
    pub logistic: bool,
}

/// What a measure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Weight: net of a trade item, gross of a logistic unit.
    Weight,
    /// Length, or first dimension.
    Length,
    /// Width, diameter, or second dimension.
    Width,
    /// Depth, thickness, height, or third dimension.
    Height,
    /// Area.
    Area,
    /// Volume: net of a trade item, gross of a logistic unit.
    Volume,
    /// Weight of an area.
    WeightPerArea,
    /// The highest temperature that it may have.
    MaxTemperature,
    /// The lowest temperature that it may have.
    MinTemperature,
}

/// The unit of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "units are what their names say")]
pub enum Unit {
    Kilogram,
    Pound,
    TroyOunce,
    Metre,
    Inch,
    Foot,
    Yard,
    SquareMetre,
    SquareInch,
    SquareFoot,
    SquareYard,
    Litre,
    CubicMetre,
    FluidOunce,
    Quart,
    Gallon,
    CubicInch,
    CubicFoot,
    CubicYard,
    KilogramPerSquareMetre,
    Fahrenheit,
    Celsius,
}

impl Element<'_> {
    /// The day of a date; the first one of a range. Two-digit years are seen from `reference_year`, which is the current
    /// one; day 00 is the last of the month.
    #[must_use]
    pub fn date(&self, reference_year: i16) -> Option<CivilDate> {
        self.moment(reference_year).map(|moment| moment.date)
    }

    /// The last day of a range of dates (AI 7007).
    #[must_use]
    pub fn end_date(&self, reference_year: i16) -> Option<CivilDate> {
        let end = (self.ai == "7007").then(|| self.value.get(6..12))??;
        CivilDate::from_short(end, reference_year)
    }

    /// The day, and the time of day where there is one.
    #[must_use]
    pub fn moment(&self, reference_year: i16) -> Option<Moment> {
        let (date, time) = match self.ai.as_str() {
            "11" | "12" | "13" | "15" | "16" | "17" | "4324" | "4325" | "4326" | "7003" | "7006" | "7007"
            | "7011" | "8008" => {
                let (date, rest) = self.value.split_at_checked(6)?;
                (CivilDate::from_short(date, reference_year)?, rest)
            }
            "7250" | "7251" => {
                let (date, rest) = self.value.split_at_checked(8)?;
                (CivilDate::from_long(date)?, rest)
            }
            _ => return None,
        };
        // What is behind the first day of a range is another day.
        let time = if time.is_empty() || self.ai == "7007" { None } else { Some(Time::parse(time)?) };
        Some(Moment { date, time })
    }

    /// The number of a measure, amount, price, percentage or temperature, with the decimals that its AI says.
    #[must_use]
    pub fn decimal(&self) -> Option<Decimal> {
        let value = self.value;
        match self.ai.as_str().as_bytes() {
            [b'3', b'1'..=b'6', _, n] | [b'3', b'9', b'0' | b'2' | b'4' | b'5', n] => {
                Decimal::parse(value, n - b'0')
            }
            [b'3', b'9', b'1' | b'3', n] => Decimal::parse(value.get(3..)?, n - b'0'),
            b"4330" | b"4331" | b"4332" | b"4333" => {
                let (digits, sign) = value.split_at_checked(6)?;
                let positive = Decimal::parse(digits, 2)?;
                Some(if sign == "-" { Decimal { digits: -positive.digits, ..positive } } else { positive })
            }
            _ => None,
        }
    }

    /// An amount to pay (AI 390n, 391n) or a price (392n, 393n, 395n).
    #[must_use]
    pub fn money(&self) -> Option<Money> {
        let currency = match self.ai.as_str().as_bytes() {
            [b'3', b'9', b'0' | b'2' | b'5', _] => None,
            [b'3', b'9', b'1' | b'3', _] => Some(Currency::parse(self.value.get(..3)?)?),
            _ => return None,
        };
        Some(Money { amount: self.decimal()?, currency })
    }

    /// A measure (AI 310n to 369n) or a temperature (4330 to 4333).
    #[must_use]
    pub fn measure(&self) -> Option<Measure> {
        let ai = self.ai.as_str();
        let (quantity, unit, logistic) = match ai.get(..3)? {
            "433" => match ai {
                "4330" => (Quantity::MaxTemperature, Unit::Fahrenheit, true),
                "4331" => (Quantity::MaxTemperature, Unit::Celsius, true),
                "4332" => (Quantity::MinTemperature, Unit::Fahrenheit, true),
                "4333" => (Quantity::MinTemperature, Unit::Celsius, true),
                _ => return None,
            },
            family => {
                let (_, quantity, unit, logistic) = MEASURES.iter().find(|(of, ..)| *of == family)?;
                (*quantity, *unit, *logistic)
            }
        };
        Some(Measure { quantity, unit, amount: self.decimal()?, logistic })
    }

    /// How many pieces: AI 30 and 37.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let counts = self.ai == "30" || self.ai == "37";
        counts.then(|| digits::number(self.value.as_bytes()).ok())?
    }
}

/// The first three digits of an AI, and what is measured.
#[rustfmt::skip]
const MEASURES: &[(&str, Quantity, Unit, bool)] = &[
    ("310", Quantity::Weight, Unit::Kilogram, false),
    ("311", Quantity::Length, Unit::Metre, false),
    ("312", Quantity::Width,  Unit::Metre, false),
    ("313", Quantity::Height, Unit::Metre, false),
    ("314", Quantity::Area,   Unit::SquareMetre, false),
    ("315", Quantity::Volume, Unit::Litre, false),
    ("316", Quantity::Volume, Unit::CubicMetre, false),
    ("320", Quantity::Weight, Unit::Pound, false),
    ("321", Quantity::Length, Unit::Inch, false),
    ("322", Quantity::Length, Unit::Foot, false),
    ("323", Quantity::Length, Unit::Yard, false),
    ("324", Quantity::Width,  Unit::Inch, false),
    ("325", Quantity::Width,  Unit::Foot, false),
    ("326", Quantity::Width,  Unit::Yard, false),
    ("327", Quantity::Height, Unit::Inch, false),
    ("328", Quantity::Height, Unit::Foot, false),
    ("329", Quantity::Height, Unit::Yard, false),
    ("330", Quantity::Weight, Unit::Kilogram, true),
    ("331", Quantity::Length, Unit::Metre, true),
    ("332", Quantity::Width,  Unit::Metre, true),
    ("333", Quantity::Height, Unit::Metre, true),
    ("334", Quantity::Area,   Unit::SquareMetre, true),
    ("335", Quantity::Volume, Unit::Litre, true),
    ("336", Quantity::Volume, Unit::CubicMetre, true),
    ("337", Quantity::WeightPerArea, Unit::KilogramPerSquareMetre, false),
    ("340", Quantity::Weight, Unit::Pound, true),
    ("341", Quantity::Length, Unit::Inch, true),
    ("342", Quantity::Length, Unit::Foot, true),
    ("343", Quantity::Length, Unit::Yard, true),
    ("344", Quantity::Width,  Unit::Inch, true),
    ("345", Quantity::Width,  Unit::Foot, true),
    ("346", Quantity::Width,  Unit::Yard, true),
    ("347", Quantity::Height, Unit::Inch, true),
    ("348", Quantity::Height, Unit::Foot, true),
    ("349", Quantity::Height, Unit::Yard, true),
    ("350", Quantity::Area,   Unit::SquareInch, false),
    ("351", Quantity::Area,   Unit::SquareFoot, false),
    ("352", Quantity::Area,   Unit::SquareYard, false),
    ("353", Quantity::Area,   Unit::SquareInch, true),
    ("354", Quantity::Area,   Unit::SquareFoot, true),
    ("355", Quantity::Area,   Unit::SquareYard, true),
    ("356", Quantity::Weight, Unit::TroyOunce, false),
    ("357", Quantity::Volume, Unit::FluidOunce, false),
    ("360", Quantity::Volume, Unit::Quart, false),
    ("361", Quantity::Volume, Unit::Gallon, false),
    ("362", Quantity::Volume, Unit::Quart, true),
    ("363", Quantity::Volume, Unit::Gallon, true),
    ("364", Quantity::Volume, Unit::CubicInch, false),
    ("365", Quantity::Volume, Unit::CubicFoot, false),
    ("366", Quantity::Volume, Unit::CubicYard, false),
    ("367", Quantity::Volume, Unit::CubicInch, true),
    ("368", Quantity::Volume, Unit::CubicFoot, true),
    ("369", Quantity::Volume, Unit::CubicYard, true),
];

impl Decimal {
    fn parse(digits: &str, scale: u8) -> Option<Self> {
        if digits.is_empty() || scale > 9 {
            return None;
        }
        let digits = digits::number(digits.as_bytes()).ok()?;
        Some(Self { digits: i64::try_from(digits).ok()?, scale })
    }

    /// The number without its point.
    #[must_use]
    pub const fn digits(self) -> i64 {
        self.digits
    }

    /// How many of the digits are behind the point: 0 to 9.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }
}

impl fmt::Display for Decimal {
    /// With all its decimals: `12.50`, `0.012`, `-3.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let one = 10u64.pow(u32::from(self.scale));
        let (whole, rest) = (self.digits.unsigned_abs() / one, self.digits.unsigned_abs() % one);
        match usize::from(self.scale) {
            0 => write!(f, "{sign}{whole}"),
            width => write!(f, "{sign}{whole}.{rest:0width$}"),
        }
    }
}

impl Currency {
    fn parse(digits: &str) -> Option<Self> {
        u16::try_from(digits::number(digits.as_bytes()).ok()?).ok().map(Self)
    }

    /// The number of ISO 4217: 978 is the euro.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The letters of ISO 4217, where the currency is one: `EUR`.
    #[must_use]
    pub fn letters(self) -> Option<&'static str> {
        CURRENCIES.iter().find(|(number, _)| *number == self.0).map(|(_, letters)| *letters)
    }
}

impl fmt::Display for Currency {
    /// The letters, or the number where there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.letters() {
            Some(letters) => f.write_str(letters),
            None => write!(f, "{:03}", self.0),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.amount.fmt(f)?;
        self.currency.map_or(Ok(()), |currency| write!(f, " {currency}"))
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit)
    }
}

impl fmt::Display for Unit {
    /// Its usual sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kilogram => "kg",
            Self::Pound => "lb",
            Self::TroyOunce => "oz t",
            Self::Metre => "m",
            Self::Inch => "in",
            Self::Foot => "ft",
            Self::Yard => "yd",
            Self::SquareMetre => "m²",
            Self::SquareInch => "in²",
            Self::SquareFoot => "ft²",
            Self::SquareYard => "yd²",
            Self::Litre => "l",
            Self::CubicMetre => "m³",
            Self::FluidOunce => "fl oz",
            Self::Quart => "qt",
            Self::Gallon => "gal",
            Self::CubicInch => "in³",
            Self::CubicFoot => "ft³",
            Self::CubicYard => "yd³",
            Self::KilogramPerSquareMetre => "kg/m²",
            Self::Fahrenheit => "°F",
            Self::Celsius => "°C",
        })
    }
}

/// ISO 4217: numbers and letters, in the order of the numbers.
#[rustfmt::skip]
const CURRENCIES: &[(u16, &str)] = &[
    (8, "ALL"), (12, "DZD"), (32, "ARS"), (36, "AUD"), (44, "BSD"), (48, "BHD"), (50, "BDT"), (51, "AMD"), (52, "BBD"),
    (60, "BMD"), (64, "BTN"), (68, "BOB"), (72, "BWP"), (84, "BZD"), (90, "SBD"), (96, "BND"), (104, "MMK"),
    (108, "BIF"), (116, "KHR"), (124, "CAD"), (132, "CVE"), (136, "KYD"), (144, "LKR"), (152, "CLP"), (156, "CNY"),
    (170, "COP"), (174, "KMF"), (188, "CRC"), (192, "CUP"), (203, "CZK"), (208, "DKK"), (214, "DOP"), (222, "SVC"),
    (230, "ETB"), (232, "ERN"), (238, "FKP"), (242, "FJD"), (262, "DJF"), (270, "GMD"), (292, "GIP"), (320, "GTQ"),
    (324, "GNF"), (328, "GYD"), (332, "HTG"), (340, "HNL"), (344, "HKD"), (348, "HUF"), (352, "ISK"), (356, "INR"),
    (360, "IDR"), (364, "IRR"), (368, "IQD"), (376, "ILS"), (388, "JMD"), (392, "JPY"), (396, "XAD"), (398, "KZT"),
    (400, "JOD"), (404, "KES"), (408, "KPW"), (410, "KRW"), (414, "KWD"), (417, "KGS"), (418, "LAK"), (422, "LBP"),
    (426, "LSL"), (430, "LRD"), (434, "LYD"), (446, "MOP"), (454, "MWK"), (458, "MYR"), (462, "MVR"), (480, "MUR"),
    (484, "MXN"), (496, "MNT"), (498, "MDL"), (504, "MAD"), (512, "OMR"), (516, "NAD"), (524, "NPR"), (532, "XCG"),
    (533, "AWG"), (548, "VUV"), (554, "NZD"), (558, "NIO"), (566, "NGN"), (578, "NOK"), (586, "PKR"), (590, "PAB"),
    (598, "PGK"), (600, "PYG"), (604, "PEN"), (608, "PHP"), (634, "QAR"), (643, "RUB"), (646, "RWF"), (654, "SHP"),
    (682, "SAR"), (690, "SCR"), (702, "SGD"), (704, "VND"), (706, "SOS"), (710, "ZAR"), (728, "SSP"), (748, "SZL"),
    (752, "SEK"), (756, "CHF"), (760, "SYP"), (764, "THB"), (776, "TOP"), (780, "TTD"), (784, "AED"), (788, "TND"),
    (800, "UGX"), (807, "MKD"), (818, "EGP"), (826, "GBP"), (834, "TZS"), (840, "USD"), (858, "UYU"), (860, "UZS"),
    (882, "WST"), (886, "YER"), (901, "TWD"), (924, "ZWG"), (925, "SLE"), (926, "VED"), (927, "UYW"), (928, "VES"),
    (929, "MRU"), (930, "STN"), (933, "BYN"), (934, "TMT"), (936, "GHS"), (938, "SDG"), (940, "UYI"), (941, "RSD"),
    (943, "MZN"), (944, "AZN"), (946, "RON"), (947, "CHE"), (948, "CHW"), (949, "TRY"), (950, "XAF"), (951, "XCD"),
    (952, "XOF"), (953, "XPF"), (955, "XBA"), (956, "XBB"), (957, "XBC"), (958, "XBD"), (959, "XAU"), (960, "XDR"),
    (961, "XAG"), (962, "XPT"), (963, "XTS"), (964, "XPD"), (965, "XUA"), (967, "ZMW"), (968, "SRD"), (969, "MGA"),
    (970, "COU"), (971, "AFN"), (972, "TJS"), (973, "AOA"), (975, "BGN"), (976, "CDF"), (977, "BAM"), (978, "EUR"),
    (979, "MXV"), (980, "UAH"), (981, "GEL"), (984, "BOV"), (985, "PLN"), (986, "BRL"), (990, "CLF"), (994, "XSU"),
    (997, "USN"), (999, "XXX"),
];

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::{String, ToString as _};

    use super::*;
    use crate::lint::codes;
    use crate::{Ai, Span};

    #[test]
    fn every_currency_has_letters() {
        let numbers = (0..1000).filter(|number| codes::is_currency(format!("{number:03}").as_bytes()));
        assert!(numbers.eq(CURRENCIES.iter().map(|(number, _)| *number)));
    }

    fn told(ai: &str, value: &str) -> String {
        let element = Element { ai: Ai::new(ai.as_bytes()), value, span: Span::default(), title: "" };
        let answers = [
            element.moment(2026).map(|it| it.to_string()),
            element.end_date(2026).map(|it| format!("to {it}")),
            element.money().map(|it| it.to_string()).or_else(|| element.measure().map(|it| it.to_string())),
            element.count().map(|it| format!("{it} pieces")),
        ];
        let answers: std::vec::Vec<_> = answers.into_iter().flatten().collect();
        if answers.is_empty() {
            element.decimal().map_or_else(|| "none".into(), |it| it.to_string())
        } else {
            answers.join(" ")
        }
    }

    #[test]
    fn values_mean_what_their_ais_say() {
        #[rustfmt::skip]
        let cases = [
            ("3924", "66037970952",    "6603797.0952"),
            ("3903", "12",             "0.012"),
            ("3900", "12",             "12"),
            ("3932", "9781250",        "12.50 EUR"),
            ("3910", "0085",           "5 ALL"),
            ("3911", "98712",          "1.2 987"),
            ("3912", "97",             "none"),
            ("3941", "0155",           "15.5"),
            ("3431", "476800",         "47680.0 yd"),
            ("3103", "000500",         "0.500 kg"),
            ("3365", "000001",         "0.00001 m³"),
            ("4333", "001850-",        "-18.50 °C"),
            ("4330", "010000",         "100.00 °F"),
            ("7006", "960327",         "1996-03-27"),
            ("17",   "260200",         "2026-02-28"),
            ("7003", "2612312359",     "2026-12-31T23:59:00"),
            ("8008", "26123123",       "2026-12-31T23:00:00"),
            ("8008", "261231235958",   "2026-12-31T23:59:58"),
            ("7007", "261201261203",   "2026-12-01 to 2026-12-03"),
            ("7007", "261201",         "2026-12-01"),
            ("7011", "2612011530",     "2026-12-01T15:30:00"),
            ("7250", "19040229",       "1904-02-29"),
            ("7251", "200002292200",   "2000-02-29T22:00:00"),
            ("17",   "261301",         "none"),
            ("7003", "2612312460",     "none"),
            ("37",   "48",             "48 pieces"),
            ("10",   "261231",         "none"),
            ("3100", "é00000",         "none"),
        ];
        for (ai, value, meant) in cases {
            assert_eq!(told(ai, value), meant, "({ai}){value}");
        }
    }
}
