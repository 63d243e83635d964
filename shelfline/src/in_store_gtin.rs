//! The rule that gives a shop's own item code a GTIN, so that any file can be replayed as barcode scans.
//!
//! The code is trimmed and its letters a-z are made capitals (no other letters change, so that the rule does not depend on
//! a version of Unicode). Then the first of these that fits applies:
//!
//! 1. **Own GTIN.** 8, 12, 13 or 14 digits with the right check digit are that GTIN.
//! 2. **Regular code.** Five digits and up to two letters A-Z become an EAN-13 with the restricted prefix 20, exactly
//!    and reversibly: `20 ddddd sss 00 c`, where `ddddd` are the digits, `c` is the check digit, and `sss` is the suffix
//!    counted as spreadsheets count columns: none = 000, A = 001, Z = 026, AA = 027, ZZ = 702.
//!    `85123A` becomes `2085123001002`.
//! 3. **Any other code** becomes an EAN-13 with the restricted prefix 21: `21 hhhhhhhhhh c`, where `h..` are the first 8
//!    bytes of the code's BLAKE3 hash as a big-endian number, modulo 10^10, with leading zeros.
//!
//! Prefixes 20-29 are for use inside a company only (GS1 General Specifications, section 1.4), which is what these numbers
//! are. Rules 1 and 2 never give two codes one number but where a code of rule 1 is itself in the range of rule 2 or 3;
//! that, and two codes with one hash, [`crate::catalogue::CatalogueBuilder`] finds and refuses, naming both codes.

use gs1::Gtin;

/// A shop's item code in its normal form: trimmed, a-z as capitals, not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemCode(String);

/// The code is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the item code is empty")]
pub struct EmptyCode;

/// Which part of the rule gave a code its GTIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The code is a GTIN itself.
    Own,
    /// Five digits and up to two letters, mapped one to one (prefix 20).
    Regular,
    /// Any other code, mapped by its hash (prefix 21).
    Hashed,
}

// === impl ItemCode ===

impl ItemCode {
    /// Brings a code into its normal form.
    ///
    /// # Errors
    /// [`EmptyCode`] when nothing but white space was given.
    pub fn new(text: &str) -> Result<Self, EmptyCode> {
        let normal = text.trim().to_ascii_uppercase();
        if normal.is_empty() { Err(EmptyCode) } else { Ok(Self(normal)) }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code's GTIN by the rule of this module, and which part of the rule gave it.
    #[must_use]
    pub fn gtin(&self) -> (Gtin, Origin) {
        let code = self.as_str();
        if let Some(own) = own_gtin(code) {
            return (own, Origin::Own);
        }
        match regular_payload(code) {
            Some(payload) => (with_check_digit(payload), Origin::Regular),
            None => (with_check_digit(hashed_payload(code)), Origin::Hashed),
        }
    }
}

/// The code that rule 2 turned into this GTIN; `None` for every other GTIN.
#[must_use]
pub fn regular_code(gtin: Gtin) -> Option<String> {
    let payload = gtin.as_u64() / 10;
    let (digits, suffix) = (payload / 100_000 % 100_000, payload / 100 % 1000);
    let ours = payload / 10_000_000_000 == u64::from(REGULAR_PREFIX) && payload.is_multiple_of(100);
    if !ours || suffix > SUFFIX_MAX {
        return None;
    }
    Some(format!("{digits:05}{}", suffix_letters(suffix)))
}

/// Eight zeros have the right check digit too, but are nobody's number.
fn own_gtin(code: &str) -> Option<Gtin> {
    code.parse().ok().filter(|gtin: &Gtin| gtin.as_u64() != 0)
}

fn with_check_digit(payload: u64) -> Gtin {
    Gtin::with_check_digit(payload).expect("a payload of twelve digits is below the limit of thirteen")
}

/// Twelve digits of rule 2, without the check digit.
fn regular_payload(code: &str) -> Option<u64> {
    let (digits, letters) = code.split_at_checked(5)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) || letters.len() > 2 {
        return None;
    }
    let suffix = letters.bytes().try_fold(0, |sum, letter| {
        letter.is_ascii_uppercase().then(|| sum * 26 + u64::from(letter - b'A') + 1)
    })?;
    let digits: u64 = digits.parse().ok()?;
    Some(u64::from(REGULAR_PREFIX) * 10_000_000_000 + digits * 100_000 + suffix * 100)
}

/// Letters of a suffix counted as spreadsheets count columns; none for 0.
fn suffix_letters(suffix: u64) -> String {
    let letter =
        |place: u64| place.checked_sub(1).and_then(|n| ('A'..='Z').nth(usize::try_from(n % 26).ok()?));
    let (first, last) = if suffix > 26 { ((suffix - 1) / 26, (suffix - 1) % 26 + 1) } else { (0, suffix) };
    [letter(first), letter(last)].into_iter().flatten().collect()
}

/// Twelve digits of rule 3, without the check digit.
fn hashed_payload(code: &str) -> u64 {
    u64::from(HASHED_PREFIX) * 10_000_000_000 + stable_hash(code) % 10_000_000_000
}

/// The first 8 bytes of the text's BLAKE3 hash as a big-endian number: the same on every machine and in every version.
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

const REGULAR_PREFIX: u8 = 20;
const HASHED_PREFIX: u8 = 21;
/// `ZZ`.
const SUFFIX_MAX: u64 = 26 * 26 + 26;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn gtin(code: &str) -> (String, Origin) {
        let (gtin, origin) = ItemCode::new(code).unwrap().gtin();
        (gtin.to_string(), origin)
    }

    #[test]
    fn the_rule_by_example() {
        #[rustfmt::skip]
        let cases = [
            // code              GTIN              part of the rule
            ("85123A",           "02085123001002", Origin::Regular),
            (" 85123a ",         "02085123001002", Origin::Regular),
            ("71053",            "02071053000000", Origin::Regular),
            ("00000",            "02000000000008", Origin::Regular),
            ("99999ZZ",          "02099999702000", Origin::Regular),
            ("4006381333931",    "04006381333931", Origin::Own),
            ("96385074",         "00000096385074", Origin::Own),
            ("614141000036",     "00614141000036", Origin::Own),
            ("14006381333938",   "14006381333938", Origin::Own),
            // A GTIN with a wrong check digit is a code like any other, and so are eight zeros.
            ("4006381333932",    "02159377781260", Origin::Hashed),
            ("00000000",         "02191123680144", Origin::Hashed),
            ("POST",             "02136230929861", Origin::Hashed),
            ("gift_0001_20",     "02149227866926", Origin::Hashed),
            ("85123ABC",         "02175692198835", Origin::Hashed),
            ("8512A",            "02150517363322", Origin::Hashed),
            ("85123É",           "02190276731475", Origin::Hashed),
        ];
        for (code, number, origin) in cases {
            assert_eq!(gtin(code), (number.to_owned(), origin), "{code}");
        }
    }

    #[test]
    fn an_empty_code_is_refused() {
        assert_eq!(ItemCode::new(" \t"), Err(EmptyCode));
    }

    #[test]
    fn every_suffix_leads_back_to_its_code() {
        let letters = || ('A'..='Z').map(String::from);
        let pairs = letters().flat_map(|first| letters().map(move |last| format!("{first}{last}")));
        let mut seen = BTreeMap::new();
        for suffix in std::iter::once(String::new()).chain(letters()).chain(pairs) {
            let code = format!("12345{suffix}");
            let (gtin, origin) = ItemCode::new(&code).unwrap().gtin();
            assert_eq!(origin, Origin::Regular);
            assert_eq!(regular_code(gtin).as_deref(), Some(code.as_str()));
            assert_eq!(seen.insert(gtin, code), None);
        }
        assert_eq!(seen.len(), 703);
    }

    #[test]
    fn numbers_of_others_have_no_regular_code() {
        for payload in [400_638_133_393, 208_512_370_300, 208_512_300_101, 213_623_092_986] {
            let gtin = Gtin::with_check_digit(payload).unwrap();
            assert_eq!(regular_code(gtin), None, "{gtin}");
        }
    }

    proptest! {
        #[test]
        fn distinct_regular_codes_have_distinct_sound_gtins(
            codes in proptest::collection::btree_set("[0-9]{5}[A-Z]{0,2}", 2..50)
        ) {
            let mut seen = BTreeMap::new();
            for code in codes {
                let (gtin, origin) = ItemCode::new(&code).unwrap().gtin();
                prop_assert_eq!(origin, Origin::Regular);
                prop_assert_eq!(Gtin::new(gtin.as_u64()), Ok(gtin));
                prop_assert!(gtin.is_restricted());
                prop_assert_eq!(regular_code(gtin), Some(code.clone()));
                prop_assert_eq!(seen.insert(gtin, code), None);
            }
        }

        #[test]
        fn any_code_has_a_sound_gtin_that_ignores_case_and_surrounding_space(code in "\\PC{1,20}") {
            if let Ok(item) = ItemCode::new(&code) {
                let (gtin, origin) = item.gtin();
                prop_assert_eq!(Gtin::new(gtin.as_u64()), Ok(gtin));
                prop_assert_eq!(ItemCode::new(&format!(" {} ", code.to_ascii_lowercase())).unwrap().gtin(), (gtin, origin));
                prop_assert_eq!(origin == Origin::Regular, regular_code(gtin).is_some() && origin != Origin::Own);
            }
        }
    }
}
