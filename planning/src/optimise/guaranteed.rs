//! Where to hold safety stock in a tree of stages that promise each other service times (Graves and Willems 2000).
//!
//! A stage that is supplied within `SI`, works for `T` and promises its customers `S` must cover `SI + T - S`. It costs
//! `h z sd sqrt(SI + T - S)`. The best promises are found stage by stage along the tree, over whole units of time.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "service times are small whole numbers"
)]

/// A stage of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct PromiseStage {
    /// Its own time.
    pub processing_time: f64,
    /// Per unit and unit of time.
    pub holding_cost: f64,
    /// Service time of a supplier outside of the tree.
    pub inbound: f64,
    /// The longest promise that its customers outside accept; infinite when it has none.
    pub outbound: f64,
    /// Standard deviations of demand that are covered.
    pub safety_factor: f64,
    /// Standard deviation of the demand that passes through it, per unit of time.
    pub demand_sd: f64,
}

/// Promises per stage, and what the safety stock costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Promises {
    /// Committed service time of each stage, in the order given.
    pub service_times: Vec<f64>,
    /// Cost per unit of time.
    pub cost: f64,
}

/// A network that cannot be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// An arrow from or to a stage that is not there.
    #[error("an edge names the stage at index {index}, and there is none")]
    NoSuchStage {
        /// Which.
        index: usize,
    },
    /// Not connected, or with a circle.
    #[error(
        "{edges} edges between {stages} stages are no tree: every stage must hang together by exactly one path"
    )]
    NoTree {
        /// How many edges.
        edges: usize,
        /// How many stages.
        stages: usize,
    },
    /// Times with too many digits, or too long.
    #[error("service times need more than {TIMES_MAX} steps: use a coarser unit of time")]
    TooFine,
    /// No promises keep every limit.
    #[error("a supplier's service time leaves no promise that the customers accept")]
    Impossible,
}

/// Most whole units of time that a promise may take.
pub const TIMES_MAX: usize = 20_000;

/// The best promises for stages and edges (from supplier to customer, by index).
///
/// # Errors
/// [`TreeError`].
pub fn promises(stages: &[PromiseStage], edges: &[(usize, usize)]) -> Result<Promises, TreeError> {
    let order = walk(stages.len(), edges)?;
    let unit = unit_of_time(stages)?;
    let whole = |time: f64| (time * unit).round() as usize;
    let longest: usize = stages.iter().map(|stage| whole(stage.processing_time) + whole(stage.inbound)).sum();
    if longest > TIMES_MAX {
        return Err(TreeError::TooFine);
    }
    let mut solver = Solver { stages, unit, longest, tables: vec![Table::default(); stages.len()] };
    for step in &order {
        solver.settle(step)?;
    }
    solver.read_back(&order)
}

/// The cost of given promises; `None` when they break a limit.
#[must_use]
pub fn cost_of(stages: &[PromiseStage], edges: &[(usize, usize)], service_times: &[f64]) -> Option<f64> {
    let mut cost = 0.0;
    for (index, stage) in stages.iter().enumerate() {
        let promised = *service_times.get(index)?;
        let suppliers = edges.iter().filter(|edge| edge.1 == index);
        let mut inbound = stage.inbound;
        for (supplier, _to) in suppliers {
            inbound = inbound.max(*service_times.get(*supplier)?);
        }
        let covered = inbound + stage.processing_time - promised;
        if covered < -1e-9 || promised < 0.0 || promised > stage.outbound + 1e-9 {
            return None;
        }
        cost += stage.holding_cost * stage.safety_factor * stage.demand_sd * covered.max(0.0).sqrt();
    }
    Some(cost)
}

/// A stage in the order of work, with its neighbours that are done, and the one that is not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    stage: usize,
    /// Suppliers settled before.
    suppliers: Vec<usize>,
    /// Customers settled before.
    customers: Vec<usize>,
    /// The neighbour nearer the root, and whether it is a customer of this stage.
    towards: Option<(usize, bool)>,
}

/// Leaves first, the root last.
fn walk(stages: usize, edges: &[(usize, usize)]) -> Result<Vec<Step>, TreeError> {
    let no_tree = TreeError::NoTree { edges: edges.len(), stages };
    let mut neighbours: Vec<Vec<(usize, bool)>> = vec![Vec::new(); stages];
    for (from, to) in edges.iter().copied() {
        neighbours.get_mut(from).ok_or(TreeError::NoSuchStage { index: from })?.push((to, true));
        neighbours.get_mut(to).ok_or(TreeError::NoSuchStage { index: to })?.push((from, false));
    }
    let mut towards: Vec<Option<Option<(usize, bool)>>> = vec![None; stages];
    let (mut order, mut queue) = (Vec::new(), vec![(0, None)]);
    while let Some((stage, root_side)) = queue.pop() {
        let slot = towards.get_mut(stage).ok_or(no_tree)?;
        if slot.replace(root_side).is_some() {
            return Err(no_tree);
        }
        order.push(stage);
        for (next, downstream) in neighbours.get(stage).into_iter().flatten().copied() {
            if root_side.map(|(root, _customer)| root) != Some(next) {
                queue.push((next, Some((stage, !downstream))));
            }
        }
    }
    if order.len() != stages || edges.len() + 1 != stages {
        return Err(no_tree);
    }
    let step = |stage: &usize| {
        let towards = towards.get(*stage).copied().flatten().flatten();
        let done = |customer: bool| {
            let all = neighbours.get(*stage).into_iter().flatten();
            all.filter(|(next, is)| *is == customer && towards.map(|(root, _customer)| root) != Some(*next))
                .map(|(next, _is)| *next)
                .collect()
        };
        Step { stage: *stage, suppliers: done(false), customers: done(true), towards }
    };
    Ok(order.iter().rev().map(step).collect())
}

/// Steps per unit of time that make every time a whole number.
fn unit_of_time(stages: &[PromiseStage]) -> Result<f64, TreeError> {
    let times = || {
        let times = stages.iter().flat_map(|stage| [stage.processing_time, stage.inbound, stage.outbound]);
        times.filter(|time| *time < 1e9)
    };
    let fits = |unit: &f64| times().all(|time| ((time * unit) - (time * unit).round()).abs() < 1e-6);
    [1.0, 2.0, 4.0, 5.0, 10.0, 20.0, 24.0, 60.0, 100.0, 1000.0]
        .into_iter()
        .find(fits)
        .ok_or(TreeError::TooFine)
}

/// What a settled stage costs with all behind it, by the time it shares with the neighbour nearer the root.
#[derive(Debug, Clone, Default)]
struct Table {
    /// By its promise, when that neighbour is a customer; by its inbound time, when it is a supplier.
    costs: Vec<f64>,
    /// The other of the two times, at its best.
    partner: Vec<usize>,
}

struct Solver<'a> {
    stages: &'a [PromiseStage],
    unit: f64,
    longest: usize,
    tables: Vec<Table>,
}

// === impl Solver ===

impl Solver<'_> {
    fn whole(&self, time: f64) -> usize {
        (time * self.unit).round() as usize
    }

    /// Cost of a stage and all settled behind it, for an inbound time and a promise.
    fn cost(&self, step: &Step, inbound: usize, promised: usize) -> f64 {
        let Some(stage) = self.stages.get(step.stage) else { return f64::INFINITY };
        let Some(covered) = (inbound + self.whole(stage.processing_time)).checked_sub(promised) else {
            return f64::INFINITY;
        };
        if inbound < self.whole(stage.inbound) || promised as f64 > stage.outbound * self.unit + 1e-6 {
            return f64::INFINITY;
        }
        let own =
            stage.holding_cost * stage.safety_factor * stage.demand_sd * (covered as f64 / self.unit).sqrt();
        own + self.behind(&step.suppliers, inbound) + self.behind(&step.customers, promised)
    }

    /// Settled neighbours at a time: a supplier promises at most it, a customer waits at least for it.
    fn behind(&self, neighbours: &[usize], time: usize) -> f64 {
        let cost = |index: &usize| self.tables.get(*index).and_then(|table| table.costs.get(time)).copied();
        neighbours.iter().map(|index| cost(index).unwrap_or(f64::INFINITY)).sum()
    }

    /// Fills the table of a stage.
    fn settle(&mut self, step: &Step) -> Result<(), TreeError> {
        // The root has no neighbour to share a time with: its table is by promise, and the best entry is taken.
        let by_promise = step.towards.is_none_or(|(_root, customer)| customer);
        let (mut costs, mut partner) = (Vec::new(), Vec::new());
        for shared in 0..=self.longest {
            let pair = |other: usize| if by_promise { (other, shared) } else { (shared, other) };
            let best = (0..=self.longest)
                .map(|other| (self.cost(step, pair(other).0, pair(other).1), other))
                .reduce(|best, next| if next.0 < best.0 { next } else { best });
            let (cost, other) = best.ok_or(TreeError::Impossible)?;
            costs.push(cost);
            partner.push(other);
        }
        if let Some(table) = self.tables.get_mut(step.stage) {
            *table = Table { costs, partner };
        }
        self.relax(step.stage, step.towards);
        Ok(())
    }

    /// A customer may wait longer than it is promised, and a supplier may promise less than is waited for.
    fn relax(&mut self, stage: usize, towards: Option<(usize, bool)>) {
        let Some((_root, by_promise)) = towards else { return };
        let Some(table) = self.tables.get_mut(stage) else { return };
        let mut best = f64::INFINITY;
        let mut improve = |cost: &mut f64| {
            best = best.min(*cost);
            *cost = best;
        };
        if by_promise {
            table.costs.iter_mut().for_each(&mut improve);
        } else {
            table.costs.iter_mut().rev().for_each(&mut improve);
        }
    }

    /// Reads the promises off the tables, from the root outwards.
    fn read_back(&self, order: &[Step]) -> Result<Promises, TreeError> {
        let mut promised = vec![0usize; self.stages.len()];
        let mut inbound = vec![0usize; self.stages.len()];
        for step in order.iter().rev() {
            let (waits, gives) = self.times(step, &promised, &inbound).ok_or(TreeError::Impossible)?;
            if let (Some(wait), Some(give)) = (inbound.get_mut(step.stage), promised.get_mut(step.stage)) {
                (*wait, *give) = (waits, gives);
            }
        }
        let service_times: Vec<f64> = promised.iter().map(|time| *time as f64 / self.unit).collect();
        let root = order.last().and_then(|step| self.tables.get(step.stage)).ok_or(TreeError::Impossible)?;
        let cost = root.costs.iter().copied().fold(f64::INFINITY, f64::min);
        if cost.is_finite() { Ok(Promises { service_times, cost }) } else { Err(TreeError::Impossible) }
    }

    /// Inbound time and promise of a stage, given those of the neighbour nearer the root.
    fn times(&self, step: &Step, promised: &[usize], inbound: &[usize]) -> Option<(usize, usize)> {
        let table = self.tables.get(step.stage)?;
        // The relaxed cost at the limit is that of the first exact entry on the allowed side.
        let exact = |shared: usize| {
            let other = *table.partner.get(shared)?;
            Some(if step.towards.is_none_or(|(_root, customer)| customer) {
                (other, shared)
            } else {
                (shared, other)
            })
        };
        let cost_at = |shared: usize| {
            exact(shared).map_or(f64::INFINITY, |(waits, gives)| self.cost(step, waits, gives))
        };
        let best = match step.towards {
            None => (0..=self.longest).min_by(|a, b| cost_at(*a).total_cmp(&cost_at(*b))),
            Some((root, true)) => {
                (0..=*inbound.get(root)?).min_by(|a, b| cost_at(*a).total_cmp(&cost_at(*b)))
            }
            Some((root, false)) => {
                (*promised.get(root)?..=self.longest).min_by(|a, b| cost_at(*a).total_cmp(&cost_at(*b)))
            }
        };
        exact(best?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(processing_time: f64, holding_cost: f64, outbound: f64) -> PromiseStage {
        PromiseStage {
            processing_time,
            holding_cost,
            inbound: 0.0,
            outbound,
            safety_factor: 1.0,
            demand_sd: 1.0,
        }
    }

    /// All whole promises up to `most`.
    fn least(stages: &[PromiseStage], edges: &[(usize, usize)], most: usize) -> f64 {
        let choices = (most + 1).pow(u32::try_from(stages.len()).expect("few"));
        (0..choices)
            .filter_map(|mut code| {
                let times: Vec<f64> = stages
                    .iter()
                    .map(|_stage| {
                        let time = code % (most + 1);
                        code /= most + 1;
                        time as f64
                    })
                    .collect();
                cost_of(stages, edges, &times)
            })
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn tree_equals_enumeration() {
        let inf = f64::INFINITY;
        // Two suppliers, one assembly, two shops, in an order that makes a supplier the root.
        let mut stages = vec![
            stage(3.0, 0.5, inf),
            stage(2.0, 3.0, inf),
            stage(1.0, 1.0, inf),
            stage(1.0, 4.0, 0.0),
            stage(2.0, 3.0, 1.0),
        ];
        let edges = [(0, 1), (2, 1), (1, 3), (1, 4)];
        for inbound in [0.0, 2.0] {
            for holding in [0.2, 1.0, 5.0] {
                stages[0].inbound = inbound;
                stages[2].holding_cost = holding;
                let plan = promises(&stages, &edges).expect("a tree");
                let exact = least(&stages, &edges, 7);
                assert!((plan.cost - exact).abs() < 1e-9, "{plan:?} {exact}");
                let again = cost_of(&stages, &edges, &plan.service_times).expect("allowed");
                assert!((again - plan.cost).abs() < 1e-9, "{plan:?} {again}");
            }
        }
    }

    #[test]
    fn what_is_no_tree_is_named() {
        let stages = [stage(1.0, 1.0, 0.0), stage(1.0, 1.0, 0.0)];
        assert_eq!(promises(&stages, &[]), Err(TreeError::NoTree { edges: 0, stages: 2 }));
        assert_eq!(promises(&stages, &[(0, 1), (1, 0)]), Err(TreeError::NoTree { edges: 2, stages: 2 }));
        assert_eq!(promises(&stages, &[(0, 7)]), Err(TreeError::NoSuchStage { index: 7 }));
        let third = [stage(1.0 / 7.0, 1.0, 0.0)];
        assert_eq!(promises(&third, &[]), Err(TreeError::TooFine));
    }
}
