//! What counters send: one JSON object an observation, decoded by the same rules as scans.
//!
//! Goods that are scanned add what their code says; a number that is typed adds that number. A counter who begins with an
//! item or leaves it types zero, so that the line's window spans all the time that they looked: what a customer took from
//! the far end of the shelf meanwhile is then inside of it.

use ledger::count::{ObservationId, Refused, Seen, SessionId, Tally};
use ledger::{DocumentId, Gtin, RawScan, Stamp, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Answer, Rejection, Verdict, Warning};
use super::{Pipeline, event, rejected, resolve};
use crate::clock;
use crate::replica::{CounterDid, Known, Noted, Observed, Rejected, ReplicaError};

/// An observation as it is written in the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "Observation")]
#[serde(deny_unknown_fields)]
pub struct Sighting {
    /// The device's id.
    pub device: String,
    /// The device's own count of its events, from 1.
    pub device_seq: u64,
    /// The session, as it was opened for the counter and the area.
    pub session: u32,
    /// What was scanned; a GTIN that was typed will do.
    pub code: Option<String>,
    /// A typed number of base units, zero too; without it what the code says, else one.
    pub qty: Option<i64>,
    /// An earlier observation that is taken back, in place of `code`.
    pub undo: Option<Undo>,
    /// The lot, when the code does not say.
    pub lot: Option<String>,
    /// The serial number, when the code does not say.
    pub serial: Option<String>,
    /// Who counts; the device itself when nobody said.
    pub user: Option<String>,
    /// When it happened by the device's clock, RFC 3339; now when nobody said.
    pub occurred_at: Option<String>,
    /// What is to be added to the device's clock, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: i32,
}

/// The name of an observation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "ObservationUndo")]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// Its device.
    pub device: String,
    /// Its number there.
    pub device_seq: u64,
}

/// A sighting that makes sense.
struct Resolved {
    observed: Observed,
    name: Option<std::sync::Arc<str>>,
    warnings: Vec<Warning>,
}

/// One sighting on its way.
struct Passage<'a> {
    raw: &'a str,
    source: Option<(String, u64)>,
    state: Result<Resolved, Rejection>,
}

impl Pipeline {
    /// Keeps observations of a count in their order, each on its own, and answers for each once it is durable: kept, or in
    /// quarantine. `None` when there is no such count.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Sending all of them again is right.
    pub async fn observe(
        &self,
        count: DocumentId,
        events: Vec<&str>,
    ) -> Result<Option<Vec<Answer>>, ReplicaError> {
        let now = clock::now();
        let passages: Vec<Passage<'_>> = events.into_iter().map(|raw| self.sight(count, raw, now)).collect();
        let ready: Vec<Observed> =
            passages.iter().filter_map(|p| p.state.as_ref().ok()).map(|r| r.observed.clone()).collect();
        let noted = self.replica.observe(ready).await?;
        if noted.contains(&Noted::Missing) {
            return Ok(None);
        }
        let mut noted = noted.into_iter();
        let (mut answers, mut kept): (Vec<Answer>, Vec<Rejected>) = (Vec::new(), Vec::new());
        for Passage { raw, source, state } in passages {
            let source = source.as_ref().map(|(device, seq)| (device.as_str(), *seq));
            let (answer, rejection) = answer(source, state, || noted.next());
            kept.extend(rejection.map(|rejection| rejected(raw, source, &rejection, now)));
            answers.push(answer);
        }
        if !kept.is_empty() {
            self.replica.quarantine(kept).await?;
        }
        Ok(Some(answers))
    }

    fn sight<'a>(&self, count: DocumentId, raw: &'a str, now: Timestamp) -> Passage<'a> {
        match serde_json::from_str::<Sighting>(raw) {
            Err(_unreadable) => Passage { raw, source: None, state: Err(event::rejection::<Sighting>(raw)) },
            Ok(sighting) => {
                let state = resolve(count, &sighting, now, |gtin| self.replica.known_item(gtin));
                Passage { raw, source: Some((sighting.device, sighting.device_seq)), state }
            }
        }
    }
}

fn resolve(
    count: DocumentId,
    sighting: &Sighting,
    now: Timestamp,
    known: impl Fn(Gtin) -> Option<Known>,
) -> Result<Resolved, Rejection> {
    let (device, device_seq) = resolve::device(&sighting.device, sighting.device_seq)?;
    let offset = sighting.clock_offset_ms;
    let (occurred_at, mut warnings) = resolve::occurred(sighting.occurred_at.as_deref(), offset, now)?;
    let raw_scan = sighting.code.as_ref().map(|code| RawScan::new(code.as_bytes())).transpose();
    let (what, name) = match (&sighting.code, &sighting.undo) {
        (Some(code), None) => goods(sighting, code, known, &mut warnings)?,
        (None, Some(undo)) => {
            let (device, device_seq) = resolve::device(&undo.device, undo.device_seq)?;
            (CounterDid::Undo(ObservationId { device, device_seq }), None)
        }
        (Some(_), Some(_)) | (None, None) => {
            let what = "an observation has either `code` or `undo`";
            return Err(resolve::wrong("code", what, "send what was scanned, or what is taken back"));
        }
    };
    let stamp = Stamp {
        device,
        device_seq,
        user: resolve::user(sighting.user.as_deref(), &device)?,
        event_id: None,
        raw_scan: raw_scan.map_err(|error| resolve::invalid("code", &error))?,
        document: None,
        occurred_at,
        clock_offset_ms: offset,
    };
    Ok(Resolved {
        observed: Observed { count, session: SessionId(sighting.session), what, stamp },
        name,
        warnings,
    })
}

/// What a code and a typed number say. A serial is one piece, and seen only once, unless a number was typed with it.
fn goods(
    sighting: &Sighting,
    code: &str,
    known: impl Fn(Gtin) -> Option<Known>,
    warnings: &mut Vec<Warning>,
) -> Result<(CounterDid, Option<std::sync::Arc<str>>), Rejection> {
    let reading = gs1::read(code.as_bytes());
    let item = resolve::item_of(&reading)?;
    let Known { name, unit } = known(item).ok_or_else(|| resolve::unknown(item))?;
    let named = (sighting.lot.as_deref(), sighting.serial.as_deref());
    let (lot, serial) = resolve::lot_and_serial(named, &reading)?;
    let seen = match (sighting.qty, serial) {
        (Some(qty), _) => Seen::Number(Tally::new(qty).map_err(|error| resolve::invalid("qty", &error))?),
        (None, Some(serial)) => Seen::Serial(serial),
        (None, None) => Seen::Scan(resolve::quantity(item, &reading, unit)?),
    };
    warnings.extend(resolve::unread(&reading));
    Ok((CounterDid::Goods { item, lot, seen }, Some(name)))
}

/// The answer, and why it is kept in quarantine if it is.
fn answer(
    source: Option<(&str, u64)>,
    state: Result<Resolved, Rejection>,
    noted: impl FnOnce() -> Option<Noted>,
) -> (Answer, Option<Rejection>) {
    let rejection = |gtin, name: Option<&str>, rejection: Rejection| {
        let mut answer = Answer::of(source, gtin, name);
        answer.reject(rejection.clone());
        (answer, Some(rejection))
    };
    let Resolved { observed, name, warnings } = match state {
        Ok(resolved) => resolved,
        Err(wrong) => return rejection(wrong.gtin, None, wrong),
    };
    let gtin = match observed.what {
        CounterDid::Goods { item, .. } => Some(item),
        CounterDid::Undo(_) => None,
    };
    let (verdict, gtin) = match noted().unwrap_or(Noted::Missing) {
        Noted::Accepted { item } => (Verdict::Accepted, Some(item)),
        Noted::Duplicate => (Verdict::Duplicate, gtin),
        Noted::Conflict => return rejection(gtin, name.as_deref(), Rejection::reused(None)),
        Noted::Refused(refused) => return rejection(gtin, name.as_deref(), Rejection::from(&refused)),
        Noted::Missing => return rejection(gtin, name.as_deref(), Rejection::unanswered()),
    };
    let mut answer = Answer::of(source, gtin, name.as_deref());
    answer.result = verdict;
    answer.warnings = warnings;
    (answer, None)
}

impl From<&Refused> for Rejection {
    fn from(refused: &Refused) -> Self {
        Self {
            code: refused.code(),
            detail: refused.to_string(),
            hint: Some(refused.hint()),
            gtin: None,
            seq: None,
        }
    }
}
