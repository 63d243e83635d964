//! How the bits of each scheme are laid out (EPC Tag Data Standard, section 14.6).

/// The binary schemes that are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// A trade item and a number of up to 38 bits.
    Sgtin96,
    /// A trade item and a serial of up to 20 characters.
    Sgtin198,
    /// A trade item and a serial, without a company prefix set apart.
    SgtinPlus,
    /// A logistic unit.
    Sscc96,
    /// A place, with or without a number of up to 41 bits inside it.
    Sgln96,
    /// A place, with or without an extension of up to 20 characters.
    Sgln195,
    /// A returnable asset and a number of up to 38 bits.
    Grai96,
    /// A returnable asset and a serial of up to 16 characters.
    Grai170,
    /// An asset of a number.
    Giai96,
    /// An asset of up to 24 characters.
    Giai202,
}

/// What a tag identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Item,
    LogisticUnit,
    Place,
    Returnable,
    Asset,
}

/// What stands behind company prefix and reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Bits that mean nothing.
    Reserved(usize),
    /// A number of so many bits.
    Number(usize),
    /// Characters of 7 bits each, at most so many.
    Text(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    /// Bits of company prefix and reference.
    pub(super) bits: usize,
    /// Digits of company prefix and reference.
    pub(super) digits: usize,
    pub(super) tail: Tail,
}

/// Bits before the company prefix: header, filter and partition.
pub(super) const PREFIX_AT: usize = 14;

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Sgtin96,
        Self::Sgtin198,
        Self::SgtinPlus,
        Self::Sscc96,
        Self::Sgln96,
        Self::Sgln195,
        Self::Grai96,
        Self::Grai170,
        Self::Giai96,
        Self::Giai202,
    ];

    /// Its name, as it stands in tag URIs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sgtin96 => "sgtin-96",
            Self::Sgtin198 => "sgtin-198",
            Self::SgtinPlus => "sgtin+",
            Self::Sscc96 => "sscc-96",
            Self::Sgln96 => "sgln-96",
            Self::Sgln195 => "sgln-195",
            Self::Grai96 => "grai-96",
            Self::Grai170 => "grai-170",
            Self::Giai96 => "giai-96",
            Self::Giai202 => "giai-202",
        }
    }

    pub(super) const fn header(self) -> u64 {
        match self {
            Self::Sgtin96 => 0x30,
            Self::Sscc96 => 0x31,
            Self::Sgln96 => 0x32,
            Self::Grai96 => 0x33,
            Self::Giai96 => 0x34,
            Self::Sgtin198 => 0x36,
            Self::Grai170 => 0x37,
            Self::Giai202 => 0x38,
            Self::Sgln195 => 0x39,
            Self::SgtinPlus => 0xf7,
        }
    }

    pub(crate) const fn of_header(header: u64) -> Option<Self> {
        Some(match header {
            0x30 => Self::Sgtin96,
            0x31 => Self::Sscc96,
            0x32 => Self::Sgln96,
            0x33 => Self::Grai96,
            0x34 => Self::Giai96,
            0x36 => Self::Sgtin198,
            0x37 => Self::Grai170,
            0x38 => Self::Giai202,
            0x39 => Self::Sgln195,
            0xf7 => Self::SgtinPlus,
            _ => return None,
        })
    }

    /// The layout of all but SGTIN+, which has its own module and shares the kind alone.
    pub(super) const fn layout(self) -> Layout {
        let (kind, bits, digits, tail) = match self {
            Self::Sgtin96 => (Kind::Item, 44, 13, Tail::Number(38)),
            Self::Sgtin198 => (Kind::Item, 44, 13, Tail::Text(20)),
            Self::SgtinPlus => (Kind::Item, 0, 0, Tail::Text(20)),
            Self::Sscc96 => (Kind::LogisticUnit, 58, 17, Tail::Reserved(24)),
            Self::Sgln96 => (Kind::Place, 41, 12, Tail::Number(41)),
            Self::Sgln195 => (Kind::Place, 41, 12, Tail::Text(20)),
            Self::Grai96 => (Kind::Returnable, 44, 12, Tail::Number(38)),
            Self::Grai170 => (Kind::Returnable, 44, 12, Tail::Text(16)),
            // The reference of an asset is all that stands behind the company prefix.
            Self::Giai96 => (Kind::Asset, 0, 0, Tail::Number(82)),
            Self::Giai202 => (Kind::Asset, 0, 0, Tail::Text(24)),
        };
        Layout { kind, bits, digits, tail }
    }

    /// Bits of a tag.
    pub(crate) const fn bits(self) -> usize {
        match self {
            Self::Sgtin96 | Self::Sscc96 | Self::Sgln96 | Self::Grai96 | Self::Giai96 => 96,
            Self::Sgtin198 => 198,
            Self::Sgln195 => 195,
            Self::Grai170 => 170,
            Self::Giai202 => 202,
            // Without the serial's characters.
            Self::SgtinPlus => super::plus::SERIAL_AT,
        }
    }
}

/// Digits of a company prefix; its bits; and what stands behind it in the layout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partition {
    pub(super) prefix_digits: usize,
    pub(super) prefix_bits: usize,
    pub(super) reference_digits: usize,
    pub(super) reference_bits: usize,
    pub(super) tail: Tail,
}

impl Layout {
    /// For a partition value from 0, which stands for 12 digits, to 6, which stands for 6.
    pub(super) fn partition(&self, partition: u8) -> Option<Partition> {
        const PREFIX_BITS: [usize; 7] = [40, 37, 34, 30, 27, 24, 20];
        let partition = usize::from(partition);
        let (prefix_digits, prefix_bits) = (12 - partition.min(12), *PREFIX_BITS.get(partition)?);
        let tail = match (self.kind, self.tail) {
            // An asset's number has at most 30 characters, and at most 25 digits in 96 bits.
            (Kind::Asset, Tail::Number(bits)) => Tail::Number(bits - prefix_bits),
            (Kind::Asset, Tail::Text(_)) => Tail::Text(30 - prefix_digits),
            (_, tail) => tail,
        };
        Some(Partition {
            prefix_digits,
            prefix_bits,
            reference_digits: self.digits.saturating_sub(prefix_digits),
            reference_bits: self.bits.saturating_sub(prefix_bits),
            tail,
        })
    }
}

/// 10 to the power of `digits`, which is at most 19.
pub(super) fn ten_to(digits: usize) -> u64 {
    POWERS.get(digits).copied().unwrap_or(u64::MAX)
}

const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut digits = 1;
    while digits < 20 {
        #[expect(clippy::indexing_slicing, reason = "at compile time")]
        {
            powers[digits] = powers[digits - 1] * 10;
        }
        digits += 1;
    }
    powers
};
