//! The projection against the fold, also when it was cut off, given twice or begun anew.

use std::sync::Arc;

use ledger::{Epoch, Head, Positions};
use protocol::v1::columns;

use super::{PositionStore, ProjectionError};
use crate::journal::{Body, Position, Segment};
use crate::testing::{Rig, gtin, movement, store};
use crate::verify::{Finding, verify};

/// Segments of some sizes, a claim first, with what they add up to.
fn segments(sizes: &[u32]) -> (Vec<(Position, Segment)>, Positions) {
    let claim = Segment { epoch: Epoch::new(1), head: Head::START, body: Body::Claim { nonce: [1; 16] } };
    let mut segments = vec![(Position::new(1), claim)];
    let (mut head, mut fold) = (Head::START, Positions::default());
    for count in sizes {
        let movements: Vec<_> = (1..=u64::from(*count)).map(|n| movement(head.seq.get() + n, 0)).collect();
        for movement in &movements {
            fold.apply(movement).unwrap();
            head = head.after(movement, &mut Vec::new());
        }
        let body =
            Body::Movements { count: *count, digest: fold.digest(), packed: columns::pack(&movements) };
        let position = segments.last().unwrap().0.next();
        segments.push((position, Segment { epoch: Epoch::new(1), head, body }));
    }
    (segments, fold)
}

#[tokio::test]
async fn batches_of_any_size_add_up_to_the_fold() {
    let (segments, fold) = segments(&[1, 30, 2, 400, 7, 90]);
    for batch in [1, 2, 3, 7] {
        let directory = tempfile::tempdir().unwrap();
        let positions = PositionStore::open(&directory.path().join("positions.sqlite")).unwrap();
        for batch in segments.chunks(batch) {
            let mark = positions.apply(store("s001"), batch).unwrap();
            assert!(mark.proven(), "{mark:?}");
        }
        let (mark, rows) = positions.all_of(store("s001")).await.unwrap();
        assert_eq!((mark.digest, mark.position), (fold.digest(), Position::new(7)));
        assert_eq!(rows, fold, "batches of {batch}");
    }
}

#[tokio::test]
async fn more_keys_than_fit_one_statement_are_read_and_written() {
    let mut fold = Positions::default();
    let mut head = Head::START;
    let movements: Vec<_> = (1..=300)
        .map(|n| ledger::Movement { item: gtin(n), ..movement(n, 0) })
        .inspect(|movement| {
            fold.apply(movement).unwrap();
            head = head.after(movement, &mut Vec::new());
        })
        .collect();
    let body = Body::Movements { count: 300, digest: fold.digest(), packed: columns::pack(&movements) };
    let directory = tempfile::tempdir().unwrap();
    let positions = PositionStore::open(&directory.path().join("positions.sqlite")).unwrap();
    let segment = Segment { epoch: Epoch::new(1), head, body };
    positions.apply(store("s001"), &[(Position::new(1), segment)]).unwrap();
    assert_eq!(positions.all_of(store("s001")).await.unwrap().1, fold);
    let page = positions.page_of(store("s001"), Some(gtin(5)), 2).await.unwrap();
    let items: std::collections::BTreeSet<_> = page.iter().map(|row| row.item).collect();
    assert_eq!(items, [gtin(6), gtin(7)].into());
}

#[tokio::test]
async fn segments_given_again_are_skipped_and_a_gap_is_refused() {
    let (segments, fold) = segments(&[5, 5, 5]);
    let directory = tempfile::tempdir().unwrap();
    let positions = PositionStore::open(&directory.path().join("positions.sqlite")).unwrap();
    positions.apply(store("s001"), &segments[..2]).unwrap();
    assert!(matches!(positions.apply(store("s001"), &segments[3..]), Err(ProjectionError::Gap { .. })));
    positions.apply(store("s001"), &segments).unwrap();
    assert_eq!(positions.all_of(store("s001")).await.unwrap().1, fold);
}

#[tokio::test]
async fn what_the_journal_has_and_the_positions_missed_is_caught_up() {
    let rig = Rig::new().await;
    let (segments, fold) = segments(&[10, 20]);
    // The hub dies after these puts and before the projector hears of them.
    for (position, segment) in segments {
        rig.services.journal.put(store("s001"), position, segment).await.unwrap();
    }
    rig.services.projector.stop().await;
    let positions = PositionStore::open(&rig.directory.path().join("rebuilt.sqlite")).unwrap();
    let (journal, live) = (Arc::clone(&rig.services.journal), Arc::clone(&rig.services.live));
    let positions = Arc::new(positions);
    let projector = super::Projector::start(journal, Arc::clone(&positions), live).await.unwrap();
    let mut mark = projector.watch(store("s001"));
    mark.wait_for(|mark| mark.position == Position::new(3)).await.unwrap();
    assert_eq!(positions.all_of(store("s001")).await.unwrap().1, fold);
    projector.stop().await;
}

#[tokio::test]
async fn a_store_whose_journal_is_damaged_holds_nobody_else_up() {
    let rig = Rig::new().await;
    let (segments, fold) = segments(&[10]);
    let (position, mut broken) = segments[1].clone();
    broken.head = Head::START;
    rig.services.journal.put(store("a-broken"), Position::new(1), segments[0].1.clone()).await.unwrap();
    rig.services.journal.put(store("a-broken"), position, broken).await.unwrap();
    for (position, segment) in segments {
        rig.services.journal.put(store("s001"), position, segment).await.unwrap();
    }
    rig.services.projector.wake(store("a-broken"));
    rig.services.projector.wake(store("s001"));
    assert_eq!(rig.projected(10).await.digest, fold.digest());
    let report = verify(&*rig.services.journal, &rig.positions, store("a-broken")).await.unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Journal(_))), "{report:?}");
}

#[tokio::test]
async fn a_proof_names_every_difference_with_both_numbers() {
    let rig = Rig::new().await;
    let (segments, fold) = segments(&[10, 10]);
    for (position, segment) in segments {
        rig.services.journal.put(store("s001"), position, segment).await.unwrap();
    }
    rig.services.projector.wake(store("s001"));
    rig.projected(20).await;
    let whole = verify(&*rig.services.journal, &rig.positions, store("s001")).await.unwrap();
    assert!(whole.whole(), "{whole:?}");
    assert_eq!((whole.digest, whole.positions_digest), (fold.digest(), fold.digest()));

    let file = rig.directory.path().join("positions.sqlite");
    let db = rusqlite::Connection::open(file).unwrap();
    let item = i64::try_from(gtin(1).as_u64()).unwrap();
    db.execute("UPDATE position SET balance = balance + 1 WHERE item = ?1 AND account = 1", [item]).unwrap();
    let report = verify(&*rig.services.journal, &rig.positions, store("s001")).await.unwrap();
    assert!(!report.whole() && report.differences == 1, "{report:?}");
    let Finding::Position { key, journal, positions } = report.findings[0] else {
        panic!("{report:?}");
    };
    assert_eq!((key.item, positions.get() - journal.get()), (gtin(1), 1));
    assert_ne!(report.digest, report.positions_digest);
}
