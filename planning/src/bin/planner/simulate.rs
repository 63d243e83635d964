//! `planner simulate MODEL --policy P`: plays a model under one or several policies, with checkpoints and progress.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use planning::simulate::engine::{LANES, Prepared, Tally};
use planning::simulate::history::{Sale, Shape, from_sales};
use planning::simulate::model::Model;
use planning::simulate::policy::Policy;
use planning::simulate::run::{Alone, Summary, difference, play, summary};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::solve::{clock, read, write_out};

/// Play a model of one warehouse and its stores.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// The model as JSON (OWMR-1), or with `--history` a CSV of sales: `store,item,date,units`.
    model: PathBuf,
    /// `model`, `safety=Z`, `service=P` or `minmax=Z,DAYS`; give several to compare the others with the first.
    #[arg(long = "policy", default_value = "model")]
    policies: Vec<Policy>,
    /// Replications of each policy.
    #[arg(long, default_value_t = 1_000)]
    reps: u64,
    /// Seed of the customers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; all that the machine has without it.
    #[arg(long)]
    threads: Option<usize>,
    /// The file is a history of sales, and the model is made from it.
    #[arg(long)]
    history: bool,
    /// Days from warehouse to store, for `--history`.
    #[arg(long, default_value_t = 2)]
    lead_days: u32,
    /// Days from supplier to warehouse, for `--history`.
    #[arg(long, default_value_t = 7)]
    warehouse_lead_days: u32,
    /// Keep finished replications here, and go on from there.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Where the result goes; standard output without it.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Finished replications of a policy, and of what.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    /// The model, policy and seed in words: another one is not continued.
    of: String,
    /// Sums of each replication from the first.
    done: Vec<[u64; 5]>,
}

pub(crate) fn run(simulate: &Simulate) -> anyhow::Result<()> {
    if simulate.reps == 0 || simulate.reps > REPS_MAX {
        bail!("`--reps` is {}: give 1 to {REPS_MAX}", simulate.reps);
    }
    let model = load(simulate)?;
    let threads =
        simulate.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let (mut results, mut first): (Vec<Value>, Option<(Summary, Vec<Tally>)>) = (Vec::new(), None);
    for (index, policy) in simulate.policies.iter().enumerate() {
        let started = clock();
        let tallies = play_all(simulate, &model, (index, *policy), threads)?;
        let seconds = started.elapsed().as_secs_f64();
        let summed = summary(&model, &tallies);
        let mut result = serde_json::to_value(&summed)?;
        if let Some(object) = result.as_object_mut() {
            object.insert("policy".to_owned(), json!(format!("{policy:?}")));
            object.insert("seconds".to_owned(), json!(seconds));
            if let Some((_summary, base)) = &first {
                let paired = difference(&model, base, &tallies);
                let half = 1.96 * paired.se;
                let interval = [paired.mean - half, paired.mean + half];
                object.insert(
                    "cost_less_first".to_owned(),
                    json!({ "mean": paired.mean, "se": paired.se, "interval_95": interval }),
                );
            }
        }
        results.push(result);
        first.get_or_insert((summed, tallies));
    }
    let days = model.store_item_days().saturating_mul(simulate.reps);
    let all = json!({ "model": "OWMR-1", "seed": simulate.seed, "threads": threads, "store_sku_days_per_policy": days, "policies": results });
    write_out(simulate.out.as_deref(), &serde_json::to_string_pretty(&all)?)
}

/// Most replications: their sums are kept.
const REPS_MAX: u64 = 10_000_000;

fn load(simulate: &Simulate) -> anyhow::Result<Model> {
    let named = || format!("`{}` is no model to play", simulate.model.display());
    if !simulate.history {
        return Model::parse(&read(&simulate.model)?).with_context(named);
    }
    let shape = Shape {
        lead_days: simulate.lead_days,
        warehouse_lead_days: simulate.warehouse_lead_days,
        days: 395,
        warm: 30,
    };
    let made = from_sales(&sales(&simulate.model)?, shape).with_context(named)?;
    Ok(made.model)
}

#[derive(Debug, Deserialize)]
struct Line {
    store: String,
    item: String,
    date: ledger::time::Date,
    units: f64,
}

fn sales(path: &Path) -> anyhow::Result<Vec<Sale>> {
    let text = read(path)?;
    let lines = csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Line>().zip(2u64..);
    let lines = lines.map(|(line, number)| -> anyhow::Result<Option<Sale>> {
        let Line { store, item, date, units } =
            line.with_context(|| format!("line {number} of the sales"))?;
        let day =
            u32::try_from(date.days()).with_context(|| format!("line {number}: the date is before 1970"))?;
        // Returns and parts of units are no whole sale.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a million, as just checked"
        )]
        let units = if (0.0..1e6).contains(&units) { Some(units.round() as u32) } else { None };
        Ok(units.map(|units| Sale { store, item, day, units }))
    });
    lines.filter_map(Result::transpose).collect()
}

/// Plays in pieces, with a line of progress and a checkpoint after each.
fn play_all(
    simulate: &Simulate,
    model: &Model,
    (index, policy): (usize, Policy),
    threads: usize,
) -> anyhow::Result<Vec<Tally>> {
    let levels = policy.levels(model);
    let prepared = Prepared::new(model, &levels, simulate.seed);
    let of = format!("{policy:?} seed {} of {}", simulate.seed, serde_json::to_string(model.file())?);
    let place = simulate.checkpoint.as_ref().map(|path| path.with_extension(format!("{index}.json")));
    let mut tallies = match &place {
        Some(path) => resume(path, &of)?,
        None => Vec::new(),
    };
    tallies.truncate(usize::try_from(simulate.reps).unwrap_or(usize::MAX));
    let piece = PIECE_GROUPS * (LANES * threads) as u64;
    let mut shown: Option<Instant> = None;
    while (tallies.len() as u64) < simulate.reps {
        let from = tallies.len() as u64;
        tallies.extend(play(&prepared, from..simulate.reps.min(from + piece), threads, &Alone));
        // A second apart: neither the terminal nor the disk is written more often.
        if shown.is_none_or(|shown| shown.elapsed().as_secs() >= 1) || tallies.len() as u64 >= simulate.reps {
            shown = Some(clock());
            progress(index, tallies.len() as u64, simulate.reps);
            if let Some(path) = &place {
                keep(path, &of, &tallies)?;
            }
        }
    }
    Ok(tallies)
}

/// Groups a thread plays before the next look at the clock.
const PIECE_GROUPS: u64 = 4;

#[expect(clippy::print_stderr, reason = "progress goes to the terminal")]
fn progress(policy: usize, done: u64, all: u64) {
    eprintln!("policy {}: {done} of {all} replications", policy + 1);
}

fn resume(path: &Path, of: &str) -> anyhow::Result<Vec<Tally>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let found: Checkpoint = serde_json::from_str(&read(path)?)
        .with_context(|| format!("`{}` is no checkpoint: remove it to begin again", path.display()))?;
    if found.of != of {
        bail!("`{}` is of another model, policy or seed: name another file, or remove it", path.display());
    }
    let tally = |[demand, sales, on_hand, warehouse, orders]: [u64; 5]| Tally {
        demand,
        sales,
        on_hand,
        warehouse,
        orders,
    };
    Ok(found.done.into_iter().map(tally).collect())
}

/// Beside the place first, then over it: a kill in between leaves the older one whole.
#[expect(clippy::disallowed_methods, reason = "the program is the shell: it has the disk")]
fn keep(path: &Path, of: &str, tallies: &[Tally]) -> anyhow::Result<()> {
    let fields = |tally: &Tally| [tally.demand, tally.sales, tally.on_hand, tally.warehouse, tally.orders];
    let checkpoint = Checkpoint { of: of.to_owned(), done: tallies.iter().map(fields).collect() };
    let beside = path.with_extension("part");
    fs::write(&beside, serde_json::to_string(&checkpoint)?)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("`{}` cannot be written", path.display()))
}
