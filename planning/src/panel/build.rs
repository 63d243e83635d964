//! From tables to a panel: names its columns, numbers its periods, fills what the records leave out.

use std::collections::BTreeMap;

use ledger::time::Date;

use super::{Panel, Series, Wanted};
use crate::calendar::{Calendar, Pace};
use crate::table::{Column, Table};

/// What a period without a record means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Silence {
    /// Nothing was sold; but when no series at all has a record on a day, everything was closed, and the day is missing.
    #[default]
    Told,
    /// Nothing was sold.
    Zero,
    /// Nothing is known.
    Missing,
}

/// How to read tables.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Periods to forecast; from the table of the future when none is given.
    pub horizon: Option<usize>,
    /// What a period without a record means.
    pub silence: Silence,
}

/// Tables that make no panel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// A column that is needed is not there.
    #[error("no column for {what}: name one of them {names}")]
    NoColumn {
        /// What it holds.
        what: &'static str,
        /// What it may be called.
        names: &'static str,
    },
    /// A cell that is no day.
    #[error("row {row}: `{text}` is no day: write it as `2026-11-24`")]
    NoDay {
        /// Which row, the first after the header being 1.
        row: usize,
        /// What is there.
        text: String,
    },
    /// Nothing to learn from.
    #[error("the training table has no rows: give at least one record of demand")]
    Empty,
    /// Neither a horizon nor a future.
    #[error(
        "how far to look ahead is not known: give a horizon, or a table of the future with rows after {end}"
    )]
    NoHorizon {
        /// The last period of the history.
        end: Date,
    },
    /// Too long a span for any series.
    #[error("the records span {periods} periods: check the dates, at most {PERIODS_MAX} are taken")]
    Span {
        /// How many.
        periods: i64,
    },
    /// Sales below zero.
    #[error("row {row}: demand `{value}` is below zero: take returns off the day of their sale first")]
    Negative {
        /// Which row.
        row: usize,
        /// What is there.
        value: String,
    },
}

/// Thirty years of days: more is a wrong date.
const PERIODS_MAX: i64 = 11_000;

/// Names and days of the rows of a future.
type Asked = (Vec<String>, Vec<Date>);

const IDS: &[&str] = &["unique_id", "series_id", "sku", "stockcode", "item_id"];
const DAYS: &[&str] = &["ds", "date", "week", "day", "month", "timestamp"];
const DEMANDS: &[&str] = &["y", "qty", "quantity", "demand", "sales", "units", "sold"];
const MONEY: &[&str] = &["usd", "revenue", "amount", "turnover"];
const PRICES: &[&str] = &["price", "unit_price", "unitprice", "sell_price"];

/// Builds the panel of `train`; `future` has the rows to forecast with what is known in advance, `fixed` the attributes.
///
/// # Errors
/// [`PanelError`] naming the column or the row.
pub fn build(
    train: &Table,
    future: Option<&Table>,
    fixed: Option<&Table>,
    options: &Options,
) -> Result<Panel, PanelError> {
    if train.rows() == 0 {
        return Err(PanelError::Empty);
    }
    let (ids, days) = (names(train)?, dates(train)?);
    let (demand_name, demand) = train
        .find(DEMANDS)
        .ok_or(PanelError::NoColumn { what: "demand", names: "`y`, `qty`, `demand`, `sales` or `units`" })?;
    let mut sorted = days.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let calendar = Calendar::of_days(&sorted).ok_or(PanelError::Empty)?;
    let (first, last) = (
        sorted.first().map_or(0, |day| calendar.slot(*day)),
        sorted.last().map_or(0, |day| calendar.slot(*day)),
    );
    let end = last.saturating_add(1);
    if i64::from(end) - i64::from(first) > PERIODS_MAX {
        return Err(PanelError::Span { periods: i64::from(end) - i64::from(first) });
    }
    let asked = future.map(|table| Ok((names(table)?, dates(table)?))).transpose()?;
    let horizon = match (options.horizon, &asked) {
        (Some(horizon), _) => horizon,
        (None, Some((_, days))) => {
            let furthest = days.iter().map(|day| calendar.slot(*day)).max().unwrap_or(last);
            usize::try_from(i64::from(furthest) - i64::from(last)).unwrap_or(0)
        }
        (None, None) => 0,
    };
    if horizon == 0 || i64::try_from(horizon).is_ok_and(|periods| periods > PERIODS_MAX) {
        return Err(PanelError::NoHorizon { end: calendar.date(last) });
    }
    let mut places: BTreeMap<&str, usize> = ids.iter().map(|id| (id.as_str(), 0)).collect();
    for (place, value) in places.values_mut().enumerate() {
        *value = place;
    }
    let rows: Vec<(usize, i32)> = ids
        .iter()
        .zip(&days)
        .map(|(id, day)| (places.get(id.as_str()).copied().unwrap_or(0), calendar.slot(*day)))
        .collect();
    let mut series = empty(&places, &rows, end);
    fill(&mut series, &rows, demand)?;
    let open = open_slots(&rows, first, end);
    silence(&mut series, first, &open, calendar.pace(), options.silence);
    values_of_units(&mut series, train, &rows, demand);
    let known = known_names(train, future, demand_name);
    add_known(&mut series, &known, (train, &rows), future.zip(asked.as_ref()), (&places, &calendar));
    let groups = add_groups(&mut series, fixed);
    let wanted = asked.map_or_else(Vec::new, |(ids, days)| {
        ids.iter()
            .zip(&days)
            .filter_map(|(id, day)| {
                let step = usize::try_from(calendar.slot(*day).checked_sub(end)?).ok()?;
                (step < horizon).then_some(Wanted { series: *places.get(id.as_str())?, step })
            })
            .collect()
    });
    Ok(Panel { calendar, end, horizon, known, groups, series, wanted })
}

/// Names of series: a column of its own, or store and item joined.
fn names(table: &Table) -> Result<Vec<String>, PanelError> {
    if let Some((_, column)) = table.find(IDS) {
        return Ok((0..table.rows()).map(|row| column.text(row)).collect());
    }
    match (table.find(&["store", "store_id", "site"]), table.find(&["item", "product", "gtin"])) {
        (Some((_, store)), Some((_, item))) => {
            Ok((0..table.rows()).map(|row| format!("{}_{}", store.text(row), item.text(row))).collect())
        }
        (None, Some((_, item))) => Ok((0..table.rows()).map(|row| item.text(row)).collect()),
        (Some(_) | None, None) => Err(PanelError::NoColumn {
            what: "the series",
            names: "`unique_id`, `sku`, or `store` and `item`",
        }),
    }
}

fn dates(table: &Table) -> Result<Vec<Date>, PanelError> {
    let (_, column) =
        table.find(DAYS).ok_or(PanelError::NoColumn { what: "the day", names: "`ds`, `date` or `week`" })?;
    (0..table.rows())
        .map(|row| {
            if let Column::Day(days) = column {
                return days.get(row).map(|day| Date::from_days(*day)).ok_or(PanelError::Empty);
            }
            let text = column.text(row);
            let day = text.get(..10).unwrap_or(&text);
            day.parse().map_err(|_refused| PanelError::NoDay { row: row + 1, text: text.clone() })
        })
        .collect()
}

fn empty(places: &BTreeMap<&str, usize>, rows: &[(usize, i32)], end: i32) -> Vec<Series> {
    let mut starts = vec![end; places.len()];
    for (place, slot) in rows {
        if let Some(start) = starts.get_mut(*place) {
            *start = (*start).min(*slot);
        }
    }
    places
        .keys()
        .zip(starts)
        .map(|(id, start)| {
            let length = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
            Series {
                id: (*id).to_owned(),
                start,
                values: vec![f32::INFINITY; length],
                known: Vec::new(),
                codes: Vec::new(),
                unit_value: 1.0,
            }
        })
        .collect()
}

/// Sums the records of each period. Infinity stands for "no record yet", NaN for a record that says missing.
fn fill(series: &mut [Series], rows: &[(usize, i32)], demand: &Column) -> Result<(), PanelError> {
    for (row, (place, slot)) in rows.iter().enumerate() {
        let value = demand.number(row);
        if value < 0.0 {
            return Err(PanelError::Negative { row: row + 1, value: value.to_string() });
        }
        let Some(one) = series.get_mut(*place) else { continue };
        let at = usize::try_from(slot.saturating_sub(one.start)).unwrap_or(usize::MAX);
        if let Some(cell) = one.values.get_mut(at) {
            *cell = if cell.is_infinite() { narrow(value) } else { *cell + narrow(value) };
        }
    }
    Ok(())
}

fn open_slots(rows: &[(usize, i32)], first: i32, end: i32) -> Vec<bool> {
    let mut open = vec![false; usize::try_from(end.saturating_sub(first)).unwrap_or(0)];
    for (_, slot) in rows {
        if let Some(flag) = usize::try_from(slot.saturating_sub(first)).ok().and_then(|at| open.get_mut(at)) {
            *flag = true;
        }
    }
    open
}

fn silence(series: &mut [Series], first: i32, open: &[bool], pace: Pace, means: Silence) {
    for one in series {
        let shift = usize::try_from(one.start.saturating_sub(first)).unwrap_or(0);
        for (value, open) in one.values.iter_mut().zip(open.iter().skip(shift)) {
            if value.is_infinite() {
                let missing = match means {
                    Silence::Told => pace == Pace::Day && !*open,
                    Silence::Zero => false,
                    Silence::Missing => true,
                };
                *value = if missing { f32::NAN } else { 0.0 };
            }
        }
    }
}

/// Money a unit brought: money over units, or the mean price, of the last quarter of the records of the series.
fn values_of_units(series: &mut [Series], train: &Table, rows: &[(usize, i32)], demand: &Column) {
    let (column, is_price) = match (train.find(MONEY), train.find(PRICES)) {
        (Some((_, money)), _) => (money, false),
        (None, Some((_, price))) => (price, true),
        (None, None) => return,
    };
    let mut sums = vec![(0.0f64, 0.0f64, i32::MIN); series.len()];
    for (row, (place, slot)) in rows.iter().enumerate() {
        let (money, units) = (column.number(row), if is_price { 1.0 } else { demand.number(row) });
        if let Some(sum) = sums.get_mut(*place).filter(|_| money.is_finite() && units > 0.0) {
            // Later records outweigh older ones; rows may come in any order, so the weight is by date.
            let weight = f64::from(slot.saturating_sub(rows.first().map_or(0, |(_, slot)| *slot)))
                .mul_add(0.02, 0.0)
                .exp2();
            sum.0 += money * weight;
            sum.1 += units * weight;
            sum.2 = sum.2.max(*slot);
        }
    }
    for (one, (money, units, _)) in series.iter_mut().zip(sums) {
        if units > 0.0 && money > 0.0 && (money / units).is_finite() {
            one.unit_value = narrow(money / units);
        }
    }
}

/// Columns known in advance: those of the future that the training table has as well. Without a future, none is known.
fn known_names(train: &Table, future: Option<&Table>, demand: &str) -> Vec<String> {
    let used = [IDS, DAYS, MONEY, &["store", "store_id", "site", "item", "product", "gtin"]].concat();
    let Some(future) = future else { return Vec::new() };
    let names = future.columns().iter().map(|(name, _)| name.trim());
    names
        .filter(|name| !used.iter().any(|other| other.eq_ignore_ascii_case(name)))
        .filter(|name| !name.eq_ignore_ascii_case(demand) && train.find(&[name]).is_some())
        .map(str::to_owned)
        .collect()
}

fn add_known(
    series: &mut [Series],
    known: &[String],
    (train, rows): (&Table, &[(usize, i32)]),
    future: Option<(&Table, &Asked)>,
    (places, calendar): (&BTreeMap<&str, usize>, &Calendar),
) {
    let later: Vec<(usize, i32)> = future.map_or_else(Vec::new, |(_, (ids, days))| {
        ids.iter()
            .zip(days)
            .map(|(id, day)| (places.get(id.as_str()).copied().unwrap_or(usize::MAX), calendar.slot(*day)))
            .collect()
    });
    let furthest = later.iter().map(|(_, slot)| *slot).max();
    for name in known {
        let columns = [
            train.find(&[name]).map(|(_, column)| (column, rows)),
            future.and_then(|(table, _)| table.find(&[name])).map(|(_, column)| (column, later.as_slice())),
        ];
        let codes = codes_of(columns.iter().flatten().map(|(column, rows)| (*column, rows.len())));
        for one in series.iter_mut() {
            let last = one.start.saturating_add(i32::try_from(one.values.len()).unwrap_or(0)) - 1;
            let length = furthest.unwrap_or(last).max(last).saturating_sub(one.start).saturating_add(1);
            one.known.push(vec![f32::NAN; usize::try_from(length).unwrap_or(0)]);
        }
        for (column, rows) in columns.into_iter().flatten() {
            for (row, (place, slot)) in rows.iter().enumerate() {
                let Some(one) = series.get_mut(*place) else { continue };
                let at = usize::try_from(slot.saturating_sub(one.start)).unwrap_or(usize::MAX);
                if let Some(cell) = one.known.last_mut().and_then(|values| values.get_mut(at)) {
                    *cell = match &codes {
                        Some(codes) => codes.get(&column.text(row)).copied().unwrap_or(f32::NAN),
                        None => narrow(column.number(row)),
                    };
                }
            }
        }
    }
}

/// Codes for a column that is not of numbers: its texts in order. `None` for numbers.
fn codes_of<'a>(columns: impl Iterator<Item = (&'a Column, usize)> + Clone) -> Option<BTreeMap<String, f32>> {
    let numeric = columns.clone().all(|(column, rows)| {
        (0..rows).all(|row| column.text(row).trim().is_empty() || column.number(row).is_finite())
    });
    if numeric {
        return None;
    }
    let mut codes = BTreeMap::new();
    for (column, rows) in columns {
        codes.extend((0..rows).map(|row| (column.text(row), 0.0f32)));
    }
    let mut next = 0.0f32;
    for code in codes.values_mut() {
        *code = next;
        next += 1.0;
    }
    Some(codes)
}

/// Groups: the parts of names such as `store_item`, and the columns of the table of attributes.
fn add_groups(series: &mut [Series], fixed: Option<&Table>) -> Vec<(String, Vec<String>)> {
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    let parts = series.first().map_or(0, |one| one.id.split('_').count());
    if parts > 1 && series.iter().all(|one| one.id.split('_').count() == parts) {
        for part in 0..parts {
            let of = |one: &Series| one.id.split('_').nth(part).unwrap_or_default().to_owned();
            texts.push((format!("part {}", part + 1), series.iter().map(of).collect()));
        }
    }
    if let Some(table) = fixed
        && let Ok(ids) = names(table)
    {
        let rows: BTreeMap<&str, usize> =
            ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
        for (name, column) in table.columns() {
            if IDS.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                continue;
            }
            let of =
                |one: &Series| rows.get(one.id.as_str()).map_or_else(String::new, |row| column.text(*row));
            texts.push((name.clone(), series.iter().map(of).collect()));
        }
    }
    // A group for every series, or one for all, tells nothing that the series itself does not.
    let mut groups = Vec::new();
    for (name, texts) in texts {
        let mut codes: BTreeMap<&str, u32> = texts.iter().map(|text| (text.as_str(), 0)).collect();
        if codes.len() < 2 || codes.len() >= series.len() || groups.len() >= GROUPS_MAX {
            continue;
        }
        for (number, code) in (0u32..).zip(codes.values_mut()) {
            *code = number;
        }
        for (one, text) in series.iter_mut().zip(&texts) {
            one.codes.push(codes.get(text.as_str()).copied().unwrap_or(0));
        }
        groups.push((name, codes.into_keys().map(str::to_owned).collect()));
    }
    groups
}

/// Each group brings features of its own; more than this and they crowd out the rest.
const GROUPS_MAX: usize = 6;

#[expect(clippy::cast_possible_truncation, reason = "a forecast needs seven digits")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::{Options, PanelError, Silence, build};
    use crate::table::{Column, Table};

    fn table(columns: &[(&str, Column)]) -> Table {
        let mut table = Table::new();
        for (name, column) in columns {
            table.push(*name, column.clone()).unwrap();
        }
        table
    }

    fn text(cells: &[&str]) -> Column {
        Column::Text(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    fn shown(values: &[f32]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_silent_day_is_no_sale_and_a_day_silent_for_all_is_closed() {
        // Day 13 has no record of anybody; b has none on day 11, and one that says "not known" on day 14.
        let train = table(&[
            ("unique_id", text(&["a", "a", "a", "a", "a", "b", "b", "b"])),
            ("ds", Column::Day(vec![10, 11, 11, 12, 15, 10, 12, 14])),
            ("y", Column::Number(vec![1.0, 2.0, 3.0, 1.0, 4.0, 6.0, 1.0, f64::NAN])),
        ]);
        let options = |silence| Options { horizon: Some(2), silence };
        let panel = build(&train, None, None, &options(Silence::Told)).unwrap();
        assert_eq!(shown(&panel.series[0].values), ["1", "5", "1", "NaN", "0", "4"]);
        assert_eq!(shown(&panel.series[1].values), ["6", "0", "1", "NaN", "NaN", "0"]);
        let panel = build(&train, None, None, &options(Silence::Zero)).unwrap();
        assert_eq!(shown(&panel.series[1].values), ["6", "0", "1", "0", "NaN", "0"]);
        let panel = build(&train, None, None, &options(Silence::Missing)).unwrap();
        assert_eq!(shown(&panel.series[1].values), ["6", "NaN", "1", "NaN", "NaN", "NaN"]);
    }

    #[test]
    fn what_the_future_knows_is_lined_up_and_asked_for_in_its_order() {
        let train = table(&[
            ("store", text(&["1", "1", "2"])),
            ("item", text(&["x", "x", "x"])),
            ("week", text(&["2020-01-06", "2020-01-13", "2020-01-13"])),
            ("qty", text(&["4", "6", "2"])),
            ("usd", text(&["8", "12", "6"])),
            ("event", text(&["none", "fair", "none"])),
        ]);
        let future = table(&[
            ("unique_id", text(&["2_x", "1_x", "9_x"])),
            ("ds", text(&["2020-01-27", "2020-01-20", "2020-01-20"])),
            ("event", text(&["none", "fair", "none"])),
        ]);
        let panel = build(&train, Some(&future), None, &Options::default()).unwrap();
        assert_eq!((panel.horizon, panel.known.as_slice()), (2, ["event".to_owned()].as_slice()));
        let asked: Vec<(usize, usize)> =
            panel.wanted.iter().map(|wanted| (wanted.series, wanted.step)).collect();
        assert_eq!(asked, [(1, 1), (0, 0)], "a series that was never sold has no forecast");
        assert_eq!(shown(&panel.series[0].known[0]), ["1", "0", "0", "NaN"]);
        assert_eq!(shown(&[panel.series[0].unit_value, panel.series[1].unit_value]), ["2", "3"]);
    }

    #[test]
    fn what_makes_no_panel_is_named() {
        let days = ("ds", text(&["2020-01-06"]));
        let train = table(&[("unique_id", text(&["a"])), days.clone(), ("y", text(&["1"]))]);
        let refused = |train: &Table| build(train, None, None, &Options::default()).unwrap_err();
        assert!(matches!(refused(&train), PanelError::NoHorizon { .. }));
        assert_eq!(refused(&Table::new()), PanelError::Empty);
        let nameless = table(&[days.clone(), ("y", text(&["1"]))]);
        assert!(matches!(refused(&nameless), PanelError::NoColumn { what: "the series", .. }));
        let far = table(&[
            ("unique_id", text(&["a", "a", "a"])),
            ("ds", text(&["1920-01-06", "1920-01-07", "2020-01-06"])),
            ("y", text(&["1", "1", "1"])),
        ]);
        assert_eq!(
            build(&far, None, None, &Options { horizon: Some(1), ..Options::default() })
                .map(|panel| panel.end)
                .unwrap_err(),
            PanelError::Span { periods: 36_526 }
        );
    }
}
