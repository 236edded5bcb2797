//! The hash of all that decides a prediction.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How many bytes of the SHA-256 a name keeps: 2^64 predictions must be made before two are likely to collide.
const HASH_BYTES: usize = 16;

/// How many digits a hash is written in.
pub(super) const HASH_DIGITS: usize = 2 * HASH_BYTES;

/// A text that names no prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the id of a prediction")]
pub struct InvalidId;

/// The first 128 bits of the SHA-256 of a record, a model version and a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; HASH_BYTES]);

impl ContentHash {
    /// Shortens a SHA-256.
    pub(super) fn from_digest(digest: &[u8; 32]) -> Self {
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(&digest[..HASH_BYTES]);
        Self(hash)
    }

    /// Takes over what [`Self::bytes`] gave.
    pub fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes that a store keeps.
    pub fn bytes(self) -> [u8; HASH_BYTES] {
        self.0
    }

    /// Returns its first 32 bits, which are as good as random.
    pub fn beginning(self) -> u32 {
        let [first, second, third, fourth, ..] = self.0;
        u32::from_be_bytes([first, second, third, fourth])
    }

    /// Returns its last 8 bits, which are as good as random and have nothing to do with the first ones.
    pub fn end(self) -> u8 {
        self.0[HASH_BYTES - 1]
    }
}

impl fmt::Display for ContentHash {
    /// Each prediction is named several times: nothing is allocated for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; HASH_DIGITS];
        for (digits, byte) in text.chunks_exact_mut(2).zip(self.0) {
            digits.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for ContentHash {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != HASH_DIGITS {
            return Err(InvalidId);
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = nibble(pair[0]).ok_or(InvalidId)? << 4 | nibble(pair[1]).ok_or(InvalidId)?;
        }
        Ok(Self(bytes))
    }
}

/// Reads one lowercase hexadecimal digit: a name has one spelling only.
pub(super) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The hexadecimal digits.
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes four bits as a digit.
pub(super) fn digit(bits: u8) -> char {
    DIGITS[usize::from(bits)].into()
}
