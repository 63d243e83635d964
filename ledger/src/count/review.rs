//! Looking at what a count came to: root causes, and who may approve how much (R25).

use crate::count::Finding;
use crate::ids::DocumentLine;
use crate::quantity::Money;

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// Why the record and the shelf differed, as far as people know. The list is closed; a word never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountRootCause"))]
        #[serde(rename_all = "snake_case")]
        pub enum RootCause {
            $($(#[$doc])* $name,)*
        }

        impl RootCause {
            /// Every root cause, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word used in files and in the API.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The root cause with this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

causes! {
    /// Signs of theft: torn tags, empty packs.
    TheftSuspected = "theft_suspected";
    /// Broken or spoilt goods were thrown away and nobody wrote it down.
    DamageNotRecorded = "damage_not_recorded";
    /// Goods past their date were taken off the shelf and nobody wrote it down.
    ExpiryNotRecorded = "expiry_not_recorded";
    /// The store used goods itself and nobody wrote it down.
    StoreUseNotRecorded = "store_use_not_recorded";
    /// More or fewer were booked at receiving than came.
    ReceivingError = "receiving_error";
    /// The supplier sent less than the papers say, which was seen too late.
    SupplierShort = "supplier_short";
    /// A wrong item or number was entered at the till.
    TillError = "till_error";
    /// What a customer brought back was put away without being recorded.
    ReturnNotRecorded = "return_not_recorded";
    /// Goods went to or came from another store without being recorded.
    TransferNotRecorded = "transfer_not_recorded";
    /// Goods were carried to another area without being recorded.
    MoveNotRecorded = "move_not_recorded";
    /// Goods stood where they do not belong.
    Misplaced = "misplaced";
    /// A similar item was taken for this one.
    ItemMixUp = "item_mix_up";
    /// Packs were taken for pieces, or pieces for packs.
    PackMixUp = "pack_mix_up";
    /// The label or barcode on the goods is wrong.
    WrongLabel = "wrong_label";
    /// Somebody typed a wrong number into the record.
    DataEntry = "data_entry";
    /// An earlier count was wrong.
    EarlierCount = "earlier_count";
    /// Weighing, drying out or pouring losses of measured goods.
    MeasureLoss = "measure_loss";
    /// Somebody looked into it and found no cause.
    Unexplained = "unexplained";
}

/// A line as its reviewer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewed {
    /// The line.
    pub line: DocumentLine,
    /// The adjustment in base units.
    pub units: i64,
    /// How many base units were wrong, whichever way.
    pub absolute: u64,
    /// What the record said.
    pub balance: i64,
    /// What the adjustment is worth.
    pub value: Money,
    /// Why, as far as people know.
    pub cause: Option<RootCause>,
}

/// Who may approve how much of one line; what is none is not limited.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountLevel"))]
pub struct Level {
    /// The level's name, such as a role.
    pub name: String,
    /// At most so many base units, whichever way.
    pub units: Option<u64>,
    /// At most so much value, whichever way.
    pub value: Option<Money>,
    /// At most so many hundredths of a percent of what the record said; of one base unit where it said none.
    pub basis_points: Option<u32>,
}

/// All levels, from the one with the least rights up.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountLimits"))]
pub struct Limits {
    /// The levels.
    pub levels: Vec<Level>,
}

/// Who has to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed<'a> {
    /// Nobody: there is no variance.
    Nobody,
    /// Somebody of this level, or of one after it.
    Level(&'a Level),
    /// No level has the rights; this is the first line that is beyond all of them.
    Beyond(DocumentLine),
}

/// The lowest level that may approve every line.
#[must_use]
pub fn approval_needed<'a>(lines: &[Reviewed], limits: &'a Limits) -> Needed<'a> {
    let variances = || lines.iter().filter(|line| line.is_variance());
    if variances().next().is_none() {
        return Needed::Nobody;
    }
    if let Some(level) = limits.levels.iter().find(|level| variances().all(|line| level.covers(line))) {
        return Needed::Level(level);
    }
    let beyond = variances().find(|line| limits.levels.last().is_none_or(|level| !level.covers(line)));
    match beyond.or_else(|| variances().next()) {
        Some(line) => Needed::Beyond(line.line),
        None => Needed::Nobody,
    }
}

impl Limits {
    /// Whether the level of this name has the rights of `needed` or more.
    #[must_use]
    pub fn reaches(&self, name: &str, needed: &Level) -> bool {
        let place = |name: &str| self.levels.iter().position(|level| level.name == name);
        place(name).is_some_and(|has| place(&needed.name).is_some_and(|needs| has >= needs))
    }
}

impl Level {
    /// Whether a line is within the level's limits.
    #[must_use]
    pub fn covers(&self, line: &Reviewed) -> bool {
        let share = i128::from(line.absolute).saturating_mul(10_000);
        let base = i128::from(line.balance.unsigned_abs().max(1));
        self.units.is_none_or(|most| line.absolute <= most)
            && self.value.is_none_or(|most| line.value.minor().unsigned_abs() <= most.minor().unsigned_abs())
            && self.basis_points.is_none_or(|most| share <= base.saturating_mul(i128::from(most)))
    }
}

impl Reviewed {
    /// A finding with its value and what is known of its cause.
    #[must_use]
    pub fn of(finding: &Finding, value: Money, cause: Option<RootCause>) -> Self {
        Self {
            line: finding.line,
            units: finding.adjustment().get(),
            absolute: finding.absolute(),
            balance: finding.evidence.balance,
            value,
            cause,
        }
    }

    /// Whether the line has a variance that needs a cause and an approval.
    #[must_use]
    pub const fn is_variance(&self) -> bool {
        self.absolute != 0
    }
}
