//! `planner solve` and `planner simulate` as processes: answers, checks, checkpoints, and what they say of bad input.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "plays the shell around the program")]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use serde_json::{Value, json};

    fn planner(arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_planner")).args(arguments).output().expect("the program starts")
    }

    fn text(path: &Path) -> &str {
        path.to_str().expect("a path in UTF-8")
    }

    fn json_of(output: &Output) -> Value {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON on standard output")
    }

    fn model(folder: &Path) -> PathBuf {
        let path = folder.join("model.json");
        let model = json!({ "model": "OWMR-1", "n": 3, "k": 2, "days": 120, "warm": 20,
            "lam": [[0.5, 2.0, 4.0], [1.0, 0.2, 3.0]], "L": [1, 2, 3], "LW": 4,
            "costs": { "store_holding": 1, "warehouse_holding": 0.5, "lost_sale": 30, "order": 0 } });
        std::fs::write(&path, model.to_string()).expect("a temporary folder");
        path
    }

    #[test]
    fn known_answers_are_compared_and_a_missed_one_fails() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("instances.json");
        let file = |cost: f64| {
            let instance = json!({ "id": "one", "family": "eoq", "tol": 1e-6, "answer": { "cost": cost },
                "params": { "fixed_cost": 20, "holding_cost": 2, "demand_rate": 500 } });
            json!({ "instances": [instance, { "id": "two", "family": "nobody", "params": {} }] }).to_string()
        };
        std::fs::write(&path, file(200.0)).expect("a temporary folder");
        let answers = json_of(&planner(&["solve", text(&path), "--compare"]));
        assert_eq!(answers["instances"][0]["answer"]["cost"], json!(200.0));
        assert!(answers["instances"][1]["error"].as_str().is_some_and(|error| error.contains("`nobody`")));
        std::fs::write(&path, file(150.0)).expect("a temporary folder");
        let missed = planner(&["solve", text(&path), "--compare"]);
        assert!(!missed.status.success());
        assert!(String::from_utf8_lossy(&missed.stderr).contains("1 answers are not as known"));
    }

    #[test]
    fn shared_instances_are_met_where_they_are_at_hand() {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/planning/instances.json");
        if shared.exists() {
            let output = planner(&["solve", text(&shared), "--compare"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    #[test]
    fn shared_reference_of_the_simulation_is_met_where_it_is_at_hand() {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/planning/owmr1_dev.json");
        let Ok(reference) = std::fs::read_to_string(&shared) else { return };
        let reference: Value = serde_json::from_str(&reference).expect("JSON");
        let ours = json_of(&planner(&["simulate", text(&shared), "--reps", "256"]));
        let known = reference["reference"]["mean_and_standard_error"].as_object().expect("means");
        for (name, pair) in known {
            let found = &ours["policies"][0][name];
            let (mean, se) =
                (found["mean"].as_f64().expect("a mean"), found["se"].as_f64().expect("an error"));
            let (wanted, wanted_se) =
                (pair[0].as_f64().expect("a mean"), pair[1].as_f64().expect("an error"));
            assert!((mean - wanted).abs() <= 4.0 * se.hypot(wanted_se), "{name}: {mean} against {wanted}");
        }
    }

    #[test]
    fn threads_and_checkpoints_change_no_bit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let model = model(folder.path());
        let checkpoint = folder.path().join("kept");
        let digest = |extra: &[&str]| {
            let run = [&["simulate", text(&model), "--policy", "service=0.9"], extra].concat();
            json_of(&planner(&run))["policies"][0]["digest"].as_str().expect("a digest").to_owned()
        };
        let straight = digest(&["--reps", "300", "--threads", "1"]);
        assert_eq!(digest(&["--reps", "300", "--threads", "2"]), straight);
        let keep = ["--checkpoint", text(&checkpoint)];
        let part = digest(&[&["--reps", "100"], keep.as_slice()].concat());
        assert_ne!(part, straight);
        assert_eq!(digest(&[&["--reps", "300"], keep.as_slice()].concat()), straight);
        let other = planner(&[
            "simulate",
            text(&model),
            "--policy",
            "service=0.8",
            "--checkpoint",
            text(&checkpoint),
        ]);
        assert!(String::from_utf8_lossy(&other.stderr).contains("is of another model, policy or seed"));
    }

    #[test]
    fn policies_are_compared_on_the_same_customers() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let model = model(folder.path());
        let run = ["simulate", text(&model), "--reps", "200", "--policy", "safety=0", "--policy", "safety=2"];
        let result = json_of(&planner(&run));
        let difference = &result["policies"][1]["cost_less_first"];
        // Lost sales cost thirty days of holding: more safety pays, and the interval says so.
        assert!(difference["interval_95"][1].as_f64().is_some_and(|high| high < 0.0), "{difference}");
        let wrong = planner(&["simulate", text(&model), "--policy", "luck"]);
        assert_eq!(wrong.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&wrong.stderr).contains("`luck` is no policy"));
    }

    #[test]
    fn sales_make_a_model() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sales = folder.path().join("sales.csv");
        let mut lines = String::from("store,item,date,units\n");
        for day in 1..=28 {
            lines
                .push_str(&format!("north,tea,2026-02-{day:02},{}\nsouth,tea,2026-02-{day:02},3\n", day % 4));
        }
        std::fs::write(&sales, lines).expect("a temporary folder");
        let result = json_of(&planner(&[
            "simulate",
            text(&sales),
            "--history",
            "--reps",
            "64",
            "--policy",
            "service=0.95",
        ]));
        let demand = result["policies"][0]["demand_per_store_sku_day"]["mean"].as_f64().expect("a mean");
        assert!((demand - 2.25).abs() < 0.1, "{demand}");
        std::fs::write(&sales, "store,item,date,units\nnorth,tea,tomorrow,1\n").expect("a temporary folder");
        let wrong = planner(&["simulate", text(&sales), "--history"]);
        assert!(String::from_utf8_lossy(&wrong.stderr).contains("line 2 of the sales"));
    }
}
