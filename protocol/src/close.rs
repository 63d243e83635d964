//! Why a connection is closed, with a number for the wire and a name for people.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal;)*) => {
        /// Why a connection is closed. The numbers are the QUIC application error codes; a retired one keeps its place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CloseReason {
            $($(#[$doc])* $name,)*
        }

        impl CloseReason {
            /// The QUIC application error code.
            #[must_use]
            pub const fn code(self) -> u32 {
                match self { $(Self::$name => $code,)* }
            }

            /// The name in logs, metrics and close frames.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The reason with this code.
            #[must_use]
            pub const fn from_code(code: u64) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

reasons! {
    /// Nothing more to say.
    Done = 0, "done";
    /// The side that closes is going down; come back.
    GoingDown = 1, "going_down";
    /// A frame was longer than the limit.
    FrameTooLarge = 2, "frame_too_large";
    /// A frame's bytes were no message.
    FrameMalformed = 3, "frame_malformed";
    /// A stream ended within a frame.
    FrameTruncated = 4, "frame_truncated";
    /// A message came when it makes no sense.
    OutOfTurn = 5, "out_of_turn";
    /// The certificate does not allow what was asked.
    Identity = 6, "identity";
    /// A `Refuse` was sent; it says why.
    Refused = 7, "refused";
    /// The movements do not continue the chain.
    ChainBroken = 8, "chain_broken";
    /// Another session of the same store wrote to the journal.
    Superseded = 9, "superseded";
    /// The side that closes could not keep what it was given; come back.
    Unavailable = 10, "unavailable";
    /// The greeting did not come in time.
    Silent = 11, "silent";
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
