//! Several symbols of one label: what they say together. `^` stands for FNC1.

use gs1::{Detail, Label, Problem, read};

#[test]
fn symbols_of_one_label_are_judged_together() {
    #[rustfmt::skip]
    let cases: &[(&[&str], &str)] = &[
        // scans                                                   what is wrong, with the symbol's place; what is missing
        (&[],                                                      ""),
        (&["]C102040063813339313712", "]C100340123451234567895"],  ""),
        (&["]C102040063813339313712"],                             "37 waits for 00"),
        (&["]C1010400638133393110A", "]C1010400638133393110A"],    ""),
        (&["]C1010400638133393110A", "]C110B"],                    "1: repeat(10)"),
        (&["]C110A", "]C110B"],                                    "1: repeat(10), 10 waits for 01,02,03,8006,8026"),
        (&["]C10104006381333931", "]C13712", "]C100340123451234567895"], "0: mutex(01), 37 waits for 02,8026"),
        (&["]C13103000500", "]C13102000050", "]C10104006381333931"], "1: mutex(3102)"),
        (&["]E04006381333931", "]C110A"],                          ""),
        // a number counts as AI 01
        (&["]E04006381333931", "]C10104006381333931"],             ""),
        (&["]C10104006381333931", "]E04006381333931"],             ""),
        (&["]E04006381333931", "]E04006381333931", "]E496385074"], "2: repeat(01)"),
        (&["]E04006381333931", "]C10104006381333948"],             "1: repeat(01)"),
        (&["]C10104006381333948", "]E04006381333931"],             "1: repeat(01)"),
        (&["]E04006381333931", "]E04006381333948"],                "1: repeat(01)"),
        (&["]E04006381333931|]e010A", "]C10104006381333948"],      "1: repeat(01)"),
        (&["]E04006381333931", "]C1371"],                          "0: mutex(01), 37 waits for 00, 37 waits for 02,8026"),
        (&["]E04006381333931|]e0371"],                             "37 waits for 00, 37 waits for 02,8026"),
        (&["]E04006381333931|]e00104006381333948"],                ""),
        (&["]E04006381333930", "]C1371"],                          "0: check-digit(), 37 waits for 00, 37 waits for 02,8026"),
        (&["340123451234567895", "]C100340123451234567888"],       "1: repeat(00)"),
        (&["340123451234567895", "]C102040063813339313712"],       ""),
        (&["]C12534006381333931", "]C18030abcd"],                  "0: digsig-serial(253)"),
        (&["https://a/8003/%300206549869911", "]C18030abcd"],       "0: digsig-serial(8003)"),
        (&["https://a/8003/%3002065498699117", "]C18030abcd"],      ""),
        (&["]C10104006381333930", "]C110A"],                       "0: check-digit(01)"),
        (&["]E04006381333930", "]C110A"],                          "0: check-digit(), 10 waits for 01,02,03,8006,8026"),
    ];
    for (scans, outcome) in cases {
        let scans: Vec<_> = scans.iter().map(|scan| scan.replace('^', "\u{1d}").into_bytes()).collect();
        let readings: Vec<_> = scans.iter().map(|scan| read(scan)).collect();
        let label = Label::new(&readings);
        let ai = |problem: &Problem<'_>| problem.ai.map(|ai| ai.to_string()).unwrap_or_default();
        let wrong =
            label.problems().map(|(place, problem)| format!("{place}: {}({})", problem.class, ai(&problem)));
        let needs = |problem: &Problem<'_>| {
            if let Detail::Needs(needs) = problem.detail { Some(needs.to_string()) } else { None }
        };
        let missing =
            label.missing().map(|problem| format!("{} waits for {}", ai(&problem), needs(&problem).unwrap()));
        let told: Vec<_> = wrong.chain(missing).collect();
        assert_eq!(told.join(", "), *outcome, "{scans:?}");
        assert_eq!(label.is_complete(), outcome.is_empty());
    }
}
