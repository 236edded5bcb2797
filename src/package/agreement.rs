//! Whether a package was compared with the model that it came from: what its manifest says of that.

use std::fmt;

use serde::Deserialize;

use super::load::Package;

/// The property `agreement` of a manifest: the answers of the trained model itself were compared with those of the package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Agreement {
    /// The number of rows that were compared.
    pub rows: u64,
    /// The program that gave the answers of the trained model.
    #[serde(default)]
    pub with: Option<String>,
    /// The largest difference of a probability, or of a number in proportion to its size.
    #[serde(default)]
    pub largest_difference: Option<f64>,
    /// The rows that differ and were taken nevertheless.
    #[serde(default)]
    pub accepted: Vec<u64>,
}

/// Of a manifest, the one property that is read here.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    agreement: Option<Agreement>,
}

impl Agreement {
    /// Returns what the manifest of a package says, where it was compared.
    pub fn of(package: &Package) -> Option<Self> {
        serde_json::from_str(package.manifest_json()).ok().and_then(|Told { agreement }| agreement)
    }

    /// Says in a few words whether a package was compared, and on how many rows with what.
    pub fn in_words(found: Option<&Self>) -> String {
        found.map_or_else(|| "not compared with the model that it came from".to_owned(), Self::to_string)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = self.with.as_deref().unwrap_or("the model that it came from");
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(f, "compared on {} {rows} with {with}", self.rows)
    }
}
