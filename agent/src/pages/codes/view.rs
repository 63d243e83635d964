//! From a report to what the page shows of it.

use gs1::report::{NumberFacts, Report, ReportedAlternative, TagFacts, Warning};

use super::strip::{Place, Tone, pictured};
use super::{Asked, Read, words};

/// A thing that is known, by its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// Where more is to be seen of it.
    pub(super) href: Option<String>,
}

/// An element, as a row shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) ai: String,
    pub(super) title: String,
    pub(super) value: String,
    /// What the value means; nothing when that is what it is.
    pub(super) meaning: String,
    /// What is found about it.
    pub(super) findings: Vec<(Tone, usize)>,
}

/// A problem or a warning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) number: usize,
    pub(super) tone: Tone,
    /// Its stable name.
    pub(super) class: &'static str,
    /// The AI that it is about.
    pub(super) ai: Option<String>,
    pub(super) message: String,
    pub(super) hint: &'static str,
    /// Where it is in the scan, unless it is about all of it.
    pub(super) place: Option<Place>,
    /// The same in words.
    pub(super) at: String,
    /// Other ways to read it.
    pub(super) readings: Vec<OtherReading>,
}

/// Another way to read a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OtherReading {
    pub(super) elements: String,
    /// The page that reads the scan this way.
    pub(super) href: String,
}

/// The data, written in one of the forms that others take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) text: String,
}

/// The state of the whole, and a word for it.
pub(super) fn verdict(report: &Report) -> (&'static str, String) {
    let counted = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    };
    match (report.problems.len(), report.warnings.len()) {
        (0, 0) => ("ok", "Nothing wrong".to_owned()),
        (0, warnings) => ("wait", counted(warnings, "warning")),
        (problems, 0) => ("bad", counted(problems, "problem")),
        (problems, warnings) => {
            ("bad", format!("{}, {}", counted(problems, "problem"), counted(warnings, "warning")))
        }
    }
}

// === what it is ===

/// What the code is, and what it names.
pub(super) fn facts(read: &Read) -> Vec<Fact> {
    let report = &read.report;
    let mut facts = vec![plain("Form", words::form(report.form))];
    let symbol = report.symbology.as_deref().unwrap_or("not told: no AIM identifier came with it");
    facts.push(plain("Symbol", symbol));
    facts.push(plain("GS1 data", if report.gs1 { "yes" } else { "no" }));
    match (&read.item, &report.gtin14) {
        (Some(item), _) => facts.push(Fact {
            name: "Item",
            value: item.name.clone(),
            href: Some(format!("/?gtin={}", item.gtin)),
        }),
        (None, Some(_)) => facts.push(plain("Item", "not in the catalogue of this store")),
        (None, None) => {}
    }
    add(&mut facts, "GTIN", report.gtin14.as_ref());
    add(&mut facts, "Shortest form", report.number.gtin_format.as_ref());
    add(&mut facts, "Logistic unit (SSCC)", report.sscc.as_ref());
    add_number(&mut facts, report);
    add_tag(&mut facts, &report.tag);
    add(&mut facts, "Text", report.plain.as_ref());
    if let Some(ignored) = report.ignored_query_params.as_ref().filter(|ignored| !ignored.is_empty()) {
        facts.push(plain("Ignored parameters", &ignored.join(", ")));
    }
    facts
}

fn add_number(facts: &mut Vec<Fact>, report: &Report) {
    let NumberFacts { usage, item_reference, without_measure_gtin14, upc_a, candidates, check_digit, .. } =
        &report.number;
    add(facts, "UPC-A", upc_a.as_ref());
    match usage {
        Some("geo") => facts.push(plain("Restricted number", "of a country or region")),
        Some(_) => facts.push(plain("Restricted number", "of a company: only it knows what it means")),
        None => {}
    }
    add(facts, "Item number in it", item_reference.as_ref());
    if item_reference.is_some() {
        add(facts, "Weight", report.meaning.weight.as_ref().map(|weight| format!("{weight} kg")).as_ref());
        let price = report.meaning.price.as_ref().map(|_price| words::meaning(&report.meaning));
        add(facts, "Price", price.as_ref());
        add(facts, "Pieces", report.meaning.count.map(|count| count.to_string()).as_ref());
        add(facts, "Looked up as", without_measure_gtin14.as_ref());
    }
    let others = candidates.iter().filter(|one| one.gtin14.is_none() || one.gtin14 != report.gtin14);
    let others = others.filter_map(|one| match (&one.gtin14, &one.sscc) {
        (Some(gtin), _) => Some(format!("GTIN {gtin}")),
        (None, Some(sscc)) if report.sscc.as_ref() != Some(sscc) => Some(format!("SSCC {sscc}")),
        (None, _) => None,
    });
    for other in others {
        facts.push(plain("Could also be", &other));
    }
    add(facts, "Price check digit", check_digit.map(|digit| digit.to_string()).as_ref());
}

fn add_tag(facts: &mut Vec<Fact>, tag: &TagFacts) {
    add(facts, "Tag scheme", tag.scheme.map(str::to_owned).as_ref());
    add(facts, "Filter", tag.filter.map(|filter| filter.to_string()).as_ref());
    add(facts, "Company prefix", tag.company_prefix.as_ref());
}

fn plain(name: &'static str, value: &str) -> Fact {
    Fact { name, value: pictured(value), href: None }
}

fn add(facts: &mut Vec<Fact>, name: &'static str, value: Option<&String>) {
    facts.extend(value.map(|value| plain(name, value)));
}

// === what it says ===

/// Its elements, with what they mean and what is found about them.
pub(super) fn elements(read: &Read, findings: &[Finding]) -> Vec<Element> {
    let report = &read.report;
    let rows = report.elements.iter().enumerate().map(|(index, element)| {
        let meaning = report.meanings.get(index);
        let about = findings.iter().filter(|finding| finding.ai.as_ref() == Some(&element.ai));
        let item = read
            .item
            .as_ref()
            .filter(|item| matches!(&*element.ai, "01" | "02") && item.gtin == element.value);
        Element {
            ai: element.ai.clone(),
            title: meaning.and_then(|meaning| meaning.title.clone()).unwrap_or_default(),
            value: pictured(&element.value),
            meaning: item
                .map(|item| pictured(&item.name))
                .or_else(|| meaning.map(words::meaning))
                .unwrap_or_default(),
            findings: about.map(|finding| (finding.tone, finding.number)).collect(),
        }
    });
    rows.collect()
}

/// The forms that the data can be written in. Of what is wrong only the brackets are known.
pub(super) fn written(report: &Report) -> Vec<Written> {
    let forms = [
        ("as-brackets", "In brackets", report.bracketed.as_ref()),
        ("as-scan", "As a scanner sends it", report.canonical_scan.as_ref()),
        ("as-link", "GS1 Digital Link", report.dl_uri.as_ref()),
        ("as-epc", "EPC URI", report.tag.epc_uri.as_ref()),
        ("as-tag", "Tag URI", report.tag.tag_uri.as_ref()),
    ];
    let forms = forms.into_iter().filter_map(|(id, label, text)| Some((id, label, text?)));
    forms.map(|(id, label, text)| Written { id, label, text: pictured(text) }).collect()
}

// === what is wrong ===

/// Problems, then warnings, numbered through.
pub(super) fn findings(asked: &Asked, report: &Report) -> Vec<Finding> {
    let problems = report.problems.iter().map(|problem| Finding {
        number: 0,
        tone: Tone::Problem,
        class: problem.class,
        ai: problem.ai.clone(),
        message: pictured(&problem.message),
        hint: problem.hint,
        place: Some(place(Tone::Problem, problem.place)),
        at: String::new(),
        readings: Vec::new(),
    });
    let warnings = report.warnings.iter().map(|warning| Finding {
        number: 0,
        tone: Tone::Warning,
        class: warning.kind,
        ai: warning.ai.clone(),
        message: pictured(&warning.message),
        hint: "",
        // The others are about the scan as a whole.
        place: warning.ai.as_ref().map(|_ai| place(Tone::Warning, warning.place)),
        at: String::new(),
        readings: readings(asked, warning),
    });
    let mut findings: Vec<_> = problems.chain(warnings).collect();
    for (number, finding) in (1..).zip(&mut findings) {
        finding.number = number;
        if let Some(place) = &mut finding.place {
            place.number = number;
            finding.at = place.words(&asked.code);
        }
    }
    findings
}

const fn place(tone: Tone, (offset, length): (usize, usize)) -> Place {
    Place { number: 0, tone, offset, length }
}

fn readings(asked: &Asked, warning: &Warning) -> Vec<OtherReading> {
    let readings = warning.alternatives.iter().filter_map(|other| {
        let code = separated(&asked.code, warning.place.0, other)?;
        let rest = other.rest.iter().map(|element| format!("({}){}", element.ai, element.value));
        let first = format!("({}){}", warning.ai.as_deref().unwrap_or_default(), other.value);
        Some(OtherReading {
            elements: std::iter::once(first).chain(rest).collect(),
            href: Asked { code, ..asked.clone() }.address(),
        })
    });
    readings.collect()
}

/// The scan with the separator that was lost, behind the shorter value. What follows needs none: had it one, it would not
/// have been taken for a part of the value.
fn separated(scan: &str, value_at: usize, other: &ReportedAlternative) -> Option<String> {
    let (before, behind) = scan.split_at_checked(value_at.saturating_add(other.value.len()))?;
    Some(format!("{before}\u{1d}{behind}"))
}
