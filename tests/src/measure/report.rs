//! The figures of one benchmark, as a table for people and as JSON for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::latency::Summary;
use super::table::{Table, figure};

/// What one run of a benchmark found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The benchmark.
    pub benchmark: String,
    /// The machine.
    pub machine: Machine,
    /// What was measured, in order.
    pub measurements: Vec<Measurement>,
    /// What was compared with a limit, or with a peer that ran beside it.
    pub comparisons: Vec<Comparison>,
}

/// The machine that a benchmark ran on.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Processors that this program may use.
    pub processors: usize,
    /// Version of the kernel.
    pub kernel: String,
    /// Programs ready to run, averaged over the minute before the benchmark began: above zero, others took part.
    pub load_before: f64,
}

/// Something measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measurement {
    /// What, in few words.
    pub name: String,
    /// Operations each second.
    pub per_second: f64,
    /// How long an operation took.
    pub latency: Summary,
}

/// A figure and what it must be.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What was compared, with its unit.
    pub name: String,
    /// What was found.
    pub found: f64,
    /// What it must be.
    pub limit: Limit,
    /// Whether it is so.
    pub holds: bool,
}

/// A bound for a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

// === impl Report ===

impl Report {
    /// An empty report of a benchmark that begins now.
    #[must_use]
    pub fn begin(benchmark: &str) -> Self {
        Self {
            benchmark: benchmark.to_owned(),
            machine: Machine::this(),
            measurements: Vec::new(),
            comparisons: Vec::new(),
        }
    }

    /// Adds a measurement.
    pub fn measured(&mut self, name: impl Into<String>, per_second: f64, latency: Summary) {
        self.measurements.push(Measurement { name: name.into(), per_second, latency });
    }

    /// Adds a comparison.
    pub fn compared(&mut self, name: impl Into<String>, found: f64, limit: Limit) {
        self.comparisons.push(Comparison { name: name.into(), found, limit, holds: limit.holds_for(found) });
    }

    /// The names of the comparisons that do not hold.
    #[must_use]
    pub fn missed(&self) -> Vec<&str> {
        self.comparisons.iter().filter(|one| !one.holds).map(|one| one.name.as_str()).collect()
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let Machine { processors, kernel, load_before } = &self.machine;
        let mut text = format!(
            "{}: {processors} processors, kernel {kernel}, load before {}\n\n",
            self.benchmark,
            figure(*load_before)
        );
        let mut table =
            Table::new(["measured", "per s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "count"]);
        for Measurement { name, per_second, latency } in &self.measurements {
            let Summary { count, mean_ms: _, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = *latency;
            let figures = [*per_second, p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(figure);
            table.row([name.clone()].into_iter().chain(figures).chain([count.to_string()]));
        }
        text.push_str(&table.to_string());
        if !self.comparisons.is_empty() {
            let mut table = Table::new(["compared", "found", "limit", ""]);
            for Comparison { name, found, limit, holds } in &self.comparisons {
                let verdict = if *holds { "holds" } else { "MISSED" };
                table.row([name.clone(), figure(*found), limit.text(), verdict.to_owned()]);
            }
            text.push_str(&format!("\n{table}"));
        }
        text
    }

    /// Writes the report for programs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self).context("the report cannot be written as JSON")?;
        text.push('\n');
        fs::write(path, text).with_context(|| format!("`{}` cannot be written", path.display()))
    }
}

// === impl Machine ===

impl Machine {
    /// The machine that this program runs on, with its load right now.
    #[must_use]
    pub fn this() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let load = read("/proc/loadavg").split_whitespace().next().and_then(|word| word.parse().ok());
        Self {
            processors: std::thread::available_parallelism().map_or(1, Into::into),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: load.unwrap_or(f64::NAN),
        }
    }
}

// === impl Limit ===

impl Limit {
    fn holds_for(self, found: f64) -> bool {
        match self {
            Self::AtLeast(bound) => found >= bound,
            Self::AtMost(bound) => found <= bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!(">= {}", figure(bound)),
            Self::AtMost(bound) => format!("<= {}", figure(bound)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;

    use super::*;
    use crate::measure::Latencies;
    use crate::scratch::Scratch;

    fn report() -> Report {
        let latency = [1, 2, 3].map(Duration::from_millis).into_iter().collect::<Latencies>().summary();
        let mut report = Report::begin("scan");
        report.machine = Machine { processors: 2, kernel: "6.18.0".to_owned(), load_before: 0.5 };
        report.measured("64 handhelds", 12_345.6, latency);
        report.compared("share of raw group commit", 0.85, Limit::AtLeast(0.8));
        report.compared("p99 over raw sync p99", 3.5, Limit::AtMost(3.0));
        report
    }

    #[test]
    fn people_read_a_table() {
        expect![[r"
            scan: 2 processors, kernel 6.18.0, load before 0.500

            measured       per s  p50 ms  p90 ms  p99 ms  p99.9 ms  max ms  count
            64 handhelds  12,346    2.00    3.00    3.00      3.00    3.00      3

            compared                   found     limit
            share of raw group commit  0.850  >= 0.800   holds
            p99 over raw sync p99       3.50   <= 3.00  MISSED
        "]]
        .assert_eq(&report().text());
        assert_eq!(report().missed(), ["p99 over raw sync p99"]);
    }

    #[test]
    fn programs_read_json() {
        let scratch = Scratch::new("report").unwrap();
        report().write_json(&scratch.join("report.json")).unwrap();
        let text = fs::read_to_string(scratch.join("report.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value.pointer("/measurements/0/latency/p50_ms"), Some(&2.0.into()));
        assert_eq!(value.pointer("/comparisons/1/limit/at_most"), Some(&3.0.into()));
        assert_eq!(value.pointer("/comparisons/1/holds"), Some(&false.into()));
    }

    #[test]
    fn this_machine_is_described() {
        let machine = Machine::this();
        assert!(machine.processors > 0 && !machine.kernel.is_empty() && machine.load_before.is_finite());
    }
}
