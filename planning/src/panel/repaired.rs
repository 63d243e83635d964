//! From the ledger's repaired demand (R71) to a series.

use ledger::demand::{DayUse, RepairedDemand};

use super::Series;

/// The series of an item: days without stock are missing, partial days are scaled up, and days that the history leaves out are
/// missing as well. Promotion is its one known column. `None` when the history has no day.
#[must_use]
pub fn series_of(id: &str, demand: &RepairedDemand) -> Option<Series> {
    let (first, last) = (demand.days.first()?, demand.days.last()?);
    let length = usize::try_from(last.date.days().checked_sub(first.date.days())?).ok()?.checked_add(1)?;
    let (mut values, mut promotion) = (vec![f32::NAN; length], vec![f32::NAN; length]);
    for day in &demand.days {
        let place = usize::try_from(day.date.days().checked_sub(first.date.days())?).ok()?;
        if let Some(flag) = promotion.get_mut(place) {
            *flag = if day.promotion { 1.0 } else { 0.0 };
        }
        let value = match (day.used, day.demand) {
            (DayUse::Whole | DayUse::Scaled, Some(ratio)) => narrow(ratio.numerator(), ratio.denominator()),
            (DayUse::Missing, _) | (_, None) => f32::NAN,
        };
        if let Some(cell) = values.get_mut(place) {
            *cell = value;
        }
    }
    let start = first.date.days();
    Some(Series {
        id: id.to_owned(),
        start,
        values,
        known: vec![promotion],
        codes: Vec::new(),
        unit_value: 1.0,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a forecast needs seven digits, not nineteen")]
fn narrow(numerator: i128, denominator: i128) -> f32 {
    (numerator as f64 / denominator as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::series_of;
    use ledger::demand::{DayOfSales, Presence, repair};
    use ledger::time::Date;

    #[test]
    fn an_empty_shelf_is_missing_and_half_a_day_is_scaled() {
        let day = |number: i32, sold, presence| DayOfSales {
            date: Date::from_days(number),
            sold,
            promotion: number == 12,
            presence,
        };
        let half = Presence::new(6, 12).unwrap();
        let days = [
            day(10, 4, Presence::WHOLE_DAY),
            day(11, 0, Presence::NONE),
            day(12, 3, half),
            day(14, 0, Presence::WHOLE_DAY),
        ];
        let series = series_of("a", &repair(&days, &[]).unwrap()).unwrap();
        assert_eq!(series.start, 10);
        let shown: Vec<String> = series.values.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["4", "NaN", "6", "NaN", "0"]);
        assert_eq!(series.known[0][2].to_string(), "1");
    }
}
