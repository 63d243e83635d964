//! Key figures: their definitions, which are part of the product and carry a version (R56-R65), and their formulas.
//!
//! Everything in is a whole number (units, minor units of money), everything out is a [`Cell`]: the figure, the version of
//! its definition, the period it is of, the exact value as a [`Ratio`] or why there is none, and the movements that
//! produced it. Nothing is rounded before [`Cell::shown`].
//!
//! Entry points:
//! - [`net_cogs`], [`average_inventory`], [`turnover`], [`days_of_supply_backward`], [`days_of_supply_forward`], [`gmroi`],
//!   [`Cell::per_year`] (E38, E41);
//! - [`sell_through`], [`shrink_at_cost`], [`shrink_at_retail`], [`in_stock`] (E39);
//! - [`unit_fill`], [`line_fill`], [`order_fill`], [`on_time_in_full`] over [`OrderLine`]s (E39);
//! - [`accuracy_strict`], [`accuracy_tolerant`], [`variance_net`], [`variance_absolute`] over [`CountedLine`]s (E40);
//! - [`Flows::of`]: sold, returned, received and lost units of a set of movements, each with its sources.

mod cell;
mod flows;
mod money;
mod ratio;
mod service;
mod stock;

pub use self::cell::{Cell, NotDefined, Period, PeriodError, Value};
pub use self::flows::{FlowError, Flows, Sum};
pub use self::money::{
    Average, Basis, average_inventory, days_of_supply_backward, days_of_supply_forward, gmroi, net_cogs,
    turnover,
};
pub use self::ratio::{Ratio, RatioError, Rounded};
pub use self::service::{OrderLine, Window, line_fill, on_time_in_full, order_fill, unit_fill};
pub use self::stock::{
    CountedLine, ItemDay, accuracy_strict, accuracy_tolerant, in_stock, sell_through, shrink_at_cost,
    shrink_at_retail, variance_absolute, variance_net,
};

/// How a figure is shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownAs {
    /// A plain number with this many decimals.
    Number(u8),
    /// A percentage with this many decimals.
    Percent(u8),
    /// Minor units of money, shown with two decimals.
    Money,
    /// Days, with one decimal.
    Days,
}

/// What a figure means, for the page that shows it and the person who disputes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Raised whenever the formula or its inputs change, so that an old report says what it meant (R65).
    pub version: u16,
    /// What people call it.
    pub name: &'static str,
    /// The formula, in words of the glossary.
    pub formula: &'static str,
    /// How it is shown.
    pub shown_as: ShownAs,
}

macro_rules! kpis {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $version:literal, $title:literal, $shown:expr, $formula:literal;)*) => {
        /// A key figure of the product.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kpi {
            $($(#[$doc])* $name,)*
        }

        impl Kpi {
            /// Every figure, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word used in files and in the API.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means today.
            #[must_use]
            pub const fn definition(self) -> Definition {
                match self {
                    $(Self::$name => Definition {
                        version: $version, name: $title, formula: $formula, shown_as: $shown,
                    },)*
                }
            }
        }
    };
}

kpis! {
    /// Cost of what was sold, less what came back (R56).
    NetCogs = "net_cogs", 1, "cost of goods sold, net of returns", ShownAs::Money,
        "cost of sales - cost of returns";
    /// Mean of opening and every weekly closing value at cost (R56).
    AverageCost = "average_cost", 1, "average inventory at cost", ShownAs::Money,
        "mean of the opening value and every weekly closing value of the period, at cost";
    /// Mean of opening and every weekly closing value at retail (R56).
    AverageRetail = "average_retail", 1, "average inventory at retail", ShownAs::Money,
        "mean of the opening value and every weekly closing value of the period, at retail prices";
    /// Mean of opening and every weekly closing number of units (R56).
    AverageUnit = "average_unit", 1, "average inventory in units", ShownAs::Number(1),
        "mean of the opening and every weekly closing number of units of the period";
    /// Turnover at cost (R57).
    TurnoverCost = "turnover_cost", 1, "turnover at cost", ShownAs::Number(2),
        "net cost of goods sold / average inventory at cost";
    /// Turnover at retail (R57).
    TurnoverRetail = "turnover_retail", 1, "turnover at retail", ShownAs::Number(2),
        "net sales / average inventory at retail";
    /// Turnover in units (R57).
    TurnoverUnit = "turnover_unit", 1, "turnover in units", ShownAs::Number(2),
        "net units sold / average units on hand";
    /// How long stock lasted at the period's own pace (R58).
    DaysOfSupplyBackward = "days_of_supply_backward", 1, "days of supply, backward", ShownAs::Days,
        "average inventory at cost / net cost of goods sold x days of the period";
    /// How long stock will last at the forecast's pace (R58).
    DaysOfSupplyForward = "days_of_supply_forward", 1, "days of supply, forward", ShownAs::Days,
        "available / forecast per day";
    /// Gross margin return on inventory (R59).
    Gmroi = "gmroi", 1, "gross margin return on inventory", ShownAs::Number(2),
        "(net sales - net cost of goods sold) / average inventory at cost";
    /// Share of what was there that was sold (R60).
    SellThrough = "sell_through", 1, "sell-through", ShownAs::Percent(1),
        "net units sold / (opening units + received units)";
    /// Shrink over sales, at cost (R61).
    ShrinkCost = "shrink_cost", 1, "shrink at cost", ShownAs::Percent(2), "shrink at cost / net sales";
    /// Shrink over sales, at retail (R61).
    ShrinkRetail = "shrink_retail", 1, "shrink at retail", ShownAs::Percent(2), "shrink at retail / net sales";
    /// Share of ordered units that came (R62).
    UnitFill = "unit_fill", 1, "unit fill rate", ShownAs::Percent(1),
        "units delivered, at most as ordered on each line / units ordered";
    /// Share of ordered lines that came complete (R62).
    LineFill = "line_fill", 1, "line fill rate", ShownAs::Percent(1), "lines delivered in full / lines ordered";
    /// Share of orders that came complete (R62).
    OrderFill = "order_fill", 1, "order fill rate", ShownAs::Percent(1), "orders delivered in full / orders";
    /// Share of orders that came complete within the promised window (R62).
    OnTimeInFull = "on_time_in_full", 1, "on time in full", ShownAs::Percent(1),
        "orders whose every line came in full within its promised window / orders with a promised window on every line";
    /// Share of counted lines without any adjustment (R63).
    AccuracyStrict = "accuracy_strict", 1, "stock accuracy, strict", ShownAs::Percent(1),
        "counted lines with adjustment 0 / counted lines";
    /// Share of counted lines within tolerance (R63).
    AccuracyTolerant = "accuracy_tolerant", 1, "stock accuracy, tolerant", ShownAs::Percent(1),
        "counted lines with an adjustment of 0 or within tolerance / counted lines";
    /// Sum of variances, gains against losses (R63).
    VarianceNet = "variance_net", 1, "net variance", ShownAs::Number(0), "sum of adjustments";
    /// Sum of variances, whatever their sign (R63).
    VarianceAbsolute = "variance_absolute", 1, "absolute variance", ShownAs::Number(0),
        "sum of adjustments without their sign";
    /// Share of item-site-days with something available (R64).
    InStock = "in_stock", 1, "in stock", ShownAs::Percent(1),
        "item-site-days of ranged items with available > 0 / item-site-days of ranged items";
    /// Share of scanned labels that are wrong (R69).
    LabelErrors = "label_errors", 1, "label error rate", ShownAs::Percent(1),
        "labels found wrong / labels found right or wrong";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_word_of_its_own_that_json_uses_too() {
        let mut words: Vec<&str> = Kpi::ALL.iter().map(|kpi| kpi.word()).collect();
        for kpi in Kpi::ALL {
            assert_eq!(serde_json::to_string(kpi).unwrap(), format!("\"{}\"", kpi.word()));
            assert!(kpi.definition().version > 0 && !kpi.definition().formula.is_empty());
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Kpi::ALL.len());
    }
}
