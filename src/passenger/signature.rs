//! What bytes are that are no text of this program's: a signature is what the files of a format begin with.

use std::fmt;

/// A format that is told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// Text in another encoding, as spreadsheets call "Unicode".
    Utf16,
    /// What `gzip` compresses.
    Gzip,
    /// What `zstd` compresses.
    Zstandard,
    /// An archive; the workbooks of spreadsheets are archives, too.
    Zip,
    /// Apache Parquet.
    Parquet,
}

impl Signature {
    /// So many bytes tell a format.
    pub const BYTES: usize = 4;

    /// Returns what bytes are that begin so, unless they may be text in UTF-8.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            // A byte-order mark; or none, and every other byte of the first ASCII characters is 0.
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] | [1..=0x7f, 0, ..] => Some(Self::Utf16),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstandard),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(Self::Zip),
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// Says what the bytes are, and what to send instead.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16 => "it is UTF-16: save it as UTF-8",
            Self::Gzip => "it is compressed by gzip: decompress it first",
            Self::Zstandard => "it is compressed by zstd: decompress it first",
            Self::Zip => "it is a zip archive or a workbook: save its table as CSV",
            Self::Parquet => "it is Parquet: convert it to CSV",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_signature_and_everything_else_has_its_own() {
        for text in ["", "P", "Pclass,Sex\n", "[{\"Pclass\": 3}]", "\u{feff}Pclass", "PAR,Sex", "é", "\0\0\0\0"] {
            assert_eq!(Signature::of(text.as_bytes()), None, "{text:?}");
        }
        for (bytes, signature) in [
            (&b"\xff\xfeP\0"[..], Signature::Utf16),
            (b"\xfe\xff\0P", Signature::Utf16),
            (b"[\0{\0", Signature::Utf16),
            (b"\0[\0{", Signature::Utf16),
            (b"\x1f\x8b\x08\0", Signature::Gzip),
            (b"\x28\xb5\x2f\xfd", Signature::Zstandard),
            (b"PK\x03\x04", Signature::Zip),
            (b"PAR1", Signature::Parquet),
        ] {
            assert_eq!(Signature::of(bytes), Some(signature));
        }
    }
}
