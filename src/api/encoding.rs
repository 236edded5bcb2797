//! Bodies that come or go compressed.
//!
//! The layers of tower-http stream: tag and length of an answer are those of its whole body, and what unpacks too large is a problem to tell.

use std::io::{self, Read, Write};

use axum::http::{HeaderMap, HeaderValue, header};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

use super::negotiation::choices;

/// The level of gzip whose answers are a third shorter than the quickest one's, for little more time.
const GZIP_LEVEL: Compression = Compression::new(3);

const BUFFER_BYTES: usize = 4096;

/// A way to write a body shorter (RFC 9110, section 8.4). Whoever takes brotli takes gzip as well: a program that writes it too is half a
/// megabyte larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    Brotli,
}

/// Why a body is not decoded.
#[derive(Debug, Error)]
pub(super) enum EncodingError {
    #[error("the encoding is not one of those that are read, or is one of several")]
    Unknown,
    #[error("the body is too large once it is decoded")]
    TooLarge,
    #[error("the body is not {0}, which Content-Encoding says it is")]
    NotOfIt(&'static str),
}

impl Encoding {
    /// Every encoding that is read, as `Accept-Encoding` names them.
    pub(super) const ALL: HeaderValue = HeaderValue::from_static("gzip, br");

    /// Returns how a request's body is encoded; none where it is as it is.
    pub(super) fn of_body(headers: &HeaderMap) -> Result<Option<Self>, EncodingError> {
        let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(encoding) = encodings.next() else { return Ok(None) };
        match encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            _ if encodings.next().is_some() => Err(EncodingError::Unknown),
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "br" => Ok(Some(Self::Brotli)),
            _ => Err(EncodingError::Unknown),
        }
    }

    /// Returns what a body was before it was encoded, unless it was more than so many bytes: a small body can hold a huge one.
    pub(super) fn decode(self, body: &[u8], most: usize) -> Result<Vec<u8>, EncodingError> {
        let limit = most as u64 + 1;
        let mut decoded = Vec::new();
        let (read, name) = match self {
            Self::Gzip => (MultiGzDecoder::new(body).take(limit).read_to_end(&mut decoded), "gzip"),
            Self::Brotli => (
                brotli_decompressor::Decompressor::new(body, BUFFER_BYTES).take(limit).read_to_end(&mut decoded),
                "brotli",
            ),
        };
        match read {
            Ok(_) if decoded.len() > most => Err(EncodingError::TooLarge),
            Ok(_) => Ok(decoded),
            Err(_) => Err(EncodingError::NotOfIt(name)),
        }
    }
}

/// The name that `Content-Encoding` has for gzip.
pub(super) const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Returns whether a client would rather have gzip than a body as it is, by its `Accept-Encoding`.
pub(super) fn takes_gzip(accept_encoding: Option<&HeaderValue>) -> bool {
    let (mut gzip, mut any) = (None, 0.0);
    for (name, weight) in choices(accept_encoding) {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => any = weight,
            _ => {}
        }
    }
    gzip.unwrap_or(any) > 0.0
}

/// Returns a body compressed by gzip.
pub(super) fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), GZIP_LEVEL);
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brotli(body: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::new();
        brotli::BrotliCompress(&mut &*body, &mut encoded, &brotli::enc::BrotliEncoderParams::default()).unwrap();
        encoded
    }

    fn encoded(body: &[u8]) -> [(Encoding, Vec<u8>); 2] {
        [(Encoding::Gzip, gzip(body).unwrap()), (Encoding::Brotli, brotli(body))]
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let body = b"the same again ".repeat(1000);
        for (encoding, encoded) in encoded(&body) {
            assert!(encoded.len() < body.len() / 10, "{encoding:?}");
            assert_eq!(encoding.decode(&encoded, body.len()).unwrap(), body);
        }
    }

    #[test]
    fn no_more_is_decoded_than_may_be() {
        let bomb = vec![0; 10_000_000];
        for (encoding, encoded) in encoded(&bomb) {
            assert!(encoded.len() < bomb.len() / 100);
            assert!(matches!(encoding.decode(&encoded, 1000), Err(EncodingError::TooLarge)));
        }
    }

    #[test]
    fn what_is_not_encoded_so_is_malformed() {
        for (encoding, whole) in encoded(b"whole") {
            for bad in [&b"{\"size\": 3}"[..], b"\x1f\x8b", &whole[..whole.len() - 1]] {
                assert!(matches!(encoding.decode(bad, 1000), Err(EncodingError::NotOfIt(_))), "{encoding:?} {bad:?}");
            }
        }
    }

    #[test]
    fn gzip_is_for_those_who_rather_have_it() {
        for (accept, expected) in [
            ("gzip", true),
            ("gzip, deflate, br", true),
            ("br;q=0.5, GZIP;q=0.6", true),
            ("*", true),
            ("*, gzip;q=0", false),
            ("br", false),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip;q=x", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(Some(&HeaderValue::from_static(accept))), expected, "{accept}");
        }
        assert!(!takes_gzip(None));
    }
}
