//! `planner forecast`, `planner backtest` and `planner explain`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use planning::forecast::{Model, Plan, Stage, add_up, fit};
use planning::metrics::{LEVELS, Point};
use planning::panel::{Options, Panel, Silence, Wanted, build};
use planning::table::{Column, Table};
use serde::{Deserialize, Serialize};

use crate::report::Trial;
use crate::{files, report};

/// What all three read, and how they learn.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// Demand: `unique_id` (or `store` and `item`), `ds` and `y`; .csv, .csv.gz or .parquet.
    train: PathBuf,
    /// Periods to forecast, with what is known in advance (price, promotion, event, closed).
    #[arg(long, value_name = "FILE")]
    future: Option<PathBuf>,
    /// Attributes of the series that never change.
    #[arg(long = "static", value_name = "FILE")]
    fixed: Option<PathBuf>,
    /// Periods to look ahead; needed when there is no future.
    #[arg(long)]
    horizon: Option<usize>,
    /// What a period without a record means.
    #[arg(long, value_enum, default_value_t = Gap::Told)]
    gaps: Gap,
    /// Where random choices begin; the same seed gives the same forecast.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; the forecast does not depend on them.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
    /// Rows to learn from, at most about this many.
    #[arg(long, default_value_t = 500_000)]
    rows: usize,
    /// Statistical methods only.
    #[arg(long)]
    statistical: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Gap {
    /// No demand; on a day without any record of any series, closed.
    Told,
    /// No demand.
    Zero,
    /// Not known.
    Missing,
}

/// Arguments of `planner forecast`.
#[derive(Debug, Args)]
pub(crate) struct ForecastArguments {
    #[command(flatten)]
    input: Input,
    /// The forecast, with nine quantiles; .csv, .csv.gz or .parquet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Sums of the forecast over everything and over each value of each attribute; they agree with the series by construction.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// A page about how good it is: tries the last horizon first, which takes as long again.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Keep what was learned here, and go on from it when input and settings are the same.
    #[arg(long, value_name = "FILE.json")]
    resume: Option<PathBuf>,
}

/// Arguments of `planner backtest`.
#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    #[command(flatten)]
    input: Input,
    /// Origins to try, one horizon apart.
    #[arg(long, default_value_t = 1)]
    origins: usize,
    /// A page about it.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Print one JSON object for each origin.
    #[arg(long)]
    json: bool,
}

/// Arguments of `planner explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    input: Input,
    /// The series.
    #[arg(long)]
    series: String,
}

/// Learned models with what they were learned from.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    fingerprint: String,
    model: Model,
}

/// Forecasts, and writes a report when asked.
pub(crate) fn forecast(arguments: &ForecastArguments) -> Result<()> {
    let panel = arguments.input.panel()?;
    if let Some(path) = &arguments.report {
        let trial = arguments.input.trial(&panel, 0)?;
        files::write_text(path, &report::page(&panel, &[trial]))?;
        say(&format!("report: {}", path.display()));
    }
    let model = arguments.learned(&panel)?;
    let wanted = panel.wanted();
    let points = model.forecast(&panel, &wanted, arguments.input.threads);
    files::write(&arguments.out, &table(&panel, &wanted, &points)?)?;
    if let Some(path) = &arguments.groups {
        files::write(path, &sums(&panel, &wanted, &points)?)?;
    }
    say(&format!("{} forecasts of {} series: {}", points.len(), panel.series.len(), arguments.out.display()));
    Ok(())
}

/// Tries the pipeline on the past.
pub(crate) fn backtest(arguments: &BacktestArguments) -> Result<()> {
    let panel = arguments.input.panel()?;
    let mut trials = Vec::new();
    for turn in 0..arguments.origins.max(1) {
        let trial = arguments.input.trial(&panel, turn * panel.horizon)?;
        print(&if arguments.json { serde_json::to_string(&trial.summary)? } else { report::line(&trial) });
        trials.push(trial);
    }
    if let Some(path) = &arguments.report {
        files::write_text(path, &report::page(&panel, &trials))?;
        say(&format!("report: {}", path.display()));
    }
    Ok(())
}

/// Shows what each step of a series' forecast is made of.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<()> {
    let panel = arguments.input.panel()?;
    let Some(series) = panel.series.iter().position(|series| series.id == arguments.series) else {
        bail!("there is no series `{}`: names are those of `unique_id`, or `STORE_ITEM`", arguments.series)
    };
    let model = arguments.input.fit(&panel);
    for step in 0..panel.horizon {
        let Some(parts) = model.explain(&panel, Wanted { series, step }) else { continue };
        let slot = panel.end.saturating_add(i32::try_from(step)?);
        let mut line =
            format!("{} {:.3} ({})", panel.calendar.date(slot), parts.point.mean, parts.class.name());
        if let Some(trees) = parts.trees {
            line.push_str(&format!(
                " = {:.3} x ({:.2} x trees {trees:.3} + {:.2} x",
                parts.factor,
                parts.share,
                1.0 - parts.share
            ));
            line.push_str(&format!(" methods {:.3})", parts.base));
        }
        let methods: Vec<String> =
            parts.methods.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        line.push_str(&format!(
            "; {}; 95 % within {:.2} to {:.2}",
            methods.join(", "),
            parts.point.quantiles[1],
            parts.point.quantiles[7]
        ));
        print(&line);
    }
    let asked: Vec<String> =
        model.features().iter().take(12).map(|(name, count)| format!("{name} ({count})")).collect();
    if !asked.is_empty() {
        print(&format!("what the trees ask most: {}", asked.join(", ")));
    }
    Ok(())
}

// === impl Input ===

impl Input {
    fn panel(&self) -> Result<Panel> {
        let train = files::read(&self.train)?;
        let future = self.future.as_deref().map(files::read).transpose()?;
        let fixed = self.fixed.as_deref().map(files::read).transpose()?;
        let silence = match self.gaps {
            Gap::Told => Silence::Told,
            Gap::Zero => Silence::Zero,
            Gap::Missing => Silence::Missing,
        };
        let options = Options { horizon: self.horizon, silence };
        let panel = build(&train, future.as_ref(), fixed.as_ref(), &options)
            .with_context(|| format!("`{}` makes no series", self.train.display()))?;
        say(&format!(
            "{} series up to {}, {} periods ahead, known in advance: {}",
            panel.series.len(),
            panel.calendar.date(panel.end.saturating_sub(1)),
            panel.horizon,
            if panel.known.is_empty() { "nothing".to_owned() } else { panel.known.join(", ") }
        ));
        Ok(panel)
    }

    fn plan(&self) -> Plan {
        Plan { seed: self.seed, threads: self.threads.max(1), rows: self.rows, statistical: self.statistical }
    }

    fn fit(&self, panel: &Panel) -> Model {
        fit(panel, &self.plan(), |stage| {
            say(match stage {
                Stage::Rows => "1/4 looking back",
                Stage::Trial => "2/4 learning from all but the last periods",
                Stage::Tuning => "3/4 trying on the last periods",
                Stage::Final => "4/4 learning from everything",
            });
        })
    }

    /// The pipeline as it would have been `back` periods earlier, against what came.
    fn trial(&self, panel: &Panel, back: usize) -> Result<Trial> {
        let (past, later) = panel.cut(back + panel.horizon, panel.horizon);
        if past.series.is_empty() {
            bail!(
                "the history is too short to leave {} periods out: give a shorter horizon",
                back + panel.horizon
            );
        }
        let wanted = past.wanted();
        let points = self.fit(&past).forecast(&past, &wanted, self.threads);
        Ok(Trial::of(&past, &later, &points))
    }
}

// === impl ForecastArguments ===

impl ForecastArguments {
    fn learned(&self, panel: &Panel) -> Result<Model> {
        let Some(path) = &self.resume else { return Ok(self.input.fit(panel)) };
        let fingerprint = fingerprint(panel, &self.input.plan());
        if let Some(kept) = kept(path, &fingerprint) {
            say(&format!("going on from `{}`", path.display()));
            return Ok(kept.model);
        }
        let kept = Kept { fingerprint, model: self.input.fit(panel) };
        files::write_text(path, &serde_json::to_string(&kept)?)?;
        Ok(kept.model)
    }
}

fn kept(path: &Path, fingerprint: &str) -> Option<Kept> {
    let kept: Kept = serde_json::from_str(&files::read_text(path)?).ok()?;
    (kept.fingerprint == fingerprint).then_some(kept)
}

/// Changes with anything that changes what is learned; threads do not.
fn fingerprint(panel: &Panel, plan: &Plan) -> String {
    // FNV-1a: this is against mistakes, not against people.
    let mut sum = 0xCBF2_9CE4_8422_2325_u64;
    let mut add = |value: u64| {
        for byte in value.to_le_bytes() {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    };
    for series in &panel.series {
        series.id.bytes().for_each(|byte| add(u64::from(byte)));
        add(u64::from(series.start.unsigned_abs()));
        series.codes.iter().for_each(|code| add(u64::from(*code)));
        let values = series.values.iter().chain(series.known.iter().flatten());
        values.for_each(|value| add(u64::from(value.to_bits())));
    }
    let settings = format!("{} {} {} {}", plan.seed, plan.rows, plan.statistical, panel.horizon);
    settings.bytes().for_each(|byte| add(u64::from(byte)));
    format!("{} {sum:016x}", env!("CARGO_PKG_VERSION"))
}

/// The forecast in the form that all forecasters are scored in.
pub(crate) fn table(panel: &Panel, wanted: &[Wanted], points: &[Point]) -> Result<Table> {
    let mut table = Table::new();
    let ids = wanted
        .iter()
        .map(|wanted| panel.series.get(wanted.series).map_or_else(String::new, |series| series.id.clone()));
    table.push("unique_id", Column::Text(ids.collect()))?;
    let days = wanted.iter().map(|wanted| day(panel, wanted.step));
    table.push("ds", Column::Day(days.collect()))?;
    table.push("yhat", Column::Number(points.iter().map(|point| f64::from(point.mean)).collect()))?;
    for (place, level) in LEVELS.iter().enumerate() {
        let values = points.iter().map(|point| f64::from(point.quantiles.get(place).copied().unwrap_or(0.0)));
        table.push(format!("q_{level}"), Column::Number(values.collect()))?;
    }
    Ok(table)
}

/// The sums of groups.
fn sums(panel: &Panel, wanted: &[Wanted], points: &[Point]) -> Result<Table> {
    let sums = add_up(panel, wanted, points);
    let mut table = Table::new();
    table.push("attribute", Column::Text(sums.iter().map(|sum| sum.group.0.clone()).collect()))?;
    table.push("value", Column::Text(sums.iter().map(|sum| sum.group.1.clone()).collect()))?;
    table.push("ds", Column::Day(sums.iter().map(|sum| day(panel, sum.step)).collect()))?;
    table.push("yhat", Column::Number(sums.iter().map(|sum| sum.mean).collect()))?;
    Ok(table)
}

/// The first day of a step, in days since 1970-01-01.
fn day(panel: &Panel, step: usize) -> i32 {
    let slot = panel.end.saturating_add(i32::try_from(step).unwrap_or(i32::MAX));
    panel.calendar.date(slot).days()
}

#[expect(clippy::print_stderr, reason = "progress goes where results do not")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "results of a command")]
fn print(text: &str) {
    println!("{text}");
}
