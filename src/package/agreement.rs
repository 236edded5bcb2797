//! Whether a graph was compared with the model that it was exported from.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the answers of a package were compared with those of the trained model itself.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The number of rows that were compared.
    pub rows: u64,
    /// What gave the answers of the trained model: `scikit-learn 1.7.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The largest difference of a probability; of a number, in proportion to its size.
    pub largest_difference: f64,
    /// The rows that differ and were accepted nevertheless; the first row is 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<u64>,
}

impl Agreement {
    /// Says in a few words whether a package was compared, and on how many rows with what.
    pub fn in_words(found: Option<&Self>) -> String {
        found.map_or_else(|| "not compared with the model".to_owned(), Self::to_string)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = self.with.as_deref().unwrap_or("the model that it was exported from");
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(f, "proven on {} {rows} against {with}", self.rows)?;
        match self.accepted.len() {
            0 => Ok(()),
            1 => f.write_str(", but for 1 that differs and was accepted"),
            count => write!(f, ", but for {count} that differ and were accepted"),
        }
    }
}
