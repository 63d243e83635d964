//! From what was read to a report.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::ai::Ai;
use crate::bracketed;
use crate::label::Label;
use crate::problem::{Class, Detail, Problem};
use crate::rcn::price_check_digit;
use crate::reading::{Element, Form, Reading};
use crate::symbology::Symbology;
use crate::text::{Escape, Part, Text};
use crate::uri;

use super::answer::{Meaning, Report, ReportedAlternative, ReportedElement, ReportedProblem, Warning};
use super::config::Config;
use super::route::{Routed, Way, is_mere_text};

/// All that was read of a scan, or of the scans of a label.
pub(super) struct Found<'f> {
    pub(super) config: &'f Config,
    pub(super) routed: &'f [Routed<'f>],
    pub(super) readings: &'f [Reading<'f>],
    /// Of which scan each reading is.
    pub(super) places: &'f [usize],
    /// One symbol by itself, rather than those of a label.
    pub(super) alone: bool,
    pub(super) year: i16,
}

impl Found<'_> {
    pub(super) fn report(&self) -> Report {
        let mut report = Report {
            form: self.form(),
            gs1: self.is_gs1(),
            symbology: self
                .routed
                .first()
                .and_then(|one| one.symbology)
                .map(|symbology| symbology.to_string()),
            ..Report::default()
        };
        self.add_problems(&mut report);
        self.add_elements(&mut report);
        self.add_keys(&mut report);
        for at in 0..self.readings.len() {
            self.add_facts(&mut report, at);
        }
        if self.alone {
            self.add_what_one_scan_is(&mut report);
        }
        self.add_lost_separators(&mut report);
        report
    }

    fn form(&self) -> &'static str {
        let Some(routed) = self.routed.first().filter(|_| self.alone) else { return "label" };
        match (&routed.way, self.readings) {
            (Way::Tag(..), _) => "tag",
            (Way::UpcE { .. }, _) => "number",
            (Way::Refused(form, _), _) => form,
            (Way::AsSent, [reading, ..]) => match reading.form() {
                Form::Number => "number",
                Form::Elements => "elements",
                Form::DigitalLink => "digital-link",
                Form::Bracketed => "bracketed",
                Form::Plain => "plain",
            },
            (Way::AsSent, []) => "plain",
        }
    }

    fn is_gs1(&self) -> bool {
        let refused = |one: &Routed<'_>| matches!(one.way, Way::Refused("number", _));
        self.readings.iter().any(|reading| reading.form() != Form::Plain) || self.routed.iter().any(refused)
    }

    fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.readings.iter().flat_map(Reading::elements)
    }

    pub(super) fn routed_of(&self, reading: usize) -> Option<&Routed<'_>> {
        self.routed.get(*self.places.get(reading)?)
    }
}

// === what is wrong ===

impl Found<'_> {
    fn add_problems(&self, report: &mut Report) {
        for (place, one) in self.routed.iter().enumerate() {
            if let Way::Refused(_, problem) = &one.way {
                let span = problem.place_in_value();
                report.problems.push(told(
                    problem,
                    span,
                    place,
                    (problem.span.offset(), problem.span.length()),
                ));
            }
        }
        match self.readings {
            [reading] if self.alone => {
                reading.problems().for_each(|problem| self.add_problem(report, 0, &problem));
            }
            readings => {
                let label = Label::new(readings);
                label.problems().for_each(|(reading, problem)| self.add_problem(report, reading, &problem));
                if self.config.requisites {
                    let missing = label.missing_with_places();
                    missing.for_each(|(reading, problem)| self.add_problem(report, reading, &problem));
                }
            }
        }
    }

    fn add_problem(&self, report: &mut Report, at: usize, problem: &Problem<'_>) {
        let (Some(reading), Some(routed), Some(scan)) =
            (self.readings.get(at), self.routed_of(at), self.places.get(at))
        else {
            return;
        };
        let data = reading.plain().unwrap_or_default();
        let place = routed.place_of(problem);
        let warning = |kind, message: &str| Warning {
            kind,
            ai: None,
            message: message.to_string(),
            scan: *scan,
            place,
            alternatives: Vec::new(),
        };
        if is_mere_text(reading, problem.class, data) {
            report
                .warnings
                .push(warning("text-without-identifier", "nothing says what kind of symbol held this text"));
        } else if problem.class == Class::Length && is_price_field(reading, data) {
            report
                .warnings
                .push(warning("no-key", "no key has so few digits: they were taken for a price or weight"));
        } else {
            report.problems.push(told(problem, place_in_value(reading, problem), *scan, place));
        }
    }
}

pub(super) fn told(
    problem: &Problem<'_>,
    span: (usize, usize),
    scan: usize,
    place: (usize, usize),
) -> ReportedProblem {
    let (with, needs) = match problem.detail {
        Detail::With(other) => (Some(other.to_string()), None),
        Detail::Needs(needs) => (None, Some(needs.to_string())),
        Detail::Nothing
        | Detail::Symbology(_)
        | Detail::CheckDigit { .. }
        | Detail::Length { .. }
        | Detail::Lengths { .. }
        | Detail::TooManyBytes
        | Detail::TooManyElements
        | Detail::Byte(_) => (None, None),
    };
    ReportedProblem {
        class: problem.class.name(),
        ai: problem.ai.map(|ai| ai.to_string()),
        span,
        with,
        needs,
        message: problem.what().to_string(),
        hint: problem.hint(),
        scan,
        place,
    }
}

/// Where in the value the fault is: of one that was written with escapes, in what they stand for.
fn place_in_value(reading: &Reading<'_>, problem: &Problem<'_>) -> (usize, usize) {
    let is_it = |part: &Part<'_>| Some(part.ai) == problem.ai && part.span == problem.value;
    let (table, data) = (&reading.reader.table, reading.data.range());
    let part = match reading.form() {
        Form::DigitalLink => {
            uri::parse_at(table, reading.scan(), data, uri::Gtins::AsWritten).parts().find(is_it)
        }
        Form::Bracketed => bracketed::parse_at(table, reading.scan(), data).parts().find(is_it),
        Form::Number | Form::Elements | Form::Plain => None,
    };
    // A value with an escape that is none is no part.
    let unread = matches!(problem.class, Class::UriSyntax | Class::DlNull)
        .then(|| Text::new(reading.scan().get(problem.value.range()).unwrap_or_default(), Escape::Percent));
    let (offset, length) = problem.place_in_value();
    let value = part.map(|part| part.value).or(unread);
    value.map_or((offset, length), |value| value.place_in_value(offset..offset + length))
}

/// Four or five digits alone: what a scale prints into a number.
fn is_price_field(reading: &Reading<'_>, data: &[u8]) -> bool {
    let unnamed = matches!(reading.symbology(), None | Some(Symbology::Unnamed));
    unnamed && price_check_digit(data).is_some()
}

// === what it says ===

impl Found<'_> {
    fn add_elements(&self, report: &mut Report) {
        let mut text = String::new();
        for (reading, slot) in
            self.readings.iter().flat_map(|reading| reading.slots.iter().map(move |slot| (reading, *slot)))
        {
            let value = String::from_utf8_lossy(reading.value(slot));
            let element = reading.element_with(slot, &value);
            report.meanings.push(Meaning::of(&element, self.year));
            // A string takes all that is written into it.
            bracketed::write(&mut text, [(element.ai, Text::plain(&value))].into_iter()).unwrap_or_default();
            let (ai, lossy) = (element.ai.to_string(), matches!(value, Cow::Owned(_)));
            report.elements.push(ReportedElement { ai, value: value.into_owned(), lossy });
        }
        let telling: Vec<_> = report.meanings.iter().filter(|meaning| meaning.says_more()).collect();
        report.meaning = match (telling.as_slice(), report.meanings.as_slice()) {
            ([only], _) => (*only).clone(),
            ([], [only]) => only.clone(),
            _ => Meaning::of_several(&report.meanings),
        };
        report.bracketed = Some(text).filter(|text| !text.is_empty());
    }

    fn add_keys(&self, report: &mut Report) {
        let gtin = self.readings.iter().find_map(Reading::gtin);
        report.gtin14 = gtin.map(|gtin| gtin.to_string());
        report.number.gtin_format = gtin.map(|gtin| gtin.format().to_string());
        report.sscc = self.readings.iter().find_map(Reading::sscc).map(|sscc| sscc.to_string());
        let owned = |text: &str| text.to_string();
        report.lot = self.readings.iter().find_map(Reading::lot).map(owned);
        report.serial = self.readings.iter().find_map(Reading::serial).map(owned);
        let expiry = self.readings.iter().find_map(|reading| reading.expiry(self.year));
        report.expiry = expiry.map(|date| date.to_string());
        if report.problems.is_empty() {
            report.dl_uri = self.address();
        }
    }

    /// The elements as an address. The number of a symbol that is just a number stands for AI 01.
    fn address(&self) -> Option<String> {
        let number = self.readings.iter().find_map(|reading| reading.gtin).map(|gtin| gtin.to_string());
        let number = number.iter().map(|gtin| (Ai::new(b"01"), gtin.as_str()));
        let sscc = self.readings.iter().find_map(|reading| reading.sscc).map(|sscc| sscc.to_string());
        let sscc = sscc.iter().map(|sscc| (Ai::new(b"00"), sscc.as_str()));
        let elements: Vec<_> = self.elements().collect();
        let elements = elements.iter().map(|element| (element.ai, element.value));
        let parts: Vec<_> = number.chain(sscc).chain(elements).collect();
        let parts = parts.iter().map(|(ai, value)| (*ai, Text::plain(value)));
        let reader = self.readings.first()?.reader;
        let mut address = String::new();
        uri::write_by(reader, &mut address, uri::STEM, parts).is_ok().then_some(address)
    }

    fn add_lost_separators(&self, report: &mut Report) {
        for (at, reading) in self.readings.iter().enumerate() {
            let (Some(routed), Some(scan)) = (self.routed_of(at), self.places.get(at)) else { continue };
            if !matches!(routed.way, Way::AsSent) {
                continue;
            }
            for lost in reading.lost_separators() {
                let alternatives = lost.alternatives().map(|other| ReportedAlternative {
                    value: other.value().to_string(),
                    rest: other
                        .rest()
                        .map(|element| ReportedElement {
                            ai: element.ai.to_string(),
                            value: element.value.to_string(),
                            lossy: false,
                        })
                        .collect(),
                });
                report.warnings.push(Warning {
                    kind: "separator-probably-lost",
                    ai: Some(lost.ai().to_string()),
                    message: alloc::format!(
                        "a separator was probably lost in AI `{}`: check that the scanner sends FNC1 as ASCII 29",
                        lost.ai()
                    ),
                    scan: *scan,
                    place: (lost.span().offset(), lost.span().length()),
                    alternatives: alternatives.collect(),
                });
            }
        }
    }
}

// === what is only said of one scan ===

impl Found<'_> {
    fn add_what_one_scan_is(&self, report: &mut Report) {
        let Some(routed) = self.routed.first() else { return };
        let Some(reading) = self.readings.first() else {
            report.number.primary = matches!(routed.way, Way::Refused("number", _)).then(|| routed.text());
            return;
        };
        if let Some(data) = reading.plain() {
            report.plain = Some(routed.text());
            report.data = Some(routed.text());
            report.number.check_digit = price_check_digit(data).filter(|_| is_price_field(reading, data));
        }
        if reading.form() == Form::DigitalLink {
            let table = &reading.reader.table;
            let uri = uri::parse_at(table, reading.scan(), reading.data.range(), uri::Gtins::AsWritten);
            report.ignored_query_params = Some(uri.ignored().map(str::to_string).collect());
        }
        report.canonical_scan = match &routed.way {
            Way::Tag(tag, _) if !tag.has_more() => Some(tag.hex().to_string()),
            Way::AsSent | Way::Tag(..) | Way::UpcE { .. } | Way::Refused(..) => {
                report.problems.is_empty().then(|| reading.canonical_scan().to_string())
            }
        };
    }
}
