//! What holds for every web address and every bracketed text.

use gs1::{Ai, Gtin, Text, bracketed, read, uri};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = String> {
    "[!\"%-/0-9:-?A-Z_a-z]{1,20}"
}

/// Elements of an item in the order a Digital Link has them.
fn elements() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let maybe =
        |ai: &'static str| prop::option::of(value()).prop_map(move |value| value.map(|value| (ai, value)));
    let item = (0u64..10_000_000_000_000).prop_map(|body| Gtin::with_check_digit(body).unwrap().to_string());
    let date = prop::option::of((0..100, 1..=12, 0..=28));
    let date = date.prop_map(|date| date.map(|(y, m, d)| ("17", format!("{y:02}{m:02}{d:02}"))));
    (item, maybe("22"), maybe("10"), maybe("21"), date, maybe("240"), maybe("99")).prop_map(
        |(item, cpv, lot, serial, date, id, own)| {
            [Some(("01", item)), cpv, lot, serial, date, id, own].into_iter().flatten().collect()
        },
    )
}

fn ai(digits: &str) -> Ai {
    digits.parse().unwrap()
}

/// Bytes with more of what an address and bracketed text are made of than chance would give.
fn scan() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..8),
        prop::sample::select(vec![
            "https://",
            "HTTP://",
            "a.b",
            "/",
            "/",
            "?",
            "&",
            "=",
            "#",
            "%2F",
            "%00",
            "%",
            "+",
            "(",
            ")",
            "\\(",
            "01",
            "10",
            "21",
            "00",
            "17",
            "99",
            "8004",
            "04006381333931",
            "]d1",
            "]Q1",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_taken_apart(bytes in scan(), front in prop::sample::select(vec!["", "https://a/", "https://a/01/1", "(01)"])) {
        let bytes = [front.as_bytes(), &bytes].concat();
        let uri = uri::parse(&bytes);
        let text = bracketed::parse(&bytes);
        for part in uri.parts().chain(text.parts()) {
            prop_assert_eq!(bytes.get(part.span.range()), Some(part.value.written()));
        }
        let reading = read(&bytes);
        for problem in uri.problems().chain(text.problems()) {
            prop_assert!(problem.span.range().end <= bytes.len(), "{:?}", problem);
            prop_assert!(!problem.to_string().is_empty());
        }
        for problem in reading.problems() {
            prop_assert!(problem.span.range().end <= bytes.len(), "{:?}", problem);
        }
        prop_assert!(uri.stem().len() <= bytes.len() && uri.ignored().count() <= bytes.len());
        for element in reading.elements() {
            prop_assert!(element.span.range().end <= bytes.len());
        }
    }

    #[test]
    fn elements_come_back_from_the_address_made_of_them(elements in elements()) {
        let pairs: Vec<(Ai, Text<'_>)> = elements.iter().map(|(digits, value)| (ai(digits), Text::plain(value))).collect();
        let mut address = String::new();
        uri::write(&mut address, uri::STEM, pairs.iter().copied()).unwrap();
        let parsed = uri::parse(address.as_bytes());
        prop_assert_eq!(parsed.problems().next(), None, "{}", address);
        let back: Vec<_> = parsed.parts().map(|part| (part.ai, part.value)).collect();
        prop_assert_eq!(&back, &pairs);
        let mut again = String::new();
        uri::write(&mut again, uri::STEM, parsed.parts().map(|part| (part.ai, part.value))).unwrap();
        prop_assert_eq!(again, address);
    }

    #[test]
    fn elements_come_back_from_bracketed_text(elements in elements()) {
        let pairs: Vec<(Ai, Text<'_>)> = elements.iter().map(|(digits, value)| (ai(digits), Text::plain(value))).collect();
        let mut text = String::new();
        bracketed::write(&mut text, pairs.iter().copied()).unwrap();
        let parsed = bracketed::parse(text.as_bytes());
        prop_assert_eq!(parsed.problems().next(), None, "{}", text);
        let back: Vec<_> = parsed.parts().map(|part| (part.ai, part.value)).collect();
        prop_assert_eq!(back, pairs);
    }
}
