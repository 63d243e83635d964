//! What the page shows of a code.

use gs1::report::{Config, Decoder};

use super::*;

fn asked(code: &str) -> Asked {
    Asked { code: code.to_owned(), ..Asked::default() }
}

fn page_of(asked: Asked) -> CodesPage {
    let config = Config { rcn_region: asked.region, assume: asked.assume, ..Config::default() };
    let report = Decoder::new(2026).scan(&config, asked.code.as_bytes());
    CodesPage { asked, answer: Answer::Read(Box::new(Read { report, item: None })) }
}

fn html(page: &CodesPage) -> String {
    page.body().render().unwrap()
}

fn shown(code: &str) -> String {
    html(&page_of(asked(code)))
}

/// The strip, between its tags.
fn strip(html: &str) -> &str {
    let (_, rest) = html.split_once(r#"<div class="strip"#).unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</div>").unwrap().0
}

/// What is left of the strip for the eyes: neither tags nor what is there for the ears.
fn seen(html: &str) -> String {
    let mut text = String::new();
    for part in strip(html).split('<').skip(1) {
        let (tag, behind) = part.split_once('>').unwrap();
        if !tag.contains("visually-hidden") && !tag.contains("strip-mark") {
            text.push_str(behind);
        }
    }
    text
}

#[test]
fn a_mark_is_under_the_characters_that_it_is_about() {
    let html = shown("]d20104006381333931172613311021");
    let expected = [
        r#"<span class="strip-piece">]d2010400638133393117"#,
        r#"26</span><span class="strip-piece" data-tone="problem" data-begins>"#,
        r#"<span class="visually-hidden"> (finding 1:) </span><span class="strip-mark" aria-hidden="true">1</span>"#,
        r#"1</span><span class="strip-piece" data-tone="problem">3</span><span class="strip-piece">311021</span>"#,
    ];
    assert_eq!(strip(&html), expected.concat());
    assert!(html.contains("</strong> at characters 24 to 25: "), "{html}");
    assert!(html.contains(r#"data-state="bad">1 problem<"#));
    assert!(html.contains(r#"<span class="element-finding">See 1</span>"#), "{html}");
}

#[test]
fn nothing_stands_in_the_strip_but_the_scan() {
    for (scan, expected) in [
        ("]C1010400638133393110A 7\u{1d}2105", "]C1010400638133393110A\u{2423}7GS2105"),
        ("]d20104006381333931172613311021", "]d20104006381333931172613311021"),
        ("]C1", "]C1&nbsp;"),
    ] {
        assert_eq!(seen(&shown(scan)), expected);
    }
}

#[test]
fn what_was_scanned_is_escaped_wherever_it_is_shown() {
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>`'&";
    for code in [
        attack.to_owned(),
        format!("]C110{attack}"),
        format!("(10){attack}"),
        format!("https://id.gs1.org/01/04006381333931?{attack}"),
    ] {
        let html = shown(&code);
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("alert(1)\""),
            "{html}"
        );
        assert!(!html.contains("style=") && !html.contains("\" onerror"));
    }
    let refused = CodesPage { asked: asked(attack), answer: Answer::Refused(format!("`{attack}` is none")) };
    assert!(!html(&refused).contains("<script"));
}

#[test]
fn no_control_character_reaches_the_page() {
    let html = shown("\u{2}]d210A\u{1d}\0\u{1b}21\u{7f}\r");
    let control = html.chars().find(|character| character.is_control() && *character != '\n');
    assert_eq!(control, None);
    assert!(html.contains("value=\"\u{2402}]d210A\u{241d}\u{2400}\u{241b}21\u{2421}\u{240d}\""), "{html}");
}

#[test]
fn every_element_is_a_row_with_its_meaning() {
    let html = shown("]d201040063813339313103001250172612003922199");
    for expected in [
        "<code>3103</code>",
        "NET WEIGHT (kg)",
        "<code>001250</code>",
        "1.250 kg",
        "31 December 2026 (no day told: the last one of the month)",
        "1.99 in the local currency",
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
}

#[test]
fn a_lost_separator_offers_its_other_readings() {
    let code = "]C1010400638133393110AB\u{2b}17261231";
    let html = shown(code);
    let href = "/codes?code=%5DC1010400638133393110AB%2B%1D17261231";
    assert!(html.contains(&format!("<a href=\"{href}\"><code>(10)AB+(17)261231</code></a>")), "{html}");
    assert!(html.contains(r#"data-tone="warning""#) && html.contains("separator-probably-lost"));
    let again = shown("]C1010400638133393110AB\u{2b}\u{1d}17261231");
    assert!(again.contains("Nothing wrong"), "{again}");
}

#[test]
fn an_address_keeps_every_choice() {
    let asked = Asked {
        code: "a&b=\u{f6}%\u{1d}+".to_owned(),
        region: Some(Country::Sweden),
        assume: Unnamed::Elements,
    };
    assert_eq!(asked.address(), "/codes?code=a%26b%3D%C3%B6%25%1D%2B&region=se&assume=gs1");
    let html = html(&page_of(asked));
    assert!(html.contains(r#"<option value="se" selected>Sweden</option>"#), "{html}");
    assert!(html.contains(r#"value="gs1" checked>"#));
    assert_eq!(html.matches(" selected").count(), 1);
}

#[test]
fn a_piece_by_weight_says_what_it_weighs_and_is_looked_up_by() {
    let asked = Asked { region: Some(Country::Sweden), ..asked("2456609708201") };
    let html = html(&page_of(asked));
    for expected in ["8.20 kg", "566097", "02456609700007", "of a country or region"] {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn a_known_item_is_named_and_linked() {
    let mut page = page_of(asked("4006381333931"));
    let item = Item { gtin: "04006381333931".to_owned(), name: "Oat & barley".to_owned() };
    if let Answer::Read(read) = &mut page.answer {
        read.item = Some(item.clone());
    }
    assert!(html(&page).contains("<a href=\"/?gtin=04006381333931\">Oat &#38; barley</a>"));
    let mut page = page_of(asked("]d20104006381333931"));
    if let Answer::Read(read) = &mut page.answer {
        read.item = Some(item);
    }
    assert!(html(&page).contains("<td role=\"cell\">Oat &#38; barley</td>"));
    assert!(shown("4006381333931").contains("not in the catalogue"));
}

#[test]
fn every_form_that_is_known_can_be_copied() {
    let html = shown("]C1010400638133393110A7\u{1d}2105");
    for expected in [
        r#"value="(01)04006381333931(10)A7(21)05""#,
        "value=\"]C1010400638133393110A7\u{241d}2105\"",
        r#"value="https://id.gs1.org/01/04006381333931/10/A7/21/05""#,
    ] {
        assert!(html.contains(expected), "{expected}");
    }
    assert_eq!(html.matches("data-copies=").count(), 3);
    assert_eq!(html.matches(" readonly ").count(), 3);
}

#[test]
fn an_empty_page_has_two_examples_of_which_one_has_everything_wrong() {
    let html = html(&CodesPage { asked: Asked::default(), answer: Answer::Nothing });
    assert!(html.contains("autofocus") && !html.contains("verdict"));
    let [good, bad] = EXAMPLES;
    for example in [&good, &bad] {
        assert!(html.contains(&format!("<a href=\"{}\">", example.address())));
    }
    assert!(shown(good.code).contains("Nothing wrong"));
    assert!(shown(bad.code).contains("1 problem, 1 warning"));
}

#[test]
fn the_script_finds_every_part_it_asks_for_and_the_page_sits_in_its_shell() {
    let html = shown("4006381333931");
    for id in ["code", "code-keys"] {
        assert!(include_str!("../codes.js").contains(&format!("part(\"{id}\")")), "{id}");
        assert!(html.contains(&format!(" id=\"{id}\"")), "{id}");
    }
    for id in html.split("data-copies=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
    let shell = super::super::shell("s001 High Street");
    assert!(shell.assets().has("codes.js") && shell.assets().has("wedge.js"));
    assert!(page_of(asked("4006381333931")).show(&shell).is_ok());
}
