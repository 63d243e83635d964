//! Min-cost flow in whole units: the primal network simplex on a strongly feasible spanning tree.
//!
//! Costs and quantities are integers, so the result is exact, and node prices that no arc can improve on prove it
//! ([`Flow::faults`]). Arcs are priced in blocks; the tree is kept as parent, first child and neighbours, and only the part that is
//! hung up elsewhere is walked again.
#![expect(
    clippy::indexing_slicing,
    reason = "all indices are node and arc numbers that `Network` checked or made itself, in loops that run a million times a second"
)]

/// A node's number.
pub type Node = u32;

/// An arc that goods can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arc {
    /// From here.
    pub from: Node,
    /// To there.
    pub to: Node,
    /// At most so much.
    pub capacity: i64,
    /// Per unit.
    pub cost: i64,
}

/// Supplies (below zero: needs) and arcs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// One a node; they must sum to zero.
    pub supplies: Vec<i64>,
    /// Any number, also between the same nodes.
    pub arcs: Vec<Arc>,
}

/// An optimal flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// One an arc.
    pub flows: Vec<i64>,
    /// One a node; they prove that the flow is the cheapest.
    pub prices: Vec<i64>,
    /// Sum of cost times flow.
    pub cost: i128,
    /// Changes of the tree that it took.
    pub pivots: u64,
}

/// A network without an optimal flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// More is supplied than needed, or less.
    #[error("supplies less needs are {sum}: add a node that takes or gives the difference")]
    Unbalanced {
        /// The difference.
        sum: i64,
    },
    /// An arc that leads from or to nowhere.
    #[error("arc {arc} names a node that is not there")]
    NoSuchNode {
        /// Which.
        arc: usize,
    },
    /// A capacity below zero, or a number too large.
    #[error("arc {arc} has a capacity below zero, or a cost beyond {COST_MAX}")]
    OutOfRange {
        /// Which.
        arc: usize,
    },
    /// The needs cannot be met.
    #[error("{short} units cannot reach where they are needed")]
    Infeasible {
        /// How many.
        short: i64,
    },
    /// Costs below zero along a circle without a limit.
    #[error("a circle of arcs without limit has a cost below zero")]
    Unbounded,
    /// Too many nodes or arcs to number.
    #[error("there are more than {} nodes or arcs", i32::MAX)]
    TooLarge,
}

/// Largest cost of a unit on an arc: sums along a path stay far from the end of the range.
pub const COST_MAX: i64 = 1 << 40;

/// A capacity that never binds.
pub const UNLIMITED: i64 = i64::MAX / 4;

const NONE: u32 = u32::MAX;

// === impl Network ===

impl Network {
    /// The cheapest flow that meets all needs.
    ///
    /// # Errors
    /// [`FlowError`].
    pub fn cheapest(&self) -> Result<Flow, FlowError> {
        self.check()?;
        let mut simplex = Simplex::new(self);
        while let Some(arc) = simplex.entering() {
            simplex.pivot(arc)?;
        }
        simplex.finish(self)
    }

    fn check(&self) -> Result<(), FlowError> {
        let most = (i32::MAX as usize) / 2;
        if self.supplies.len() >= most || self.arcs.len() >= most {
            return Err(FlowError::TooLarge);
        }
        let sum = self.supplies.iter().sum();
        if sum != 0 {
            return Err(FlowError::Unbalanced { sum });
        }
        for (index, arc) in self.arcs.iter().enumerate() {
            let there = |node: Node| (node as usize) < self.supplies.len();
            if !there(arc.from) || !there(arc.to) {
                return Err(FlowError::NoSuchNode { arc: index });
            }
            if arc.capacity < 0 || arc.cost.abs() > COST_MAX {
                return Err(FlowError::OutOfRange { arc: index });
            }
        }
        Ok(())
    }
}

// === impl Flow ===

impl Flow {
    /// What is wrong with this flow for a network: broken limits or balances, or an arc that would make it cheaper. Independent of
    /// how it was found; empty when it is proved to be the cheapest.
    #[must_use]
    pub fn faults(&self, network: &Network) -> Vec<String> {
        let mut faults = Vec::new();
        let mut left = network.supplies.clone();
        let mut cost = 0i128;
        if self.flows.len() != network.arcs.len() || self.prices.len() != network.supplies.len() {
            return vec!["the flow belongs to another network".to_owned()];
        }
        for (index, (arc, flow)) in network.arcs.iter().zip(&self.flows).enumerate() {
            let (from, to) = (arc.from as usize, arc.to as usize);
            if *flow < 0 || *flow > arc.capacity {
                faults.push(format!("arc {index} carries {flow} of {}", arc.capacity));
            }
            left[from] -= flow;
            left[to] += flow;
            cost += i128::from(*flow) * i128::from(arc.cost);
            let saves = arc.cost + self.prices[from] - self.prices[to];
            if (saves < 0 && *flow < arc.capacity) || (saves > 0 && *flow > 0) {
                faults.push(format!("arc {index} could make it cheaper by {} a unit", saves.abs()));
            }
        }
        let unbalanced = left.iter().filter(|left| **left != 0).count();
        if unbalanced > 0 {
            faults.push(format!("{unbalanced} nodes are not balanced"));
        }
        if cost != self.cost {
            faults.push(format!("the cost is {cost} and not {}", self.cost));
        }
        faults
    }
}

/// Where an arc stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Tree,
    Full,
}

impl State {
    const fn sign(self) -> i64 {
        match self {
            Self::Empty => 1,
            Self::Tree => 0,
            Self::Full => -1,
        }
    }
}

/// The arcs, those to the root behind the network's own, and the tree.
struct Simplex {
    from: Vec<u32>,
    to: Vec<u32>,
    cost: Vec<i64>,
    capacity: Vec<i64>,
    flow: Vec<i64>,
    state: Vec<State>,
    /// Arcs that may enter: the network's own.
    own: usize,
    next: usize,
    block: usize,
    price: Vec<i64>,
    parent: Vec<u32>,
    /// The arc to the parent, and whether it leads up.
    up_arc: Vec<u32>,
    leads_up: Vec<bool>,
    depth: Vec<u32>,
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    previous_sibling: Vec<u32>,
    stack: Vec<u32>,
    pivots: u64,
}

// === impl Simplex ===

impl Simplex {
    fn new(network: &Network) -> Self {
        let (nodes, own) = (network.supplies.len(), network.arcs.len());
        let root = index(nodes);
        let dearest = network.arcs.iter().map(|arc| arc.cost.abs()).max().unwrap_or(0);
        // Dearer than any path of real arcs.
        let to_root = (dearest + 1) * i64::try_from(nodes + 1).unwrap_or(i64::MAX >> 41);
        let mut simplex = Self {
            from: network.arcs.iter().map(|arc| arc.from).collect(),
            to: network.arcs.iter().map(|arc| arc.to).collect(),
            cost: network.arcs.iter().map(|arc| arc.cost).collect(),
            capacity: network.arcs.iter().map(|arc| arc.capacity.min(UNLIMITED)).collect(),
            flow: vec![0; own],
            state: vec![State::Empty; own],
            own,
            next: 0,
            block: own.isqrt().clamp(20, 4096),
            price: vec![0; nodes + 1],
            parent: vec![root; nodes + 1],
            up_arc: vec![NONE; nodes + 1],
            leads_up: vec![true; nodes + 1],
            depth: vec![1; nodes + 1],
            first_child: vec![NONE; nodes + 1],
            next_sibling: vec![NONE; nodes + 1],
            previous_sibling: vec![NONE; nodes + 1],
            stack: Vec::new(),
            pivots: 0,
        };
        simplex.parent[nodes] = NONE;
        simplex.depth[nodes] = 0;
        for (node, supply) in network.supplies.iter().enumerate() {
            simplex.hang_on_root(node, *supply, root, to_root);
        }
        simplex
    }

    /// The first tree: every node has an arc of its own to the root or from it.
    fn hang_on_root(&mut self, node: usize, supply: i64, root: u32, to_root: i64) {
        let up = supply >= 0;
        let (from, to) = if up { (index(node), root) } else { (root, index(node)) };
        self.up_arc[node] = index(self.from.len());
        self.leads_up[node] = up;
        self.from.push(from);
        self.to.push(to);
        // Only one of the directions costs, so that a path over the root costs once.
        self.cost.push(if up { 0 } else { to_root });
        self.price[node] = if up { 0 } else { to_root };
        self.capacity.push(UNLIMITED);
        self.flow.push(supply.abs());
        self.state.push(State::Tree);
        self.adopt(root, index(node));
    }

    /// The best arc of the first block that has one that saves.
    fn entering(&mut self) -> Option<usize> {
        let (mut best, mut saves, mut seen) = (None, 0, 0);
        while seen < self.own {
            let end = (self.next + self.block).min(self.own);
            for arc in self.next..end {
                let cost = self.state[arc].sign()
                    * (self.cost[arc] + self.price[self.from[arc] as usize]
                        - self.price[self.to[arc] as usize]);
                if cost < saves {
                    (best, saves) = (Some(arc), cost);
                }
            }
            seen += end - self.next;
            self.next = if end == self.own { 0 } else { end };
            if best.is_some() {
                return best;
            }
        }
        None
    }

    /// Sends as much as fits around the circle that `arc` closes, and changes the tree.
    fn pivot(&mut self, arc: usize) -> Result<(), FlowError> {
        self.pivots += 1;
        let (mut first, mut second) = (self.from[arc], self.to[arc]);
        if self.state[arc] == State::Full {
            std::mem::swap(&mut first, &mut second);
        }
        let join = self.join(first, second);
        let mut most = self.capacity[arc];
        let mut leaves = None;
        // Ties leave on the second side nearest the root, and on the first side nearest the arc: the tree stays strongly
        // feasible, so that no sequence of changes runs in a circle.
        let mut node = first;
        while node != join {
            let at = node as usize;
            let room = self.room(at, self.leads_up[at]);
            if room < most {
                (most, leaves) = (room, Some((node, true)));
            }
            node = self.parent[at];
        }
        let mut node = second;
        while node != join {
            let at = node as usize;
            let room = self.room(at, !self.leads_up[at]);
            if room <= most {
                (most, leaves) = (room, Some((node, false)));
            }
            node = self.parent[at];
        }
        if most >= UNLIMITED {
            return Err(FlowError::Unbounded);
        }
        self.send(arc, most, (first, second, join));
        let Some((out, on_first)) = leaves else {
            self.state[arc] = if self.state[arc] == State::Empty { State::Full } else { State::Empty };
            return Ok(());
        };
        let old = self.up_arc[out as usize] as usize;
        self.state[old] = if self.flow[old] == 0 { State::Empty } else { State::Full };
        self.state[arc] = State::Tree;
        let (hung, below) = if on_first { (first, second) } else { (second, first) };
        self.hang(out, hung, below, arc);
        Ok(())
    }

    /// How much more the arc above a node carries against (`against`) or along its direction.
    fn room(&self, node: usize, against: bool) -> i64 {
        let arc = self.up_arc[node] as usize;
        if against {
            self.flow[arc]
        } else if self.capacity[arc] >= UNLIMITED {
            UNLIMITED
        } else {
            self.capacity[arc] - self.flow[arc]
        }
    }

    fn join(&self, first: u32, second: u32) -> u32 {
        let (mut a, mut b) = (first, second);
        while a != b {
            let (deep_a, deep_b) = (self.depth[a as usize], self.depth[b as usize]);
            if deep_a >= deep_b {
                a = self.parent[a as usize];
            }
            if deep_b >= deep_a {
                b = self.parent[b as usize];
            }
        }
        a
    }

    fn send(&mut self, arc: usize, quantity: i64, (first, second, join): (u32, u32, u32)) {
        if quantity == 0 {
            return;
        }
        self.flow[arc] += self.state[arc].sign() * quantity;
        for (start, with) in [(first, -1), (second, 1)] {
            let mut node = start;
            while node != join {
                let at = node as usize;
                let sign = if self.leads_up[at] { with } else { -with };
                self.flow[self.up_arc[at] as usize] += sign * quantity;
                node = self.parent[at];
            }
        }
    }

    /// Cuts the tree above `out`, makes `hung` the top of the part below it, and hangs it on `below` by `arc`.
    fn hang(&mut self, out: u32, hung: u32, below: u32, arc: usize) {
        let (mut node, mut above, mut link) = (hung, below, index(arc));
        let mut up = self.from[arc] == hung;
        loop {
            let at = node as usize;
            let (old_parent, old_link, old_up) = (self.parent[at], self.up_arc[at], self.leads_up[at]);
            self.abandon(node);
            self.adopt(above, node);
            (self.up_arc[at], self.leads_up[at]) = (link, up);
            if node == out {
                break;
            }
            // The arc that led up from here leads up to here now, seen from the old parent.
            (above, node, link, up) = (node, old_parent, old_link, !old_up);
        }
        self.settle(hung);
    }

    /// Depths and prices of everything below a node that was hung up elsewhere.
    fn settle(&mut self, top: u32) {
        let at = top as usize;
        let above = self.parent[at] as usize;
        let arc = self.up_arc[at] as usize;
        let price = if self.leads_up[at] {
            self.price[above] - self.cost[arc]
        } else {
            self.price[above] + self.cost[arc]
        };
        let change = price - self.price[at];
        self.stack.clear();
        self.stack.push(top);
        while let Some(node) = self.stack.pop() {
            let at = node as usize;
            self.price[at] += change;
            self.depth[at] = self.depth[self.parent[at] as usize] + 1;
            let mut child = self.first_child[at];
            while child != NONE {
                self.stack.push(child);
                child = self.next_sibling[child as usize];
            }
        }
    }

    fn adopt(&mut self, parent: u32, child: u32) {
        let (above, at) = (parent as usize, child as usize);
        let next = self.first_child[above];
        self.parent[at] = parent;
        self.next_sibling[at] = next;
        self.previous_sibling[at] = NONE;
        if next != NONE {
            self.previous_sibling[next as usize] = child;
        }
        self.first_child[above] = child;
    }

    fn abandon(&mut self, child: u32) {
        let at = child as usize;
        let (previous, next) = (self.previous_sibling[at], self.next_sibling[at]);
        if previous == NONE {
            self.first_child[self.parent[at] as usize] = next;
        } else {
            self.next_sibling[previous as usize] = next;
        }
        if next != NONE {
            self.previous_sibling[next as usize] = previous;
        }
    }

    fn finish(mut self, network: &Network) -> Result<Flow, FlowError> {
        let short: i64 = self.flow.iter().skip(self.own).sum();
        if short > 0 {
            // A missing unit goes up to the root and down again.
            return Err(FlowError::Infeasible { short: (short + 1) / 2 });
        }
        self.flow.truncate(self.own);
        self.price.pop();
        let cost =
            network.arcs.iter().zip(&self.flow).map(|(arc, flow)| i128::from(arc.cost) * i128::from(*flow));
        Ok(Flow { cost: cost.sum(), flows: self.flow, prices: self.price, pivots: self.pivots })
    }
}

/// A node or arc number.
fn index(number: usize) -> u32 {
    // INVARIANT: `Network::check` allows less than 2^31 nodes and arcs in all.
    u32::try_from(number).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arc(from: Node, to: Node, capacity: i64, cost: i64) -> Arc {
        Arc { from, to, capacity, cost }
    }

    /// The least cost by trying all flows.
    fn by_enumeration(network: &Network) -> Option<i128> {
        fn descend(network: &Network, arc: usize, left: &mut [i64], cost: i128, best: &mut Option<i128>) {
            let Some(next) = network.arcs.get(arc) else {
                if left.iter().all(|left| *left == 0) && best.is_none_or(|best| cost < best) {
                    *best = Some(cost);
                }
                return;
            };
            for flow in 0..=next.capacity {
                left[next.from as usize] -= flow;
                left[next.to as usize] += flow;
                descend(network, arc + 1, left, cost + i128::from(flow * next.cost), best);
                left[next.from as usize] += flow;
                left[next.to as usize] -= flow;
            }
        }
        let mut best = None;
        descend(network, 0, &mut network.supplies.clone(), 0, &mut best);
        best
    }

    #[test]
    fn small_networks_equal_enumeration() {
        let mut state = 1u64;
        let mut draw = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((state >> 33) % most).expect("small")
        };
        let (mut solved, mut refused) = (0, 0);
        for _case in 0..300 {
            let nodes = 4;
            let mut supplies: Vec<i64> = (0..nodes - 1).map(|_node| draw(7) - 3).collect();
            supplies.push(-supplies.iter().sum::<i64>());
            let arcs = (0..8).map(|_arc| {
                let node = |value: i64| Node::try_from(value).expect("small");
                arc(node(draw(4)), node(draw(4)), draw(4), draw(12) - 3)
            });
            let network = Network { supplies, arcs: arcs.collect() };
            match (network.cheapest(), by_enumeration(&network)) {
                (Ok(flow), Some(best)) => {
                    assert_eq!(flow.cost, best, "{network:?}");
                    assert_eq!(flow.faults(&network), Vec::<String>::new(), "{network:?}");
                    solved += 1;
                }
                (Err(FlowError::Infeasible { .. }), None) => refused += 1,
                other => panic!("{other:?} for {network:?}"),
            }
        }
        assert!(solved > 20 && refused > 20, "{solved} {refused}");
    }

    #[test]
    fn a_dearer_flow_is_found_out() {
        let network = Network {
            supplies: vec![2, 0, -2],
            arcs: vec![arc(0, 2, 5, 9), arc(0, 1, 5, 1), arc(1, 2, 5, 1)],
        };
        let flow = network.cheapest().expect("a path");
        assert_eq!((flow.cost, flow.flows.as_slice()), (4, [0, 2, 2].as_slice()));
        let dear = Flow { flows: vec![2, 0, 0], cost: 18, ..flow.clone() };
        assert!(!dear.faults(&network).is_empty());
        let unbalanced = Flow { flows: vec![0, 2, 1], cost: 3, ..flow };
        assert!(!unbalanced.faults(&network).is_empty());
    }

    #[test]
    fn what_cannot_be_solved_is_named() {
        let two = |arcs: Vec<Arc>, supplies: [i64; 2]| {
            Network { supplies: supplies.to_vec(), arcs }.cheapest().err()
        };
        assert_eq!(two(vec![], [1, 0]), Some(FlowError::Unbalanced { sum: 1 }));
        assert_eq!(two(vec![arc(0, 5, 1, 1)], [0, 0]), Some(FlowError::NoSuchNode { arc: 0 }));
        assert_eq!(two(vec![arc(0, 1, -1, 1)], [0, 0]), Some(FlowError::OutOfRange { arc: 0 }));
        assert_eq!(two(vec![arc(0, 1, 1, 1)], [3, -3]), Some(FlowError::Infeasible { short: 2 }));
        let circle = vec![arc(0, 1, UNLIMITED, -1), arc(1, 0, UNLIMITED, 0)];
        assert_eq!(two(circle, [0, 0]), Some(FlowError::Unbounded));
    }
}
