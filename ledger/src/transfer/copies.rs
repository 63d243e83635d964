//! A store's copy of a transfer follows the other store's: each has its own steps, and the copy that knows both sides' takes the
//! place of the one that does not.

use crate::transfer::document::{Extra, Fate, Row, Side, Transfer};
use crate::transfer::flow::State;

/// Why a copy from the other store is not taken over. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CopyRefused {
    /// It is another transfer, or its policy is another.
    #[error("the copy is of another transfer, or between other stores")]
    Other,
    /// Something was done here that the copy does not know.
    #[error("the copy does not know all that was done here")]
    Behind,
    /// It has goods that this store moved, which its ledger knows nothing of.
    #[error("the copy says that goods were moved here that this store's ledger does not know")]
    NotOurs,
}

impl CopyRefused {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Other => "other_document",
            Self::Behind => "copy_behind",
            Self::NotOurs => "copy_not_ours",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Other => "announce it under its own name",
            Self::Behind => "send this store's copy to the other store first, then take over what comes back",
            Self::NotOurs => "record the step here, where its movements belong",
        }
    }
}

impl Transfer {
    /// The other store's `copy` in place of this one, for the store on `side`: it must know all that was done here, and bring
    /// only what the other side does.
    ///
    /// # Errors
    /// [`CopyRefused`], with the reason.
    pub fn follow(&self, copy: &Self, side: Side) -> Result<Self, CopyRefused> {
        if copy.id != self.id || copy.lane != self.lane {
            return Err(CopyRefused::Other);
        }
        let mut theirs: Vec<Row> = copy.rows.clone();
        let mut is_news = false;
        for row in &self.rows {
            let same = theirs.iter().position(|other| is_later(row, other));
            let other = theirs.remove(same.ok_or(CopyRefused::Behind)?);
            if other.fate != row.fate {
                if self.done_by(other.fate) == side {
                    return Err(CopyRefused::NotOurs);
                }
                is_news = true;
            }
        }
        if theirs.iter().any(|row| self.done_by(row.fate) == side) {
            return Err(CopyRefused::NotOurs);
        }
        is_news |= !theirs.is_empty();
        if !is_news && rank(copy.state) < rank(self.state) {
            return Err(CopyRefused::Behind);
        }
        Ok(copy.clone())
    }

    /// In whose ledger the movement of a fate is.
    const fn done_by(&self, fate: Fate) -> Side {
        match fate {
            Fate::Picked
            | Fate::Dispatched
            | Fate::SenderError
            | Fate::Extra(Extra::Pending | Extra::Approved | Extra::Refused) => Side::Sender,
            Fate::Received | Fate::FoundAtReceiver | Fate::Extra(Extra::Noted | Extra::Returned) => {
                Side::Receiver
            }
            Fate::Lost | Fate::CarrierClaim => self.lane.owner,
        }
    }
}

/// Whether a row is another one, or what became of it since.
fn is_later(row: &Row, other: &Row) -> bool {
    let same = row.line == other.line && row.goods == other.goods && row.place == other.place;
    same && match (row.fate, other.fate) {
        (Fate::Extra(before), Fate::Extra(after)) => before == after || step_of(after) > step_of(before),
        (before, after) => before == after,
    }
}

const fn step_of(extra: Extra) -> u8 {
    match extra {
        Extra::Noted => 0,
        Extra::Pending => 1,
        Extra::Approved | Extra::Refused => 2,
        Extra::Returned => 3,
    }
}

const fn rank(state: State) -> u8 {
    match state {
        State::Requested => 0,
        State::Approved => 1,
        State::Picked => 2,
        State::Dispatched => 3,
        State::Receiving => 4,
        State::Short => 5,
        State::Closed | State::Rejected | State::Cancelled => 6,
    }
}
