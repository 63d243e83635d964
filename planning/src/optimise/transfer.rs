//! Moving stock between stores: what one has too much of goes where it is short, when that costs less than the lost sales.
//!
//! Each item is a min-cost flow of its own. Arcs that cost more than they save are left out beforehand.

use super::flow::{Arc, Flow, FlowError, Network, Node, UNLIMITED};

/// One item's stock and need at every store, and what moving it costs. Costs are integers of one unit of the caller's choice.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// On hand, per store.
    pub stock: &'a [i64],
    /// Wanted, per store.
    pub need: &'a [i64],
    /// Per unit that stays short.
    pub lost_sale_cost: i64,
}

/// A shipment of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// From this store.
    pub from: usize,
    /// To that store.
    pub to: usize,
    /// So many units.
    pub quantity: i64,
}

/// The best shipments of an item, with the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfers {
    /// Shipments.
    pub transfers: Vec<Transfer>,
    /// Units that stay short.
    pub short: i64,
    /// Cost in all.
    pub cost: i128,
    /// The network that was solved, for [`Flow::faults`].
    pub network: Network,
    /// Its solution.
    pub flow: Flow,
}

/// The best shipments of an item; `cost_between` gives the cost of a unit from a store to another.
///
/// # Errors
/// [`FlowError`] for numbers out of range.
pub fn transfers(item: Item<'_>, cost_between: impl Fn(usize, usize) -> i64) -> Result<Transfers, FlowError> {
    let (mut givers, mut takers) = (Vec::new(), Vec::new());
    for (store, (stock, need)) in item.stock.iter().zip(item.need).enumerate() {
        let surplus = stock - need;
        if surplus > 0 {
            givers.push((store, surplus));
        } else if surplus < 0 {
            takers.push((store, -surplus));
        }
    }
    let number = |index: usize| Node::try_from(index).map_err(|_too_large| FlowError::TooLarge);
    let (dummy, first_taker) = (number(givers.len() + takers.len())?, number(givers.len())?);
    let mut network = Network::default();
    network.supplies.extend(givers.iter().map(|giver| giver.1));
    network.supplies.extend(takers.iter().map(|taker| -taker.1));
    // What is left over ends here, and what stays short comes from here.
    let balance: i64 = network.supplies.iter().sum();
    network.supplies.push(-balance);
    let mut ends = Vec::new();
    for (from, giver) in (0..).zip(&givers) {
        for (to, taker) in (first_taker..).zip(&takers) {
            let cost = cost_between(giver.0, taker.0);
            if cost < item.lost_sale_cost {
                network.arcs.push(Arc { from, to, capacity: UNLIMITED, cost });
                ends.push((giver.0, taker.0));
            }
        }
        network.arcs.push(Arc { from, to: dummy, capacity: UNLIMITED, cost: 0 });
        ends.push((giver.0, giver.0));
    }
    let of_shortage = network.arcs.len();
    for (to, _taker) in (first_taker..).zip(&takers) {
        network.arcs.push(Arc { from: dummy, to, capacity: UNLIMITED, cost: item.lost_sale_cost });
    }
    let flow = network.cheapest()?;
    let shipped = ends.iter().zip(&flow.flows).filter(|((from, to), quantity)| from != to && **quantity > 0);
    let transfers =
        shipped.map(|((from, to), quantity)| Transfer { from: *from, to: *to, quantity: *quantity });
    let short = flow.flows.iter().skip(of_shortage).sum();
    Ok(Transfers { transfers: transfers.collect(), short, cost: flow.cost, network, flow })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_surplus_goes_first_and_dear_ways_are_not_taken() {
        // Stores on a line at 0, 1, 5 and 50; a unit costs its distance, and a lost sale 10.
        let at = [0i64, 1, 5, 50];
        let item = Item { stock: &[8, 0, 2, 9], need: &[2, 4, 7, 0], lost_sale_cost: 10 };
        let best = transfers(item, |from, to| (at[from] - at[to]).abs()).expect("in range");
        let expected = [Transfer { from: 0, to: 1, quantity: 4 }, Transfer { from: 0, to: 2, quantity: 2 }];
        assert_eq!((best.transfers.as_slice(), best.short, best.cost), (expected.as_slice(), 3, 4 + 10 + 30));
        assert!(best.flow.faults(&best.network).is_empty());
    }

    #[test]
    fn nothing_to_do_costs_nothing() {
        let item = Item { stock: &[3, 3], need: &[1, 3], lost_sale_cost: 10 };
        let best = transfers(item, |_from, _to| 1).expect("in range");
        assert_eq!((best.transfers.len(), best.short, best.cost), (0, 0, 0));
    }
}
