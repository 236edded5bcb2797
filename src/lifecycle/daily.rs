//! The training data day by day, by the bins of its baseline: what a window of some days is compared with beside the whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
