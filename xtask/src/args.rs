//! What was asked for on the command line. Ten lines by hand, so that no argument parser has to be built first.

use anyhow::{Context as _, Result, bail};

use crate::steps::Step;

/// Shown for `--help` and after a wrong command line.
pub(crate) const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--only STEP]...       install what is missing, then check and test everything, in the order of `test --list`
  test --list                 name the steps
  openapi                     send the API's examples to an agent and write docs/openapi/agent.json
  bench NAME [--json FILE]    build in release and run a benchmark: disk, scan, sync,
                              ingest, store, footprint, gs1 or planning
  sim [--seeds N] [--from S]  build in release and run the simulator over N seeds

builds go to CARGO_TARGET_DIR, or to ~/.cache/shelfline/target when it is not set";

/// One run of this program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Show the usage.
    Help,
    /// Name the steps of `test`.
    List,
    /// Run these steps, or all when none is named.
    Test {
        /// The steps, in the order of [`Step::ALL`].
        only: Vec<Step>,
    },
    /// Write the description of the API.
    OpenApi,
    /// Run one benchmark.
    Bench {
        /// Its name; the benchmark program knows which there are.
        name: String,
        /// Arguments handed on as they are.
        rest: Vec<String>,
    },
    /// Run the simulator with these arguments.
    Sim(Vec<String>),
}

/// Reads the command line, without the program's name.
pub(crate) fn parse(arguments: &[String]) -> Result<Request> {
    let Some((command, rest)) = arguments.split_first() else { return Ok(Request::Help) };
    match command.as_str() {
        "help" | "-h" | "--help" => Ok(Request::Help),
        "test" => parse_test(rest),
        "openapi" => match rest.first() {
            None => Ok(Request::OpenApi),
            Some(other) => bail!("`openapi` does not know `{other}`"),
        },
        "bench" => {
            let (name, rest) = rest.split_first().context("`bench` needs a name, such as `bench scan`")?;
            Ok(Request::Bench { name: name.clone(), rest: rest.to_vec() })
        }
        "sim" => Ok(Request::Sim(rest.to_vec())),
        other => bail!("there is no command `{other}`"),
    }
}

fn parse_test(arguments: &[String]) -> Result<Request> {
    let mut chosen = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let names = match argument.as_str() {
            "-h" | "--help" => return Ok(Request::Help),
            "--list" => return Ok(Request::List),
            "--only" => arguments.next().context("`--only` needs the name of a step")?,
            other => match other.strip_prefix("--only=") {
                Some(names) => names,
                None => bail!("`test` does not know `{other}`"),
            },
        };
        for name in names.split(',') {
            chosen.push(Step::named(name)?);
        }
    }
    Ok(Request::Test { only: Step::ALL.into_iter().filter(|step| chosen.contains(step)).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn steps_run_in_their_own_order_whatever_order_they_are_named_in() {
        let only = vec![Step::Clippy, Step::Nextest];
        assert_eq!(parsed("test --only nextest --only clippy"), Ok(Request::Test { only: only.clone() }));
        assert_eq!(parsed("test --only=nextest,clippy,nextest"), Ok(Request::Test { only }));
        assert_eq!(parsed("test"), Ok(Request::Test { only: Vec::new() }));
    }

    #[test]
    fn a_benchmark_gets_its_arguments_as_they_are() {
        let rest = vec!["--json".to_owned(), "out.json".to_owned()];
        assert_eq!(
            parsed("bench scan --json out.json"),
            Ok(Request::Bench { name: "scan".to_owned(), rest })
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        #[rustfmt::skip]
        let cases = [
            ("tset",              "there is no command `tset`"),
            ("test --fast",       "`test` does not know `--fast`"),
            ("test --only",       "`--only` needs the name of a step"),
            ("test --only lint",  "there is no step `lint`: choose from format, clippy, docs, deny, build, nextest, doctests"),
            ("openapi agent",     "`openapi` does not know `agent`"),
            ("bench",             "`bench` needs a name, such as `bench scan`"),
        ];
        for (line, message) in cases {
            assert_eq!(parsed(line), Err(message.to_owned()), "{line}");
        }
    }
}
