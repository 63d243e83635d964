//! What must hold after every step of every story, whatever it is about: one helper for all properties, so that none forgets
//! one of them.

use std::collections::{BTreeMap, BTreeSet};

use ledger::cost::{Book, Books};
use ledger::promise::{Reservation, Reserved, State};
use ledger::transfer::{self, Transfer, in_transit};
use ledger::{Gtin, Movement, Positions, StoreId};

/// What a story has come to; whatever it is not about is left empty.
#[derive(Default)]
pub(crate) struct World<'a> {
    /// Ledgers, each with the positions that are kept beside it.
    pub(crate) ledgers: Vec<(&'a Positions, Vec<&'a Movement>)>,
    /// Orders, with what is kept as reserved for them.
    pub(crate) orders: Option<(&'a Reserved, &'a [Reservation])>,
    /// A transfer between the two ledgers, the sender's first.
    pub(crate) transfer: Option<&'a Transfer>,
    /// The books of value, and the stores whose pools they hold.
    pub(crate) books: Option<(&'a Books, &'a [StoreId])>,
}

/// Zero sum, balance = sum, reserved = sum, transit closes, pools end at zero.
pub(crate) fn assert_holds(world: &World<'_>) {
    for (kept, movements) in &world.ledgers {
        balances_are_sums(kept, movements);
    }
    if let Some((reserved, orders)) = world.orders {
        reserved_is_what_the_rows_say(reserved, orders);
    }
    if let (Some(transfer), [(_, sender), (_, receiver)]) = (world.transfer, world.ledgers.as_slice()) {
        transit_closes(transfer, sender, receiver);
    }
    if let Some((books, sites)) = world.books {
        pools_are_what_was_booked(books, sites);
    }
}

/// A ledger alone.
pub(crate) fn assert_ledger<'m>(kept: &Positions, movements: impl IntoIterator<Item = &'m Movement>) {
    let ledgers = vec![(kept, movements.into_iter().collect())];
    assert_holds(&World { ledgers, ..World::default() });
}

/// Each balance kept is what its movements add up to, counted by hand, and all accounts of an item together are nothing.
fn balances_are_sums(kept: &Positions, movements: &[&Movement]) {
    let mut by_hand = BTreeMap::new();
    let mut of_item: BTreeMap<Gtin, i64> = BTreeMap::new();
    for movement in movements {
        for (account, change) in
            [(movement.from, -movement.quantity.get()), (movement.to, movement.quantity.get())]
        {
            *by_hand.entry((movement.item, movement.lot, movement.serial, account)).or_insert(0) += change;
            *of_item.entry(movement.item).or_default() += change;
        }
    }
    by_hand.retain(|_, balance| *balance != 0);
    let kept: BTreeMap<_, i64> = kept
        .iter()
        .map(|(key, balance)| ((key.item, key.lot, key.serial, key.account), balance.get()))
        .collect();
    assert_eq!(kept, by_hand, "a balance is the sum of its movements");
    assert!(of_item.values().all(|sum| *sum == 0), "nothing comes from nothing: {of_item:?}");
}

/// What is held and picked in the rows, counted by hand.
fn reserved_is_what_the_rows_say(reserved: &Reserved, orders: &[Reservation]) {
    let rows = || orders.iter().flat_map(|order| order.rows.values());
    let items: BTreeSet<Gtin> = rows().map(|row| row.item).collect();
    for item in items {
        let parts = rows().filter(|row| row.item == item).flat_map(|row| &row.parts);
        let open = parts.filter(|part| matches!(part.state, State::Held | State::Picked));
        assert_eq!(reserved.item(item).get(), open.map(|part| part.quantity.get()).sum::<i64>(), "reserved");
    }
}

/// What both ledgers have in transit is what the document says; it is closed exactly when that is nothing.
fn transit_closes(transfer: &Transfer, sender: &[&Movement], receiver: &[&Movement]) {
    let open = in_transit(transfer.id, sender.iter().copied(), receiver.iter().copied()).unwrap();
    assert_eq!(open, transfer.in_transit(), "transit of document and ledgers");
    let landing = matches!(transfer.state, transfer::State::Receiving | transfer::State::Short);
    let closed = transfer.state == transfer::State::Closed;
    assert!(!landing || !open.is_empty(), "nothing is in transit, and the transfer is not closed");
    assert!(!closed || open.is_empty(), "closed with goods in transit: {open:?}");
    let both = Positions::fold(sender.iter().chain(receiver).copied()).unwrap();
    let items: BTreeSet<Gtin> = sender.iter().map(|movement| movement.item).collect();
    for item in items {
        assert_eq!(both.sum(item, |_| true).unwrap().get(), 0, "both ledgers of item {item} together");
    }
}

/// Each event balances, the pools hold what is booked as inventory, and a pool without goods has no value.
fn pools_are_what_was_booked(books: &Books, sites: &[StoreId]) {
    for valued in books.valued() {
        let sum: i64 = valued.postings.iter().map(|posting| posting.amount.minor()).sum();
        assert_eq!(sum, 0, "an event balances: {valued:?}");
    }
    let mut held = 0;
    for (quantity, value) in sites.iter().map(|site| books.on_hand(*site)) {
        assert!(quantity != 0 || value.minor() == 0, "an empty pool is worth {value}");
        assert!(
            value.minor() == 0 || value.minor().signum() == quantity.signum(),
            "{quantity} are worth {value}"
        );
        held += value.minor();
    }
    assert_eq!(held, books.total(Book::Inventory, None).unwrap().minor(), "the pools hold the inventory");
}
