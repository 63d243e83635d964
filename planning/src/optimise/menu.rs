//! How many of each thing, under one budget: minimise a sum of costs, each convex in its own count, while the spending stays within
//! a budget and each group that is used reaches its minimum. Covers orders with packs, minimums and fixed costs, and newsvendors
//! that share a budget.
//!
//! Exact: for each set of used groups, prices on money and on missing units give a lower bound (Lagrange). Only counts whose
//! reduced cost stays within a small allowance of the bound can be part of a better plan; all plans within the allowance are looked
//! at, and the allowance grows until one exists. A plan found within its allowance is proved to be the best.
#![expect(clippy::cast_precision_loss, reason = "money and units of an order are far below 2^52")]

use std::collections::BTreeMap;

/// One thing to choose a count of.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Cost of each count from 0 up, convex.
    pub costs: Vec<f64>,
    /// Money that one takes, not below zero.
    pub spend: i64,
    /// Units that one adds to its group's minimum.
    pub units: i64,
    /// Its group.
    pub group: usize,
}

/// Things that come together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// When any of its things is chosen.
    pub fixed_cost: f64,
    /// Units that it must reach when used.
    pub minimum: i64,
}

/// The whole choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Menu {
    /// Things.
    pub choices: Vec<Choice>,
    /// Groups that they name.
    pub groups: Vec<Group>,
    /// Most money in all.
    pub budget: i64,
}

/// A plan, and the proof of how good it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// Count of each thing.
    pub counts: Vec<usize>,
    /// Its cost.
    pub cost: f64,
    /// No plan costs less than this; equal to `cost` when proved.
    pub bound: f64,
    /// Partial plans that were looked at.
    pub looked_at: usize,
}

/// A menu that cannot be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MenuError {
    /// More groups than subsets can be listed of.
    #[error("{groups} groups are more than {GROUPS_MAX}")]
    TooManyGroups {
        /// How many.
        groups: usize,
    },
    /// A choice without costs, of no group, with costs that are not convex, or with spending below zero.
    #[error("choice {index} has no costs, no group, costs that bend down, or spends less than nothing")]
    BadChoice {
        /// Which.
        index: usize,
    },
    /// Even nothing costs more than the budget.
    #[error("the budget is below zero")]
    NoBudget,
    /// The search would not end in reasonable time.
    #[error("more than {STATES_MAX} partial plans are nearly as good as each other")]
    TooHard,
}

/// Most groups: their subsets are listed.
pub const GROUPS_MAX: usize = 16;

/// Most partial plans kept at a time: about 300 MB.
pub const STATES_MAX: usize = 6_000_000;

/// Costs closer than this share are the same.
const SAME: f64 = 1e-12;

// === impl Menu ===

impl Menu {
    /// The best counts.
    ///
    /// # Errors
    /// [`MenuError`].
    pub fn best(&self) -> Result<Picked, MenuError> {
        self.check()?;
        let mut subsets: Vec<Bounded<'_>> =
            (0..1u32 << self.groups.len()).map(|used| Bounded::new(self, used)).collect();
        subsets.sort_by(|a, b| a.bound.total_cmp(&b.bound));
        let mut best: Option<Picked> = None;
        let mut looked_at = 0;
        for subset in &subsets {
            let limit = best.as_ref().map_or(f64::INFINITY, |best| best.cost);
            if subset.bound >= limit - SAME * limit.abs() {
                break;
            }
            if let Some((counts, states)) = subset.search(limit)? {
                looked_at += states;
                let cost = self.cost(&counts).unwrap_or(f64::INFINITY);
                if cost < limit {
                    best = Some(Picked { counts, cost, bound: cost, looked_at: 0 });
                }
            }
        }
        // Nothing at all is always within a budget that is not below zero.
        best.map(|best| Picked { looked_at, ..best }).ok_or(MenuError::NoBudget)
    }

    /// What counts cost; `None` when they break a rule.
    #[must_use]
    pub fn cost(&self, counts: &[usize]) -> Option<f64> {
        let (mut cost, mut spent) = (0.0, 0i64);
        let mut units: Vec<Option<i64>> = vec![None; self.groups.len()];
        for (choice, count) in self.choices.iter().zip(counts) {
            cost += choice.costs.get(*count)?;
            let times = i64::try_from(*count).ok()?;
            spent = spent.checked_add(choice.spend.checked_mul(times)?)?;
            if *count > 0 {
                let group = units.get_mut(choice.group)?;
                *group = Some(group.unwrap_or(0) + choice.units * times);
            }
        }
        for (group, units) in self.groups.iter().zip(&units) {
            if let Some(units) = units {
                cost += group.fixed_cost;
                if *units < group.minimum {
                    return None;
                }
            }
        }
        (spent <= self.budget && counts.len() == self.choices.len()).then_some(cost)
    }

    fn check(&self) -> Result<(), MenuError> {
        if self.groups.len() > GROUPS_MAX {
            return Err(MenuError::TooManyGroups { groups: self.groups.len() });
        }
        if self.budget < 0 {
            return Err(MenuError::NoBudget);
        }
        for (index, choice) in self.choices.iter().enumerate() {
            let slopes = || {
                choice.costs.windows(2).map(|pair| pair.last().unwrap_or(&0.0) - pair.first().unwrap_or(&0.0))
            };
            let bends =
                slopes().zip(slopes().skip(1)).any(|(one, next)| next < one - 1e-9 * (1.0 + one.abs()));
            if choice.costs.is_empty() || choice.spend < 0 || choice.group >= self.groups.len() || bends {
                return Err(MenuError::BadChoice { index });
            }
        }
        Ok(())
    }
}

/// A set of used groups with its lower bound and the prices that give it.
struct Bounded<'a> {
    menu: &'a Menu,
    used: u32,
    bound: f64,
    money_price: f64,
    unit_prices: Vec<f64>,
}

/// A partial plan: what it spends, the units of its group so far, its cost so far, and where it came from.
#[derive(Debug, Clone, Copy)]
struct Partial {
    spent: i64,
    units: i64,
    excess: f64,
    before: u32,
    count: u32,
}

// === impl Bounded ===

impl<'a> Bounded<'a> {
    fn new(menu: &'a Menu, used: u32) -> Self {
        let mut this = Self {
            menu,
            used,
            bound: f64::NEG_INFINITY,
            money_price: 0.0,
            unit_prices: vec![0.0; menu.groups.len()],
        };
        let dearest = menu.choices.iter().flat_map(|choice| {
            choice.costs.windows(2).map(|pair| {
                let saved = pair.first().unwrap_or(&0.0) - pair.last().unwrap_or(&0.0);
                saved / (choice.spend.max(1) as f64)
            })
        });
        let top = dearest.fold(0.0, f64::max) + 1.0;
        // The bound is concave in the price of money: golden section. Zero is tried for itself, for often the budget is ample.
        let at_zero = this.price_units(0.0);
        let best = super::eoq::minimum_between(0.0, top, |price| -this.price_units(price).0);
        let at_best = this.price_units(best);
        let (price, (bound, unit_prices)) =
            if at_zero.0 >= at_best.0 { (0.0, at_zero) } else { (best, at_best) };
        (this.bound, this.money_price, this.unit_prices) = (bound, price, unit_prices);
        this
    }

    const fn uses(&self, group: usize) -> bool {
        self.used >> group & 1 == 1
    }

    /// The bound at a price of money, with the best price of units for each group.
    fn price_units(&self, money: f64) -> (f64, Vec<f64>) {
        let mut bound = -money * self.menu.budget as f64;
        let mut prices = vec![0.0; self.menu.groups.len()];
        for (index, group) in self.menu.groups.iter().enumerate() {
            let members: Vec<&Choice> =
                self.menu.choices.iter().filter(|choice| choice.group == index).collect();
            if !self.uses(index) {
                bound += members.iter().filter_map(|choice| choice.costs.first()).sum::<f64>();
                continue;
            }
            let (value, price) = group_bound(&members, group.minimum, money);
            bound += value + group.fixed_cost;
            if let Some(slot) = prices.get_mut(index) {
                *slot = price;
            }
        }
        (bound, prices)
    }

    /// The best plan that uses only these groups and costs less than `limit`.
    fn search(&self, limit: f64) -> Result<Option<(Vec<usize>, usize)>, MenuError> {
        let scale = self.bound.abs().max(1.0);
        let most = limit - self.bound;
        let mut allowance = scale * 1e-6;
        loop {
            let within = allowance.min(most + SAME * scale);
            if let Some(found) = self.within(within)? {
                return Ok(Some(found));
            }
            // Beyond every cost there is no plan at all.
            if allowance > most || allowance > scale * 1e9 {
                return Ok(None);
            }
            allowance *= 4.0;
        }
    }

    /// The best plan whose cost is at most `allowance` above the bound.
    fn within(&self, allowance: f64) -> Result<Option<(Vec<usize>, usize)>, MenuError> {
        let order = self.order();
        let allowed: Vec<Vec<(u32, f64)>> =
            order.iter().map(|index| self.allowed(*index, allowance)).collect();
        let (least_later, most_later) = self.later(&order, &allowed);
        let start = Partial { spent: 0, units: 0, excess: 0.0, before: 0, count: 0 };
        let (mut layers, mut layer, mut looked_at) = (Vec::new(), vec![start], 0);
        for (at, index) in order.iter().enumerate() {
            let Some(choice) = self.menu.choices.get(*index) else { continue };
            let ends_group = order
                .get(at + 1)
                .and_then(|next| self.menu.choices.get(*next))
                .is_none_or(|next| next.group != choice.group);
            let mut next = Vec::new();
            for (before, partial) in (0..).zip(&layer) {
                for (count, reduced) in allowed.get(at).into_iter().flatten() {
                    let mut grown = Partial {
                        spent: partial.spent + choice.spend * i64::from(*count),
                        units: partial.units + choice.units * i64::from(*count),
                        excess: partial.excess + reduced,
                        before,
                        count: *count,
                    };
                    if ends_group && !self.close_group(choice.group, &mut grown) {
                        continue;
                    }
                    let low = least_later.get(at + 1).copied().unwrap_or(0);
                    let high = most_later.get(at + 1).copied().unwrap_or(0);
                    let unspent = (self.menu.budget - grown.spent - high).max(0) as f64;
                    let fits = grown.spent + low <= self.menu.budget;
                    if fits && grown.excess + self.money_price * unspent <= allowance {
                        next.push(grown);
                    }
                }
            }
            let minimum = self.menu.groups.get(choice.group).map_or(0, |group| group.minimum);
            next = self.undominated(next, if ends_group { 0 } else { minimum }, choice.group);
            looked_at += next.len();
            if next.len() > STATES_MAX || looked_at > 4 * STATES_MAX {
                return Err(MenuError::TooHard);
            }
            layers.push(std::mem::replace(&mut layer, next));
        }
        let total =
            |partial: &Partial| partial.excess + self.money_price * (self.menu.budget - partial.spent) as f64;
        let best = (0..layer.len()).zip(&layer).min_by(|a, b| total(a.1).total_cmp(&total(b.1)));
        let Some((_index, last)) = best else { return Ok(None) };
        if total(last) > allowance {
            return Ok(None);
        }
        layers.push(vec![*last]);
        Ok(Some((self.read_back(&order, &layers), looked_at)))
    }

    /// Things by group, so that only one group's units are open at a time.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.menu.choices.len()).collect();
        order.sort_by_key(|index| self.menu.choices.get(*index).map(|choice| (choice.group, *index)));
        order
    }

    /// Counts of a thing that may be part of a plan within the allowance, with their reduced costs.
    fn allowed(&self, index: usize, allowance: f64) -> Vec<(u32, f64)> {
        let Some(choice) = self.menu.choices.get(index) else { return Vec::new() };
        if !self.uses(choice.group) {
            return vec![(0, 0.0)];
        }
        let unit_price = self.unit_prices.get(choice.group).copied().unwrap_or(0.0);
        let each = self.money_price * choice.spend as f64 - unit_price * choice.units as f64;
        let priced: Vec<f64> =
            (0u32..).zip(&choice.costs).map(|(count, cost)| cost + each * f64::from(count)).collect();
        let least = priced.iter().copied().fold(f64::INFINITY, f64::min);
        (0..)
            .zip(priced)
            .map(|(count, cost)| (count, cost - least))
            .filter(|pair| pair.1 <= allowance)
            .collect()
    }

    /// The least and the most that the things from each place on can spend.
    fn later(&self, order: &[usize], allowed: &[Vec<(u32, f64)>]) -> (Vec<i64>, Vec<i64>) {
        let (mut least, mut most) = (vec![0], vec![0]);
        for (index, counts) in order.iter().zip(allowed).rev() {
            let spend = self.menu.choices.get(*index).map_or(0, |choice| choice.spend);
            let of = |pair: Option<&(u32, f64)>| pair.map_or(0, |pair| i64::from(pair.0) * spend);
            least.push(least.last().copied().unwrap_or(0) + of(counts.first()));
            most.push(most.last().copied().unwrap_or(0) + of(counts.last()));
        }
        least.reverse();
        most.reverse();
        (least, most)
    }

    /// Charges what a group has above its minimum; `false` when it does not reach it.
    fn close_group(&self, group: usize, partial: &mut Partial) -> bool {
        let (Some(rules), true) = (self.menu.groups.get(group), self.uses(group)) else { return true };
        let above = partial.units - rules.minimum;
        partial.excess += self.unit_prices.get(group).copied().unwrap_or(0.0) * above as f64;
        partial.units = 0;
        above >= 0
    }

    /// Without those that another beats: it spends no more, has no fewer units towards the minimum, and costs no more.
    fn undominated(&self, mut partials: Vec<Partial>, minimum: i64, group: usize) -> Vec<Partial> {
        let unit_price = self.unit_prices.get(group).copied().unwrap_or(0.0);
        let cost = |partial: &Partial| {
            partial.excess - self.money_price * partial.spent as f64 + unit_price * partial.units as f64
        };
        partials.sort_by(|a, b| {
            a.spent.cmp(&b.spent).then(cost(a).total_cmp(&cost(b))).then(b.units.cmp(&a.units))
        });
        // More units, higher cost: the least cost among those with at least some units is that of the first entry from there.
        let mut frontier: BTreeMap<i64, f64> = BTreeMap::new();
        partials.retain(|partial| {
            let (units, own) = (partial.units.min(minimum), cost(partial));
            if frontier.range(units..).next().is_some_and(|(_units, least)| *least <= own) {
                return false;
            }
            while let Some((beaten, _cost)) =
                frontier.range(..=units).next_back().filter(|(_units, other)| **other >= own)
            {
                let beaten = *beaten;
                frontier.remove(&beaten);
            }
            frontier.insert(units, own);
            true
        });
        partials
    }

    fn read_back(&self, order: &[usize], layers: &[Vec<Partial>]) -> Vec<usize> {
        let mut counts = vec![0; self.menu.choices.len()];
        let mut at = 0usize;
        for (index, layer) in order.iter().zip(layers.iter().skip(1)).rev() {
            let Some(partial) = layer.get(at) else { break };
            if let Some(count) = counts.get_mut(*index) {
                *count = partial.count as usize;
            }
            at = partial.before as usize;
        }
        counts
    }
}

/// The bound of a used group at a price of money, and the price of units that gives it.
fn group_bound(members: &[&Choice], minimum: i64, money: f64) -> (f64, f64) {
    let at = |price: f64| {
        let (mut value, mut units) = (price * minimum as f64, 0);
        for choice in members {
            let each = money * choice.spend as f64 - price * choice.units as f64;
            let (cost, count) = least_priced(choice, each);
            value += cost;
            units += choice.units * count;
        }
        (value, units)
    };
    let (value, units) = at(0.0);
    if units >= minimum {
        return (value, 0.0);
    }
    let mut high = 1.0;
    while at(high).1 < minimum && high < 1e12 {
        high *= 2.0;
    }
    // The bound is concave in the price: it rises as long as there are too few units.
    let mut low = 0.0;
    for _step in 0..60 {
        let middle = f64::midpoint(low, high);
        if at(middle).1 < minimum {
            low = middle;
        } else {
            high = middle;
        }
    }
    let (below, above) = (at(low).0, at(high).0);
    if below >= above { (below, low) } else { (above, high) }
}

/// The least cost of a thing when each one costs `each` more, and the count.
fn least_priced(choice: &Choice, each: f64) -> (f64, i64) {
    // Convex: the first count whose next one does not save.
    let saves = |pair: &[f64]| match pair {
        [here, next] => next - here + each < 0.0,
        _other => false,
    };
    let (mut low, mut high) = (0, choice.costs.len().saturating_sub(1));
    while low < high {
        let middle = usize::midpoint(low, high);
        if choice.costs.get(middle..middle + 2).is_some_and(saves) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let count = i64::try_from(low).unwrap_or(i64::MAX);
    (choice.costs.get(low).copied().unwrap_or(0.0) + each * count as f64, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least(menu: &Menu) -> f64 {
        fn descend(menu: &Menu, counts: &mut Vec<usize>, best: &mut f64) {
            match menu.choices.get(counts.len()) {
                None => *best = best.min(menu.cost(counts).unwrap_or(f64::INFINITY)),
                Some(choice) => {
                    for count in 0..choice.costs.len() {
                        counts.push(count);
                        descend(menu, counts, best);
                        counts.pop();
                    }
                }
            }
        }
        let mut best = f64::INFINITY;
        descend(menu, &mut Vec::new(), &mut best);
        best
    }

    #[test]
    fn small_menus_equal_enumeration() {
        let mut state = 3u64;
        let mut draw = |most: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(state >> 33).expect("31 bits") % most
        };
        for case in 0..200 {
            let choices: Vec<Choice> = (0..5)
                .map(|index| {
                    let (need, pack) = (draw(30), 1 + draw(12));
                    let (short, over) = ((1 + draw(40)) as f64 / 4.0, (1 + draw(20)) as f64 / 8.0);
                    let cost = |count: i64| {
                        let left = (count * pack - need) as f64;
                        over * left.max(0.0) + short * (-left).max(0.0)
                    };
                    Choice {
                        costs: (0..5).map(cost).collect(),
                        spend: pack * (1 + draw(9)),
                        units: pack,
                        group: index % 2,
                    }
                })
                .collect();
            let groups = vec![
                Group { fixed_cost: draw(60) as f64, minimum: draw(50) },
                Group { fixed_cost: draw(20) as f64, minimum: 0 },
            ];
            let menu = Menu { choices, groups, budget: 20 + draw(300) };
            let best = menu.best().expect("a menu");
            let exact = least(&menu);
            assert!((best.cost - exact).abs() < 1e-9, "{case}: {best:?} {exact}");
            assert_eq!(menu.cost(&best.counts), Some(best.cost));
        }
    }

    #[test]
    fn what_is_no_menu_is_named() {
        let choice = Choice { costs: vec![0.0, 5.0, 6.0], spend: 1, units: 1, group: 0 };
        let group = Group { fixed_cost: 0.0, minimum: 0 };
        let menu = Menu { choices: vec![choice.clone()], groups: vec![group], budget: 3 };
        assert_eq!(menu.best(), Err(MenuError::BadChoice { index: 0 }), "costs that bend down");
        let lost = Menu { groups: vec![], ..menu.clone() };
        assert_eq!(lost.best(), Err(MenuError::BadChoice { index: 0 }));
        assert_eq!(Menu { budget: -1, ..menu }.best(), Err(MenuError::NoBudget));
    }
}
