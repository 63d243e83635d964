//! Movements packed by columns: each field of a run of movements lies together, mostly as small differences, and the
//! whole is compressed. A movement costs 5 to 10 bytes where a row would cost a hundred.
//!
//! The layout: one byte of format (0 plain, 1 zstd behind the plain length), then the columns, each behind its length in
//! bytes, in the order of `Writer::finish`. Numbers are LEB128, signed ones zigzag. Texts are numbered in the order in
//! which they first appear; the movement's hash is not sent, the receiver computes it.

mod read;
mod write;

use ledger::Movement;

use crate::limits::{FRAME_ENTRIES_MAX, UNPACKED_BYTES_MAX};

/// Packed bytes that are no movements.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The format byte is of a later version.
    #[error("packing format {0} is not known")]
    Format(u8),
    /// The count is above the limit of a frame.
    #[error("{0} movements are more than a frame may hold, {FRAME_ENTRIES_MAX}")]
    TooMany(u32),
    /// The plain length is above the limit.
    #[error("{0} bytes are more than a frame may unpack to, {UNPACKED_BYTES_MAX}")]
    TooLarge(u64),
    /// The compressed bytes do not unpack to what they claim.
    #[error("the compressed bytes are damaged")]
    Damaged,
    /// A column ends too early or goes on too long.
    #[error("column `{0}` has the wrong length")]
    Length(&'static str),
    /// A column holds a value that no movement has.
    #[error("column `{0}` holds a value that no movement has")]
    Value(&'static str),
}

/// Packs movements. Their places are told beside the bytes.
#[must_use]
pub fn pack<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> Vec<u8> {
    let mut writer = write::Writer::default();
    movements.into_iter().for_each(|movement| writer.push(movement));
    compress(&writer.finish())
}

/// Unpacks `count` movements.
///
/// # Errors
/// [`ColumnError`] when the bytes are not exactly that many movements; nothing above the limits is allocated.
pub fn unpack(count: u32, packed: &[u8]) -> Result<Vec<Movement>, ColumnError> {
    let rows = usize::try_from(count).unwrap_or(usize::MAX);
    if rows > FRAME_ENTRIES_MAX {
        return Err(ColumnError::TooMany(count));
    }
    let plain = decompress(packed)?;
    read::Reader::new(&plain)?.rows(rows)
}

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Below this many bytes the set-up of the compressor costs more than it gains.
const COMPRESS_FROM: usize = 200;
/// Level 1 is within 4 % of level 9 on movements and many times faster.
const LEVEL: i32 = 1;

pub(super) fn compress(plain: &[u8]) -> Vec<u8> {
    let mut packed = vec![PLAIN];
    if plain.len() >= COMPRESS_FROM
        && let Ok(smaller) = zstd::bulk::compress(plain, LEVEL)
        && smaller.len() < plain.len()
    {
        packed = vec![ZSTD];
        write::put_unsigned(&mut packed, u64::try_from(plain.len()).unwrap_or(u64::MAX));
        packed.extend_from_slice(&smaller);
        return packed;
    }
    packed.extend_from_slice(plain);
    packed
}

pub(super) fn decompress(packed: &[u8]) -> Result<Vec<u8>, ColumnError> {
    let (format, body) = packed.split_first().ok_or(ColumnError::Damaged)?;
    match *format {
        PLAIN => Ok(body.to_vec()),
        ZSTD => {
            let mut cursor = read::Cursor::new("length", body);
            let length = cursor.unsigned()?;
            let size = usize::try_from(length).unwrap_or(usize::MAX);
            if size > UNPACKED_BYTES_MAX {
                return Err(ColumnError::TooLarge(length));
            }
            let plain =
                zstd::bulk::decompress(cursor.rest(), size).map_err(|_damaged| ColumnError::Damaged)?;
            if plain.len() == size { Ok(plain) } else { Err(ColumnError::Damaged) }
        }
        format => Err(ColumnError::Format(format)),
    }
}
