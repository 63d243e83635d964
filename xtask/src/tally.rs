//! Counts the tests that ran, from what the test runners leave behind.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ran, and how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that did not.
    pub(crate) failed: u64,
}

// === impl Tally ===

impl Tally {
    /// From a JUnit report: the counts in the attributes of its root element. `None` when it is no such report.
    pub(crate) fn of_junit(report: &str) -> Option<Self> {
        let (_, rest) = report.split_once("<testsuites ")?;
        let (root, _) = rest.split_once('>')?;
        let count = |name: &str| -> Option<u64> {
            let (_, rest) = root.split_once(&format!("{name}=\""))?;
            rest.split_once('"')?.0.parse().ok()
        };
        let failed = count("failures")?.checked_add(count("errors")?)?;
        Some(Self { passed: count("tests")?.checked_sub(failed)?, failed })
    }

    /// From one line of libtest's output; zero for any line but the closing one of a crate.
    pub(crate) fn of_libtest_line(line: &str) -> Self {
        let Some(counts) = line.strip_prefix("test result: ") else { return Self::default() };
        let count = |what: &str| {
            counts
                .split([';', '.'])
                .filter_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
                .next()
                .unwrap_or(0)
        };
        Self { passed: count("passed"), failed: count("failed") }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_junit_report_is_counted() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="112" failures="2" errors="1" time="3.2">
    <testsuite name="gs1" tests="9" disabled="0" errors="0" failures="0">"#;
        assert_eq!(Tally::of_junit(report), Some(Tally { passed: 109, failed: 3 }));
        assert_eq!(Tally::of_junit("<testsuites name=\"x\">"), None);
        assert_eq!(Tally::of_junit(""), None);
    }

    #[test]
    fn only_closing_lines_of_libtest_count() {
        #[rustfmt::skip]
        let cases = [
            ("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",     3, 0),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s", 1, 2),
            ("running 3 tests",                                                                                   0, 0),
            ("test gs1/src/lib.rs - (line 3) ... ok",                                                             0, 0),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(Tally::of_libtest_line(line), Tally { passed, failed }, "{line}");
        }
    }
}
