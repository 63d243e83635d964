//! What is exported: the columns, and the rows page by page.

use ledger::{Date, Gtin, Item, Seq, Unit};

use super::{Cell, Column, Kind};
use crate::replica::{
    Bucket, Kind as MovementKind, MovementFilter, PositionRow, Recorded, Replica, ReplicaError,
};

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// What is exported, and how far it was read.
#[derive(Debug)]
pub(crate) enum Subject {
    Positions { by: By, after: Option<Gtin>, ended: bool },
    Movements { filter: MovementFilter, after: Seq, ended: bool },
    Items { after: Option<Gtin>, ended: bool },
}

/// How positions are broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ExportBy")]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    Item,
    Place,
}

impl Subject {
    pub(crate) const fn positions(by: By) -> Self {
        Self::Positions { by, after: None, ended: false }
    }

    /// Movements up to the end of the ledger as it is now.
    pub(crate) fn movements(
        replica: &Replica,
        item: Option<Gtin>,
        (from, to): (Option<Date>, Option<Date>),
    ) -> Self {
        let filter = MovementFilter { until: replica.tip().head.seq, item, from, to };
        Self::Movements { filter, after: Seq::ZERO, ended: false }
    }

    pub(crate) const fn items() -> Self {
        Self::Items { after: None, ended: false }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Positions { .. } => "positions",
            Self::Movements { .. } => "movements",
            Self::Items { .. } => "items",
        }
    }

    pub(super) const fn columns(&self) -> &'static [Column] {
        match self {
            Self::Positions { by: By::Item, .. } => BY_ITEM,
            Self::Positions { by: By::Place, .. } => BY_PLACE,
            Self::Movements { .. } => MOVEMENTS,
            Self::Items { .. } => ITEMS,
        }
    }

    /// The next rows; `None` when there are no more.
    pub(super) async fn next(&mut self, replica: &Replica) -> Result<Option<Vec<Vec<Cell>>>, ReplicaError> {
        match self {
            Self::Positions { ended: true, .. }
            | Self::Movements { ended: true, .. }
            | Self::Items { ended: true, .. } => Ok(None),
            Self::Positions { by, after, ended } => {
                let found = replica.positions_after(*after, PAGE).await?;
                *after = found.last().map(|row| row.item);
                *ended = found.len() < PAGE;
                let rows = found.iter().flat_map(|row| match by {
                    By::Item => vec![by_item(replica, row)],
                    By::Place => by_place(replica, row),
                });
                Ok(Some(rows.collect()))
            }
            Self::Movements { filter, after, ended } => {
                let found = replica.recorded_where(*filter, *after, PAGE).await?;
                *after = found.last().map_or(*after, |last| last.entry.seq);
                *ended = found.len() < PAGE;
                Ok(Some(found.iter().map(|recorded| movement(replica, recorded)).collect()))
            }
            Self::Items { after, ended } => {
                let found = replica.items_after(*after, PAGE).await?;
                *after = found.last().map(|item| item.gtin);
                *ended = found.len() < PAGE;
                Ok(Some(found.into_iter().map(item).collect()))
            }
        }
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const BY_ITEM: &[Column] = &[
    column("gtin", Kind::Text),
    column("name", Kind::Text),
    column("unit", Kind::Text),
    column("on_hand", Kind::Whole),
    column("sellable", Kind::Whole),
    column("reserved", Kind::Whole),
    column("available", Kind::Whole),
    column("covers_seq", Kind::Whole),
];

/// Read back by an import of opening stock as it is.
const BY_PLACE: &[Column] = &[
    column("gtin", Kind::Text),
    column("name", Kind::Text),
    column("unit", Kind::Text),
    column("place", Kind::Text),
    column("lot", Kind::Text),
    column("serial", Kind::Text),
    column("qty", Kind::Whole),
    column("covers_seq", Kind::Whole),
];

const MOVEMENTS: &[Column] = &[
    column("seq", Kind::Whole),
    column("business_date", Kind::Day),
    column("occurred_at", Kind::Moment),
    column("recorded_at", Kind::Moment),
    column("kind", Kind::Text),
    column("gtin", Kind::Text),
    column("name", Kind::Text),
    column("unit", Kind::Text),
    column("lot", Kind::Text),
    column("serial", Kind::Text),
    column("qty", Kind::Whole),
    column("from", Kind::Text),
    column("to", Kind::Text),
    column("reason", Kind::Text),
    column("on_hand", Kind::Whole),
    column("sellable", Kind::Whole),
    column("device", Kind::Text),
    column("device_seq", Kind::Whole),
    column("leg", Kind::Whole),
    column("user", Kind::Text),
    column("document", Kind::Text),
    column("line", Kind::Whole),
    column("corrects", Kind::Whole),
];

/// Read back by an import of items as it is.
const ITEMS: &[Column] = &[
    column("gtin", Kind::Text),
    column("name", Kind::Text),
    column("unit", Kind::Text),
    column("price", Kind::Money),
    column("currency", Kind::Text),
    column("department", Kind::Text),
];

/// GTIN, name and unit, which most exports begin with.
fn known(replica: &Replica, gtin: Gtin) -> [Cell; 3] {
    let known = replica.known_item(gtin);
    let unit = known.as_ref().map_or(Unit::Piece, |known| known.unit);
    let name = known.map_or(Cell::Empty, |known| Cell::Text(known.name.to_string()));
    [text(gtin), name, text(unit)]
}

fn by_item(replica: &Replica, row: &PositionRow) -> Vec<Cell> {
    let (sellable, reserved) = (row.sellable.get(), row.reserved.get());
    let figures = [row.on_hand.get(), sellable, reserved, sellable.saturating_sub(reserved)];
    let figures = figures.into_iter().map(Cell::Whole);
    known(replica, row.item).into_iter().chain(figures).chain([seq(row.covers)]).collect()
}

fn by_place(replica: &Replica, row: &PositionRow) -> Vec<Vec<Cell>> {
    let here = |bucket: &&Bucket| bucket.account.is_physical() && bucket.balance.get() != 0;
    let cells = |bucket: &Bucket| {
        let lot = if bucket.lot.is_unknown() { Cell::Empty } else { text(bucket.lot) };
        let goods = [text(bucket.account), lot, some_text(bucket.serial), Cell::Whole(bucket.balance.get())];
        known(replica, row.item).into_iter().chain(goods).chain([seq(row.covers)]).collect()
    };
    row.buckets.iter().filter(here).map(cells).collect()
}

fn movement(replica: &Replica, recorded: &Recorded) -> Vec<Cell> {
    let Recorded { entry, on_hand, sellable } = recorded;
    let movement = &entry.movement;
    let mut cells = vec![
        seq(entry.seq),
        Cell::Day(movement.business_date),
        Cell::Moment(movement.occurred_at),
        Cell::Moment(movement.recorded_at),
        text(MovementKind::of(movement).word()),
    ];
    cells.extend(known(replica, movement.item));
    cells.extend([
        if movement.lot.is_unknown() { Cell::Empty } else { text(movement.lot) },
        some_text(movement.serial),
        Cell::Whole(movement.quantity.get()),
        text(movement.from),
        text(movement.to),
        text(movement.reason.word()),
        Cell::Whole(on_hand.get()),
        Cell::Whole(sellable.get()),
        text(movement.source.device),
        whole(movement.source.device_seq.get()),
        Cell::Whole(i64::from(movement.source.leg)),
        text(movement.user),
        some_text(movement.document.map(|document| document.document)),
        movement.document.map_or(Cell::Empty, |document| Cell::Whole(i64::from(document.line))),
        movement.corrects.map_or(Cell::Empty, seq),
    ]);
    cells
}

fn item(item: Item) -> Vec<Cell> {
    let Item { gtin, name, unit, price, department } = item;
    vec![
        text(gtin),
        Cell::Text(name),
        text(unit),
        price.map_or(Cell::Empty, |price| Cell::Money(price.amount)),
        some_text(price.map(|price| price.currency)),
        department.map_or(Cell::Empty, Cell::Text),
    ]
}

fn text(value: impl std::fmt::Display) -> Cell {
    Cell::Text(value.to_string())
}

fn some_text(value: Option<impl std::fmt::Display>) -> Cell {
    value.map_or(Cell::Empty, text)
}

fn seq(seq: Seq) -> Cell {
    whole(seq.get())
}

/// Sequence numbers stay far below the largest.
fn whole(number: u64) -> Cell {
    Cell::Whole(i64::try_from(number).unwrap_or(i64::MAX))
}
