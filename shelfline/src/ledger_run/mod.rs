//! `shelfline ledger run`: what scenario files come to. What a file means is decided in `ledger::scenario`; here files are
//! read, answers written, and the end of the run says whether all came out as expected.

pub mod options;

use std::io::{self, Read as _, Write};
use std::path::Path;

use anyhow::Context as _;
use ledger::scenario::{Permuted, Problem, Run, Scenario};
use serde::Serialize;

use options::RunOptions;

/// How a run ended; the worst of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All as expected, or nothing was compared.
    Holds,
    /// An answer is not the expected one, or depends on the order of arrival.
    Differs,
    /// A file was not understood.
    NotUnderstood,
}

/// What one file comes to.
#[derive(Debug, Serialize)]
struct Told {
    file: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Mistake>,
    #[serde(flatten)]
    run: Option<Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permuted: Option<Permuted>,
    /// Whether all that was compared is as expected.
    holds: bool,
}

/// A mistake in a file, as JSON.
#[derive(Debug, Serialize)]
struct Mistake {
    line: usize,
    column: usize,
    what: String,
    hint: String,
}

/// Runs files and writes what they come to.
///
/// # Errors
/// When a file cannot be read, or the answers cannot be written.
pub fn run(options: &RunOptions) -> anyhow::Result<Outcome> {
    run_to(options, &mut io::stdout().lock())
}

fn run_to(options: &RunOptions, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let mut worst = Outcome::Holds;
    for file in &options.files {
        let told = tell(file, &read(file)?, options);
        let written = if options.json { write_json(&told, out) } else { write_text(&told, options, out) };
        written.context("the answers cannot be written")?;
        worst = worst.max(match (told.problems.is_empty(), told.holds) {
            (true, true) => Outcome::Holds,
            (true, false) => Outcome::Differs,
            (false, _) => Outcome::NotUnderstood,
        });
    }
    out.flush().context("the answers cannot be written")?;
    Ok(worst)
}

fn read(file: &Path) -> anyhow::Result<String> {
    let hint =
        || format!("`{}` cannot be read: check the path, the rights and that it is UTF-8", file.display());
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).with_context(hint)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(hint)
}

fn tell(file: &Path, text: &str, options: &RunOptions) -> Told {
    let mut told = Told {
        file: file.display().to_string(),
        title: String::new(),
        problems: Vec::new(),
        run: None,
        permuted: None,
        holds: true,
    };
    if let Err(problems) = fill(&mut told, text, options) {
        told.problems = problems.into_iter().map(mistake).collect();
        told.holds = false;
    }
    told
}

fn fill(told: &mut Told, text: &str, options: &RunOptions) -> Result<(), Vec<Problem>> {
    let scenario = Scenario::parse(text)?;
    scenario.title().clone_into(&mut told.title);
    let run = scenario.run().map_err(|problem| vec![problem])?;
    told.holds = !options.check || run.holds();
    told.run = Some(run);
    if let Some(orders) = options.permute {
        let permuted = scenario.permute(orders, options.seed).map_err(|problem| vec![problem])?;
        told.holds &= permuted.differs.is_none();
        told.permuted = Some(permuted);
    }
    Ok(())
}

fn mistake(problem: Problem) -> Mistake {
    let Problem { line, column, what, hint } = problem;
    Mistake { line, column, what, hint }
}

fn write_json(told: &Told, out: &mut impl Write) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, told)?;
    writeln!(out)?;
    Ok(())
}

fn write_text(told: &Told, options: &RunOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let Told { file, title, .. } = told;
    writeln!(out, "{file}{}{title}", if title.is_empty() { "" } else { ": " })?;
    for Mistake { line, column, what, hint } in &told.problems {
        writeln!(out, "{file}:{line}:{column}: {what}; {hint}")?;
    }
    if let Some(run) = &told.run {
        write_run(file, run, options.check, out)?;
    }
    if let Some(permuted) = &told.permuted {
        write_permuted(file, permuted, out)?;
    }
    Ok(())
}

/// Answers and outcomes in the order of the file; differences begin with the place, so that an editor finds it.
fn write_run(file: &str, run: &Run, check: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for answered in &run.answers {
        let mut text = format!("  {} = {}", answered.question, answered.answer);
        if let (true, Some(false), Some(expected)) = (check, answered.agrees, &answered.expected) {
            text = format!(
                "{file}:{}: differs\n- {text}\n+   {} = {expected}",
                answered.line, answered.question
            );
        }
        lines.push((answered.line, text));
    }
    for happened in &run.events {
        let why = happened.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let mut text = format!("  {} => {}{why}", happened.event, happened.outcome);
        if let (true, Some(false), Some(expected)) = (check, happened.agrees, &happened.expected) {
            text =
                format!("{file}:{}: differs\n- {text}\n+   {} => {expected}", happened.line, happened.event);
        }
        lines.push((happened.line, text));
    }
    lines.sort_by_key(|(line, _)| *line);
    for (_, text) in lines {
        writeln!(out, "{text}")?;
    }
    if check {
        let expected = run.expectations();
        let agrees = run.answers.iter().map(|answered| answered.agrees);
        let agrees = agrees.chain(run.events.iter().map(|happened| happened.agrees));
        let right = agrees.filter(|agrees| *agrees == Some(true)).count();
        writeln!(out, "  {right} of {expected} as expected")?;
    }
    Ok(())
}

fn write_permuted(file: &str, permuted: &Permuted, out: &mut impl Write) -> anyhow::Result<()> {
    let possible = match permuted.possible {
        Some(possible) => format!("{possible}"),
        None => "countless".to_owned(),
    };
    match &permuted.differs {
        None => writeln!(out, "  {} of {possible} orders of arrival give the same answers", permuted.orders)?,
        Some(differs) => {
            let question = &differs.question;
            let expected = question.expected.as_deref().unwrap_or_default();
            let order: Vec<String> = differs.order.iter().map(ToString::to_string).collect();
            writeln!(out, "{file}:{}: depends on the order of arrival", question.line)?;
            writeln!(
                out,
                "-   {} = {}, when lines arrive as {}",
                question.question,
                question.answer,
                order.join(", ")
            )?;
            writeln!(out, "+   {} = {expected}, when they arrive as written", question.question)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, options: &RunOptions) -> (String, Outcome) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.scn");
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let options = RunOptions {
            files: vec![file],
            check: options.check,
            permute: options.permute,
            seed: options.seed,
            json: options.json,
        };
        let outcome = run_to(&options, &mut out).unwrap();
        let path = folder.path().display().to_string() + std::path::MAIN_SEPARATOR_STR;
        (String::from_utf8(out).unwrap().replace(&path, ""), outcome)
    }

    #[test]
    fn answers_are_printed_and_differences_shown_with_their_place() {
        let text =
            "scenario \"a shop\"\nitem oat\n08:00 opening oat 3\nask on_hand oat = 4\n09:00 adjust oat -5\n";
        let check = RunOptions { check: true, permute: Some(9), ..RunOptions::default() };
        let (said, outcome) = told(text, &check);
        assert_eq!(outcome, Outcome::Differs);
        expect_test::expect![[r#"
            a.scn: a shop
            a.scn:4: differs
            -   ask on_hand oat = 3
            +   ask on_hand oat = 4
              09:00 adjust oat -5 => refused insufficient_stock: only 3 of item 00400000000015 are recorded in sellable/floor, 5 were asked for; count the item, then adjust what is left
              0 of 1 as expected
              1 of 1 orders of arrival give the same answers
        "#]]
        .assert_eq(&said);
        let (said, outcome) = told(text, &RunOptions::default());
        assert_eq!(outcome, Outcome::Holds, "nothing was to be compared: {said}");
    }

    #[test]
    fn a_file_that_is_not_understood_names_every_place() {
        let (said, outcome) = told("item oat\n08:00 sael oat 1\nask on_hand rye\n", &RunOptions::default());
        assert_eq!(outcome, Outcome::NotUnderstood);
        expect_test::expect![[r#"
            a.scn
            a.scn:2:7: `sael` is no verb; did you mean `sale`?
            a.scn:3:13: no item is called `rye`; declare it above with `item rye`
        "#]]
        .assert_eq(&said);
    }

    #[test]
    fn json_has_the_same_in_one_object() {
        let options = RunOptions { json: true, check: true, ..RunOptions::default() };
        let (said, _) = told("item oat\n08:00 opening oat 3\nask on_hand oat = 3\n", &options);
        let json: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(json["holds"], true);
        assert_eq!(json["answers"][0]["answer"], "3");
    }
}
