//! What values mean, in words for JSON.

use alloc::string::ToString as _;

use crate::meaning::Quantity;
use crate::rcn::{Country, Measure, Measured};
use crate::reading::Element;

use super::answer::Meaning;

impl Meaning {
    /// What an element's value means.
    pub(super) fn of(element: &Element<'_>, year: i16) -> Self {
        let ai = element.ai.as_str();
        let moment = element.moment(year);
        let decimal = element.decimal().map(|decimal| decimal.to_string());
        let (money, measure) = (element.money(), element.measure());
        let is_price = matches!(ai.get(..3), Some("392" | "393" | "395"));
        let is_weight = measure.is_some_and(|measure| measure.quantity == Quantity::Weight);
        Self {
            ai: Some(ai.to_string()),
            value: Some(element.value.to_string()),
            title: (!element.title.is_empty()).then(|| element.title.to_string()),
            date: moment.map(|moment| moment.date.to_string()),
            end_date: element.end_date(year).map(|date| date.to_string()),
            datetime: moment.filter(|moment| moment.time.is_some()).map(|moment| moment.to_string()),
            amount: money.map(|money| money.amount.to_string()),
            price: decimal.clone().filter(|_| is_price),
            currency: money.and_then(|money| money.currency).map(|currency| currency.to_string()),
            weight: decimal.clone().filter(|_| is_weight),
            quantity: measure.map(|measure| name(measure.quantity)),
            unit: measure.map(|measure| measure.unit.to_string()),
            count: element.count(),
            decimal,
        }
    }

    /// Whether the value means more than its characters.
    pub(super) const fn says_more(&self) -> bool {
        self.date.is_some() || self.decimal.is_some() || self.count.is_some()
    }

    /// Takes over what a restricted number says.
    pub(super) fn add_measured(&mut self, measured: &Measured, country: Option<Country>) {
        let value = measured.value();
        match value.measure() {
            Measure::Price => {
                self.price = Some(value.to_string());
                self.currency = country.and_then(Country::currency).map(|currency| currency.to_string());
            }
            Measure::Weight => self.weight = Some(value.to_string()),
            Measure::Count => self.count = value.count(),
        }
    }

    /// Of several values, the price, weight and count: the first of each.
    pub(super) fn of_several(several: &[Self]) -> Self {
        let priced = several.iter().find(|one| one.price.is_some());
        Self {
            price: priced.and_then(|one| one.price.clone()),
            currency: priced.and_then(|one| one.currency.clone()),
            weight: several.iter().find_map(|one| one.weight.clone()),
            count: several.iter().find_map(|one| one.count),
            ..Self::default()
        }
    }
}

const fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Weight => "weight",
        Quantity::Length => "length",
        Quantity::Width => "width",
        Quantity::Height => "height",
        Quantity::Area => "area",
        Quantity::Volume => "volume",
        Quantity::WeightPerArea => "weight-per-area",
        Quantity::MaxTemperature => "max-temperature",
        Quantity::MinTemperature => "min-temperature",
    }
}
