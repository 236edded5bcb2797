//! The text of `history.json`: a list for each column.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::numbers::Numbers;
use super::places::place;
use super::texts::Texts;
use crate::package::recipe::error::{HISTORY, RecipeError, read};

/// The earlier records of a recipe: what of each is compared and looked up, and how it fared.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryRecords {
    /// The hash of the recipe that made the columns.
    pub(in crate::package::recipe) recipe_hash: String,
    /// How each record fared: 1 or 0, or a number.
    pub(in crate::package::recipe) outcomes: Numbers,
    /// What each record has in each column.
    pub(in crate::package::recipe) columns: BTreeMap<String, Stored>,
}

impl HistoryRecords {
    /// Reads the text of `history.json`.
    pub fn parse(text: &[u8]) -> Result<Self, RecipeError> {
        read(HISTORY, text)
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

/// What the records have in one column.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "Members", into = "Members")]
pub(in crate::package::recipe) enum Stored {
    /// Nothing, so many times.
    Nothing(usize),
    /// Numbers, NaN where one is missing.
    Numbers(Numbers),
    /// Flags: 1, 0, or NaN where one is missing.
    Flags(Numbers),
    /// Different texts, and the code of each record's.
    Texts(Arc<Texts>, Numbers),
}

/// A column as it is written.
#[derive(Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, default)]
struct Members {
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<Numbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Numbers>,
    /// Different texts, one behind another.
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<String>,
    /// How many bytes of UTF-8 each of them has.
    #[serde(skip_serializing_if = "Option::is_none")]
    lengths: Option<Numbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Numbers>,
}

impl TryFrom<Members> for Stored {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let texts = match (members.texts, members.lengths, members.codes) {
            (Some(texts), Some(lengths), Some(codes)) => Some((texts, lengths, codes)),
            (None, None, None) => None,
            _ => return Err(WRONG_MEMBERS.to_owned()),
        };
        match (members.nothing, members.numbers, members.flags, texts) {
            (Some(count), None, None, None) => Ok(Self::Nothing(count)),
            (None, Some(numbers), None, None) => Ok(Self::Numbers(numbers)),
            (None, None, Some(flags), None) => {
                let flags = are_below(flags, 2, "a flag: it must be 1, 0 or null")?;
                Ok(Self::Flags(flags))
            }
            (None, None, None, Some((texts, lengths, codes))) => {
                let texts = Texts::new(texts, &lengths.0)?;
                let codes = are_below(codes, texts.len(), "the place of a text")?;
                Ok(Self::Texts(texts.into(), codes))
            }
            _ => Err(WRONG_MEMBERS.to_owned()),
        }
    }
}

const WRONG_MEMBERS: &str = "must have nothing, or numbers, or flags, or texts with lengths and codes";

/// Returns whole numbers that are below another, or says which is not.
fn are_below(numbers: Numbers, most: usize, what: &str) -> Result<Numbers, String> {
    let is_one = |number: &f64| number.is_nan() || place(*number).is_some_and(|place| (place as usize) < most);
    match numbers.0.iter().find(|number| !is_one(number)) {
        Some(number) => Err(format!("{number} is not {what}")),
        None => Ok(numbers),
    }
}

impl From<Stored> for Members {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Nothing(count) => Self { nothing: Some(count), ..Self::default() },
            Stored::Numbers(numbers) => Self { numbers: Some(numbers), ..Self::default() },
            Stored::Flags(flags) => Self { flags: Some(flags), ..Self::default() },
            Stored::Texts(texts, codes) => {
                let (texts, lengths) = texts.parts();
                Self { texts: Some(texts), lengths: Some(Numbers(lengths)), codes: Some(codes), ..Self::default() }
            }
        }
    }
}

impl Stored {
    /// Makes a column of texts.
    pub(in crate::package::recipe) fn of_texts(column: &[Option<Box<str>>]) -> Self {
        let different: BTreeSet<&str> = column.iter().flatten().map(|text| &**text).collect();
        if different.is_empty() {
            return Self::Nothing(column.len());
        }
        let texts: Texts = different.into_iter().collect();
        let codes: Arc<[f64]> = column.iter().map(|text| texts.code(text.as_deref())).collect();
        Self::Texts(texts.into(), Numbers(codes))
    }

    /// Makes a column of numbers.
    pub(in crate::package::recipe) fn of_numbers(numbers: Vec<f64>, are_flags: bool) -> Self {
        match () {
            () if numbers.iter().all(|number| number.is_nan()) => Self::Nothing(numbers.len()),
            () if are_flags => Self::Flags(Numbers(numbers.into())),
            () => Self::Numbers(Numbers(numbers.into())),
        }
    }

    /// Returns how many records there are.
    pub(in crate::package::recipe) fn len(&self) -> usize {
        match self {
            Self::Nothing(count) => *count,
            Self::Numbers(numbers) | Self::Flags(numbers) | Self::Texts(_, numbers) => numbers.0.len(),
        }
    }
}
