//! A small kind of document: a parcel that is opened with goods and closed.

use ledger::document::{Flow, Word};
use ledger::{Account, Area, Command, Gtin, Line, Lot, Quantity, StoreId, TradingDay, decide};
use serde::{Deserialize, Serialize};

use super::*;
use crate::replica::{Options, Outcome, Scan, verify};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
enum State {
    New,
    Open,
    Closed,
}

impl Word for State {
    fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unpack,
    Close,
}

impl Word for Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Unpack => "unpack",
            Self::Close => "close",
        }
    }
}

const FLOW: Flow<State, Kind> = Flow::new(
    "parcel",
    &[
        (State::New, Kind::Unpack, State::Open),
        (State::Open, Kind::Unpack, State::Open),
        (State::Open, Kind::Close, State::Closed),
    ],
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
struct Parcel {
    state: State,
    pieces: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
enum Step {
    Unpack { quantity: Quantity },
    Close,
}

impl Document for Parcel {
    const KIND: &'static str = "parcel";
    type Step = Step;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(_document: Option<&Self>, _step: &Step) -> Vec<Gtin> {
        vec![item()]
    }

    fn decide(
        document: Option<&Self>,
        _id: DocumentId,
        step: &Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        let before = document.cloned().unwrap_or(Self { state: State::New, pieces: 0 });
        match step {
            Step::Close => {
                let state = FLOW.after(before.state, Kind::Close)?;
                Ok(Done { document: Self { state, ..before }, movements: Vec::new(), warnings: Vec::new() })
            }
            Step::Unpack { quantity } => {
                let state = FLOW.after(before.state, Kind::Unpack)?;
                let line = Line { item: item(), lot: Lot::unknown(), serial: None, quantity: *quantity };
                let into = Account::Sellable(Area::Backroom);
                let decided = decide(now.stock, &Command::Receive { line, into }, now.stamp, now.context)?;
                let document = Self { state, pieces: before.pieces + quantity.get() };
                Ok(Done { document, movements: decided.movements, warnings: Vec::new() })
            }
        }
    }
}

fn item() -> Gtin {
    Gtin::with_check_digit(500_000_000_001).unwrap()
}

fn open(directory: &std::path::Path) -> Replica {
    let trading_day = TradingDay::new("UTC", 0).unwrap();
    let store = StoreId::new("s001").unwrap();
    Replica::open(Options { directory: directory.to_owned(), store, trading_day }).unwrap()
}

fn act(step: Step, device_seq: Option<u64>, key: Option<&str>) -> Act<Step> {
    Act {
        document: DocumentId::new("P-1").unwrap(),
        step,
        by: By {
            device: DeviceId::new("hand-1").unwrap(),
            device_seq: device_seq.map(DeviceSeq::new),
            user: UserId::new("anna").unwrap(),
            key: key.map(str::to_owned),
            occurred_at: Timestamp::from_millis(1_795_512_600_000),
            clock_offset_ms: 0,
        },
        seen: None,
    }
}

fn unpack(quantity: i64) -> Step {
    Step::Unpack { quantity: Quantity::new(quantity).unwrap() }
}

fn word(operated: &Operated<Parcel>) -> String {
    let shown =
        |kept: &Kept<Parcel>| format!("v{} {} {}", kept.version, kept.document.state(), kept.document.pieces);
    match operated {
        Operated::Done { document, movements, .. } => {
            let made = movements.map_or("none".to_owned(), |(first, last)| format!("{first}-{last}"));
            format!("done {} {made}", shown(document))
        }
        Operated::Repeated(kept) => format!("repeated {}", shown(kept)),
        Operated::Stale(kept) => format!("stale {}", shown(kept)),
        Operated::Conflict => "conflict".to_owned(),
        Operated::Missing => "missing".to_owned(),
        Operated::Refused(refused) => format!("refused {}", refused.code),
    }
}

async fn take(replica: &Replica, act: Act<Step>) -> String {
    word(&replica.operate::<Parcel>(act).await.unwrap())
}

#[tokio::test]
async fn steps_move_goods_and_documents_together_and_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    assert_eq!(take(&replica, act(unpack(5), Some(1), None)).await, "done v1 open 5 1-1");
    assert_eq!(take(&replica, act(unpack(2), None, Some("a"))).await, "done v2 open 7 2-2");
    assert_eq!(take(&replica, act(Step::Close, Some(3), None)).await, "done v3 closed 7 none");
    assert_eq!(take(&replica, act(unpack(1), Some(4), None)).await, "refused step_not_allowed");
    replica.close().await;
    drop(replica);
    let replica = open(directory.path());
    let id = DocumentId::new("P-1").unwrap();
    let kept = replica.document::<Parcel>(id).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.document.pieces), (3, 7));
    let taken = replica.steps::<Parcel>(id, 0, 10).await.unwrap();
    assert_eq!(taken.iter().map(|step| step.device_seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(replica.positions(item()).await.unwrap().on_hand.get(), 7);
    replica.close().await;
    let report = verify::verify(directory.path()).unwrap();
    assert!(report.is_whole(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_another_step_under_its_name_is_a_conflict() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    take(&replica, act(unpack(5), Some(1), None)).await;
    take(&replica, act(unpack(2), None, Some("a"))).await;
    assert_eq!(take(&replica, act(unpack(5), Some(1), None)).await, "repeated v2 open 7");
    assert_eq!(take(&replica, act(unpack(2), None, Some("a"))).await, "repeated v2 open 7");
    assert_eq!(take(&replica, act(unpack(6), Some(1), None)).await, "conflict");
    assert_eq!(take(&replica, act(unpack(3), None, Some("a"))).await, "conflict");
    assert_eq!(replica.tip().head.seq, Seq::new(2));
}

#[tokio::test]
async fn scans_and_steps_share_the_devices_count() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    take(&replica, act(unpack(5), Some(1), None)).await;
    take(&replica, act(Step::Close, Some(2), None)).await;
    let scan = |seq| {
        let line = Line { item: item(), lot: Lot::unknown(), serial: None, quantity: Quantity::ONE };
        let stamp = Stamp {
            device: DeviceId::new("hand-1").unwrap(),
            device_seq: DeviceSeq::new(seq),
            user: UserId::new("anna").unwrap(),
            event_id: None,
            raw_scan: None,
            document: None,
            occurred_at: Timestamp::from_millis(1_795_512_600_000),
            clock_offset_ms: 0,
        };
        Scan::new(Command::Sell { line, from: Area::Floor }, stamp)
    };
    let outcomes = replica.record(vec![scan(1), scan(2), scan(3)]).await.unwrap();
    assert!(matches!(
        outcomes.as_slice(),
        [Outcome::Conflict { .. }, Outcome::Conflict { .. }, Outcome::Accepted { .. }]
    ));
    assert_eq!(take(&replica, act(unpack(9), Some(3), None)).await, "conflict");
}

#[tokio::test]
async fn a_step_on_an_older_version_is_stale() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    let seen = |version| Act { seen: Some(version), ..act(Step::Close, None, Some("k")) };
    assert_eq!(take(&replica, seen(1)).await, "missing");
    take(&replica, act(unpack(5), Some(1), None)).await;
    take(&replica, act(unpack(5), Some(2), None)).await;
    assert_eq!(take(&replica, seen(1)).await, "stale v2 open 10");
    assert_eq!(take(&replica, seen(2)).await, "done v3 closed 10 none");
}

#[tokio::test]
async fn documents_are_listed_by_state_page_by_page() {
    let directory = tempfile::tempdir().unwrap();
    let replica = open(directory.path());
    for number in 1..=3 {
        let document = DocumentId::new(&format!("P-{number}")).unwrap();
        take(&replica, Act { document, ..act(unpack(1), Some(number), None) }).await;
    }
    take(&replica, Act { document: DocumentId::new("P-2").unwrap(), ..act(Step::Close, Some(4), None) })
        .await;
    let listed = async |state: Option<&str>, after: Option<&str>, max| {
        let after = after.map(|id| DocumentId::new(id).unwrap());
        let found = replica.documents::<Parcel>(state.map(str::to_owned), after, max).await.unwrap();
        found.iter().map(|kept| kept.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None, 2).await, ["P-1", "P-2"]);
    assert_eq!(listed(None, Some("P-2"), 2).await, ["P-3"]);
    assert_eq!(listed(Some("open"), None, 9).await, ["P-1", "P-3"]);
    assert_eq!(listed(Some("closed"), None, 9).await, ["P-2"]);
}
