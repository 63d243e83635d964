//! From quantiles and a stock position to the inputs of a proposal and its advice.

use ledger::demand::{Advice, AdviceError, OrderInputs, StockPosition, advise};
use ledger::kpi::Ratio;
use ledger::quantity::Quantity;

use super::quantiles::Quantiles;
use crate::optimise::newsvendor::OverUnder;

/// When to order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// At every chance, up to the level.
    UpTo,
    /// Only when the position is at or under the level that covers lead and review time; then `lot` units or as many lots as bring
    /// it above (r, Q).
    Lot {
        /// Q, at least 1.
        lot: i64,
    },
    /// Only when the position is at or under the level; then up to the level and so many days' mean demand (s, S).
    MinMax {
        /// Days beyond the level.
        days: u32,
    },
}

/// Everything known of an item at a site with a supplier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Situation {
    /// Demand of a day.
    pub day: Quantiles,
    /// See [`Quantiles::over`].
    pub correlation: f64,
    /// What a unit left over and a unit short cost.
    pub costs: OverUnder,
    /// When to order.
    pub rule: Rule,
    /// Days from order to arrival.
    pub lead_days: u32,
    /// Days until the next chance to order.
    pub review_days: u32,
    /// What there is and what is coming.
    pub position: StockPosition,
    /// Base units of the orderable pack.
    pub pack: Quantity,
    /// The least that may be ordered; 0 for none.
    pub minimum: i64,
    /// The most that the place holds.
    pub capacity: Option<i64>,
    /// Days for which goods can be sold after they arrive.
    pub shelf_life_days: Option<u32>,
}

/// What is proposed, with everything it came from (R73).
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// As the proposal stores them; `advice` follows from them alone.
    pub inputs: OrderInputs,
    /// How much, and which limits decided it.
    pub advice: Advice,
    /// The level that the position is compared with.
    pub level: i64,
    /// The probability that the level covers the demand of lead and review time.
    pub critical_ratio: f64,
}

/// Days until the next delivery that an order placed on the next ordering day would get, for a supplier that takes orders on some
/// days of the week only: `days[0]` is Monday. `None` when it never does.
#[must_use]
pub fn review_days(days: [bool; 7], today: usize) -> Option<u32> {
    (1..=7u32).find(|ahead| days.get((today + *ahead as usize) % 7).copied().unwrap_or(false))
}

/// Proposes an order; `None` when the position covers what is needed.
///
/// # Errors
/// [`AdviceError`] for inputs below zero or beyond the range of numbers.
pub fn propose(situation: &Situation) -> Result<Option<Proposed>, AdviceError> {
    let days = situation.lead_days.saturating_add(situation.review_days);
    let covered = situation.day.over(days, situation.correlation);
    let critical_ratio = situation.costs.critical_ratio();
    let level = whole_up(covered.at(critical_ratio))?;
    let position = situation.position.total().ok_or(AdviceError::OutOfRange)?;
    let per_day = rate(covered.mean / f64::from(days.max(1)))?;
    let mean_up = per_day.times(Ratio::whole(i64::from(days)))?.ceil()?;
    let target = match situation.rule {
        Rule::UpTo => level,
        Rule::Lot { .. } | Rule::MinMax { .. } if position > level => return Ok(None),
        Rule::Lot { lot } => {
            let missing = level.checked_sub(position).and_then(|missing| missing.checked_add(1));
            let lots = missing.ok_or(AdviceError::OutOfRange)?.div_euclid(lot.max(1));
            let lots = if lots.checked_mul(lot.max(1)) == missing { lots } else { lots.saturating_add(1) };
            lots.checked_mul(lot.max(1))
                .and_then(|units| units.checked_add(position))
                .ok_or(AdviceError::OutOfRange)?
        }
        Rule::MinMax { days } => {
            let more = per_day.times(Ratio::whole(i64::from(days)))?.ceil()?;
            level.checked_add(more.max(1)).ok_or(AdviceError::OutOfRange)?
        }
    };
    // The ledger adds the forecast of the days itself: safety is what the target has beyond it. A target under the mean (a unit
    // left over costs more than one short) has no safety below zero to be written as; the mean is covered then.
    let inputs = OrderInputs {
        per_day,
        lead_days: situation.lead_days,
        review_days: situation.review_days,
        safety: target.saturating_sub(mean_up).max(0),
        position: situation.position,
        pack: situation.pack,
        minimum: situation.minimum,
        capacity: situation.capacity,
        shelf_life_days: situation.shelf_life_days,
    };
    let advice = advise(&inputs)?;
    Ok((advice.need > 0).then_some(Proposed { inputs, advice, level, critical_ratio }))
}

/// Units per day to a thousandth: exact sums of days stay small fractions.
fn rate(per_day: f64) -> Result<Ratio, AdviceError> {
    Ok(Ratio::new(i128::from(whole_up(per_day * 1_000.0 - 0.5)?), 1_000)?)
}

fn whole_up(value: f64) -> Result<i64, AdviceError> {
    // A rounding error above a whole number is no reason for one more.
    let up = (value - 1e-9).ceil();
    if !(-1e15..=1e15).contains(&up) {
        return Err(AdviceError::OutOfRange);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 10^15, as just checked")]
    Ok(up as i64)
}

#[cfg(test)]
mod tests {
    use super::super::check::faults;
    use super::*;

    fn situation() -> Situation {
        // 4 a day without doubt, so that only the safety of a level above could come in.
        Situation {
            day: Quantiles::new([4.0; 9]).expect("even"),
            correlation: 0.0,
            costs: OverUnder { holding_cost: 1.0, stockout_cost: 19.0 },
            rule: Rule::UpTo,
            lead_days: 3,
            review_days: 7,
            position: StockPosition { sellable: 15, incoming: 12, ..StockPosition::default() },
            pack: Quantity::new(12).expect("a pack"),
            minimum: 0,
            capacity: None,
            shelf_life_days: None,
        }
    }

    #[test]
    fn certain_demand_is_the_ledgers_example_without_its_safety() {
        // E47 without safety: 40 less 27 need 13, two cases of 12.
        let proposed = propose(&situation()).expect("in range").expect("a need");
        assert_eq!((proposed.level, proposed.advice.need, proposed.advice.quantity), (40, 13, 24));
        assert_eq!(faults(&proposed.inputs, &proposed.advice), Vec::<String>::new());
    }

    #[test]
    fn doubt_becomes_safety_and_rules_decide_when() {
        let day = Quantiles::new([0.0, 0.0, 1.0, 2.0, 4.0, 6.0, 7.0, 10.0, 14.0]).expect("rising");
        let doubtful = Situation { day, ..situation() };
        let up_to = propose(&doubtful).expect("in range").expect("a need");
        assert!(up_to.inputs.safety > 5 && up_to.level > 45, "{up_to:?}");
        let full = StockPosition { sellable: 60, ..StockPosition::default() };
        let above = |rule| propose(&Situation { rule, position: full, ..doubtful }).expect("in range");
        assert_eq!(above(Rule::Lot { lot: 48 }), None);
        assert_eq!(above(Rule::MinMax { days: 5 }), None);
        let lot = propose(&Situation { rule: Rule::Lot { lot: 48 }, ..doubtful })
            .expect("in range")
            .expect("a need");
        assert_eq!(lot.advice.quantity, 48);
        let max = propose(&Situation { rule: Rule::MinMax { days: 14 }, ..doubtful })
            .expect("in range")
            .expect("a need");
        assert!(max.advice.quantity > up_to.advice.quantity + 40, "{max:?}");
    }

    #[test]
    fn supplier_days_run_round_the_week() {
        let mondays_and_thursdays = [true, false, false, true, false, false, false];
        assert_eq!(
            [0, 3, 6].map(|today| review_days(mondays_and_thursdays, today)),
            [Some(3), Some(4), Some(1)]
        );
        assert_eq!(review_days([false; 7], 2), None);
    }
}
