//! What bytes are that are no text as they stand, by their *signature*: what the files of a format begin with.

/// Says of bytes that are packed what they are, and what to send instead.
pub fn packed(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("it is compressed by gzip: decompress it first"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("it is compressed by zstd: decompress it first"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some("it is a zip archive or a workbook: save its table as CSV"),
        [b'P', b'A', b'R', b'1', ..] => Some("it is Parquet: convert it to CSV"),
        _ => None,
    }
}

/// Says of text that is not in plain UTF-8 what it is, and what to send instead.
pub fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        // A byte-order mark; or none, and every other byte of the first ASCII characters is 0.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] | [1..=0x7f, 0, ..] => {
            Some("it is UTF-16: save it as UTF-8")
        }
        [0xef, 0xbb, 0xbf, ..] => Some("it begins with a byte-order mark: save it as UTF-8 without one"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_signature_and_everything_else_has_its_own() {
        for text in ["", "P", "size,color\n", "[{\"size\": 3}]", "PAR,size", "é", "\0\0\0\0"] {
            assert_eq!((packed(text.as_bytes()), other_encoding(text.as_bytes())), (None, None), "{text:?}");
        }
        for (bytes, what) in [
            (&b"\x1f\x8b\x08\0"[..], "compressed by gzip"),
            (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
            (b"PK\x03\x04", "a zip archive"),
            (b"PAR1", "Parquet"),
        ] {
            assert!(packed(bytes).is_some_and(|said| said.contains(what)), "{what}");
        }
        for bytes in [&b"\xff\xfeP\0"[..], b"\xfe\xff\0P", b"[\0{\0", b"\0[\0{"] {
            assert!(other_encoding(bytes).is_some_and(|said| said.contains("UTF-16")), "{bytes:?}");
        }
        assert!(other_encoding("\u{feff}size".as_bytes()).is_some_and(|said| said.contains("byte-order mark")));
    }
}
