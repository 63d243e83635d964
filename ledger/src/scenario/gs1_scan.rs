//! Questions about what a scanner read.

use super::answer::Answer;
use super::desk::View;
use super::grammar::{Does, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;

const PARTS: &[&str] = &["gtin", "sscc", "lot", "serial", "expiry", "weight", "quantity", "problems"];

/// What can be asked about scans.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb {
        name: "scan",
        slots: &[need("scan", Type::Text), may("part", Type::Choice(PARTS))],
        options: &[may("ai", Type::Name)],
        does: Does::Ask(scan),
    },
    Verb {
        name: "sscc",
        slots: &[need("scan", Type::Text)],
        options: &[may("prefix", Type::Whole)],
        does: Does::Ask(sscc),
    },
];

/// The scan as bytes: `<GS>` stands for the separator, spaces around elements are for the reader's eye only.
fn bytes(line: &Line) -> Vec<u8> {
    line.args.name("scan").replace("<GS>", "\u{1d}").into_bytes()
}

/// All that is understood, or one part of it.
fn scan(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let bytes = bytes(line);
    let reading = gs1::read(&bytes);
    let year = view.desk.year(line);
    let part = |part: &str| match part {
        "gtin" => reading.gtin().map(|gtin| gtin.to_string()),
        "sscc" => reading.sscc().map(|sscc| sscc.to_string()),
        "lot" => reading.lot().map(str::to_owned),
        "serial" => reading.serial().map(str::to_owned),
        "expiry" => reading.expiry(year).map(|date| date.to_string()),
        "weight" => reading.weight_grams().map(|grams| grams.to_string()),
        "quantity" => reading.quantity().map(|quantity| quantity.to_string()),
        _ => Some(reading.problems().count().to_string()),
    };
    if let Some(ai) = line.args.text("ai") {
        return Ok(reading.element(ai).map_or(Answer::none(), Answer::text));
    }
    if let Some(asked) = line.args.text("part") {
        return Ok(part(asked).map_or(Answer::none(), Answer::text));
    }
    let known = PARTS.iter().take(7).filter_map(|name| Some(format!("{name} {}", part(name)?)));
    Ok(Answer::list(known.map(Answer::text)))
}

/// The parts of the number of a logistic unit: extension digit, company prefix, serial reference, check digit.
fn sscc(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let bytes = bytes(line);
    let reading = gs1::read(&bytes);
    let Some(sscc) = reading.sscc() else {
        return Ok(Answer::text("none"));
    };
    let digits = sscc.to_string();
    let prefix = line.args.number("prefix").copied().unwrap_or(DEFAULT_PREFIX);
    let prefix = usize::try_from(prefix).unwrap_or_default().min(16);
    let end = prefix.saturating_add(1);
    let parts = [0..1, 1..end, end..17, 17..18].map(|range| digits.get(range).unwrap_or_default().to_owned());
    Ok(Answer::text(parts.join(" ")))
}

/// Digits of a company prefix when the question does not say.
const DEFAULT_PREFIX: i64 = 7;
