//! Every kind of check by an AI that has it: a good value, and a bad one with the place of its fault.

use gs1::{Detail, Reader, read};

/// What is wrong with the value of an AI, as `class@offset+length` inside it.
fn told(ai: &str, value: &str) -> String {
    let scan = format!("]C1{ai}{value}");
    let reading = read(scan.as_bytes());
    let problems = reading.problems().map(|problem| {
        let (offset, length) = problem.place_in_value();
        assert_eq!(problem.ai.map(|ai| ai.to_string()).as_deref(), Some(ai));
        assert!(!problem.to_string().is_empty());
        format!("{}@{offset}+{length}", problem.class)
    });
    let told: Vec<_> = problems.collect();
    if told.is_empty() { "ok".to_owned() } else { told.join(" ") }
}

#[test]
fn values_are_checked_as_their_ais_say() {
    #[rustfmt::skip]
    let cases = [
        // AI     value                            outcome
        ("00",   "340123451234567895",            "ok"),
        ("00",   "340123451234567894",            "check-digit@17+1"),
        ("253",  "4006381333931ABC",              "ok"),
        ("253",  "4006381333931",                 "ok"),
        ("253",  "4006381333932ABC",              "check-digit@12+1"),
        ("253",  "400638133393",                  "length@0+12"),
        ("255",  "4006381333931A",                "charset@13+1"),
        ("8013", "1987654Ad4X4bL5ttr2310c2K",     "ok"),
        ("8013", "1987654Ad4X4bL5ttr2310cXK",     "check-pair@23+2"),
        ("8013", "1987654Ad4X4bL5ttr2310c2k",     "charset@24+1"),
        ("8013", "1",                             "check-pair@0+1"),
        ("8014", "22",                            "company-prefix@0+2"),
        ("8004", "12C43104304",                   "company-prefix@2+1"),
        ("8004", "123",                           "company-prefix@0+3"),
        ("8010", "1234#-/A",                      "ok"),
        ("8010", "1234a",                         "charset@4+1"),
        ("8011", "12",                            "ok"),
        ("8011", "012",                           "zero-prefix@0+1"),
        ("17",   "260229",                        "date@4+2"),
        ("17",   "260200",                        "ok"),
        ("7006", "260200",                        "date@4+2"),
        ("7007", "260201260301",                  "ok"),
        ("7007", "260201261301",                  "date@8+2"),
        ("7007", "26020126130",                   "length@0+11"),
        ("7003", "2602012460",                    "time@6+2"),
        ("7003", "2602012360",                    "time@8+2"),
        ("7011", "260201",                        "ok"),
        ("7011", "2602012359",                    "ok"),
        ("7011", "26020123",                      "length@0+8"),
        ("7250", "19000229",                      "date@6+2"),
        ("7251", "200002292359",                  "ok"),
        ("8008", "26020123",                      "ok"),
        ("8008", "260201235960",                  "time@10+2"),
        ("8008", "2602012359590",                 "length@0+13"),
        ("421",  "276ABC",                        "ok"),
        ("421",  "277ABC",                        "country@0+3"),
        ("421",  "276",                           "length@0+3"),
        ("425",  "276250",                        "ok"),
        ("425",  "276251",                        "country@3+3"),
        ("7030", "999ABC",                        "ok"),
        ("7030", "998ABC",                        "country@0+3"),
        ("4307", "DE",                            "ok"),
        ("4307", "DX",                            "country@0+2"),
        ("3912", "97812",                         "ok"),
        ("3912", "97712",                         "ok"),
        ("3912", "27612",                         "currency@0+3"),
        ("7252", "9",                             "ok"),
        ("7252", "3",                             "sex-code@0+1"),
        ("8007", "DE91100000000123456789",        "ok"),
        ("8007", "DE92100000000123456789",        "iban@2+2"),
        ("4309", "18000000003600000000",          "ok"),
        ("4309", "18000000010000000000",          "geo@0+10"),
        ("4309", "00000000003600000001",          "geo@10+10"),
        ("4300", "A%20B",                         "ok"),
        ("4300", "A%2GB",                         "percent-encoding@1+3"),
        ("8110", "012345612345611110123",         "ok"),
        ("8110", "0123456123456111101231",        "coupon@0+22"),
        ("8110", "01234561234561111012A",         "charset@20+1"),
        ("8112", "001234561234560123456",         "ok"),
        ("8112", "201234561234560123456",         "coupon@0+1"),
        ("7040", "1ABC",                          "ok"),
        ("7040", "1AB=",                          "importer-index@3+1"),
        ("7041", "X3",                            "ok"),
        ("7041", "9",                             "ok"),
        ("7041", "STL",                           "ok"),
        ("7041", "XL",                            "package-type@0+2"),
        ("7241", "10",                            "ok"),
        ("7241", "11",                            "media-type@0+2"),
        ("7258", "1/3",                           "ok"),
        ("7258", "3/1",                           "position-in-sequence@0+3"),
        ("7258", "0/3",                           "zero-prefix@0+1"),
        ("8026", "040063813339310103",            "ok"),
        ("8026", "040063813339310403",            "piece-of-total@14+4"),
        ("8001", "12341234512311",                "ok"),
        ("8001", "12340000012311",                "nonzero@4+5"),
        ("8001", "12341234512321",                "winding@12+1"),
        ("8003", "04006381333931ABC",             "ok"),
        ("8003", "14006381333931ABC",             "zero@0+1"),
        ("4321", "1",                             "ok"),
        ("4321", "2",                             "yes-no@0+1"),
        ("4330", "001000-",                       "ok"),
        ("4330", "001000+",                       "hyphen@6+1"),
        ("8030", "aGVs-_==",                      "ok"),
        ("8030", "aGVsb=",                        "charset-padding@5+1"),
        ("8030", "aGV+",                          "charset@3+1"),
        ("8043", "1234567890123456781",           "ok"),
        ("8043", "123456789012345678123",         "length@0+21"),
        ("90",   "B[",                            "charset@1+1"),
        ("91",   "",                              "ai-empty@0+0"),
    ];
    for (ai, value, outcome) in cases {
        assert_eq!(told(ai, value), outcome, "({ai}){value}");
    }
}

#[test]
fn rules_between_ais() {
    const READER: Reader<'static> = Reader::new().requisites(true);
    #[rustfmt::skip]
    let cases = [
        // scan, `^` is FNC1                                outcome
        ("]C1010400638133393110A",                          "ok"),
        ("]C110A^0104006381333931",                         "ok"),
        ("]C110A",                                          "requisite(10) 01,02,03,8006,8026"),
        ("]C101040063813339313922199",                      "requisite(3922) 30,31nn,32nn,35nn,36nn"),
        ("]C10104006381333931310300125039221299",           "ok"),
        ("]C101040063813339317004123",                      "requisite(7004) 01+10"),
        ("]C101040063813339317004123^10A",                  "ok"),
        ("]C10104006381333931^8041123456789012345^21B",      "requisite(8041) 01+21+8040"),
        ("]C101040063813339312554006381333931^10A",         "mutex(01) 255"),
        ("]C101040063813339313103000500^3103000500",        "ok"),
        ("]C101040063813339313103000500^3103000600",        "repeat(3103)"),
        ("]C12534006381333931^8030abcd",                    "digsig-serial(253)"),
        ("]C12534006381333931A^8030abcd",                   "ok"),
        ("]E04006381333931|]e010A",                         "ok"),
        ("]E04006381333931|]e04154006381333931",            "requisite(415) 8020"),
    ];
    for (scan, outcome) in cases {
        let bytes = scan.replace('^', "\u{1d}").into_bytes();
        let reading = READER.read(&bytes);
        let told: Vec<_> = reading
            .problems()
            .map(|problem| {
                let ai = problem.ai.map(|ai| ai.to_string()).unwrap_or_default();
                let needs = if let Detail::Needs(needs) = problem.detail {
                    format!(" {needs}")
                } else {
                    String::new()
                };
                let with = if let Detail::With(other) = problem.detail {
                    format!(" {other}")
                } else {
                    String::new()
                };
                format!("{}({ai}){needs}{with}", problem.class)
            })
            .collect();
        let told = if told.is_empty() { "ok".to_owned() } else { told.join(" ") };
        assert_eq!(told, outcome, "{scan}");
    }
}
