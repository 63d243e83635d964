//! Leases in the replica (R34): what channels may promise while the store cannot be asked, what they promised, and what they
//! are shown (R11).
//!
//! A lease is granted within what is available when it is asked for. Later sales do not take it back, for the hub may have
//! promised it meanwhile: so what can be sold twice is at most what is leased, always.

use gs1::Gtin;
use ledger::promise::{Channel, Lease, LeaseBook, LeaseRefused, Reservation};
use ledger::{Balance, DocumentId, Quantity, StoreId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::book::Book;
use super::counts::Prepared;
use super::documents::{self, Act, By, Operated};
use super::row::{self, Fault};
use super::{Replica, ReplicaError};
use crate::operations::{OrOpen, Take, TakeLine};

/// What is asked for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseAsked {
    /// The channel.
    pub channel: Channel,
    /// The item.
    pub item: Gtin,
    /// How many it may promise; zero gives all of them back.
    pub quantity: Balance,
    /// What the channel is not shown of what is available; as it was when nobody says.
    pub buffer: Option<Balance>,
    /// What no lease of the item may touch; as it was when nobody says.
    pub floor_buffer: Option<Balance>,
    /// The version that the caller has seen, if it must still be that; 0 for none.
    pub seen: Option<u64>,
}

/// A lease as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseKept {
    /// The lease.
    pub lease: Lease,
    /// What the channel is not shown of what is available.
    pub buffer: Balance,
    /// What no lease of the item may touch.
    pub floor_buffer: Balance,
    /// How often it was set.
    pub version: u64,
    /// When it was changed last, also by what was promised on it.
    pub changed_at: Timestamp,
}

/// What became of a lease that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseSet {
    /// It is set.
    Done(LeaseKept),
    /// It is more than the store can spare.
    Refused(LeaseRefused),
    /// It has another version than the caller has seen.
    Stale(u64),
}

/// An order that a channel promised on its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedOrder {
    /// The order.
    pub order: DocumentId,
    /// When it was promised.
    pub requested_at: Timestamp,
    /// Until when it is held.
    pub hold_until: Option<Timestamp>,
    /// What was promised.
    pub lines: Vec<TakeLine>,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The order.
    pub order: DocumentId,
    /// Its reservation after it, or why there is none.
    pub became: Operated<Reservation>,
}

/// What a channel is shown of an item, and how that comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelStock {
    /// Sellable less reserved.
    pub available: Balance,
    /// What the channel is not shown of it.
    pub buffer: Balance,
    /// What this channel may promise by itself.
    pub leased: Balance,
    /// What other channels may promise by themselves.
    pub leased_elsewhere: Balance,
    /// What the channel is shown: never below zero.
    pub shown: Balance,
}

// === impl Replica ===

impl Replica {
    /// Grants a lease, changes it or takes it back.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_lease(&self, asked: LeaseAsked) -> Result<LeaseSet, ReplicaError> {
        self.write(1, move |book| book.set_lease(&asked).map(Ok)).await
    }

    /// At most `max` leases after one of them, by channel and item.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn leases_after(
        &self,
        after: Option<(Channel, Gtin)>,
        max: usize,
    ) -> Result<Vec<LeaseKept>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT lease.channel, lease.item, lease.quantity, buffer, ifnull(floor_buffer.quantity, 0), \
                           version, changed_at FROM lease LEFT JOIN floor_buffer ON floor_buffer.item = lease.item \
                           WHERE (lease.channel, lease.item) > (?, ?) ORDER BY lease.channel, lease.item LIMIT ?";
                let (channel, item) = after.map_or((String::new(), -1), |(channel, item)| {
                    (channel.to_string(), item.as_u64().cast_signed())
                });
                let mut statement = reader.db.prepare_cached(sql)?;
                let max = i64::try_from(max).unwrap_or(i64::MAX);
                let mut rows = statement.query(params![channel, item, max])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(kept(row)?);
                }
                Ok(found)
            })
            .await
    }

    /// What a channel is shown of an item.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn channel_stock(&self, channel: Channel, item: Gtin) -> Result<ChannelStock, ReplicaError> {
        let position = self.positions(item).await?;
        self.readers
            .read(move |reader| {
                let leases = leases_of(&reader.db, item)?;
                let available = position.sellable.get().saturating_sub(position.reserved.get());
                let own = find(&reader.db, channel, item)?;
                let buffer = own.map_or(Balance::ZERO, |own| own.buffer);
                let leased = leases.granted(channel, item);
                let elsewhere = leases.outstanding(item).get().saturating_sub(leased.get());
                let shown = available.saturating_sub(buffer.get()).saturating_sub(elsewhere).max(0);
                Ok(ChannelStock {
                    available: Balance::new(available),
                    buffer,
                    leased,
                    leased_elsewhere: Balance::new(elsewhere),
                    shown: Balance::new(shown),
                })
            })
            .await
    }

    /// Takes over what a channel promised while the store could not be asked, the oldest promise first, in one transaction.
    /// A claim that was taken over before is answered with its reservation and does nothing.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Asking again is right.
    pub async fn take_over(
        &self,
        channel: Channel,
        claims: Vec<PromisedOrder>,
        by: By,
    ) -> Result<Vec<Claimed>, ReplicaError> {
        let store = self.store();
        let mut claims = claims;
        claims.sort_by_key(|claim| (claim.requested_at, claim.order));
        self.write(claims.len(), move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => {
                let taken = claims.into_iter().map(|claim| book.take_over(channel, claim, &by, store));
                taken.collect::<Result<Vec<_>, Fault>>().map(Ok)
            }
        })
        .await
    }
}

impl Book<'_> {
    fn set_lease(&mut self, asked: &LeaseAsked) -> Result<LeaseSet, Fault> {
        let LeaseAsked { channel, item, quantity, buffer, floor_buffer, seen } = *asked;
        let before = find(self.db, channel, item)?;
        let version = before.map_or(0, |kept| kept.version);
        if seen.is_some_and(|seen| seen != version) {
            return Ok(LeaseSet::Stale(version));
        }
        let floor = match floor_buffer {
            Some(floor) => floor,
            None => floor_of(self.db, item)?,
        };
        let sellable = self.positions_of(item)?.sellable(item).unwrap_or_default();
        let reserved = documents::reserved(self.db, item)?;
        let available = Balance::new(sellable.get().saturating_sub(reserved.get()));
        let lease = Lease { channel, item, quantity };
        if let Err(refused) = leases_of(self.db, item)?.grant(lease, available, floor) {
            return Ok(LeaseSet::Refused(refused));
        }
        if let Some(floor) = floor_buffer {
            let sql = "INSERT OR REPLACE INTO floor_buffer (item, quantity) VALUES (?,?)";
            self.db.prepare_cached(sql)?.execute(params![item.as_u64().cast_signed(), floor.get()])?;
        }
        let buffer = buffer.or_else(|| before.map(|kept| kept.buffer)).unwrap_or_default();
        let version = version.saturating_add(1);
        let kept = LeaseKept { lease, buffer, floor_buffer: floor, version, changed_at: self.now };
        put(self.db, &kept)?;
        Ok(LeaseSet::Done(kept))
    }

    fn take_over(
        &mut self,
        channel: Channel,
        claim: PromisedOrder,
        by: &By,
        store: StoreId,
    ) -> Result<Claimed, Fault> {
        let PromisedOrder { order, requested_at, hold_until, lines } = claim;
        let step = OrOpen::Open(Take::Claim { channel, requested_at, hold_until, lines });
        // An order is claimed once, whatever key the request has.
        let by = By { key: Some(format!("claim {channel} {order}")), ..by.clone() };
        let act = Act { document: order, step, by, seen: None };
        let became = self.operate::<Reservation>(&act, store, &Prepared::default())?;
        let became = became.ok_or_else(|| Fault::Contradiction("a claim cannot be made ready".to_owned()))?;
        Ok(Claimed { order, became })
    }

    /// What was promised on a lease is not to be promised again: it stands in a reservation now.
    pub(super) fn shrink_leases(&mut self, promised: &[(Channel, Gtin, Quantity)]) -> Result<(), Fault> {
        let sql = "UPDATE lease SET quantity = max(0, quantity - ?), version = version + 1, changed_at = ? \
                   WHERE channel = ? AND item = ?";
        for (channel, item, quantity) in promised {
            self.db.prepare_cached(sql)?.execute(params![
                quantity.get(),
                self.now.millis(),
                channel.to_string(),
                item.as_u64().cast_signed()
            ])?;
        }
        Ok(())
    }
}

/// All leases of an item.
fn leases_of(db: &Connection, item: Gtin) -> Result<LeaseBook, Fault> {
    let mut statement =
        db.prepare_cached("SELECT channel, quantity FROM lease WHERE item = ? ORDER BY channel")?;
    let mut rows = statement.query([item.as_u64().cast_signed()])?;
    let mut leases = Vec::new();
    while let Some(row) = rows.next()? {
        let quantity = Balance::new(row.get(1)?);
        leases.push(Lease { channel: channel(&row.get::<_, String>(0)?)?, item, quantity });
    }
    Ok(LeaseBook { leases })
}

fn find(db: &Connection, channel: Channel, item: Gtin) -> Result<Option<LeaseKept>, Fault> {
    let sql = "SELECT lease.channel, lease.item, lease.quantity, buffer, ifnull(floor_buffer.quantity, 0), version, \
               changed_at FROM lease LEFT JOIN floor_buffer ON floor_buffer.item = lease.item \
               WHERE lease.channel = ? AND lease.item = ?";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![channel.to_string(), item.as_u64().cast_signed()])?;
    rows.next()?.map(kept).transpose()
}

fn kept(row: &rusqlite::Row<'_>) -> Result<LeaseKept, Fault> {
    Ok(LeaseKept {
        lease: Lease {
            channel: channel(&row.get::<_, String>(0)?)?,
            item: row::gtin(row.get(1)?)?,
            quantity: Balance::new(row.get(2)?),
        },
        buffer: Balance::new(row.get(3)?),
        floor_buffer: Balance::new(row.get(4)?),
        version: row.get::<_, i64>(5)?.cast_unsigned(),
        changed_at: Timestamp::from_millis(row.get(6)?),
    })
}

fn channel(text: &str) -> Result<Channel, Fault> {
    text.parse().map_err(|_refused| Fault::Damaged { what: "channel" })
}

fn floor_of(db: &Connection, item: Gtin) -> Result<Balance, Fault> {
    let sql = "SELECT quantity FROM floor_buffer WHERE item = ?";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_row([item.as_u64().cast_signed()], |row| row.get(0)).optional()?;
    Ok(found.map_or(Balance::ZERO, Balance::new))
}

fn put(db: &Connection, kept: &LeaseKept) -> Result<(), Fault> {
    let sql = "INSERT OR REPLACE INTO lease (channel, item, quantity, buffer, version, changed_at) VALUES (?,?,?,?,?,?)";
    db.prepare_cached(sql)?.execute(params![
        kept.lease.channel.to_string(),
        kept.lease.item.as_u64().cast_signed(),
        kept.lease.quantity.get(),
        kept.buffer.get(),
        kept.version.cast_signed(),
        kept.changed_at.millis(),
    ])?;
    Ok(())
}
