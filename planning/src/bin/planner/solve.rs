//! `planner solve FILE`: answers a file of inventory instances, each with its own check.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail};
use planning::optimise::solve::solve_file;
use serde_json::{Value, json};

/// Answer a file of inventory instances.
#[derive(Debug, clap::Args)]
pub(crate) struct Solve {
    /// The instances: `{"instances": [{"id", "family", "params"}]}`.
    file: PathBuf,
    /// Where the answers go; standard output without it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Compare with the `answer` that the file has, within its `tol`, and fail when one is missed.
    #[arg(long)]
    compare: bool,
}

pub(crate) fn run(solve: &Solve) -> anyhow::Result<()> {
    let text = read(&solve.file)?;
    let mut started = clock();
    let answers = solve_file(&text, |result| {
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Some(object) = result.as_object_mut() {
            object.insert("micros".to_owned(), json!(micros));
        }
        started = clock();
    })
    .with_context(|| format!("`{}` cannot be answered", solve.file.display()))?;
    let written = serde_json::to_string_pretty(&answers)?;
    write_out(solve.out.as_deref(), &written)?;
    if solve.compare {
        compare(&serde_json::from_str(&text)?, &answers)?;
    }
    Ok(())
}

/// Fails unless every cost of the file is met within its tolerance.
fn compare(file: &Value, answers: &Value) -> anyhow::Result<()> {
    let list = |value: &Value| value.get("instances").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut missed = Vec::new();
    for (known, found) in list(file).iter().zip(&list(answers)) {
        let cost = |value: &Value| value.pointer("/answer/cost").and_then(Value::as_f64);
        let Some(wanted) = cost(known) else { continue };
        let share = known.get("tol").and_then(Value::as_f64).unwrap_or(1e-6);
        let met = cost(found).is_some_and(|cost| (cost - wanted).abs() <= share * wanted.abs());
        let holds = found.pointer("/check/holds") == Some(&Value::Bool(true));
        if !met || !holds {
            missed.push(format!("{} ({:?} against {wanted}, check {holds})", known["id"], cost(found)));
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    bail!("{} answers are not as known: {}", missed.len(), missed.join("; "))
}

#[expect(clippy::disallowed_methods, reason = "the program is the shell: it has the disk")]
pub(crate) fn read(path: &std::path::Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("`{}` is no text in UTF-8", path.display()))
}

/// To a file, or to standard output.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the program is the shell: it has disk and terminal"
)]
pub(crate) fn write_out(path: Option<&std::path::Path>, text: &str) -> anyhow::Result<()> {
    match path {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("`{}` cannot be written", path.display()))?;
        }
        None => println!("{text}"),
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the program is the shell: it has the clock")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}
