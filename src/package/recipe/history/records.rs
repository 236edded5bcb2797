//! The text of `history.json`: a list for each column.

use std::collections::BTreeMap;

use super::numbers::Numbers;
use super::stored::Stored;
use crate::package::recipe::error::{HISTORY, RecipeError, SNAPSHOT, read};
use crate::package::recipe::recent::snapshot::{RecentRecords, StepSummary};

/// The earlier records of a recipe: what of each is compared and looked up, and how it fared.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryRecords {
    /// The hash of the recipe that made the columns.
    pub(in crate::package::recipe) recipe_hash: String,
    /// How each record fared: 1 or 0, or a number.
    #[serde(default, skip_serializing_if = "Numbers::is_empty")]
    pub(in crate::package::recipe) outcomes: Numbers,
    /// What each record has in each column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::package::recipe) columns: BTreeMap<String, Stored>,
    /// How the records of the last days fared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::package::recipe) recent: Option<RecentRecords>,
}

impl HistoryRecords {
    /// Begins the history of a recipe.
    pub(in crate::package::recipe) fn new(recipe_hash: &str) -> Self {
        Self {
            recipe_hash: recipe_hash.to_owned(),
            outcomes: Numbers::default(),
            columns: BTreeMap::new(),
            recent: None,
        }
    }

    /// Reads the text of `history.json`.
    pub fn parse(text: &[u8]) -> Result<Self, RecipeError> {
        read(HISTORY, text)
    }

    /// Reads the text of a later snapshot.
    pub(in crate::package::recipe) fn parse_snapshot(text: &[u8]) -> Result<Self, RecipeError> {
        read(SNAPSHOT, text)
    }

    /// Sums up what steps look up of the last days, by their names.
    pub fn summary(&self) -> BTreeMap<String, StepSummary> {
        self.recent.as_ref().map(RecentRecords::summary).unwrap_or_default()
    }

    /// Returns how many records there are.
    pub fn len(&self) -> usize {
        self.outcomes.0.len()
    }

    /// Returns whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        self.outcomes.0.is_empty()
    }
}
