//! The training data day by day, by the bins of its baseline: what a window of some days is compared with beside the whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baseline::{AnswerBaseline, Distribution, FieldBaseline};

/// The training data by day. A day is a local date of the field that tells the time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DailyBaseline {
    /// The days that have records, ascending: of more than 1,096, the last ones.
    pub dates: Vec<String>,
    /// By the features' names.
    pub features: BTreeMap<String, DailyCounts>,
    /// By the fields' names. The last count of a day is that of the records without a value.
    pub fields: BTreeMap<String, DailyCounts>,
    /// What the model answers.
    pub predictions: Option<DailyCounts>,
}

/// For each day, the counts of the bins. Of a number with many values, a count is exact to the cells that a day has, at least 59.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct DailyCounts(pub Vec<Vec<u64>>);

impl FieldBaseline {
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

impl AnswerBaseline {
    /// Returns how many counts a day has.
    pub fn daily_bins(&self) -> usize {
        match self {
            Self::Binary { counts, .. } | Self::Multiclass { counts, .. } => counts.len(),
            Self::Regression { values } => values.counts.len(),
        }
    }
}
