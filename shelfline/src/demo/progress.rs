//! What is seen while the demo runs: a table that is drawn again in place on a terminal, a line per store now and then
//! elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often lines are written where no table can be drawn.
const LINES_EVERY: Duration = Duration::from_secs(5);
/// Characters of the bar.
const BAR: u64 = 30;

/// A store at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The store.
    pub store: String,
    /// Scans answered in the last seconds, per second.
    pub scans_per_s: u64,
    /// Scans answered, of all runs.
    pub scans: u64,
    /// Movements in the agent's ledger; `None` when the agent did not answer.
    pub durable: Option<u64>,
    /// Movements in the hub's journal.
    pub at_hub: Option<u64>,
    /// How the link is.
    pub link: Link,
}

/// How a store's link to the hub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There, and a session with the hub.
    Online,
    /// There, but no session.
    Offline,
    /// Cut by the demo.
    Cut,
}

/// All stores at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The stores.
    pub rows: Vec<Row>,
    /// Scans done, of all stores and runs.
    pub done: u64,
    /// Scans there are.
    pub all: u64,
    /// Seconds since the first scan of this run.
    pub seconds: u64,
}

/// Where progress is shown.
#[derive(Debug)]
pub struct Screen {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The lines of the table that stand at the cursor.
    Terminal {
        drawn: usize,
    },
    Lines {
        last: Option<Instant>,
    },
}

// === impl Row ===

impl Row {
    /// Movements that the hub has not yet.
    fn lag(&self) -> Option<u64> {
        Some(self.durable?.saturating_sub(self.at_hub?))
    }
}

// === impl Link ===

impl Link {
    fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Cut => "CUT",
        }
    }
}

// === impl View ===

impl View {
    /// The table; with usual numbers it fits 80 characters.
    fn table(&self) -> Vec<String> {
        let shown = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), grouped);
        let mut lines = vec![format!(
            "{:<6}{:>9}{:>12}{:>12}{:>12}{:>10}  {}",
            "store", "scans/s", "scans", "durable", "at hub", "lag", "link"
        )];
        lines.extend(self.rows.iter().map(|row| {
            format!(
                "{:<6}{:>9}{:>12}{:>12}{:>12}{:>10}  {}",
                row.store,
                grouped(row.scans_per_s),
                grouped(row.scans),
                shown(row.durable),
                shown(row.at_hub),
                shown(row.lag()),
                row.link.word()
            )
        }));
        lines.push(self.bar());
        lines
    }

    fn bar(&self) -> String {
        let all = self.all.max(1);
        let full = self.done.min(all) * BAR / all;
        let bar: String = (0..BAR).map(|at| if at < full { '#' } else { '.' }).collect();
        let rate: u64 = self.rows.iter().map(|row| row.scans_per_s).sum();
        let percent = self.done.min(all) * 100 / all;
        format!(
            "[{bar}] {percent:>3} %  {} of {} scans, {}/s, {}",
            grouped(self.done),
            grouped(self.all),
            grouped(rate),
            clock(self.seconds)
        )
    }

    /// One line per store, where nothing can be drawn twice.
    fn lines(&self) -> Vec<String> {
        let shown = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), grouped);
        let line = |row: &Row| {
            format!(
                "{} {}: {} scans/s, durable {}, at hub {}, lag {}, {}",
                clock(self.seconds),
                row.store,
                grouped(row.scans_per_s),
                shown(row.durable),
                shown(row.at_hub),
                shown(row.lag()),
                row.link.word()
            )
        };
        self.rows.iter().map(line).collect()
    }
}

// === impl Screen ===

impl Screen {
    /// A terminal if standard output is one that can move its cursor.
    #[must_use]
    pub fn stdout() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stdout().is_terminal() && !dumb;
        Self { kind: if terminal { Kind::Terminal { drawn: 0 } } else { Kind::Lines { last: None } } }
    }

    /// Shows how it stands.
    pub fn show(&mut self, view: &View) {
        match &mut self.kind {
            Kind::Terminal { drawn } => {
                let table = view.table();
                let mut text = rewound(*drawn);
                text.extend(table.iter().flat_map(|line| ["\x1b[2K", line, "\n"]));
                *drawn = table.len();
                write(&text);
            }
            Kind::Lines { last } if last.is_none_or(|last| last.elapsed() >= LINES_EVERY) => {
                *last = Some(Instant::now());
                write(&(view.lines().join("\n") + "\n"));
            }
            Kind::Lines { .. } => {}
        }
    }

    /// Writes a line that stays, above the table.
    pub fn say(&mut self, line: &str) {
        match &mut self.kind {
            Kind::Terminal { drawn } => {
                write(&format!("{}\x1b[J{line}\n", rewound(*drawn)));
                *drawn = 0;
            }
            Kind::Lines { .. } => write(&format!("{line}\n")),
        }
    }

    /// Leaves what is drawn where it is.
    pub fn leave(&mut self) {
        if let Kind::Terminal { drawn } = &mut self.kind {
            *drawn = 0;
        }
    }
}

/// To the first of so many lines.
fn rewound(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A\r") }
}

fn write(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody may be looking any more (`| head`); the demo goes on.
    let _unseen = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A number with commas between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let row = |store: &str, at_hub, link| Row {
            store: store.to_owned(),
            scans_per_s: 133,
            scans: 4_217,
            durable: Some(4_210),
            at_hub,
            link,
        };
        let rows = vec![row("s001", Some(4_200), Link::Online), row("s002", None, Link::Cut)];
        View { rows, done: 8_434, all: 25_310, seconds: 75 }
    }

    #[test]
    fn the_table_is_aligned_and_narrow() {
        let table = view().table();
        assert_eq!(
            table.join("\n"),
            "store   scans/s       scans     durable      at hub       lag  link\n\
             s001        133       4,217       4,210       4,200        10  online\n\
             s002        133       4,217       4,210           -         -  CUT\n\
             [#########.....................]  33 %  8,434 of 25,310 scans, 266/s, 1:15"
        );
        let widest = View { done: 123_456_789, all: 123_456_789, seconds: 60_000, ..view() };
        assert!(widest.table().iter().all(|line| line.len() <= 90));
    }

    #[test]
    fn elsewhere_each_store_has_a_line() {
        assert_eq!(
            view().lines(),
            [
                "1:15 s001: 133 scans/s, durable 4,210, at hub 4,200, lag 10, online",
                "1:15 s002: 133 scans/s, durable 4,210, at hub -, lag -, CUT",
            ]
        );
    }

    #[test]
    fn thousands_are_grouped() {
        let cases =
            [(0, "0"), (999, "999"), (1_000, "1,000"), (320_705, "320,705"), (12_345_678, "12,345,678")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }
}
