//! What the training data looked like: `baseline.json`, which later records are compared with.

mod answer_baseline;
mod number_baseline;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::daily::DailyBaseline;
use super::quality_baseline::QualityBaseline;
use crate::table::descriptor::Scalar;
pub use answer_baseline::{AnswerBaseline, PredictionBaseline};
pub use number_baseline::{NumberBaseline, bin};

/// The training data in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The number of records.
    pub rows: u64,
    /// What the graph reads, by the features' names.
    pub features: BTreeMap<String, NumberBaseline>,
    /// What a client sends, by the fields' names; the key is left out, which is new for each record, but for those parts of a key of several
    /// fields that are as good as categories.
    pub fields: BTreeMap<String, FieldBaseline>,
    /// What really happened.
    pub label: Option<Distribution>,
    /// What the model answers.
    pub predictions: Option<PredictionBaseline>,
    /// How good those answers are, where the schema has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityBaseline>,
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

impl FieldBaseline {
    /// Returns whether the values are categories, or as good as these.
    pub fn is_category(&self) -> bool {
        match &self.values {
            Distribution::Category(_) => true,
            Distribution::Number(numbers) => numbers.is_category(),
            Distribution::Days(_) => false,
            Distribution::Text(texts) => texts.known.as_ref().is_some_and(|known| !known.top.is_empty()),
        }
    }

    /// Returns how many counts a day has: one for each bin, the rest and what has no value included.
    pub fn daily_bins(&self) -> usize {
        let bins = match &self.values {
            Distribution::Number(numbers) | Distribution::Days(numbers) => numbers.counts.len(),
            Distribution::Category(categories) => categories.top.len() + 1,
            Distribution::Text(texts) => match &texts.known {
                Some(known) if !known.top.is_empty() => known.top.len() + 1,
                _ => texts.length.counts.len(),
            },
        };
        bins + 1
    }
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
