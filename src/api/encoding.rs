//! Bodies that come or go compressed.
//!
//! The layers of tower-http stream: tag and length of an answer are those of its whole body, and what unpacks too large is a problem to tell.

use std::io::{self, Read, Write};

use axum::http::{HeaderMap, HeaderValue, header};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

use super::negotiation::choices;

/// The brotli quality that is quicker than gzip and smaller, 0 to 11.
const BROTLI_QUALITY: i32 = 4;

/// What brotli looks back for repetitions in, as a power of two: more than any answer needs.
const BROTLI_WINDOW_BITS: i32 = 19;

const BUFFER_BYTES: usize = 4096;

/// A way to write a body shorter (RFC 9110, section 8.4).
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
    /// Every encoding that is read and written, as `Accept-Encoding` names them.
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

    /// Returns the encoding that a client would rather have than none, by its `Accept-Encoding`.
    pub(super) fn accepted(accept_encoding: Option<&HeaderValue>) -> Option<Self> {
        let (mut gzip, mut brotli, mut any) = (None, None, 0.0);
        for (name, weight) in choices(accept_encoding) {
            match name.to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => gzip = Some(weight),
                "br" => brotli = Some(weight),
                "*" => any = weight,
                _ => {}
            }
        }
        let (gzip, brotli) = (gzip.unwrap_or(any), brotli.unwrap_or(any));
        if brotli > 0.0 && brotli >= gzip {
            Some(Self::Brotli)
        } else if gzip > 0.0 {
            Some(Self::Gzip)
        } else {
            None
        }
    }

    /// Returns the name that `Content-Encoding` has for it.
    pub(super) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        })
    }

    /// Returns what a body was before it was encoded, unless it was more than so many bytes: a small body can hold a huge one.
    pub(super) fn decode(self, body: &[u8], most: usize) -> Result<Vec<u8>, EncodingError> {
        let limit = most as u64 + 1;
        let mut decoded = Vec::new();
        let (read, name) = match self {
            Self::Gzip => (MultiGzDecoder::new(body).take(limit).read_to_end(&mut decoded), "gzip"),
            Self::Brotli => {
                (brotli::Decompressor::new(body, BUFFER_BYTES).take(limit).read_to_end(&mut decoded), "brotli")
            }
        };
        match read {
            Ok(_) if decoded.len() > most => Err(EncodingError::TooLarge),
            Ok(_) => Ok(decoded),
            Err(_) => Err(EncodingError::NotOfIt(name)),
        }
    }

    /// Returns a body encoded.
    pub(super) fn encode(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut shorter = Vec::with_capacity(body.len() / 4);
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut shorter, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()?;
            }
            Self::Brotli => {
                let quality = BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW_BITS,
                    ..BrotliEncoderParams::default()
                };
                brotli::BrotliCompress(&mut &*body, &mut shorter, &quality)?;
            }
        }
        Ok(shorter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODINGS: [Encoding; 2] = [Encoding::Gzip, Encoding::Brotli];

    #[test]
    fn what_is_encoded_is_decoded() {
        let body = b"the same again ".repeat(1000);
        for encoding in ENCODINGS {
            let encoded = encoding.encode(&body).unwrap();
            assert!(encoded.len() < body.len() / 10, "{encoding:?}");
            assert_eq!(encoding.decode(&encoded, body.len()).unwrap(), body);
        }
    }

    #[test]
    fn no_more_is_decoded_than_may_be() {
        let bomb = vec![0; 10_000_000];
        for encoding in ENCODINGS {
            let encoded = encoding.encode(&bomb).unwrap();
            assert!(encoded.len() < bomb.len() / 100);
            assert!(matches!(encoding.decode(&encoded, 1000), Err(EncodingError::TooLarge)));
        }
    }

    #[test]
    fn what_is_not_encoded_so_is_malformed() {
        let whole = ENCODINGS.map(|encoding| (encoding, encoding.encode(b"whole").unwrap()));
        for (encoding, whole) in whole {
            for bad in [&b"{\"size\": 3}"[..], b"\x1f\x8b", &whole[..whole.len() - 1]] {
                assert!(matches!(encoding.decode(bad, 1000), Err(EncodingError::NotOfIt(_))), "{encoding:?} {bad:?}");
            }
        }
    }

    #[test]
    fn the_encoding_is_the_one_that_is_rather_had() {
        for (accept, expected) in [
            ("gzip", Some(Encoding::Gzip)),
            ("gzip, deflate, br", Some(Encoding::Brotli)),
            ("br;q=0.5, GZIP;q=0.6", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Brotli)),
            ("*, br;q=0", Some(Encoding::Gzip)),
            ("identity", None),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
            ("", None),
        ] {
            assert_eq!(Encoding::accepted(Some(&HeaderValue::from_static(accept))), expected, "{accept}");
        }
        assert_eq!(Encoding::accepted(None), None);
    }
}
