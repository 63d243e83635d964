//! Speeds of forecasting on one thread, by CPU time, against what the best peer did on a machine of the same kind: a table, then
//! the same as JSON. Accuracy is measured by `peers/compare.py` on files.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that measures: it reads its own CPU time and prints"
)]

use std::hint::black_box;

use planning::calendar::{Calendar, Pace};
use planning::forecast::{Plan, fit};
use planning::gbdt::{Matrix, Mean, Quantiles, Settings};
use planning::panel::{Panel, Series, Wanted};
use planning::stat::Method;

/// A line of the table.
struct Line {
    what: &'static str,
    unit: &'static str,
    ours: f64,
    /// The best peer's figure, measured elsewhere, when there is one.
    peer: Option<(&'static str, f64)>,
    least: Option<f64>,
}

fn main() {
    let mut lines = methods();
    lines.extend(trees());
    lines.extend(serving());
    println!(
        "| what | unit | ours | peer | ratio | at least | holds |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for Line { what, unit, ours, peer, least } in &lines {
        let (name, ratio) = peer.map_or_else(Default::default, |(name, figure)| {
            (format!("{name} {figure:.0}"), format!("{:.2}", ours / figure))
        });
        let wanted = least.map_or_else(String::new, |least| format!("{least:.0}"));
        let holds = least.map_or("", |least| if *ours >= least { "yes" } else { "no" });
        println!("| {what} | {unit} | {ours:.0} | {name} | {ratio} | {wanted} | {holds} |");
    }
    let json: Vec<_> = lines
        .iter()
        .map(|line| {
            serde_json::json!({
                "what": line.what, "unit": line.unit, "ours": line.ours, "least": line.least,
                "peer": line.peer.map(|(name, _)| name), "peer_figure": line.peer.map(|(_, figure)| figure),
            })
        })
        .collect();
    println!("{}", serde_json::Value::from(json));
}

/// Nanoseconds that this thread was on a processor.
fn busy() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

/// How often `act` runs a CPU second.
fn speed(mut act: impl FnMut()) -> f64 {
    let (start, mut turns) = (busy(), 0.0);
    loop {
        act();
        turns += 1.0;
        let spent = busy() - start;
        if spent > 3e8 {
            return turns * 1e9 / spent;
        }
    }
}

/// A sale in every third period or so, from a counter.
fn series(number: u32, periods: u32) -> Vec<f32> {
    (0..periods)
        .map(|at| {
            let mut z = (u64::from(number) << 32 | u64::from(at)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = u16::try_from((z >> 40) & 0xFF).unwrap_or(0);
            if z.is_multiple_of(3) { f32::from(z / 16) } else { 0.0 }
        })
        .collect()
}

fn methods() -> Vec<Line> {
    let all: Vec<Vec<f32>> = (0..1_000).map(|number| series(number, 156)).collect();
    let daily: Vec<Vec<f32>> = (0..50).map(|number| series(number, 365)).collect();
    let line = |what, method: Method, peer, least| {
        let ours = 1_000.0 * speed(|| all.iter().for_each(|one| drop(black_box(method.forecast(one, 1, 8)))));
        Line { what, unit: "series of 156 points a CPU second", ours, peer: Some(peer), least }
    };
    let mut lines = vec![
        line("SBA", Method::Sba, ("anofox", 222_000.0), Some(300_000.0)),
        line("TSB", Method::Tsb, ("anofox", 246_000.0), Some(300_000.0)),
        line("SES", Method::Ses, ("anofox", 71_000.0), Some(100_000.0)),
        line("ADIDA", Method::Adida, ("anofox", 140_800.0), None),
        line("IMAPA", Method::Imapa, ("anofox", 15_200.0), None),
    ];
    let ours =
        50.0 * speed(|| daily.iter().for_each(|one| drop(black_box(Method::Seasonal.forecast(one, 7, 28)))));
    let unit = "series of 365 days a CPU second";
    lines.push(Line { what: "seasonal ETS", unit, ours, peer: Some(("anofox AutoETS", 112.0)), least: None });
    lines
}

fn trees() -> Vec<Line> {
    const ROWS: u32 = 100_000;
    let values: Vec<f32> = series(1, ROWS * 45)
        .into_iter()
        .enumerate()
        .map(|(at, value)| value + f32::from(u8::try_from(at % 7).unwrap_or(0)))
        .collect();
    let matrix = Matrix { width: 45, values };
    let target: Vec<f32> = matrix.values.chunks(45).map(|row| row.iter().take(9).sum()).collect();
    let weights = vec![1.0; target.len()];
    let settings =
        Settings { rounds: 20, leaves: 127, rows_share: 1.0, features_share: 1.0, ..Settings::default() };
    let work = f64::from(ROWS) * 20.0;
    let mean = work * speed(|| drop(black_box(Mean::fit(&matrix, &target, &weights, &settings))));
    let nine = work * speed(|| drop(black_box(Quantiles::fit(&matrix, &target, &weights, &settings))));
    let unit = "rows times rounds a CPU second, 45 features, 127 leaves";
    vec![
        Line { what: "trees, mean", unit, ours: mean, peer: Some(("LightGBM", 3_100_000.0)), least: None },
        Line {
            what: "trees, nine quantiles",
            unit,
            ours: nine,
            peer: Some(("LightGBM, nine models", 344_000.0)),
            least: None,
        },
    ]
}

fn serving() -> Vec<Line> {
    let all: Vec<Series> = (0..1_000)
        .map(|number| Series {
            id: format!("s{number:04}"),
            start: 0,
            values: series(number, 156),
            known: Vec::new(),
            codes: Vec::new(),
            unit_value: 1.0,
        })
        .collect();
    let calendar = Calendar::new(Pace::Week, ledger::time::Date::from_days(4));
    let panel = Panel {
        calendar,
        end: 156,
        horizon: 8,
        known: Vec::new(),
        groups: Vec::new(),
        series: all,
        wanted: Vec::new(),
    };
    // The tests are on one thread, but the forecast's threads are others: their time is not seen by `busy`. So it is told wall
    // time, of one thread.
    let wanted = panel.wanted();
    let mut lines = Vec::new();
    for (what, statistical, least) in
        [("serving, methods", true, 20_000.0), ("serving, trees", false, 5_000.0)]
    {
        let plan = Plan { statistical, rows: 50_000, ..Plan::default() };
        let model = fit(&panel, &plan, |_| ());
        let start = std::time::Instant::now();
        drop(black_box(model.forecast(&panel, &wanted, 1)));
        let ours = 1_000.0 / start.elapsed().as_secs_f64();
        lines.push(Line {
            what,
            unit: "series a second, 8 weeks, nine quantiles",
            ours,
            peer: None,
            least: Some(least),
        });
        let one = Panel { series: panel.series.iter().take(1).cloned().collect(), ..panel.clone() };
        let asked: Vec<Wanted> = one.wanted();
        let mut times: Vec<f64> = (0..300)
            .map(|_| {
                let start = std::time::Instant::now();
                drop(black_box(model.forecast(&one, &asked, 1)));
                1.0 / start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        let slow = times.get(3).copied().unwrap_or(0.0);
        let what = if statistical { "one series, methods, p99" } else { "one series, trees, p99" };
        lines.push(Line { what, unit: "a second (200 is 5 ms)", ours: slow, peer: None, least: Some(200.0) });
    }
    lines
}
