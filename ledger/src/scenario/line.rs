//! A line that happened or asks: its moment, where it came from and what it says.

use super::args::Args;
use super::grammar::Verb;
use super::setup::StoreScope;
use crate::command::Stamp;
use crate::ids::{DeviceId, DeviceSeq, DocumentLine, EventId, StoreId, UserId};
use crate::time::Timestamp;

/// An event or a question of the file.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) verb: &'static Verb,
    /// The line as it is written, without what is expected of it.
    pub(crate) said: String,
    /// When it began; the same as `at` when one moment is given.
    pub(crate) began: Timestamp,
    /// When it happened, or ended.
    pub(crate) at: Timestamp,
    /// When the store learned of it.
    pub(crate) arrives: Timestamp,
    pub(crate) scope: StoreScope,
    /// The store that the scope names, or the first one.
    pub(crate) store: StoreId,
    pub(crate) device: DeviceId,
    pub(crate) device_seq: DeviceSeq,
    pub(crate) user: UserId,
    pub(crate) event_id: Option<EventId>,
    /// What other lines call it.
    pub(crate) named: Option<String>,
    /// What is expected of it: an answer, or an outcome.
    pub(crate) wanted: Option<String>,
    /// What was added to the device's clock, in milliseconds (R15).
    pub(crate) offset_ms: i32,
    /// Whether it keeps its place when orders are tried.
    pub(crate) fixed: bool,
    pub(crate) args: Args,
}

impl Line {
    /// Its number in the file.
    pub(crate) const fn number(&self) -> usize {
        self.args.line
    }

    /// What is stamped on its movements.
    pub(crate) fn stamp(&self, document: Option<DocumentLine>) -> Stamp {
        Stamp {
            device: self.device,
            device_seq: self.device_seq,
            user: self.user,
            event_id: self.event_id,
            raw_scan: None,
            document,
            occurred_at: self.at,
            clock_offset_ms: self.offset_ms,
        }
    }
}
