//! What every journal must do, whatever it is made of. Each back end runs these against a fresh journal.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use ledger::{
    Account, Area, Date, DeviceId, DeviceSeq, Digest, Epoch, Gtin, Head, Lot, Movement, Quantity, Reason,
    Seq, Source, StoreId, Timestamp, UserId,
};
use protocol::v1::columns;

use super::{
    Body, Claimed, Journal, JournalError, Piece, Position, Put, Segment, claim, entries_after, hash_at,
    piece_after,
};

/// Runs the whole suite against `journal`, which must be empty. Panics where the journal breaks a promise.
///
/// # Errors
/// [`JournalError`] when the back end fails.
pub(super) async fn check(journal: &dyn Journal) -> Result<(), JournalError> {
    an_empty_store_begins_at_zero(journal).await?;
    only_the_next_place_is_free(journal).await?;
    a_claim_fences_by_taking_a_place(journal).await?;
    of_two_writers_one_wins(journal).await?;
    puts_begun_in_order_are_tried_in_order(journal).await?;
    movements_come_back_as_they_went_in(journal).await?;
    a_full_segment_does_not_end_the_movements_before_it(journal).await
}

fn store(name: &str) -> StoreId {
    StoreId::new(name).expect("the suite's names are store ids")
}

/// A segment of `count` movements after `before`.
fn segment(epoch: u32, before: Head, count: u32) -> Segment {
    let movements: Vec<Movement> =
        (1..=count).map(|n| movement(before.seq.get().saturating_add(u64::from(n)))).collect();
    let mut scratch = Vec::new();
    let head = movements.iter().fold(before, |head, movement| head.after(movement, &mut scratch));
    let packed = columns::pack(&movements);
    Segment {
        epoch: Epoch::from(epoch),
        head,
        body: Body::Movements { count, digest: Digest::EMPTY, packed },
    }
}

fn movement(n: u64) -> Movement {
    Movement {
        item: Gtin::with_check_digit(400_638_133_393).expect("twelve digits"),
        lot: Lot::unknown(),
        serial: None,
        quantity: Quantity::ONE,
        from: Account::Sellable(Area::Floor),
        to: Account::Customer,
        reason: Reason::Sale,
        document: None,
        user: UserId::new("ann").expect("a user id"),
        source: Source {
            device: DeviceId::new("till-1").expect("a device id"),
            device_seq: DeviceSeq::new(n),
            leg: 0,
        },
        event_id: None,
        raw_scan: None,
        occurred_at: Timestamp::from_millis(0),
        clock_offset_ms: 0,
        recorded_at: Timestamp::from_millis(0),
        business_date: Date::from_days(0),
        corrects: None,
    }
}

async fn an_empty_store_begins_at_zero(journal: &dyn Journal) -> Result<(), JournalError> {
    let store = store("empty");
    assert_eq!(journal.head(store).await?, super::JournalHead::default());
    assert_eq!(journal.read_from(store, Position::new(1), 10).await?, []);
    assert_eq!(hash_at(journal, store, Seq::ZERO).await?, Some(Head::START.hash));
    assert_eq!(hash_at(journal, store, Seq::new(1)).await?, None);
    assert!(journal.stores().await?.is_empty());
    Ok(())
}

async fn only_the_next_place_is_free(journal: &dyn Journal) -> Result<(), JournalError> {
    let store = store("order");
    let (one, gap) = (segment(1, Head::START, 3), segment(1, Head::START, 1));
    assert!(
        matches!(journal.put(store, Position::new(2), gap.clone()).await?, Put::Taken(end) if end.position == Position::ZERO)
    );
    assert_eq!(journal.put(store, Position::new(1), one.clone()).await?, Put::Stored);
    let Put::Taken(end) = journal.put(store, Position::new(1), gap).await? else {
        panic!("a taken place was given out again");
    };
    assert_eq!((end.position, end.head), (Position::new(1), one.head));
    assert_eq!(journal.read_from(store, Position::new(1), 10).await?, [(Position::new(1), one)]);
    Ok(())
}

async fn a_claim_fences_by_taking_a_place(journal: &dyn Journal) -> Result<(), JournalError> {
    let store = store("claims");
    let (old, new) = ([1; 16], [2; 16]);
    assert_eq!(claim(journal, store, Epoch::ZERO, old).await?, Claimed::Granted(Epoch::new(1)));
    assert_eq!(claim(journal, store, Epoch::ZERO, old).await?, Claimed::Granted(Epoch::new(1)));
    assert_eq!(claim(journal, store, Epoch::ZERO, new).await?, Claimed::Fenced(Epoch::new(1)));
    assert_eq!(claim(journal, store, Epoch::new(1), new).await?, Claimed::Granted(Epoch::new(2)));
    // The old writer still believes that place 2 is the next.
    let late = segment(1, Head::START, 1);
    let Put::Taken(end) = journal.put(store, Position::new(2), late).await? else {
        panic!("a fenced writer wrote");
    };
    assert_eq!(end.epoch, Epoch::new(2));
    assert_eq!(journal.head(store).await?.nonce, Some(new));
    Ok(())
}

async fn of_two_writers_one_wins(journal: &dyn Journal) -> Result<(), JournalError> {
    let store = store("race");
    for place in 1..=20u32 {
        let before = journal.head(store).await?.head;
        let at = Position::new(u64::from(place));
        let (one, two) = (segment(1, before, 1), segment(1, before, 2));
        let (first, second) = tokio::join!(journal.put(store, at, one), journal.put(store, at, two));
        let stored = [first?, second?].iter().filter(|put| **put == Put::Stored).count();
        assert_eq!(stored, 1, "place {place}");
    }
    Ok(())
}

async fn puts_begun_in_order_are_tried_in_order(journal: &dyn Journal) -> Result<(), JournalError> {
    let store = store("pipeline");
    let mut puts = FuturesOrdered::new();
    let mut head = Head::START;
    // More than any queue holds.
    for place in 1..=600u32 {
        let segment = segment(1, head, 1);
        head = segment.head;
        puts.push_back(journal.put(store, Position::new(u64::from(place)), segment));
    }
    while let Some(put) = puts.next().await {
        assert_eq!(put?, Put::Stored);
    }
    assert_eq!(journal.head(store).await?.head, head);
    Ok(())
}

async fn movements_come_back_as_they_went_in(journal: &dyn Journal) -> Result<(), JournalError> {
    let store = store("reading");
    let mut head = Head::START;
    for place in 1..=40u32 {
        let segment = segment(1, head, place % 5 + 1);
        head = segment.head;
        assert_eq!(journal.put(store, Position::new(u64::from(place)), segment).await?, Put::Stored);
    }
    let mut after = Seq::ZERO;
    let mut read = 0;
    while after < head.seq {
        let Piece { entries, .. } = piece_after(journal, store, after, 7).await?;
        assert_eq!(entries.first().map(|entry| entry.seq), Some(after.next()));
        for entry in &entries {
            assert_eq!(hash_at(journal, store, entry.seq).await?, Some(entry.hash));
            assert_eq!(entry.movement, movement(entry.seq.get()));
            read += 1;
        }
        after = entries.last().map_or(head.seq, |entry| entry.seq);
    }
    assert_eq!(read, head.seq.get());
    assert_eq!(piece_after(journal, store, head.seq, 7).await?, Piece::default());
    assert_eq!(hash_at(journal, store, head.seq.next()).await?, None);
    let known = ["claims", "order", "pipeline", "race", "reading"].map(self::store);
    assert_eq!(journal.stores().await?, known);
    Ok(())
}

async fn a_full_segment_does_not_end_the_movements_before_it(
    journal: &dyn Journal,
) -> Result<(), JournalError> {
    let store = store("full");
    let (mut head, mut position) = (Head::START, Position::ZERO);
    for count in [2, 3, 16 * 1024, 4] {
        let segment = segment(1, head, count);
        (head, position) = (segment.head, position.next());
        assert_eq!(journal.put(store, position, segment).await?, Put::Stored);
    }
    for (after, wanted, expect) in [(0, 5, 5), (0, 6, 16_389), (16_388, 100, 5), (16_393, 1, 0)] {
        let entries = entries_after(journal, store, Seq::new(after), wanted).await?;
        assert_eq!(entries.len(), expect, "after {after}, {wanted} wanted");
        assert!(entries.iter().zip(after + 1..).all(|(entry, seq)| entry.seq == Seq::new(seq)));
    }
    Ok(())
}
