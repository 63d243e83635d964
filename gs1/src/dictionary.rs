//! Dictionaries in GS1's own format (GS1 Barcode Syntax Dictionary), read at run time: a new AI without a new release.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::reader::Reader;
use crate::table::{Capacity, CharSet, Check, Compiled, Part, Refused, Spec, Table, Text, compile};

type Large = Compiled<{ Capacity::ROWS }, { Capacity::LINES }, { Capacity::PARTS }, { Capacity::TERMS }>;

/// A table of AIs that was read from a file.
///
/// ```
/// let text = "01  *?  N14,csum,gcppos2  dlpkey=22,10,21|235  # GTIN\n\
///             88   ?  X..5,yesno        req=01               # NEW\n";
/// let dictionary = gs1::Dictionary::parse(text)?;
/// let reader = dictionary.reader();
/// let reading = reader.read(b"]C10104006381333931880");
/// assert_eq!(reading.element("88"), Some("0"));
/// # Ok::<(), gs1::DictionaryError>(())
/// ```
#[derive(Debug)]
pub struct Dictionary {
    compiled: Box<Large>,
    text: String,
    unknown_checks: Vec<UnknownCheck>,
}

/// A check that a dictionary calls for and this crate does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCheck {
    /// The line that calls for it; the first is 1.
    pub line: usize,
    /// Its name.
    pub name: String,
}

/// Why a text is no dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryError {
    line: usize,
    what: String,
}

impl Dictionary {
    /// Reads a dictionary.
    ///
    /// # Errors
    /// [`DictionaryError`] names the first line that is not understood. A check that this crate does not have is no error:
    /// see [`Dictionary::unknown_checks`].
    pub fn parse(text: &str) -> Result<Self, DictionaryError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut lines, mut unknown_checks) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let words = Words::of(text, line);
            if words.body.trim().is_empty() {
                continue;
            }
            let unknown = |name: &str| {
                unknown_checks.push(UnknownCheck { line: number + 1, name: name.to_owned() });
            };
            let spec = words.spec(unknown).map_err(|what| DictionaryError { line: number + 1, what })?;
            lines.push((spec, number + 1));
        }
        if lines.is_empty() {
            return Err(DictionaryError { line: 1, what: "there is no Application Identifier".to_owned() });
        }
        // A table is in the order of its AIs; who adds a line may do so at the end.
        lines.sort_by_key(|(spec, _)| spec.first);
        let (specs, numbers): (Vec<Spec>, Vec<usize>) = lines.into_iter().unzip();
        let compiled = compile(&specs, text.as_bytes()).map_err(|refused| told(refused, &numbers))?;
        Ok(Self { compiled: Box::new(compiled), text: text.to_owned(), unknown_checks })
    }

    /// Checks that the dictionary calls for and this crate does not have, in the order of its lines. Values are not put to
    /// them, so some may pass that should not: whoever loads a dictionary says so.
    #[must_use]
    pub fn unknown_checks(&self) -> &[UnknownCheck] {
        &self.unknown_checks
    }

    /// Reads scans by this dictionary; otherwise as [`crate::read`] does.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::with_table(self.table())
    }

    pub(crate) fn table(&self) -> Table<'_> {
        self.compiled.table(&self.text)
    }
}

impl DictionaryError {
    /// The line at fault; the first is 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl core::error::Error for DictionaryError {}

fn told(refused: Refused, numbers: &[usize]) -> DictionaryError {
    let (place, what) = match refused {
        Refused::Order(place) => (place, "Application Identifiers are digits, each there once"),
        Refused::Digits(place) => (place, "others that begin with these two digits are longer or shorter"),
        Refused::Parts(place) => {
            (place, "the value has no part, is too long, or has too many parts or rules")
        }
        Refused::Rule(place) => (place, "a rule holds something that is no Application Identifier"),
        Refused::TooLarge => {
            (numbers.len().saturating_sub(1), "there are more lines than a table has room for")
        }
    };
    DictionaryError { line: numbers.get(place).copied().unwrap_or(1), what: what.to_owned() }
}

/// A line of a dictionary, in the text that it is of.
struct Words<'t> {
    text: &'t str,
    body: &'t str,
    title: &'t str,
}

impl<'t> Words<'t> {
    fn of(text: &'t str, line: &'t str) -> Self {
        let (body, title) = line.split_once('#').unwrap_or((line, ""));
        Self { text, body, title: title.trim() }
    }

    /// Where a piece of the text is: it is kept once.
    fn place(&self, piece: &str) -> Text {
        // Both are in one text, so their addresses say where.
        let offset = (piece.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        match (u32::try_from(offset), u32::try_from(piece.len())) {
            (Ok(offset), Ok(length)) => Text::At(offset, length),
            _ => Text::Static(""),
        }
    }

    fn spec(&self, mut unknown: impl FnMut(&str)) -> Result<Spec, String> {
        let mut words = self.body.split_ascii_whitespace().peekable();
        let (first, count) =
            words.next().and_then(range).ok_or("it does not begin with an Application Identifier")?;
        let mut spec = Spec::new(first, count);
        let is_flags = |word: &&str| word.bytes().all(|byte| byte.is_ascii_punctuation() && byte != b'[');
        if let Some(flags) = words.next_if(is_flags) {
            // Others may come; these two are what is read.
            spec.fixed = flags.contains('*');
            spec.attribute = flags.contains('?');
        }
        for word in words {
            spec = match word.split_once('=') {
                Some(("req", rule)) => spec.rule(self.place(rule)),
                Some(("ex", ais)) => Spec { excludes: self.place(ais), ..spec },
                Some(("dlpkey", qualifiers)) => Spec { key: Some(self.place(qualifiers)), ..spec },
                None if word == "dlpkey" => Spec { key: Some(Text::Static("")), ..spec },
                // An attribute of another use.
                Some(_) => spec,
                None if word.starts_with(|first: char| first.is_ascii_lowercase()) => spec,
                None => spec.part(part(word, &mut unknown)?),
            };
        }
        spec.title = self.place(self.title);
        Ok(spec)
    }
}

/// `01`, or `3100-3105`.
fn range(word: &str) -> Option<([u8; 4], u16)> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let is_ai = |ai: &str| (2..=4).contains(&ai.len()) && ai.bytes().all(|byte| byte.is_ascii_digit());
    if !is_ai(first) || !is_ai(last) || first.len() != last.len() {
        return None;
    }
    let count = last.parse::<u16>().ok()?.checked_sub(first.parse().ok()?)?;
    let mut ai = [0; 4];
    for (place, byte) in ai.iter_mut().zip(first.bytes()) {
        *place = byte;
    }
    Some((ai, count + 1))
}

/// `N14,csum`, `X..20`, `[N6],yymmdd`.
fn part(word: &str, unknown: &mut impl FnMut(&str)) -> Result<Part, String> {
    let mut words = word.split(',');
    let shape = words.next().unwrap_or_default();
    let optional = shape.strip_prefix('[').and_then(|shape| shape.strip_suffix(']'));
    let not_understood = || alloc::format!("`{word}` is no part of a value");
    let (set, length) = optional.unwrap_or(shape).split_at_checked(1).ok_or_else(not_understood)?;
    let set = match set {
        "N" => CharSet::Digits,
        "X" => CharSet::Text,
        "Y" => CharSet::Capitals,
        "Z" => CharSet::Base64,
        _ => return Err(not_understood()),
    };
    let max = length.strip_prefix("..").unwrap_or(length).parse::<u8>().map_err(|_none| not_understood())?;
    let min = if length.starts_with("..") { 1 } else { max };
    let mut part = Part::new(set, min, max);
    if optional.is_some() {
        part = part.or_none();
    }
    for name in words {
        let Some(check) = check(name) else {
            unknown(name);
            continue;
        };
        if !part.checks.contains(&Check::None) {
            return Err(alloc::format!("`{word}` has too many checks"));
        }
        part = part.is(check);
    }
    Ok(part)
}

fn check(name: &str) -> Option<Check> {
    Some(match name {
        "csum" => Check::Sum,
        "csumalpha" => Check::SumPair,
        "gcppos1" => Check::Prefix1,
        "gcppos2" => Check::Prefix2,
        "yymmd0" => Check::DateOrMonth,
        "yymmdd" => Check::Date,
        "yyyymmdd" => Check::LongDate,
        "yyyymmd0" => Check::LongDateOrMonth,
        "hhmi" => Check::HourMinute,
        "hh" => Check::Hour,
        "mi" => Check::Minute,
        "ss" => Check::Second,
        "iso3166" => Check::Country,
        "iso3166999" => Check::CountryOr999,
        "iso3166alpha2" => Check::CountryLetters,
        "iso4217" => Check::Currency,
        "iso5218" => Check::Sex,
        "iban" => Check::Iban,
        "latitude" => Check::Latitude,
        "longitude" => Check::Longitude,
        "pcenc" => Check::PercentEncoding,
        "couponcode" => Check::CouponCode,
        "couponposoffer" => Check::CouponOffer,
        "importeridx" => Check::ImporterIndex,
        "packagetype" => Check::PackageType,
        "mediatype" => Check::MediaType,
        "posinseqslash" => Check::PositionInSequence,
        "pieceoftotal" => Check::PieceOfTotal,
        "nonzero" => Check::NonZero,
        "zero" => Check::Zero,
        "nozeroprefix" => Check::NoZeroPrefix,
        "yesno" => Check::YesNo,
        "winding" => Check::Winding,
        "hyphen" => Check::Hyphen,
        "hasnondigit" => Check::NonDigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::path::Path;
    use std::string::ToString as _;
    use std::vec::Vec;

    use super::*;
    use crate::table::BUILT_IN;

    fn shared(name: &str) -> Option<String> {
        let path =
            Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../shared/gs1").join(name);
        std::fs::read_to_string(path).ok()
    }

    /// All that is known of an AI.
    fn facts(table: &Table<'_>, id: u16) -> String {
        let line = table.line(id).unwrap();
        let rules: Vec<_> = (0..table.rules(line)).map(|rule| table.needs(line, rule).to_string()).collect();
        let names = |ids: Vec<u16>| ids.into_iter().map(|id| table.ai(id).to_string()).collect::<Vec<_>>();
        let excluded = table.excluded(line).map(|set| names(set.into_iter().collect())).unwrap_or_default();
        let key = table.key(line).map(|key| key.replace(',', " "));
        std::format!(
            "{} {}..{} fixed {} attribute {} {:?} needs {rules:?} excludes {excluded:?} key {key:?} {}",
            table.ai(id),
            line.min,
            line.max,
            line.fixed,
            line.attribute,
            table.parts(line),
            table.title(line)
        )
    }

    #[test]
    fn the_built_in_table_holds_the_facts_of_the_dictionary() {
        let Some(text) = shared("gs1-syntax-dictionary.txt") else { return };
        let dictionary = Dictionary::parse(&text).unwrap();
        let table = dictionary.table();
        assert_eq!(table.ids(), BUILT_IN.ids());
        for id in table.ids() {
            assert_eq!(facts(&BUILT_IN, id), facts(&table, id));
        }
    }

    #[test]
    fn rules_of_both_judge_the_same() {
        let Some(text) = shared("gs1-syntax-dictionary.txt") else { return };
        let dictionary = Dictionary::parse(&text).unwrap();
        let table = dictionary.table();
        for (one, other) in BUILT_IN.ids().flat_map(|one| BUILT_IN.ids().map(move |other| (one, other))) {
            let mut present = crate::table::Set::EMPTY;
            present.insert(one);
            present.insert(other);
            let unmet =
                |table: &Table<'_>| table.unmet(table.line(one).unwrap(), &present).collect::<Vec<_>>();
            assert_eq!(unmet(&BUILT_IN), unmet(&table), "{one} {other}");
        }
    }

    #[test]
    fn the_next_dictionary_is_read_without_changes() {
        let Some(text) = shared("gs1-syntax-dictionary-next.txt") else { return };
        let dictionary = Dictionary::parse(&text).unwrap();
        assert_eq!(dictionary.table().ids().len(), 541);
        // A made-to-order item may have a variant there.
        let scan = b"]C103040063813339312001";
        let here = Reader::new().requisites(true);
        let there = dictionary.reader().requisites(true);
        assert_eq!(here.read(scan).strict().unwrap_err().class.name(), "requisite");
        assert!(there.read(scan).strict().is_ok());
        let needs = there.read(b"]C13712").problems().next().unwrap().what().to_string();
        assert_eq!(needs, "AI `37` needs AI `00` with `02` or `00` with `8026` beside it");
    }

    #[test]
    fn what_others_may_write_is_tolerated() {
        let text = "\u{feff}# a comment\r\n10 X..20 req=01 retail # LOT\r\n3100-3101 *? N6,luck # KG\r\n01 *? N14,csum,fate dlpkey=10 # GTIN\r\n";
        let dictionary = Dictionary::parse(text).unwrap();
        let unknown: Vec<_> =
            dictionary.unknown_checks().iter().map(|check| (check.line, check.name.as_str())).collect();
        assert_eq!(unknown, [(3, "luck"), (4, "fate")]);
        let reader = dictionary.reader().requisites(true);
        let reading = reader.read(b"]C13100000123010400638133393110A");
        let elements: Vec<_> =
            reading.elements().map(|element| (element.ai.to_string(), element.title.to_string())).collect();
        let told: Vec<_> = elements.iter().map(|(ai, title)| (ai.as_str(), title.as_str())).collect();
        assert_eq!(told, [("3100", "KG"), ("01", "GTIN"), ("10", "LOT")]);
        assert_eq!(reading.problems().next(), None);
        assert!(reader.read(b"]C10104006381333930").strict().is_err());
        assert_eq!(reader.read(b"]C110A").strict().unwrap_err().class.name(), "requisite");
    }

    #[test]
    fn a_dictionary_may_be_in_any_order() {
        let Some(text) = shared("gs1-syntax-dictionary.txt") else { return };
        let reversed: Vec<_> = text.lines().rev().collect();
        let (one, other) =
            (Dictionary::parse(&text).unwrap(), Dictionary::parse(&reversed.join("\n")).unwrap());
        assert_eq!(one.table().ids(), other.table().ids());
        assert!(other.unknown_checks().is_empty());
        for id in one.table().ids() {
            assert_eq!(facts(&one.table(), id), facts(&other.table(), id));
        }
    }

    #[test]
    fn what_is_no_dictionary_is_refused_with_its_line() {
        #[rustfmt::skip]
        let cases = [
            // text                      refusal
            ("",                         "line 1: there is no Application Identifier"),
            ("# nothing\n",              "line 1: there is no Application Identifier"),
            ("\nabc N2",                 "line 2: it does not begin with an Application Identifier"),
            ("3105-3100 N6",             "line 1: it does not begin with an Application Identifier"),
            ("01 N14\n01 N14",           "line 2: Application Identifiers are digits, each there once"),
            ("3100-3105 N6\n02 N2\n3103 N6", "line 3: Application Identifiers are digits, each there once"),
            ("235 X2\n2360 X2",          "line 2: others that begin with these two digits are longer or shorter"),
            ("01 ? # GTIN",              "line 1: the value has no part, is too long, or has too many parts or rules"),
            ("01 Q14",                   "line 1: `Q14` is no part of a value"),
            ("01 N",                     "line 1: `N` is no part of a value"),
            ("01 N999",                  "line 1: `N999` is no part of a value"),
            ("01 N2\n02 N2 req=0x",      "line 2: a rule holds something that is no Application Identifier"),
            ("01 N2\n02 N2 req=01+",     "line 2: a rule holds something that is no Application Identifier"),
            ("01 N2\n02 N2 ex=,",        "line 2: a rule holds something that is no Application Identifier"),
        ];
        for (text, refusal) in cases {
            assert_eq!(Dictionary::parse(text).unwrap_err().to_string(), refusal, "{text}");
        }
    }
}
