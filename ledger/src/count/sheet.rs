//! From observations to lines: the fold of a count's rows (R22, R23).
//!
//! Pure over the set: observations in any order, each at most once by its id. An item has one line for each area and
//! lot; where some pieces were counted without their lot, one line for all lots, for nobody knows which lot those were.

use std::collections::{BTreeMap, BTreeSet};

use gs1::Gtin;

use crate::account::Account;
use crate::count::document::{Count, Grouping, Join, SessionKind};
use crate::count::{AreaSet, Found, Line, Observation, ObservationId, OutOfRange, Seen, Window};
use crate::ids::{DocumentLine, Lot, Serial};
use crate::movement::Movement;
use crate::time::Timestamp;

/// An item in an area: what a recount is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountSpot"))]
pub struct Spot {
    /// The trade item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// The area.
    pub area: Account,
}

/// What the observations come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The lines, numbered from 1 by item, areas and lot.
    pub lines: Vec<Line>,
    /// Where nobody can say a number yet: two sessions disagree and a recount is to decide, or a recount that was asked
    /// for is not done.
    pub unsettled: Vec<Spot>,
}

/// Folds observations of a count, or those of some of its items only: items do not touch one another.
///
/// # Errors
/// [`OutOfRange`] when the numbers of an item add up to more than can be held.
pub fn sheet(count: &Count, observations: &[Observation]) -> Result<Sheet, OutOfRange> {
    let mut spots: BTreeMap<Gtin, BTreeMap<Account, Vec<&Observation>>> = BTreeMap::new();
    for observation in observations {
        spots.entry(observation.item).or_default().entry(observation.area).or_default().push(observation);
    }
    let mut asked: BTreeMap<Spot, Timestamp> = BTreeMap::new();
    for recount in count.recounts().iter().filter(|recount| spots.contains_key(&recount.spot.item)) {
        let last = asked.entry(recount.spot).or_insert(recount.at);
        *last = recount.at.max(*last);
    }
    let mut unsettled: BTreeSet<Spot> = asked.keys().copied().collect();
    let mut lines = Vec::new();
    for (item, areas) in spots {
        let mut found = Vec::new();
        for (area, observations) in areas {
            let spot = Spot { item, area };
            let Settled { partial, open } =
                settled(count, asked.get(&spot).copied(), &observations).ok_or(OutOfRange { item })?;
            if open {
                unsettled.insert(spot)
            } else {
                unsettled.remove(&spot)
            };
            if let (Some(partial), Ok(set)) = (partial, AreaSet::one(area)) {
                found.push((set, partial));
            }
        }
        if count.plan().grouping == Grouping::ByItem {
            found = together(found).ok_or(OutOfRange { item })?;
        }
        for (areas, partial) in found {
            lines.extend(lines_of(count, item, areas, &partial).ok_or(OutOfRange { item })?);
        }
    }
    for (number, line) in (1..).zip(&mut lines) {
        line.document.line = number;
    }
    Ok(Sheet { lines, unsettled: unsettled.into_iter().collect() })
}

/// Lines of nothing for one item, in the areas that were declared complete without anybody having seen it there (R22).
/// `lines` are the lines that the count has of this item, `movements` all movements of the item. Lines of nothing of
/// items that were not recorded there either do no harm: [`crate::count::Finding::exists`] is false for them. Numbered
/// from `first`.
#[must_use]
pub fn zero_lines<'a>(
    count: &Count,
    item: Gtin,
    lines: &[Line],
    movements: impl IntoIterator<Item = &'a Movement>,
    first: u32,
) -> Vec<Line> {
    let movements: Vec<&Movement> = movements.into_iter().filter(|m| m.item == item).collect();
    let mut zero = Vec::new();
    for completion in count.completions().iter().filter(|_| count.plan().wants(item)) {
        let Ok(areas) = AreaSet::one(completion.area) else { continue };
        let here = lines.iter().filter(|l| {
            l.item == item && l.document.document == count.id() && l.areas.contains(&completion.area)
        });
        let counted: BTreeSet<Option<Lot>> = here.map(|line| line.lot).collect();
        let of_lot = |lot| Line {
            document: DocumentLine { document: count.id(), line: 0 },
            item,
            lot,
            areas,
            window: Window { from: completion.began_at, to: completion.at },
            found: Found::Nothing,
        };
        if counted.is_empty() {
            zero.push(of_lot(None));
        } else if !counted.contains(&None) {
            let here = |m: &&&Movement| m.from == completion.area || m.to == completion.area;
            let lots: BTreeSet<Lot> = movements.iter().filter(here).map(|movement| movement.lot).collect();
            zero.extend(lots.into_iter().map(Some).filter(|lot| !counted.contains(lot)).map(of_lot));
        }
    }
    for (number, line) in (first..).zip(&mut zero) {
        line.document.line = number;
    }
    zero
}

/// What is left of one area's observations of an item after sessions were joined and recounts took their place.
struct Settled {
    partial: Option<Partial>,
    open: bool,
}

/// What one session, or some together, found of an item in an area, by lot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Partial(BTreeMap<Option<Lot>, Tallied>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tallied {
    number: i64,
    serials: BTreeSet<Serial>,
    window: Window,
}

/// `asked` is when the last recount of the spot was asked for. `None` when a sum cannot be held.
fn settled(count: &Count, asked: Option<Timestamp>, observations: &[&Observation]) -> Option<Settled> {
    let unique: BTreeMap<ObservationId, &Observation> = observations.iter().map(|o| (o.id, *o)).collect();
    let mut base: Option<Partial> = None;
    let mut open = false;
    let mut recounted = None;
    for session in count.sessions() {
        let of_session = unique.values().filter(|o| o.session == session.id).copied();
        let Some(partial) = Partial::fold(of_session.collect(), &unique)? else { continue };
        match (session.kind, session.join, base.take()) {
            (SessionKind::Recount, _, kept) => {
                base = kept;
                recounted = Some((partial, session.opened_at));
            }
            (SessionKind::First, Some(Join::Replace), _) | (SessionKind::First, _, None) => {
                base = Some(partial)
            }
            (SessionKind::First, Some(Join::Recount), Some(before)) => {
                open |= !before.agrees(&partial);
                base = Some(partial);
            }
            // Two sessions that nobody joined yet are added: the document does not go on to review before they are.
            (SessionKind::First, Some(Join::Add) | None, Some(before)) => base = Some(before.and(&partial)?),
        }
    }
    let answered = |opened_at| asked.is_none_or(|asked| asked <= opened_at);
    Some(match recounted {
        Some((partial, opened_at)) => Settled { partial: Some(partial), open: !answered(opened_at) },
        None => Settled { partial: base, open: open || asked.is_some() },
    })
}

/// Adds up what the areas of one item came to.
fn together(found: Vec<(AreaSet, Partial)>) -> Option<Vec<(AreaSet, Partial)>> {
    let mut all: Option<(AreaSet, Partial)> = None;
    for (areas, partial) in found {
        all = Some(match all {
            None => (areas, partial),
            Some((known, before)) => (known.and(areas), before.and(&partial)?),
        });
    }
    Some(all.into_iter().collect())
}

fn lines_of(count: &Count, item: Gtin, areas: AreaSet, partial: &Partial) -> Option<Vec<Line>> {
    let line = |lot, tallied: &Tallied| Line {
        document: DocumentLine { document: count.id(), line: 0 },
        item,
        lot,
        areas,
        window: tallied.window,
        found: match tallied.serials.is_empty() {
            true => Found::Number(tallied.number),
            false => Found::Serials { serials: tallied.serials.clone(), others: tallied.number },
        },
    };
    if !partial.0.contains_key(&None) {
        return Some(partial.0.iter().map(|(lot, tallied)| line(*lot, tallied)).collect());
    }
    let mut all: Option<Tallied> = None;
    for tallied in partial.0.values() {
        all = Some(match all {
            None => tallied.clone(),
            Some(before) => before.and(tallied)?,
        });
    }
    Some(all.iter().map(|all| line(None, all)).collect())
}

// === impl Partial ===

impl Partial {
    /// The fold of one session's observations. The outer `None` is an overflow, the inner one "all was taken back":
    /// uncounted is not zero (R22). What was taken back adds nothing, but its moment stays inside the window.
    fn fold(
        observations: Vec<&Observation>,
        all: &BTreeMap<ObservationId, &Observation>,
    ) -> Option<Option<Self>> {
        let undone: BTreeSet<ObservationId> = observations
            .iter()
            .filter_map(|o| if let Seen::Undo(id) = o.seen { Some(id) } else { None })
            .collect();
        let mut live = BTreeSet::new();
        let mut partial = Self::default();
        for observation in observations {
            let (number, serial, lot) = match observation.seen {
                Seen::Scan(quantity) => (quantity.get(), None, observation.lot),
                Seen::Number(tally) => (tally.get(), None, observation.lot),
                Seen::Serial(serial) => (0, Some(serial), observation.lot),
                Seen::Undo(id) => (0, None, all.get(&id).map_or(observation.lot, |undone| undone.lot)),
            };
            let counts = !undone.contains(&observation.id);
            let next = Tallied {
                number: if counts { number } else { 0 },
                serials: serial.filter(|_| counts).into_iter().collect(),
                window: Window::at(observation.occurred_at),
            };
            if counts && !matches!(observation.seen, Seen::Undo(_)) {
                live.insert(lot);
            }
            partial.add(lot, &next)?;
        }
        partial.0.retain(|lot, _| live.contains(lot));
        Some(if partial.0.is_empty() { None } else { Some(partial) })
    }

    fn add(&mut self, lot: Option<Lot>, next: &Tallied) -> Option<()> {
        let sum = match self.0.get(&lot) {
            Some(before) => before.clone().and(next)?,
            None => next.clone(),
        };
        self.0.insert(lot, sum);
        Some(())
    }

    fn and(mut self, other: &Self) -> Option<Self> {
        for (lot, tallied) in &other.0 {
            self.add(*lot, tallied)?;
        }
        Some(self)
    }

    /// Whether both found the same goods, whenever they looked.
    fn agrees(&self, other: &Self) -> bool {
        let goods = |partial: &Self| -> Vec<(Option<Lot>, i64, BTreeSet<Serial>)> {
            partial.0.iter().map(|(lot, t)| (*lot, t.number, t.serials.clone())).collect()
        };
        goods(self) == goods(other)
    }
}

impl Tallied {
    fn and(mut self, other: &Self) -> Option<Self> {
        self.number = self.number.checked_add(other.number)?;
        self.serials.extend(other.serials.iter().copied());
        self.window = self.window.and(other.window);
        Some(self)
    }
}
