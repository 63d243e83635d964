//! Web addresses and bracketed text, as tables.

use gs1::{Problem, Text, bracketed, read, uri};

fn short(problem: &Problem<'_>) -> String {
    let ai = problem.ai.map(|ai| format!("({ai})")).unwrap_or_default();
    format!("{}{ai}@{}+{}", problem.class, problem.span.offset(), problem.span.length())
}

#[test]
fn addresses_taken_apart() {
    #[rustfmt::skip]
    let cases = [
        // address                                                   elements and problems
        ("https://id.gs1.org/01/04006381333931",                     "(01)04006381333931"),
        ("HTTPS://A.EXAMPLE/01/04006381333931",                      "(01)04006381333931"),
        ("HtTp://a:8443/01/04006381333931",                          "(01)04006381333931"),
        ("https://[2001:db8::1]/01/04006381333931",                  "(01)04006381333931"),
        ("https://a/shop/x/01/04006381333931/10/AB/21/7#top",        "(01)04006381333931(10)AB(21)7"),
        ("https://a/01/04006381333931/22/2A/10/AB/21/7",             "(01)04006381333931(22)2A(10)AB(21)7"),
        ("https://a/00/faux/00/340123451234567895",                  "(00)340123451234567895"),
        ("https://a/414/notagln/01/04006381333931/235/C%256",        "(01)04006381333931(235)C%6"),
        ("https://a/01/04006381333931/414/4012345000009/254/B",      "(414)4012345000009(254)B"),
        ("https://a/01/04006381333931/10/A+B?99=%2B",                "(01)04006381333931(10)A+B(99)+"),
        ("https://a/01/04006381333931?&&17=261231&x=1&y&3103=000500&", "(01)04006381333931(17)261231(3103)000500"),
        ("https://a/01/04006381333931/235/X?10=A",                   "(01)04006381333931(235)X(10)A"),
        ("https://a/8004/4012345A?01=4006381333931",                 "(8004)4012345A(01)04006381333931"),
        ("https://a/8018/401234500000000009/8019/3",                 "(8018)401234500000000009(8019)3"),
        // what is wrong
        ("https://a/01/04006381333931 ",                             "uri-syntax@27+1"),
        ("https:///01/04006381333931",                               "uri-syntax@0+8"),
        ("https://a",                                                "uri-syntax@0+9"),
        ("https://a?b=c/d",                                          "uri-syntax@0+13"),
        ("https://a_b/01/04006381333931",                            "uri-syntax@0+11"),
        ("ftp://a/01/04006381333931",                                "uri-syntax@0+4"),
        ("https://a/",                                               "dl-no-key@9+1"),
        ("https://a/b/c",                                            "dl-no-key@9+4"),
        ("https://a/gtin/04006381333931",                            "dl-no-key@9+20"),
        ("https://a/10/AB",                                          "dl-no-key@9+6"),
        ("https://a/01/04006381333931/",                             "dl-no-key@9+19"),
        ("https://a/01/04006381333931/89/X",                         "dl-no-key@9+23"),
        ("https://a/01/",                                            "dl-empty-value(01)@13+0"),
        ("https://a/01//10/A/21/7",                                  "(10)A(21)7, dl-empty-value(01)@13+0"),
        ("https://a/01/04006381333931/10/",                          "(01)04006381333931, dl-empty-value(10)@31+0"),
        ("https://a/01/04006381333931?99=",                          "(01)04006381333931, dl-empty-value(99)@31+0"),
        ("https://a/01/04006381333931/10/A%00",                      "(01)04006381333931, dl-null(10)@32+3"),
        ("https://a/01/04006381333931/10/A%4",                       "(01)04006381333931, uri-syntax(10)@32+1"),
        ("https://a/01/04006381333931/10/A%4g",                      "(01)04006381333931, uri-syntax(10)@32+1"),
        ("https://a/01/04006381333931?999=1",                        "(01)04006381333931, dl-unknown-ai(999)@28+3"),
        ("https://a/01/04006381333931?12345=1",                      "(01)04006381333931, dl-unknown-ai@28+5"),
        ("https://a/01/04006381333931/21/7/10/A",                    "(01)04006381333931(21)7(10)A, dl-key-sequence(01)@9+28"),
        ("https://a/01/04006381333931/10/A/10/A",                    "(01)04006381333931(10)A(10)A, dl-key-sequence(01)@9+28"),
        ("https://a/01/04006381333931/10/A/235/B",                   "(01)04006381333931(10)A(235)B, dl-key-sequence(01)@9+29"),
        ("https://a/01/04006381333931/99/A",                         "(01)04006381333931(99)A, dl-key-sequence(01)@9+23"),
        ("https://a/01/04006381333931?99=A&99=A",                    "(01)04006381333931(99)A(99)A, dl-duplicate(99)@36+1"),
        ("https://a/01/04006381333931/10/A?10=A",                    "(01)04006381333931(10)A(10)A, dl-duplicate(10)@36+1"),
        ("https://a/00/340123451234567895?21=A",                     "(00)340123451234567895(21)A, dl-not-attribute(21)@35+1"),
        ("https://a/01/04006381333931?10=A",                         "(01)04006381333931(10)A, dl-should-be-path(10)@31+1"),
    ];
    for (address, outcome) in cases {
        let uri = uri::parse(address.as_bytes());
        let elements: String = uri.parts().map(|part| format!("({}){}", part.ai, part.value)).collect();
        let told = Some(elements).filter(|elements| !elements.is_empty()).into_iter();
        let told: Vec<String> = told.chain(uri.problems().map(|problem| short(&problem))).collect();
        assert_eq!(told.join(", "), outcome, "{address}");
    }
}

#[test]
fn what_stands_around_the_elements_of_an_address() {
    let uri = uri::parse(b"https://a.example/x/01/04006381333931?lang=de&17=261231&print#p");
    assert_eq!(uri.stem(), "https://a.example/x");
    assert_eq!(uri.key().map(|ai| ai.to_string()).as_deref(), Some("01"));
    assert_eq!(uri.ignored().collect::<Vec<_>>(), ["lang=de", "print"]);
}

#[test]
fn short_gtins_of_an_address_are_filled_up_on_request() {
    let address = b"https://a/01/4006381333931/10/A";
    let values = |gtins| uri::parse_with(address, gtins).parts().next().map(|part| part.value.to_string());
    assert_eq!(values(uri::Gtins::AsWritten).as_deref(), Some("4006381333931"));
    assert_eq!(values(uri::Gtins::FilledUp).as_deref(), Some("04006381333931"));
}

#[test]
fn addresses_made_of_elements() {
    #[rustfmt::skip]
    let cases = [
        // elements                                     address, without its stem
        ("(01)04006381333931",                          "/01/04006381333931"),
        ("(17)261231(10)A/7(01)04006381333931(21)9",    "/01/04006381333931/10/A%2F7/21/9?17=261231"),
        ("(10)A(235)B(01)04006381333931",               "AI `235` may not stand in the query of a Digital Link"),
        ("(01)04006381333931(235)B",                    "/01/04006381333931/235/B"),
        ("(10)A(3103)000500(00)340123451234567895(02)04006381333931",
                                                        "/00/340123451234567895?3103=000500&02=04006381333931&10=A"),
        ("(99)A(01)04006381333931(99)A",                "/01/04006381333931?99=A"),
        ("(10)A",                                       "no element can be the primary key of a Digital Link, such as AI `01`"),
        ("(01)04006381333931(254)B",                    "AI `254` may not stand in the query of a Digital Link"),
    ];
    for (elements, outcome) in cases {
        let elements = bracketed::parse(elements.as_bytes());
        let mut address = String::new();
        let written = uri::write(&mut address, "https://a/", elements.parts().map(|p| (p.ai, p.value)));
        match written {
            Ok(()) => assert_eq!(address.strip_prefix("https://a"), Some(outcome)),
            Err(error) => assert_eq!((error.to_string().as_str(), address.as_str()), (outcome, "")),
        }
    }
}

#[test]
fn bracketed_text_taken_apart() {
    #[rustfmt::skip]
    let cases = [
        // text                                  elements and problems
        ("(01)04006381333931(10)A7",             "(01)04006381333931(10)A7"),
        ("(10)A\\(7)(21)\\(",                    "(10)A\\(7)(21)\\("),
        ("(10)A\\7",                             "(10)A\\7"),
        ("(01)04006381333931 (10)A",             "(01)04006381333931 (10)A"),
        ("(01",                                  "bracket-syntax@0+3"),
        ("01)04006381333931",                    "bracket-syntax@0+17"),
        ("(01)04006381333931(10",                "(01)04006381333931, bracket-syntax@18+3"),
        ("(01)04006381333931(10)",               "(01)04006381333931, bracket-syntax(10)@22+0"),
        ("(01)(10)A",                            "(01)(10)A"),
        ("(89)A(10)B",                           "(10)B, ai-unknown(89)@1+2"),
        ("(1A)A()B(123456)C",                    "bracket-syntax@0+4, bracket-syntax@5+2, ai-unknown@9+6"),
        ("(99)A(9)B",                            "(99)A, ai-unknown(9)@6+1"),
        ("( 01 )04006381333931",                 "bracket-syntax@0+6"),
        ("(",                                    "bracket-syntax@0+1"),
        ("(01)04006381333931|(10)A",             "(01)04006381333931(10)A"),
        ("(01)04006381333931|(10)A|(21)B",       "(01)04006381333931(10)A|(21)B"),
        ("(10)A|",                               "(10)A|"),
        ("(3103)00050|(10)A",                    "(3103)00050|(10)A"),
        ("(10)\\(|(21)B",                        "(10)\\((21)B"),
    ];
    for (text, outcome) in cases {
        let parsed = bracketed::parse(text.as_bytes());
        let mut elements = String::new();
        bracketed::write(&mut elements, parsed.parts().map(|part| (part.ai, part.value))).unwrap();
        let told = Some(elements).filter(|elements| !elements.is_empty()).into_iter();
        let told: Vec<String> = told.chain(parsed.problems().map(|problem| short(&problem))).collect();
        assert_eq!(told.join(", "), outcome, "{text}");
    }
}

#[test]
fn scans_of_addresses_and_bracketed_text_are_read_and_checked() {
    #[rustfmt::skip]
    let cases = [
        // scan                                                 elements and problems
        ("https://a/01/04006381333931/10/A%2F7?17=261231",      "(01)04006381333931(10)A/7(17)261231"),
        ("]d1http://a/01/04006381333931",                       "(01)04006381333931"),
        ("]Q1https://a/01/04006381333931\r\n",                  "(01)04006381333931"),
        ("]J0https://a/01/04006381333931",                      "(01)04006381333931"),
        ("]Q1https://a/01/04006381333930/10/A",                 "(01)04006381333930(10)A, check-digit(01)@29+1"),
        ("https://a/01/04006381333931/10/A%23%2B",              "(01)04006381333931(10)A#+, charset(10)@32+3"),
        ("https://a/01/04006381333931?17=261341",               "(01)04006381333931(17)261341, date(17)@33+2"),
        ("https://a/01/04006381333931?30=1&37=2",               "(01)04006381333931(30)1(37)2, mutex(01)@13+14"),
        ("https://a/b",                                         "dl-no-key@9+2"),
        ("]Q1hello",                                            ""),
        ("]C0https://a/01/04006381333931",                      ""),
        ("(01)04006381333931(10)A\\(7",                         "(01)04006381333931(10)A(7"),
        (" (01)04006381333931(10)A\\(7#\r\n",                   "(01)04006381333931(10)A(7#, charset(10)@27+1"),
        ("(10)A\\((10)A(",                                      "(10)A((10)A, bracket-syntax@12+1, repeat(10)@11+1"),
        ("(01)(10)A",                                           "(01)(10)A, ai-empty(01)@4+0"),
        ("(hello)",                                             "bracket-syntax@0+7"),
        ("]X0(a)b",                                             "bracket-syntax@3+3"),
        ("]Q1(hello)",                                          ""),
        ("(01)04006381333931|(10)A",                            "(01)04006381333931(10)A"),
        ("(01)04006381333931|(10)A|(21)B",                      "(01)04006381333931(10)A|(21)B, charset(10)@24+1"),
    ];
    for (scan, outcome) in cases {
        let reading = read(scan.as_bytes());
        let elements: String =
            reading.elements().map(|element| format!("({}){}", element.ai, element.value)).collect();
        let told = Some(elements).filter(|elements| !elements.is_empty()).into_iter();
        let told: Vec<String> = told.chain(reading.problems().map(|problem| short(&problem))).collect();
        assert_eq!(told.join(", "), outcome, "{scan}");
    }
    let reading = read(b"https://a/01/04006381333931/10/A%2F7/21/%2B");
    assert_eq!((reading.lot(), reading.serial()), (Some("A/7"), Some("+")));
    assert_eq!(Text::plain("A/7").as_str(), reading.lot());
}

#[test]
fn more_escapes_than_there_is_room_for_are_a_problem() {
    let address = format!("https://a/01/04006381333931?10={}", "%41".repeat(900));
    let reading = read(address.as_bytes());
    assert_eq!(reading.gtin().map(|gtin| gtin.as_u64()), Some(4_006_381_333_931));
    let classes: Vec<&str> = reading.problems().map(|problem| problem.class.name()).collect();
    assert_eq!(classes, ["dl-should-be-path", "length"]);
}
