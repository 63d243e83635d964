//! Code 128: which character sets to use, as bars for the preview and as data for a printer (ISO/IEC 15417; GS1 General
//! Specifications, section 5.4).
//!
//! Both come from one plan, so that the preview cannot differ from the print. Printable ASCII only.

/// A planned code: symbol characters from the start character to the last of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    values: Vec<u8>,
}

/// What Code 128 cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("character `{0}` cannot be in bars: use a matrix code, or only letters, digits and signs of ASCII")]
pub(crate) struct NotAscii(pub(crate) char);

/// What stands between GS1 elements in a scan, and FNC1 in the code.
const SEPARATOR: u8 = 0x1d;

const CODE_C: u8 = 99;
const CODE_B: u8 = 100;
const FNC1: u8 = 102;
const START_B: u8 = 104;
const START_C: u8 = 105;

/// From here on digits are shorter in pairs although the set has to be changed for them: in the middle, and where none
/// has to be changed back.
const RUN_WITHIN: usize = 6;
const RUN_AT_END: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    B,
    C,
}

impl Plan {
    /// Plans a text.
    ///
    /// # Errors
    /// [`NotAscii`].
    pub(crate) fn of_text(text: &str) -> Result<Self, NotAscii> {
        match text.chars().find(|character| !matches!(character, ' '..='~')) {
            Some(character) => Err(NotAscii(character)),
            None => Ok(Self::of(text.as_bytes(), None)),
        }
    }

    /// Plans GS1 elements: FNC1 first, and where a separator stands.
    ///
    /// # Errors
    /// [`NotAscii`].
    pub(crate) fn of_elements(text: &str) -> Result<Self, NotAscii> {
        match text.chars().find(|character| !matches!(character, ' '..='~' | '\u{1d}')) {
            Some(character) => Err(NotAscii(character)),
            None => Ok(Self::of(text.as_bytes(), Some(FNC1))),
        }
    }

    fn of(text: &[u8], first: Option<u8>) -> Self {
        let all_digits = text.len() == 2 && digits(text) == 2;
        let mut set = if digits(text) >= RUN_AT_END || all_digits { Set::C } else { Set::B };
        let mut values = vec![if set == Set::C { START_C } else { START_B }];
        values.extend(first);
        let mut rest = text;
        while let Some((byte, after)) = rest.split_first() {
            let run = digits(rest);
            if *byte == SEPARATOR {
                values.push(FNC1);
                rest = after;
                continue;
            }
            match set {
                Set::C if run >= 2 => {
                    let (pair, after) = rest.split_at(2);
                    values.push(pair.iter().fold(0, |pair, digit| pair * 10 + (digit - b'0')));
                    rest = after;
                }
                Set::C => {
                    values.push(CODE_B);
                    set = Set::B;
                }
                Set::B if run.is_multiple_of(2) && pays(run, rest.len()) => {
                    values.push(CODE_C);
                    set = Set::C;
                }
                // Of an odd run the first digit stays in set B.
                Set::B => {
                    values.push(byte - b' ');
                    rest = after;
                }
            }
        }
        Self { values }
    }

    /// How many modules wide the code is, without its quiet zones: 11 for each character, 13 for the last.
    pub(crate) fn modules(&self) -> usize {
        (self.values.len() + 1) * 11 + 13
    }

    /// Bars and spaces from left to right, in modules, with the check character and the stop.
    pub(crate) fn widths(&self) -> Vec<u8> {
        let all = self.values.iter().copied().chain([self.check(), STOP]);
        all.filter_map(|value| PATTERNS.get(usize::from(value)))
            .flat_map(|pattern| pattern.bytes().map(|digit| digit - b'0'))
            .collect()
    }

    fn check(&self) -> u8 {
        let weighted = |(place, value): (usize, &u8)| place.max(1) * usize::from(*value);
        let sum: usize = self.values.iter().enumerate().map(weighted).sum();
        u8::try_from(sum % 103).unwrap_or_default()
    }

    /// The data of a `^BC` field: what is no character is written as an invocation code (Zebra's ZPL II guide, `^BC`).
    pub(crate) fn zpl(&self) -> String {
        let mut text = String::new();
        let mut set = Set::B;
        for value in &self.values {
            match (*value, set) {
                (START_B, _) => text.push_str(">:"),
                (START_C, _) => {
                    text.push_str(">;");
                    set = Set::C;
                }
                (FNC1, _) => text.push_str(">8"),
                (CODE_B, Set::C) => {
                    text.push_str(">6");
                    set = Set::B;
                }
                (CODE_C, Set::B) => {
                    text.push_str(">5");
                    set = Set::C;
                }
                (pair, Set::C) => text.push_str(&format!("{pair:02}")),
                (value, Set::B) => match char::from(value + b' ') {
                    '>' => text.push_str(">0"),
                    '^' => text.push_str("><"),
                    '~' => text.push_str(">="),
                    character => text.push(character),
                },
            }
        }
        text
    }
}

/// How many digits stand in front.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

const fn pays(run: usize, left: usize) -> bool {
    run >= RUN_WITHIN || (run >= RUN_AT_END && run == left)
}

const STOP: u8 = 106;

/// Widths of bars and spaces of the characters 0 to 106, beginning with a bar.
#[rustfmt::skip]
const PATTERNS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sets_change_where_it_pays() {
        #[rustfmt::skip]
        let table = [
            // text              printer's data
            ("A-12",             ">:A-12"),
            ("A1234",            ">:A>51234"),
            ("A12345",           ">:A1>52345"),
            ("A12345B",          ">:A12345B"),
            ("A123456B",         ">:A>5123456>6B"),
            ("12",               ">;12"),
            ("123",              ">:123"),
            ("12345",            ">;1234>65"),
            (">^~_",             ">:>0><>=_"),
        ];
        for (text, expected) in table {
            assert_eq!(Plan::of_text(text).unwrap().zpl(), expected, "{text}");
        }
        assert_eq!(Plan::of_text("Öl").unwrap_err(), NotAscii('Ö'));
        let elements = Plan::of_elements("010400638133393110A7\u{1d}2105").unwrap();
        assert_eq!(elements.zpl(), ">;>80104006381333931106A7>8>52105".replace("106A7", "10>6A7"));
    }

    #[test]
    fn every_character_is_as_wide_as_the_standard_says() {
        let width = |pattern: &str| pattern.bytes().map(|digit| u32::from(digit - b'0')).sum::<u32>();
        let (stop, characters) = PATTERNS.split_last().unwrap();
        assert_eq!(width(stop), 13);
        for pattern in characters {
            let bars: u32 = pattern.bytes().step_by(2).map(|digit| u32::from(digit - b'0')).sum();
            assert_eq!((width(pattern), bars % 2), (11, 0), "{pattern}");
        }
        assert_eq!(PATTERNS.iter().collect::<BTreeSet<_>>().len(), PATTERNS.len());
    }

    #[test]
    fn the_check_character_is_that_of_the_standards_example() {
        // Worked example of many guides: `PJJ123C` in set B gives 54 with start A; with start B it is 55.
        let plan = Plan::of_text("PJJ123C").unwrap();
        assert_eq!(plan.check(), 55);
        let widths: u32 = plan.widths().iter().map(|width| u32::from(*width)).sum();
        assert_eq!(usize::try_from(widths).unwrap(), plan.modules());
    }
}
