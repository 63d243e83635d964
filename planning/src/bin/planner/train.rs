//! `planner train`: the contract of a SageMaker training container.
//!
//! Reads hyperparameters (all of them text) and channels under `/opt/ml/input`, writes the model under `/opt/ml/model`, and on
//! failure its reason to `/opt/ml/output/failure`. What is served later is the statistical pipeline; with `method` = `boosted` the
//! full one also forecasts the training series to `/opt/ml/output/data/forecast.csv`. A stop (SIGTERM) while that goes on leaves the
//! statistical model, which is there from early on, and ends well.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use planning::forecast::{Model, Plan, fit};
use planning::panel::{Options, Panel, Silence, build};
use planning::table::Table;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::files;
use crate::forecast::{say, table};

/// Learn as a SageMaker training container does.
#[derive(Debug, clap::Args)]
pub(crate) struct Train {
    /// Where the tree of `/opt/ml` stands.
    #[arg(long, default_value = "/")]
    prefix: PathBuf,
}

/// A model as it lies in `/opt/ml/model/model.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// What was learned.
    pub(crate) model: Model,
    /// Periods to look ahead when a request does not say.
    pub(crate) horizon: usize,
}

/// What a job may say.
#[derive(Debug)]
struct Settings {
    plan: Plan,
    horizon: Option<usize>,
    silence: Silence,
    boosted: bool,
}

/// The root of the container's tree under a prefix.
pub(crate) fn root(prefix: &Path) -> PathBuf {
    prefix.join("opt/ml")
}

pub(crate) fn run(train: &Train) -> Result<()> {
    let root = root(&train.prefix);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let mut stop = signal(SignalKind::terminate()).context("no signal can be heard")?;
        let work = {
            let root = root.clone();
            tokio::task::spawn_blocking(move || learn(&root))
        };
        tokio::select! {
            done = work => done.context("the training stopped with a panic")?,
            _stopped = stop.recv() => {
                if root.join("model/model.json").exists() {
                    say("stopped: the model learned so far is kept");
                    Ok(())
                } else {
                    bail!("stopped before there was a model to keep")
                }
            }
        }
    });
    if let Err(problem) = &done {
        // Only the first 1,024 characters are shown by SageMaker.
        let reason: String = format!("{problem:#}").chars().take(1_024).collect();
        write(&root.join("output/failure"), &reason)?;
    }
    // A training that was stopped goes on in its thread: the process ends without it.
    runtime.shutdown_background();
    done
}

fn learn(root: &Path) -> Result<()> {
    let settings = settings(root)?;
    let train =
        channel(root, "train")?.context("the channel `train` has no .csv, .csv.gz or .parquet file")?;
    let future = channel(root, "future")?;
    let options = Options { horizon: settings.horizon, silence: settings.silence };
    let panel =
        build(&train, future.as_ref(), None, &options).context("the channel `train` makes no series")?;
    // Codes of attributes belong to the series of this job: what is served must not depend on them.
    let statistical = Plan { statistical: true, ..settings.plan };
    let kept = Kept { model: fit(&panel, &statistical, |_stage| ()), horizon: panel.horizon };
    write(&root.join("model/model.json"), &serde_json::to_string(&kept)?)?;
    metric("series", panel.series.len());
    metric("horizon", panel.horizon);
    if settings.boosted {
        boosted(root, &panel, settings.plan)?;
    }
    metric("finished", 1);
    Ok(())
}

fn boosted(root: &Path, panel: &Panel, plan: Plan) -> Result<()> {
    let model = fit(panel, &plan, |stage| say(&format!("boosted: {stage:?}")));
    let wanted = panel.wanted();
    let points = model.forecast(panel, &wanted, plan.threads);
    let out = root.join("output/data");
    make(&out)?;
    files::write(&out.join("forecast.csv"), &table(panel, &wanted, &points)?)?;
    metric("forecasts", points.len());
    Ok(())
}

/// A line that a metric definition of the job finds by `name=([0-9.]+);`.
#[expect(clippy::print_stdout, reason = "metrics are read from standard output")]
fn metric(name: &str, value: usize) {
    println!("{name}={value};");
}

fn settings(root: &Path) -> Result<Settings> {
    let path = root.join("input/config/hyperparameters.json");
    let given: BTreeMap<String, String> = match files::read_text(&path) {
        Some(text) => serde_json::from_str(&text)
            .with_context(|| format!("`{}` is no object of texts", path.display()))?,
        None => BTreeMap::new(),
    };
    let known = ["horizon", "seed", "threads", "rows", "gaps", "method"];
    if let Some(name) =
        given.keys().find(|name| !known.contains(&name.as_str()) && !name.starts_with("sagemaker_"))
    {
        bail!("the hyperparameter `{name}` is not known: use {}", known.join(", "));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let boosted = match given.get("method").map_or("statistical", String::as_str) {
        "statistical" => false,
        "boosted" => true,
        other => bail!("the hyperparameter `method` is `{other}`: give `statistical` or `boosted`"),
    };
    Ok(Settings {
        plan: Plan {
            seed: parsed(&given, "seed")?.unwrap_or(1),
            threads: parsed(&given, "threads")?.unwrap_or(threads).max(1),
            rows: parsed(&given, "rows")?.unwrap_or(300_000),
            statistical: !boosted,
        },
        horizon: parsed(&given, "horizon")?,
        silence: match given.get("gaps").map_or("told", String::as_str) {
            "told" => Silence::Told,
            "zero" => Silence::Zero,
            "missing" => Silence::Missing,
            other => bail!("the hyperparameter `gaps` is `{other}`: give `told`, `zero` or `missing`"),
        },
        boosted,
    })
}

fn parsed<T: FromStr>(given: &BTreeMap<String, String>, name: &str) -> Result<Option<T>> {
    let Some(text) = given.get(name) else { return Ok(None) };
    match text.trim().parse() {
        Ok(value) => Ok(Some(value)),
        Err(_no_number) => bail!("the hyperparameter `{name}` is `{text}`: give a whole number as text"),
    }
}

/// The one table of a channel; `None` without the channel or without a table in it.
fn channel(root: &Path, name: &str) -> Result<Option<Table>> {
    if pipe_mode(root, name)? {
        bail!("the channel `{name}` is in Pipe mode: use File or FastFile");
    }
    let folder = root.join("input/data").join(name);
    if !folder.exists() {
        return Ok(None);
    }
    let entries =
        fs::read_dir(&folder).with_context(|| format!("`{}` cannot be listed", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        [".csv", ".csv.gz", ".parquet"].iter().any(|end| name.ends_with(end))
    });
    match paths.as_slice() {
        [] => Ok(None),
        [path] => files::read(path).map(Some),
        several => bail!("the channel `{name}` has {} tables: put all rows in one", several.len()),
    }
}

fn pipe_mode(root: &Path, name: &str) -> Result<bool> {
    let path = root.join("input/config/inputdataconfig.json");
    let Some(text) = files::read_text(&path) else { return Ok(false) };
    let config: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("`{}` is no JSON", path.display()))?;
    let mode = config.get(name).and_then(|channel| channel.get("TrainingInputMode"));
    Ok(mode.and_then(serde_json::Value::as_str) == Some("Pipe"))
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("`{}` cannot be made", folder.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        make(folder)?;
    }
    files::write_text(path, text)
}
