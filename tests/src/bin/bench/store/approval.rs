//! A count of 100,000 lines is approved while people scan.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use tests::Client;
use tests::measure::Report;
use tests::measure::report::Limit;

use super::Large;
use crate::handhelds::Scanned;

/// Lines of the count.
const LINES: usize = 100_000;
/// One line in so many differs from the record.
const DIFFERS: usize = 10;
/// Observations sent at once.
const BATCH: usize = 1_000;
/// Far more than it may take; then the run fails instead of hanging.
const GIVE_UP: Duration = Duration::from_secs(600);

pub(super) fn measure(report: &mut Report, large: &Large) -> Result<()> {
    let mut count =
        Counting { client: large.client(), id: format!("C-{}", large.run), run: large.run, seq: 0 };
    count.begin()?;
    let begun = Instant::now();
    let counted = count.observe(large)?;
    eprintln!("{counted} observations taken in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    for step in [json!({"close_session": 1}), json!("finish"), json!("submit")] {
        count.step("bench", &step)?;
    }
    report.compared(
        "proposing the lines of the count, s",
        begun.elapsed().as_secs_f64(),
        Limit::AtMost(60.0),
    );
    let explained = count.explain()?;
    eprintln!("{explained} of {counted} lines differ and are explained");

    let ended = AtomicBool::new(false);
    let (taken, seen, scanned) = thread::scope(|scope| {
        let scanning = scope.spawn(|| {
            let mut scanned = Scanned::default();
            let mut round = 100;
            while !ended.load(Ordering::Relaxed) {
                round += 1;
                scanned.add(large.scan(round, 5)?);
            }
            Ok::<_, anyhow::Error>(scanned)
        });
        let begun = Instant::now();
        let approved = count.approve();
        let seen = approved.and_then(|()| count.until_posted(begun));
        let taken = begun.elapsed();
        ended.store(true, Ordering::Relaxed);
        let scanned = scanning.join().map_err(|_panic| anyhow!("the handhelds panicked"))??;
        Ok::<_, anyhow::Error>((taken, seen?, scanned))
    })?;
    let name = "scan meanwhile, 64 handhelds, 5 a second each";
    report.measured(name, scanned.per_second(), scanned.latencies.summary());
    let name = format!("approving a count of {counted} lines until all is posted, s");
    report.compared(name, taken.as_secs_f64(), Limit::AtMost(30.0));
    report.compared("different figures of its progress seen meanwhile", seen as f64, Limit::AtLeast(10.0));
    Ok(())
}

/// A count by one person.
struct Counting {
    client: Client,
    id: String,
    run: u64,
    seq: u64,
}

impl Counting {
    fn step(&mut self, user: &str, step: &Value) -> Result<Value> {
        self.seq += 1;
        let body = json!({"step": step, "user": user, "device": format!("counter-{}", self.run), "device_seq": self.seq});
        self.client.post_json(&format!("/v1/counts/{}/steps", self.id), &body)?.success()?.json()
    }

    fn begin(&mut self) -> Result<()> {
        let plan = json!({"goods": "everything", "areas": ["floor"], "mode": "blind", "grouping": "by_area", "tolerance": 0});
        self.step("bench", &json!({ "draft": plan }))?;
        self.step("bench", &json!({"schedule": "2020-01-01T00:00:00Z"}))?;
        self.step("bench", &json!("start"))?;
        self.step("bench", &json!({"open_session": {"area": "floor", "join": null}}))?;
        Ok(())
    }

    /// Sees of the first items what the record says, and of some one more.
    fn observe(&mut self, large: &Large) -> Result<usize> {
        let (mut after, mut counted) = (String::new(), 0);
        let mut events = Vec::with_capacity(BATCH);
        while counted < LINES {
            let page: Value = large.client().get_json(&format!("/v1/positions?limit=500{after}"))?;
            let items = page.get("items").and_then(Value::as_array).context("a page without items")?;
            for item in items {
                let on_hand =
                    item.get("on_hand").and_then(Value::as_i64).context("a position without a figure")?;
                // What the record says is below nothing nobody can see: all of those would differ.
                if on_hand < 0 || counted == LINES {
                    continue;
                }
                self.seq += 1;
                let more = i64::from(counted.is_multiple_of(DIFFERS));
                events.push(
                    json!({"code": item.get("gtin"), "qty": on_hand + more, "session": 1, "user": "bench",
                    "device": format!("counter-{}", self.run), "device_seq": self.seq}),
                );
                counted += 1;
                if events.len() == BATCH {
                    self.send(&std::mem::take(&mut events))?;
                }
            }
            let Some(next) = page.get("next").and_then(Value::as_str) else { break };
            after = format!("&after={next}");
        }
        self.send(&events)?;
        Ok(counted)
    }

    fn send(&mut self, events: &[Value]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let path = format!("/v1/counts/{}/observations", self.id);
        let taken: Value = self.client.post_json(&path, &json!({ "events": events }))?.success()?.json()?;
        ensure!(taken.get("accepted") == Some(&json!(events.len())), "observations were not taken: {taken}");
        Ok(())
    }

    /// Gives every line that differs a cause.
    fn explain(&mut self) -> Result<usize> {
        let (mut after, mut explained) = (0, 0);
        loop {
            let page: Value =
                self.client.get_json(&format!("/v1/counts/{}/lines?limit=500&after={after}", self.id))?;
            let lines = page.get("lines").and_then(Value::as_array).context("a page without lines")?;
            for line in lines.iter().filter(|line| line.get("adjustment") != Some(&json!(0))) {
                let number = line.get("line").and_then(Value::as_u64).context("a line without a number")?;
                let path = format!("/v1/counts/{}/lines/{number}/cause", self.id);
                let headers = [("content-type", "application/json")];
                self.client.send("PUT", &path, &headers, br#"{"cause": "unexplained"}"#)?.success()?;
                explained += 1;
            }
            match page.get("next").and_then(Value::as_u64) {
                Some(next) => after = next,
                None => return Ok(explained),
            }
        }
    }

    fn approve(&mut self) -> Result<()> {
        self.step("owner", &json!({"approve": {"level": "owner"}})).map(drop)
    }

    /// Looks until all is posted; answers with how many different figures the progress had.
    fn until_posted(&mut self, begun: Instant) -> Result<usize> {
        let (mut last, mut seen) = (None, 0);
        while begun.elapsed() < GIVE_UP {
            let now: Value = self.client.get_json(&format!("/v1/counts/{}", self.id))?;
            let done = now.pointer("/posting/done").and_then(Value::as_u64);
            if done != last {
                (last, seen) = (done, seen + 1);
            }
            if now.get("state") == Some(&json!("posted")) {
                return Ok(seen);
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the count is not posted after {} s", GIVE_UP.as_secs())
    }
}
