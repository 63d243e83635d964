//! The program itself: `shelfline gs1 decode`.

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};

    use serde_json::{Value, json};

    fn decode(arguments: &[&str], input: &[u8]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_shelfline"))
            .args(["gs1", "decode"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = program.stdin.take().unwrap();
        let input = input.to_owned();
        // Beside it, so that neither pipe can fill up while the other one waits. A program that ends at once reads nothing.
        let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
        let output = program.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }

    fn answers(output: &Output) -> Vec<Value> {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn from_root(path: &str) -> PathBuf {
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("..").join(path)
    }

    fn examples() -> String {
        std::fs::read_to_string(from_root("gs1/tests/examples.jsonl")).unwrap()
    }

    /// Every key that a row claims; of a row with one fault, that fault first.
    fn compare(row: &Value, answer: &Value) {
        let (claimed, said) = if row["error"].is_null() {
            assert_eq!(answer["problems"], json!([]), "{answer}");
            (&row["expect"], answer)
        } else {
            assert!(answer["problems"][0].is_object(), "{answer}");
            (if row["strict"] == true { &row["error"] } else { &Value::Null }, &answer["problems"][0])
        };
        for (key, value) in claimed.as_object().into_iter().flatten() {
            assert_eq!(said.get(key), Some(value), "{key}: {answer}");
        }
    }

    #[test]
    fn the_examples_are_answered_line_by_line() {
        let text = examples();
        let output = decode(&["--jsonl"], text.as_bytes());
        assert_eq!(output.status.code(), Some(0));
        let answers = answers(&output);
        assert_eq!(answers.len(), 66);
        for (row, answer) in text.lines().zip(&answers) {
            let row: Value = serde_json::from_str(row).unwrap();
            assert_eq!(row["id"], answer["id"]);
            compare(&row, answer);
        }
        let file = from_root("gs1/tests/examples.jsonl");
        assert_eq!(decode(&["--jsonl", file.to_str().unwrap()], b"").stdout, output.stdout);
    }

    #[test]
    fn a_line_that_is_no_row_is_answered_and_the_run_goes_on() {
        let input = concat!(
            "{\"id\": 1, \"input\": \"]E04006381333931\"}\n",
            "]E04006381333931\n",
            "\n",
            "{\"id\": \"x\", \"input\": \"]E04006381333931\", \"config\": {\"sepparators\": []}}\n",
            "{\"id\": 5, \"inputs\": [1]}\n",
            "\"\u{fffd}\"\n",
            "{\"id\": 7}\n",
            "{\"input\": \"1\", \"config\": {\"rcn_region\": \"fr\"}}\n",
            "{\"input\": \"]E04006381333930\"}\n",
        );
        let output = decode(&["--jsonl"], input.as_bytes());
        assert_eq!(output.status.code(), Some(1));
        let told: Vec<String> = answers(&output)
            .iter()
            .map(|answer| {
                let fault = &answer["error"];
                let first = answer["problems"][0]["class"].as_str().map(str::to_owned);
                let said = first.or_else(|| answer["gtin14"].as_str().map(str::to_owned));
                let said = said.unwrap_or_else(|| {
                    let message = fault["message"].as_str().unwrap();
                    assert!(!fault["hint"].as_str().unwrap().is_empty());
                    format!("{}: {}", fault["key"].as_str().unwrap(), message.split(',').next().unwrap())
                });
                format!("{} {} {said}", answer["line"], answer["id"])
            })
            .collect();
        assert_eq!(
            told,
            [
                "1 1 04006381333931",
                "2 null : this is no JSON: expected value at line 1 column 1",
                "4 \"x\" config.sepparators: unknown field `sepparators`",
                "5 5 inputs[0]: invalid type: integer `1`",
                "6 null : this is JSON",
                "7 7 input: the row has neither `input` nor `inputs`",
                "8 null config.rcn_region: no country with patterns has the code `fr`: say one of `dk` `ee` `fi` `de` `gb` `lv` `lt` `no` `se`",
                "9 9 check-digit",
            ]
        );
    }

    #[test]
    fn text_lines_are_scans() {
        let input = b"]C1010400638133393110A\\u001d2105\n]C1010400638133393110A\x1d2105\r\n2456609708201\n\n\
            4006381333930\n\xff\n";
        let output = decode(&["--region", "se"], input);
        assert_eq!(output.status.code(), Some(0));
        let answers = answers(&output);
        let lines: Vec<_> = answers.iter().map(|answer| answer["line"].as_u64().unwrap()).collect();
        assert_eq!(lines, [1, 2, 3, 5, 6]);
        assert_eq!(answers[0]["elements"], answers[1]["elements"]);
        assert_eq!(answers[0]["bracketed"], "(01)04006381333931(10)A(21)05");
        assert_eq!(answers[2]["weight"], "8.20");
        assert_eq!(answers[3]["problems"][0]["class"], "check-digit");
        assert_eq!(answers[4]["plain"], "\u{fffd}");
    }

    #[test]
    fn flags_say_what_a_config_says() {
        #[rustfmt::skip]
        let cases: &[(&[&str], &str, &str, Value)] = &[
            // flags                                   scan                              key          value
            (&["--carrier", "upc-e"],                  "08598295",                       "upc_a",     json!("085982000095")),
            (&["--assume-gs1"],                        "01554937666756651063/D",         "bracketed", json!("(01)55493766675665(10)63/D")),
            (&["--assume-gs1", "--separators", "#", "--separators", "\\u0021"],
                                                       "010400638133393110A#211!240B",   "bracketed", json!("(01)04006381333931(10)A(21)1(240)B")),
            (&["--no-requisites"],                     "]d23405524522",                  "problems",  json!([])),
            (&["--no-requisites", "--reference-date", "1960-01-01"],
                                                       "]C117261231",                    "date",      json!("1926-12-31")),
            (&["--frame", "\\u0002*", "*"],            "\\u0002*]E04006381333931*",      "gtin14",    json!("04006381333931")),
            (&["--tolerate-repeated-separators"],      "]C10104006381333931\\x1d\\x1d10A", "problems", json!([])),
        ];
        for (flags, scan, key, value) in cases {
            let output = decode(flags, scan.as_bytes());
            assert_eq!(answers(&output)[0][*key], *value, "{flags:?}");
        }
    }

    #[test]
    fn wrong_flags_are_named() {
        for flags in [
            &["--region", "fr"] as &[&str],
            &["--carrier", "EAN-9"],
            &["--reference-date", "2026-02-30"],
            &["--jsonl", "--assume-gs1"],
        ] {
            let output = decode(flags, b"");
            assert_eq!(output.status.code(), Some(64), "{flags:?}");
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(told.contains(flags.last().unwrap()), "{told}");
        }
        let output = decode(&["no-such-file"], b"");
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stderr).unwrap().contains("`no-such-file`"));
    }

    #[test]
    fn a_dictionary_takes_the_place_of_the_table() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dictionary.txt");
        std::fs::write(&path, "01  *?  N14,csum,gcppos2  dlpkey  # GTIN\n").unwrap();
        let scans = b"]C10104006381333931\n]C1104711\n";
        let output = decode(&["--dictionary", path.to_str().unwrap()], scans);
        let answers = answers(&output);
        assert_eq!(answers[0]["problems"], json!([]));
        assert_eq!(answers[1]["problems"][0]["class"], "ai-unknown");
        std::fs::write(&path, "\u{feff}10 X..20 retail\n01  *?  N14,csum,csumm\n").unwrap();
        let output = decode(&["--dictionary", path.to_str().unwrap()], b"]C1010400638133393110A\n");
        assert_eq!(self::answers(&output)[0]["bracketed"], "(01)04006381333931(10)A");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("line 2") && told.contains("`csumm`"), "{told}");
        std::fs::write(&path, "01  *?  N14,csum\n01  *?  N14,csum\n").unwrap();
        let output = decode(&["--dictionary", path.to_str().unwrap()], scans);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stderr).unwrap().contains("line 2"));
    }

    #[test]
    fn patterns_of_the_shop_come_from_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("patterns.json");
        let flags = ["--region", "se", "--rcn-patterns", path.to_str().unwrap()];
        std::fs::write(&path, r#"[{"layout": "24IIIIIIVVVV", "measure": "count"}]"#).unwrap();
        let answer = answers(&decode(&flags, b"2456609708201\n")).remove(0);
        assert_eq!((&answer["count"], &answer["weight"]), (&json!(820), &Value::Null));
        std::fs::write(&path, r#"[{"layout": "24IIIIIIVVVV", "measure": "length"}]"#).unwrap();
        let output = decode(&flags, b"2456609708201\n");
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("patterns.json") && told.contains("`[0].measure`"), "{told}");
    }

    #[test]
    fn a_byte_order_mark_and_blank_lines_are_no_rows() {
        let rows = "\u{feff}{\"id\": 1, \"input\": \"]E04006381333931\"}\n \t\r\n";
        let output = decode(&["--jsonl"], rows.as_bytes());
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(answers(&output).len(), 1);
        let answers = answers(&decode(&[], "\u{feff}]E04006381333931\n  \n".as_bytes()));
        assert_eq!(answers[0]["gtin14"], "04006381333931");
        assert_eq!(answers[1]["problems"][0]["class"], "empty");
    }

    #[test]
    fn the_next_dictionary_is_taken_as_it_is() {
        let path = from_root("../shared/gs1/gs1-syntax-dictionary-next.txt");
        if !path.exists() {
            return;
        }
        let text = examples();
        let output = decode(&["--jsonl", "--dictionary", path.to_str().unwrap()], text.as_bytes());
        assert_eq!(output.status.code(), Some(0));
        let answers = answers(&output);
        // Its rules between AIs are other ones; all the rest is as before.
        let of_rules =
            |row: &Value| ["mutex", "requisite"].iter().any(|class| row["error"]["class"] == *class);
        let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut compared = 0;
        for (row, answer) in rows.zip(&answers).filter(|(row, _)| !of_rules(row)) {
            compare(&row, answer);
            compared += 1;
        }
        assert_eq!((answers.len(), compared), (66, 62));
    }
}
