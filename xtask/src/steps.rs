//! The steps of `cargo xtask test`, cheapest first. The first that fails ends the run.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::tally::Tally;
use crate::tools::{self, Tool};
use crate::workspace::{self, Workspace};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The code is formatted.
    Format,
    /// Clippy has nothing to say.
    Clippy,
    /// The documentation builds without warnings.
    Docs,
    /// Licences, bans and sources of the dependencies.
    Deny,
    /// Programs, tests and examples build.
    Build,
    /// All tests but the examples in documentation.
    Nextest,
    /// The examples in documentation.
    Doctests,
}

// === impl Step ===

impl Step {
    /// All steps, in the order they run.
    pub(crate) const ALL: [Self; 7] =
        [Self::Format, Self::Clippy, Self::Docs, Self::Deny, Self::Build, Self::Nextest, Self::Doctests];

    /// The step of this name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|step| step.name() == name)
            .with_context(|| format!("there is no step `{name}`: choose from {}", names()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Clippy => "clippy",
            Self::Docs => "docs",
            Self::Deny => "deny",
            Self::Build => "build",
            Self::Nextest => "nextest",
            Self::Doctests => "doctests",
        }
    }

    /// What a person may do when the step fails.
    fn hint(self) -> &'static str {
        match self {
            Self::Format => "run `cargo fmt --all`",
            Self::Clippy | Self::Docs => "the warnings above are errors here: mend them",
            Self::Deny => "see deny.toml for what is allowed and why",
            Self::Build => "the compiler's errors are above",
            Self::Nextest => "run one test again with `cargo nextest run -E 'test(NAME)'`",
            Self::Doctests => "run them again with `cargo test --doc -p CRATE`",
        }
    }

    fn needs(self) -> &'static [Tool] {
        match self {
            Self::Format => &[Tool::Rustfmt],
            Self::Clippy => &[Tool::Clippy, Tool::CCompiler],
            Self::Docs | Self::Build | Self::Doctests => &[Tool::CCompiler],
            Self::Deny => &[Tool::Deny],
            Self::Nextest => &[Tool::Nextest, Tool::CCompiler],
        }
    }

    fn command(self, workspace: &Workspace) -> Command {
        let words: &[&str] = match self {
            Self::Format => &["fmt", "--all", "--check"],
            Self::Clippy => {
                &["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]
            }
            Self::Docs => &["doc", "--locked", "--workspace", "--no-deps"],
            Self::Deny => &["deny", "--locked", "check", "licenses", "bans", "sources"],
            // All targets and not only the programs: built together with the tests, dependencies have one set of
            // features, and nothing is built a second time for the next step.
            Self::Build => &["build", "--locked", "--workspace", "--all-targets"],
            Self::Nextest => &["nextest", "run", "--locked", "--workspace"],
            Self::Doctests => &["test", "--locked", "--workspace", "--doc"],
        };
        let mut command = workspace.cargo(words);
        if self == Self::Docs {
            command.env("RUSTDOCFLAGS", "--deny warnings");
        }
        command
    }

    /// Runs the step; the tests it ran are counted.
    fn run(self, workspace: &Workspace) -> Result<Tally> {
        let mut command = self.command(workspace);
        command.env("PATH", tools::search_path(workspace)?);
        match self {
            Self::Format | Self::Clippy | Self::Docs | Self::Deny | Self::Build => {
                workspace::run(&mut command)?;
                Ok(Tally::default())
            }
            Self::Nextest => nextest(workspace, &mut command),
            Self::Doctests => doctests(&mut command),
        }
    }
}

/// Names the steps, with the commands they run.
pub(crate) fn list() {
    if let Ok(workspace) = Workspace::find() {
        for step in Step::ALL {
            println!("{:<10}{}", step.name(), workspace::shown(&step.command(&workspace)));
        }
    }
}

/// Installs what is missing and runs the chosen steps, or all when none is chosen.
pub(crate) fn run(workspace: &Workspace, only: &[Step]) -> Result<()> {
    let chosen = if only.is_empty() { &Step::ALL } else { only };
    println!("builds go to {}", workspace.target().display());
    fs::create_dir_all(workspace.tools())
        .with_context(|| format!("`{}` cannot be created", workspace.tools().display()))?;
    for tool in chosen.iter().flat_map(|step| step.needs()) {
        tool.provide(workspace)?;
    }
    let mut times = Vec::with_capacity(chosen.len());
    let mut total = Tally::default();
    for step in chosen {
        println!("\n==> {}: {}", step.name(), workspace::shown(&step.command(workspace)));
        let start = Instant::now();
        let tally = step
            .run(workspace)
            .with_context(|| format!("step `{}` failed ({})", step.name(), step.hint()))?;
        total += tally;
        times.push((step.name(), start.elapsed()));
        println!("==> {}: ok in {}", step.name(), seconds(start.elapsed()));
    }
    println!();
    for (name, time) in &times {
        println!("{name:<10}{:>9}", seconds(*time));
    }
    println!("{:<10}{:>9}", "all", seconds(times.iter().map(|(_, time)| *time).sum()));
    if total != Tally::default() {
        println!("{total}");
    }
    Ok(())
}

/// Counts by the report that nextest writes for its `default` profile, as `.config/nextest.toml` tells it to.
fn nextest(workspace: &Workspace, command: &mut Command) -> Result<Tally> {
    let report = workspace.root().join("target/nextest/default/junit.xml");
    if report.exists() {
        fs::remove_file(&report).with_context(|| format!("`{}` cannot be removed", report.display()))?;
    }
    workspace::run(command)?;
    let text = fs::read_to_string(&report)
        .with_context(|| format!("nextest left no report at `{}`", report.display()))?;
    Tally::of_junit(&text).with_context(|| format!("`{}` has no counts", report.display()))
}

/// Counts by the closing line of each crate, while its output is passed on.
fn doctests(command: &mut Command) -> Result<Tally> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` could not be started", workspace::shown(command)))?;
    let mut total = Tally::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("the output of the doctests cannot be read")?;
            println!("{line}");
            total += Tally::of_libtest_line(&line);
        }
    }
    let status = child.wait().context("the doctests were lost")?;
    if !status.success() {
        bail!("`{}` failed ({status})", workspace::shown(command));
    }
    Ok(total)
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
