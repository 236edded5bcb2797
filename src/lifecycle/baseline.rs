//! What the training data looked like: `baseline.json`, which later records are compared with.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::daily::DailyBaseline;
use crate::table::descriptor::Scalar;

/// The training data in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The number of records.
    pub rows: u64,
    /// What the graph reads, by the features' names.
    pub features: BTreeMap<String, NumberBaseline>,
    /// What a client sends, by the fields' names; fields of the key are left out, which are new for each record.
    pub fields: BTreeMap<String, FieldBaseline>,
    /// What really happened.
    pub label: Option<Distribution>,
    /// What the model answers.
    pub predictions: Option<PredictionBaseline>,
    /// The same day by day, where the schema has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_day: Option<DailyBaseline>,
}

/// A field of the training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldBaseline {
    /// The number of records without a value.
    pub missing: u64,
    /// The values.
    #[serde(flatten)]
    pub values: Distribution,
}

/// How the values of a field are distributed, by what they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Distribution {
    /// Numbers.
    Number(NumberBaseline),
    /// Dates and moments, in days since 1970-01-01T00:00Z.
    Days(NumberBaseline),
    /// Categories, or true and false.
    Category(CategoryBaseline),
    /// Texts of any kind.
    Text(TextBaseline),
}

/// How a number is distributed. The bin of a value is the number of edges that are not greater.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberBaseline {
    /// What divides the bins, ascending: midway between the values where there are ten at most, else the deciles.
    pub edges: Vec<f64>,
    /// The number of values in each bin: one more than there are edges.
    pub counts: Vec<u64>,
    /// The least value; null without values, as are the next three.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// The standard deviation of the population.
    pub std: Option<f64>,
    /// The distinct values, ascending.
    pub values: Vec<f64>,
    /// How often each occurs; absent where each is a bin of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_counts: Option<Vec<u64>>,
    /// Whether `values` are a selection, because there are more than a thousand: each then counts for those after the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_selection: bool,
}

impl NumberBaseline {
    /// Returns the bin of a value.
    pub fn bin(&self, value: f64) -> usize {
        bin(&self.edges, value)
    }

    /// Returns whether there are so few values that each is a bin of its own.
    pub fn is_category(&self) -> bool {
        self.value_counts.is_none()
    }

    /// Returns the distinct values with how often they occur.
    pub fn sample(&self) -> Vec<(f64, u64)> {
        let counts = self.value_counts.as_ref().unwrap_or(&self.counts);
        self.values.iter().copied().zip(counts.iter().copied()).collect()
    }

    /// Returns the number of values.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Returns the bin of a value: the number of edges that are not greater.
pub fn bin(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|&edge| edge <= value)
}

/// How often each category occurs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryBaseline {
    /// The most frequent ones, twenty at most.
    pub top: Vec<CategoryRows>,
    /// All others that occur.
    #[serde(default)]
    pub rest: Rest,
}

/// A category, and how often it occurs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryRows {
    /// The category.
    pub value: Scalar,
    /// The number of records.
    pub rows: u64,
}

/// The categories that are not among the most frequent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rest {
    /// The number of records that have one of them.
    pub rows: u64,
    /// The number of those categories that occur once: their share of all records is how many of later ones will have a category that
    /// the training data does not have (Good and Turing).
    pub once: u64,
    /// The categories.
    pub values: Vec<Scalar>,
}

impl CategoryBaseline {
    /// Returns the number of values.
    pub fn rows(&self) -> u64 {
        self.rest.rows + self.top.iter().map(|category| category.rows).sum::<u64>()
    }
}

/// How texts are distributed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextBaseline {
    /// Their lengths in characters.
    pub length: NumberBaseline,
    /// The distinct texts; absent where more than half of the records have one of their own, and where there are more than ten thousand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<KnownTexts>,
}

/// The distinct texts of a field, without the texts themselves: they may name people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KnownTexts {
    /// The number of texts that occur once.
    pub once: u64,
    /// A hash of each (FNV-1a of 64 bits, its halves combined by exclusive or), ascending.
    pub hashes: Vec<u32>,
    /// The most frequent ones, twenty at most; absent unless the field is as good as one of categories: of a twentieth of the records at
    /// most, the text occurs once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<TextRows>,
}

/// A text by its hash, and how often it occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextRows {
    /// The hash.
    pub hash: u32,
    /// The number of records.
    pub rows: u64,
}

/// Returns the hash by which a text is known again.
#[expect(clippy::cast_possible_truncation, reason = "both halves are in what is kept")]
pub fn text_hash(text: &str) -> u32 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    (hash ^ hash >> 32) as u32
}

/// What the model answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictionBaseline {
    /// Which answers these are: of folds that the model was not trained on, or of the training data itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The answers.
    #[serde(flatten)]
    pub answers: AnswerBaseline,
}

/// How answers are distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum AnswerBaseline {
    /// Of two classes.
    Binary {
        /// The number of probabilities in each tenth from 0 to 1.
        counts: Vec<u64>,
        /// Their mean.
        mean_probability: Option<f64>,
    },
    /// Of several classes.
    Multiclass {
        /// How often each is predicted, in the order of the schema's classes.
        counts: Vec<u64>,
        /// The mean probability of each.
        mean_probabilities: Vec<f64>,
    },
    /// Of numbers.
    Regression {
        /// The values.
        values: NumberBaseline,
    },
}

impl Baseline {
    /// Returns a number that tells this baseline from others.
    pub fn fingerprint(&self) -> u32 {
        // Maps of texts, numbers and lists are always written.
        text_hash(&serde_json::to_string(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_has_a_json_schema() {
        let schema = schemars::schema_for!(Baseline);
        assert!(schema.get("properties").is_some_and(|properties| properties.get("fields").is_some()), "{schema:?}");
    }

    #[test]
    fn a_hash_is_that_of_the_published_function() {
        // FNV-1a of 64 bits of the empty text and of "a", by its authors' test vectors.
        for (text, hash) in [("", 0xcbf2_9ce4_8422_2325_u64), ("a", 0xaf63_dc4c_8601_ec8c)] {
            assert_eq!(u64::from(text_hash(text)), (hash ^ hash >> 32) & 0xffff_ffff, "{text:?}");
        }
    }
}
