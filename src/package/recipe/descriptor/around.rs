//! The step that looks up earlier records.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Tests;

/// How earlier records around this one fared: the sum of (outcome − expected), divided by their number plus `prior`; 0 for none.
///
/// The outcome is 1 for the positive class and 0 for the other, or the number. A record that may be this one itself is left out, of the
/// sum and of what is expected: it is one if all `identity` fields are given and equal, or if no field that both have differs.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// Who is around a record: the members of any of these groups.
    #[schemars(length(min = 1))]
    pub among: Vec<AmongDescriptor>,
    /// The tests that a member must pass to count.
    #[serde(default)]
    pub only: Tests,
    /// What was expected of a member; the mean of all outcomes otherwise.
    #[serde(default)]
    pub expected: Option<ExpectedDescriptor>,
    /// By how many members without any surprise the mean is drawn to 0.
    pub prior: f64,
    /// The fields that name a record, such as a name and a number.
    #[schemars(length(min = 1))]
    pub identity: Vec<String>,
}

/// A group of earlier records around a record. A missing value is like no other.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmongDescriptor {
    /// The columns that have the same value.
    #[serde(default)]
    pub same: Vec<String>,
    /// The columns whose numbers differ by no more than this.
    #[serde(default)]
    pub within: BTreeMap<String, f64>,
    /// The tests that both records must pass.
    #[serde(default, rename = "where")]
    pub tests: Tests,
}

/// What was expected of a record: the mean outcome of those with the same values, drawn to the mean of all.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDescriptor {
    /// The columns that have the same value; a missing value is one, too.
    pub by: Vec<String>,
    /// As if this many records stood for the mean of all.
    pub prior: f64,
}
