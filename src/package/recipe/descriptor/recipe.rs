//! All of a recipe.

use std::{fmt, io};

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Map;
use sha2::{Digest, Sha256};

use super::around::HistoryDescriptor;
use super::column::{DatePartDescriptor, ExtractDescriptor, ImputeDescriptor, NumberDescriptor, OneHotDescriptor};
use super::condition::WhenDescriptor;
use crate::package::recipe::error::{RECIPE, RecipeError, read};

/// The largest text of a recipe, in bytes.
const MAX_RECIPE_BYTES: usize = 1 << 20;

/// Reads the text of `recipe.json`.
pub fn parse(text: &[u8]) -> Result<RecipeDescriptor, RecipeError> {
    if text.len() > MAX_RECIPE_BYTES {
        let detail = format!("has {} bytes, but may have {MAX_RECIPE_BYTES}", text.len());
        return Err(RecipeError::of_file(RECIPE, "", detail));
    }
    read(RECIPE, text)
}

/// How features come from a record.
///
/// `Serialize` writes only what computes, for the hash: no group of an explanation.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipeDescriptor {
    /// Where the JSON Schema of this file stands, for editors.
    #[serde(default, rename = "$schema", skip_serializing)]
    pub schema: Option<String>,
    /// When snapshots are made of what `history` steps with `days` look up; needed where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<SnapshotsDescriptor>,
    /// What is computed, in order. A step uses fields and the columns of earlier steps.
    pub steps: Vec<StepDescriptor>,
    /// The columns that the graph reads, in its order. The name of a `one_hot` step stands for all of its columns.
    #[schemars(length(min = 1))]
    pub features: Vec<String>,
}

/// When snapshots are made: once a day.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotsDescriptor {
    /// The time of the day, by the clocks of the table's `timezone`, as in `06:00`: outcomes that are known by then are in.
    #[schemars(pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub at: String,
}

impl RecipeDescriptor {
    /// Returns the SHA-256, in hexadecimal, of all that computes.
    pub fn hash(&self) -> String {
        let mut hash = HashWriter(Sha256::new());
        // Neither writing to a hash nor a map whose keys are texts can fail; were it to, no state would fit the recipe.
        match serde_json::to_writer(&mut hash, self) {
            Ok(()) => hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            Err(error) => error.to_string(),
        }
    }
}

struct HashWriter(Sha256);

impl io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One step of a recipe.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepDescriptor {
    /// A part of a text, by a pattern.
    Extract(ExtractDescriptor),
    /// A value by conditions.
    When(WhenDescriptor),
    /// A value in the place of a missing one.
    Impute(ImputeDescriptor),
    /// A flag for each of some values.
    OneHot(OneHotDescriptor),
    /// A number of numbers.
    Number(NumberDescriptor),
    /// A part of a date.
    DatePart(DatePartDescriptor),
    /// How earlier records around this one fared, beyond what was expected of them.
    History(HistoryDescriptor),
}

/// Which step it is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepKind {
    Extract,
    When,
    Impute,
    OneHot,
    Number,
    DatePart,
    History,
}

impl StepKind {
    /// Reads the other members of a step.
    fn read<'de, D: Deserializer<'de>>(self, members: D) -> Result<StepDescriptor, D::Error> {
        Ok(match self {
            Self::Extract => StepDescriptor::Extract(Deserialize::deserialize(members)?),
            Self::When => StepDescriptor::When(Deserialize::deserialize(members)?),
            Self::Impute => StepDescriptor::Impute(Deserialize::deserialize(members)?),
            Self::OneHot => StepDescriptor::OneHot(Deserialize::deserialize(members)?),
            Self::Number => StepDescriptor::Number(Deserialize::deserialize(members)?),
            Self::DatePart => StepDescriptor::DatePart(Deserialize::deserialize(members)?),
            Self::History => StepDescriptor::History(Deserialize::deserialize(members)?),
        })
    }
}

/// What `derive` writes keeps all members of a step before it reads them, which takes most of the time of reading a recipe.
impl<'de> Deserialize<'de> for StepDescriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = StepDescriptor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step")
    }

    /// Reads a step that begins with which one it is at once; of any other, the members before that are kept.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StepDescriptor, A::Error> {
        let mut before = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key != TAG {
                if before.insert(key.clone(), map.next_value()?).is_some() {
                    return Err(Error::custom(format_args!("duplicate field `{key}`")));
                }
                continue;
            }
            let kind: StepKind = map.next_value()?;
            if before.is_empty() {
                return kind.read(MapAccessDeserializer::new(map));
            }
            while let Some((key, value)) = map.next_entry::<String, _>()? {
                if before.contains_key(&key) {
                    return Err(Error::custom(format_args!("duplicate field `{key}`")));
                }
                before.insert(key, value);
            }
            return kind.read(before).map_err(Error::custom);
        }
        Err(Error::missing_field(TAG))
    }
}

const TAG: &str = "step";

impl StepDescriptor {
    /// Returns the name of the step, which is that of the column it makes.
    pub fn name(&self) -> &str {
        match self {
            Self::Extract(step) => &step.name,
            Self::When(step) => &step.name,
            Self::Impute(step) => &step.name,
            Self::OneHot(step) => &step.name,
            Self::Number(step) => &step.name,
            Self::DatePart(step) => &step.name,
            Self::History(step) => &step.name,
        }
    }

    /// Returns whether the step looks up the records of the last days.
    pub fn looks_back(&self) -> bool {
        matches!(self, Self::History(step) if step.days.is_some())
    }

    /// Returns the group of an explanation that the step's columns belong to.
    pub fn group(&self) -> &str {
        let group = match self {
            Self::Extract(step) => &step.group,
            Self::When(step) => &step.group,
            Self::Impute(step) => &step.group,
            Self::OneHot(step) => &step.group,
            Self::Number(step) => &step.group,
            Self::DatePart(step) => &step.group,
            Self::History(step) => &step.group,
        };
        group.as_deref().unwrap_or_else(|| self.name())
    }
}
