//! The example vectors of the project (`tests/examples.jsonl`): every key that this crate answers.

use gs1::{Detail, Label, Problem, Reader, Reading, Unnamed};
use serde_json::{Value, json};

/// Rows that other parts of the crate answer, with their own tests: Digital Links, bracketed text, EPC, restricted numbers,
/// UPC-E.
const ELSEWHERE: &[&str] = &["bracketed/", "digital-link/", "epc/", "rcn/", "upc-e/"];

#[test]
fn every_example_is_read_as_expected() {
    let mut rows = 0;
    for line in include_str!("../examples.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if ELSEWHERE.iter().any(|kind| row["kind"].as_str().unwrap().starts_with(kind)) {
            continue;
        }
        rows += 1;
        check(&row);
    }
    assert_eq!(rows, 45);
}

fn check(row: &Value) {
    let config = &row["config"];
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let separators = strings(&config["separators"]);
    let separators: Vec<_> = separators.iter().map(|separator| separator.as_bytes()).collect();
    let frame = |end: &str| config["frame"][end].as_str().unwrap_or_default().as_bytes();
    let inputs = if row["inputs"].is_null() {
        vec![row["input"].as_str().unwrap().to_owned()]
    } else {
        strings(&row["inputs"])
    };
    let reader = Reader::new()
        .requisites(config["requisites"] != false && inputs.len() == 1)
        .unnamed(if config["assume"] == "gs1" { Unnamed::Elements } else { Unnamed::Keys })
        .separators(&separators)
        .repeated_separators(config["tolerate_repeated_separators"] == true)
        .frame(frame("prefix"), frame("suffix"));
    let readings: Vec<_> = inputs.iter().map(|input| reader.read(input.as_bytes())).collect();
    let label = Label::new(&readings);
    let mut problems: Vec<_> = label.problems().map(|(_, problem)| problem).collect();
    if config["requisites"] != false {
        problems.extend(label.missing());
    }
    if row["error"].is_null() {
        let year = config["reference_date"]
            .as_str()
            .map_or(2026, |date| date.split('-').next().unwrap().parse().unwrap());
        assert_eq!(problems, [], "{}", row["id"]);
        expected(row, &readings, year);
    } else {
        refused(row, problems.first());
    }
}

fn refused(row: &Value, problem: Option<&Problem<'_>>) {
    let (error, id) = (&row["error"], &row["id"]);
    let problem = problem.unwrap_or_else(|| panic!("{id}: nothing is wrong"));
    if row["strict"] != true {
        return;
    }
    assert_eq!(error["class"], problem.class.name(), "{id}");
    if let Some(ai) = error["ai"].as_str() {
        assert_eq!(problem.ai.unwrap(), *ai, "{id}");
    }
    if !error["span"].is_null() {
        assert_eq!(error["span"], json!(problem.place_in_value()), "{id}");
    }
    let with = if let Detail::With(other) = problem.detail { json!(other.as_str()) } else { Value::Null };
    assert_eq!(error["with"], with, "{id}");
    let needs =
        if let Detail::Needs(needs) = problem.detail { json!(needs.to_string()) } else { Value::Null };
    assert_eq!(error["needs"], needs, "{id}");
}

fn expected(row: &Value, readings: &[Reading<'_>], year: i16) {
    let id = &row["id"];
    let reading = &readings[0];
    for (key, value) in row["expect"].as_object().unwrap() {
        let element = || reading.elements().next().unwrap();
        let got = match key.as_str() {
            "elements" => {
                let elements = Label::new(readings).elements();
                elements.map(|element| json!({"ai": element.ai.as_str(), "value": element.value})).collect()
            }
            "symbology" => json!(reading.symbology().map(|symbology| symbology.to_string())),
            "canonical_scan" => json!(reading.canonical_scan().to_string()),
            "primary" => json!(reading.primary()),
            "gtin14" => json!(reading.gtin().map(|gtin| gtin.to_string())),
            "gtin_format" => json!(reading.gtin().map(|gtin| gtin.format().to_string())),
            "gs1" => json!(reading.symbology().is_some_and(gs1::Symbology::is_gs1)),
            "data" => json!(reading.plain().map(|data| str::from_utf8(data).unwrap())),
            "ai" => json!(element().ai.as_str()),
            "value" => json!(element().value),
            "title" => json!(element().title),
            "decimal" => json!(element().decimal().map(|decimal| decimal.to_string())),
            "date" => json!(element().date(year).map(|date| date.to_string())),
            "candidates_include" => reading
                .gtin()
                .map(|gtin| json!([{"gtin14": gtin.to_string(), "gtin_format": gtin.format().to_string()}]))
                .unwrap_or_default(),
            // Written by other parts of the crate.
            "bracketed" | "dl_uri" => continue,
            other => panic!("{id}: nobody looks at `{other}`"),
        };
        assert_eq!(*value, got, "{id} {key}");
    }
}
