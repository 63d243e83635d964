//! North American coupons: AI 8110 and, with a positive offer file, AI 8112 (GS1 US, "North American Coupon Application
//! Guideline"; "GS1 AI (8112) Coupon Data Specification").
//!
//! A coupon is digits only: fields of one length, and fields that say in a digit before them how long they are.

use super::{Lint, chars, fault, times};
use crate::problem::Class;

/// A coupon, and how far it was read.
struct Coupon<'a> {
    digits: &'a [u8],
    at: usize,
}

/// AI 8112: format, funder, offer, serial number.
pub(super) fn offer(value: &[u8]) -> Lint {
    let mut coupon = Coupon::begin(value)?;
    coupon.code(b"01")?;
    coupon.sized(b"0123456", 6)?;
    coupon.take(6)?;
    coupon.sized(b"0123456789", 6)?;
    coupon.end()
}

/// AI 8110: what is bought, what is saved, and optional fields in the order of their numbers.
pub(super) fn code(value: &[u8]) -> Lint {
    let mut coupon = Coupon::begin(value)?;
    // Who issued it, the offer, and the saving.
    coupon.sized(b"0123456", 6)?;
    coupon.take(6)?;
    coupon.sized(b"12345", 0)?;
    coupon.purchase()?;
    if coupon.goes_on_with(b'1') {
        coupon.code(b"0123")?;
        coupon.purchase()?;
        coupon.other_company()?;
    }
    if coupon.goes_on_with(b'2') {
        coupon.purchase()?;
        coupon.other_company()?;
    }
    coupon.dates()?;
    // Serial number.
    if coupon.goes_on_with(b'5') {
        coupon.sized(b"0123456789", 6)?;
    }
    // The retailer's company prefix or location.
    if coupon.goes_on_with(b'6') {
        coupon.sized(b"1234567", 6)?;
    }
    // Save value code, which item it applies to, store coupon, no multiplying.
    if coupon.goes_on_with(b'9') {
        coupon.code(b"01256")?;
        coupon.code(b"012")?;
        coupon.code(b"0123456789")?;
        coupon.code(b"01")?;
    }
    coupon.end()
}

impl<'a> Coupon<'a> {
    fn begin(digits: &'a [u8]) -> Result<Self, super::Fault> {
        chars::digits(digits)?;
        Ok(Self { digits, at: 0 })
    }

    /// What is missing is marked as the whole; what is cut short as what is there of it.
    fn too_short(&self) -> Lint {
        let left = self.digits.len().saturating_sub(self.at);
        if left == 0 {
            fault(Class::Coupon, 0, self.digits.len())
        } else {
            fault(Class::Coupon, self.at, left)
        }
    }

    fn take(&mut self, length: usize) -> Lint {
        if self.digits.len() - self.at < length {
            return self.too_short();
        }
        self.at += length;
        Ok(())
    }

    /// One digit of a few.
    fn code(&mut self, allowed: &[u8]) -> Lint {
        match self.digits.get(self.at) {
            None => self.too_short(),
            Some(digit) if !allowed.contains(digit) => fault(Class::Coupon, self.at, 1),
            Some(_) => {
                self.at += 1;
                Ok(())
            }
        }
    }

    /// A digit that says how many more than `base` follow, and these.
    fn sized(&mut self, allowed: &[u8], base: usize) -> Lint {
        let digit = self.digits.get(self.at).map_or(0, |digit| usize::from(digit - b'0'));
        self.code(allowed)?;
        self.take(base + digit)
    }

    /// What has to be bought: how much, in which way, of which family.
    fn purchase(&mut self) -> Lint {
        self.sized(b"12345", 0)?;
        self.code(b"012349")?;
        self.take(3)
    }

    /// The company of a second or third purchase; 9 is the first one's.
    fn other_company(&mut self) -> Lint {
        if self.digits.get(self.at) == Some(&b'9') {
            return self.take(1);
        }
        self.sized(b"0123456", 6)
    }

    fn dates(&mut self) -> Lint {
        let end = if self.goes_on_with(b'3') { Some(self.date()?) } else { None };
        if self.goes_on_with(b'4') {
            let start = self.date()?;
            // Both with the digits that announce them.
            if end.is_some_and(|end| start > end) {
                return fault(Class::Coupon, self.at - 14, 14);
            }
        }
        Ok(())
    }

    fn date(&mut self) -> Result<&'a [u8], super::Fault> {
        let start = self.at;
        self.take(6)?;
        let date = self.digits.get(start..self.at).unwrap_or_default();
        match times::short_date(date, false) {
            Ok(()) => Ok(date),
            Err(wrong) => Err(super::Fault { class: Class::Coupon, place: (start, 6), ..wrong }),
        }
    }

    /// Passes over the digit that announces an optional field.
    fn goes_on_with(&mut self, digit: u8) -> bool {
        let goes_on = self.digits.get(self.at) == Some(&digit);
        self.at += usize::from(goes_on);
        goes_on
    }

    fn end(&self) -> Lint {
        if self.at == self.digits.len() { Ok(()) } else { self.too_short() }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::String;

    use super::*;

    fn told(lint: Lint, value: &str) -> String {
        match lint {
            Ok(()) => "ok".into(),
            Err(fault) => {
                let (offset, length) = fault.place;
                let (before, rest) = value.split_at(offset);
                let (marked, behind) = rest.split_at(length);
                format!("{before}*{marked}*{behind}")
            }
        }
    }

    #[test]
    fn offers() {
        #[rustfmt::skip]
        let cases = [
            ("001234561234560123456",               "ok"),
            ("061234567890121234569123456789012345","ok"),
            ("201234561234560123456",               "*2*01234561234560123456"),
            ("0",                                   "*0*"),
            ("07",                                  "0*7*"),
            ("00",                                  "*00*"),
            ("001",                                 "00*1*"),
            ("00123456",                            "*00123456*"),
            ("001234561",                           "00123456*1*"),
            ("00123456123456",                      "*00123456123456*"),
            ("001234561234561123456",               "001234561234561*123456*"),
            ("0012345612345601234567",              "001234561234560123456*7*"),
            ("00123456123456012345a",               "00123456123456012345*a*"),
        ];
        for (value, outcome) in cases {
            assert_eq!(told(offer(value.as_bytes()), value), outcome, "{value}");
        }
    }

    #[test]
    fn coupons() {
        #[rustfmt::skip]
        let cases = [
            ("012345612345611110123",                     "ok"),
            ("71234567890123",                            "*7*1234567890123"),
            ("012345",                                    "0*12345*"),
            ("0123456123456",                             "*0123456123456*"),
            ("01234561234560",                            "0123456123456*0*"),
            ("012345612345621",                           "01234561234562*1*"),
            ("012345612345611115",                        "01234561234561111*5*"),
            ("0123456123456111101231",                    "*0123456123456111101231*"),
            ("01234561234561111012314",                   "0123456123456111101231*4*"),
            ("0123456123456111101231011012390",           "012345612345611110123101101239*0*"),
            ("012345612345611110123101101239",            "ok"),
            ("0123456123456111101233200010",              "0123456123456111101233*200010*"),
            ("0123456123456111101233250131",              "ok"),
            ("01234561234561111012335006064500607",       "012345612345611110123*35006064500607*"),
            ("012345612345611110123900000",               "01234561234561111012390000*0*"),
            ("01234561234561111012390002",                "0123456123456111101239000*2*"),
            ("0123456123456111101239000",                 "*0123456123456111101239000*"),
            ("01234561234561111012393",                   "0123456123456111101239*3*"),
        ];
        for (value, outcome) in cases {
            assert_eq!(told(code(value.as_bytes()), value), outcome, "{value}");
        }
    }
}
