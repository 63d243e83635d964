//! A scan as people can see it, character by character, with a mark under each character that something is said about.
//!
//! What is said of a scan names bytes; here they become whole characters. A mark belongs to its character rather than to a
//! line below it, so wherever a page breaks the strip, and however wide a character is, the mark stays where it belongs.

/// A scan in pieces, which a page sets one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strip {
    pub(super) pieces: Vec<Piece>,
}

/// Characters that are shown alike, with the same marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) shown: Shown,
    /// What is said about it; nothing when nothing is.
    pub(super) tone: Option<Tone>,
    /// The numbers of the findings that begin here.
    pub(super) begins: Vec<usize>,
    /// The numbers of all findings that are about it.
    about: Vec<usize>,
}

/// What is seen of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// They are seen as they are.
    Text(String),
    /// One that cannot be seen, by the sign that stands for it and what it is called.
    Sign(String, String),
    /// No character, but where the scan ends.
    End,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// It may be wrong.
    Warning,
    /// It is wrong.
    Problem,
}

/// Where in a scan something is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the finding.
    pub(super) number: usize,
    pub(super) tone: Tone,
    /// In bytes.
    pub(super) offset: usize,
    /// In bytes. Of nothing, the character at the offset is meant.
    pub(super) length: usize,
}

// === impl Strip ===

impl Strip {
    /// Takes a scan apart.
    pub(super) fn of(scan: &str, places: &[Place]) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, character) in scan.char_indices() {
            let piece = Piece::at(at, character.len_utf8(), Shown::of(character), places);
            match pieces.last_mut() {
                Some(last) if last.takes(&piece) => last.append(piece),
                Some(_) | None => pieces.push(piece),
            }
        }
        let end = Piece::at(scan.len(), usize::MAX, Shown::End, places);
        if !end.begins.is_empty() {
            pieces.push(end);
        }
        Self { pieces }
    }

    pub(super) fn is_marked(&self) -> bool {
        self.pieces.iter().any(|piece| piece.tone.is_some())
    }
}

// === impl Piece ===

impl Piece {
    fn at(at: usize, length: usize, shown: Shown, places: &[Place]) -> Self {
        let end = at.saturating_add(length);
        let here = |place: &&Place| place.offset < end && at < place.end();
        let begins = places.iter().filter(|place| (at..end).contains(&place.offset));
        Self {
            shown,
            tone: places.iter().filter(here).map(|place| place.tone).max(),
            begins: begins.map(|place| place.number).collect(),
            about: places.iter().filter(here).map(|place| place.number).collect(),
        }
    }

    /// Whether another one can be shown as part of this one. The character under which a finding begins stays alone.
    fn takes(&self, next: &Self) -> bool {
        let are_text = matches!((&self.shown, &next.shown), (Shown::Text(_), Shown::Text(_)));
        are_text && self.begins.is_empty() && next.begins.is_empty() && self.about == next.about
    }

    fn append(&mut self, next: Self) {
        if let (Shown::Text(text), Shown::Text(more)) = (&mut self.shown, next.shown) {
            text.push_str(&more);
        }
    }

    /// The number under the character: the first, with a sign that there are more.
    pub(super) fn label(&self) -> String {
        match self.begins.as_slice() {
            [] => String::new(),
            [only] => only.to_string(),
            [first, ..] => format!("{first}+"),
        }
    }

    /// The same for those who hear it.
    pub(super) fn spoken(&self) -> String {
        let numbers: Vec<_> = self.begins.iter().map(ToString::to_string).collect();
        format!(" (finding {}:) ", numbers.join(" and "))
    }
}

// === impl Shown ===

impl Shown {
    fn of(character: char) -> Self {
        match character {
            ' ' => Self::Sign("\u{2423}".to_owned(), "space".to_owned()),
            '\u{1d}' => Self::Sign("GS".to_owned(), "separator FNC1".to_owned()),
            _ if character.is_ascii_control() => {
                let name = CONTROLS.get(usize::from(character as u8)).copied().unwrap_or("DEL");
                Self::Sign(name.to_owned(), format!("control character {name}"))
            }
            _ if is_seen(character) => Self::Text(character.to_string()),
            _ => {
                let number = format!("U+{:04X}", u32::from(character));
                Self::Sign(number.clone(), format!("character {number}"))
            }
        }
    }
}

// === impl Place ===

impl Place {
    fn end(&self) -> usize {
        self.offset.saturating_add(self.length.max(1))
    }

    /// Which characters they are, counted from 1: `character 24`, `characters 24 to 25`, `the end`.
    pub(super) fn words(&self, scan: &str) -> String {
        let mut characters = scan.char_indices().enumerate().filter(|(_, (at, character))| {
            self.offset < at.saturating_add(character.len_utf8()) && *at < self.end()
        });
        let number = |(index, _): (usize, (usize, char))| index.saturating_add(1);
        match (characters.next().map(number), characters.last().map(number)) {
            (None, _) => "the end".to_owned(),
            (Some(first), None) => format!("character {first}"),
            (Some(first), Some(last)) => format!("characters {first} to {last}"),
        }
    }
}

/// Control characters by their names; fonts have these letters, but few have the pictures.
#[rustfmt::skip]
const CONTROLS: [&str; 32] = [
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
];

/// Whether a character has a look of its own: neither one that only changes how others look, such as an accent or a turn of
/// the direction of writing, nor one without any.
fn is_seen(character: char) -> bool {
    matches!(character, '\'' | '"' | '\\') || character.escape_debug().eq([character])
}

/// The picture of a control character; any other stands for itself.
pub(super) fn picture(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => char::from_u32(PICTURES | u32::from(character)).unwrap_or(character),
        '\u{7f}' => '\u{2421}',
        _ => character,
    }
}

/// What a picture stands for: a form without script sends what its field shows. `wedge.js` does the same.
pub(crate) fn meant(text: &str) -> String {
    text.chars().map(of_picture).collect()
}

fn of_picture(character: char) -> char {
    match character {
        '\u{2400}'..='\u{241f}' => char::from_u32(u32::from(character) & !PICTURES).unwrap_or(character),
        _ => character,
    }
}

/// The first of the block of control pictures.
const PICTURES: u32 = 0x2400;

/// A text as a page can show it.
pub(super) fn pictured(text: &str) -> String {
    text.chars().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn problem(number: usize, offset: usize, length: usize) -> Place {
        Place { number, tone: Tone::Problem, offset, length }
    }

    const fn warning(number: usize, offset: usize, length: usize) -> Place {
        Place { number, tone: Tone::Warning, offset, length }
    }

    /// One line of characters and one of marks under them: `!` for a problem, `?` for a warning, and the number where it
    /// begins.
    fn drawn(scan: &str, places: &[Place]) -> (String, String) {
        let (mut line, mut marks) = (String::new(), String::new());
        for piece in Strip::of(scan, places).pieces {
            let text = match &piece.shown {
                Shown::Text(text) | Shown::Sign(text, _) => text.clone(),
                Shown::End => "$".to_owned(),
            };
            let mark = match piece.tone {
                None => '.',
                Some(Tone::Warning) => '?',
                Some(Tone::Problem) => '!',
            };
            let width = text.chars().count();
            let label = piece.label();
            marks.push_str(&label);
            marks.extend(std::iter::repeat_n(mark, width.saturating_sub(label.len())));
            line.push_str(&text);
        }
        (line, marks)
    }

    #[test]
    fn marks_are_under_their_characters() {
        #[rustfmt::skip]
        let rows: [(&str, &[Place], &str, &str); 10] = [
            ("]C1011",          &[],                                    "]C1011",       "......"),
            ("17261330",        &[problem(1, 4, 2)],                    "17261330",     "....1!.."),
            ("10A\u{1d}21",     &[problem(1, 3, 1)],                    "10AGS21",      "...1!.."),
            ("10A B",           &[warning(1, 2, 3)],                    "10A\u{2423}B", "..1??"),
            // Bytes are not characters: `ö` has two, the box four.
            ("w\u{f6}r\u{1f4e6}ld", &[problem(1, 4, 4)],                "w\u{f6}r\u{1f4e6}ld", "...1.."),
            ("w\u{f6}rld",      &[problem(1, 2, 1)],                    "w\u{f6}rld",   ".1..."),
            // At the end there is no character left.
            ("]C1",             &[problem(1, 3, 0)],                    "]C1$",         "...1"),
            ("]C1",             &[problem(1, 1, 900)],                  "]C1",          ".1!"),
            // Two at one place, and one inside another.
            ("abc",             &[problem(1, 1, 1), problem(2, 1, 1)],  "abc",          ".1+."),
            ("abcdef",          &[warning(1, 1, 4), problem(2, 3, 1)],  "abcdef",       ".1?2?."),
        ];
        for (scan, places, line, marks) in rows {
            assert_eq!(drawn(scan, places), (line.to_owned(), marks.to_owned()), "{scan:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown_by_a_sign() {
        let shown = |character| match Shown::of(character) {
            Shown::Text(text) => text,
            Shown::Sign(sign, name) => format!("{sign} {name}"),
            Shown::End => String::new(),
        };
        #[rustfmt::skip]
        let rows = [
            ('\u{1d}',   "GS separator FNC1"),
            ('\0',       "NUL control character NUL"),
            ('\u{7f}',   "DEL control character DEL"),
            ('\u{202e}', "U+202E character U+202E"),
            ('\u{301}',  "U+0301 character U+0301"),
            ('\u{85}',   "U+0085 character U+0085"),
            ('\\', "\\"), ('"', "\""), ('\'', "'"), ('<', "<"), ('\u{5d0}', "\u{5d0}"),
        ];
        for (character, expected) in rows {
            assert_eq!(shown(character), expected);
        }
    }

    #[test]
    fn a_long_scan_without_marks_is_one_piece() {
        let strip = Strip::of(&"0123456789".repeat(800), &[]);
        assert_eq!(strip.pieces.len(), 1);
        assert!(!strip.is_marked());
    }

    #[test]
    fn places_are_told_in_characters() {
        for (place, expected) in [
            (problem(1, 0, 0), "character 1"),
            (problem(1, 1, 2), "character 2"),
            (problem(1, 1, 3), "characters 2 to 3"),
            (problem(1, 6, 0), "the end"),
        ] {
            assert_eq!(place.words("w\u{f6}rld"), expected);
        }
    }

    #[test]
    fn a_picture_and_its_control_character_stand_for_each_other() {
        let scan = "\u{2}]d210A\u{1d}2105\r\n\0 gr\u{fc}\u{df}";
        assert_eq!(meant(&pictured(scan)), scan);
        assert_eq!(meant("10A\u{241d}21"), "10A\u{1d}21");
    }
}
