//! The queue, against a printer that is off, refuses, has no paper, breaks off, and prints.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use ledger::{StoreId, Timestamp, TradingDay};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use web::Shutdown;

use crate::labels::job::{Asked, GIVE_UP_AFTER_MS, Job, JobId, Key, NewJob, Queued, State};
use crate::labels::printer::Printer;
use crate::labels::spool::{Attempt, BATCH, Spool};
use crate::labels::template::{Dpi, Name};
use crate::metrics::Metrics;
use crate::replica::print_jobs::{Cancelled, Wanted};
use crate::replica::{Options, Replica};

const START: Timestamp = Timestamp::from_millis(1_795_512_600_000);

/// How a printer behaves, to be changed while it runs.
#[derive(Debug, Clone, Default)]
struct Manner {
    /// Says `paper out` once it has received so many labels.
    paper_for: Option<usize>,
    /// `buffer full` in its status.
    buffer_full: bool,
    /// Ends the connection after so many labels, without an answer.
    breaks_after: Option<usize>,
}

/// A printer: what it received, and how it answers.
struct Paper {
    received: Arc<Mutex<Vec<String>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Paper {
    /// A printer that listens where `listener` does.
    fn on(listener: TcpListener) -> Self {
        let printer = Self { received: Arc::default(), manner: Arc::default() };
        let (received, manner) = (Arc::clone(&printer.received), Arc::clone(&printer.manner));
        tokio::spawn(async move {
            while let Ok((stream, _from)) = listener.accept().await {
                serve(stream, &received, &manner).await;
            }
        });
        printer
    }

    fn labels(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

async fn serve(mut stream: tokio::net::TcpStream, received: &Mutex<Vec<String>>, manner: &Mutex<Manner>) {
    let (mut waiting, mut piece) = (String::new(), [0; 4_096]);
    while let Ok(length @ 1..) = stream.read(&mut piece).await {
        waiting.push_str(std::str::from_utf8(&piece[..length]).unwrap());
        loop {
            let Manner { paper_for, buffer_full, breaks_after } = manner.lock().unwrap().clone();
            if let Some(rest) = waiting.strip_prefix("~HS") {
                waiting = rest.to_owned();
                let paper = u8::from(paper_for.is_some_and(|most| received.lock().unwrap().len() >= most));
                let full = u8::from(buffer_full);
                let status = format!(
                    "\u{2}030,{paper},0,1245,000,{full},0,0,000,0,0,0\u{3}\r\n\u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n"
                );
                stream.write_all(status.as_bytes()).await.unwrap();
            } else if let Some((label, rest)) = waiting.split_once("^XZ\n") {
                received.lock().unwrap().push(label.to_owned());
                waiting = rest.to_owned();
                if breaks_after == Some(received.lock().unwrap().len()) {
                    return;
                }
            } else {
                break;
            }
        }
    }
}

/// A store that prints, at a time that the test sets.
struct Store {
    spool: Spool,
    now: Arc<AtomicI64>,
}

impl Store {
    fn open(directory: &Path) -> Self {
        let replica = Replica::open(Options {
            directory: directory.to_owned(),
            store: StoreId::new("s001").unwrap(),
            trading_day: TradingDay::new("Europe/London", 180).unwrap(),
        });
        let now = Arc::new(AtomicI64::new(START.millis()));
        let told = Arc::clone(&now);
        let spool = Spool {
            replica: replica.unwrap(),
            metrics: Metrics::new(),
            clock: Arc::new(move || Timestamp::from_millis(told.load(Ordering::SeqCst))),
            wake: Arc::new(Notify::new()),
            shutdown: Shutdown::new(),
        };
        Self { spool, now }
    }

    fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        (self.spool.clock)()
    }

    async fn printer(&self, address: &str) {
        let printer: Printer =
            serde_json::from_value(serde_json::json!({"name": "front", "address": address, "dpi": 203}))
                .unwrap();
        self.spool.replica.put_printer(printer, None).await.unwrap();
    }

    async fn queue(&self, labels: u32, key: Option<(&str, u8)>) -> Queued {
        let job = NewJob {
            printer: Name::new("front").unwrap(),
            template: Name::new("shelf_label").unwrap(),
            dpi: Dpi::try_from(203).unwrap(),
            labels: (1..=labels).map(|n| format!("^XA^FD{n}^XZ\n")).collect(),
            prices: Vec::new(),
            asked: Asked {
                key: key.map(|(text, fill)| Key { text: text.to_owned(), fingerprint: [fill; 32] }),
                ..Asked::default()
            },
        };
        self.spool.replica.queue_print_job(job, self.now()).await.unwrap()
    }

    async fn queued(&self, labels: u32) -> JobId {
        let Queued::New(job) = self.queue(labels, None).await else { panic!("it is new") };
        job.id
    }

    async fn job(&self, id: JobId) -> Job {
        self.spool.replica.print_job(id).await.unwrap().unwrap()
    }

    /// Tries the job once; says how that ended and when it is tried again, in milliseconds.
    async fn attempt(&self, id: JobId) -> String {
        let ended = self.spool.attempt(self.job(id).await).await.unwrap();
        let wait = self.job(id).await.due_at.millis_since(self.now());
        match ended {
            Attempt::Printed => "printed".to_owned(),
            Attempt::PutBack(trouble) => format!("{} {wait}", trouble.code),
            Attempt::Failed(trouble) => format!("failed {}", trouble.code),
            Attempt::Cancelled => "cancelled".to_owned(),
            Attempt::Interrupted => "interrupted".to_owned(),
        }
    }
}

async fn port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn numbers(labels: &[String]) -> Vec<u32> {
    labels.iter().map(|label| label.strip_prefix("^XA^FD").unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_job_waits_for_its_printer_ever_longer_and_then_is_printed_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    drop(listener);
    store.printer(&address).await;
    let id = store.queued(3).await;
    for wait in [1_000, 2_000, 4_000] {
        assert_eq!(store.attempt(id).await, format!("printer_offline {wait}"));
        store.pass(wait);
    }
    let paper = Paper::on(TcpListener::bind(&address).await.unwrap());
    paper.behave(Manner { paper_for: Some(0), ..Manner::default() });
    assert_eq!(store.attempt(id).await, "paper_out 8000");
    assert_eq!(store.job(id).await.trouble.unwrap().detail, "the printer has no labels: put in a roll");
    assert_eq!(paper.labels(), Vec::<String>::new());
    paper.behave(Manner::default());
    store.pass(8_000);
    assert_eq!(store.attempt(id).await, "printed");
    let job = store.job(id).await;
    assert_eq!((job.state, job.sent, job.attempts, job.trouble), (State::Printed, 3, 5, None));
    assert_eq!(numbers(&paper.labels()), [1, 2, 3]);
    assert_eq!(store.attempt(id).await, "cancelled", "what is printed is not begun again");
    assert!(store.spool.metrics.text().unwrap().contains("shelfline_agent_labels_printed_total 3"));
}

#[tokio::test]
async fn a_job_is_given_up_after_a_day() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    drop(listener);
    store.printer(&address).await;
    let id = store.queued(1).await;
    store.pass(GIVE_UP_AFTER_MS - 1);
    assert_eq!(store.attempt(id).await, "printer_offline 1000");
    store.pass(1_000);
    assert_eq!(store.attempt(id).await, "failed printer_offline");
    assert_eq!(store.job(id).await.state, State::Failed);
    assert_eq!(store.spool.replica.print_jobs_waiting().await.unwrap(), 0);
    assert!(store.spool.metrics.text().unwrap().contains("shelfline_agent_print_jobs_failed_total 1"));
}

#[tokio::test]
async fn what_the_printer_has_taken_is_not_sent_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    let paper = Paper::on(listener);
    store.printer(&address).await;
    let labels = 2 * BATCH + 5;
    let id = store.queued(labels).await;
    // The printer takes one batch and a part of the next one, of which nothing is known.
    let taken = usize::try_from(BATCH).unwrap();
    paper.behave(Manner { breaks_after: Some(taken + 3), ..Manner::default() });
    assert_eq!(store.attempt(id).await, "connection_lost 1000");
    assert_eq!((store.job(id).await.sent, paper.labels().len()), (BATCH, taken + 3));
    // The agent ends while it sends.
    paper.behave(Manner::default());
    assert!(store.spool.replica.begin_print_job(id).await.unwrap());
    store.spool.replica.close().await;

    let store = Store::open(directory.path());
    assert_eq!(store.job(id).await.state, State::Sending);
    let first = store.spool.replica.print_jobs_first().await.unwrap();
    assert_eq!(first.iter().map(|job| job.id).collect::<Vec<_>>(), [id]);
    assert_eq!(store.attempt(id).await, "printed");
    let expected: Vec<u32> = (1..=BATCH + 3).chain(BATCH + 1..=labels).collect();
    assert_eq!(numbers(&paper.labels()), expected);
}

#[tokio::test]
async fn a_roll_that_ends_within_a_job_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    let paper = Paper::on(listener);
    store.printer(&address).await;
    let id = store.queued(BATCH + 1).await;
    paper.behave(Manner { paper_for: Some(3), ..Manner::default() });
    assert_eq!(store.attempt(id).await, "paper_out 1000");
    assert_eq!((store.job(id).await.sent, paper.labels().len()), (BATCH, 10));
    paper.behave(Manner::default());
    assert_eq!(store.attempt(id).await, "printed");
    assert_eq!(numbers(&paper.labels()), (1..=BATCH + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_printer_with_a_full_buffer_is_given_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    let paper = Paper::on(listener);
    store.printer(&address).await;
    let id = store.queued(BATCH + 1).await;
    paper.behave(Manner { buffer_full: true, ..Manner::default() });
    assert_eq!(store.attempt(id).await, "buffer_full 1000");
    assert_eq!(store.attempt(id).await, "buffer_full 2000");
    paper.behave(Manner::default());
    assert_eq!(store.attempt(id).await, "printed");
}

#[tokio::test]
async fn a_key_stands_for_one_job() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let Queued::New(first) = store.queue(1, Some(("k", 1))).await else { panic!("it is new") };
    let Queued::Again(again) = store.queue(1, Some(("k", 1))).await else { panic!("it is the same") };
    assert_eq!(first, again);
    assert_eq!(store.queue(1, Some(("k", 2))).await, Queued::KeyReused(first.id));
    let Queued::New(other) = store.queue(1, None).await else { panic!("it is new") };
    assert_ne!(other.id, first.id);
}

#[tokio::test]
async fn what_is_taken_back_is_not_printed_and_what_was_printed_can_be_printed_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    let paper = Paper::on(listener);
    store.printer(&address).await;
    let replica = &store.spool.replica;
    let (first, second) = (store.queued(1).await, store.queued(2).await);
    assert!(matches!(replica.cancel_print_job(first, store.now()).await.unwrap(), Cancelled::Done(_)));
    assert!(matches!(replica.cancel_print_job(first, store.now()).await.unwrap(), Cancelled::Ended(_)));
    assert!(matches!(
        replica.cancel_print_job(JobId::new(99), store.now()).await.unwrap(),
        Cancelled::Unknown
    ));
    assert_eq!(store.attempt(first).await, "cancelled");
    let again = |of| replica.reprint(of, None, Asked::default(), store.now());
    assert!(matches!(again(second).await.unwrap(), Queued::NotNow(_)));
    assert_eq!(store.attempt(second).await, "printed");
    let Queued::New(third) = again(second).await.unwrap() else { panic!("it is new") };
    assert_eq!((third.reprint_of, third.labels), (Some(second), 2));
    assert_eq!(store.attempt(third.id).await, "printed");
    assert_eq!(numbers(&paper.labels()), [1, 2, 1, 2]);
    assert_eq!(again(JobId::new(99)).await.unwrap(), Queued::Unknown);
    let other = Some((Name::new("back").unwrap(), Dpi::try_from(300).unwrap()));
    assert!(matches!(
        replica.reprint(second, other, Asked::default(), store.now()).await.unwrap(),
        Queued::OtherDpi(_)
    ));
    let reprints = Wanted { reprints: true, ..Wanted::default() };
    let listed = replica.print_jobs(reprints, 10).await.unwrap();
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [third.id]);
}

#[tokio::test]
async fn a_printer_that_answers_nothing_is_sent_to_blindly() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path());
    let (listener, address) = port().await;
    let taking = tokio::spawn(async move {
        let (mut stream, _from) = listener.accept().await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        all
    });
    let printer = serde_json::json!({"name": "front", "address": address, "dpi": 203, "answers": false});
    store.spool.replica.put_printer(serde_json::from_value(printer).unwrap(), None).await.unwrap();
    let id = store.queued(2).await;
    assert_eq!(store.attempt(id).await, "printed");
    assert_eq!(taking.await.unwrap(), "^XA^FD1^XZ\n^XA^FD2^XZ\n");
}
