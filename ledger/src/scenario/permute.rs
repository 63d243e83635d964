//! Other orders of arrival (R10): the same facts posted in another order must give the same answers.
//!
//! What a decision recorded is a fact, whatever arrives later; so facts are permuted, not decisions. Facts of one document
//! keep their order among themselves (nobody approves a count before it exists), as do a line and what undoes it; facts
//! of lines marked `fixed` keep their place. A repeat or a conflict is no fact. A question is answered with the facts above it, in
//! the order tried; questions that say `known at` are about one arrival and are left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book::{Book, Fact};
use super::desk::{Desk, View};
use super::grammar::Does;
use super::line::Line;
use super::problem::Problem;
use super::run::{Answered, Asked, Ran};

/// What trying orders of arrival showed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Permuted {
    /// How many orders were tried.
    pub orders: u64,
    /// How many there are; `None` when that is beyond counting.
    pub possible: Option<u64>,
    /// The first question with another answer, and the order that gave it, by lines of the file.
    pub differs: Option<Differs>,
}

/// A question whose answer depends on the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Differs {
    /// The question, with the answer that the order gave; expected is the answer in the order of the file.
    pub question: Answered,
    /// The lines of the file, in the order tried.
    pub order: Vec<usize>,
}

/// Tries `orders` orders, or every one when there are not more.
pub(crate) fn permute(ran: &Ran<'_>, orders: u64, seed: u64) -> Result<Permuted, Problem> {
    let facts = &ran.desk.facts;
    let groups = groups(facts);
    let possible = possible(&groups);
    let every = possible.is_some_and(|possible| possible <= orders);
    let asked: Vec<(Asked<'_>, String)> = baseline(ran)?;
    let mut dice = Dice(seed);
    let mut labels: Vec<usize> = groups.iter().copied().flatten().collect();
    labels.sort_unstable();
    let mut tried = 0u64;
    while tried < orders {
        if !every {
            dice.shuffle(&mut labels);
        }
        let order = arrange(&groups, &labels);
        tried = tried.saturating_add(1);
        if let Some(question) = differing(&ran.desk, facts, &order, &asked)? {
            let order = order.iter().filter_map(|at| facts.get(*at)).map(|fact| fact.line).collect();
            return Ok(Permuted { orders: tried, possible, differs: Some(Differs { question, order }) });
        }
        if every && !next_arrangement(&mut labels) {
            break;
        }
    }
    Ok(Permuted { orders: tried, possible, differs: None })
}

/// The questions that do not name a moment of knowledge, with their answers in the order of the file.
fn baseline<'p>(ran: &Ran<'p>) -> Result<Vec<(Asked<'p>, String)>, Problem> {
    let answers = ran.run.answers.iter().map(|answered| answered.answer.clone());
    let both = ran.asked.iter().copied().zip(answers);
    // A move between lots is posted when the store learns of it, so a lot at an earlier moment is about the arrival too.
    let about_arrival = |line: &Line| {
        let args = &line.args;
        args.flag("known at") || (args.flag("as of") && args.flag("lot"))
    };
    Ok(both.filter(|(asked, _)| !about_arrival(asked.line)).collect())
}

/// Posts the facts in an order and compares every answer. A question in the middle of the file sees the facts above it.
fn differing(
    desk: &Desk,
    facts: &[Fact],
    order: &[usize],
    asked: &[(Asked<'_>, String)],
) -> Result<Option<Answered>, Problem> {
    let mut book: Option<(usize, Book)> = None;
    for (asked, expected) in asked {
        let Does::Ask(ask) = asked.line.verb.does else { continue };
        if book.as_ref().is_none_or(|(facts, _)| *facts != asked.facts) {
            let mut fresh = Book::new(Arc::clone(&desk.setup));
            for fact in order.iter().filter(|at| **at < asked.facts).filter_map(|at| facts.get(*at)) {
                let posted = fresh.post(fact);
                posted.map_err(|error| Problem::new(fact.line, 1, error, "check the quantities"))?;
            }
            book = Some((asked.facts, fresh));
        }
        let Some((_, book)) = &book else { continue };
        let answer = ask(&View { book, desk }, asked.line)?.to_string();
        if answer != *expected {
            return Ok(Some(Answered {
                line: asked.line.number(),
                question: asked.line.said.clone(),
                answer,
                expected: Some(expected.clone()),
                agrees: Some(false),
            }));
        }
    }
    Ok(None)
}

/// The group of each fact; facts of one group keep their order. `None` for a fact that keeps its place.
fn groups(facts: &[Fact]) -> Vec<Option<usize>> {
    let mut of_chain: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<usize> = Vec::new();
    for (at, fact) in facts.iter().enumerate() {
        let joined: Vec<usize> =
            fact.chains.iter().filter_map(|chain| of_chain.get(chain.as_str()).copied()).collect();
        let group = joined.iter().copied().min().unwrap_or(at);
        for other in groups.iter_mut().filter(|other| joined.contains(other)) {
            *other = group;
        }
        for other in of_chain.values_mut().filter(|other| joined.contains(other)) {
            *other = group;
        }
        of_chain.extend(fact.chains.iter().map(|chain| (chain.as_str(), group)));
        groups.push(group);
    }
    groups.into_iter().zip(facts).map(|(group, fact)| (!fact.fixed).then_some(group)).collect()
}

/// How many arrangements there are: n! over the factorials of the groups' sizes.
fn possible(groups: &[Option<usize>]) -> Option<u64> {
    let mut count = 1u64;
    let mut placed = 0u64;
    let mut sizes: BTreeMap<usize, u64> = BTreeMap::new();
    for group in groups.iter().flatten() {
        placed = placed.checked_add(1)?;
        let size = sizes.entry(*group).or_default();
        *size = size.checked_add(1)?;
        // The product of two binomial steps is whole after each division.
        let product = u128::from(count).checked_mul(u128::from(placed))?.checked_div(u128::from(*size))?;
        count = u64::try_from(product).ok()?;
    }
    Some(count)
}

/// Facts by an arrangement of their groups: each group gives its next fact; fixed facts stay where they are.
fn arrange(groups: &[Option<usize>], labels: &[usize]) -> Vec<usize> {
    let mut members: BTreeMap<usize, std::collections::VecDeque<usize>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate() {
        if let Some(group) = group {
            members.entry(*group).or_default().push_back(at);
        }
    }
    let mut next =
        labels.iter().filter_map(|label| members.get_mut(label)?.pop_front()).collect::<Vec<_>>().into_iter();
    groups
        .iter()
        .enumerate()
        .filter_map(|(at, group)| if group.is_some() { next.next() } else { Some(at) })
        .collect()
}

/// The next arrangement in lexicographic order; `false` after the last.
fn next_arrangement(labels: &mut [usize]) -> bool {
    let ascending = labels.windows(2).rposition(|pair| matches!(pair, [a, b] if a < b));
    let Some(pivot) = ascending else { return false };
    let Some(value) = labels.get(pivot).copied() else { return false };
    if let Some(larger) = labels.iter().rposition(|label| *label > value) {
        labels.swap(pivot, larger);
    }
    if let Some(tail) = labels.get_mut(pivot.saturating_add(1)..) {
        tail.reverse();
    }
    true
}

/// SplitMix64: enough for shuffling, the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(mixed.checked_rem(bound).unwrap_or_default()).unwrap_or_default()
    }

    fn shuffle(&mut self, labels: &mut [usize]) {
        for last in (1..labels.len()).rev() {
            labels.swap(last, self.below(last.saturating_add(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrangement_comes_once_and_groups_keep_their_order() {
        let groups = [Some(0), Some(1), Some(0), None, Some(4)];
        assert_eq!(possible(&groups), Some(12));
        let mut labels = vec![0, 0, 1, 4];
        let mut seen = Vec::new();
        loop {
            let order = arrange(&groups, &labels);
            assert_eq!(order[3], 3);
            let place = |fact| order.iter().position(|at| *at == fact);
            assert!(place(0) < place(2));
            seen.push(order);
            if !next_arrangement(&mut labels) {
                break;
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 12);
    }

    #[test]
    fn shuffles_reach_every_place_and_repeat_with_their_seed() {
        let mut dice = Dice(7);
        let mut first = [0usize; 5];
        for _ in 0..500 {
            let mut labels = [0, 1, 2, 3, 4];
            dice.shuffle(&mut labels);
            first[labels[0]] += 1;
        }
        assert!(first.iter().all(|times| *times > 50), "{first:?}");
        let (mut a, mut b) = ((0..9).collect::<Vec<_>>(), (0..9).collect::<Vec<_>>());
        Dice(1).shuffle(&mut a);
        Dice(1).shuffle(&mut b);
        assert_eq!(a, b);
    }
}
