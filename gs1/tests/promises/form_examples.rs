//! The reference examples, where they are at hand: rows of the forms beside element strings. Rows whose AIs are not in today's
//! table, and rules between AIs, are for those who read elements.

use std::path::Path;

use gs1::rcn::{self, Country, Measure, Rules};
use gs1::{Problem, bracketed, epc, read, upce, uri};
use serde_json::Value;

fn rows() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/gs1/examples.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_kind(kind: &str) -> impl Iterator<Item = Value> {
    rows().into_iter().filter(move |row| row["kind"].as_str().unwrap().starts_with(kind))
}

/// Of a row with an error, whether it was found; of the classes that are this part's business.
fn error_is_found(row: &Value, problem: Option<&Problem<'_>>) {
    let error = &row["error"];
    let problem = problem.unwrap_or_else(|| panic!("{}: no problem", row["id"]));
    assert_eq!(Some(problem.class.name()), error["class"].as_str(), "{}", row["id"]);
    if let Some(ai) = error["ai"].as_str() {
        assert_eq!(problem.ai.map(|ai| ai.to_string()).as_deref(), Some(ai), "{}", row["id"]);
    }
}

fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| value.to_string().into())
}

#[test]
fn bracketed_text_and_addresses_are_made_as_expected() {
    for row in rows() {
        let (Some(written), Some(elements)) =
            (row["expect"]["bracketed"].as_str(), row["expect"]["elements"].as_array())
        else {
            continue;
        };
        let parsed = bracketed::parse(written.as_bytes());
        assert_eq!(parsed.problems().next(), None, "{}", row["id"]);
        let pairs: Vec<(String, String)> =
            parsed.parts().map(|part| (part.ai.to_string(), part.value.to_string())).collect();
        let expected: Vec<(String, String)> = elements
            .iter()
            .map(|e| (e["ai"].as_str().unwrap().to_owned(), e["value"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(pairs, expected, "{}", row["id"]);
        let (mut again, mut address) = (String::new(), String::new());
        bracketed::write(&mut again, parsed.parts().map(|part| (part.ai, part.value))).unwrap();
        assert_eq!(again, written);
        if let Some(expected) = row["expect"].get("dl_uri") {
            let made = uri::write(&mut address, uri::STEM, parsed.parts().map(|part| (part.ai, part.value)));
            assert_eq!(text(made.is_ok().then_some(address)), *expected, "{}", row["id"]);
        }
    }
}

#[test]
fn addresses_are_taken_apart_as_expected() {
    for row in of_kind("digital-link/") {
        let input = row["input"].as_str().unwrap();
        if row["expect"]["plain"].is_string() {
            assert_eq!(read(input.as_bytes()).plain(), Some(input.as_bytes()), "{}", row["id"]);
            continue;
        }
        let address = input.get(input.find("http").unwrap()..).unwrap();
        let parsed = uri::parse(address.as_bytes());
        let class = row["error"]["class"].as_str();
        match class {
            Some(class) if class.starts_with("dl-") || class == "uri-syntax" => {
                error_is_found(&row, parsed.problems().next().as_ref());
                error_is_found(&row, read(input.as_bytes()).problems().next().as_ref());
            }
            Some("requisite") => error_is_found(&row, read(input.as_bytes()).missing().next().as_ref()),
            Some(_) => error_is_found(&row, read(input.as_bytes()).problems().next().as_ref()),
            None => {
                let mut written = String::new();
                bracketed::write(&mut written, parsed.parts().map(|part| (part.ai, part.value))).unwrap();
                assert_eq!(row["expect"]["bracketed"].as_str(), Some(written.as_str()), "{}", row["id"]);
                let ignored: Vec<&str> = parsed.ignored().collect();
                if let Some(expected) = row["expect"].get("ignored_query_params") {
                    assert_eq!(Value::from(ignored), *expected, "{}", row["id"]);
                }
            }
        }
    }
}

#[test]
fn bracketed_text_with_a_fault_is_refused_as_expected() {
    for row in of_kind("bracketed/error") {
        error_is_found(&row, read(row["input"].as_str().unwrap().as_bytes()).problems().next().as_ref());
    }
}

#[test]
fn tags_are_read_as_expected() {
    for row in of_kind("epc/") {
        let hex = row["input"].as_str().unwrap();
        let decoded = epc::decode(hex.as_bytes());
        if row["error"].is_object() {
            error_is_found(&row, decoded.err().as_ref());
            continue;
        }
        let (tag, expect) = (decoded.unwrap(), &row["expect"]);
        let elements: String = tag.elements().map(|field| format!("({}){}", field.ai, field.value)).collect();
        assert_eq!(Value::from(tag.scheme().name()), expect["scheme"], "{}", row["id"]);
        assert_eq!(Value::from(tag.filter()), expect["filter"], "{}", row["id"]);
        assert_eq!(Value::from(elements), expect["element_string"], "{}", row["id"]);
        assert_eq!(text(Some(tag.identity())), expect["epc_uri"], "{}", row["id"]);
        assert_eq!(text(Some(tag.uri())), expect["tag_uri"], "{}", row["id"]);
        assert_eq!(text(tag.company_prefix()), expect["company_prefix"], "{}", row["id"]);
        assert_eq!(text(tag.gtin()), expect["gtin14"], "{}", row["id"]);
        assert_eq!(text(tag.sscc()), expect["sscc"], "{}", row["id"]);
        assert_eq!(tag.hex().to_string(), hex, "{}", row["id"]);
    }
}

#[test]
fn numbers_are_read_as_expected() {
    for row in of_kind("upc-e/") {
        let expanded = upce::expand(row["input"].as_str().unwrap().as_bytes());
        match expanded {
            Ok(gtin) => {
                assert_eq!(text(Some(gtin)), row["expect"]["gtin14"], "{}", row["id"]);
                assert_eq!(
                    text(gtin.in_format(gs1::GtinFormat::Gtin12)),
                    row["expect"]["upc_a"],
                    "{}",
                    row["id"]
                );
            }
            Err(problem) => error_is_found(&row, Some(&problem)),
        }
    }
    for row in rows().into_iter().filter(|row| row["expect"]["gtin_format"].is_string()) {
        let gtin = read(row["input"].as_str().unwrap().as_bytes()).gtin();
        assert_eq!(text(gtin.map(gs1::Gtin::format)), row["expect"]["gtin_format"], "{}", row["id"]);
    }
    for row in of_kind("rcn/check-digit") {
        let digit = rcn::price_check_digit(row["input"].as_str().unwrap().as_bytes());
        assert_eq!(digit.map(u64::from), row["expect"]["check_digit"].as_u64(), "{}", row["id"]);
    }
    for row in of_kind("rcn/valid").chain(of_kind("rcn/error")) {
        let country = row["config"]["rcn_region"].as_str().and_then(Country::of_code);
        let number = row["input"].as_str().unwrap().trim_start_matches("]E0");
        match (Rules { own: &[], country }).read(number.as_bytes()) {
            Err(problem) => error_is_found(&row, Some(&problem)),
            Ok(restricted) => {
                let (measured, expect) = (restricted.unwrap().measured().unwrap(), &row["expect"]);
                let value = text(Some(measured.value()));
                let key = match measured.value().measure() {
                    Measure::Price => "price",
                    Measure::Weight => "weight",
                    Measure::Count => "count",
                };
                assert_eq!(value, expect[key], "{}", row["id"]);
                assert_eq!(text(Some(measured.item())), expect["item_reference"], "{}", row["id"]);
                assert_eq!(text(Some(measured.without_measure())), expect["without_measure_gtin14"]);
            }
        }
    }
}
