//! From an address to its elements.

use core::ops::Range;

use crate::ai::Ai;
use crate::problem::{Class, Flaw, Note, Problem};
use crate::reading::{Flaws, MAX_BYTES, Parts};
use crate::role::{self, Sequence};
use crate::span::Span;
use crate::table::{BUILT_IN, Table};
use crate::text::{Escape, Part, Text, hex_digit};
use crate::work::step;

/// A Digital Link, taken apart. Borrows the address.
#[derive(Debug, Clone)]
pub struct Uri<'a> {
    table: &'a Table<'a>,
    scan: &'a [u8],
    stem: Range<usize>,
    key: Option<Ai>,
    query: Range<usize>,
    parts: Parts<'a>,
    /// How many of the parts stand in the path.
    in_path: usize,
    flaws: Flaws,
    gtins: Gtins,
}

/// What is made of a GTIN in the path that does not have 14 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gtins {
    /// It stays as it is, and is too short: the standard calls for 14 digits.
    #[default]
    AsWritten,
    /// One of 8, 12 or 13 digits is filled up with zeros, as some makers of labels leave them out.
    FilledUp,
}

/// Takes an address apart, as the standard calls for. Never fails: what is wrong is part of the answer.
#[must_use]
pub fn parse(uri: &[u8]) -> Uri<'_> {
    parse_with(uri, Gtins::AsWritten)
}

/// Like [`parse`], and says what is to be made of short GTINs.
#[must_use]
pub fn parse_with(uri: &[u8], gtins: Gtins) -> Uri<'_> {
    parse_at(&BUILT_IN, uri, 0..uri.len(), gtins)
}

/// Whether data is to be read as an address.
pub(crate) fn is_uri(data: &[u8]) -> bool {
    scheme_length(data).is_some()
}

/// The address in a part of a scan: all places are those in the scan.
pub(crate) fn parse_at<'a>(
    table: &'a Table<'a>,
    scan: &'a [u8],
    data: Range<usize>,
    gtins: Gtins,
) -> Uri<'a> {
    let end = data.end;
    let mut uri = Uri {
        table,
        scan,
        stem: data.start..data.start,
        key: None,
        query: end..end,
        parts: Parts::new(),
        in_path: 0,
        flaws: Flaws::new(),
        gtins,
    };
    if scan.len() > MAX_BYTES {
        uri.report(Class::Length, None, data, Note::TooManyBytes);
    } else if let Some(path) = uri.find_path(data) {
        uri.take_apart(path);
    }
    uri
}

impl<'a> Uri<'a> {
    /// The elements in the order they stand there: path, then query.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + Clone {
        self.parts.iter().copied()
    }

    /// What stands before the primary key: scheme, host and a path of the host's own.
    #[must_use]
    pub fn stem(&self) -> &'a str {
        self.text(self.stem.clone())
    }

    /// The AI of the primary key.
    #[must_use]
    pub fn key(&self) -> Option<Ai> {
        self.key
    }

    /// Parameters of the query that are no elements, as they stand there.
    pub fn ignored(&self) -> impl Iterator<Item = &'a str> {
        let uri = self.scan;
        parameters(uri, self.query.clone()).filter_map(move |parameter| {
            let written = uri.get(parameter)?;
            let name = written.iter().position(|byte| *byte == b'=').and_then(|at| written.get(..at));
            let is_ai = name.is_some_and(is_number);
            (!is_ai).then(|| str::from_utf8(written).unwrap_or_default())
        })
    }

    pub(crate) fn flaws(&self) -> impl Iterator<Item = Flaw> {
        self.flaws.iter().copied()
    }

    /// What is wrong with it as an address, in the order it was found. Values are not looked into.
    pub fn problems(&self) -> impl Iterator<Item = Problem<'static>> + Clone {
        self.flaws.iter().map(|flaw| flaw.told(&BUILT_IN))
    }

    fn text(&self, place: Range<usize>) -> &'a str {
        self.scan.get(place).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn report(&mut self, class: Class, ai: Option<Ai>, place: Range<usize>, note: Note) {
        // The first MAX_PROBLEMS are kept.
        let (span, ai) = (Span::new(place), ai.unwrap_or_default());
        self.flaws.push(Flaw { class, ai, span, value: span, note });
    }
}

// === where the path is ===

impl Uri<'_> {
    /// The path with all behind it, when what stands before it is sound.
    fn find_path(&mut self, data: Range<usize>) -> Option<Range<usize>> {
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        step!(bytes.len());
        if let Some((at, byte)) = bytes.iter().enumerate().find(|(_, byte)| !may_be_in_uri(**byte)) {
            let place = data.start + at..data.start + at + 1;
            self.report(Class::UriSyntax, None, place, Note::Byte(*byte));
            return None;
        }
        let host = scheme_length(bytes).unwrap_or_default();
        let path = bytes.iter().skip(host).position(|byte| *byte == b'/').map(|length| host + length);
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(byte);
        match path.and_then(|path| Some((path, bytes.get(host..path)?))) {
            Some((path, name)) if host > 0 && !name.is_empty() && name.iter().all(is_host) => {
                Some(data.start + path..data.end)
            }
            _ => {
                let end = path.map_or(data.end, |path| data.start + path);
                self.report(Class::UriSyntax, None, data.start..end, Note::Nothing);
                None
            }
        }
    }

    fn take_apart(&mut self, path: Range<usize>) {
        let end_before = |range: Range<usize>, mark: u8| {
            let bytes = self.scan.get(range.clone()).unwrap_or_default();
            step!(bytes.len());
            bytes.iter().position(|byte| *byte == mark).map(|at| range.start + at)
        };
        let end = end_before(path.clone(), b'#').unwrap_or(path.end);
        let path_end = end_before(path.start..end, b'?').unwrap_or(end);
        self.query = (path_end + 1).min(end)..end;
        let path = path.start..path_end;
        match self.find_key(path.clone()) {
            Some(key) => {
                self.stem.end = key;
                self.take_path(key..path.end);
                self.take_query();
                self.find_misplaced();
            }
            None => self.report(Class::DlNoKey, None, path, Note::Nothing),
        }
    }

    /// The slash before the last primary key. Behind it there are pairs of AI and value only: what stands before the first
    /// segment that is no AI belongs to the host.
    fn find_key(&self, path: Range<usize>) -> Option<usize> {
        let slash_before = |end: usize| {
            let bytes = self.scan.get(path.start..end)?;
            let slash = bytes.iter().rposition(|byte| *byte == b'/');
            step!(bytes.len() - slash.unwrap_or_default());
            slash.map(|at| path.start + at)
        };
        let mut end = path.end;
        loop {
            let value = slash_before(end)?;
            let ai = slash_before(value)?;
            if role::of(self.table, self.text(ai + 1..value))?.is_key() {
                return Some(ai);
            }
            end = ai;
        }
    }
}

// === elements ===

impl Uri<'_> {
    fn take_path(&mut self, path: Range<usize>) {
        let mut at = path.start;
        while at < path.end {
            let ai = self.until(b'/', at + 1..path.end);
            let value = self.until(b'/', (ai.end + 1).min(path.end)..path.end);
            at = value.end;
            let ai = Ai::new(self.text(ai).as_bytes());
            self.key = self.key.or(Some(ai));
            self.take(ai, value, Escape::Percent);
        }
        self.in_path = self.parts.iter().count();
        if !self.path_is_in_order() {
            self.report(Class::DlKeySequence, self.key, path, Note::Nothing);
        }
    }

    fn take_query(&mut self) {
        for parameter in parameters(self.scan, self.query.clone()) {
            let name = self.until(b'=', parameter.clone());
            let bytes = self.scan.get(name.clone()).unwrap_or_default();
            if name.end == parameter.end || !is_number(bytes) {
                continue;
            }
            let ai = Ai::new(bytes);
            if role::of(self.table, self.text(name.clone())).is_none() {
                let ai = (bytes.len() <= 4).then_some(ai);
                self.report(Class::DlUnknownAi, ai, name, Note::Nothing);
            } else {
                self.take(ai, name.end + 1..parameter.end, Escape::PercentPlus);
            }
        }
    }

    fn take(&mut self, ai: Ai, value: Range<usize>, escape: Escape) {
        let bytes = self.scan.get(value.clone()).unwrap_or_default();
        let class = match bytes {
            [] => Some((Class::DlEmptyValue, 0..0)),
            _ => wrong_escape(bytes),
        };
        if let Some((class, place)) = class {
            let span = Span::new(value.start + place.start..value.start + place.end);
            self.flaws.push(Flaw { class, ai, span, value: Span::new(value), note: Note::Nothing });
            return;
        }
        let mut text = Text::new(bytes, escape);
        let fill_up = self.gtins == Gtins::FilledUp || escape == Escape::PercentPlus;
        if fill_up && ai == "01" && matches!(text.bytes().count(), 8 | 12 | 13) {
            text = text.padded(14);
        }
        if !self.parts.push(Part { ai, value: text, span: Span::new(value.clone()) }) {
            self.report(Class::Length, None, value, Note::TooManyElements);
        }
    }

    /// `range` up to the first `mark` in it.
    fn until(&self, mark: u8, range: Range<usize>) -> Range<usize> {
        let bytes = self.scan.get(range.clone()).unwrap_or_default();
        let length = bytes.iter().position(|byte| *byte == mark).unwrap_or(bytes.len());
        step!(length);
        range.start..range.start + length
    }
}

// === what may stand where ===

impl<'a> Uri<'a> {
    fn path_is_in_order(&self) -> bool {
        let in_order = |sequence: Sequence<'_>| {
            let mut rest = sequence.ais();
            self.qualifiers().all(|part| rest.any(|ai| part.ai == *ai))
        };
        self.qualifiers().next().is_none() || self.sequences().any(in_order)
    }

    /// What stands in the path behind the primary key.
    fn qualifiers(&self) -> impl Iterator<Item = &Part<'a>> {
        let in_path = self.parts.iter().take(self.in_path);
        let is_key = |part: &&Part<'_>| self.key == Some(part.ai);
        let keys = in_path.clone().take(1).filter(is_key).count();
        in_path.skip(keys)
    }

    fn sequences(&self) -> impl Iterator<Item = Sequence<'a>> + use<'a> {
        let role = self.key.and_then(|key| role::of(self.table, key.as_str()));
        role.into_iter().flat_map(|role| role.sequences())
    }

    fn find_misplaced(&mut self) {
        for at in self.in_path..self.parts.iter().count() {
            let Some(part) = self.parts.iter().nth(at) else { return };
            let class = if self.parts.iter().take(at).any(|other| other.ai == part.ai) {
                Class::DlDuplicate
            } else if !role::of(self.table, part.ai.as_str()).is_some_and(|role| role.attribute) {
                Class::DlNotAttribute
            } else if self.belongs_in_path(part.ai) {
                Class::DlShouldBePath
            } else {
                continue;
            };
            let (ai, place) = (part.ai, part.span.range());
            self.report(class, Some(ai), place, Note::Nothing);
        }
    }

    /// Whether the AI could stand in the path beside all that stand there.
    fn belongs_in_path(&self, ai: Ai) -> bool {
        self.sequences().any(|sequence| {
            let holds = |wanted: Ai| sequence.ais().any(|ai| wanted == *ai);
            holds(ai) && self.qualifiers().all(|part| holds(part.ai))
        })
    }
}

/// Bytes of `http://` or `https://` at the front, in capitals or not.
fn scheme_length(data: &[u8]) -> Option<usize> {
    [&b"https://"[..], b"http://"].into_iter().find_map(|scheme| {
        let front = data.get(..scheme.len())?;
        front.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })
}

/// The parameters of a query; nothing between two marks is no parameter.
fn parameters(uri: &[u8], query: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'_> {
    let bytes = uri.get(query.clone()).unwrap_or_default();
    step!(bytes.len());
    let mut start = query.start;
    let places = bytes.split(|byte| *byte == b'&').map(move |parameter| {
        let place = start..start + parameter.len();
        start = place.end + 1;
        place
    });
    places.filter(|place| !place.is_empty())
}

fn is_number(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_digit)
}

/// The first `%` that is not followed by two hexadecimal digits, or that stands for NUL.
fn wrong_escape(value: &[u8]) -> Option<(Class, Range<usize>)> {
    step!(value.len());
    let marks = value.iter().enumerate().filter(|(_, byte)| **byte == b'%').map(|(at, _)| at);
    marks.into_iter().find_map(|at| match value.get(at + 1..at + 3) {
        Some(b"00") => Some((Class::DlNull, at..at + 3)),
        Some([high, low]) if hex_digit(*high).is_some() && hex_digit(*low).is_some() => None,
        _ => Some((Class::UriSyntax, at..at + 1)),
    })
}

/// RFC 3986, section 2: reserved and unreserved characters, and the percent sign.
fn may_be_in_uri(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}
