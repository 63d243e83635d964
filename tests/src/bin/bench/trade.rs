//! Movements as a busy shop makes them: tills that scan baskets, some items far more often than others.

use anyhow::Result;
use ledger::{
    Account, Area, Date, DeviceId, DeviceSeq, DocumentId, DocumentLine, Entry, Head, Lot, Movement,
    Positions, Quantity, RawScan, Reason, Source, Timestamp, UserId,
};
use tests::Dice;

use crate::agent::gtin;

/// Tills that scan at the same time.
const TILLS: usize = 8;
/// Items that the shop has.
pub(crate) const ITEMS: u64 = 20_000;
/// When the first movement happens, in milliseconds since 1970.
const BEGIN_MS: i64 = 1_760_000_000_000;

/// A shop, in the middle of its day.
pub(crate) struct Trade {
    dice: Dice,
    tills: Vec<Till>,
    now_ms: i64,
    head: Head,
    positions: Positions,
    scratch: Vec<u8>,
}

struct Till {
    device: DeviceId,
    user: UserId,
    seq: u64,
    basket: u64,
    line: u32,
    lines: u32,
}

impl Trade {
    pub(crate) fn open(seed: u64) -> Result<Self> {
        let till = |number: usize| {
            let device = DeviceId::new(&format!("till-{}", number + 1))?;
            let user = UserId::new(&format!("cashier-{}", number + 1))?;
            Ok(Till { device, user, seq: 0, basket: 0, line: 0, lines: 0 })
        };
        Ok(Self {
            dice: Dice::new(seed),
            tills: (0..TILLS).map(till).collect::<Result<_>>()?,
            now_ms: BEGIN_MS,
            head: Head::START,
            positions: Positions::default(),
            scratch: Vec::new(),
        })
    }

    /// The next entries of the ledger.
    pub(crate) fn entries(&mut self, count: usize) -> Result<Vec<Entry>> {
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let movement = self.movement()?;
            self.head = self.head.after(&movement, &mut self.scratch);
            self.positions.apply(&movement)?;
            entries.push(Entry { seq: self.head.seq, hash: self.head.hash, movement });
        }
        Ok(entries)
    }

    /// The digest after the last entry given.
    pub(crate) fn digest(&self) -> ledger::Digest {
        self.positions.digest()
    }

    fn movement(&mut self) -> Result<Movement> {
        let dice = &mut self.dice;
        let number = usize::try_from(dice.number(0..u64::try_from(TILLS)?))?;
        self.now_ms += i64::try_from(dice.number(100..900))?;
        // The product of two numbers favours the small ones: a tenth of the items has half of the scans.
        let item = dice.number(0..ITEMS) * dice.number(0..ITEMS) / ITEMS;
        let quantity = if dice.chance(800) { 1 } else { i64::try_from(dice.number(2..13))? };
        let lines = u32::try_from(dice.number(1..40))?;
        let till = self.tills.get_mut(number).ok_or_else(|| anyhow::anyhow!("no till {number}"))?;
        if till.line == till.lines {
            (till.basket, till.line, till.lines) = (till.basket + 1, 0, lines);
        }
        till.seq += 1;
        till.line += 1;
        let gtin = gtin(item)?;
        let at = Timestamp::from_millis(self.now_ms);
        Ok(Movement {
            item: gtin,
            lot: Lot::unknown(),
            serial: None,
            quantity: Quantity::new(quantity)?,
            from: Account::Sellable(Area::Floor),
            to: Account::Customer,
            reason: Reason::Sale,
            document: Some(DocumentLine {
                document: DocumentId::new(&format!("{}-{}", till.device, till.basket))?,
                line: till.line,
            }),
            user: till.user,
            source: Source { device: till.device, device_seq: DeviceSeq::new(till.seq), leg: 0 },
            event_id: None,
            raw_scan: Some(RawScan::new(format!("]E0{:013}", gtin.as_u64()).as_bytes())?),
            occurred_at: at,
            clock_offset_ms: 40,
            recorded_at: at.shifted(3),
            business_date: Date::from_days(20_370),
            corrects: None,
        })
    }
}
