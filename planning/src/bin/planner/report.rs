//! How good a forecast was, as a line and as a page.

use std::fmt::Write as _;

use planning::classes::Class;
use planning::metrics::{LEVELS, Point, Score, Summary, scale, score, summary};
use planning::panel::Panel;

/// An origin that was tried.
#[derive(Debug)]
pub(crate) struct Trial {
    /// First period that was forecast.
    pub(crate) origin: String,
    pub(crate) summary: Summary,
    by_class: Vec<(Class, Summary)>,
    /// The heaviest errors: series, weight times error, past, actual and points.
    worst: Vec<Worst>,
}

#[derive(Debug)]
struct Worst {
    id: String,
    score: Score,
    history: Vec<f32>,
    actual: Vec<f32>,
    points: Vec<Point>,
}

/// Series shown on the page.
const WORST: usize = 6;

// === impl Trial ===

impl Trial {
    /// Compares; `points` are of all series of `past` in order, a horizon each.
    pub(crate) fn of(past: &Panel, later: &[Vec<f32>], points: &[Point]) -> Self {
        let recent = past.calendar.recent();
        let mut scores: Vec<(usize, Class, Score, f64)> = Vec::new();
        for (place, (series, points)) in
            past.series.iter().zip(points.chunks(past.horizon.max(1))).enumerate()
        {
            let actual = later.get(place).map(Vec::as_slice).unwrap_or_default();
            let found = scale(&series.values)
                .and_then(|scale| score(scale, actual.iter().copied().zip(points.iter().copied())));
            if let Some(found) = found {
                scores.push((place, Class::of(&series.values), found, series.weight(recent)));
            }
        }
        let of = |class: Option<Class>| {
            let chosen = scores.iter().filter(|(_, own, ..)| class.is_none_or(|class| class == *own));
            summary(chosen.map(|(_, _, score, weight)| (score, *weight)))
        };
        let mut heavy: Vec<_> = scores.iter().collect();
        heavy.sort_by(|a, b| (b.2.rmsse * b.3).total_cmp(&(a.2.rmsse * a.3)));
        let worst = heavy.into_iter().take(WORST).filter_map(|(place, _, score, _)| {
            let series = past.series.get(*place)?;
            let from = series.values.len().saturating_sub(past.horizon * 4);
            Some(Worst {
                id: series.id.clone(),
                score: *score,
                history: series.values.get(from..)?.to_vec(),
                actual: later.get(*place)?.clone(),
                points: points.chunks(past.horizon.max(1)).nth(*place)?.to_vec(),
            })
        });
        Self {
            origin: past.calendar.date(past.end).to_string(),
            summary: of(None),
            by_class: Class::ALL.into_iter().map(|class| (class, of(Some(class)))).collect(),
            worst: worst.collect(),
        }
    }
}

/// One line about a trial.
pub(crate) fn line(trial: &Trial) -> String {
    let Summary { series, rmsse, wrmsse, wspl, wape, bias, under, .. } = &trial.summary;
    let [.., a, b, c] = under;
    format!(
        "{}: {series} series, WRMSSE {wrmsse:.4}, WSPL {wspl:.4}, RMSSE {rmsse:.4}, WAPE {wape:.3}, bias {bias:+.3}, at or under 0.835/0.975/0.995: {a:.3}/{b:.3}/{c:.4}",
        trial.origin
    )
}

/// The page: everything is in it, nothing is loaded.
pub(crate) fn page(panel: &Panel, trials: &[Trial]) -> String {
    let mut page = String::from(concat!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Forecast report</title><style>",
        "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}",
        "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}",
        "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}",
        "</style></head><body><h1>Forecast report</h1>"
    ));
    let known = if panel.known.is_empty() { "nothing".to_owned() } else { panel.known.join(", ") };
    push(
        &mut page,
        format_args!(
            "<p>{} series, {} periods ahead. Known in advance: {}.</p>",
            panel.series.len(),
            panel.horizon,
            escape(&known)
        ),
    );
    for trial in trials {
        push(&mut page, format_args!("<h2>Tried from {}</h2>", escape(&trial.origin)));
        classes(&mut page, trial);
        calibration(&mut page, &trial.summary);
        page.push_str("<h3>Heaviest errors</h3>");
        for worst in &trial.worst {
            push(
                &mut page,
                format_args!(
                    "<h4>{}</h4><p>RMSSE {:.3}, scaled pinball loss {:.3}</p>",
                    escape(&worst.id),
                    worst.score.rmsse,
                    worst.score.spl
                ),
            );
            drawing(&mut page, worst);
        }
    }
    page.push_str("</body></html>\n");
    page
}

fn classes(page: &mut String, trial: &Trial) {
    page.push_str("<h3>Error by class of demand</h3><table><tr><th>class</th><th>series</th><th>WRMSSE</th><th>RMSSE</th><th>WSPL</th><th>WAPE</th><th>bias</th></tr>");
    let rows = trial.by_class.iter().map(|(class, summary)| (class.name(), summary));
    for (name, summary) in rows.chain([("all", &trial.summary)]) {
        push(
            page,
            format_args!(
                "<tr><td>{name}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td><td>{:+.3}</td></tr>",
                summary.series, summary.wrmsse, summary.rmsse, summary.wspl, summary.wape, summary.bias
            ),
        );
    }
    page.push_str("</table>");
}

/// Nominal level against the share of demand at or under it; on the diagonal a quantile keeps its word.
fn calibration(page: &mut String, summary: &Summary) {
    page.push_str("<h3>Calibration</h3><svg viewBox=\"0 0 240 240\" width=\"240\" role=\"img\" aria-label=\"share of demand at or under each quantile\"><path d=\"M20 220L220 20\" stroke=\"#bbb\"/><path d=\"M20 20V220H220\" fill=\"none\" stroke=\"#444\"/>");
    for (level, share) in LEVELS.iter().zip(summary.under) {
        push(
            page,
            format_args!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#1565c0\"><title>{level}: {share:.4}</title></circle>",
                20.0 + 200.0 * level,
                220.0 - 200.0 * share
            ),
        );
    }
    page.push_str("</svg><table><tr><th>level</th><th>share at or under</th></tr>");
    for (level, share) in LEVELS.iter().zip(summary.under) {
        push(page, format_args!("<tr><td>{level}</td><td>{share:.4}</td></tr>"));
    }
    page.push_str("</table>");
}

/// History and outcome in grey, the forecast in blue within its 95 % band.
fn drawing(page: &mut String, worst: &Worst) {
    let past = worst.history.len();
    let all = past + worst.points.len();
    let actual = worst.history.iter().chain(&worst.actual).copied().filter(|value| value.is_finite());
    let top = actual.chain(worst.points.iter().map(|point| point.quantiles[7])).fold(1.0f32, f32::max);
    let x = |place: usize| 600.0 * place as f32 / all.max(1) as f32;
    let y = |value: f32| 150.0 - 140.0 * value / top;
    let path = |values: &mut dyn Iterator<Item = (usize, f32)>| {
        let mut path = String::new();
        for (place, value) in values.filter(|(_, value)| value.is_finite()) {
            let pen = if path.is_empty() { 'M' } else { 'L' };
            push(&mut path, format_args!("{pen}{:.1} {:.1}", x(place), y(value)));
        }
        path
    };
    let band = path(
        &mut worst.points.iter().enumerate().map(|(step, point)| (past + step, point.quantiles[7])).chain(
            worst.points.iter().enumerate().rev().map(|(step, point)| (past + step, point.quantiles[1])),
        ),
    );
    let seen = path(&mut worst.history.iter().chain(&worst.actual).copied().enumerate());
    let said = path(&mut worst.points.iter().enumerate().map(|(step, point)| (past + step, point.mean)));
    push(
        page,
        format_args!(
            "<svg viewBox=\"0 0 600 160\" width=\"600\" role=\"img\" aria-label=\"history, outcome and forecast\"><path d=\"{band}Z\" fill=\"#bbdefb\"/><path d=\"{seen}\" fill=\"none\" stroke=\"#777\"/><path d=\"{said}\" fill=\"none\" stroke=\"#1565c0\" stroke-width=\"2\"/></svg>"
        ),
    );
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _written = text.write_fmt(what);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
