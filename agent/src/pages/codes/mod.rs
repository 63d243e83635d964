//! "What does this code say": one scan and all that is known of it, with each finding under the characters it is about.
//!
//! The page is an answer to its own address, so it can be kept and passed on. It works without script; `codes.js` lets the
//! field take what scanners type, and copies.

mod strip;
mod view;
mod words;

use askama::Template;
use axum::response::Response;
use gs1::Unnamed;
use gs1::rcn::Country;
use gs1::report::Report;
use web::view::marked;
use web::{Page, Problem, Script, Shell};

pub(crate) use self::strip::meant;
use self::strip::{Shown, Strip, Tone, pictured};
use self::view::{Element, Fact, Finding, Written};

/// Where the page is.
pub(super) const PATH: &str = "/codes";

/// The page, as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct CodesPage {
    /// What was asked.
    pub asked: Asked,
    /// What came of it.
    pub answer: Answer,
}

/// What the page was asked, as its form shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The scan; empty when nothing was asked.
    pub code: String,
    /// By whose patterns restricted numbers are read.
    pub region: Option<Country>,
    /// What data without an identifier is.
    pub assume: Unnamed,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Nothing was asked.
    Nothing,
    /// The question was refused; the detail of the problem.
    Refused(String),
    /// The scan was read.
    Read(Box<Read>),
}

/// A scan that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// All that is known of it.
    pub report: Report,
    /// The item it names, if the catalogue knows it.
    pub item: Option<Item>,
}

/// An item of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number, 14 digits.
    pub gtin: String,
    /// What people call it.
    pub name: String,
}

#[derive(Template)]
#[template(path = "codes/page.html")]
struct Body<'a> {
    page: &'a CodesPage,
    told: Option<Told>,
    examples: [Example; 2],
}

/// An answer, ready to be written.
struct Told {
    verdict: (&'static str, String),
    facts: Vec<Fact>,
    strip: Strip,
    findings: Vec<Finding>,
    elements: Vec<Element>,
    written: Vec<Written>,
}

/// A code to try.
struct Example {
    label: &'static str,
    code: &'static str,
}

const EXAMPLES: [Example; 2] = [
    Example {
        label: "A lot with its date, nothing wrong",
        code: "]d2010400638133393117261231102026A\u{1d}2105",
    },
    Example {
        label: "A date that is none, and a lost separator",
        code: "]C10104006381333931152613311026A17261231",
    },
];

// === impl CodesPage ===

impl CodesPage {
    /// The page in its shell.
    ///
    /// # Errors
    /// `internal` when a template fails while it is written out.
    pub fn show(&self, shell: &Shell) -> Result<Response, Problem> {
        shell.show(Page {
            title: "What a code says",
            path: PATH,
            script: Some(Script::Still("codes.js")),
            aside: None,
            body: &self.body(),
        })
    }

    fn body(&self) -> Body<'_> {
        let told = match &self.answer {
            Answer::Nothing | Answer::Refused(_) => None,
            Answer::Read(read) => Some(Told::of(&self.asked, read)),
        };
        Body { page: self, told, examples: EXAMPLES }
    }

    fn code_shown(&self) -> String {
        pictured(&self.asked.code)
    }

    /// Countries to choose from, and which one was chosen.
    fn regions(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let chosen = self.asked.region;
        Country::ALL
            .into_iter()
            .map(move |country| (country.code(), words::country(country), chosen == Some(country)))
    }

    fn sends_no_identifier(&self) -> bool {
        self.asked.assume == Unnamed::Elements
    }
}

// === impl Asked ===

impl Asked {
    /// The address of the page that answers it.
    fn address(&self) -> String {
        let mut address = format!("{PATH}?code=");
        for byte in self.code.bytes() {
            match byte {
                b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    address.push(char::from(byte));
                }
                _ => address.push_str(&format!("%{byte:02X}")),
            }
        }
        if let Some(country) = self.region {
            address.push_str(&format!("&region={}", country.code()));
        }
        match self.assume {
            Unnamed::Elements => address.push_str("&assume=gs1"),
            Unnamed::WhenWhole | Unnamed::Keys => {}
        }
        address
    }
}

// === impl Example ===

impl Example {
    fn address(&self) -> String {
        Asked { code: self.code.to_owned(), ..Asked::default() }.address()
    }

    fn strip(&self) -> Strip {
        Strip::of(self.code, &[])
    }
}

// === impl Told ===

impl Told {
    fn of(asked: &Asked, read: &Read) -> Self {
        let findings = view::findings(asked, &read.report);
        let places: Vec<_> = findings.iter().filter_map(|finding| finding.place).collect();
        Self {
            verdict: view::verdict(&read.report),
            facts: view::facts(read),
            strip: Strip::of(&asked.code, &places),
            elements: view::elements(read, &findings),
            findings,
            written: view::written(&read.report),
        }
    }
}

#[cfg(test)]
mod tests;
