//! What holds for every scan.

use gs1::{ElementString, Gtin, Label, Reader, Sscc, Symbology, Unnamed, check_digit, read};
use proptest::prelude::*;

/// One element that is right: AI, value, whether it ends without FNC1.
fn element() -> impl Strategy<Value = (String, String, bool)> {
    let text = "[!\"%-/0-9:-?A-Z_a-z]{1,20}";
    let item = (0u64..10_000_000_000_000).prop_map(|body| Gtin::with_check_digit(body).unwrap().to_string());
    let unit = (0u64..100_000_000_000_000_000)
        .prop_map(|body| Sscc::new(body * 10 + u64::from(check_digit(body))).unwrap().to_string());
    let date = (0..100, 1..=12, 0..=28).prop_map(|(year, month, day)| format!("{year:02}{month:02}{day:02}"));
    let fixed = |ai: &'static str| move |value| (ai.to_owned(), value, true);
    let open = |ai: &'static str| move |value| (ai.to_owned(), value, false);
    prop_oneof![
        unit.prop_map(fixed("00")),
        item.prop_map(fixed("01")),
        date.prop_map(fixed("17")),
        text.prop_map(open("10")),
        text.prop_map(open("21")),
        "[0-9]{1,8}".prop_map(open("30")),
        (0..=5, "[0-9]{6}").prop_map(|(n, value)| (format!("310{n}"), value, true)),
    ]
}

/// Bytes with more of what an element string is made of than chance would give.
fn scan() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(vec!["]C1", "]E0", "]E3", "]d2", "]X0", "|]e0", "\u{1d}", "\u{2}", "\r\n"])
            .prop_map(|text| text.as_bytes().to_vec()),
        prop::sample::select(vec![
            "00", "01", "02", "10", "17", "21", "30", "37", "3103", "3922", "41", "99"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        "[0-9]{1,18}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_scanned_is_read(bytes in scan()) {
        let reading = read(&bytes);
        for element in reading.elements() {
            prop_assert_eq!(bytes.get(element.span.range()), Some(element.value.as_bytes()));
        }
        for problem in reading.problems().chain(reading.missing()) {
            prop_assert!(problem.span.range().end <= bytes.len(), "{:?}", problem);
            prop_assert!(!problem.to_string().is_empty() && !problem.to_string().contains("a fault of class"));
        }
        // Every getter with a meaning, at both ends of what a year can be.
        let dates = (reading.expiry(i16::MIN), reading.expiry(i16::MAX));
        prop_assert!(dates.0.is_none_or(|date| (1..=31).contains(&date.day())));
        prop_assert!(dates.1.is_none_or(|date| (1..=12).contains(&date.month())));
        prop_assert!(reading.quantity().is_none_or(|quantity| quantity < 100_000_000));
        prop_assert!(reading.weight_grams().is_none_or(|grams| grams < 1_000_000_000));
        let unit = reading.sscc().map(|sscc| sscc.to_string());
        let digits = reading.element("00").or_else(|| reading.primary());
        prop_assert!(unit.is_none_or(|unit| Some(unit.as_str()) == digits));
        prop_assert!(reading.gtin().is_none_or(|gtin| Gtin::new(gtin.as_u64()) == Ok(gtin)));
        if reading.plain().is_some() {
            prop_assert!(reading.elements().next().is_none());
        }
    }

    #[test]
    fn what_was_put_in_comes_out(
        elements in prop::collection::btree_map(0..7, element(), 1..7),
        identifier in prop::sample::select(vec!["]C1", "]d2", "]Q3", "]J1", "]e0", "\u{1d}"]),
    ) {
        // One of an AI, and one weight: others would be repeats and contradictions.
        let mut unlike: Vec<(String, String, bool)> = Vec::new();
        for element in elements.into_values() {
            if !unlike.iter().any(|(ai, ..)| ai.get(..3) == element.0.get(..3) && ai.get(..2) == element.0.get(..2)) {
                unlike.push(element);
            }
        }
        let mut scan = identifier.to_owned();
        for (ai, value, fixed) in &unlike {
            scan.push_str(ai);
            scan.push_str(value);
            if !fixed {
                scan.push('\u{1d}');
            }
        }
        let reading = read(scan.as_bytes());
        let out: Vec<_> = reading.elements().map(|e| (e.ai.to_string(), e.value.to_owned())).collect();
        let put_in: Vec<_> = unlike.into_iter().map(|(ai, value, _)| (ai, value)).collect();
        prop_assert_eq!(out, put_in);
        prop_assert_eq!(reading.problems().next(), None);
    }

    #[test]
    fn any_other_check_digit_is_refused(body in 0u64..1_000_000_000_000, off in 1u64..10) {
        let right = Gtin::with_check_digit(body).unwrap().as_u64();
        let wrong = right - right % 10 + (right + off) % 10;
        let scan = format!("]E0{wrong:013}");
        let reading = read(scan.as_bytes());
        prop_assert_eq!(reading.gtin(), None);
        prop_assert_eq!(reading.strict().unwrap_err().class.name(), "check-digit");
    }
}

/// What callers may take for FNC1, sensible or not.
const SEPARATORS: &[&[&[u8]]] = &[&[], &[b"#"], &[b"<GS>", b"", b"1"]];

/// Any elements of any AIs that the table knows, each with a value that is right.
fn any_elements() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = prop_oneof![
        "[!\"%-/0-9:-?A-Z_a-z]{1,20}".prop_map(|value| ("10".to_owned(), value)),
        "[!\"%-/0-9:-?A-Z_a-z]{1,30}".prop_map(|value| ("240".to_owned(), value)),
        (91..=99u8, "[!\"%-/0-9:-?A-Z_a-z]{1,90}").prop_map(|(ai, value)| (ai.to_string(), value)),
        "[0-9]{1,8}".prop_map(|value| ("30".to_owned(), value)),
        (0..=5, "[0-9]{6}").prop_map(|(n, value)| (format!("336{n}"), value)),
        "[0-9]{2}".prop_map(|value| ("20".to_owned(), value)),
        (1..=28).prop_map(|day| ("17".to_owned(), format!("2602{day:02}"))),
        "978[0-9]{1,15}".prop_map(|value| ("3932".to_owned(), value)),
        "[0-9]{6}-?".prop_map(|value| ("4333".to_owned(), value)),
    ];
    prop::collection::vec(value, 1..12)
}

proptest! {
    #[test]
    fn what_is_written_is_read(elements in any_elements()) {
        let pairs: Vec<_> = elements.iter().map(|(ai, value)| (ai.as_str(), value.as_str())).collect();
        let text = ElementString::new(Symbology::Gs1QrCode, &pairs).to_string();
        let reading = read(text.as_bytes());
        let out: Vec<_> = reading.elements().map(|e| (e.ai.to_string(), e.value.to_owned())).collect();
        prop_assert_eq!(out, elements);
        prop_assert_eq!(&reading.canonical_scan().to_string(), &text);
        prop_assert!(reading.problems().all(|problem| matches!(problem.class.name(), "repeat" | "mutex")));
    }

    #[test]
    fn whatever_a_caller_knows_scans_are_read(
        bytes in scan(),
        requisites in any::<bool>(),
        repeated in any::<bool>(),
        unnamed in prop::sample::select(vec![Unnamed::WhenWhole, Unnamed::Keys, Unnamed::Elements]),
        separators in prop::sample::select(SEPARATORS),
    ) {
        let reader = Reader::new()
            .requisites(requisites)
            .repeated_separators(repeated)
            .unnamed(unnamed)
            .separators(separators)
            .frame(b"\x02", b"\r\n");
        let reading = reader.read(&bytes);
        let label = [reading.clone(), read(&bytes)];
        for (place, problem) in Label::new(&label).problems() {
            prop_assert!(place < 2 && problem.span.range().end <= bytes.len(), "{:?}", problem);
        }
        for warning in reading.lost_separators() {
            for other in warning.alternatives() {
                let rest: String = other.rest().map(|element| format!("{}{}", element.ai, element.value)).collect();
                let whole = format!("{}{rest}", other.value());
                prop_assert_eq!(Some(whole.as_bytes()), bytes.get(warning.span().range()));
            }
        }
        for element in reading.elements() {
            // Meanings of any value, right or wrong.
            let told = (element.moment(2026), element.end_date(2026), element.decimal(), element.money(), element.measure());
            prop_assert!(told.2.is_none_or(|decimal| !decimal.to_string().is_empty()));
            prop_assert!(told.3.is_none_or(|money| !money.to_string().is_empty()));
        }
        prop_assert!(reading.canonical_scan().to_string().len() <= bytes.len() * 3 + 8);
    }

    #[test]
    fn what_is_no_dictionary_is_refused(text in "(\\PC|[\n #=,+N0-9]){0,80}") {
        if let Err(error) = gs1::Dictionary::parse(&text) {
            prop_assert!(error.line() <= text.lines().count().max(1));
        }
    }
}
