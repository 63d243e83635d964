//! What the AIs of a message have to do with each other: exclusions, partners, repeats.

use crate::list::List;
use crate::problem::{Class, Flaw, Note};
use crate::reading::{Flaws, Slot};
use crate::span::Span;
use crate::table::{Line, RowId, Set, Table};
use crate::work::step;

/// The AIs of one symbol, or of several of one label, and where to find them.
pub(crate) trait Elements {
    /// The first one of an AI.
    fn first(&self, id: RowId) -> Option<Slot>;
}

impl<const MORE: usize> Elements for List<Slot, MORE> {
    fn first(&self, id: RowId) -> Option<Slot> {
        self.iter().find(|slot| slot.row == id).copied()
    }
}

/// The AIs of a message as they come, and whether there may be something to say of them: so that a message in which all is
/// well, with its key in front, is not gone through again.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) present: Set,
    /// What an AI that is there excludes.
    unwelcome: Set,
    /// An AI missed a partner when it came, or is a digital signature.
    waiting: bool,
}

impl Company {
    pub(crate) const fn new() -> Self {
        Self { present: Set::EMPTY, unwelcome: Set::EMPTY, waiting: false }
    }

    /// Whether it was not there.
    pub(crate) fn join(&mut self, table: &Table<'_>, id: RowId, line: &Line, requisites: bool) -> bool {
        let new = self.present.insert(id);
        if let Some(excluded) = table.excluded(line) {
            self.unwelcome.add_without(excluded, id);
        }
        self.waiting |= line.signs || (requisites && !table.is_content(line, &self.present));
        new
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_at_peace(&self) -> bool {
        !self.waiting && !self.unwelcome.meets(&self.present)
    }
}

/// Pairs that may not stand together; each is named once. The one whose facts say so is at fault, the lexically first one
/// when both do.
pub(crate) fn contradictions(table: &Table<'_>, present: &Set, elements: &impl Elements, flaws: &mut Flaws) {
    for id in *present {
        step!(1);
        let Some(excluded) = table.line(id).and_then(|line| table.excluded(line)) else { continue };
        // Another row may say the same of this one: reported when it was its turn.
        let says_too = |other: RowId| {
            other < id
                && table.line(other).and_then(|line| table.excluded(line)).is_some_and(|set| set.has(id))
        };
        if !excluded.meets(present) {
            continue;
        }
        for other in excluded.both_without(present, id).filter(|other| !says_too(*other)) {
            flaws.push(flaw(table, Class::Mutex, id, elements, Note::With(other)));
        }
    }
}

/// AIs that miss a partner. `numbers` are those for which a symbol stands that is a number: its composite needs no other.
pub(crate) fn missing(
    table: &Table<'_>,
    present: &Set,
    elements: &impl Elements,
    numbers: impl Iterator<Item = RowId>,
    flaws: &mut Flaws,
) {
    let mut there = *present;
    for id in numbers {
        there.insert(id);
    }
    for id in *present {
        step!(1);
        let Some(line) = table.line(id) else { continue };
        for rule in table.unmet(line, &there) {
            flaws.push(flaw(table, Class::Requisite, id, elements, Note::Needs(id, rule)));
        }
    }
}

/// Beside a digital signature (AI 8030), keys whose serial number may be left out must have it. `length` is that of the first
/// value of an AI, which need not be as long as it was written.
pub(crate) fn unsigned(
    table: &Table<'_>,
    present: &Set,
    elements: &impl Elements,
    length: impl Fn(RowId) -> Option<usize>,
    flaws: &mut Flaws,
) {
    if !table.named("8030").is_some_and(|id| present.has(id)) {
        return;
    }
    for id in
        ["253", "255", "8003"].into_iter().filter_map(|ai| table.named(ai)).filter(|id| present.has(*id))
    {
        let shortest = table.line(id).map(|line| usize::from(line.min));
        if length(id) == shortest {
            flaws.push(flaw(table, Class::DigsigSerial, id, elements, Note::Nothing));
        }
    }
}

fn flaw(table: &Table<'_>, class: Class, id: RowId, elements: &impl Elements, note: Note) -> Flaw {
    let span = elements.first(id).map_or_else(Span::default, |slot| slot.span);
    Flaw { class, ai: table.ai(id), span, value: span, note }
}
