//! Movements in words that a shop uses. `store.js` says the same words about movements that arrive later; a test
//! keeps the two together.

/// What happened, for each kind that the API names.
pub(super) const KINDS: [(&str, &str); 7] = [
    ("sell", "Sold"),
    ("receive", "Received"),
    ("return", "Returned"),
    ("adjust", "Adjusted"),
    ("move", "Moved"),
    ("open", "Opening"),
    ("count", "Counted"),
];

/// The accounts beyond the store: goods that go there are no longer on hand.
pub(super) const BEYOND: [&str; 8] =
    ["supplier", "customer", "transit", "shrink", "waste", "found", "opening", "rework"];

/// What happened, in a word; a kind that is new here is shown as it is called.
pub(super) fn kind(kind: &str) -> String {
    // `adjust_up` and `adjust_down` are both adjustments: the sign of the quantity tells them apart.
    let stem = kind.split('_').next().unwrap_or(kind);
    let known = KINDS.iter().find(|(name, _)| *name == kind || *name == stem);
    known.map_or_else(|| kind.replace('_', " "), |(_, word)| (*word).to_owned())
}

/// Whether goods in this account are in the store.
pub(super) fn in_store(account: &str) -> bool {
    let name = account.split('/').next().unwrap_or(account);
    !BEYOND.contains(&name)
}

/// A place in the store, as people call it: `sellable/floor` is the floor.
pub(super) fn place(account: &str) -> String {
    account.strip_prefix("sellable/").unwrap_or(account).replace(['_', '/'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_places_are_said_in_words() {
        for (name, expected) in
            [("sell", "Sold"), ("adjust_down", "Adjusted"), ("vendor_swap", "vendor swap")]
        {
            assert_eq!(kind(name), expected);
        }
        for (account, expected) in [("sellable/floor", "floor"), ("vendor_hold", "vendor hold")] {
            assert_eq!(place(account), expected);
        }
        assert!(in_store("sellable/bay") && in_store("damaged"));
        assert!(!in_store("customer") && !in_store("transit/T7"));
    }

    #[test]
    fn the_script_says_the_same_words() {
        let script = include_str!("store.js");
        for (name, word) in KINDS {
            assert!(script.contains(&format!("{name}: \"{word}\"")), "{name}");
        }
        let beyond = BEYOND.map(|account| format!("\"{account}\"")).join(", ");
        assert!(script.contains(&format!("[{beyond}]")));
    }
}
