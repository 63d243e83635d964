//! A model from real sales: means and dispersions per store and item from daily quantities, days without stock left out.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Costs, Model, ModelError, ModelFile};

/// What was sold of an item in a store on a day that it was in stock. A day without a line sold nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The store's name.
    pub store: String,
    /// The item's name.
    pub item: String,
    /// Days since any fixed day.
    pub day: u32,
    /// Units; several lines of a day are added.
    pub units: u32,
}

/// Lead times and length of the model to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Days from the warehouse to every store.
    pub lead_days: u32,
    /// Days from the supplier to the warehouse.
    pub warehouse_lead_days: u32,
    /// Days to play.
    pub days: u32,
    /// Days before counting begins.
    pub warm: u32,
}

/// A model with the names of its stores and items.
#[derive(Debug, Clone, PartialEq)]
pub struct FromHistory {
    /// The model.
    pub model: Model,
    /// Names of its stores, in order.
    pub stores: Vec<String>,
    /// Names of its items, in order.
    pub items: Vec<String>,
}

/// Makes a model of sales between the first and the last day that they mention.
///
/// # Errors
/// [`ModelError`] when there are no sales, or too many stores.
pub fn from_sales(sales: &[Sale], shape: Shape) -> Result<FromHistory, ModelError> {
    let stores: BTreeSet<&str> = sales.iter().map(|sale| sale.store.as_str()).collect();
    let items: BTreeSet<&str> = sales.iter().map(|sale| sale.item.as_str()).collect();
    let first = sales.iter().map(|sale| sale.day).min().unwrap_or(0);
    let last = sales.iter().map(|sale| sale.day).max().unwrap_or(0);
    let days = f64::from(last - first) + 1.0;
    let mut daily: BTreeMap<(&str, &str, u32), f64> = BTreeMap::new();
    for sale in sales {
        *daily.entry((&sale.item, &sale.store, sale.day)).or_default() += f64::from(sale.units);
    }
    let mut sums: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for ((item, store, _day), units) in daily {
        let sum = sums.entry((item, store)).or_default();
        *sum = (sum.0 + units, sum.1 + units * units);
    }
    let cell = |item: &str, store: &str| {
        let (sum, squares) = sums.get(&(item, store)).copied().unwrap_or_default();
        let mean = sum / days;
        let variance = (squares - sum * mean) / (days - 1.0).max(1.0);
        // Less spread than Poisson is taken as Poisson: the tables know no smaller one.
        let dispersion = if mean > 0.0 { (variance / mean).clamp(1.0, 1e4) } else { 1.0 };
        (mean, dispersion)
    };
    let rows = |of: &dyn Fn((f64, f64)) -> f64| -> Vec<Vec<f64>> {
        items.iter().map(|item| stores.iter().map(|store| of(cell(item, store))).collect()).collect()
    };
    let file = ModelFile {
        model: "OWMR-1".to_owned(),
        n: stores.len(),
        k: items.len(),
        days: shape.days,
        warm: shape.warm,
        lam: rows(&|cell| cell.0),
        lead_days: vec![shape.lead_days; stores.len()],
        warehouse_lead_days: shape.warehouse_lead_days,
        levels: None,
        warehouse_levels: None,
        dispersion: Some(rows(&|cell| cell.1)),
        costs: Costs::default(),
    };
    let names = |set: &BTreeSet<&str>| set.iter().map(|name| (*name).to_owned()).collect();
    Ok(FromHistory { model: Model::new(file)?, stores: names(&stores), items: names(&items) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_count_days_without_a_sale() {
        let sale =
            |store: &str, day, units| Sale { store: store.to_owned(), item: "tea".to_owned(), day, units };
        let sales =
            [sale("a", 10, 4), sale("b", 10, 1), sale("a", 12, 2), sale("a", 12, 2), sale("b", 13, 1)];
        let shape = Shape { lead_days: 2, warehouse_lead_days: 5, days: 100, warm: 20 };
        let made = from_sales(&sales, shape).expect("two stores");
        assert_eq!((made.stores, made.items), (vec!["a".to_owned(), "b".to_owned()], vec!["tea".to_owned()]));
        // Four days: a sold 4, 0, 4, 0 and b 1, 0, 0, 1.
        assert!((made.model.mean(0, 0) - 2.0).abs() < 1e-12 && (made.model.mean(0, 1) - 0.5).abs() < 1e-12);
        assert!((made.model.dispersion(0, 0) - 16.0 / 3.0 / 2.0).abs() < 1e-12);
        assert!((made.model.dispersion(0, 1) - 1.0).abs() < 1e-12);
        assert!(matches!(from_sales(&[], shape), Err(ModelError::Range { field: "n", .. })));
    }
}
