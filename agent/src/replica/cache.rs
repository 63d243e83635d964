//! The positions of the items moved of late, so that most events read nothing from the disk.

use std::collections::HashMap;

use ledger::{Gtin, Positions};
use rusqlite::Statement;

use super::row::{self, Fault};

/// Items in each of the two generations; an item stays for at least this many others after it was last asked for.
const GENERATION: usize = 2_048;

/// Two generations of items: who is not asked for while a generation fills is forgotten with the next.
#[derive(Debug, Default)]
pub(super) struct PositionCache {
    young: HashMap<Gtin, Positions>,
    old: HashMap<Gtin, Positions>,
}

impl PositionCache {
    /// The positions of an item, from memory or read by `positions_of`.
    pub(super) fn of(
        &mut self,
        item: Gtin,
        positions_of: &mut Statement<'_>,
    ) -> Result<&mut Positions, Fault> {
        if !self.young.contains_key(&item) {
            let positions = match self.old.remove(&item) {
                Some(positions) => positions,
                None => read(item, positions_of)?,
            };
            if self.young.len() >= GENERATION {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(item, positions);
        }
        Ok(self.young.entry(item).or_default())
    }
}

/// Reads the positions of an item.
pub(super) fn read(item: Gtin, positions_of: &mut Statement<'_>) -> Result<Positions, Fault> {
    let mut positions = Positions::default();
    let mut rows = positions_of.query([item.as_u64().cast_signed()])?;
    while let Some(found) = rows.next()? {
        let (key, balance, _seq) = row::read_position(found)?;
        positions.load(key, balance);
    }
    Ok(positions)
}
