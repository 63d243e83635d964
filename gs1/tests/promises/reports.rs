//! Which way a scan goes, and what is said of it, as tables. `^` stands for FNC1.

use gs1::report::{Config, Decoder, Report, Row};
use serde_json::{Value, json};

/// `form: what is known; problems; warnings`, as far as there are any.
fn told(report: &Report) -> String {
    let problems = report.problems.iter().map(|problem| {
        let ai = problem.ai.as_deref().map(|ai| format!("({ai})")).unwrap_or_default();
        format!("{}{ai}@{}+{}", problem.class, problem.place.0, problem.place.1)
    });
    let known = [
        report.bracketed.clone(),
        report.number.primary.clone(),
        report.plain.as_ref().map(|plain| format!("`{plain}`")),
        report.tag.scheme.map(str::to_owned),
        report.number.check_digit.map(|digit| format!("check digit {digit}")),
    ];
    let known: Vec<_> = known.into_iter().flatten().collect();
    let warnings = report.warnings.iter().map(|warning| format!("({})", warning.kind));
    let words: Vec<_> = [known.join(" ")]
        .into_iter()
        .filter(|known| !known.is_empty())
        .chain(problems)
        .chain(warnings)
        .collect();
    format!("{}: {}", report.form, words.join(", "))
}

fn config(json: &str) -> Config {
    serde_json::from_str(json).unwrap()
}

#[test]
fn every_scan_goes_its_way() {
    #[rustfmt::skip]
    let cases = [
        // scan                                   config                      what is said
        ("]E04006381333931",                      "{}",                       "number: 4006381333931"),
        ("]E04006381333931|]e010A",               "{}",                       "number: (10)A 4006381333931"),
        ("4006381333931",                         "{}",                       "number: 4006381333931"),
        ("340123451234567895",                    "{}",                       "number: 340123451234567895"),
        ("]C10104006381333931",                   "{}",                       "elements: (01)04006381333931"),
        ("]C110A",                                "{}",                       "elements: (10)A, requisite(10)@5+1"),
        ("]C110A",                                r#"{"requisites": false}"#, "elements: (10)A"),
        ("https://a/01/04006381333931",           "{}",                       "digital-link: (01)04006381333931"),
        ("(01)04006381333931",                    "{}",                       "bracketed: (01)04006381333931"),
        ("https://a/8003/%300206549869911?8030=abcd",  "{}",                  "digital-link: (8003)00206549869911(8030)abcd, digsig-serial(8003)@15+16"),
        ("https://a/8003/%3002065498699117?8030=abcd", "{}",                  "digital-link: (8003)002065498699117(8030)abcd"),
        // without an identifier, nothing but a key is taken for granted
        ("010400638133393110A",                   "{}",                       "plain: `010400638133393110A`, symbology-missing@0+19"),
        ("010400638133393110A",                   r#"{"assume": "whole"}"#,   "elements: (01)04006381333931(10)A"),
        ("10A^0104006381333931",                  "{}",                       "plain: `10A\u{1d}0104006381333931`, symbology-missing@0+20"),
        ("10A^0104006381333931",                  r#"{"assume": "gs1"}"#,     "elements: (10)A(01)04006381333931"),
        ("010400638133393117261231",              "{}",                       "plain: `010400638133393117261231`, symbology-missing@0+24"),
        ("hello",                                 "{}",                       "plain: `hello`, (text-without-identifier)"),
        ("ftp://a/01/04006381333931",             "{}",                       "plain: `ftp://a/01/04006381333931`, (text-without-identifier)"),
        ("]Q1hello",                              "{}",                       "plain: `hello`"),
        ("]X0010400638133393110A",                "{}",                       "plain: `010400638133393110A`, (text-without-identifier)"),
        ("]Y0010400638133393110A",                "{}",                       "plain: `010400638133393110A`"),
        ("]C10104006381333931\t\r\n",             "{}",                       "elements: (01)04006381333931"),
        ("]~1hello",                              "{}",                       "plain: `]~1hello`, (text-without-identifier)"),
        ("]N1hello",                              "{}",                       "plain: `hello`"),
        ("]a1hello",                              "{}",                       "plain: `hello`, symbology-unsupported@0+3"),
        ("",                                      "{}",                       "plain: ``, empty@0+0"),
        // UPC-E
        ("08598295",                              "{}",                       "number: 08598295, (ambiguous-number)"),
        ("08598295",                              r#"{"carrier": "UPC-E"}"#,  "number: 08598295"),
        ("]E008598295",                           r#"{"carrier": "UPC-E"}"#,  "number: 08598295"),
        ("]E008598295",                           "{}",                       "number: , primary-length@3+8"),
        ("]E00085982000095",                      r#"{"carrier": "UPC-E"}"#,  "number: 0085982000095"),
        ("08598294",                              r#"{"carrier": "UPC-E"}"#,  "number: 08598294, check-digit@7+1"),
        ("]E028598295",                           r#"{"carrier": "UPC-E"}"#,  "number: 28598295, upc-e-number-system@3+1"),
        ("]C10104006381333931",                   r#"{"carrier": "UPC-E"}"#,  "elements: (01)04006381333931"),
        // restricted numbers
        ("]E02260841235940",                      r#"{"rcn_region": "de"}"#,  "number: 2260841235940, price-check-digit@9+1"),
        ("]E02260841235941",                      r#"{"rcn_region": "de"}"#,  "number: 2260841235941, check-digit@15+1"),
        ("6520",                                  "{}",                       "plain: `6520` check digit 8, (no-key)"),
        ("14685",                                 "{}",                       "plain: `14685` check digit 6, (no-key)"),
        ("146851",                                "{}",                       "number: 146851, (ambiguous-number)"),
        ("0859829",                               "{}",                       "number: 0859829, (ambiguous-number)"),
        ("2859829",                               "{}",                       "plain: `2859829`, length@0+7"),
        ("04252614",                              "{}",                       "number: 04252614, (ambiguous-number)"),
        ("04252615",                              "{}",                       "number: 04252615, check-digit@7+1"),
        ("04252614",                              r#"{"carrier": "UPC-E"}"#,  "number: 04252614"),
        // tags
        ("30059E247FAE460A5C6AA743",              "{}",                       "tag: (01)25558527525043(21)44500166467 sgtin-96"),
        ("30059e247fae460a5c6aa743\r\n",          "{}",                       "tag: (01)25558527525043(21)44500166467 sgtin-96"),
        ("30059E247FAE460A5C6AA74",               "{}",                       "tag: , epc-truncated@23+0"),
        ("30059E247FAE460A5C6AG743",              "{}",                       "tag: , epc-not-hex@20+1"),
        ("3 059E247FAE460A5C6AA743",              "{}",                       "tag: , epc-not-hex@1+1"),
        (" 40059E247FAE460A5C6AA743",             "{}",                       "tag: , epc-header@1+2"),
        ("3106BE4D9227A26B9F000001",              "{}",                       "tag: (00)194261514557586238 sscc-96, (tag-reserved-bits)"),
        ("3012345A",                              "{}",                       "plain: `3012345A`, symbology-missing@0+8"),
        ("30059E247FA",                           "{}",                       "plain: `30059E247FA`, symbology-missing@0+11"),
        ("30059E247FAE",                          "{}",                       "tag: , epc-truncated@12+0"),
        ("5D41402ABC4B2A76B9719D911017C592",      "{}",                       "plain: `5D41402ABC4B2A76B9719D911017C592`, (text-without-identifier)"),
        ("40059E247FAE460A5C6A",                  "{}",                       "plain: `40059E247FAE460A5C6A`, symbology-missing@0+20"),
        ("10adc83b19e793491b1c6ea0fd8b46cd",      "{}",                       "plain: `10adc83b19e793491b1c6ea0fd8b46cd`, (text-without-identifier)"),
        ("10adc83b-19e7-9349-1b1c-6ea0fd8b46cd",  "{}",                       "plain: `10adc83b-19e7-9349-1b1c-6ea0fd8b46cd`, (text-without-identifier)"),
        ("5B41402ABC4B2A76B9719D911017C5925D41402ABC4B2A76B971", "{}",        "tag: , epc-header@0+2"),
        ("F78040063813339310151110",              "{}",                       "tag: (01)04006381333931(21)5 sgtin+, (tag-has-more)"),
        ("010400638133393110ABCDEF",              "{}",                       "plain: `010400638133393110ABCDEF`, symbology-missing@0+24"),
        ("(8018)401234500000000009",              "{}",                       "bracketed: (8018)401234500000000009, check-digit(8018)@23+1"),
        ("(10)ABCDEF0123456789ABCE",              r#"{"requisites": false}"#, "bracketed: (10)ABCDEF0123456789ABCE"),
        ("403ABCDEF0123456789ABCDE",              "{}",                       "tag: , epc-header@0+2"),
        ("310300050032020012341099",              "{}",                       "plain: `310300050032020012341099`, symbology-missing@0+24"),
        ("30059E247FAE460A5C6AA743",              r#"{"assume": "gs1"}"#,     "elements: (30)059E247FAE460A5C6AA743, length(30)@2+22, requisite(30)@2+22"),
        // what a scanner does to it
        ("*]C110A#99B*",  r##"{"frame": {"prefix": "*", "suffix": "*"}, "separators": ["#"], "requisites": false}"##, "elements: (10)A(99)B"),
        ("PRE]C110A^99BSUF\r\n", r#"{"frame": {"prefix": "PRE", "suffix": "SUF"}, "requisites": false}"#,           "elements: (10)A(99)B"),
        ("\u{2}PRE]C110A^99B\r\nSUF\r\n", r#"{"frame": {"prefix": "PRE", "suffix": "SUF"}, "requisites": false}"#, "elements: (10)A(99)B"),
        ("PRE]C110A^99B\rSUF\r\n", r#"{"frame": {"prefix": "PRE", "suffix": "\rSUF\r\n"}, "requisites": false}"#, "elements: (10)A(99)B"),
        ("]C110A^^99B",   r#"{"tolerate_repeated_separators": true, "requisites": false}"#,                         "elements: (10)A(99)B"),
        ("]C1010400638133393110ABC17261231",      "{}",                       "elements: (01)04006381333931(10)ABC17261231, (separator-probably-lost)"),
    ];
    for (scan, said, outcome) in cases {
        let report = Decoder::new(2026).scan(&config(said), scan.replace('^', "\u{1d}").as_bytes());
        let got = told(&report);
        // What has only a problem has no words before it.
        assert_eq!(got.replace(": ,", ":"), outcome.replace(": ,", ":"), "{scan} {said}");
    }
}

#[test]
fn scans_of_a_label_go_their_ways_together() {
    let label = |scans: &[&str], said: &str| {
        let scans: Vec<_> = scans.iter().map(|scan| scan.as_bytes()).collect();
        told(&Decoder::new(2026).label(&config(said), &scans))
    };
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, &str)] = &[
        (&["]C102040063813339313712", "3106BE4D9227A26B9F000000"],  "{}", "label: (02)04006381333931(37)12(00)194261514557586238 sscc-96"),
        (&["]C102040063813339313712"],                              "{}", "label: (02)04006381333931(37)12, requisite(37)@21+2"),
        (&["]C102040063813339313712"],            r#"{"requisites": false}"#, "label: (02)04006381333931(37)12"),
        (&["]E04006381333931", "]C110A", "]C110B"],                 "{}", "label: (10)A(10)B 4006381333931, repeat(10)@5+1"),
        (&["08598295", "]C110A"],                 r#"{"carrier": "UPC-E"}"#, "label: (10)A 08598295"),
        (&["04252614", "]C110A"],                                   "{}", "label: (10)A 04252614, (ambiguous-number)"),
        (&["]E02260841235940"],                     r#"{"rcn_region": "de"}"#, "label: 2260841235940, price-check-digit@9+1"),
        (&["]C110A", "]E02260841235940"],           r#"{"rcn_region": "de"}"#, "label: (10)A 2260841235940, price-check-digit@9+1"),
        (&["08598294", "]C110A"],                 r#"{"carrier": "UPC-E"}"#, "label: (10)A, check-digit@7+1, requisite(10)@5+1"),
        (&["https://a/01/04006381333931", "]C110A"],                "{}", "label: (01)04006381333931(10)A"),
        (&[],                                                       "{}", "label: "),
    ];
    for (scans, said, outcome) in cases {
        assert_eq!(label(scans, said), *outcome, "{scans:?}");
    }
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, Value)] = &[
        // scans                            config                      what is known
        (&["]E02456609708201", "]C110A"],   r#"{"rcn_region": "se"}"#,  json!({"gtin14": "02456609708201", "usage": "geo", "weight": "8.20", "item_reference": "566097", "without_measure_gtin14": "02456609700007", "lot": "A"})),
        (&["]C110A", "08598295"],           r#"{"carrier": "UPC-E"}"#,  json!({"upc_a": "085982000095", "gtin14": "00085982000095", "candidates": null})),
        (&["]C110A", "08598295"],           "{}",                       json!({"gtin14": "00000008598295", "candidates": [{"gtin14": "00000008598295", "gtin_format": "GTIN-8"}, {"gtin14": "00085982000095", "gtin_format": "GTIN-12"}]})),
        (&["]C110A", "04252614"],           "{}",                       json!({"gtin14": "00042100005264", "upc_a": "042100005264", "candidates": [{"gtin14": "00042100005264", "gtin_format": "GTIN-12"}]})),
        (&["]C110A", "4006381333931"],      "{}",                       json!({"gtin14": "04006381333931", "candidates": [{"gtin14": "04006381333931", "gtin_format": "GTIN-13"}]})),
        (&["]C110A", "30059E247FAE460A5C6AA743"], "{}",                 json!({"scheme": "sgtin-96", "filter": 0, "serial": "44500166467", "canonical_scan": null})),
    ];
    for (scans, said, known) in cases {
        let scans: Vec<_> = scans.iter().map(|scan| scan.as_bytes()).collect();
        let report = serde_json::to_value(Decoder::new(2026).label(&config(said), &scans)).unwrap();
        for (key, value) in known.as_object().unwrap() {
            assert_eq!(report.get(key).unwrap_or(&Value::Null), value, "{scans:?} {key}: {report:#}");
        }
    }
    let said = config(r#"{"rcn_region": "de"}"#);
    let report = Decoder::new(2026).label(&said, &[b"]C110A", b"]E02260841235940"]);
    let problem = report.problems.first().unwrap();
    assert_eq!((problem.span, problem.scan, problem.place), ((6, 1), 1, (9, 1)));
    let scans: [&[u8]; 2] = [b"]E04006381333931", b"]C110A"];
    let report = Decoder::new(2026).label(&Config::default(), &scans);
    assert_eq!(report.gtin14.as_deref(), Some("04006381333931"));
    assert_eq!(report.dl_uri.as_deref(), Some("https://id.gs1.org/01/04006381333931/10/A"));
}

#[test]
fn what_is_said_has_the_names_of_the_row_form() {
    #[rustfmt::skip]
    let cases = [
        // scan                                        config                       said
        ("]e0010400638133393131030012503932978995",    "{}",                       json!({"ai": null, "weight": "1.250", "price": "9.95", "currency": "EUR"})),
        ("]e001040063813339313103001250",              "{}",                       json!({"ai": "3103", "decimal": "1.250", "weight": "1.250", "unit": "kg", "quantity": "weight"})),
        ("]e001040063813339313932978995",              r#"{"requisites": false}"#, json!({"price": "9.95", "amount": "9.95", "currency": "EUR"})),
        ("]e0010400638133393131030012503922995",       "{}",                       json!({"ai": null, "weight": "1.250", "price": "9.95", "currency": null})),
        ("]C1010400638133393170032601271345",          "{}",                       json!({"date": "2026-01-27", "datetime": "2026-01-27T13:45:00"})),
        ("]C1010400638133393111260100",                r#"{"reference_date": "1960-05-01"}"#, json!({"date": "1926-01-31"})),
        ("]C101040063813339317007260101260131",        "{}",                       json!({"date": "2026-01-01", "end_date": "2026-01-31"})),
        ("]E02012345678903",                           r#"{"rcn_region": "dk"}"#,  json!({"usage": "geo", "weight": null, "without_measure_gtin14": "02012345678903"})),
        ("]E02512349000125",                           r#"{"rcn_region": "de"}"#,  json!({"count": 12, "item_reference": "1234"})),
        ("]E02012345928756",                           r#"{"rcn_region": "gb"}"#,  json!({"price": "28.75", "currency": "GBP"})),
        ("96161821",                                   "{}",                       json!({"candidates": [{"gtin14": "00000096161821", "gtin_format": "GTIN-8"}]})),
        ("08598295",                                   "{}",                       json!({"candidates": [{"gtin14": "00000008598295", "gtin_format": "GTIN-8"}, {"gtin14": "00085982000095", "gtin_format": "GTIN-12"}]})),
        ("340123451234567895",                         "{}",                       json!({"sscc": "340123451234567895", "dl_uri": "https://id.gs1.org/00/340123451234567895"})),
        ("]d1https://a/01/04006381333931?x=1",         "{}",                       json!({"canonical_scan": "]d1https://a/01/04006381333931?x=1", "ignored_query_params": ["x=1"], "gs1": true})),
        ("33BBA53343B462C710A3D6B2",                   "{}",                       json!({"grai": "0955597971147730343943858", "serial": "30343943858"})),
        ("34BB3AB8CA9F3E1526A2C0BD",                   "{}",                       json!({"giai": "846563765398722239709373"})),
        ("32C00A000540D80000000000",                   "{}",                       json!({"gln": "0107375043103", "extension": "0", "serial": null})),
    ];
    for (scan, said, expected) in cases {
        let report = serde_json::to_value(Decoder::new(2026).scan(&config(said), scan.as_bytes())).unwrap();
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(report.get(key).unwrap_or(&Value::Null), value, "{scan} {key}: {report:#}");
        }
    }
}

#[test]
fn a_fault_is_placed_in_the_value_and_in_the_scan() {
    #[rustfmt::skip]
    let cases = [
        // scan                                            in the value   in the scan
        ("]C1010400638133393010A",                         (13, 1),       (18, 1)),
        ("https://a/01/04006381333931/10/%41%42%23",       (2, 1),        (37, 3)),
        ("https://a/01/04006381333931/10/%41%42~%23",      (2, 1),        (37, 1)),
        ("https://a/01/04006381333931/10/ABC%zz",          (3, 1),        (34, 1)),
        ("https://a/01/04006381333931/10/%41BC%zz",        (3, 1),        (36, 1)),
        ("https://a/01/04006381333931/10/%41B%00",         (2, 1),        (35, 3)),
        ("https://a/01/04006381333931?99=A+%4",            (2, 1),        (33, 1)),
        ("https://a/01/04006381333931?99=",                (0, 0),        (31, 0)),
        ("https://a/01/04006381333931?99=%41B&99=C",       (0, 1),        (39, 1)),
        ("https://a/01/04006381333931/21/7/10/A",          (0, 28),       (9, 28)),
        ("(01)04006381333931(10)A\\(\\(#",                 (3, 1),        (27, 1)),
        ("https://a/01/04006381333931?8008=260131%324",    (6, 2),        (39, 4)),
    ];
    for (scan, in_value, in_scan) in cases {
        let report = Decoder::new(2026).scan(&Config::default(), scan.as_bytes());
        let problem = report.problems.first().unwrap();
        assert_eq!((problem.span, problem.place), (in_value, in_scan), "{scan}: {problem:?}");
    }
}

#[test]
fn no_element_is_left_out_because_of_its_characters() {
    #[rustfmt::skip]
    let cases: [(&[u8], &str, Value); 4] = [
        // scan                                        bracketed                        the last element
        ("]C110\u{e4}".as_bytes(),                     "(10)\u{e4}",                    json!({"ai": "10", "value": "\u{e4}"})),
        (b"]C10104006381333931\x1d10A\xff(",           "(01)04006381333931(10)A\u{fffd}\\(", json!({"ai": "10", "value": "A\u{fffd}(", "lossy": true})),
        (b"https://a/01/04006381333931/10/%C3%A4",     "(01)04006381333931(10)\u{e4}",  json!({"ai": "10", "value": "\u{e4}"})),
        (b"https://a/01/04006381333931/10/%FF",        "(01)04006381333931(10)\u{fffd}", json!({"ai": "10", "value": "\u{fffd}", "lossy": true})),
    ];
    for (scan, bracketed, element) in cases {
        let report = serde_json::to_value(Decoder::new(2026).scan(&Config::default(), scan)).unwrap();
        assert_eq!(report["bracketed"], bracketed);
        assert_eq!(report["elements"].as_array().unwrap().last(), Some(&element));
        assert_eq!(report["problems"][0]["class"], "charset", "{report:#}");
    }
}

#[test]
fn rows_that_are_none_say_which_key_is_wrong() {
    #[rustfmt::skip]
    let cases = [
        // row                                                          what is wrong
        ("",                                                            "this is no JSON: EOF while parsing a value at line 1 column 0"),
        ("[]",                                                          "this is JSON, but no object"),
        ("{}",                                                          "`input`: the row has neither `input` nor `inputs`"),
        (r#"{"input": "1", "inputs": ["1"]}"#,                          "`input`: the row has both `input` and `inputs`"),
        (r#"{"inputs": []}"#,                                           "`inputs`: a label has 1 to 64 scans, not 0"),
        (r#"{"input": 1}"#,                                             "`input`: invalid type: integer `1`, expected a string"),
        (r#"{"input": "1", "config": {"asume": "gs1"}}"#,               "`config.asume`: unknown field `asume`"),
        (r#"{"input": "1", "config": {"assume": "gs2"}}"#,              "`config.assume`: nothing that can be assumed is called `gs2`"),
        (r#"{"input": "1", "config": {"carrier": "EAN"}}"#,             "`config.carrier`: no carrier is called `EAN`: say `UPC-E`"),
        (r#"{"input": "1", "config": []}"#,                             "`config`: invalid type: sequence, expected an object"),
        (r#"{"input": "1", "config": 1}"#,                              "`config`: invalid type: integer `1`"),
        (r#"{"input": "1", "config": {"frame": ["a", "b"]}}"#,          "`config.frame`: invalid type: sequence, expected an object"),
        (r#"{"input": "1", "config": {"rcn_patterns": [{"layout": "2I"}]}}"#, "`config.rcn_patterns[0]`: missing field `measure`"),
        (r#"{"input": "1", "config": {"rcn_patterns": [{"layout": "2I", "measure": "price"}]}}"#, "`config.rcn_patterns[0]`: a pattern has 12 characters, not 2"),
        (r#"{"input": "1", "config": {"rcn_patterns": [{"layout": "21IIIIICVVVV", "measure": "price", "check": "all"}]}}"#, "`config.rcn_patterns[0].check`: unknown variant `all`"),
        (r#"{"input": "1", "config": {"separators": [""]}}"#,           "`config.separators`: the separator `` does not have 1 to 16 bytes"),
        (r#"{"input": "1", "config": {"separators": ["1","2","3","4","5","6","7","8","9"]}}"#, "`config.separators`: 9 separators are more than the 8"),
        (r#"{"input": "1", "config": {"reference_date": "2026-02-29"}}"#, "`config.reference_date`: `2026-02-29` is no day"),
        (r#"{"input": "1", "config": {"frame": {"sufix": ""}}}"#,       "`config.frame.sufix`: unknown field `sufix`"),
        (r#"{"input": "1", "config": {"requisites": "no"}}"#,           "`config.requisites`: invalid type: string \"no\", expected a boolean"),
    ];
    for (row, wrong) in cases {
        let error = Row::parse(row).unwrap_err();
        assert!(error.to_string().starts_with(wrong), "{row}: {error}");
        assert!(!error.hint.is_empty());
    }
    let row = Row::parse(
        r#"{"id": "a", "input": "4006381333931", "note": 1, "inputs": null, "config": {"carrier": null, "requisites": null,
            "separators": null, "assume": null, "tolerate_repeated_separators": null, "frame": {"prefix": null, "suffix": null},
            "rcn_region": null, "rcn_patterns": null, "reference_date": null}}"#,
    );
    assert_eq!(row.unwrap().config, Config::default());
    assert_eq!(config(r#"{"frame": null, "carrier": null, "requisites": null}"#), Config::default());
    assert_eq!(config(r#"{"carrier": "upc-e"}"#), config(r#"{"carrier": "UPC-E"}"#));
}

#[test]
fn a_shop_has_patterns_of_its_own() {
    let shop = |check: &str| {
        format!(
            r#"{{"rcn_region": "de", "rcn_patterns": [{{"layout": "26IIIICVVVVV", "measure": "weight", "decimals": 3, "check": {check}}}]}}"#
        )
    };
    #[rustfmt::skip]
    let cases = [
        // scan                 check        what is known
        ("]E02512349000125",    "null",      json!({"count": 12, "weight": null, "problems": []})),
        ("]E02612349000122",    "null",      json!({"count": null, "weight": "0.012", "item_reference": "1234", "problems": []})),
        ("]E02612349000125",    "\"value\"", json!({"weight": "0.012", "gtin14": null, "problems": []})),
        ("]E02612348000125",    "\"none\"",  json!({"weight": "0.012", "problems": []})),
    ];
    for (scan, check, known) in cases {
        let report = Decoder::new(2026).scan(&config(&shop(check)), scan.as_bytes());
        let report = serde_json::to_value(report).unwrap();
        for (key, value) in known.as_object().unwrap() {
            assert_eq!(report.get(key).unwrap_or(&Value::Null), value, "{scan} {key}: {report:#}");
        }
    }
    let list = r#"[{"layout": "21IIIIICVVVV", "measure": "count"}]"#;
    assert_eq!(Config::patterns_of(list), Config::patterns_of(&format!("\u{feff}{list}\n")));
    for (list, wrong) in [
        ("", "this is no JSON list of patterns: EOF"),
        ("[] []", "this is no JSON list of patterns: trailing characters"),
        (
            r#"[{"layout": "21IIIIICVVVV", "measure": "size"}]"#,
            "`[0].measure` of the patterns: unknown variant `size`",
        ),
    ] {
        let error = Config::patterns_of(list).unwrap_err().to_string();
        assert!(error.starts_with(wrong), "{error}");
    }
}
