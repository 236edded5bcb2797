//! A column of records as a text has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::numbers::Numbers;
use super::places::Places;
use super::texts::Texts;

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
    /// Different texts, and the code of each record's: the place of its text.
    Texts(Arc<Texts>, Numbers, Places),
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
                places(&flags, 2, "a flag: it must be 1, 0 or null")?;
                Ok(Self::Flags(flags))
            }
            (None, None, None, Some((texts, lengths, codes))) => {
                let texts = Texts::new(texts, &lengths.0)?;
                let places = places(&codes, texts.len(), "the place of a text")?;
                Ok(Self::Texts(texts.into(), codes, places))
            }
            _ => Err(WRONG_MEMBERS.to_owned()),
        }
    }
}

const WRONG_MEMBERS: &str = "must have nothing, or numbers, or flags, or texts with lengths and codes";

/// Returns the places that numbers are, or says which is none.
fn places(numbers: &Numbers, count: usize, what: &str) -> Result<Places, String> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Places::below(&numbers.0, count).map_err(|number| format!("{number} is not {what}"))
}

impl From<Stored> for Members {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Nothing(count) => Self { nothing: Some(count), ..Self::default() },
            Stored::Numbers(numbers) => Self { numbers: Some(numbers), ..Self::default() },
            Stored::Flags(flags) => Self { flags: Some(flags), ..Self::default() },
            Stored::Texts(texts, codes, _) => {
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
        let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let places = Places::new(column.iter().map(|text| texts.place(text.as_deref()?)), count);
        Self::Texts(texts.into(), Numbers(codes), places)
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
            Self::Numbers(numbers) | Self::Flags(numbers) | Self::Texts(_, numbers, _) => numbers.0.len(),
        }
    }
}
