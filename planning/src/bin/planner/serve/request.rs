//! Requests and answers of an endpoint: JSON, JSON lines, CSV and Parquet.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use ledger::time::Date;
use planning::metrics::{LEVELS, Point};
use planning::panel::{Options, Panel, Silence, Wanted, build};
use planning::table::{Column, Table};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ATTRIBUTES;
use crate::files::{self, Form};
use crate::forecast::table;
use crate::train::Kept;

/// Why a request was not answered.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) why: String,
}

/// A series of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instance {
    /// Returned with the answer.
    #[serde(default)]
    id: Option<String>,
    /// The first period.
    start: Date,
    /// Demand of each period; null where nothing is known.
    target: Vec<Option<f64>>,
    /// Days of a period: 1 or 7.
    #[serde(default = "one")]
    days: u32,
    #[serde(default)]
    horizon: Option<usize>,
}

const fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instances {
    instances: Vec<Instance>,
    #[serde(default)]
    horizon: Option<usize>,
}

/// Longest look ahead.
const HORIZON_MAX: usize = 1_000;

fn bad(why: impl Into<String>) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, why: why.into() }
}

/// The answer to a body, and its type.
pub(super) fn answer(
    kept: &Kept,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<(&'static str, Vec<u8>), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = text("content-type").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" | "" => {
            let asked: Instances = serde_json::from_slice(&body)
                .map_err(|error| bad(format!("the body is no list of series: {error}")))?;
            let answers = asked.instances.iter().enumerate().map(|(place, instance)| {
                let horizon = instance.horizon.or(asked.horizon);
                one_series(kept, instance, horizon).map_err(|why| bad(format!("series {}: {why}", place + 1)))
            });
            let answers = answers.collect::<Result<Vec<Value>, Refused>>()?;
            Ok(("application/json", json!({ "predictions": answers }).to_string().into_bytes()))
        }
        "application/jsonlines" | "application/x-jsonlines" => {
            Ok(("application/jsonlines", lines(kept, &body)?))
        }
        "text/csv" => tabular(kept, Form::Csv, body, horizon_of(text(ATTRIBUTES))?),
        "application/x-parquet" => tabular(kept, Form::Parquet, body, horizon_of(text(ATTRIBUTES))?),
        other => Err(Refused {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            why: format!(
                "`{other}` is not spoken here: send application/json, application/jsonlines, text/csv or application/x-parquet"
            ),
        }),
    }
}

/// One line out for each line in, so that a batch job can join them; a bad line has an error in its place.
fn lines(kept: &Kept, body: &[u8]) -> Result<Vec<u8>, Refused> {
    let text = std::str::from_utf8(body).map_err(|error| bad(format!("the body is no UTF-8: {error}")))?;
    let mut out = Vec::new();
    for line in text.lines() {
        let answer = serde_json::from_str::<Instance>(line)
            .map_err(|error| error.to_string())
            .and_then(|instance| one_series(kept, &instance, instance.horizon))
            .unwrap_or_else(|why| json!({ "error": why }));
        out.extend_from_slice(answer.to_string().as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

/// `horizon=14` among the custom attributes.
fn horizon_of(attributes: &str) -> Result<Option<usize>, Refused> {
    let found = attributes.split([',', ';']).find_map(|pair| pair.trim().strip_prefix("horizon="));
    found.map(|text| text.parse().map_err(|error| bad(format!("`horizon={text}`: {error}")))).transpose()
}

fn one_series(kept: &Kept, instance: &Instance, horizon: Option<usize>) -> Result<Value, String> {
    let step = match instance.days {
        1 | 7 => i32::try_from(instance.days).unwrap_or(1),
        other => return Err(format!("`days` is {other}: give 1 for days or 7 for weeks")),
    };
    let known =
        instance.target.iter().zip(0i32..).filter_map(|(value, place)| value.map(|value| (place, value)));
    let (mut days, mut demand) = (Vec::new(), Vec::new());
    for (place, value) in known {
        if !value.is_finite() || value < 0.0 {
            return Err(format!("`target` has {value}: give demand of at least 0"));
        }
        days.push(instance.start.days().saturating_add(place.saturating_mul(step)));
        demand.push(value);
    }
    let mut train = Table::new();
    let columns = [
        ("unique_id", Column::Text(vec!["series".to_owned(); days.len()])),
        ("ds", Column::Day(days)),
        ("y", Column::Number(demand)),
    ];
    for (name, column) in columns {
        train.push(name, column).map_err(|error| error.to_string())?;
    }
    let (panel, wanted, points) = forecast(kept, &train, horizon, Silence::Missing)?;
    let mut quantiles: Map<String, Value> = Map::new();
    for (place, level) in LEVELS.iter().enumerate() {
        let row: Vec<f32> =
            points.iter().map(|point| point.quantiles.get(place).copied().unwrap_or(0.0)).collect();
        quantiles.insert(level.to_string(), json!(row));
    }
    let mean: Vec<f32> = points.iter().map(|point| point.mean).collect();
    let first = wanted.first().map(|wanted| {
        let slot = panel.end.saturating_add(i32::try_from(wanted.step).unwrap_or(i32::MAX));
        panel.calendar.date(slot).to_string()
    });
    let mut answer = json!({ "start": first, "mean": mean, "quantiles": quantiles });
    if let (Some(id), Some(object)) = (&instance.id, answer.as_object_mut()) {
        object.insert("id".to_owned(), json!(id));
    }
    Ok(answer)
}

fn tabular(
    kept: &Kept,
    form: Form,
    body: Bytes,
    horizon: Option<usize>,
) -> Result<(&'static str, Vec<u8>), Refused> {
    let kind = if form == Form::Parquet { "application/x-parquet" } else { "text/csv" };
    let train =
        files::from_bytes(form, body).map_err(|error| bad(format!("the body is no table: {error:#}")))?;
    let (panel, wanted, points) = forecast(kept, &train, horizon, Silence::Told).map_err(bad)?;
    let answer = table(&panel, &wanted, &points).and_then(|table| files::to_bytes(form, &table));
    answer.map(|bytes| (kind, bytes)).map_err(|error| bad(format!("{error:#}")))
}

fn forecast(
    kept: &Kept,
    train: &Table,
    horizon: Option<usize>,
    silence: Silence,
) -> Result<(Panel, Vec<Wanted>, Vec<Point>), String> {
    let horizon = horizon.unwrap_or(kept.horizon);
    if horizon == 0 || horizon > HORIZON_MAX {
        return Err(format!("the horizon is {horizon}: give 1 to {HORIZON_MAX}"));
    }
    let options = Options { horizon: Some(horizon), silence };
    let panel = build(train, None, None, &options).map_err(|error| error.to_string())?;
    let wanted = panel.wanted();
    let points = kept.model.forecast(&panel, &wanted, 1);
    Ok((panel, wanted, points))
}
