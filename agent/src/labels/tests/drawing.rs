//! Labels as printers and people get them.

use expect_test::{expect, expect_file};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::labels::data::Data;
use crate::labels::layout::lay_out;
use crate::labels::template::{Dpi, Kind, Template};
use crate::labels::{builtin, svg, zpl};

/// The fields of a label of 60 by 30 mm.
fn template(fields: &Value) -> Template {
    let whole = json!({"name": "t", "kind": "shelf_label", "width_mm": 60, "height_mm": 30, "dpi": 203, "fields": fields});
    serde_json::from_value(whole).unwrap()
}

fn data(values: &[(&str, &str)]) -> Data {
    values.iter().fold(Data::default(), |data, (name, value)| data.with(name, value))
}

fn dpi(number: u32) -> Dpi {
    Dpi::try_from(number).unwrap()
}

/// What a printer gets for one field, without what surrounds it.
fn zpl_of(field: &Value, values: &[(&str, &str)]) -> String {
    let template = template(&json!([field]));
    template.check().unwrap();
    match lay_out(&template, &data(values), dpi(203)) {
        Err(refused) => refused.to_string(),
        Ok(drawing) => {
            let text = zpl::write(&drawing, 1);
            let text = text.strip_prefix("^XA\n^CI28\n^PW480\n^LL240\n^LH0,0\n").unwrap();
            text.strip_suffix("^PQ1\n^XZ\n").unwrap().trim_end().to_owned()
        }
    }
}

#[test]
fn built_in_templates_are_drawn_as_ever() {
    let values = data(&[
        ("gtin", "04006381333931"),
        ("gtin_short", "4006381333931"),
        ("name", "Haferdrink Öko, ohne Zucker 1 L"),
        ("price", "1.99"),
        ("currency", "EUR"),
        ("unit", "pcs"),
        ("department", "Dairy & alternatives"),
        ("lot", "A7/22"),
        ("expiry", "2027-03-31"),
        ("count", "12"),
        ("sscc", "340123450000000000"),
        ("location", "B-04-2"),
        ("title", "Back room"),
        ("document", "T-2026-118"),
        ("from", "s001"),
        ("to", "s002"),
        ("box", "2"),
        ("boxes", "3"),
        ("line_1", "Oat drink 1 L"),
        ("line_2", "Gum"),
        ("person", "Anna Example"),
        ("role", "Stock"),
        ("badge", "u-0042"),
        ("label_1", "Receive"),
        ("command_1", "MODE-RECEIVE"),
    ]);
    for kind in Kind::ALL {
        let drawing = lay_out(&builtin::of(kind).unwrap(), &values, dpi(203)).unwrap();
        expect_file![format!("../golden/{}.zpl", kind.word())].assert_eq(&zpl::write(&drawing, 2));
    }
}

#[test]
fn nothing_that_a_label_says_commands_the_printer() {
    let at =
        json!({"type": "text", "x_um": 0, "y_um": 0, "width_um": 60_000, "size_um": 3_000, "text": "{name}"});
    let centred = json!({"type": "text", "x_um": 0, "y_um": 0, "width_um": 60_000, "size_um": 3_000, "text": "{name}", "align": "centre"});
    let bars = json!({"type": "code128", "x_um": 0, "y_um": 0, "module_um": 250, "height_um": 5_000, "text": "{name}"});
    let matrix = json!({"type": "datamatrix", "x_um": 0, "y_um": 0, "module_um": 500, "text": "{name}"});
    let qr = json!({"type": "qr", "x_um": 0, "y_um": 0, "module_um": 500, "text": "{name}"});
    #[rustfmt::skip]
    let table = [
        // field   name              to the printer
        (&at,      "^XZ~JR",         "^FO0,0^A0N,24,24^FH^FD_5EXZ_7EJR^FS"),
        (&at,      "Öl_5E\u{85}x",   "^FO0,0^A0N,24,24^FH^FDÖl_5F5E x^FS"),
        (&at,      "a\r\n^FS\u{1b}", "^FO0,0^A0N,24,24^FH^FDa _5EFS^FS"),
        (&centred, r"C:\&^",         r"^FO0,0^A0N,24,24^FB480,1,0,C,0^FH^FDC:\\&_5E^FS"),
        (&bars,    "^>~_1",          "^FO0,0^BY2^BCN,40,N,N,N,N^FH^FD>:><>0>=_5F1^FS"),
        (&bars,    "a\u{1d}b",       "field `#/fields/0`: character `\u{1d}` cannot be in bars: use a matrix code, or only letters, digits and signs of ASCII"),
        (&matrix,  "_1^XZ\n",        "^FO0,0^BXN,4,200,,,,_^FH^FD_5F_5F1_5EXZ_0A^FS"),
        (&qr,      "^XZ_~",          "^FO0,0^BQN,2,4^FH^FDMA,_5EXZ_5F_7E^FS"),
    ];
    for (field, name, expected) in table {
        assert_eq!(zpl_of(field, &[("name", name)]), expected, "{name:?}");
    }
}

#[test]
fn codes_say_what_their_elements_say_or_are_refused() {
    let code = |kind: &str| {
        let mut code = json!({"type": kind, "x_um": 0, "y_um": 0, "module_um": 250, "elements": [
            {"ai": "01", "value": "{gtin}"},
            {"ai": "17", "value": "{expiry}", "optional": true},
            {"ai": "10", "value": "{lot}", "optional": true},
            {"ai": "21", "value": "{serial}", "optional": true},
        ]});
        if kind == "code128" {
            code["height_um"] = json!(5_000);
        }
        code
    };
    let (bars, matrix) = (code("code128"), code("datamatrix"));
    let gtin = ("gtin", "4006381333931");
    #[rustfmt::skip]
    let table = [
        (&bars,   vec![gtin],                                        "^FO0,0^BY2^BCN,40,N,N,N,N^FH^FD>;>80104006381333931^FS"),
        (&bars,   vec![gtin, ("expiry", "2027-03-31")],              "^FO0,0^BY2^BCN,40,N,N,N,N^FH^FD>;>8010400638133393117270331^FS"),
        (&matrix, vec![gtin, ("lot", "A_7"), ("serial", "5")],       "^FO0,0^BXN,2,200,,,,_^FH^FD_5F1010400638133393110A_5F_5F7_5F1215^FS"),
        (&matrix, vec![gtin, ("expiry", "soon")],                    "field `#/fields/0`: "),
        (&matrix, vec![gtin, ("lot", "A\u{1d}17991231")],            "field `#/fields/0`: "),
        (&matrix, vec![("gtin", "4006381333932")],                   "field `#/fields/0`: "),
        (&matrix, vec![],                                            "field `#/fields/0`: there is no `gtin`: give it with the label's data"),
        (&bars,   vec![gtin, ("lot", "ABCDEFGHIJKLMNOPQRST"), ("serial", "ABCDEFGHIJKLMNOPQRST")], "field `#/fields/0`: the code is "),
    ];
    for (field, values, expected) in table {
        let found = zpl_of(field, &values);
        if expected.ends_with("^FS") {
            assert_eq!(found, expected);
        } else {
            assert!(found.starts_with(expected), "{values:?}: {found}");
        }
    }
}

#[test]
fn an_ean_is_as_long_as_its_number() {
    let ean = json!({"type": "ean", "x_um": 0, "y_um": 0, "module_um": 250, "height_um": 5_000, "text": "{gtin}", "readable": true});
    #[rustfmt::skip]
    let table = [
        ("04006381333931", "^FO0,0^BY2^BEN,40,Y,N^FH^FD400638133393^FS"),
        ("614141000036",   "^FO0,0^BY2^BEN,40,Y,N^FH^FD061414100003^FS"),
        ("96385074",       "^FO0,0^BY2^B8N,40,Y,N^FH^FD9638507^FS"),
        ("14006381333938", "field `#/fields/0`: `14006381333938` has 14 digits: print it as `code128` or `datamatrix` with the element 01"),
    ];
    for (gtin, expected) in table {
        assert_eq!(zpl_of(&ean, &[("gtin", gtin)]), expected);
    }
}

#[test]
fn a_printer_that_is_too_coarse_is_refused_and_a_finer_one_gets_more_dots() {
    let mut template = template(
        &json!([{"type": "line", "x_um": 0, "y_um": 0, "length_um": 25_400, "line_um": 200, "direction": "across"}]),
    );
    let line = |template: &Template, number| {
        lay_out(template, &Data::default(), dpi(number)).map(|drawing| zpl::write(&drawing, 1))
    };
    assert!(line(&template, 203).unwrap().contains("^GB203,2,2^FS"));
    assert!(line(&template, 600).unwrap().contains("^GB600,5,5^FS"));
    template.dpi = dpi(300);
    assert_eq!(
        line(&template, 203).unwrap_err().to_string(),
        "field `#/dpi`: template `t` is made for 300 dpi and more, not for 203: take another printer or template"
    );
}

#[test]
fn a_template_is_refused_with_the_field_at_fault() {
    let text =
        json!({"type": "text", "x_um": 0, "y_um": 0, "width_um": 60_000, "size_um": 3_000, "text": "x"});
    let code =
        json!({"type": "code128", "x_um": 0, "y_um": 0, "module_um": 250, "height_um": 5_000, "text": "x"});
    let square = json!({"type": "qr", "x_um": 0, "y_um": 0, "module_um": 250, "text": "x"});
    #[rustfmt::skip]
    let table = [
        // field     key          value                                 refused with
        (&text,   "x_um",      json!(1),                             "`#/fields/0/x_um`: the field reaches from 1 to 60001 µm, and the label from 0 to 60000 µm"),
        (&text,   "y_um",      json!(4_294_967_295_u32),             "`#/fields/0/y_um`: the field reaches from 4294967295 to 4294967295 µm, and the label from 0 to 30000 µm"),
        (&text,   "width_um",  json!(0),                             "`#/fields/0/x_um`: the field reaches from 0 to 0 µm, and the label from 0 to 60000 µm"),
        (&text,   "size_um",   json!(999),                           "`#/fields/0/size_um`: is `999`: give 1000 to 100000"),
        (&text,   "lines_max", json!(0),                             "`#/fields/0/lines_max`: is `0`: give 1 to 50"),
        (&text,   "text",      json!("{na"),                         "a brace in `{na` stands alone: write names as `{name}`, braces as `{{` and `}}`"),
        (&text,   "colour",    json!("red"),                         "unknown field `colour`"),
        (&code,   "module_um", json!(100),                           "`#/fields/0/module_um`: is `100`: give 125 to 2000"),
        (&code,   "height_um", Value::Null,                          "`#/fields/0/height_um`: say how high the bars are"),
        (&code,   "text",      Value::Null,                          "`#/fields/0/text`: say what the code says"),
        (&code,   "elements",  json!([{"ai": "01", "value": "x"}]),  "`#/fields/0/text`: give either `text` or `elements`, not both"),
        (&square, "height_um", json!(5_000),                         "`#/fields/0/height_um`: a matrix code is as high as it is wide: leave the height out"),
        (&square, "readable",  json!(true),                          "`#/fields/0/readable`: only bars have text below them: add a field of type `text`"),
        (&square, "elements",  json!([{"ai": "01", "value": "x"}]),  "`#/fields/0/elements`: this type of code has no GS1 elements: give `text`, or take `code128` or `datamatrix`"),
        (&square, "type",      json!("pdf417"),                      "unknown variant `pdf417`"),
    ];
    for (field, key, value, expected) in table {
        let mut field = field.clone();
        field[key] = value;
        let whole = json!({"name": "t", "kind": "shelf_label", "width_mm": 60, "height_mm": 30, "dpi": 203, "fields": [field]});
        let refused = match serde_json::from_value::<Template>(whole) {
            Err(unread) => unread.to_string(),
            Ok(template) => template.check().unwrap_err().to_string(),
        };
        assert!(refused.starts_with(expected), "{key}: {refused}");
    }
    let mut elements = code;
    elements["text"] = Value::Null;
    elements["elements"] = json!([{"ai": "gtin", "value": "x"}]);
    let refused = template(&json!([elements])).check().unwrap_err();
    assert_eq!(refused.pointer, "#/fields/0/elements/0/ai");
    assert_eq!(template(&json!([])).check().unwrap_err().to_string(), "`#/fields`: 0 fields: give 1 to 100");
}

#[test]
fn a_preview_shows_the_same_label_and_no_markup_of_its_data() {
    let template = template(&json!([
        {"type": "box", "x_um": 0, "y_um": 0, "width_um": 60_000, "height_um": 30_000, "line_um": 250},
        {"type": "text", "x_um": 2_000, "y_um": 2_000, "width_um": 56_000, "size_um": 4_000, "text": "{name}", "align": "right"},
        {"type": "line", "x_um": 2_000, "y_um": 8_000, "length_um": 56_000, "line_um": 250, "direction": "across"},
        {"type": "ean", "x_um": 4_000, "y_um": 10_000, "module_um": 250, "height_um": 10_000, "text": "{gtin}", "readable": true},
        {"type": "datamatrix", "x_um": 44_000, "y_um": 10_000, "module_um": 500, "text": "A"},
    ]));
    let values = data(&[("name", "<script>&\u{ffff}^XZ"), ("gtin", "96385074")]);
    let drawing = lay_out(&template, &values, dpi(203)).unwrap();
    expect![[r##"
        <svg xmlns="http://www.w3.org/2000/svg" width="60.0mm" height="30.0mm" viewBox="0 0 480 240">
        <rect width="480" height="240" fill="#fff"/>
        <rect x="1" y="1" width="478" height="238" fill="none" stroke="#000" stroke-width="2"/>
        <text x="464" y="41" font-size="32" font-family="'Arial Narrow','Liberation Sans Narrow',sans-serif" font-weight="bold" text-anchor="end">&lt;script&gt;&amp;�^XZ</text>
        <rect x="16" y="64" width="448" height="2"/>
        <path d="M32 80h2v80h-2zM36 80h2v80h-2zM44 80h2v80h-2zM48 80h4v80h-4zM54 80h2v80h-2zM58 80h8v80h-8zM68 80h8v80h-8zM78 80h2v80h-2zM82 80h4v80h-4zM88 80h6v80h-6zM96 80h2v80h-2zM100 80h2v80h-2zM104 80h2v80h-2zM110 80h6v80h-6zM118 80h6v80h-6zM128 80h2v80h-2zM132 80h2v80h-2zM140 80h2v80h-2zM146 80h2v80h-2zM150 80h6v80h-6zM160 80h2v80h-2zM164 80h2v80h-2z"/>
        <text x="99" y="174" font-size="18" font-family="'Arial Narrow','Liberation Sans Narrow',sans-serif" font-weight="bold" text-anchor="middle">96385074</text>
        <path d="M352 80h4v4h-4zM360 80h4v4h-4zM368 80h4v4h-4zM376 80h4v4h-4zM384 80h4v4h-4zM352 84h8v4h-8zM364 84h8v4h-8zM384 84h8v4h-8zM352 88h4v4h-4zM368 88h8v4h-8zM380 88h4v4h-4zM352 92h4v4h-4zM364 92h8v4h-8zM376 92h4v4h-4zM384 92h8v4h-8zM352 96h4v4h-4zM364 96h4v4h-4zM372 96h4v4h-4zM352 100h4v4h-4zM364 100h4v4h-4zM376 100h4v4h-4zM384 100h8v4h-8zM352 104h8v4h-8zM364 104h4v4h-4zM376 104h8v4h-8zM352 108h8v4h-8zM368 108h16v4h-16zM388 108h4v4h-4zM352 112h8v4h-8zM376 112h4v4h-4zM352 116h40v4h-40z"/>
        </svg>
    "##]].assert_eq(&svg::write(&drawing));
}

/// Names made of what commands printers, and of everything else.
fn hostile() -> impl Strategy<Value = String> {
    let character =
        prop_oneof![prop::sample::select(vec!['^', '~', '_', '\\', '\n', '\u{1d}']), any::<char>()];
    prop::collection::vec(character, 0..20).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn whatever_is_printed_adds_no_command(name in hostile()) {
        let template = template(&json!([
            {"type": "text", "x_um": 0, "y_um": 0, "width_um": 60_000, "size_um": 3_000, "text": "x{name}", "align": "centre"},
            {"type": "datamatrix", "x_um": 0, "y_um": 0, "module_um": 125, "text": "x{name}"},
        ]));
        let written = |name: &str| {
            let text = zpl::write(&lay_out(&template, &data(&[("name", name)]), dpi(203)).unwrap(), 1);
            let count = |what: fn(char) -> bool| text.chars().filter(|character| what(*character)).count();
            (count(|character| matches!(character, '^' | '~')), count(char::is_control))
        };
        prop_assert_eq!(written(&name), written(""));
    }
}
