//! UTF-16, which spreadsheets call "Unicode text", as UTF-8. The standard library decodes it; tables of other encodings, which a
//! crate would bring, are half a megabyte.

use std::io::{self, Read};

use crate::table::read_error::Damage;

const BUFFER_BYTES: usize = 1 << 15;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

impl Endian {
    /// Tells UTF-16 by its byte-order mark; or, without one, by the first two characters, which are ASCII in a table.
    pub(super) fn from_start(start: &[u8]) -> Option<Self> {
        match start {
            [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(pair),
            Self::Big => u16::from_be_bytes(pair),
        }
    }
}

/// Decodes as it is read.
pub(super) struct Utf16<R> {
    input: R,
    endian: Endian,
    /// Bytes that are not decoded yet.
    bytes: Vec<u8>,
    text: String,
    /// The first byte of the text that nobody has taken.
    at: usize,
    is_begun: bool,
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(input: R, endian: Endian) -> Self {
        Self { input, endian, bytes: Vec::with_capacity(BUFFER_BYTES), text: String::new(), at: 0, is_begun: false }
    }

    /// Decodes the next bytes; the text stays empty at the end only.
    fn decode(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() {
            let wanted = (BUFFER_BYTES - self.bytes.len()) as u64;
            let is_end = self.input.by_ref().take(wanted).read_to_end(&mut self.bytes)? == 0;
            if is_end && self.bytes.is_empty() {
                return Ok(());
            }
            let used = self.decode_bytes(is_end)?;
            self.bytes.drain(..used);
        }
        Ok(())
    }

    /// Decodes whole characters, and returns how many bytes they took.
    fn decode_bytes(&mut self, is_end: bool) -> io::Result<usize> {
        let (pairs, odd) = self.bytes.as_chunks::<2>();
        let (endian, mut units) = (self.endian, pairs);
        let is_high = |pair: &[u8; 2]| (0xd800..0xdc00).contains(&endian.unit(*pair));
        if !is_end
            && let [rest @ .., last] = units
            && is_high(last)
        {
            units = rest;
        }
        if is_end && !odd.is_empty() {
            return Err(Damage::error("the input is truncated: its UTF-16 text ends within a character"));
        }
        for character in char::decode_utf16(units.iter().map(|pair| endian.unit(*pair))) {
            let character = character.map_err(|_| {
                Damage::error("the input is not valid UTF-16: it has half of a character, so save it as UTF-8")
            })?;
            let is_mark = !std::mem::replace(&mut self.is_begun, true) && character == '\u{feff}';
            if !is_mark {
                self.text.push(character);
            }
        }
        Ok(units.len() * 2)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            self.decode()?;
        }
        let count = (&self.text.as_bytes()[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
