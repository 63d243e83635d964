//! What holds for every set of movements: order does not matter, repeats do no harm, nothing comes from nothing.

use super::invariants::assert_ledger;
use super::support::{decided, stamp};
use ledger::{
    Account, Area, Balance, ChainHash, Command, Disposition, Gtin, Line, Lot, Movement, Positions, Quantity,
    Reason, Seq,
};
use proptest::prelude::*;

fn places() -> impl Strategy<Value = Account> {
    prop::sample::select(vec![
        Account::Sellable(Area::Floor),
        Account::Sellable(Area::Backroom),
        Account::Sellable(Area::Bay),
        Account::Display,
        Account::Damaged,
    ])
}

fn lines() -> impl Strategy<Value = Line> {
    (1u64..4, prop::sample::select(vec!["-", "A", "B"]), 1i64..50).prop_map(|(item, lot, quantity)| Line {
        item: Gtin::with_check_digit(400_638_133_390 + item).unwrap(),
        lot: Lot::new(lot).unwrap(),
        serial: None,
        quantity: Quantity::new(quantity).unwrap(),
    })
}

fn commands() -> impl Strategy<Value = Command> {
    (lines(), places(), places(), 0..7).prop_map(|(line, place, other, kind)| match kind {
        0 => Command::Receive { line, into: place },
        1 => Command::Sell { line, from: Area::Floor },
        2 => Command::Return { line, disposition: Disposition::Damaged },
        3 => Command::AdjustUp { line, place, reason: Reason::CountVariance },
        4 => Command::AdjustDown { line, place, reason: Reason::Theft },
        5 => Command::Move { line, from: place, to: other },
        _ => Command::Open { line, into: place },
    })
}

/// The movements that a store records for some commands, refusals left out.
fn history() -> impl Strategy<Value = Vec<Movement>> {
    prop::collection::vec(commands(), 1..40).prop_map(|commands| {
        let mut positions = Positions::default();
        let mut movements = Vec::new();
        for (n, command) in (1..).zip(&commands) {
            for movement in
                decided(&positions, command, &stamp("till-1", n)).map(|d| d.movements).unwrap_or_default()
            {
                positions.apply(&movement).unwrap();
                movements.push(movement);
                assert_ledger(&positions, &movements);
            }
        }
        movements
    })
}

proptest! {
    #[test]
    fn order_of_arrival_changes_nothing((ordered, shuffled) in history().prop_flat_map(|h| (Just(h.clone()), Just(h).prop_shuffle()))) {
        for arrived in 0..=shuffled.len() {
            assert_ledger(&Positions::fold(&shuffled[..arrived]).unwrap(), &shuffled[..arrived]);
        }
        let (ordered, shuffled) = (Positions::fold(&ordered).unwrap(), Positions::fold(&shuffled).unwrap());
        prop_assert_eq!(ordered.digest(), shuffled.digest());
        prop_assert_eq!(ordered, shuffled);
    }

    #[test]
    fn all_accounts_of_an_item_sum_to_zero(history in history()) {
        let positions = Positions::fold(&history).unwrap();
        for movement in &history {
            prop_assert_eq!(positions.sum(movement.item, |_| true), Some(Balance::ZERO));
        }
    }

    #[test]
    fn undoing_every_movement_leaves_nothing(history in history()) {
        let mut positions = Positions::fold(&history).unwrap();
        let mut all = history.clone();
        for movement in &history {
            let undo = Movement { from: movement.to, to: movement.from, ..movement.clone() };
            positions.apply(&undo).unwrap();
            all.push(undo);
            assert_ledger(&positions, &all);
        }
        prop_assert_eq!(positions, Positions::default());
    }

    #[test]
    fn a_repeat_changes_the_digest_and_a_part_of_the_items_is_a_part_of_it(history in history()) {
        let whole = Positions::fold(&history).unwrap();
        let first = history.first().map(|m| m.item);
        let (one, rest): (Vec<&Movement>, Vec<&Movement>) = history.iter().partition(|m| Some(m.item) == first);
        let parts = Positions::fold(one).unwrap().digest().and(Positions::fold(rest).unwrap().digest());
        prop_assert_eq!(whole.digest(), parts);
        if let Some(movement) = history.first() {
            let mut twice = whole.clone();
            twice.apply(movement).unwrap();
            prop_assert_ne!(twice.digest(), whole.digest());
        }
    }

    #[test]
    fn any_change_of_a_history_changes_its_hash(history in history(), at in any::<prop::sample::Index>()) {
        let hash = |history: &[Movement]| {
            let mut scratch = Vec::new();
            (1..).zip(history).fold(ChainHash::START, |hash, (seq, movement)| hash.after(Seq::new(seq), movement, &mut scratch))
        };
        if let Some(size) = std::num::NonZeroUsize::new(history.len()) {
            let at = at.index(size.get());
            let mut changed = history.clone();
            changed[at].quantity = Quantity::new(changed[at].quantity.get() + 1).unwrap();
            prop_assert_ne!(hash(&changed), hash(&history));
            let mut shorter = history.clone();
            shorter.remove(at);
            prop_assert_ne!(hash(&shorter), hash(&history));
        }
    }
}
