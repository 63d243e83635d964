//! The places that one counted number covers.

use std::fmt;

use crate::account::Account;

/// A set of places inside the store; never empty. One number, so that asking costs nothing in the pass over movements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountAreaSet"))]
#[serde(try_from = "Vec<Account>", into = "Vec<Account>")]
pub struct AreaSet(u32);

/// A set of places was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AreaSetError {
    /// No place was named.
    #[error("no place is named: a count covers at least one, such as `floor`")]
    Empty,
    /// A place that is not inside the store cannot be counted.
    #[error("`{0}` cannot be counted: name places inside the store, such as `floor` or `backroom`")]
    NotInStore(String),
}

impl AreaSet {
    /// The set of one place.
    ///
    /// # Errors
    /// [`AreaSetError`] when the place is not inside the store.
    pub fn one(place: Account) -> Result<Self, AreaSetError> {
        Ok(Self(bit(&place).ok_or_else(|| AreaSetError::NotInStore(place.to_string()))?))
    }

    /// The set of some places.
    ///
    /// # Errors
    /// [`AreaSetError`] when there is none, or one is not inside the store.
    pub fn of(places: &[Account]) -> Result<Self, AreaSetError> {
        let sets = places.iter().map(|place| Self::one(*place));
        sets.reduce(|all, next| Ok(all?.and(next?))).unwrap_or(Err(AreaSetError::Empty))
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a place is in the set; virtual accounts never are.
    #[must_use]
    pub fn contains(self, place: &Account) -> bool {
        bit(place).is_some_and(|bit| self.0 & bit != 0)
    }

    /// The places, in the order of their codes.
    pub fn places(self) -> impl Iterator<Item = Account> {
        (0..u8::try_from(u32::BITS).unwrap_or(u8::MAX))
            .filter_map(|code| Account::from_code(code, None))
            .filter(move |place| self.contains(place))
    }
}

/// Codes of places inside the store are below 20, and each account has its own.
fn bit(place: &Account) -> Option<u32> {
    if place.is_physical() { 1u32.checked_shl(u32::from(place.code())) } else { None }
}

impl TryFrom<Vec<Account>> for AreaSet {
    type Error = AreaSetError;
    fn try_from(places: Vec<Account>) -> Result<Self, AreaSetError> {
        Self::of(&places)
    }
}

impl From<AreaSet> for Vec<Account> {
    fn from(set: AreaSet) -> Self {
        set.places().collect()
    }
}

impl fmt::Display for AreaSet {
    /// `sellable/floor+sellable/backroom`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for place in self.places() {
            write!(f, "{between}{place}")?;
            between = "+";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Area;

    #[test]
    fn a_set_has_the_places_it_was_made_of() {
        let all: Vec<Account> = (0..=u8::MAX).filter_map(|code| Account::from_code(code, None)).collect();
        let (inside, beyond): (Vec<Account>, Vec<Account>) = all.iter().partition(|a| a.is_physical());
        let set = AreaSet::of(&inside).unwrap();
        assert_eq!(set.places().collect::<Vec<_>>(), inside);
        assert!(beyond.iter().all(|place| !set.contains(place) && AreaSet::one(*place).is_err()));
        let floor = AreaSet::one(Account::Sellable(Area::Floor)).unwrap();
        assert!(!floor.contains(&Account::Display));
        assert_eq!(serde_json::to_string(&floor).unwrap(), r#"["sellable/floor"]"#);
        assert_eq!(
            serde_json::from_str::<AreaSet>("[]").unwrap_err().to_string(),
            AreaSetError::Empty.to_string()
        );
    }
}
