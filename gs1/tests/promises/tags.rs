//! RFID tags, both ways.

use gs1::epc::{self, EncodeError, Scheme, Tag, Target};
use gs1::{Ai, Gtin, Problem, Text, bracketed};
use proptest::prelude::*;

fn elements(tag: &Tag) -> String {
    tag.elements().map(|field| format!("({}){}", field.ai, field.value)).collect()
}

/// Elements are written in bracketed text.
fn encode(text: &str, target: Target) -> Result<Tag, EncodeError> {
    epc::encode(bracketed::parse(text.as_bytes()).parts().map(|part| (part.ai, part.value)), target)
}

fn short(problem: &Problem<'_>) -> String {
    let ai = problem.ai.map(|ai| format!("({ai})")).unwrap_or_default();
    format!("{}{ai}@{}+{}", problem.class, problem.span.offset(), problem.span.length())
}

#[test]
fn tags_say_what_is_on_them() {
    #[rustfmt::skip]
    let cases = [
        // tag                                                  tag URI without `urn:epc:tag:`                      elements
        ("30059E247FAE460A5C6AA743",                            "sgtin-96:0.55585275250.24.44500166467",            "(01)25558527525043(21)44500166467"),
        ("30B8FE155689D3756F03675A",                            "sgtin-96:5.260181.5908301.229495760730",           "(01)52601819083012(21)229495760730"),
        ("30C0DBE481AB345A15866FFB",                            "sgtin-96:6.236107885261.1.112030281723",           "(01)12361078852614(21)112030281723"),
        ("36B880C522DCE6D4BF51C1A49B2D7732E52F8000000000000000", "sgtin-198:5.131860.9139099.)%3F(p4IY5n2rKp",      "(01)91318601390997(21))?(p4IY5n2rKp"),
        ("36C09C3457DD8864C7E31A9C48AF30C300000000000000000000", "sgtin-198:6.167723267938.1.IGqFSDE%3CaC",         "(01)11677232679388(21)IGqFSDE<aC"),
        ("3106BE4D9227A26B9F000000",                            "sscc-96:0.94261514557.158623",                     "(00)194261514557586238"),
        ("3266BE4D9227AE795D2EEE75",                            "sgln-96:3.94261514557.7.521254399605",             "(414)9426151455772(254)521254399605"),
        ("32C00A000540D80000000000",                            "sgln-96:6.010737504310..0",                        "(414)0107375043103"),
        ("39BADB8F9314F8B3800000000000000000000000000000000000", "sgln-195:5.749118.625276.,p",                     "(414)7491186252766(254),p"),
        ("33BBA53343B462C710A3D6B2",                            "grai-96:5.955597.971147.30343943858",              "(8003)0955597971147730343943858"),
        ("33C056AA67D014087BC71DF3",                            "grai-96:6.093056529413..36436385267",              "(8003)0093056529413536436385267"),
        ("37F1332B8C841862B2C6000000000000000000000000",        "grai-170:7.40261401.4193.E2c",                     "(8003)04026140141935E2c"),
        ("34BB3AB8CA9F3E1526A2C0BD",                            "giai-96:5.846563.765398722239709373",              "(8004)846563765398722239709373"),
        ("38C007B1D034BA437D6E15B0AB9DE4A66A000000000000000000", "giai-202:6.008261995822.H7k8+0Ug%3CJ3(",          "(8004)008261995822H7k8+0Ug<J3("),
    ];
    for (hex, uri, said) in cases {
        let tag = epc::decode(hex.as_bytes()).unwrap();
        assert_eq!(tag.uri().to_string(), format!("urn:epc:tag:{uri}"), "{hex}");
        assert_eq!(elements(&tag), said, "{hex}");
        assert_eq!(tag.hex().to_string(), hex);
        let fields: Vec<_> = tag.elements().collect();
        let pairs = fields.iter().map(|field| (field.ai, Text::plain(field.value.as_str())));
        let company_prefix_length = u8::try_from(tag.company_prefix().unwrap().as_str().len()).unwrap();
        let target = Target { scheme: tag.scheme(), filter: tag.filter(), company_prefix_length };
        assert_eq!(epc::encode(pairs, target), Ok(tag), "{hex}");
    }
}

#[test]
fn identities_leave_out_how_the_tag_is_written() {
    let identity = |hex: &str| epc::decode(hex.as_bytes()).unwrap().identity().to_string();
    assert_eq!(identity("3106BE4D9227A26B9F000000"), "urn:epc:id:sscc:94261514557.158623");
    assert_eq!(identity("32C00A000540D80000000000"), "urn:epc:id:sgln:010737504310..0");
    assert_eq!(identity("34BB3AB8CA9F3E1526A2C0BD"), "urn:epc:id:giai:846563.765398722239709373");
}

#[test]
fn tags_that_are_refused() {
    #[rustfmt::skip]
    let cases = [
        // tag                                                   problem
        ("",                                                     "empty@0+0"),
        ("3",                                                    "epc-truncated@1+0"),
        ("30",                                                   "epc-truncated@2+0"),
        ("30059E247FAE460A5C6AA74",                              "epc-truncated@23+0"),
        ("36B880C522DCE6D4BF51C1A49B2D7732E52F80000000000",      "epc-truncated@47+0"),
        ("30059E247FAE460A5C6AG743",                             "epc-not-hex@20+1"),
        ("00059E247FAE460A5C6AA743",                             "epc-header@0+2"),
        ("301D9E247FAE460A5C6AA743",                             "epc-partition@2+2"),
        ("3003FFFFFFFFFE0A5C6AA743",                             "epc-company-prefix-range@3+11"),
        ("30059E247FAFFE0A5C6AA743",                             "epc-item-range@12+3"),
        ("30059E247FAE460A5C6AA74300000001",                     "length@24+8"),
        ("36B880C522DCC00000000000000000000000000000000000000",  "ai-empty(21)@14+3"),
        ("36B880C522DCE6D4BF51C1A49B2D7732E52F8000000000000001", "charset(21)@37+15"),
        ("36B880C522DCE6C0800000000000000000000000000000000000", "charset(21)@14+3"),
        ("F7004006381333930015",                                 "check-digit(01)@16+1"),
        ("F70A4006381333931001",                                 "epc-item-range(01)@3+1"),
        ("F700400638133393185",                                  "epc-truncated@19+0"),
        ("F7004006381333931E100",                                "epc-header(21)@17+1"),
        ("F7004006381333931000",                                 "ai-empty(21)@17+2"),
        ("F700400638133393115FFFFFFFFFFFFFFFFFFFF",              "length(21)@17+2"),
        ("F700400638133393101F0",                                "charset(21)@19+1"),
        ("F70040063813339310150001",                             "length@20+4"),
    ];
    for (hex, problem) in cases {
        let told = epc::decode(hex.as_bytes()).map_or_else(|problem| short(&problem), |tag| elements(&tag));
        assert_eq!(told, problem, "{hex}");
    }
}

#[test]
fn serials_of_sgtin_plus_take_the_shortest_coding() {
    #[rustfmt::skip]
    let cases = [
        // serial                   tag                                     coding
        ("5",                       "F7104006381333931015"),                // number
        ("00000000000000000007",    "F7104006381333931140000000000000000E"), // number, 67 bits
        ("AFFE12",                  "F710400638133393126AFFE12000"),        // capital hexadecimal digits
        ("affe12",                  "F710400638133393146AFFE12000"),        // small ones
        ("Shelf_7-a",               "F7104006381333931694A17A57FFEFE68000"), // base 64
        ("A/7%",                    "F71040063813339318482BDBA500"),        // ASCII
        ("BOX:12.7-K",              "F7104006381333931AA0EF1BA39B4E444C10"), // code 40
    ];
    let target = Target { scheme: Scheme::SgtinPlus, filter: 1, company_prefix_length: 0 };
    for (serial, hex) in cases {
        let tag = encode(&format!("(01)04006381333931(21){serial}"), target).unwrap();
        assert_eq!(tag.hex().to_string(), hex, "{serial}");
        assert_eq!(epc::decode(hex.as_bytes()), Ok(tag), "{serial}");
        assert_eq!(elements(&tag), format!("(01)04006381333931(21){serial}"));
    }
    let tag = encode("(01)04006381333931(21)A/7", target).unwrap();
    assert_eq!(tag.identity().to_string(), "https://id.gs1.org/01/04006381333931/21/A%2F7");
    assert_eq!((tag.uri().to_string(), tag.company_prefix()), (tag.identity().to_string(), None));
    let more = epc::decode(b"F78040063813339310151110").unwrap();
    assert!(more.has_more() && !tag.has_more());
    assert_eq!(elements(&more), "(01)04006381333931(21)5");
}

#[test]
fn elements_that_make_no_tag() {
    #[rustfmt::skip]
    let cases = [
        // elements                           scheme               length  why not
        ("(21)7",                             Scheme::Sgtin96,     7,      "the tag needs AI `01`"),
        ("(01)04006381333931",                Scheme::Sgtin96,     7,      "the tag needs AI `21`"),
        ("(01)04006381333930(21)7",           Scheme::Sgtin96,     7,      "AI `01` is not what a tag can hold"),
        ("(01)04006381333931(21)07",          Scheme::Sgtin96,     7,      "the serial in AI `21` does not fit the scheme: take a longer one"),
        ("(01)04006381333931(21)A",           Scheme::Sgtin96,     7,      "the serial in AI `21` does not fit the scheme: take a longer one"),
        ("(01)04006381333931(21)274877906944", Scheme::Sgtin96,    7,      "the serial in AI `21` does not fit the scheme: take a longer one"),
        ("(01)04006381333931(21)7",           Scheme::Sgtin96,     5,      "a company prefix has 6 to 12 digits, not `5`"),
        ("(01)04006381333931(21)7",           Scheme::Sgtin96,     13,     "a company prefix has 6 to 12 digits, not `13`"),
        ("(414)4006381333931(254)0",          Scheme::Sgln96,      7,      "the serial in AI `254` does not fit the scheme: take a longer one"),
        ("(8003)04006381333931",              Scheme::Grai96,      7,      "the serial in AI `8003` does not fit the scheme: take a longer one"),
        ("(8003)1400638133393",               Scheme::Grai96,      7,      "AI `8003` is not what a tag can hold"),
        ("(8004)400638",                      Scheme::Giai96,      7,      "AI `8004` is not what a tag can hold"),
        ("(8004)4006381",                     Scheme::Giai202,     7,      "the serial in AI `8004` does not fit the scheme: take a longer one"),
    ];
    for (text, scheme, company_prefix_length, why) in cases {
        let told = encode(text, Target { scheme, filter: 0, company_prefix_length });
        assert_eq!(told.map_err(|error| error.to_string()), Err(why.to_owned()), "{text}");
    }
    let target = Target { scheme: Scheme::Sgtin96, filter: 8, company_prefix_length: 7 };
    assert_eq!(encode("(01)04006381333931(21)7", target), Err(EncodeError::Filter(8)));
}

fn hex() -> impl Strategy<Value = String> {
    let header = prop::sample::select(vec!["30", "31", "32", "33", "34", "36", "37", "38", "39", "F7", "00"]);
    (header, "[0-9A-F]{0,52}", "0{0,40}").prop_map(|(header, body, tail)| format!("{header}{body}{tail}"))
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_come_back(hex in hex(), other in prop::collection::vec(any::<u8>(), 0..150)) {
        if let Err(problem) = epc::decode(&other) {
            prop_assert!(problem.span.range().end <= other.len() + 1, "{:?}", problem);
        }
        match epc::decode(hex.as_bytes()) {
            Ok(tag) if !tag.has_more() && tag.scheme() != Scheme::Sscc96 => {
                let again = tag.hex().to_string();
                prop_assert_eq!(again.trim_end_matches('0'), hex.trim_end_matches('0'));
            }
            Ok(tag) => prop_assert_eq!(epc::decode(tag.hex().to_string().as_bytes()).map(|tag| tag.elements().count()), Ok(tag.elements().count())),
            Err(problem) => prop_assert!(problem.span.range().end <= hex.len(), "{:?}", problem),
        }
    }

    #[test]
    fn elements_come_back_from_the_tag_made_of_them(
        body in 0u64..10_000_000_000_000,
        number in 0u64..1 << 38,
        text in "[!\"%-/0-9:-?A-Z_a-z]{1,16}",
        filter in 0u8..8,
        company_prefix_length in 6u8..=12,
        scheme in prop::sample::select(Scheme::ALL.to_vec()),
    ) {
        let gtin = Gtin::with_check_digit(body).unwrap().to_string();
        let place = Gtin::with_check_digit(body % 1_000_000_000_000).unwrap().to_string();
        let place = place.get(1..).unwrap();
        let long = [Scheme::Sgtin198, Scheme::SgtinPlus, Scheme::Sgln195, Scheme::Grai170, Scheme::Giai202].contains(&scheme);
        let serial = if long { text } else { number.to_string() };
        let put_in: Vec<(&str, String)> = match scheme {
            Scheme::Sgtin96 | Scheme::Sgtin198 | Scheme::SgtinPlus => vec![("01", gtin), ("21", serial)],
            Scheme::Sscc96 => {
                let body = u64::from(filter) * 10_000_000_000_000_000 + body;
                vec![("00", format!("{body:017}{}", gs1::check_digit(body)))]
            }
            Scheme::Sgln96 | Scheme::Sgln195 if serial != "0" => vec![("414", place.to_owned()), ("254", serial)],
            Scheme::Sgln96 | Scheme::Sgln195 => vec![("414", place.to_owned())],
            Scheme::Grai96 | Scheme::Grai170 => vec![("8003", format!("0{place}{serial}"))],
            Scheme::Giai96 | Scheme::Giai202 => {
                vec![("8004", format!("{}{serial}", place.get(..company_prefix_length.into()).unwrap()))]
            },
        };
        let ais: Vec<Ai> = put_in.iter().map(|(ai, _)| ai.parse().unwrap()).collect();
        let pairs = ais.iter().zip(&put_in).map(|(ai, (_, value))| (*ai, Text::plain(value)));
        let tag = epc::encode(pairs, Target { scheme, filter, company_prefix_length }).unwrap();
        let back = epc::decode(tag.hex().to_string().as_bytes()).unwrap();
        prop_assert_eq!(back, tag);
        let came_out: Vec<(String, String)> =
            back.elements().map(|field| (field.ai.to_string(), field.value.to_string())).collect();
        let put_in: Vec<(String, String)> = put_in.into_iter().map(|(ai, value)| (ai.to_owned(), value)).collect();
        prop_assert_eq!(came_out, put_in);
    }
}
