//! One tree: the leaf that gains most is split next, until there are enough.
#![expect(
    clippy::indexing_slicing,
    reason = "places are kept below the length of their list where they are made; bins are below 128"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bins and features fit their types by construction"
)]

use std::thread;

use serde::{Deserialize, Serialize};

use super::bins::{BINS, Bins};

/// A tree's structure. Missing values are in the lowest bin and so always go left.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tree {
    nodes: Vec<Node>,
    /// How many leaves it has.
    pub leaves: usize,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Node {
    feature: u16,
    /// Bins up to this one go left.
    bin: u8,
    left: Next,
    right: Next,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Next {
    Node(u32),
    Leaf(u32),
}

/// How far to grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) leaves: usize,
    pub(super) rows_min: usize,
    /// Added to a leaf's curvature, as a share of a row's mean curvature.
    pub(super) shrink: f64,
    pub(super) threads: usize,
}

/// A gradient in the upper half, a curvature in the lower one, so that one addition sums both. The lower half never borrows:
/// curvatures are not negative, and `ROWS_MAX` of them fit.
pub(super) type Packed = i64;
/// Gradients are rounded to at most this.
pub(super) const STEPS: f32 = 1023.0;
/// Rows for which sums stay within 32 bits.
pub(super) const ROWS_MAX: usize = 2_000_000;

type Histogram = Vec<[Packed; BINS]>;

struct Leaf {
    rows: std::ops::Range<usize>,
    histogram: Histogram,
    best: Option<Split>,
    /// Which node points at it, and on which side.
    parent: Option<(usize, bool)>,
}

#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    feature: usize,
    bin: usize,
}

/// Grows a tree over `rows`, which it sorts by leaf, and says where each leaf's rows are.
pub(super) fn grow(
    bins: &Bins,
    rows: &mut [u32],
    packed: &[Packed],
    features: &[bool],
    limits: &Limits,
) -> (Tree, Vec<std::ops::Range<usize>>) {
    let mut spare = vec![0u32; rows.len()];
    let histogram = histogram(bins, rows, packed, limits.threads);
    let total = sums(&histogram);
    let curvature = f64::from(low(total)) / rows.len().max(1) as f64;
    let search =
        Search { features, limits, ridge: limits.shrink * curvature, curvature: curvature.max(1e-9) };
    let best = search.best(&histogram);
    let mut leaves = vec![Leaf { rows: 0..rows.len(), histogram, best, parent: None }];
    let mut nodes: Vec<Node> = Vec::new();
    while leaves.len() < limits.leaves {
        let Some((place, split)) = most(&leaves) else { break };
        let range = leaves[place].rows.clone();
        let part = &mut rows[range.clone()];
        let left = partition(bins, part, &mut spare, split);
        let middle = range.start + left;
        // The smaller side is counted, the other is what remains.
        let smaller = if left * 2 <= range.len() { range.start..middle } else { middle..range.end };
        let small = crate::gbdt::grow::histogram(bins, &rows[smaller.clone()], packed, limits.threads);
        let mut large = std::mem::take(&mut leaves[place].histogram);
        for (all, some) in large.iter_mut().flatten().zip(small.iter().flatten()) {
            *all -= some;
        }
        let (left_histogram, right_histogram) =
            if smaller.start == range.start { (small, large) } else { (large, small) };
        let node = nodes.len();
        attach(&mut nodes, leaves[place].parent, Next::Node(node as u32));
        let (first, second) = (place as u32, leaves.len() as u32);
        nodes.push(Node {
            feature: split.feature as u16,
            bin: split.bin as u8,
            left: Next::Leaf(first),
            right: Next::Leaf(second),
        });
        let leaf = |rows, histogram: Histogram, side| {
            let best = search.best(&histogram);
            Leaf { rows, histogram, best, parent: Some((node, side)) }
        };
        leaves[place] = leaf(range.start..middle, left_histogram, true);
        leaves.push(leaf(middle..range.end, right_histogram, false));
    }
    let ranges: Vec<_> = leaves.into_iter().map(|leaf| leaf.rows).collect();
    (Tree { nodes, leaves: ranges.len() }, ranges)
}

fn attach(nodes: &mut [Node], parent: Option<(usize, bool)>, next: Next) {
    match parent {
        Some((node, true)) => nodes[node].left = next,
        Some((node, false)) => nodes[node].right = next,
        None => {}
    }
}

/// The leaf that gains most; the first of equals.
fn most(leaves: &[Leaf]) -> Option<(usize, Split)> {
    let mut found: Option<(usize, Split)> = None;
    for (place, leaf) in leaves.iter().enumerate() {
        if let Some(split) = leaf.best
            && found.is_none_or(|(_, best)| split.gain > best.gain)
        {
            found = Some((place, split));
        }
    }
    found
}

/// Moves rows that go left to the front, both sides in their order, and says how many they are.
fn partition(bins: &Bins, rows: &mut [u32], spare: &mut [u32], split: Split) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        let goes_left = usize::from(bins.values[row as usize * bins.width + split.feature]) <= split.bin;
        if goes_left {
            rows[left] = row;
            left += 1;
        } else {
            spare[right] = row;
            right += 1;
        }
    }
    rows[left..].copy_from_slice(&spare[..right]);
    left
}

/// Rows for which a second thread is worth starting.
const ROWS_A_THREAD: usize = 8_192;

fn histogram(bins: &Bins, rows: &[u32], packed: &[Packed], threads: usize) -> Histogram {
    let threads = threads.min(rows.len() / ROWS_A_THREAD).max(1);
    if threads == 1 {
        return part_of_histogram(bins, rows, packed);
    }
    let share = rows.len().div_ceil(threads);
    thread::scope(|scope| {
        let others: Vec<_> = rows
            .chunks(share)
            .map(|rows| scope.spawn(move || part_of_histogram(bins, rows, packed)))
            .collect();
        let mut sum = vec![[0; BINS]; bins.width];
        for other in others {
            // INVARIANT: the only panic in there is an index out of range, which would be one here as well.
            let Ok(part) = other.join() else { continue };
            for (all, some) in sum.iter_mut().flatten().zip(part.iter().flatten()) {
                *all += some;
            }
        }
        sum
    })
}

fn part_of_histogram(bins: &Bins, rows: &[u32], packed: &[Packed]) -> Histogram {
    let mut histogram = vec![[0; BINS]; bins.width];
    for row in rows {
        let value = packed[*row as usize];
        for (feature, bin) in histogram.iter_mut().zip(bins.row(*row as usize)) {
            feature[usize::from(*bin) & (BINS - 1)] += value;
        }
    }
    histogram
}

fn sums(histogram: &Histogram) -> Packed {
    histogram.first().map_or(0, |feature| feature.iter().sum())
}

const fn low(packed: Packed) -> u32 {
    (packed & 0xFFFF_FFFF) as u32
}

const fn high(packed: Packed) -> i32 {
    (packed >> 32) as i32
}

struct Search<'a> {
    features: &'a [bool],
    limits: &'a Limits,
    ridge: f64,
    /// Of a row, on average: turns a curvature into a number of rows.
    curvature: f64,
}

impl Search<'_> {
    fn best(&self, histogram: &Histogram) -> Option<Split> {
        let total = sums(histogram);
        let (all_gradient, all_curvature) = (f64::from(high(total)), f64::from(low(total)));
        let enough = self.limits.rows_min as f64 * self.curvature;
        if all_curvature < 2.0 * enough {
            return None;
        }
        let worth = |gradient: f64, curvature: f64| gradient * gradient / (curvature + self.ridge);
        let before = worth(all_gradient, all_curvature);
        let least = before.abs() * 1e-9 + 1e-9;
        let mut best: Option<Split> = None;
        for (feature, counts) in histogram.iter().enumerate().filter(|(feature, _)| self.features[*feature]) {
            let mut left = 0;
            for (bin, count) in counts.iter().enumerate().take(BINS - 1) {
                if *count == 0 {
                    continue;
                }
                left += count;
                let (gradient, curvature) = (f64::from(high(left)), f64::from(low(left)));
                let rest = all_curvature - curvature;
                if rest < enough {
                    break;
                }
                if curvature < enough {
                    continue;
                }
                let gain = worth(gradient, curvature) + worth(all_gradient - gradient, rest) - before;
                if gain > best.map_or(least, |best| best.gain) {
                    best = Some(Split { gain, feature, bin });
                }
            }
        }
        best
    }
}

// === impl Tree ===

impl Tree {
    /// The leaf that a row of bins falls into.
    #[must_use]
    pub fn leaf(&self, row: &[u8]) -> usize {
        let mut next = if self.nodes.is_empty() { Next::Leaf(0) } else { Next::Node(0) };
        loop {
            match next {
                Next::Leaf(leaf) => return leaf as usize,
                Next::Node(node) => {
                    let node = &self.nodes[node as usize];
                    next = if row[usize::from(node.feature)] <= node.bin { node.left } else { node.right };
                }
            }
        }
    }

    /// How often each feature is used.
    pub(super) fn count_features(&self, counts: &mut [u32]) {
        for node in &self.nodes {
            counts[usize::from(node.feature)] += 1;
        }
    }
}
