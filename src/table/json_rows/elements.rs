//! Takes a JSON array apart as it is read. Each element is parsed where its record is made, so several threads can parse; here only
//! brackets and texts are told apart.

use std::io::BufRead;

use super::MAX_RECORD_BYTES;
use super::too_long;
use crate::table::place::Place;
use crate::table::read_error::ReadError;

/// The elements of an array, or a single object.
pub(super) struct Elements<R> {
    input: R,
    state: State,
    index: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Within the array, where the next element begins.
    Array,
    /// Behind the array or the object.
    End,
}

/// What ends an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The bracket that closes it, which is a part of it.
    Closed,
    /// A comma, or the bracket that closes the array.
    Separator,
}

/// How far an element has been read.
#[derive(Debug, Default)]
struct Progress {
    depth: usize,
    is_text: bool,
    is_escaped: bool,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, state: State::Start, index: 0 }
    }

    /// Appends the text of the next element, and returns where it stands.
    pub(super) fn read(&mut self, text: &mut Vec<u8>) -> Result<Option<Place>, ReadError> {
        if self.state == State::Start {
            match self.next_byte()? {
                None => return Err(ReadError::input("the input is empty: expected a JSON array, or an object")),
                Some(b'[') => {
                    self.input.consume(1);
                    self.state = State::Array;
                    if self.next_byte()? == Some(b']') {
                        self.input.consume(1);
                        self.end()?;
                    }
                }
                Some(b'{') => return self.read_object(text).map(Some),
                Some(_) => {
                    return Err(ReadError::input("the input is not JSON: expected an array of objects, or an object"));
                }
            }
        }
        if self.state == State::Array { self.read_element(text).map(Some) } else { Ok(None) }
    }

    fn read_object(&mut self, text: &mut Vec<u8>) -> Result<Place, ReadError> {
        self.scan(text, Until::Closed)?;
        self.end()?;
        Ok(Place::Element(0))
    }

    fn read_element(&mut self, text: &mut Vec<u8>) -> Result<Place, ReadError> {
        let (start, place) = (text.len(), Place::Element(self.index));
        let last = self.scan(text, Until::Separator)?;
        if text[start..].trim_ascii().is_empty() {
            return Err(ReadError::input(format!("the input is not JSON: {place} is missing behind its comma")));
        }
        self.index += 1;
        if last == b']' {
            self.end()?;
        }
        Ok(place)
    }

    /// Appends the bytes of an element, and returns the one that ends it.
    fn scan(&mut self, text: &mut Vec<u8>, until: Until) -> Result<u8, ReadError> {
        let (start, mut progress) = (text.len(), Progress::default());
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Err(ReadError::input(format!(
                    "the input ends within element {}: it is truncated, so copy or download it again",
                    self.index
                )));
            }
            let end = bytes.iter().position(|&byte| progress.ends_at(byte, until));
            let taken = end.map_or(bytes.len(), |end| end + usize::from(until == Until::Closed));
            text.extend_from_slice(&bytes[..taken]);
            let last = end.map(|end| bytes[end]);
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(used);
            if let Some(last) = last {
                return Ok(last);
            }
            if text.len() - start > MAX_RECORD_BYTES {
                return Err(too_long(Place::Element(self.index)));
            }
        }
    }

    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), ReadError> {
        self.state = State::End;
        match self.next_byte()? {
            None => Ok(()),
            Some(b'{' | b'[') => Err(ReadError::input(
                "the input goes on behind its JSON: if an object stands on each line, name its format as ndjson",
            )),
            Some(_) => Err(ReadError::input("the input goes on behind its JSON")),
        }
    }

    /// Returns the next byte that is not space, without taking it.
    fn next_byte(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if let Some(at) = bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
                let byte = bytes[at];
                self.input.consume(at);
                return Ok(Some(byte));
            }
            let blank = bytes.len();
            self.input.consume(blank);
        }
    }
}

impl Progress {
    /// Takes a byte; tells whether it ends the element.
    fn ends_at(&mut self, byte: u8, until: Until) -> bool {
        if self.is_text {
            if self.is_escaped {
                self.is_escaped = false;
            } else if byte == b'\\' {
                self.is_escaped = true;
            } else if byte == b'"' {
                self.is_text = false;
            }
            return false;
        }
        match byte {
            b'"' => self.is_text = true,
            b'{' | b'[' => self.depth += 1,
            b',' | b']' if self.depth == 0 => return until == Until::Separator,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0 && until == Until::Closed;
            }
            _ => {}
        }
        false
    }
}
