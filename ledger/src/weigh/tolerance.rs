//! Scales: tare, and how near a counted weight must be (R48).

use super::WeighError;
use crate::quantity::Quantity;

/// What goods are weighed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Container {
    /// What it weighs empty, in grams; zero or more.
    pub tare_g: i64,
}

/// A weight, with the pieces somebody counted beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Weighed {
    /// The net weight in grams.
    pub grams: Quantity,
    /// How many pieces, when they were counted. For people: stock is in grams.
    pub pieces: Option<u32>,
}

/// How far a counted weight may be from the record: a part of the record and some grams, added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Tolerance {
    /// Percent of what the record says.
    pub percent: u8,
    /// And so many grams.
    pub grams: u32,
}

/// The net weight in `containers` containers of a kind.
///
/// # Errors
/// [`WeighError::NotAboveTare`] when nothing is left of the gross weight.
pub fn net(gross: Quantity, container: Container, containers: u32) -> Result<Quantity, WeighError> {
    let tare = container.tare_g.max(0).saturating_mul(i64::from(containers));
    let left = gross.get().saturating_sub(tare);
    Quantity::new(left).map_err(|_nothing_left| WeighError::NotAboveTare { gross: gross.get(), tare })
}

impl Tolerance {
    /// The largest difference that is near enough to a record of `recorded` grams, in whole grams.
    #[must_use]
    pub const fn allowed(&self, recorded: i64) -> u64 {
        // Dividing first keeps it in range: hundreds apart, then the rest.
        let (size, percent) = (recorded.unsigned_abs(), self.percent as u64);
        let whole = (size / 100).saturating_mul(percent);
        let rest = (size % 100).saturating_mul(percent) / 100;
        whole.saturating_add(rest).saturating_add(self.grams as u64)
    }

    /// Whether a counted weight is near enough.
    #[must_use]
    pub const fn covers(&self, recorded: i64, counted: i64) -> bool {
        counted.abs_diff(recorded) <= self.allowed(recorded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_weight_is_near_enough_by_percent_and_grams() {
        let two_percent_and_20 = Tolerance { percent: 2, grams: 20 };
        for (recorded, counted, near) in [
            (12_000, 11_740, true),
            (12_000, 11_739, false),
            (12_000, 12_260, true),
            (12_000, 12_261, false),
            (0, 20, true),
            (0, 21, false),
            (-1_000, -960, true),
            (-1_000, 1_000, false),
            (i64::MAX, i64::MAX, true),
        ] {
            assert_eq!(two_percent_and_20.covers(recorded, counted), near, "{counted} for {recorded}");
        }
        assert!(Tolerance::default().covers(500, 500) && !Tolerance::default().covers(500, 501));
    }

    #[test]
    fn tare_is_taken_off_for_each_container() {
        let crate_of_450_g = Container { tare_g: 450 };
        let gross = |grams| Quantity::new(grams).unwrap();
        assert_eq!(net(gross(12_900), crate_of_450_g, 2), Ok(gross(12_000)));
        assert_eq!(
            net(gross(900), crate_of_450_g, 2).unwrap_err().to_string(),
            "a gross weight of 900 g is not above the tare of 900 g: check the container"
        );
    }
}
