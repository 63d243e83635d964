//! The program as a process, on data from a seed: files in, files out, the same from any number of threads.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "plays the shell around the program")]
mod planner {
    use std::fmt::Write as _;
    use std::path::Path;
    use std::process::{Command, Output};

    use planning::metrics::pinball;

    /// Demand of a series on a day: a week's shape, doubled by promotion, with a spread from a counter.
    fn demand(series: u64, day: u64, promotion: bool) -> u64 {
        let shape = [3, 4, 4, 5, 8, 12, 2][usize::try_from(day % 7).unwrap()];
        let mut z = (series << 32 | day).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let noise = (z ^ (z >> 32)) % 5;
        shape * (series % 4 + 1) * if promotion { 2 } else { 1 } + noise
    }

    fn promotion(series: u64, day: u64) -> bool {
        (day / 5 + series * 3).is_multiple_of(6)
    }

    fn date(day: u64) -> String {
        ledger::time::Date::from_days(18_000 + i32::try_from(day).unwrap()).to_string()
    }

    const DAYS: u64 = 300;
    const AHEAD: u64 = 14;
    const SERIES: u64 = 24;

    /// Writes training, future and attributes to a directory.
    fn example(place: &Path) {
        let mut train = String::from("unique_id,ds,y,promo\n");
        let mut future = String::from("unique_id,ds,promo\n");
        let mut fixed = String::from("unique_id,family\n");
        for series in 0..SERIES {
            for day in 0..DAYS + AHEAD {
                let on = promotion(series, day);
                if day < DAYS {
                    writeln!(
                        train,
                        "s{series:02},{},{},{}",
                        date(day),
                        demand(series, day, on),
                        u8::from(on)
                    )
                    .unwrap();
                } else {
                    writeln!(future, "s{series:02},{},{}", date(day), u8::from(on)).unwrap();
                }
            }
            writeln!(fixed, "s{series:02},f{}", series % 3).unwrap();
        }
        std::fs::write(place.join("train.csv"), train).unwrap();
        std::fs::write(place.join("future.csv"), future).unwrap();
        std::fs::write(place.join("static.csv"), fixed).unwrap();
    }

    fn planner(place: &Path, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_planner")).args(arguments).current_dir(place).output().unwrap()
    }

    fn forecast(place: &Path, more: &[&str]) -> String {
        let arguments =
            ["forecast", "train.csv", "--future", "future.csv", "--static", "static.csv", "--rows", "12000"];
        let output = planner(place, &[&arguments, more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    #[test]
    fn forecasts_follow_week_and_promotion_and_do_not_depend_on_threads() {
        let place = tempfile::tempdir().unwrap();
        example(place.path());
        forecast(place.path(), &["--out", "one.csv", "--threads", "1", "--groups", "groups.csv"]);
        forecast(place.path(), &["--out", "three.csv", "--threads", "3"]);
        let one = std::fs::read_to_string(place.path().join("one.csv")).unwrap();
        assert_eq!(one, std::fs::read_to_string(place.path().join("three.csv")).unwrap());
        let mut lines = one.lines();
        assert_eq!(
            lines.next().unwrap(),
            "unique_id,ds,yhat,q_0.005,q_0.025,q_0.165,q_0.25,q_0.5,q_0.75,q_0.835,q_0.975,q_0.995"
        );
        let (mut error, mut sum, mut loss, mut rows) = (0.0, 0.0, 0.0, 0u64);
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let numbers: Vec<f64> = cells[2..].iter().map(|cell| cell.parse().unwrap()).collect();
            assert!(numbers[1..].is_sorted(), "quantiles ascend: {line}");
            let (series, day) = (rows / AHEAD, DAYS + rows % AHEAD);
            assert_eq!(cells[..2], [format!("s{series:02}"), date(day)]);
            let actual = demand(series, day, promotion(series, day));
            let actual = f64::from(u32::try_from(actual).unwrap());
            error += (numbers[0] - actual).abs();
            sum += actual;
            loss += pinball(0.975, actual, numbers[8]);
            rows += 1;
        }
        assert_eq!(rows, SERIES * AHEAD);
        // Everything and three families, a line for each day.
        let groups = std::fs::read_to_string(place.path().join("groups.csv")).unwrap();
        assert_eq!(groups.lines().count(), 1 + 4 * 14);
        assert!(groups.contains("\nfamily,f1,2020-"), "{groups}");
        assert!(error / sum < 0.25, "{}", error / sum);
        assert!(loss / sum < 0.03, "{}", loss / sum);
    }

    #[test]
    fn what_was_learned_is_kept_and_parquet_says_the_same() {
        let place = tempfile::tempdir().unwrap();
        example(place.path());
        let first = forecast(place.path(), &["--out", "a.parquet", "--resume", "kept.json"]);
        assert!(first.contains("learning from everything"), "{first}");
        let again = forecast(place.path(), &["--out", "b.parquet", "--resume", "kept.json"]);
        assert!(again.contains("going on from") && !again.contains("learning"), "{again}");
        let read = |name: &str| std::fs::read(place.path().join(name)).unwrap();
        assert!(read("a.parquet") == read("b.parquet"));
        let other = forecast(place.path(), &["--out", "c.csv", "--resume", "kept.json", "--seed", "2"]);
        assert!(other.contains("learning from everything"), "another seed is another model: {other}");
        // What it wrote it can read: a forecast is a table like any other.
        let output = planner(place.path(), &["backtest", "a.parquet", "--horizon", "2"]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("no column for demand"));
    }

    #[test]
    fn backtest_reports_and_explain_shows_the_parts() {
        let place = tempfile::tempdir().unwrap();
        example(place.path());
        let common = ["train.csv", "--future", "future.csv", "--rows", "12000"];
        let output = planner(
            place.path(),
            &[&["backtest"], common.as_slice(), &["--json", "--report", "report.html"]].concat(),
        );
        let line = String::from_utf8(output.stdout).unwrap();
        let summary: planning::metrics::Summary = serde_json::from_str(&line).unwrap();
        assert_eq!((summary.series, summary.periods), (24, 24 * 14));
        assert!(summary.rmsse < 0.5, "{summary:?}");
        let page = std::fs::read_to_string(place.path().join("report.html")).unwrap();
        assert!(
            page.contains("Error by class of demand")
                && page.contains("Calibration")
                && page.contains("<svg")
        );
        let output = planner(place.path(), &[&["explain", "--series", "s03"], common.as_slice()].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 15, "{text}");
        assert!(
            text.contains("x trees") && text.contains("seasonal ETS") && text.contains("promo"),
            "{text}"
        );
    }

    #[test]
    fn bad_input_is_named() {
        let place = tempfile::tempdir().unwrap();
        for (text, wanted) in [
            ("unique_id,ds,y\na,2020-01-01,-3\n", "row 1: demand `-3` is below zero"),
            ("unique_id,ds,y\na,yesterday,3\n", "row 1: `yesterday` is no day"),
            ("unique_id,ds\na,2020-01-01\n", "no column for demand"),
            ("unique_id,ds,y\n", "has no rows"),
            ("unique_id,ds,y\na,2020-01-01,1\na,2020-01-01\n", "is it whole"),
        ] {
            std::fs::write(place.path().join("train.csv"), text).unwrap();
            let output =
                planner(place.path(), &["forecast", "train.csv", "--horizon", "2", "--out", "out.csv"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(wanted), "{wanted}: {said}");
            assert!(!place.path().join("out.csv").exists());
        }
        std::fs::write(place.path().join("train.csv"), "unique_id,ds,y\na,2020-01-01,1\n").unwrap();
        let output = planner(place.path(), &["forecast", "train.csv", "--out", "out.csv"]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("give a horizon"));
        // One record is little, but enough for a forecast.
        let output = planner(place.path(), &["forecast", "train.csv", "--horizon", "2", "--out", "out.csv"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
