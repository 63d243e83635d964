//! What is known of one AI, for programs that write or show data.

use super::{Line, Needs, Table};
use crate::ai::Ai;

/// What is known of an Application Identifier.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'d> {
    table: Table<'d>,
    line: &'d Line,
    ai: Ai,
}

impl<'d> Table<'d> {
    /// What is known of an AI, if it is one.
    pub(crate) fn facts(&self, ai: &str) -> Option<Facts<'d>> {
        let id = self.named(ai)?;
        Some(Facts { table: *self, line: self.line(id)?, ai: self.ai(id) })
    }
}

impl<'d> Facts<'d> {
    /// The AI.
    #[must_use]
    pub const fn ai(&self) -> Ai {
        self.ai
    }

    /// Its data title, as it stands on labels: `BATCH/LOT`. A few have none.
    #[must_use]
    pub fn title(&self) -> &'d str {
        self.table.title(self.line)
    }

    /// The fewest and the most characters of its value.
    #[must_use]
    pub const fn length(&self) -> (u8, u8) {
        (self.line.min, self.line.max)
    }

    /// Whether its value ends without FNC1.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        self.line.fixed
    }

    /// Whether it may be in the query of a Digital Link.
    #[must_use]
    pub const fn is_attribute(&self) -> bool {
        self.line.attribute
    }

    /// For a primary key of Digital Links: the alternatives of its qualifiers, each in their order.
    #[must_use]
    pub fn key_qualifiers(&self) -> Option<impl Iterator<Item = impl Iterator<Item = &'d str>>> {
        let key = self.table.key(self.line)?;
        let words = |text: &'d str| text.split([' ', ',']).filter(|word| !word.is_empty());
        Some(key.split('|').map(words))
    }

    /// What it needs beside it: all of these.
    pub fn needs(&self) -> impl Iterator<Item = Needs<'d>> + use<'d> {
        let (table, line) = (self.table, self.line);
        (0..table.rules(line)).map(move |rule| table.needs(line, rule))
    }

    /// The AIs that may not stand beside it.
    pub fn excludes(&self) -> impl Iterator<Item = Ai> + use<'d> {
        let (table, own) = (self.table, self.ai);
        let excluded = table.excluded(self.line).into_iter().flat_map(|set| *set);
        excluded.map(move |id| table.ai(id)).filter(move |ai| *ai != own)
    }
}
