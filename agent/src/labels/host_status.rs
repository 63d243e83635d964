//! What a printer answers to `~HS` (Zebra's ZPL II programming guide, "Host Status Return").

/// A printer's state, as far as a job depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct HostStatus {
    pub(crate) paper_out: bool,
    pub(crate) paused: bool,
    pub(crate) head_open: bool,
    pub(crate) ribbon_out: bool,
    pub(crate) buffer_full: bool,
    /// Labels received and not begun.
    pub(crate) formats_waiting: u32,
    /// Labels left of the one that is being printed.
    pub(crate) labels_left: u32,
}

/// An answer that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer to `~HS` is not understood ({what}): check that the address is that of a ZPL printer")]
pub(crate) struct NoStatus {
    what: &'static str,
}

/// What asks for it.
pub(crate) const QUERY: &[u8] = b"~HS";

/// Each of the three lines ends so.
const END_OF_LINE: u8 = 0x03;
const START_OF_LINE: char = '\u{2}';
const LINES: usize = 3;

impl HostStatus {
    /// Whether an answer is whole.
    pub(crate) fn is_whole(answer: &[u8]) -> bool {
        answer.iter().filter(|byte| **byte == END_OF_LINE).count() >= LINES
    }

    /// Reads an answer: three lines of values with commas between them.
    ///
    /// # Errors
    /// [`NoStatus`].
    pub(crate) fn read(answer: &[u8]) -> Result<Self, NoStatus> {
        let refuse = |what| NoStatus { what };
        let text = std::str::from_utf8(answer).map_err(|_other| refuse("it is no text"))?;
        let mut lines = text.split(char::from(END_OF_LINE)).map(|line| {
            let line = line.rsplit_once(START_OF_LINE).map_or(line, |(_, line)| line);
            line.split(',').map(str::trim).collect::<Vec<_>>()
        });
        let mut line = |values: usize| {
            let found = lines.next().filter(|line| line.len() >= values);
            found.ok_or_else(|| refuse("it has too few values"))
        };
        let (first, second) = (line(9)?, line(9)?);
        let flag = |line: &[&str], place: usize| match line.get(place) {
            Some(&"0") => Ok(false),
            Some(&"1") => Ok(true),
            _ => Err(refuse("a value is neither 0 nor 1")),
        };
        let number = |line: &[&str], place: usize| {
            line.get(place).and_then(|text| text.parse().ok()).ok_or_else(|| refuse("a value is no number"))
        };
        Ok(Self {
            paper_out: flag(&first, 1)?,
            paused: flag(&first, 2)?,
            formats_waiting: number(&first, 4)?,
            buffer_full: flag(&first, 5)?,
            head_open: flag(&second, 2)?,
            ribbon_out: flag(&second, 3)?,
            labels_left: number(&second, 8)?,
        })
    }

    /// Why nothing should be sent now: the code and what to do. `None` when it is ready.
    pub(crate) const fn hindrance(&self) -> Option<(&'static str, &'static str)> {
        if self.head_open {
            Some(("head_open", "the printer's head is open: close it"))
        } else if self.paper_out {
            Some(("paper_out", "the printer has no labels: put in a roll"))
        } else if self.ribbon_out {
            Some(("ribbon_out", "the printer has no ribbon: put one in"))
        } else if self.paused {
            Some(("paused", "the printer is paused: press its pause key"))
        } else if self.buffer_full {
            Some(("buffer_full", "the printer is still busy with what it has: nothing has to be done"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "\u{2}030,0,0,1245,000,0,0,0,000,0,0,0\u{3}\r\n\u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n";

    #[test]
    fn an_answer_is_read_by_its_places() {
        let ready = HostStatus::read(READY.as_bytes()).unwrap();
        assert_eq!((ready, ready.hindrance()), (HostStatus::default(), None));
        #[rustfmt::skip]
        let table = [
            // in the answer                     instead                            hindrance
            ("030,0,0,1245,000",                 "030,1,0,1245,000",                "paper_out"),
            ("030,0,0,1245,000",                 "030,0,1,1245,000",                "paused"),
            ("000,0,0,0,0,2",                    "000,0,1,0,0,2",                   "head_open"),
            ("000,0,0,0,0,2",                    "000,0,0,1,1,2",                   "ribbon_out"),
            ("030,0,0,1245,000",                 "030,1,1,1245,000",                "paper_out"),
            ("1245,000,0,0",                     "1245,012,1,0",                    "buffer_full"),
            ("00000000,1",                       "00000003,1",                      ""),
        ];
        for (part, instead, expected) in table {
            let status = HostStatus::read(READY.replace(part, instead).as_bytes()).unwrap();
            assert_eq!(status.hindrance().map_or("", |(code, _)| code), expected, "{instead}");
            assert_eq!(status.formats_waiting, if instead.contains("012") { 12 } else { 0 });
            assert_eq!(status.labels_left, if instead.contains("003,1") { 3 } else { 0 });
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (answer, expected) in [
            ("", "too few values"),
            ("HTTP/1.1 400 Bad Request\r\n", "too few values"),
            (
                "\u{2}030,x,0,1245,000,0,0,0,000,0,0,0\u{3}\u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}",
                "neither 0 nor 1",
            ),
            ("\u{2}030,0,0,1245,000,0,0,0,000,0,0,0\u{3}\u{2}000,0,0,0,0,2,4,0,many,1,000\u{3}", "no number"),
        ] {
            let refused = HostStatus::read(answer.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        assert!(HostStatus::read(&[0xff, 3, 3, 3]).is_err());
        assert!(HostStatus::is_whole(READY.as_bytes()));
        assert!(!HostStatus::is_whole(READY.replace("1234,0\u{3}", "").as_bytes()));
    }
}
