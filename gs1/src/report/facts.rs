//! What is only said of numbers and tags: of a label, of the first scan that says it.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use crate::epc::{Scheme, Serial, Tag};
use crate::gtin::{Gtin, GtinFormat};
use crate::problem::Class;
use crate::rcn::{self, Restricted, Usage};
use crate::reading::Reading;
use crate::symbology::Symbology;
use crate::upce;

use super::answer::{Candidate, Report, TagFacts, Warning};
use super::build::{Found, told};
use super::route::{Way, moved};

impl Found<'_> {
    pub(super) fn add_facts(&self, report: &mut Report, at: usize) {
        let (Some(reading), Some(routed)) = (self.readings.get(at), self.routed_of(at)) else { return };
        if let Way::Tag(tag, _) = &routed.way {
            self.add_tag(report, at, tag);
        }
        let Some(digits) = reading.primary() else { return };
        let as_sent = match routed.way {
            Way::UpcE { .. } => routed.text(),
            Way::AsSent | Way::Tag(..) | Way::Refused(..) => digits.to_string(),
        };
        report.number.primary.get_or_insert(as_sent);
        if matches!(routed.way, Way::UpcE { .. }) && report.number.upc_a.is_none() {
            let upc_a = reading.gtin().and_then(|gtin| gtin.in_format(GtinFormat::Gtin12));
            report.number.upc_a = upc_a.map(|upc| upc.to_string());
        }
        self.add_candidates(report, at, reading, digits);
        if digits.len() <= 14 {
            self.add_circulation(report, at, digits);
        }
    }
}

// === numbers ===

impl Found<'_> {
    fn add_candidates(&self, report: &mut Report, at: usize, reading: &Reading<'_>, digits: &str) {
        let Some(routed) = self.routed_of(at) else { return };
        let guessed = matches!(routed.way, Way::UpcE { told: false, .. });
        let candidates: Vec<_> = match reading.gtin {
            Some(gtin) if guessed => [item(gtin)].into(),
            _ => candidates(reading, digits),
        };
        let message = match candidates.len() {
            _ if guessed => "nothing says that these digits are a UPC-E, which they can be",
            2.. => "these digits were taken for a GTIN-8, but can be a UPC-E: say what the symbol was",
            _ => "",
        };
        if !message.is_empty() {
            report.warnings.push(self.warning("ambiguous-number", message, at));
        }
        if report.number.candidates.is_empty() {
            report.number.candidates_include.clone_from(&candidates);
            report.number.candidates = candidates;
        }
    }

    /// A warning of all of a scan.
    fn warning(&self, kind: &'static str, message: &str, at: usize) -> Warning {
        let data = self.routed_of(at).map(|routed| routed.data.clone()).unwrap_or_default();
        Warning {
            kind,
            ai: None,
            message: message.to_string(),
            scan: self.places.get(at).copied().unwrap_or_default(),
            place: (data.start, data.len()),
            alternatives: Vec::new(),
        }
    }

    fn add_circulation(&self, report: &mut Report, at: usize, digits: &str) {
        let (Some(reading), Some(routed), Some(scan)) =
            (self.readings.get(at), self.routed_of(at), self.places.get(at))
        else {
            return;
        };
        let rules = rcn::Rules { own: &self.config.rcn_patterns, country: self.config.rcn_region };
        match rules.read(digits.as_bytes()) {
            Ok(Some(restricted)) => self.add_restricted(report, &restricted, *scan),
            Ok(None) => {}
            // The others were found while reading.
            Err(problem) if problem.class == Class::PriceCheckDigit => {
                let span = (problem.span.offset(), problem.span.length());
                let place = routed.place_of(&moved(problem, reading.primary.offset()));
                report.problems.push(told(&problem, span, *scan, place));
                report.dl_uri = None;
            }
            Err(_) => {}
        }
    }

    fn add_restricted(&self, report: &mut Report, restricted: &Restricted, scan: usize) {
        let is_first = report.number.usage.is_none();
        let usage = match restricted.usage() {
            Usage::Region => "geo",
            Usage::Company => "company",
        };
        report.number.usage.get_or_insert(usage);
        let measured = restricted.measured();
        if measured.is_some() {
            // A pattern may allow a check digit that is wrong.
            report.problems.retain(|problem| {
                problem.class != Class::CheckDigit.name() || problem.ai.is_some() || problem.scan != scan
            });
        }
        if !is_first {
            return;
        }
        let Some(measured) = measured else {
            report.number.without_measure_gtin14 = restricted.gtin().map(|gtin| gtin.to_string());
            return;
        };
        report.meaning.add_measured(&measured, self.config.rcn_region);
        report.number.item_reference = Some(measured.item().to_string());
        report.number.without_measure_gtin14 = Some(measured.without_measure().to_string());
    }
}

fn item(gtin: Gtin) -> Candidate {
    Candidate { gtin14: Some(gtin.to_string()), gtin_format: Some(gtin.format().to_string()), sscc: None }
}

/// What digits that came without an identifier can be. Eight may be a UPC-E, too.
fn candidates(reading: &Reading<'_>, digits: &str) -> Vec<Candidate> {
    if !matches!(reading.symbology(), None | Some(Symbology::Unnamed)) {
        return Vec::new();
    }
    let unit =
        |sscc: crate::Sscc| Candidate { gtin14: None, gtin_format: None, sscc: Some(sscc.to_string()) };
    let short = (digits.len() == 8).then(|| upce::expand(digits.as_bytes()).ok()).flatten();
    reading.gtin.map(item).into_iter().chain(reading.sscc.map(unit)).chain(short.map(item)).collect()
}

// === tags ===

impl Found<'_> {
    fn add_tag(&self, report: &mut Report, at: usize, tag: &Tag) {
        if tag.has_more() {
            let (kind, message) = if tag.scheme() == Scheme::Sscc96 {
                ("tag-reserved-bits", "reserved bits of the tag are not 0: they are not read")
            } else {
                ("tag-has-more", "the tag holds more data behind its serial, which is not read")
            };
            report.warnings.push(self.warning(kind, message, at));
        }
        if report.tag.scheme.is_some() {
            return;
        }
        let serial = match tag.serial() {
            Serial::None => None,
            Serial::Number(number) => Some(number.to_string()),
            Serial::Text(text) => Some(text.to_string()),
        };
        let is_place = matches!(tag.scheme(), Scheme::Sgln96 | Scheme::Sgln195);
        report.tag = facts(tag, serial.clone().filter(|_| is_place));
        if report.serial.is_none() {
            report.serial = serial.filter(|_| !is_place);
        }
    }
}

fn facts(tag: &Tag, extension: Option<alloc::string::String>) -> TagFacts {
    let fields: Vec<_> = tag.elements().collect();
    let value_of =
        |ai: &str| fields.iter().find(|field| field.ai == *ai).map(|field| field.value.to_string());
    TagFacts {
        scheme: Some(tag.scheme().name()),
        filter: Some(tag.filter()),
        epc_uri: Some(tag.identity().to_string()),
        tag_uri: Some(tag.uri().to_string()),
        element_string: Some(
            fields.iter().map(|field| alloc::format!("({}){}", field.ai, field.value)).collect(),
        ),
        company_prefix: tag.company_prefix().map(|prefix| prefix.to_string()),
        gln: value_of("414"),
        extension,
        grai: value_of("8003"),
        giai: value_of("8004"),
    }
}
