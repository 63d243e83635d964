//! UPC-E, shorter forms of a GTIN, and restricted circulation numbers.

use gs1::rcn::{Country, Measure, Pattern, Rules, Strictness, Usage};
use gs1::{Gtin, GtinFormat, Problem, upce};
use proptest::prelude::*;

fn short(problem: &Problem<'_>) -> String {
    format!("{}@{}+{}", problem.class, problem.span.offset(), problem.span.length())
}

#[test]
fn upc_e_filled_up() {
    #[rustfmt::skip]
    let cases = [
        // UPC-E        item
        ("08598295",    "00085982000095"),
        ("04252614",    "00042100005264"),
        ("0425261",     "00042100005264"),
        ("425261",      "00042100005264"),
        ("01234505",    "00012000003455"),
        ("01234531",    "00012300000451"),
        ("01234543",    "00012340000053"),
        ("1234558",     "00123455000088"),
        ("18208545",    "check-digit@7+1"),
        ("21234505",    "upc-e-number-system@0+1"),
        ("2123450",     "upc-e-number-system@0+1"),
        ("12345",       "length@0+5"),
        ("036000291452", "length@0+12"),
        ("0123a505",    "charset@4+1"),
    ];
    for (upc, outcome) in cases {
        let told =
            upce::expand(upc.as_bytes()).map_or_else(|problem| short(&problem), |gtin| gtin.to_string());
        assert_eq!(told, outcome, "{upc}");
    }
}

#[test]
fn forms_of_a_gtin() {
    #[rustfmt::skip]
    let cases = [
        // item               shortest   GTIN-8      GTIN-12         GTIN-13          UPC-E
        ("00000096161821",    "GTIN-8",  "96161821", "000096161821", "0000096161821", ""),
        ("00042100005264",    "GTIN-12", "",         "042100005264", "0042100005264", "04252614"),
        ("00036000291452",    "GTIN-12", "",         "036000291452", "0036000291452", ""),
        ("04006381333931",    "GTIN-13", "",         "",             "4006381333931", ""),
        ("14006381333938",    "GTIN-14", "",         "",             "",              ""),
    ];
    for (item, shortest, eight, twelve, thirteen, upc) in cases {
        let gtin: Gtin = item.parse().unwrap();
        let form = |form| gtin.in_format(form).map(|gtin| gtin.to_string()).unwrap_or_default();
        assert_eq!(gtin.format().to_string(), shortest);
        assert_eq!(
            (form(GtinFormat::Gtin8), form(GtinFormat::Gtin12)),
            (eight.to_owned(), twelve.to_owned())
        );
        assert_eq!(
            (form(GtinFormat::Gtin13), form(GtinFormat::Gtin14)),
            (thirteen.to_owned(), item.to_owned())
        );
        assert_eq!(upce::compress(gtin).map(|upc| upc.to_string()).unwrap_or_default(), upc);
    }
}

/// `item value without_measure`, or what else is known.
fn told(rules: &Rules<'_>, number: &str) -> String {
    let restricted = match rules.read(number.as_bytes()) {
        Err(problem) => return short(&problem),
        Ok(None) => return "not restricted".to_owned(),
        Ok(Some(restricted)) => restricted,
    };
    let Some(measured) = restricted.measured() else {
        return if restricted.usage() == Usage::Region { "region" } else { "company" }.to_owned();
    };
    let value = measured.value();
    let amount = value.minor_units(2).map(|amount| format!("{amount} cents"));
    let amount = amount.or_else(|| value.grams().map(|grams| format!("{grams} g")));
    let amount = amount.or_else(|| value.count().map(|count| format!("{count} pieces")));
    let amount = amount.unwrap_or_else(|| "no whole unit".to_owned());
    format!("{} {value} = {amount}, {}", measured.item(), measured.without_measure())
}

#[test]
fn numbers_of_countries() {
    #[rustfmt::skip]
    let cases = [
        // country  number           what it says
        ("se",      "2456609708201", "566097 8.20 = 8200 g, 02456609700007"),
        ("se",      "2544334992702", "443349 927.0 = 927000 g, 02544334900004"),
        ("SE",      "02456609708201", "566097 8.20 = 8200 g, 02456609700007"),
        ("se",      "2012345612345", "check-digit@12+1"),
        ("de",      "2260841235940", "price-check-digit@6+1"),
        ("de",      "2812341012349", "1234 1.234 = 1234 g, 02812340000002"),
        ("de",      "2512349000125", "1234 12 = 12 pieces, 02512340000001"),
        ("gb",      "2012345928756", "12345 28.75 = 2875 cents, 02012345000001"),
        ("gb",      "2012345912346", "check-digit@12+1"),
        ("dk",      "2012345678903", "region"),
        ("dk",      "4006381333931", "not restricted"),
        ("dk",      "0212345678901", "check-digit@12+1"),
        ("dk",      "14006381333938", "not restricted"),
        ("dk",      "20123451",       "company"),
        ("dk",      "96161821",       "not restricted"),
        ("dk",      "0412345678903",  "company"),
        ("dk",      "12345",          "length@0+5"),
        ("dk",      "20123456789x0",  "charset@11+1"),
    ];
    for (country, number, outcome) in cases {
        let rules = Rules { own: &[], country: Country::of_code(country) };
        assert_eq!(told(&rules, number), outcome, "{country} {number}");
    }
    assert_eq!(told(&Rules::default(), "2456609708201"), "region");
    assert_eq!((Country::of_code("fr"), Country::Sweden.currency()), (None, Some("SEK")));
}

#[test]
fn a_shops_own_patterns_come_first() {
    let own = [
        Pattern::new("02IIIIICVVVV", Measure::Price, 2).unwrap(),
        Pattern::new("24-IIIIIVVVV", Measure::Count, 0).unwrap(),
        Pattern::new("2100IIIIVVVV", Measure::Price, 0).unwrap().with_strictness(Strictness::Neither),
        Pattern::new("99IIIIIVVVVV", Measure::Weight, 4).unwrap(),
    ];
    let rules = Rules { own: &own, country: Some(Country::Sweden) };
    #[rustfmt::skip]
    let cases = [
        // number            what it says
        ("212345928752",     "12345 28.75 = 2875 cents, 00212345000007"),
        ("212345828755",     "price-check-digit@6+1"),
        ("2456609708201",    "66097 820 = 820 pieces, 02406609700002"),
        ("2100123400509",    "1234 50 = 5000 cents, 02100123400003"),
        ("9912345012345",    "12345 0.1234 = no whole unit, 09912345000007"),
        ("9912345012344",    "check-digit@12+1"),
        ("2312345601230",    "123456 0.123 = 123 g, 02312345600004"),
    ];
    for (number, outcome) in cases {
        assert_eq!(told(&rules, number), outcome, "{number}");
    }
}

#[test]
fn layouts_that_are_no_patterns() {
    #[rustfmt::skip]
    let cases = [
        // layout           decimals  why not
        ("20IIIIIIVVV",     0,        "a pattern has 12 characters, not 11"),
        ("20IIIIIIVVVX",    0,        "`X` at place 12 is no digit, `I`, `C`, `V` or `-`"),
        ("IIIIIIIIVVVV",    0,        "a pattern begins with one to four digits and has no others"),
        ("20IIIIIIVVV0",    0,        "a pattern begins with one to four digits and has no others"),
        ("20------VVVV",    0,        "a pattern needs `I`, in one place"),
        ("20IIIIIVIVVV",    0,        "a pattern needs `I`, in one place"),
        ("20IIIIVVIVVV",    0,        "a pattern needs `I`, in one place"),
        ("20IIIIV--VVV",    0,        "a pattern needs `V`, in one place"),
        ("20IIIICVVVVVV",   0,        "a pattern has 12 characters, not 13"),
        ("20IIICVVVVVV",    0,        "only a value of four or five digits can have one `C`"),
        ("20IIICCVVVVV",    0,        "only a value of four or five digits can have one `C`"),
        ("20IIIIIIVVVV",    5,        "the value has fewer digits than 5 decimals"),
    ];
    for (layout, decimals, why) in cases {
        let error = Pattern::new(layout, Measure::Price, decimals).unwrap_err();
        assert_eq!(error.to_string(), why, "{layout}");
    }
}

#[test]
fn countries_have_the_rules_that_were_collected() {
    let path = std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../shared/gs1/rcn_rules.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let collected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let regions = collected["regions"].as_object().unwrap();
    assert_eq!(regions.len(), Country::ALL.len());
    for (code, region) in regions {
        let country = Country::of_code(code).unwrap();
        assert_eq!(country.currency(), region["currency"].as_str());
        let prefixes = region["prefixes"].as_object().unwrap();
        assert_eq!(prefixes.len(), country.patterns().len(), "{code}");
        for ((prefix, rule), pattern) in prefixes.iter().zip(country.patterns()) {
            let layout = rule["pattern"].as_str().unwrap().replace('P', "I").replacen("II", prefix, 1);
            let measure = match rule["measure"].as_str().unwrap() {
                "price" => Measure::Price,
                "weight" => Measure::Weight,
                _ => Measure::Count,
            };
            let decimals = u8::try_from(rule["decimals"].as_u64().unwrap()).unwrap();
            assert_eq!(Pattern::new(&layout, measure, decimals), Ok(*pattern), "{code} {prefix}");
        }
    }
}

proptest! {
    #[test]
    fn upc_e_comes_back(body in 0u32..2_000_000, any in prop::collection::vec(any::<u8>(), 0..10)) {
        let gtin = upce::expand(format!("{body:07}").as_bytes()).unwrap();
        let upc = upce::compress(gtin).unwrap();
        prop_assert_eq!(upc.gtin(), gtin);
        prop_assert_eq!(upce::expand(upc.to_string().as_bytes()), Ok(gtin));
        if let Err(problem) = upce::expand(&any) {
            prop_assert!(problem.span.range().end <= any.len(), "{:?}", problem);
        }
    }

    #[test]
    fn what_can_be_shortened_comes_back(body in 0u64..200_000_000_000, zeros in prop::sample::select(vec![1u64, 100_000, 10_000_000, 1_000_000_000])) {
        let gtin = Gtin::with_check_digit(body / zeros * zeros).unwrap();
        if let Some(upc) = upce::compress(gtin) {
            prop_assert_eq!(upc.gtin(), gtin);
        }
        let form = gtin.in_format(gtin.format()).unwrap();
        prop_assert_eq!(form.to_string().parse(), Ok(gtin));
    }

    #[test]
    fn restricted_numbers_are_read_or_refused(
        number in "[0-9]{11,15}|2[0-9]{12}|.{0,14}",
        right in 200_000_000_000u64..300_000_000_000,
        country in prop::sample::select(Country::ALL.to_vec()),
    ) {
        let rules = Rules { own: &[], country: Some(country) };
        if let Err(problem) = rules.read(number.as_bytes()) {
            prop_assert!(problem.span.range().end <= number.len());
        }
        let right = Gtin::with_check_digit(right).unwrap();
        match rules.read(format!("{:013}", right.as_u64()).as_bytes()) {
            Ok(read) => {
                let restricted = read.unwrap();
                prop_assert_eq!(restricted.gtin(), Some(right));
                if let Some(measured) = restricted.measured() {
                    let without = measured.without_measure();
                    let again = rules.read(format!("{:013}", without.as_u64()).as_bytes()).unwrap().unwrap();
                    let again = again.measured().unwrap();
                    prop_assert_eq!((again.item(), again.without_measure()), (measured.item(), without));
                    prop_assert_eq!(again.value().decimal().0, 0);
                }
            }
            Err(problem) => prop_assert_eq!(problem.class.name(), "price-check-digit"),
        }
    }
}
