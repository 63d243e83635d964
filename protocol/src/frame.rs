//! Frames: a length of four bytes, little-endian, then that many bytes.

use crate::limits::FRAME_BYTES_MAX;

/// A stream of bytes that is no stream of frames.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame claims to be longer than any may be.
    #[error("frame of {length} bytes is longer than the limit of {FRAME_BYTES_MAX}")]
    TooLarge {
        /// What the frame claims.
        length: usize,
    },
    /// The stream ended within a frame.
    #[error("the stream ended with {missing} bytes of a frame missing")]
    Truncated {
        /// How many bytes were still to come.
        missing: usize,
    },
}

/// Puts a body into a frame.
#[must_use]
pub fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut framed = Vec::with_capacity(body.len().saturating_add(4));
    framed.extend_from_slice(&length.to_le_bytes());
    framed.extend_from_slice(body);
    framed
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    // Bytes before this were given out; they are dropped when more arrive, so that a burst of frames costs one move.
    taken: usize,
}

impl FrameReader {
    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The body of the next whole frame, or `None` until more bytes are there.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] as soon as the length is known, before the frame is kept.
    pub fn poll(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some((head, rest)) = self.pending().split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*head)).unwrap_or(usize::MAX);
        if length > FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge { length });
        }
        let body = rest.get(..length).map(<[u8]>::to_vec);
        if body.is_some() {
            self.taken = self.taken.saturating_add(length).saturating_add(4);
        }
        Ok(body)
    }

    /// The stream ended.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] when it ended within a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        let pending = self.pending();
        match pending.split_first_chunk::<4>() {
            None if pending.is_empty() => Ok(()),
            None => Err(FrameError::Truncated { missing: 4usize.saturating_sub(pending.len()) }),
            Some((head, rest)) => {
                let length = usize::try_from(u32::from_le_bytes(*head)).unwrap_or(usize::MAX);
                Err(FrameError::Truncated { missing: length.saturating_sub(rest.len()) })
            }
        }
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whatever_the_cuts() {
        let stream: Vec<u8> = [frame(b"one"), frame(b""), frame(b"three")].concat();
        for cut in 1..stream.len() {
            let mut reader = FrameReader::default();
            let mut bodies = Vec::new();
            for part in stream.chunks(cut) {
                reader.push(part);
                while let Some(body) = reader.poll().unwrap() {
                    bodies.push(body);
                }
            }
            assert_eq!(bodies, [b"one".to_vec(), Vec::new(), b"three".to_vec()], "cut every {cut}");
            assert_eq!(reader.finish(), Ok(()));
        }
    }

    #[test]
    fn a_frame_above_the_limit_is_refused_by_its_length_alone() {
        let mut reader = FrameReader::default();
        reader.push(&u32::MAX.to_le_bytes());
        assert_eq!(reader.poll(), Err(FrameError::TooLarge { length: 0xffff_ffff }));
    }

    #[test]
    fn an_end_within_a_frame_is_told() {
        let mut reader = FrameReader::default();
        reader.push(&frame(b"hello")[..6]);
        assert_eq!(reader.poll(), Ok(None));
        assert_eq!(reader.finish(), Err(FrameError::Truncated { missing: 3 }));
    }
}
