//! Alerts: one when a level is crossed, with hysteresis, so that a number that trembles around it does not ring all day
//! (R75).
//!
//! Entry points: [`Level::new`] and [`Watch::after`] for one observation at a time; [`alerts`] for the alerts that a set of
//! observations and snoozes adds up to, whatever order they arrived in (R10, E48); [`Digest::of`] for what one role reads.
//! An alert resolves by itself when its number is back above the band; nobody has to click it away.

use std::fmt;
use std::str::FromStr;

use gs1::Gtin;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::ids::{StoreId, UserId};
use crate::movement::Source;
use crate::quantity::Balance;
use crate::text::{ShortText, TextError};
use crate::time::Timestamp;

/// When to fire, and when to be ready to fire again. Written as `{"low":10,"band":3}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LowAndBand", into = "LowAndBand")]
pub struct Level {
    low: i64,
    re_arm: i64,
}

#[derive(Serialize, Deserialize)]
struct LowAndBand {
    low: i64,
    band: i64,
}

/// A level was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a band of {band} above {low} makes no level: give a band of 1 or more, within the range of numbers")]
pub struct LevelError {
    /// The level given.
    pub low: i64,
    /// The band given.
    pub band: i64,
}

/// Who reads an alert: a role of the access rules, such as `stock-manager`; at most 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(ShortText<32>);

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no role: {why}")]
pub struct RoleError {
    /// What was given, cut to 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: TextError,
}

/// What is watched, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The item.
    #[serde(with = "crate::json::gtin")]
    pub item: Gtin,
    /// The site.
    pub site: StoreId,
    /// The level of what is available.
    pub level: Level,
    /// Who is told.
    pub role: Role,
}

/// Whether a level would fire now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watch {
    /// Ready: it fires at the level or below.
    #[default]
    Armed,
    /// It fired: it is silent until the number is back above the band.
    Fired,
}

/// What an observation changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The level was crossed downwards.
    Fired,
    /// The number is back: the alert is resolved and the level armed.
    Resolved,
}

/// What was available at a moment, after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// The event that led to it; orders equal moments (R8).
    pub source: Source,
    /// What was available then.
    pub available: Balance,
}

/// Somebody does not want to see an alert for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snooze {
    /// The event that fired the alert.
    pub alert: Source,
    /// Until when it is hidden; a moment that has passed shows it again.
    pub until: Timestamp,
    /// Who.
    pub by: UserId,
    /// When it was said.
    pub at: Timestamp,
    /// The event; orders equal moments.
    pub source: Source,
}

/// One crossing of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// What is watched.
    pub rule: Rule,
    /// The observation that fired it. Its source names the alert.
    pub fired: Observation,
    /// What was available just before, if anything is known.
    pub before: Option<Balance>,
    /// What is available as far as known, as long as the alert is open; then what resolved it.
    pub latest: Observation,
    /// Whether the number came back.
    pub resolved: bool,
    /// The latest snooze.
    pub snooze: Option<Snooze>,
}

/// What one role reads: alerts by what became of them since the last digest, each in order of firing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Who reads it.
    pub role: Role,
    /// Open ones that fired, or whose snooze ended, since the last digest.
    pub fresh: Vec<Alert>,
    /// Open ones that the last digest had already.
    pub standing: Vec<Alert>,
    /// Resolved since the last digest.
    pub resolved: Vec<Alert>,
    /// Open ones that are hidden for now.
    pub snoozed: Vec<Alert>,
}

// === impl Level ===

impl Level {
    /// Fires at `low` or below, and is armed again at `low + band` or above.
    ///
    /// # Errors
    /// [`LevelError`] when the band is not positive or the sum does not fit: without a band a level that is met exactly
    /// would fire and resolve at once.
    pub fn new(low: i64, band: i64) -> Result<Self, LevelError> {
        match low.checked_add(band) {
            Some(re_arm) if band > 0 => Ok(Self { low, re_arm }),
            Some(_) | None => Err(LevelError { low, band }),
        }
    }

    /// At this or below it fires.
    #[must_use]
    pub const fn low(self) -> i64 {
        self.low
    }

    /// At this or above it is armed again.
    #[must_use]
    pub const fn re_arm(self) -> i64 {
        self.re_arm
    }
}

impl TryFrom<LowAndBand> for Level {
    type Error = LevelError;
    fn try_from(written: LowAndBand) -> Result<Self, LevelError> {
        Self::new(written.low, written.band)
    }
}

impl From<Level> for LowAndBand {
    fn from(level: Level) -> Self {
        Self { low: level.low, band: level.re_arm.saturating_sub(level.low) }
    }
}

// === impl Role ===

impl Role {
    /// Checks and stores the text.
    ///
    /// # Errors
    /// [`RoleError`] when it is empty or too long.
    pub fn new(text: &str) -> Result<Self, RoleError> {
        let refuse = |why| RoleError { text: text.chars().take(64).collect(), why };
        ShortText::new(text).map(Self).map_err(refuse)
    }
}

impl FromStr for Role {
    type Err = RoleError;
    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::new(text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

// === impl Watch ===

impl Watch {
    /// The watch after an observation, and what that changed (E48).
    #[must_use]
    pub const fn after(self, level: Level, available: Balance) -> (Self, Option<Turn>) {
        match self {
            Self::Armed if available.get() <= level.low => (Self::Fired, Some(Turn::Fired)),
            Self::Fired if available.get() >= level.re_arm => (Self::Armed, Some(Turn::Resolved)),
            Self::Armed | Self::Fired => (self, None),
        }
    }
}

/// Every alert of a rule, in order of firing: a pure function of the sets of observations and snoozes (R10).
#[must_use]
pub fn alerts(rule: Rule, observations: &[Observation], snoozes: &[Snooze]) -> Vec<Alert> {
    let mut sorted = observations.to_vec();
    sorted.sort_unstable_by_key(|seen| (seen.at, seen.source));
    let (mut found, mut watch, mut before) = (Vec::new(), Watch::default(), None);
    let mut open: Option<Alert> = None;
    for seen in sorted {
        let (next, turn) = watch.after(rule.level, seen.available);
        if turn == Some(Turn::Fired) {
            open = Some(Alert { rule, fired: seen, before, latest: seen, resolved: false, snooze: None });
        }
        open = open.map(|alert| Alert { latest: seen, resolved: turn == Some(Turn::Resolved), ..alert });
        if next == Watch::Armed {
            found.extend(open.take());
        }
        (watch, before) = (next, Some(seen.available));
    }
    found.extend(open);
    for alert in &mut found {
        let own = snoozes.iter().filter(|snooze| snooze.alert == alert.fired.source);
        alert.snooze = own.max_by_key(|snooze| (snooze.at, snooze.source)).copied();
    }
    found
}

// === impl Alert ===

impl Alert {
    /// Whether it is hidden at a moment.
    #[must_use]
    pub fn is_snoozed(&self, now: Timestamp) -> bool {
        self.snooze.is_some_and(|snooze| now < snooze.until)
    }

    /// Why it fired when it did, for the person who reads it.
    #[must_use]
    pub fn why_now(&self) -> String {
        let Level { low, re_arm } = self.rule.level;
        let Observation { at, source, available } = self.fired;
        let change = match self.before {
            Some(before) => format!("fell from {before} to {available}"),
            None => format!("was first seen at {available}"),
        };
        let mut text = format!(
            "available of item {} in {} {change} at {at} ({source}), its level is {low}",
            self.rule.item, self.rule.site
        );
        let Observation { at, available, .. } = self.latest;
        if self.resolved {
            text.push_str(&format!("; resolved at {at} with {available}"));
        } else {
            text.push_str(&format!("; now {available}, resolves at {re_arm}"));
        }
        text
    }
}

// === impl Digest ===

impl Digest {
    /// What `role` reads at `now`, when the last digest was made at `since`.
    #[must_use]
    pub fn of(role: Role, alerts: &[Alert], since: Timestamp, now: Timestamp) -> Self {
        let mut digest =
            Self { role, fresh: Vec::new(), standing: Vec::new(), resolved: Vec::new(), snoozed: Vec::new() };
        let mut own: Vec<&Alert> = alerts.iter().filter(|alert| alert.rule.role == role).collect();
        own.sort_unstable_by_key(|alert| (alert.fired.at, alert.fired.source));
        for alert in own {
            if let Some(list) = digest.list_for(alert, since, now) {
                list.push(*alert);
            }
        }
        digest
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fresh.is_empty()
            && self.standing.is_empty()
            && self.resolved.is_empty()
            && self.snoozed.is_empty()
    }

    fn list_for(&mut self, alert: &Alert, since: Timestamp, now: Timestamp) -> Option<&mut Vec<Alert>> {
        let is_new = |moment: Timestamp| since < moment && moment <= now;
        if alert.resolved {
            return is_new(alert.latest.at).then_some(&mut self.resolved);
        }
        if alert.is_snoozed(now) {
            return Some(&mut self.snoozed);
        }
        let woke = alert.snooze.is_some_and(|snooze| is_new(snooze.until));
        Some(if woke || is_new(alert.fired.at) { &mut self.fresh } else { &mut self.standing })
    }
}

impl fmt::Display for Digest {
    /// One line for each alert behind what became of it; the snoozed ones as their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {}:", self.role)?;
        if self.is_empty() {
            return f.write_str(" nothing");
        }
        let lists = [("new", &self.fresh), ("still", &self.standing), ("resolved", &self.resolved)];
        for (word, alerts) in lists {
            for alert in alerts {
                write!(f, "\n- {word}: {}", alert.why_now())?;
            }
        }
        if self.snoozed.is_empty() { Ok(()) } else { write!(f, "\n- snoozed: {}", self.snoozed.len()) }
    }
}
