//! The replica's promises: positions equal the fold, repeats are harmless, what fails leaves nothing behind.

use std::collections::BTreeSet;
use std::path::Path;

use ledger::catalogue::{Currency, Price};
use ledger::{
    Account, Area, Command, DeviceId, DeviceSeq, Disposition, Epoch, EventId, Gtin, Item, Line, Lot, Money,
    Quantity, Reason, Seq, Serial, Stamp, StoreId, Timestamp, TradingDay, Unit, UserId,
};
use proptest::prelude::*;

use super::verify::verify;
use super::*;

fn options(directory: &Path) -> Options {
    Options {
        directory: directory.to_owned(),
        store: StoreId::new("s001").unwrap(),
        trading_day: TradingDay::new("Europe/London", 180).unwrap(),
    }
}

fn open(directory: &Path) -> Replica {
    Replica::open(options(directory)).unwrap()
}

fn gtin(n: u64) -> Gtin {
    Gtin::with_check_digit(500_000_000_000 + n).unwrap()
}

fn line(item: u64, quantity: i64) -> Line {
    Line { item: gtin(item), lot: Lot::unknown(), serial: None, quantity: Quantity::new(quantity).unwrap() }
}

fn stamp(device: &str, seq: u64) -> Stamp {
    Stamp {
        device: DeviceId::new(device).unwrap(),
        device_seq: DeviceSeq::new(seq),
        user: UserId::new("anna").unwrap(),
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at: Timestamp::from_millis(1_795_512_600_000),
        clock_offset_ms: 0,
    }
}

fn receive(device: &str, seq: u64, item: u64, quantity: i64) -> Scan {
    let into = Account::Sellable(Area::Backroom);
    Scan::new(Command::Receive { line: line(item, quantity), into }, stamp(device, seq))
}

fn sell(device: &str, seq: u64, item: u64, quantity: i64) -> Scan {
    Scan::new(Command::Sell { line: line(item, quantity), from: Area::Floor }, stamp(device, seq))
}

fn seqs(outcomes: &[Outcome]) -> Vec<String> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Accepted { seq, on_hand, sellable, .. } => format!("accepted {seq} {on_hand} {sellable}"),
        Outcome::Duplicate { seq } => format!("duplicate {seq}"),
        Outcome::Conflict { seq } => format!("conflict {seq}"),
        Outcome::Refused(refusal) => refusal.code().to_owned(),
        Outcome::Done { movements, .. } => format!("done {movements:?}"),
        Outcome::No(refused) => refused.code.to_owned(),
        Outcome::Barred(barred) => barred.code.to_owned(),
    };
    outcomes.iter().map(word).collect()
}

async fn whole(replica: &Replica) {
    let report = replica.verify().await.unwrap();
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!(report.tip, replica.tip());
}

#[tokio::test]
async fn e4_a_batch_sent_again_is_recorded_once() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let batch = vec![receive("h1", 1, 1, 12), sell("h1", 2, 1, 1), sell("h1", 3, 1, 1)];
    replica.record(batch.clone()).await.unwrap();
    let again = replica.record([batch, vec![sell("h1", 4, 1, 2)]].concat()).await.unwrap();
    assert_eq!(seqs(&again), ["duplicate 1", "duplicate 2", "duplicate 3", "accepted 4 8 8"]);
    whole(&replica).await;
}

#[tokio::test]
async fn e5_the_same_identity_with_other_content_is_a_conflict() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.record(vec![receive("h1", 1, 1, 12), sell("h1", 2, 1, 1)]).await.unwrap();
    let outcomes = replica.record(vec![sell("h1", 2, 1, 5)]).await.unwrap();
    assert_eq!(seqs(&outcomes), ["conflict 2"]);
    assert_eq!(replica.positions(gtin(1)).await.unwrap().on_hand.get(), 11);
}

#[tokio::test]
async fn an_event_id_is_an_identity_too() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let with_id = |seq, item, id: u8| {
        let stamp = Stamp { event_id: Some(EventId::new([id; 16])), ..stamp("h1", seq) };
        Scan::new(Command::Sell { line: line(item, 1), from: Area::Floor }, stamp)
    };
    let events =
        vec![with_id(1, 1, 7), with_id(2, 1, 7), with_id(3, 2, 7), with_id(1, 1, 8), with_id(4, 1, 8)];
    let outcomes = replica.record(events).await.unwrap();
    let expected = ["accepted 1 -1 -1", "duplicate 1", "conflict 1", "conflict 1", "accepted 2 -2 -2"];
    assert_eq!(seqs(&outcomes), expected);
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.record(vec![receive("h1", 1, 1, 12), sell("h2", 9, 1, 1)]).await.unwrap();
    let (tip, entries) = (replica.tip(), replica.entries_after(Seq::ZERO, 10).await.unwrap());
    replica.close().await;
    assert_eq!(replica.record(vec![sell("h2", 10, 1, 1)]).await, Err(ReplicaError::Stopped));
    assert_eq!(replica.entries_after(Seq::ZERO, 10).await, Err(ReplicaError::Stopped));

    let replica = open(directory.path());
    assert_eq!(replica.tip(), tip);
    assert_eq!(replica.entries_after(Seq::ZERO, 10).await.unwrap(), entries);
    assert_eq!(
        replica.device(DeviceId::new("h2").unwrap()).await.unwrap(),
        DeviceCount { last: 9, count: 1 }
    );
    let outcomes = replica.record(vec![sell("h2", 9, 1, 1), sell("h2", 10, 1, 1)]).await.unwrap();
    assert_eq!(seqs(&outcomes), ["duplicate 2", "accepted 3 10 10"]);
    whole(&replica).await;
}

#[tokio::test]
async fn a_replica_has_one_store_and_one_agent() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    assert!(matches!(Replica::open(options(directory.path())), Err(OpenError::InUse { .. })));
    replica.close().await;
    let other = Options { store: StoreId::new("s002").unwrap(), ..options(directory.path()) };
    assert!(matches!(Replica::open(other), Err(OpenError::OtherStore { .. })));
    open(directory.path());
}

/// A disk that is full: the file may not grow.
async fn limit_pages(replica: &Replica, pages: u32) {
    let limit = move |book: &mut Book<'_>| {
        let now: u32 = book.db.pragma_query_value(None, "page_count", |row| row.get(0))?;
        book.db.pragma_update(None, "max_page_count", now.saturating_add(pages))?;
        Ok(Ok(()))
    };
    replica.write(0, limit).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_records_nothing_of_the_group_and_all_of_it_later() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.record(vec![receive("h1", 1, 1, 100)]).await.unwrap();
    limit_pages(&replica, 2).await;
    let before = replica.tip();
    let batch: Vec<Scan> = (2..200).map(|seq| sell("h1", seq, seq, 1)).collect();
    let refused = replica.record(batch.clone()).await.unwrap_err();
    assert_eq!(refused, ReplicaError::NotRecorded { fault: StorageFault::DiskFull });
    assert_eq!(replica.tip(), before);
    assert_eq!(replica.entries_after(before.head.seq, 10).await.unwrap(), []);
    whole(&replica).await;

    limit_pages(&replica, 10_000).await;
    let outcomes = replica.record(batch).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted { .. })));
    assert_eq!(replica.tip().head.seq, Seq::new(199));
    whole(&replica).await;
}

#[tokio::test]
async fn a_fault_in_the_middle_takes_back_the_whole_group_and_what_memory_knew() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.record(vec![receive("h1", 1, 1, 10)]).await.unwrap();
    let (first, second) = (sell("h1", 2, 1, 3), sell("new", 1, 2, 1));
    let half_way = move |book: &mut Book<'_>| {
        book.record_once(&first)?;
        book.record_once(&second)?;
        book.change_sync(|sync| sync.epoch = Epoch::new(7));
        Err::<Result<(), _>, _>(Fault::Damaged { what: "test" })
    };
    assert!(matches!(replica.write(2, half_way).await, Err(ReplicaError::NotRecorded { .. })));
    assert_eq!(replica.sync_state().epoch, Epoch::ZERO);
    let outcomes = replica.record(vec![sell("new", 1, 2, 1), sell("h1", 2, 1, 3)]).await.unwrap();
    assert_eq!(seqs(&outcomes), ["accepted 2 -1 -1", "accepted 3 7 7"]);
    whole(&replica).await;
}

#[tokio::test]
async fn callers_at_the_same_time_share_transactions_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let callers = (0..32).map(|device| {
        let replica = replica.clone();
        tokio::spawn(async move {
            let mut seqs = Vec::new();
            for seq in 1..=20 {
                let scan = sell(&format!("h{device}"), seq, seq % 7, 1);
                match replica.record(vec![scan]).await.unwrap().as_slice() {
                    [Outcome::Accepted { seq, .. }] => seqs.push(*seq),
                    other => panic!("{other:?}"),
                }
                assert!(replica.tip().head.seq >= *seqs.last().unwrap(), "answered before it was published");
            }
            assert!(seqs.is_sorted());
            seqs
        })
    });
    let mut all = BTreeSet::new();
    for caller in callers.collect::<Vec<_>>() {
        all.extend(caller.await.unwrap());
    }
    assert_eq!(all, (1..=640).map(Seq::new).collect());
    whole(&replica).await;
}

#[tokio::test]
async fn a_lost_tail_comes_back_only_as_it_was() {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, restored] = directories.each_ref().map(|directory| open(directory.path()));
    let with_lot =
        Line { lot: Lot::new("7A22").unwrap(), serial: Some(Serial::new("0005").unwrap()), ..line(2, 1) };
    let event = Command::Return { line: with_lot, disposition: Disposition::Damaged };
    let events = vec![receive("h1", 1, 1, 10), Scan::new(event, stamp("h1", 2)), sell("h2", 1, 1, 4)];
    first.record(events.clone()).await.unwrap();
    let entries = first.entries_after(Seq::ZERO, 10).await.unwrap();

    let refused = restored.append_tail(entries[1..].to_vec()).await.unwrap_err();
    assert!(refused.to_string().contains("a place is left out or taken"), "{refused}");
    let mut changed = entries.clone();
    changed[1].movement.quantity = Quantity::new(2).unwrap();
    let refused = restored.append_tail(changed).await.unwrap_err();
    assert!(refused.to_string().contains("the chain's hash is another"), "{refused}");
    assert_eq!(restored.tip(), Tip::default());

    restored.hold(true).await.unwrap();
    assert_eq!(restored.record(vec![sell("h2", 1, 1, 4)]).await, Err(ReplicaError::Held));
    assert_eq!(restored.append_tail(entries[..1].to_vec()).await.unwrap().head.seq, Seq::new(1));
    assert_eq!(restored.append_tail(entries[1..].to_vec()).await.unwrap(), first.tip());
    restored.hold(false).await.unwrap();

    let more = [events, vec![sell("h2", 1, 1, 5), sell("h2", 2, 1, 1)]].concat();
    let outcomes = restored.record(more).await.unwrap();
    let expected = ["duplicate 1", "duplicate 2", "duplicate 3", "conflict 3", "accepted 4 5 5"];
    assert_eq!(seqs(&outcomes), expected);
    whole(&restored).await;
}

#[tokio::test]
async fn places_that_the_hub_has_taken_are_not_written_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.record_ack(Seq::new(1), Seq::ZERO).await.unwrap();
    replica.close().await;
    let replica = open(directory.path());
    assert_eq!(replica.record(vec![receive("h1", 1, 1, 10)]).await, Err(ReplicaError::Held));
}

#[tokio::test]
async fn digest_and_hash_are_known_for_every_place() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let mut tips = vec![Tip::default()];
    for seq in 1..=5 {
        replica.record(vec![sell("h1", seq, seq % 2, 1)]).await.unwrap();
        tips.push(replica.tip());
    }
    for tip in tips {
        assert_eq!(replica.hash_at(tip.head.seq).await.unwrap(), Some(tip.head.hash));
        assert_eq!(replica.digest_at(tip.head.seq).await.unwrap(), Some(tip.digest));
    }
    assert_eq!(replica.digest_at(Seq::new(6)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_known_of_the_hub_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let claim = Claim { expected: Epoch::ZERO, nonce: [7; 16] };
    replica.set_claim(claim).await.unwrap();
    assert_eq!(replica.sync_state().claim, Some(claim));
    replica.close().await;
    let replica = open(directory.path());
    assert_eq!(replica.sync_state().claim, Some(claim));
    replica.set_epoch(Epoch::new(1)).await.unwrap();
    replica.record_ack(Seq::new(5), Seq::new(4)).await.unwrap();
    replica.record_ack(Seq::new(3), Seq::new(4)).await.unwrap();
    replica.apply_feed(9, vec![item(1, "Pencil")]).await.unwrap();
    replica.apply_feed(8, vec![item(1, "Older")]).await.unwrap();
    replica.record_ack(Seq::new(6), Seq::new(4)).await.unwrap();
    let known = replica.sync_state();
    replica.close().await;
    let replica = open(directory.path());
    assert_eq!(replica.sync_state(), known);
    let expected = SyncState {
        epoch: Epoch::new(1),
        claim: None,
        committed: Seq::new(6),
        reconciled: Seq::new(4),
        feed_cursor: 9,
        read_only: None,
    };
    assert_eq!(known, expected);
    assert_eq!(&*replica.known_item(gtin(1)).unwrap().name, "Pencil");
}

#[tokio::test]
async fn a_store_that_is_read_only_stays_so_until_somebody_decides() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.set_read_only("its history is another than the hub's").await.unwrap();
    replica.close().await;
    let replica = open(directory.path());
    let refused = replica.record(vec![sell("h1", 1, 1, 1)]).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "nothing was recorded: the store is read-only because its history is another than the hub's"
    );
    replica.clear_read_only().await.unwrap();
    replica.record(vec![sell("h1", 1, 1, 1)]).await.unwrap();
}

fn item(n: u64, name: &str) -> Item {
    let price = Price { amount: Money::new(120), currency: Currency::parse("GBP").unwrap() };
    Item {
        gtin: gtin(n),
        name: name.to_owned(),
        unit: Unit::Gram,
        price: Some(price),
        department: Some("Office".to_owned()),
    }
}

#[tokio::test]
async fn items_are_kept_whole() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let bare = Item { price: None, department: None, ..item(2, "Pen") };
    replica.put_items(vec![item(1, "Pencil"), bare.clone()]).await.unwrap();
    assert_eq!(replica.item(gtin(1)).await.unwrap(), Some(item(1, "Pencil")));
    assert_eq!(replica.item(gtin(2)).await.unwrap(), Some(bare));
    assert_eq!(replica.item(gtin(3)).await.unwrap(), None);
    assert_eq!((replica.items_len(), replica.known_item(gtin(1)).unwrap().unit), (2, Unit::Gram));
}

#[tokio::test]
async fn a_rejected_event_is_kept_once_per_identity() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let rejected = |detail: &str| Rejected {
        identity: "h1:7".to_owned(),
        device: Some("h1".to_owned()),
        device_seq: Some(7),
        event: "{}".to_owned(),
        code: "item_unknown".to_owned(),
        detail: detail.to_owned(),
        received_at: Timestamp::from_millis(5),
    };
    replica.quarantine(vec![rejected("first")]).await.unwrap();
    replica.quarantine(vec![rejected("second")]).await.unwrap();
    let kept = replica.quarantined_after(0, 10).await.unwrap();
    assert_eq!(kept, [Quarantined { id: 1, rejected: rejected("second"), times: 2, recorded: None }]);
    replica.record(vec![sell("h1", 7, 1, 1)]).await.unwrap();
    assert_eq!(replica.quarantined_after(0, 10).await.unwrap()[0].recorded, Some(Seq::new(1)));
    assert_eq!(replica.quarantined_after(1, 10).await.unwrap(), []);
}

#[tokio::test]
async fn positions_are_listed_by_item_with_their_parts() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let line = Line { lot: Lot::new("7A22").unwrap(), ..line(2, 3) };
    let damaged = Command::AdjustUp { line, place: Account::Damaged, reason: Reason::CountVariance };
    let events = vec![receive("h1", 1, 2, 10), Scan::new(damaged, stamp("h1", 2)), sell("h1", 3, 1, 1)];
    replica.record(events).await.unwrap();
    let all = replica.positions_after(None, 10).await.unwrap();
    assert_eq!(all.iter().map(|row| row.item).collect::<Vec<_>>(), [gtin(1), gtin(2)]);
    assert_eq!(replica.positions_after(None, 1).await.unwrap(), all[..1]);
    assert_eq!(replica.positions_after(Some(gtin(1)), 5).await.unwrap(), all[1..]);
    let row = replica.positions(gtin(2)).await.unwrap();
    assert_eq!(row, all[1]);
    assert_eq!((row.on_hand.get(), row.sellable.get(), row.covers), (13, 10, Seq::new(3)));
    let parts: Vec<_> = row
        .buckets
        .iter()
        .map(|part| format!("{} {} {} {}", part.account, part.lot, part.balance, part.seq))
        .collect();
    assert_eq!(
        parts,
        ["sellable/backroom - 10 1", "supplier - -10 1", "damaged 7A22 3 2", "found 7A22 -3 2"]
    );
}

#[tokio::test]
async fn damage_is_found_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    replica.record(vec![receive("h1", 1, 1, 10), sell("h1", 2, 1, 1)]).await.unwrap();
    replica.close().await;
    assert!(verify(directory.path()).unwrap().is_whole());
    let db = Connection::open(directory.path().join(database::FILE)).unwrap();
    db.execute("UPDATE position SET balance = 9 WHERE account = 2", []).unwrap();
    db.execute("UPDATE movement SET qty = 2 WHERE seq = 2", []).unwrap();
    let findings = verify(directory.path()).unwrap().findings.join("\n");
    assert!(findings.contains("entry 2: the chain's hash is"), "{findings}");
    assert!(findings.contains("in sellable/backroom: 9 is kept, the fold is 10"), "{findings}");
    assert!(verify(&directory.path().join("none")).unwrap_err().to_string().contains("there is no replica"));
}

/// One event of a small shop, from five numbers.
fn event((kind, device, seq, item, quantity): (u8, u8, u64, u64, i64)) -> Scan {
    let line = line(item, quantity);
    let floor = Account::Sellable(Area::Floor);
    let command = match kind {
        0 | 1 => Command::Sell { line, from: Area::Floor },
        2 => Command::Receive { line, into: floor },
        3 => Command::Return { line, disposition: Disposition::Quarantine },
        4 => Command::AdjustDown { line, place: floor, reason: Reason::Theft },
        5 => Command::AdjustUp { line, place: Account::Damaged, reason: Reason::CountVariance },
        6 => Command::Move { line, from: Account::Sellable(Area::Backroom), to: floor },
        _ => Command::Open { line, into: Account::Sellable(Area::Backroom) },
    };
    Scan::new(command, stamp(&format!("d{device}"), seq))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However events come, in which groups and how often: positions equal the fold, each identity is recorded at most
    /// once, and nothing changes when all of it comes again.
    #[test]
    fn any_stream_of_events_folds_to_the_positions_kept(
        events in prop::collection::vec((0..8u8, 0..3u8, 1..20u64, 0..4u64, 1..5i64), 1..120),
        group in 1..40usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let replica = open(directory.path());
            for part in events.chunks(group) {
                replica.record(part.iter().copied().map(event).collect()).await.unwrap();
            }
            let tip = replica.tip();
            let report = replica.verify().await.unwrap();
            prop_assert_eq!(report.findings, Vec::<String>::new());
            prop_assert_eq!(report.tip, tip);
            let entries = replica.entries_after(Seq::ZERO, 1_000).await.unwrap();
            let identities: BTreeSet<_> = entries.iter().map(|entry| entry.movement.source).collect();
            prop_assert_eq!(identities.len(), entries.len());

            let recorded: Vec<Scan> = events.iter().copied().map(event).collect();
            let again = replica.record(recorded).await.unwrap();
            let new = again.iter().filter(|outcome| matches!(outcome, Outcome::Accepted { .. })).count();
            let refused = again.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
            // What was refused for lack of stock may be right by now; nothing else is new.
            prop_assert!(new + refused <= events.len() - entries.len());

            let copy = tempfile::tempdir().unwrap();
            let restored = open(copy.path());
            restored.append_tail(entries).await.unwrap();
            prop_assert_eq!(restored.tip(), tip);
            let report = restored.verify().await.unwrap();
            prop_assert_eq!(report.findings, Vec::<String>::new());
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_was_on_hand_at_a_moment_counts_what_had_happened_by_then() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let at = |scan: Scan, minutes: i64| {
        let mut stamp = scan.stamp().clone();
        stamp.occurred_at = stamp.occurred_at.shifted(minutes * 60_000);
        Scan::new(*scan.command(), stamp)
    };
    let events = vec![
        at(receive("hand-1", 1, 1, 20), 0),
        at(receive("hand-1", 2, 2, 7), 0),
        at(sell("till-1", 1, 1, 2), 30),
        // Comes last, happened before the other sale.
        at(sell("till-2", 1, 1, 3), 10),
    ];
    replica.record(events).await.unwrap();
    let start = stamp("x", 1).occurred_at;
    let on_hand = async |minutes: i64| {
        let row = replica.position_as_of(gtin(1), start.shifted(minutes * 60_000)).await.unwrap();
        (row.on_hand.get(), row.covers.get())
    };
    assert_eq!(on_hand(-1).await, (0, 4));
    assert_eq!(on_hand(0).await, (20, 4));
    assert_eq!(on_hand(10).await, (17, 4));
    assert_eq!(on_hand(30).await, (15, 4));
    let history = replica.recorded_of(gtin(1), Seq::new(1), 10).await.unwrap();
    assert_eq!(history.iter().map(|recorded| recorded.entry.seq.get()).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(history.last().unwrap().on_hand.get(), 15);
}
