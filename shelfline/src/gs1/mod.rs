//! `shelfline gs1 decode`: what scans say, one JSON object a line.
//!
//! A text line is one scan, a line of `--jsonl` one [`Row`]. A scan with problems is a result like any
//! other; a line that is no row is answered with what is wrong with it, the run goes on, and its end says so. What a scan
//! means is not decided here but in `gs1`.

mod escape;
mod lines;
pub mod options;

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::Path;

use ::gs1::Dictionary;
use ::gs1::rcn::Pattern;
use ::gs1::report::{Config, Decoder, Report, Row, RowError};
use anyhow::Context as _;
use serde::Serialize;

use lines::{Line, Lines};
use options::DecodeOptions;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every line was a row.
    AllRead,
    /// So many were not; each was answered with what is wrong with it.
    Unreadable(u64),
}

/// Reads scans from a file or the standard input and writes what they say.
///
/// # Errors
/// When a file cannot be read, or the answers cannot be written.
pub fn decode(options: &DecodeOptions) -> anyhow::Result<Outcome> {
    let dictionary = options.dictionary.as_deref().map(load).transpose()?;
    let year = jiff::ZonedDateTime::now().year();
    let decoder = match &dictionary {
        Some(dictionary) => Decoder::with_dictionary(dictionary, year),
        None => Decoder::new(year),
    };
    let mut config = options.config()?;
    if let Some(path) = options.rcn_patterns.as_deref() {
        config.rcn_patterns = patterns(path)?;
    }
    let input: Box<dyn BufRead> = match options.file.as_deref() {
        None => Box::new(io::stdin().lock()),
        Some(path) if path == Path::new("-") => Box::new(io::stdin().lock()),
        Some(path) => {
            let file = File::open(path).with_context(|| {
                format!("`{}` cannot be opened: check the path and the rights", path.display())
            })?;
            Box::new(BufReader::new(file))
        }
    };
    let rows = |line: &[u8]| row_of(line, (!options.jsonl).then_some(&config));
    answer_all(decoder, Lines::new(input, options.jsonl), io::stdout().lock(), rows)
}

fn load(path: &Path) -> anyhow::Result<Dictionary> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("the dictionary `{}` cannot be read: check the path and the rights", path.display())
    })?;
    let dictionary = Dictionary::parse(&text)
        .with_context(|| format!("the dictionary `{}` is not understood", path.display()))?;
    for check in dictionary.unknown_checks() {
        writeln!(
            io::stderr(),
            "shelfline: warning: line {} of the dictionary `{}` calls for the check `{}`, which is not known: values are not \
             put to it; a newer release may have it",
            check.line,
            path.display(),
            check.name
        )?;
    }
    Ok(dictionary)
}

fn patterns(path: &Path) -> anyhow::Result<Vec<Pattern>> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("the patterns `{}` cannot be read: check the path and the rights", path.display())
    })?;
    Config::patterns_of(&text).with_context(|| {
        let example = r#"[{"layout": "21IIIIICVVVV", "measure": "price", "decimals": 2}]"#;
        format!("the patterns `{}` are not understood: write a list such as `{example}`", path.display())
    })
}

/// A line of the answer: what a scan says, or why there is no saying.
#[derive(Serialize)]
struct Answer<'a> {
    line: u64,
    #[serde(flatten)]
    told: Told<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Told<'a> {
    Report(Box<Report>),
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a serde_json::Value>,
        error: Fault<'a>,
    },
}

#[derive(Serialize)]
struct Fault<'a> {
    key: &'a str,
    message: &'a str,
    hint: &'a str,
}

/// What is to be reported on.
enum Asked {
    Scan(Config, Vec<u8>),
    Row(Box<Row>),
}

/// In text mode a line is a scan, and `config` holds for all of them.
fn row_of(line: &[u8], config: Option<&Config>) -> Result<Asked, RowError> {
    if let Some(config) = config {
        return Ok(Asked::Scan(config.clone(), escape::resolved(line)));
    }
    let no_text = |error: std::str::Utf8Error| RowError {
        id: None,
        key: String::new(),
        what: format!("byte {} is no UTF-8", error.valid_up_to() + 1),
        hint: "write JSON in UTF-8",
    };
    Row::parse(std::str::from_utf8(line).map_err(no_text)?).map(|row| Asked::Row(Box::new(row)))
}

fn answer_all(
    decoder: Decoder<'_>,
    mut lines: Lines<impl BufRead>,
    mut output: impl Write,
    row_of: impl Fn(&[u8]) -> Result<Asked, RowError>,
) -> anyhow::Result<Outcome> {
    let mut unreadable = 0;
    while let Some((number, line)) = lines.next().context("the scans cannot be read any further")? {
        let asked = match line {
            Line::Whole(line) => row_of(line),
            Line::TooLong => Err(lines::too_long()),
        };
        unreadable += u64::from(asked.is_err());
        match answer(&mut output, decoder, number, asked) {
            // Whoever reads has read enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            written => written.context("the answers cannot be written")?,
        }
    }
    Ok(if unreadable == 0 { Outcome::AllRead } else { Outcome::Unreadable(unreadable) })
}

/// One line, so that whoever waits for it has it.
fn answer(
    output: &mut impl Write,
    decoder: Decoder<'_>,
    line: u64,
    asked: Result<Asked, RowError>,
) -> io::Result<()> {
    let report = asked.map(|asked| match asked {
        Asked::Scan(config, scan) => decoder.scan(&config, &scan),
        Asked::Row(row) => decoder.row(&row),
    });
    let told = match &report {
        Ok(report) => {
            let id = report.id.clone().or_else(|| Some(line.into()));
            Told::Report(Box::new(Report { id, ..report.clone() }))
        }
        Err(error) => Told::Error {
            id: error.id.as_ref(),
            error: Fault { key: &error.key, message: &error.what, hint: error.hint },
        },
    };
    serde_json::to_writer(&mut *output, &Answer { line, told })?;
    output.write_all(b"\n")?;
    output.flush()
}
