//! What is told of a column of a window, and how the days of the training data bear on it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::blocks::BlockReport;
use super::daily::DailyCounts;
use super::drift::{Drift, Histograms, StabilityIndex, TestReport};
use super::shares::UnseenValue;
use super::values::date_of;

/// A column of a window, beside its baseline: a feature, a field, the label or the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnDrift {
    /// The column's name.
    pub name: String,
    /// How far it has shifted; null where there is too little to judge, of the field that tells the time, which always shifts, and of values
    /// that come in days, where the training data has too few blocks of as many.
    pub drift: Option<Drift>,
    /// By what it is judged; null where there is too little to judge.
    pub index: Option<StabilityIndex>,
    /// How far blocks of as many days of the training data are from the rest of it; absent where the table has no time, and of that itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<BlockReport>,
    /// Whether the window may be a sample of the training data's population.
    pub test: Option<TestReport>,
    /// The number of values in the window.
    pub rows: u64,
    /// Their mean: of numbers, of days, and of the lengths of texts.
    pub mean: Option<f64>,
    /// Whether they are dates or moments: means and edges are days since 1970-01-01T00:00Z then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_days: bool,
    /// The mean in the training data.
    pub baseline_mean: Option<f64>,
    /// The share of records without a value; null of features.
    pub missing_rate: Option<f64>,
    /// That share in the training data.
    pub baseline_missing_rate: Option<f64>,
    /// The share of values beyond those of the training data; null of categories.
    pub out_of_range_rate: Option<f64>,
    /// The number of values that the training data does not have; null of numbers with many values and of texts that seldom repeat.
    pub unseen: Option<u64>,
    /// The share of those values.
    pub unseen_rate: Option<f64>,
    /// Those values themselves, the ten that came most often: of categories, and of texts that are as good as categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen_values: Vec<UnseenValue>,
    /// The histograms of the values.
    pub bins: Histograms,
}

impl ColumnDrift {
    /// Returns the index by which the column was judged; nothing where it was not, and where days of the training data reach as far.
    pub fn judged_index(&self) -> Option<f64> {
        let judged = self.index?.judged;
        (self.drift == Some(Drift::from_index(judged))).then_some(judged)
    }

    /// Returns a mean or an edge of the column as people read it: of days, the date.
    pub fn in_words(&self, value: f64, decimals: usize) -> String {
        let date = self.is_of_days.then(|| date_of(value)).flatten();
        date.map_or_else(|| format!("{value:.decimals$}"), |date| date.to_string())
    }

    /// Says what was made of the column by its days, where that is not what its index says.
    pub fn by_days_in_words(&self) -> Option<&'static str> {
        let index = self.index.filter(|_| self.blocks.is_some())?;
        match self.drift {
            None => Some("too few blocks"),
            Some(Drift::None) if index.drift() > Drift::None => Some("as in training"),
            _ => None,
        }
    }

    /// Judges a column that has an index by the days of the training data too, where these are told; `days` is how many the window has.
    #[must_use]
    pub fn by_days(self, daily: Option<&DailyCounts>, days: Option<usize>) -> Self {
        let blocks = daily.zip(days).and_then(|(daily, days)| BlockReport::new(&daily.0, days));
        match (self.index, self.drift, blocks) {
            (Some(index), Some(_), Some(blocks)) => {
                Self { drift: blocks.drift(index.judged), blocks: Some(blocks), ..self }
            }
            _ => self,
        }
    }
}
