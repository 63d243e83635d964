//! The reference examples, where they are at hand: every row of the AIs and forms that are read today.

use std::path::Path;

use gs1::{Reading, read};
use serde_json::Value;

#[test]
fn rows_of_todays_ais_read_as_they_should() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/gs1/examples.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    let mut rows = 0;
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let Some(input) = row["input"].as_str() else { continue };
        let reading = read(input.as_bytes());
        // Repairs that a caller has to ask for, forms of later, and AIs of later.
        let later = ["separators", "tolerate_repeated_separators", "carrier", "rcn_region"];
        if later.iter().any(|key| !row["config"][*key].is_null()) || !is_of_today(&row, input) {
            continue;
        }
        rows += 1;
        agrees(&row, &reading);
    }
    assert!(rows > 0, "no row of {} was used", path.display());
}

fn is_of_today(row: &Value, input: &str) -> bool {
    let kinds = ["ean/", "element/", "itf-14/", "gtin/", "no-aim/", "noise/", "symbology/"];
    let known = |ai: &Value| {
        let today = ["00", "01", "02", "10", "11", "12", "13", "15", "16", "17", "20", "21", "30", "37"];
        ai.as_str().is_some_and(|ai| today.contains(&ai) || (ai.starts_with("310") && ai.len() == 4))
    };
    let ais_are_known = row["expect"]["elements"]
        .as_array()
        .is_none_or(|elements| elements.iter().all(|element| known(&element["ai"])));
    let error_is_known = row["error"].is_null()
        || (row["error"]["class"] != "requisite"
            && (row["error"]["ai"].is_null() || known(&row["error"]["ai"]))
            && (row["focus"].is_null() || known(&row["focus"]) || row["error"]["class"] == "ai-unknown"));
    kinds.iter().any(|kind| row["kind"].as_str().is_some_and(|of| of.starts_with(kind)))
        && !input.is_empty()
        && ais_are_known
        && error_is_known
}

fn agrees(row: &Value, reading: &Reading<'_>) {
    let id = &row["id"];
    if let Some(class) = row["error"]["class"].as_str() {
        let all: Vec<_> = reading.problems().collect();
        let problem = all.iter().find(|problem| problem.class.name() == class);
        let problem = problem.unwrap_or_else(|| panic!("{id}: no `{class}` among {all:?}"));
        if let (Some(ai), Some(span)) = (row["error"]["ai"].as_str(), row["error"]["span"].as_array()) {
            let value = reading.elements().find(|element| element.ai == *ai).unwrap().span;
            let offset = problem.span.offset() - value.offset();
            assert_eq!(span, &[Value::from(offset), Value::from(problem.span.length())], "{id}");
        }
        return;
    }
    let expect = &row["expect"];
    if expect["gs1"] == false {
        assert_eq!(reading.plain(), expect["data"].as_str().map(str::as_bytes), "{id}");
        return;
    }
    assert_eq!(reading.problems().next(), None, "{id}");
    if let Some(elements) = expect["elements"].as_array() {
        let expected: Vec<_> =
            elements.iter().map(|e| (e["ai"].as_str().unwrap(), e["value"].as_str().unwrap())).collect();
        let got: Vec<_> = reading.elements().collect();
        let got: Vec<_> = got.iter().map(|element| (element.ai.as_str(), element.value)).collect();
        assert_eq!(got, expected, "{id}");
    }
    if let Some(gtin) = expect["gtin14"].as_str() {
        assert_eq!(reading.gtin().unwrap().to_string(), gtin, "{id}");
    }
    if let Some(symbology) = expect["symbology"].as_str() {
        let got = reading.symbology().unwrap().to_string();
        assert_eq!(got, symbology, "{id}");
    }
}
