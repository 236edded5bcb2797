//! What the one who packs says of the table and the graph.

use std::collections::BTreeMap;

/// What the one who packs says of the table and the graph.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The column that is predicted.
    pub target: String,
    /// The columns that name what a record is about.
    pub key: Vec<String>,
    /// The column that tells when what a record is about takes place.
    pub time: Option<String>,
    /// The columns by whose values models are compared.
    pub compare_by: Vec<String>,
    /// Of two values of the target, the one whose probability is told.
    pub positive: Option<String>,
    /// The columns that the graph reads, in its order, or `INPUT=COLUMN` for inputs that are named otherwise.
    pub inputs: Vec<String>,
    /// The values of the target in the order of the graph's probabilities.
    pub classes: Vec<String>,
    /// What the graph reads where a text is missing, by the column.
    pub missing_texts: BTreeMap<String, String>,
}
