//! The book: what a set of facts adds up to, whatever the order in which they are posted (R10).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::setup::{Setup, StoreScope};
use crate::ids::StoreId;
use crate::movement::Movement;
use crate::positions::{Overflow, Positions};
use crate::time::Timestamp;

/// What one accepted line recorded.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// The line of the file.
    pub(crate) line: usize,
    pub(crate) store: StoreId,
    pub(crate) movements: Vec<(StoreId, Movement)>,
    /// Facts that share one of these keep their order among themselves when orders are tried.
    pub(crate) chains: Vec<String>,
    /// Whether it keeps its place when orders are tried.
    pub(crate) fixed: bool,
}

/// A movement in the ledger of a store.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) store: StoreId,
    pub(crate) movement: Movement,
}

/// A set of facts, and what it adds up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    pub(crate) setup: Arc<Setup>,
    movements: Vec<Posted>,
    positions: BTreeMap<StoreId, Positions>,
}

/// The moment that a question looks at, and what was known then (R17).
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf {
    /// Only what happened until then.
    pub(crate) happened: Option<Timestamp>,
    /// Only what the store had recorded by then.
    pub(crate) known: Option<Timestamp>,
}

impl Book {
    /// A book without facts.
    pub(crate) fn new(setup: Arc<Setup>) -> Self {
        Self { setup, ..Self::default() }
    }

    /// Adds one fact.
    pub(crate) fn post(&mut self, fact: &Fact) -> Result<(), Overflow> {
        for (store, movement) in &fact.movements {
            self.positions.entry(*store).or_default().apply(movement)?;
            self.movements.push(Posted { store: *store, movement: movement.clone() });
        }
        Ok(())
    }

    /// The positions of a store now.
    pub(crate) fn positions(&self, store: StoreId) -> Positions {
        self.positions.get(&store).cloned().unwrap_or_default()
    }

    /// The movements of some stores up to a moment, in the order for derivations (R8).
    pub(crate) fn movements(&self, scope: StoreScope, as_of: AsOf) -> Vec<&Posted> {
        let mut found: Vec<&Posted> = self
            .movements
            .iter()
            .filter(|posted| scope == StoreScope::All || scope == StoreScope::One(posted.store))
            .filter(|posted| as_of.happened.is_none_or(|at| posted.movement.occurred_at <= at))
            .filter(|posted| as_of.known.is_none_or(|at| posted.movement.recorded_at <= at))
            .collect();
        found.sort_by(|a, b| {
            let key = |posted: &Posted| (posted.movement.occurred_at, posted.movement.source);
            key(a).cmp(&key(b)).then_with(|| a.store.cmp(&b.store))
        });
        found
    }
}

impl AsOf {
    /// Everything.
    pub(crate) const NOW: Self = Self { happened: None, known: None };
}
