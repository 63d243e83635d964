//! Every bound of the protocol, with its reason.

/// Longest frame, in bytes: a full frame of movements that hardly compress, with room to spare.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most movements in one frame. A frame becomes a journal segment, which must fit a DynamoDB item of 400 KB at the usual
/// 6 to 12 bytes a movement.
pub const FRAME_ENTRIES_MAX: usize = 16 * 1024;

/// Most bytes that a frame of movements may unpack to; what claims more is refused before anything is allocated.
pub const UNPACKED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most items in one frame of the feed.
pub const FEED_ITEMS_MAX: usize = 2_000;

/// Packed bytes that an agent may have under way without an acknowledgement.
pub const CREDIT_BYTES: u64 = 2 * 1024 * 1024;

/// Longest text in a message, in bytes: store ids and versions.
pub const TEXT_BYTES_MAX: usize = 64;
