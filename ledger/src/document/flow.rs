//! The one table of a kind of document: from which state which step leads where.

use std::fmt;

/// A state or a step: something with a word for people, files and the API.
pub trait Word: Copy + Eq + 'static {
    /// The word, in snake case; never reused for something else.
    fn word(self) -> &'static str;
}

/// The states and allowed steps of one kind of document. What is not in the table is not allowed.
#[derive(Debug, Clone, Copy)]
pub struct Flow<S: 'static, T: 'static> {
    kind: &'static str,
    table: &'static [(S, T, S)],
}

/// A step was refused: the document is in a state that does not allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotAllowed {
    /// The kind of document, such as `transfer`.
    pub kind: &'static str,
    /// Its state.
    pub state: &'static str,
    /// The step asked for.
    pub step: &'static str,
    /// The steps that its state allows.
    pub allowed: Vec<&'static str>,
}

impl<S: Word, T: Word> Flow<S, T> {
    /// A flow of a `kind` of document.
    #[must_use]
    pub const fn new(kind: &'static str, table: &'static [(S, T, S)]) -> Self {
        Self { kind, table }
    }

    /// The state after a step.
    ///
    /// # Errors
    /// [`NotAllowed`] when the table has no such step from that state.
    pub fn after(&self, state: S, step: T) -> Result<S, NotAllowed> {
        let found = self.table.iter().find(|(from, by, _)| *from == state && *by == step);
        found.map(|(_, _, to)| *to).ok_or_else(|| NotAllowed {
            kind: self.kind,
            state: state.word(),
            step: step.word(),
            allowed: self.allowed(state).map(Word::word).collect(),
        })
    }

    /// The steps that a state allows, in the table's order.
    pub fn allowed(&self, state: S) -> impl Iterator<Item = T> {
        self.table.iter().filter(move |(from, _, _)| *from == state).map(|(_, by, _)| *by)
    }

    /// Whether no step leads out of a state.
    #[must_use]
    pub fn is_end(&self, state: S) -> bool {
        self.allowed(state).next().is_none()
    }

    /// The whole table, for documentation and for tests.
    #[must_use]
    pub const fn table(&self) -> &'static [(S, T, S)] {
        self.table
    }
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} that is {} does not take `{}`: ", self.kind, self.state, self.step)?;
        if self.allowed.is_empty() {
            f.write_str("it is closed")
        } else {
            write!(f, "it takes `{}`", self.allowed.join("`, `"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Door {
        Open,
        Shut,
        Gone,
    }

    impl Word for Door {
        fn word(self) -> &'static str {
            match self {
                Self::Open => "open",
                Self::Shut => "shut",
                Self::Gone => "gone",
            }
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Push {
        Close,
        Remove,
    }

    impl Word for Push {
        fn word(self) -> &'static str {
            match self {
                Self::Close => "close",
                Self::Remove => "remove",
            }
        }
    }

    const DOORS: Flow<Door, Push> = Flow::new(
        "door",
        &[
            (Door::Open, Push::Close, Door::Shut),
            (Door::Open, Push::Remove, Door::Gone),
            (Door::Shut, Push::Remove, Door::Gone),
        ],
    );

    #[test]
    fn what_the_table_does_not_have_is_refused_with_what_it_has() {
        assert_eq!(DOORS.after(Door::Open, Push::Close), Ok(Door::Shut));
        let refused = DOORS.after(Door::Shut, Push::Close).unwrap_err();
        assert_eq!(refused.to_string(), "a door that is shut does not take `close`: it takes `remove`");
        let refused = DOORS.after(Door::Gone, Push::Close).unwrap_err();
        assert_eq!(refused.to_string(), "a door that is gone does not take `close`: it is closed");
        assert!(DOORS.is_end(Door::Gone) && !DOORS.is_end(Door::Open));
    }
}
