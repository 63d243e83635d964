//! Undoing a recorded event: the same goods back the way they came, by new movements that name what they correct (R5).

use crate::command::Stamp;
use crate::decide::{Context, Notice};
use crate::ids::Seq;
use crate::movement::{Entry, Movement};
use crate::positions::Positions;
use crate::posting::{Goods, Leg, Legs, Override, Unposted};

/// What undoes an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// To be recorded in one transaction, in this order: the event's legs backwards.
    pub movements: Vec<Movement>,
    /// Accepted, but worth a look.
    pub notices: Vec<Notice>,
}

/// Why an event cannot be undone. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUndone {
    /// There is nothing to undo.
    #[error("the event has no movements")]
    Nothing,
    /// It was undone before.
    #[error("entry {0} was corrected already")]
    Already(Seq),
    /// A correction is not undone: that would hide what happened.
    #[error("entry {0} is a correction itself")]
    Correction(Seq),
    /// The goods are recorded as gone already (section 7), or the movements cannot be made.
    #[error("{0}")]
    Unposted(Unposted),
}

impl NotUndone {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing_to_undo",
            Self::Already(_) => "undone_already",
            Self::Correction(_) => "is_a_correction",
            Self::Unposted(unposted) => unposted.code(),
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Nothing => "look for the event by its device and device sequence",
            Self::Already(_) => "look at the item's history: it is right already",
            Self::Correction(_) => "record what happened anew",
            Self::Unposted(unposted) => unposted.hint(),
        }
    }
}

/// What undoes an event: all of its `entries`, given in their order, of which `corrected` knows which were corrected before.
/// Undoing a sale or another outflow only improves the record and is always possible; taking goods out of a place where they
/// were recorded needs them there, or a manager's override.
///
/// # Errors
/// [`NotUndone`], with the reason; then nothing is to be recorded.
pub fn undo(
    entries: &[Entry],
    corrected: impl Fn(Seq) -> bool,
    permit: Option<&Override>,
    stamp: &Stamp,
    context: Context<'_>,
    stock: &Positions,
) -> Result<Undone, NotUndone> {
    if entries.is_empty() {
        return Err(NotUndone::Nothing);
    }
    let mut legs = Legs::new(stamp, context, stock);
    // Backwards: goods that went through a place in several legs are there again when the leg before is undone.
    for Entry { seq, movement, .. } in entries.iter().rev() {
        if movement.corrects.is_some() {
            return Err(NotUndone::Correction(*seq));
        }
        if corrected(*seq) {
            return Err(NotUndone::Already(*seq));
        }
        let Movement { item, lot, serial, quantity, from, to, reason, document, .. } = *movement;
        let goods = Goods { item, lot, serial, quantity };
        let back = Leg { goods, from: to, to: from, reason, document, corrects: Some(*seq) };
        legs.plan(back, permit).map_err(NotUndone::Unposted)?;
    }
    let (movements, notices) = legs.finish();
    Ok(Undone { movements, notices })
}
