//! What else must be on a label.

use core::fmt;

/// What an AI needs beside it, in this symbol or another of the label: one of several groups of AIs.
///
/// Shown, groups are apart by commas, the AIs of a group by `+`, and `n` is any digit: `01+21,02,35nn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Needs<'d>(&'d str);

impl<'d> Needs<'d> {
    pub(super) const fn new(text: &'d str) -> Self {
        Self(text)
    }

    /// The groups, any one of which will do; each as its AIs, all of which must be there.
    pub fn groups(self) -> impl Iterator<Item = impl Iterator<Item = &'d str>> {
        self.0.split([' ', ',']).map(|group| group.split('+'))
    }
}

impl fmt::Display for Needs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, group) in self.0.split([' ', ',']).enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(group)?;
        }
        Ok(())
    }
}
