//! The codes that values may be, against the lists that were collected, where those are at hand: every code there could be, so
//! that none is missing and none too many.

use std::collections::BTreeSet;
use std::path::Path;

use gs1::{Element, read};
use serde_json::Value;

fn lists() -> Option<Value> {
    let path =
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../shared/gs1/code_lists.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).ok()?).unwrap())
}

fn codes_of(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// Every text of so many characters.
fn texts(characters: &str, length: usize) -> Vec<String> {
    let longer = |texts: Vec<String>| {
        texts.iter().flat_map(|text| characters.chars().map(move |next| format!("{text}{next}"))).collect()
    };
    (0..length).fold(vec![String::new()], |texts, _| longer(texts))
}

/// Those that an AI takes, with what stands around the code.
fn taken(ai: &str, (before, behind): (&str, &str), possible: Vec<String>) -> BTreeSet<String> {
    let is_taken = |code: &String| {
        let scan = format!("]C1{ai}{before}{code}{behind}");
        read(scan.as_bytes()).problems().next().is_none()
    };
    possible.into_iter().filter(is_taken).collect()
}

const DIGITS: &str = "0123456789";
const CAPITALS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALL: &str = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

#[test]
fn codes_are_those_of_the_lists() {
    let Some(lists) = lists() else { return };
    let digits = |length| texts(DIGITS, length);
    let none = ("", "");
    let countries = codes_of(&lists["iso3166_numeric"]);
    for ai in ["422", "424", "426"] {
        assert_eq!(taken(ai, none, digits(3)), countries, "AI {ai}");
    }
    let several: BTreeSet<_> = countries.iter().map(|code| format!("{code}{code}")).collect();
    assert!(several.iter().all(|code| read(format!("]C1423{code}").as_bytes()).strict().is_ok()));
    let processors = countries.iter().cloned().chain(["999".to_owned()]).collect();
    assert_eq!(taken("7030", ("", "A"), digits(3)), processors);
    assert_eq!(taken("4307", none, texts(ALL, 2)), codes_of(&lists["iso3166_alpha2"]));
    let currencies = codes_of(&lists["iso4217_numeric"]);
    assert_eq!(taken("3912", ("", "1"), digits(3)), currencies);
    assert_eq!(taken("3932", ("", "1"), digits(3)), currencies);
    assert_eq!(taken("7241", none, digits(2)), codes_of(&lists["media_type"]));
    assert_eq!(taken("7252", none, digits(1)), codes_of(&lists["iso5218_sex_code"]));
    let importer = lists["importer_index_characters"].as_str().unwrap();
    assert_eq!(taken("7040", ("1AB", ""), texts(ALL, 1)), importer.chars().map(String::from).collect());
    let packages = [texts(ALL, 1), texts(ALL, 2), texts(CAPITALS, 3), texts("019AXZ", 4)].concat();
    assert_eq!(taken("7041", none, packages), codes_of(&lists["package_type"]));
}

#[test]
fn every_currency_has_its_letters() {
    let Some(lists) = lists() else { return };
    for code in codes_of(&lists["iso4217_numeric"]) {
        let scan = format!("]C13912{code}1");
        let reading = read(scan.as_bytes());
        let currency =
            reading.elements().next().as_ref().and_then(Element::money).and_then(|money| money.currency);
        assert!(currency.and_then(gs1::Currency::letters).is_some(), "{code}");
    }
}
