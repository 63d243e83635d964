//! What a scanner sends for an item: the symbol's data, with or without the AIM identifier that names the symbology.

use std::fmt::Write;

use gs1::Gtin;
use jiff::civil::Date;

/// The shortest of 8, 12, 13 and 14 digits that holds the GTIN, as a scanner without AIM identifiers sends it.
#[must_use]
pub fn plain(gtin: Gtin) -> String {
    let number = gtin.as_u64();
    match number {
        0..100_000_000 => format!("{number:08}"),
        100_000_000..1_000_000_000_000 => format!("{number:012}"),
        1_000_000_000_000..10_000_000_000_000 => format!("{number:013}"),
        _ => format!("{number:014}"),
    }
}

/// The GTIN as a scanner with AIM identifiers sends it: `]E4` EAN-8, `]E0` EAN-13 and UPC-A (a zero before its 12
/// digits), and for what fits none of them `]C1`, a GS1-128 with AI (01).
#[must_use]
pub fn identified(gtin: Gtin) -> String {
    let number = gtin.as_u64();
    match number {
        0..100_000_000 => format!("]E4{number:08}"),
        100_000_000..10_000_000_000_000 => format!("]E0{number:013}"),
        _ => format!("]C101{number:014}"),
    }
}

/// A GS1 DataMatrix with GTIN, expiry date, lot and, for a single piece, its serial number:
/// `]d2 01 gtin 17 expiry 10 lot <GS> 21 serial`.
#[must_use]
pub fn data_matrix(gtin: Gtin, expiry: Date, lot: &str, serial: Option<&str>) -> String {
    let (year, month, day) = (expiry.year().rem_euclid(100), expiry.month(), expiry.day());
    let mut symbol = format!("]d201{gtin}17{year:02}{month:02}{day:02}10{lot}");
    if let Some(serial) = serial {
        write!(symbol, "{GS}21{serial}").expect("a string takes whatever is written to it");
    }
    symbol
}

/// FNC1 as scanners send it between elements: ASCII group separator.
const GS: char = '\u{1d}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_symbol_per_length() {
        #[rustfmt::skip]
        let cases = [
            ("00000096385074", "96385074",       "]E496385074"),
            ("00614141000036", "614141000036",   "]E00614141000036"),
            ("04006381333931", "4006381333931",  "]E04006381333931"),
            ("14006381333938", "14006381333938", "]C10114006381333938"),
        ];
        for (gtin, without, with) in cases {
            let gtin: Gtin = gtin.parse().unwrap();
            assert_eq!((plain(gtin).as_str(), identified(gtin).as_str()), (without, with));
            assert_eq!(plain(gtin).parse(), Ok(gtin));
        }
    }

    #[test]
    fn e31_data_matrix() {
        let gtin = "04006381333931".parse().unwrap();
        let expiry = Date::constant(2026, 12, 3);
        assert_eq!(
            data_matrix(gtin, expiry, "7A22", Some("0005")),
            "]d2010400638133393117261203107A22\u{1d}210005"
        );
        assert_eq!(data_matrix(gtin, expiry, "7A22", None), "]d2010400638133393117261203107A22");
    }
}
