//! An object as a file that is read here and there, as Parquet is: its end first, and then its columns side by side.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use super::location::Location;
use super::read::ObjectReader;
use super::{Object, Objects};
use crate::table::source::RandomAccess;

/// How much is asked for where nothing was read before. A column that goes on is asked for in pieces that double, so that a short one
/// costs little and a long one few requests.
const FIRST_BYTES: u64 = 1 << 18;
const MOST_BYTES: u64 = 1 << 23;

/// A gap in what is read that costs less to read than to ask again.
const GAP_BYTES: u64 = 1 << 16;

/// How many places are read from in turn, each by a connection of its own.
const MOST_STREAMS: usize = 64;

/// Reads an object from any place, as it was when it was looked at.
///
/// Whoever reads on where a read ended gets the rest of the same answer: bytes are asked for once, and none are kept.
pub struct ObjectFile {
    objects: Objects,
    at: Location,
    object: Object,
    /// Those that nobody reads from just now, the one that was longest unread first.
    streams: Mutex<Vec<Stream>>,
}

/// A place from which it is read on.
struct Stream {
    next: u64,
    /// How much was asked for last.
    bytes: u64,
    reader: ObjectReader,
}

impl ObjectFile {
    pub(super) fn new(objects: Objects, at: Location, object: Object) -> Self {
        Self { objects, at, object, streams: Mutex::default() }
    }

    /// Takes the stream that is nearest before a place, or makes one.
    fn stream(&self, offset: u64, wanted: u64) -> Stream {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let reaches = |stream: &Stream| offset.checked_sub(stream.next).filter(|gap| *gap <= GAP_BYTES);
        let near = streams.iter().enumerate().filter_map(|(place, stream)| Some((reaches(stream)?, place)));
        match near.min() {
            Some((_, place)) => streams.remove(place),
            None => self.new_stream(offset, wanted.max(FIRST_BYTES)),
        }
    }

    fn new_stream(&self, offset: u64, bytes: u64) -> Stream {
        let reader = ObjectReader::new(self.objects.clone(), self.at.clone(), &self.object, offset..offset + bytes);
        Stream { next: offset, bytes, reader }
    }

    fn keep(&self, stream: Stream) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() == MOST_STREAMS {
            streams.remove(0);
        }
        streams.push(stream);
    }

    /// Fills the buffer from where the stream is, asking for more where what was asked for ends.
    fn read_on(&self, stream: &mut Stream, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            if stream.reader.left() == 0 {
                let wanted = (buffer.len() - filled) as u64;
                *stream = self.new_stream(stream.next, wanted.max((stream.bytes * 2).min(MOST_BYTES)));
            }
            let bytes = stream.reader.read(&mut buffer[filled..])?;
            filled += bytes;
            stream.next += bytes as u64;
        }
        Ok(())
    }

    fn skip(&self, stream: &mut Stream, offset: u64) -> io::Result<()> {
        let mut waste = [0; 1 << 12];
        while stream.next < offset {
            let gap = clamped(offset - stream.next, waste.len());
            self.read_on(stream, &mut waste[..gap])?;
        }
        Ok(())
    }
}

/// Returns a number of bytes, or `most` where it is larger.
fn clamped(bytes: u64, most: usize) -> usize {
    usize::try_from(bytes).map_or(most, |bytes| bytes.min(most))
}

impl RandomAccess for ObjectFile {
    fn len(&self) -> u64 {
        self.object.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = clamped(self.object.size.saturating_sub(offset), buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let mut stream = self.stream(offset, wanted as u64);
        self.skip(&mut stream, offset)?;
        self.read_on(&mut stream, &mut buffer[..wanted])?;
        self.keep(stream);
        Ok(wanted)
    }
}

impl fmt::Debug for ObjectFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectFile").field("at", &self.at).field("object", &self.object).finish_non_exhaustive()
    }
}
