//! Bytes that must never change: the canonical form of a movement, its chain hash, the digest of positions. Agents and hubs
//! of different ages compare these.

use super::support::{decided, receive, sell, stamp};
use expect_test::expect;
use ledger::{
    Account, ChainHash, DeviceSeq, DocumentId, DocumentLine, EventId, Lot, Movement, Positions, RawScan, Seq,
    Serial,
};

fn plain() -> Movement {
    decided(&Positions::default(), &receive(12), &stamp("till-1", 7)).unwrap().movements.remove(0)
}

fn full() -> Movement {
    let mut movement =
        decided(&Positions::default(), &sell(1), &stamp("till-1", 8)).unwrap().movements.remove(0);
    movement.lot = Lot::new("7A22").unwrap();
    movement.serial = Some(Serial::new("0005").unwrap());
    movement.to = Account::Transit(DocumentId::new("T-9").unwrap());
    movement.document = Some(DocumentLine { document: DocumentId::new("536365").unwrap(), line: 3 });
    movement.event_id = Some(EventId::new([0xab; 16]));
    movement.raw_scan = Some(RawScan::new(b"]d20104006381333931107A22\x1d210005").unwrap());
    movement.clock_offset_ms = -250;
    movement.corrects = Some(Seq::new(1));
    movement.source.device_seq = DeviceSeq::new(9);
    movement.source.leg = 1;
    movement
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn canonical_bytes_of_a_movement() {
    let bytes = |movement: &Movement| {
        let mut bytes = Vec::new();
        movement.write_canonical(Seq::new(2), &mut bytes);
        hex(&bytes)
    };
    expect!["010200000000000000abadefcea40300000c00000000000000140101012d000674696c6c2d3107000000000000000003616e6e0000000000587956eea101000000000000807956eea10100002751000000000000000000000000"].assert_eq(&bytes(&plain()));
    expect!["010200000000000000abadefcea40300000100000000000000011603542d3902043741323204303030350674696c6c2d3109000000000000000103616e6e0635333633363503000000407d56eea101000006ffffff687d56eea101000027510000010000000000000001abababababababababababababababab015d6432303130343030363338313333333933313130374132321d323130303035"].assert_eq(&bytes(&full()));
}

#[test]
fn chain_and_digest() {
    let mut scratch = Vec::new();
    let first = ChainHash::START.after(Seq::new(1), &plain(), &mut scratch);
    let second = first.after(Seq::new(2), &full(), &mut scratch);
    expect!["3824c19cfc149963d245fa9b1c174561caeb1dd5b2177cadeafbffd2c9f3eb8f"]
        .assert_eq(&hex(second.as_bytes()));
    let positions = Positions::fold([&plain(), &full()]).unwrap();
    expect!["ee5d6ba30c1b4b51c1245dbc53d35901"].assert_eq(&positions.digest().to_string());
}
