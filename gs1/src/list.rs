//! A list in place, for a crate that does not allocate.

use core::fmt;

use crate::work::step;

/// How many values have their place from the first one on.
const FIRST: usize = 8;

/// At most `FIRST + MORE` values, in the order they came. Places are made when they are needed, so that an empty list costs
/// nothing and a short one little.
#[derive(Clone)]
pub(crate) struct List<T, const MORE: usize> {
    first: Option<[T; FIRST]>,
    more: Option<[T; MORE]>,
    count: usize,
}

impl<T: Copy + Default, const MORE: usize> List<T, MORE> {
    pub(crate) const MAX: usize = FIRST + MORE;

    pub(crate) const fn new() -> Self {
        Self { first: None, more: None, count: 0 }
    }

    /// Whether there was room.
    pub(crate) fn push(&mut self, item: T) -> bool {
        let place = match self.count.checked_sub(FIRST) {
            None => self.first.get_or_insert_with(|| [T::default(); FIRST]).get_mut(self.count),
            Some(place) if place < MORE => {
                self.more.get_or_insert_with(|| [T::default(); MORE]).get_mut(place)
            }
            Some(_) => None,
        };
        match place {
            Some(place) => {
                *place = item;
                self.count += 1;
                true
            }
            None => false,
        }
    }

    /// The same values, where they are few.
    pub(crate) fn short(&self) -> Option<Self> {
        self.more.is_none().then_some(Self { first: self.first, more: None, count: self.count })
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }
}

impl<T, const MORE: usize> List<T, MORE> {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        step!(self.count);
        self.first.iter().flatten().chain(self.more.iter().flatten()).take(self.count)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        step!(self.count);
        self.first.iter_mut().flatten().chain(self.more.iter_mut().flatten()).take(self.count)
    }
}

impl<T, const MORE: usize> List<T, MORE> {
    pub(crate) fn into_items(self) -> impl Iterator<Item = T> {
        self.first.into_iter().flatten().chain(self.more.into_iter().flatten()).take(self.count)
    }
}

impl<T: fmt::Debug, const MORE: usize> fmt::Debug for List<T, MORE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
