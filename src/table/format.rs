//! The formats of tables, and how their files are named.

use std::fmt;
use std::path::Path;

/// How records are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells separated by commas, semicolons, tabs or bars, with a header.
    Csv,
    /// One JSON array, or a single object.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// The extensions of each format, the usual one first.
const EXTENSIONS: [(Format, &[&str]); 4] = [
    (Format::Csv, &["csv", "tsv", "tab"]),
    (Format::Json, &["json"]),
    (Format::Ndjson, &["ndjson", "jsonl"]),
    (Format::Parquet, &["parquet"]),
];

/// The extensions of compressed files, which stand behind that of the format.
const COMPRESSED: [&str; 4] = ["gz", "gzip", "zst", "zstd"];

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::Ndjson, Self::Parquet];

    /// Returns the format that a file's name tells: `table.csv`, `table.ndjson.gz`.
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = |path: &Path| Some(path.extension()?.to_str()?.to_ascii_lowercase());
        let mut last = extension(path)?;
        if COMPRESSED.contains(&&*last) {
            last = extension(Path::new(path.file_stem()?))?;
        }
        EXTENSIONS.iter().find(|(_, extensions)| extensions.contains(&&*last)).map(|(format, _)| *format)
    }

    /// Returns the usual extension, which is also the format's name on a command line.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Ndjson => "NDJSON",
            Self::Parquet => "Parquet",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_format_compressed_or_not() {
        let named = |name: &str| Format::from_path(Path::new(name));
        for (name, format) in [
            ("a.csv", Format::Csv),
            ("a.TSV", Format::Csv),
            ("x/a.b.json", Format::Json),
            ("a.jsonl.gz", Format::Ndjson),
            ("a.ndjson.zst", Format::Ndjson),
            ("a.parquet", Format::Parquet),
        ] {
            assert_eq!(named(name), Some(format), "{name}");
        }
        for name in ["-", "a", "a.gz", "csv", "a.csv.bak", ".csv"] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
