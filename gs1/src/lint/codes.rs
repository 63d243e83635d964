//! Codes of lists: countries, currencies, packages, media. Facts of ISO 3166, ISO 4217 and GS1's code lists as they stood with
//! release 2026-01-27 of the dictionary, as bits or as letters by their first one.

use super::{Fault, Found, Lint, fault};
use crate::digits;
use crate::problem::Class;

pub(super) fn country(value: &[u8]) -> Lint {
    number(value, &COUNTRIES, Class::Country)
}

pub(super) fn country_or_999(value: &[u8]) -> Lint {
    if value == b"999" { Ok(()) } else { country(value) }
}

pub(super) fn country_letters(value: &[u8]) -> Lint {
    let &[first, second] = value else { return fault(Class::Country, 0, value.len()) };
    let seconds = first.checked_sub(b'A').and_then(|place| COUNTRY_LETTERS.get(usize::from(place)));
    match seconds {
        Some(seconds) if seconds.as_bytes().contains(&second) => Ok(()),
        _ => fault(Class::Country, 0, 2),
    }
}

pub(super) fn currency(value: &[u8]) -> Lint {
    number(value, &CURRENCIES, Class::Currency)
}

pub(super) fn media_type(value: &[u8]) -> Lint {
    match digits::number(value) {
        Ok(1..=10 | 80..=99) => Ok(()),
        _ => fault(Class::MediaType, 0, value.len()),
    }
}

/// ISO 5218: not known, male, female, not applicable.
pub(super) fn sex(value: &[u8]) -> Lint {
    if matches!(value, b"0" | b"1" | b"2" | b"9") { Ok(()) } else { fault(Class::SexCode, 0, value.len()) }
}

pub(super) fn importer_index(value: &[u8]) -> Lint {
    match value {
        [byte] if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') => Ok(()),
        [byte] => Err(Fault { class: Class::ImporterIndex, found: Found::Byte(*byte), place: (0, 1) }),
        _ => fault(Class::ImporterIndex, 0, value.len()),
    }
}

pub(super) fn package_type(value: &[u8]) -> Lint {
    let known = match *value {
        [only] => matches!(only, b'8' | b'9'),
        [first, second] => PACKAGES_OF_2
            .iter()
            .any(|(letter, seconds)| *letter == first && seconds.as_bytes().contains(&second)),
        [_, _, _] => PACKAGES_OF_3.iter().any(|code| code.as_bytes() == value),
        _ => false,
    };
    if known { Ok(()) } else { fault(Class::PackageType, 0, value.len()) }
}

#[cfg(test)]
pub(crate) fn is_currency(value: &[u8]) -> bool {
    currency(value).is_ok()
}

/// Whether a number is in a list.
fn number(value: &[u8], list: &Bits, class: Class) -> Lint {
    let known = digits::number(value).is_ok_and(|number| {
        let word = usize::try_from(number / 64).ok().and_then(|word| list.get(word));
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
    });
    if known { Ok(()) } else { fault(class, 0, value.len()) }
}

/// Numbers of three digits.
type Bits = [u64; 16];

#[expect(clippy::indexing_slicing, reason = "for the compiler, which refuses a number above 1023")]
const fn bits(numbers: &[u16]) -> Bits {
    let (mut bits, mut place) = ([0; 16], 0);
    while place < numbers.len() {
        let number = numbers[place];
        bits[number as usize / 64] |= 1 << (number % 64);
        place += 1;
    }
    bits
}

/// ISO 3166-1, numbers.
#[rustfmt::skip]
static COUNTRIES: Bits = bits(&[
    4, 8, 10, 12, 16, 20, 24, 28, 31, 32, 36, 40, 44, 48, 50, 51, 52, 56, 60, 64, 68, 70, 72, 74, 76, 84,
    86, 90, 92, 96, 100, 104, 108, 112, 116, 120, 124, 132, 136, 140, 144, 148, 152, 156, 158, 162, 166,
    170, 174, 175, 178, 180, 184, 188, 191, 192, 196, 203, 204, 208, 212, 214, 218, 222, 226, 231, 232,
    233, 234, 238, 239, 242, 246, 248, 250, 254, 258, 260, 262, 266, 268, 270, 275, 276, 288, 292, 296,
    300, 304, 308, 312, 316, 320, 324, 328, 332, 334, 336, 340, 344, 348, 352, 356, 360, 364, 368, 372,
    376, 380, 384, 388, 392, 398, 400, 404, 408, 410, 414, 417, 418, 422, 426, 428, 430, 434, 438, 440,
    442, 446, 450, 454, 458, 462, 466, 470, 474, 478, 480, 484, 492, 496, 498, 499, 500, 504, 508, 512,
    516, 520, 524, 528, 531, 533, 534, 535, 540, 548, 554, 558, 562, 566, 570, 574, 578, 580, 581, 583,
    584, 585, 586, 591, 598, 600, 604, 608, 612, 616, 620, 624, 626, 630, 634, 638, 642, 643, 646, 652,
    654, 659, 660, 662, 663, 666, 670, 674, 678, 682, 686, 688, 690, 694, 702, 703, 704, 705, 706, 710,
    716, 724, 728, 729, 732, 740, 744, 748, 752, 756, 760, 762, 764, 768, 772, 776, 780, 784, 788, 792,
    795, 796, 798, 800, 804, 807, 818, 826, 831, 832, 833, 834, 840, 850, 854, 858, 860, 862, 876, 882,
    887, 894,
]);

/// ISO 4217, numbers.
#[rustfmt::skip]
static CURRENCIES: Bits = bits(&[
    8, 12, 32, 36, 44, 48, 50, 51, 52, 60, 64, 68, 72, 84, 90, 96, 104, 108, 116, 124, 132, 136, 144, 152,
    156, 170, 174, 188, 192, 203, 208, 214, 222, 230, 232, 238, 242, 262, 270, 292, 320, 324, 328, 332,
    340, 344, 348, 352, 356, 360, 364, 368, 376, 388, 392, 396, 398, 400, 404, 408, 410, 414, 417, 418,
    422, 426, 430, 434, 446, 454, 458, 462, 480, 484, 496, 498, 504, 512, 516, 524, 532, 533, 548, 554,
    558, 566, 578, 586, 590, 598, 600, 604, 608, 634, 643, 646, 654, 682, 690, 702, 704, 706, 710, 728,
    748, 752, 756, 760, 764, 776, 780, 784, 788, 800, 807, 818, 826, 834, 840, 858, 860, 882, 886, 901,
    924, 925, 926, 927, 928, 929, 930, 933, 934, 936, 938, 940, 941, 943, 944, 946, 947, 948, 949, 950,
    951, 952, 953, 955, 956, 957, 958, 959, 960, 961, 962, 963, 964, 965, 967, 968, 969, 970, 971, 972,
    973, 975, 976, 977, 978, 979, 980, 981, 984, 985, 986, 990, 994, 997, 999,
]);

/// ISO 3166-1, letters: for each first letter from A on the second ones.
#[rustfmt::skip]
static COUNTRY_LETTERS: [&str; 26] = [
    "DEFGILMOQRSTUWXZ", "ABDEFGHIJLMNOQRSTVWYZ", "ACDFGHIKLMNORUVWXYZ", "EJKMOZ", "CEGHRST", "IJKMOR",
    "ABDEFGHILMNPQRSTUWY", "KMNRTU", "DELMNOQRST", "EMOP", "EGHIMNPRWYZ", "ABCIKRSTUVY",
    "ACDEFGHKLMNOPQRSTUVWXYZ", "ACEFGILOPRUZ", "M", "AEFGHKLMNRSTWY", "A", "EOSUW",
    "ABCDEGHIJKLMNORSTVXYZ", "CDFGHJKLMNORTVWZ", "AGMSYZ", "ACEGINU", "FS", "", "ET", "AMW",
];

/// Package types of two characters: the first, and the second ones.
#[rustfmt::skip]
static PACKAGES_OF_2: &[(u8, &str)] = &[
    (b'1', "ABDFGW"), (b'2', "C"), (b'3', "AH"), (b'4', "34ABCDFGH"), (b'5', "HLM"), (b'6', "HP"),
    (b'7', "AB"), (b'8', "ABC"), (b'A', "ABCDFGHIJLMPTV"), (b'B', "4BCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (b'C', "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (b'D', "ABCGHIJKLMNPRSTUVWXY"), (b'E', "123CDEFGHIN"),
    (b'F', "BCDEILOPRTWX"), (b'G', "BILRUYZ"), (b'H', "ABCGNR"), (b'I', "ABCDEFGHKLNZ"), (b'J', "BCGRTY"),
    (b'K', "GI"), (b'L', "EGTUVZ"), (b'M', "ABCERSTWX"), (b'N', "AEFGSTUV"), (b'O', "ABCDEFKTU"),
    (b'P', "2ABCDEFGHIJKLNOPRTUVXYZ"), (b'Q', "ABCDFGHJKLMNPQRS"), (b'R', "DGJKLOTZ"),
    (b'S', "1ABCDEHIKLMOPSTUVWXYZ"), (b'T', "1BCDEGIKLNORSTUVWYZ"), (b'U', "CN"), (b'V', "AGIKLNOPQRSY"),
    (b'W', "ABCDFGHJKLMNPQRSTUVWXYZ"), (b'X', "3ABCDFGHJK"), (b'Y', "ABCDFGHJKLMNPQRSTVWXYZ"),
    (b'Z', "ABCDFGHJKLMNPQRSTUVWXYZ"),
];

/// Package types of three characters.
#[rustfmt::skip]
static PACKAGES_OF_3: &[&str] = &[
    "200", "201", "202", "203", "204", "205", "206", "210", "211", "212", "APE", "BGE", "BME", "BRI",
    "CBL", "CCE", "DPE", "FOB", "FPE", "LAB", "MPE", "OPE", "PAE", "PLP", "POP", "PPE", "PUE", "RB1",
    "RB2", "RB3", "RCB", "SEC", "STL", "TEV", "THE", "TRE", "TTE", "TWE", "UUE", "WRP", "X11", "X12",
    "X15", "X16", "X17", "X18", "X19", "X20",
];
