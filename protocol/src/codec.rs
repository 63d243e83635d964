//! Values to bytes and back. This is the only module that knows which serialiser we use: the crate is frozen upstream,
//! and replacing it must touch one file.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};

use crate::limits::FRAME_BYTES_MAX;

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes do not describe such a value.
    #[error("the bytes are no {what}: {why}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What the reader stumbled over.
        why: String,
    },
    /// Bytes are left over after the value.
    #[error("{left} bytes are left over after the {what}")]
    LeftOver {
        /// What was expected.
        what: &'static str,
        /// How many bytes follow it.
        left: usize,
    },
}

/// Without the limit a few hostile bytes could make the reader allocate gigabytes.
const CONFIG: Configuration<LittleEndian, Varint, Limit<FRAME_BYTES_MAX>> =
    bincode::config::standard().with_limit::<FRAME_BYTES_MAX>();

/// The bytes of a value. Values that we make ourselves always fit; one that would not is empty bytes, which no reader takes.
#[must_use]
pub fn encode<T: bincode::Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, CONFIG).unwrap_or_default()
}

/// The value in `bytes`, which must be used up.
///
/// # Errors
/// [`CodecError`] when the bytes are no such value or go on after it.
pub fn decode<T: bincode::Decode<()>>(what: &'static str, bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) = bincode::decode_from_slice(bytes, CONFIG)
        .map_err(|error| CodecError::Malformed { what, why: error.to_string() })?;
    match bytes.len().saturating_sub(used) {
        0 => Ok(value),
        left => Err(CodecError::LeftOver { what, left }),
    }
}
