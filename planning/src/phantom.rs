//! Records that are probably wrong: an item that should have sold and did not, a count below zero, a delivery that changed nothing.
//!
//! The chance by Bayes: if the record were right, demand would have sold something with a known probability; if the shelf is empty
//! in truth, nothing sells for certain. What comes out is a short list of what to count first, by the money at stake for each
//! minute of counting.

/// What is known of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Units on hand by the record; may be below zero.
    pub on_hand: i64,
    /// For each day since the last sale, in order: the forecast chance of selling nothing with goods on the shelf.
    pub chances_of_none: Vec<f64>,
    /// How often the record fell below zero since it was last counted.
    pub times_negative: u32,
    /// Whether goods were received since the last sale.
    pub received_since: bool,
    /// Chance that a record like it is wrong, from counts done before; above 0 and below 1.
    pub wrong_before: f64,
    /// Mean demand of a day, units.
    pub per_day: f64,
    /// Margin of a unit, in the smallest unit of money.
    pub margin: i64,
    /// Value of a unit, likewise.
    pub unit_value: i64,
}

/// A record to count, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect<K> {
    /// Which.
    pub key: K,
    /// The chance that the record is wrong.
    pub probability: f64,
    /// Money lost until the next regular count, and stock that is not there, times the probability.
    pub at_stake: f64,
    /// Why, in words.
    pub why: Vec<&'static str>,
}

/// Evidence that is none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{field}` is {value}: give {wanted}")]
pub struct EvidenceError {
    /// Which number.
    pub field: &'static str,
    /// What was given.
    pub value: f64,
    /// What is allowed.
    pub wanted: &'static str,
}

/// Each time below zero makes wrong so many times as likely: an issue was booked that could not be.
const NEGATIVE_FACTOR: f64 = 4.0;

/// A delivery without a sale after it makes right a little likelier: goods were seen then.
const RECEIVED_FACTOR: f64 = 0.5;

// === impl Evidence ===

impl Evidence {
    /// The chance that the record is wrong.
    ///
    /// # Errors
    /// [`EvidenceError`] for chances that are none.
    pub fn probability(&self) -> Result<f64, EvidenceError> {
        self.check()?;
        // On paper it cannot be sold from: nobody expects sales, and below zero it is wrong for certain.
        if self.on_hand < 0 {
            return Ok(1.0);
        }
        let mut odds = self.wrong_before / (1.0 - self.wrong_before);
        odds *= NEGATIVE_FACTOR.powi(i32::try_from(self.times_negative.min(64)).unwrap_or(64));
        if self.on_hand > 0 {
            let none: f64 = self.chances_of_none.iter().map(|chance| chance.max(1e-9).ln()).sum();
            odds *= (-none).min(LOG_MAX).exp();
            if self.received_since {
                odds *= RECEIVED_FACTOR;
            }
        }
        Ok(odds / (1.0 + odds))
    }

    fn check(&self) -> Result<(), EvidenceError> {
        let wrong = |field, value, wanted| Err(EvidenceError { field, value, wanted });
        if !(self.wrong_before > 0.0 && self.wrong_before < 1.0) {
            return wrong("wrong_before", self.wrong_before, "a chance above 0 and below 1");
        }
        if let Some(chance) = self.chances_of_none.iter().find(|chance| !(0.0..=1.0).contains(*chance)) {
            return wrong("chances_of_none", *chance, "chances from 0 to 1");
        }
        if !self.per_day.is_finite() || self.per_day < 0.0 {
            return wrong("per_day", self.per_day, "a rate of at least 0");
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "money of a shelf is far below 2^52")]
    fn at_stake(&self, probability: f64, days: u32) -> f64 {
        let lost = self.per_day * f64::from(days) * self.margin.max(0) as f64;
        probability * (lost + self.on_hand.unsigned_abs() as f64 * self.unit_value.max(0) as f64)
    }

    fn why(&self) -> Vec<&'static str> {
        let reasons = [
            (self.on_hand < 0, "the record is below zero"),
            (self.times_negative > 0, "it was below zero before"),
            (
                self.on_hand > 0 && !self.chances_of_none.is_empty(),
                "nothing was sold while there should be stock",
            ),
            (self.received_since && self.on_hand > 0, "not even after a delivery"),
        ];
        reasons.into_iter().filter_map(|(holds, words)| holds.then_some(words)).collect()
    }
}

/// Beyond e^600 nothing grows any more.
const LOG_MAX: f64 = 600.0;

/// What to count: records whose chance is at least `threshold`, the most money first, at most `most` of them. `days` are those until
/// the next regular count would find out.
///
/// # Errors
/// [`EvidenceError`] of the first record with bad numbers.
pub fn count_list<K: Ord>(
    records: impl IntoIterator<Item = (K, Evidence)>,
    threshold: f64,
    days: u32,
    most: usize,
) -> Result<Vec<Suspect<K>>, EvidenceError> {
    let mut suspects = Vec::new();
    for (key, evidence) in records {
        let probability = evidence.probability()?;
        if probability >= threshold {
            let at_stake = evidence.at_stake(probability, days);
            suspects.push(Suspect { key, probability, at_stake, why: evidence.why() });
        }
    }
    suspects.sort_by(|a, b| b.at_stake.total_cmp(&a.at_stake).then_with(|| a.key.cmp(&b.key)));
    suspects.truncate(most);
    Ok(suspects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(days: usize, chance: f64) -> Evidence {
        Evidence {
            on_hand: 12,
            chances_of_none: vec![chance; days],
            times_negative: 0,
            received_since: false,
            wrong_before: 0.1,
            per_day: 1.0,
            margin: 150,
            unit_value: 300,
        }
    }

    #[test]
    fn chance_by_hand() {
        // Odds 1 : 9 before; two days without a sale at 1/3 each make them 9 : 9.
        assert!((quiet(2, 1.0 / 3.0).probability().expect("fine") - 0.5).abs() < 1e-12);
        assert!((quiet(0, 0.5).probability().expect("fine") - 0.1).abs() < 1e-12);
        assert!((quiet(5, 1.0).probability().expect("fine") - 0.1).abs() < 1e-12, "a slow item says nothing");
        assert_eq!(Evidence { on_hand: -1, ..quiet(0, 0.5) }.probability(), Ok(1.0));
        let empty = Evidence { on_hand: 0, ..quiet(9, 0.1) };
        assert!((empty.probability().expect("fine") - 0.1).abs() < 1e-12, "nothing to sell, no surprise");
        assert!(quiet(9_000, 0.0).probability().expect("fine") <= 1.0);
        let wrong = quiet(1, 1.5).probability().expect_err("no chance");
        assert_eq!(wrong.to_string(), "`chances_of_none` is 1.5: give chances from 0 to 1");
    }

    #[test]
    fn the_list_is_short_and_dear_things_come_first() {
        let dear = Evidence { margin: 2_000, ..quiet(4, 0.3) };
        let records = [
            ("slow", quiet(3, 0.95)),
            ("fast", quiet(4, 0.3)),
            ("dear", dear),
            ("below", Evidence { on_hand: -2, ..quiet(0, 0.5) }),
        ];
        let list = count_list(records, 0.5, 10, 3).expect("fine");
        let keys: Vec<&str> = list.iter().map(|suspect| suspect.key).collect();
        assert_eq!(keys, ["dear", "fast", "below"]);
        assert_eq!(list[2].why, ["the record is below zero"]);
        // Ten days of 1.50 and two units of 3.00.
        assert!((list[2].at_stake - 2_100.0).abs() < 1e-9);
    }
}
