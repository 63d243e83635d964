//! What the AIs of a message have to do with each other: exclusions, partners, repeats.

use crate::list::List;
use crate::problem::{Class, Flaw, Note};
use crate::reading::Slot;
use crate::span::Span;
use crate::table::{RowId, Set, Table};

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

/// Whether there is nothing to be said of these AIs. What is asked of every scan is asked in the order of the message,
/// without a look for who is at fault: that is what the others are for.
pub(crate) fn are_at_peace<'s>(
    table: &Table<'_>,
    present: &Set,
    slots: impl Iterator<Item = &'s Slot>,
    requisites: bool,
) -> bool {
    for slot in slots {
        let Some((ai, line)) = table.row(slot.row) else { return false };
        let quarrels = table.excluded(line).is_some_and(|set| set.meets_besides(present, slot.row));
        if quarrels || (requisites && !table.is_content(line, present)) || ai == SIGNATURE {
            return false;
        }
    }
    true
}

/// The AI of a digital signature.
const SIGNATURE: &[u8; 4] = b"8030";

/// Pairs that may not stand together; each is named once. The one whose facts say so is at fault, the lexically first one
/// when both do.
pub(crate) fn contradictions(
    table: &Table<'_>,
    present: &Set,
    elements: &impl Elements,
    report: &mut impl FnMut(Flaw),
) {
    for id in *present {
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
            report(flaw(table, Class::Mutex, id, elements, Note::With(other)));
        }
    }
}

/// AIs that miss a partner.
pub(crate) fn missing(
    table: &Table<'_>,
    present: &Set,
    elements: &impl Elements,
    gtin_is_symbol: bool,
    report: &mut impl FnMut(Flaw),
) {
    let mut there = *present;
    // A number that is the whole symbol stands for AI 01: its composite needs no other.
    if gtin_is_symbol && let Some(id) = table.named("01") {
        there.insert(id);
    }
    for id in *present {
        let Some(line) = table.line(id) else { continue };
        for rule in table.unmet(line, &there) {
            report(flaw(table, Class::Requisite, id, elements, Note::Needs(id, rule)));
        }
    }
}

/// Beside a digital signature (AI 8030), keys whose serial number may be left out must have it.
pub(crate) fn unsigned(
    table: &Table<'_>,
    present: &Set,
    elements: &impl Elements,
    report: &mut impl FnMut(Flaw),
) {
    if !table.named("8030").is_some_and(|id| present.has(id)) {
        return;
    }
    for id in
        ["253", "255", "8003"].into_iter().filter_map(|ai| table.named(ai)).filter(|id| present.has(*id))
    {
        let shortest = table.line(id).map(|line| usize::from(line.min));
        if elements.first(id).map(|slot| slot.span.length()) == shortest {
            report(flaw(table, Class::DigsigSerial, id, elements, Note::Nothing));
        }
    }
}

fn flaw(table: &Table<'_>, class: Class, id: RowId, elements: &impl Elements, note: Note) -> Flaw {
    let span = elements.first(id).map_or_else(Span::default, |slot| slot.span);
    Flaw { class, ai: table.ai(id), span, value: span, note }
}
