//! What an AI may be in a GS1 Digital Link.

use crate::table::Table;

/// The place of an AI in a Digital Link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role<'d> {
    /// For an AI that can be the primary key: the sequences of AIs that may follow it, apart by `|`.
    key: Option<&'d str>,
    /// Whether it may stand in the query.
    pub(crate) attribute: bool,
    /// Whether its value ends without FNC1.
    pub(crate) fixed: bool,
}

/// AIs that may follow a primary key in this order, any of them left out. Sequences are not mixed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sequence<'d>(&'d str);

/// The role of an AI; nothing when there is no such AI.
pub(crate) fn of<'d>(table: &Table<'d>, ai: &str) -> Option<Role<'d>> {
    let line = table.named(ai).and_then(|id| table.line(id))?;
    Some(Role { key: table.key(line), attribute: line.attribute, fixed: line.fixed })
}

impl<'d> Role<'d> {
    pub(crate) fn is_key(&self) -> bool {
        self.key.is_some()
    }

    /// Of a primary key.
    pub(crate) fn sequences(&self) -> impl Iterator<Item = Sequence<'d>> + use<'d> {
        self.key.into_iter().flat_map(|key| key.split('|')).map(Sequence)
    }
}

impl<'d> Sequence<'d> {
    pub(crate) fn ais(self) -> impl Iterator<Item = &'d str> + Clone {
        self.0.split([' ', ',']).filter(|ai| !ai.is_empty())
    }
}
