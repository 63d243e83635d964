//! The worked vectors as scenario files: every file holds as it stands, and in every order of arrival that is tried.

use ledger::scenario::Scenario;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// Orders of arrival tried for each file; ten thousand for the files about order itself.
const ORDERS: u64 = 24;
const MANY_ORDERS: u64 = if cfg!(debug_assertions) { 600 } else { 10_000 };
/// As many as E17 has.
const EVERY_ORDER: u64 = 5_040;
/// Makes the choice of orders the same on every run.
const SEED: u64 = 17;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "scn"))
        .collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

fn read(file: &Path) -> Scenario {
    let text = std::fs::read_to_string(file).unwrap();
    Scenario::parse(&text).unwrap_or_else(|problems| {
        let all: Vec<String> = problems.iter().map(|problem| format!("{}:{problem}", name(file))).collect();
        panic!("{}", all.join("\n"))
    })
}

#[test]
fn every_file_holds() {
    let mut wrong = Vec::new();
    for file in files() {
        let run = read(&file).run().unwrap_or_else(|problem| panic!("{}:{problem}", name(&file)));
        assert!(run.expectations() > 0, "{} expects nothing", name(&file));
        let answers = run.answers.iter().filter(|answered| answered.agrees == Some(false));
        wrong.extend(answers.map(|a| {
            format!("{}:{}: {} gave {}, expected {:?}", name(&file), a.line, a.question, a.answer, a.expected)
        }));
        let events = run.events.iter().filter(|happened| happened.agrees == Some(false));
        wrong.extend(events.map(|e| {
            format!(
                "{}:{}: {} was {} ({:?}), expected {:?}",
                name(&file),
                e.line,
                e.event,
                e.outcome,
                e.why,
                e.expected
            )
        }));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_order_of_arrival_changes_nothing() {
    for file in files() {
        let orders = match name(&file).as_str() {
            "e17-every-order.scn" => EVERY_ORDER,
            other if other.starts_with("e17") => MANY_ORDERS,
            _ => ORDERS,
        };
        let tried = read(&file).permute(orders, SEED).unwrap();
        assert_eq!(tried.differs, None, "{}", name(&file));
        assert!(tried.orders > 0, "{}", name(&file));
    }
}

fn documentation() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SCENARIOS.md");
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn the_documentation_has_every_verb_and_question_as_it_is() {
    let documentation = documentation().replace("\\|", "|");
    let missing: Vec<String> = ledger::scenario::usages()
        .into_iter()
        .filter(|usage| !documentation.contains(&format!("`{usage}`")))
        .collect();
    assert!(missing.is_empty(), "docs/SCENARIOS.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn the_examples_of_the_documentation_hold() {
    let documentation = documentation();
    let examples: Vec<&str> =
        documentation.split("```scn\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let run = Scenario::parse(example).unwrap().run().unwrap();
        assert!(run.holds() && run.expectations() > 0, "{example}\n{run:?}");
    }
}

/// A file of the repository with some of its words exchanged.
fn mangled() -> impl Strategy<Value = String> {
    let texts: Vec<String> = files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let words: Vec<String> =
        texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
    let text = prop::sample::select(texts);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(words)), 1..6);
    (text, changes).prop_map(|(text, changes)| {
        let mut lines: Vec<Vec<String>> =
            text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        for (at, word) in changes {
            let at = at.index(lines.len());
            let line = &mut lines[at];
            if line.is_empty() {
                line.push(word);
            } else {
                let last = line.len() - 1;
                let place = word.len().min(last);
                line[place] = word;
            }
        }
        lines.iter().map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_file_says_it_is_answered_or_its_mistakes_are_named(text in mangled()) {
        // A thousand sales of E49 a hundred times over would tell nothing more.
        let text = text.replace("times 899", "times 9");
        match Scenario::parse(&text) {
            Err(problems) => prop_assert!(problems.iter().all(|problem| problem.line > 0 && !problem.hint.is_empty())),
            Ok(scenario) => match scenario.run() {
                Err(problem) => prop_assert!(problem.line > 0 && !problem.hint.is_empty()),
                Ok(run) => {
                    let differs = scenario.permute(3, SEED).unwrap().differs;
                    prop_assert!(differs.is_none(), "{differs:?}\n{text}\n{run:?}");
                }
            },
        }
    }
}
