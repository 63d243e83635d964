//! How much to order: the need, rounded up to packs and the minimum, within what fits and what sells before its date
//! (R13, R45, R72).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kpi::{Ratio, RatioError};
use crate::quantity::Quantity;

/// What there is and what is coming, in base units (R13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StockPosition {
    /// Sellable at the site, as recorded.
    pub sellable: i64,
    /// Confirmed orders and transfers that have not arrived.
    pub incoming: i64,
    /// Reserved for customers.
    pub reserved: i64,
    /// Promised beyond what is there.
    pub backorders: i64,
    /// In approved proposals that are no orders yet, so that nothing is ordered twice (R74).
    pub approved: i64,
}

/// Everything that an order quantity depends on; stored with the proposal (R73).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderInputs {
    /// Forecast, base units per day.
    pub per_day: Ratio,
    /// Days from order to arrival.
    pub lead_days: u32,
    /// Days until the next chance to order.
    pub review_days: u32,
    /// Safety stock.
    pub safety: i64,
    /// What there is and what is coming.
    pub position: StockPosition,
    /// Base units of the orderable pack.
    pub pack: Quantity,
    /// The least that may be ordered; 0 for none.
    pub minimum: i64,
    /// The most that the place holds, if it is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<i64>,
    /// Days for which goods can be sold after they arrive, if they have a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf_life_days: Option<u32>,
}

/// A rule that changed the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Rounded up to whole packs.
    Pack,
    /// Raised to the minimum.
    Minimum,
    /// Lowered to what fits.
    Capacity,
    /// Lowered to what sells before its date.
    ShelfLife,
    /// Less than the minimum is allowed, so nothing is: a person must decide.
    MinimumAboveLimit,
}

/// How much to order, and why that much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// What is needed, before packs and limits; 0 when the position covers it.
    pub need: i64,
    /// What to order, in base units: whole packs.
    pub quantity: i64,
    /// How many packs that is.
    pub packs: i64,
    /// Base units of a pack.
    pub pack: Quantity,
    /// Every rule that changed the quantity, in the order they were applied.
    pub bounds: Vec<Bound>,
}

/// No advice is possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdviceError {
    /// An input below zero.
    #[error("`{input}` is {value}: it cannot be below zero")]
    Negative {
        /// Which input.
        input: &'static str,
        /// What was given.
        value: Ratio,
    },
    /// A number too large.
    #[error("the order quantity would leave the range of numbers: check forecast, days and stock")]
    OutOfRange,
}

impl From<RatioError> for AdviceError {
    fn from(_too_large: RatioError) -> Self {
        Self::OutOfRange
    }
}

// === impl StockPosition ===

impl StockPosition {
    /// Sellable + incoming + approved - reserved - backorders (R13, R74); `None` on overflow.
    #[must_use]
    pub fn total(self) -> Option<i64> {
        let coming = self.sellable.checked_add(self.incoming)?.checked_add(self.approved)?;
        coming.checked_sub(self.reserved)?.checked_sub(self.backorders)
    }
}

/// How much to order (R72): the forecast over lead and review time plus safety, less the position, rounded up; then up to
/// packs, up to the minimum, down to what fits and to what sells before its date.
///
/// What fits and what sells are measured at arrival, when the position has sold for the lead time: the place has room for
/// `capacity` less what is left then, and the shelf life must sell what is left then as well.
///
/// # Errors
/// [`AdviceError`].
pub fn advise(inputs: &OrderInputs) -> Result<Advice, AdviceError> {
    check(inputs)?;
    let position = inputs.position.total().ok_or(AdviceError::OutOfRange)?;
    let days = i64::from(inputs.lead_days).checked_add(i64::from(inputs.review_days));
    let over_days = inputs.per_day.times(Ratio::whole(days.ok_or(AdviceError::OutOfRange)?))?;
    let target = over_days.plus(Ratio::whole(inputs.safety))?;
    let need = target.minus(Ratio::whole(position))?.ceil()?.max(0);
    let mut bounds = Vec::new();
    let mut packs = 0;
    if need > 0 {
        packs = packs_up(need, inputs.pack)?;
        note(&mut bounds, Bound::Pack, units(packs, inputs.pack)? != need);
        let least = packs_up(inputs.minimum, inputs.pack)?;
        note(&mut bounds, Bound::Minimum, least > packs);
        packs = limited(inputs, position, packs.max(least), &mut bounds)?;
        if packs < least {
            bounds.push(Bound::MinimumAboveLimit);
            packs = 0;
        }
    }
    Ok(Advice { need, quantity: units(packs, inputs.pack)?, packs, pack: inputs.pack, bounds })
}

/// No more packs than fit and than sell before their date.
fn limited(
    inputs: &OrderInputs,
    position: i64,
    packs: i64,
    bounds: &mut Vec<Bound>,
) -> Result<i64, AdviceError> {
    let sold_before = inputs.per_day.times(Ratio::whole(i64::from(inputs.lead_days)))?;
    let left = Ratio::whole(position).minus(sold_before)?.max(Ratio::ZERO);
    let packs_within = |most: Ratio| -> Result<i64, AdviceError> {
        let most = most.minus(left)?.max(Ratio::ZERO).floor()?;
        most.checked_div(inputs.pack.get()).ok_or(AdviceError::OutOfRange)
    };
    let mut packs = packs;
    if let Some(capacity) = inputs.capacity {
        let fit = packs_within(Ratio::whole(capacity))?;
        note(bounds, Bound::Capacity, fit < packs);
        packs = packs.min(fit);
    }
    if let Some(days) = inputs.shelf_life_days {
        let sell = packs_within(inputs.per_day.times(Ratio::whole(i64::from(days)))?)?;
        note(bounds, Bound::ShelfLife, sell < packs);
        packs = packs.min(sell);
    }
    Ok(packs)
}

fn note(bounds: &mut Vec<Bound>, bound: Bound, binds: bool) {
    if binds {
        bounds.push(bound);
    }
}

fn check(inputs: &OrderInputs) -> Result<(), AdviceError> {
    let position = inputs.position;
    let inputs = [
        ("per_day", inputs.per_day),
        ("safety", Ratio::whole(inputs.safety)),
        ("minimum", Ratio::whole(inputs.minimum)),
        ("capacity", Ratio::whole(inputs.capacity.unwrap_or(0))),
        ("incoming", Ratio::whole(position.incoming)),
        ("reserved", Ratio::whole(position.reserved)),
        ("backorders", Ratio::whole(position.backorders)),
        ("approved", Ratio::whole(position.approved)),
    ];
    match inputs.into_iter().find(|(_input, value)| *value < Ratio::ZERO) {
        Some((input, value)) => Err(AdviceError::Negative { input, value }),
        None => Ok(()),
    }
}

/// Packs that hold at least so many units.
fn packs_up(units: i64, pack: Quantity) -> Result<i64, AdviceError> {
    Ok(Ratio::new(i128::from(units), i128::from(pack.get()))?.ceil()?)
}

fn units(packs: i64, pack: Quantity) -> Result<i64, AdviceError> {
    packs.checked_mul(pack.get()).ok_or(AdviceError::OutOfRange)
}

impl Bound {
    /// The rule in words for the person who approves.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pack => "rounded up to whole packs",
            Self::Minimum => "raised to the minimum order",
            Self::Capacity => "lowered to what fits",
            Self::ShelfLife => "lowered to what sells before its date",
            Self::MinimumAboveLimit => "nothing, because the minimum order is more than allowed",
        }
    }
}

impl fmt::Display for Advice {
    /// `25 needed, 3 packs of 12 = 36 (rounded up to whole packs)` (R45).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} needed, {} packs of {} = {}", self.need, self.packs, self.pack, self.quantity)?;
        if self.bounds.is_empty() {
            return Ok(());
        }
        let words: Vec<&str> = self.bounds.iter().map(|bound| bound.words()).collect();
        write!(f, " ({})", words.join("; "))
    }
}
