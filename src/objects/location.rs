//! Where an object is, as people write it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The place of an object, or what the keys of several begin with: `s3://BUCKET/KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key; nothing for the whole bucket.
    pub key: String,
}

impl Location {
    /// Names an object of a bucket.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// A text that names no place of S3.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidLocation {
    /// It begins otherwise.
    #[error("expected s3://BUCKET/KEY")]
    NotS3,
    /// No bucket can be called so.
    #[error("{0:?} is no name of a bucket: 3 to 63 of a-z, 0-9, - and . are")]
    Bucket(String),
    /// A key is longer than keys can be.
    #[error("the key has {0} bytes, and 1024 at most can be")]
    LongKey(usize),
}

impl FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        let path = text.strip_prefix("s3://").ok_or(InvalidLocation::NotS3)?;
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let may_stand = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(may_stand) {
            return Err(InvalidLocation::Bucket(bucket.to_owned()));
        }
        if key.len() > 1024 {
            return Err(InvalidLocation::LongKey(key.len()));
        }
        Ok(Self::new(bucket, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_it_is_written() {
        for text in ["s3://data/in/2024.parquet", "s3://my.data-1/", "s3://data//odd key+%20é"] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), text);
        }
        assert_eq!("s3://data".parse(), Ok(Location::new("data", "")));
        assert_eq!("s3://data/a/b".parse(), Ok(Location::new("data", "a/b")));
    }

    #[test]
    fn what_is_no_place_is_refused_in_words() {
        for (text, words) in [
            ("", "expected s3://BUCKET/KEY"),
            ("data/in.csv", "expected s3://BUCKET/KEY"),
            ("https://data.s3.amazonaws.com/in.csv", "expected s3://BUCKET/KEY"),
            ("s3:///in.csv", "\"\" is no name of a bucket"),
            ("s3://Data/in.csv", "\"Data\" is no name of a bucket"),
            ("s3://da ta", "\"da ta\" is no name of a bucket"),
        ] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.starts_with(words), "{text}: {error}");
        }
        let long = format!("s3://data/{}", "k".repeat(1025)).parse::<Location>().unwrap_err();
        assert_eq!(long.to_string(), "the key has 1025 bytes, and 1024 at most can be");
    }
}
