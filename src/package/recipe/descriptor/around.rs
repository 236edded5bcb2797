//! The step that looks up earlier records.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Tests;

/// How earlier records around this one fared: the sum of (outcome − expected), divided by their number plus `prior`; 0 for none.
///
/// The outcome is 1 for the positive class and 0 for the other, or the number. Without `days`, the earlier records are those of the
/// training data, those around a record are found by `among`, and one that may be this record itself is left out, of the sum and of what
/// is expected: it is one if all `identity` fields are given and equal, or if no field that both have differs.
///
/// With `days`, the earlier records are those of the last days whose outcome was known at the moment of a snapshot, and those around a
/// record have the `same` values; its own day is never among them.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// How many days count, those before the day of the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3660))]
    pub days: Option<u32>,
    /// With `days`: the columns that have the same value; all records of these days otherwise. A missing value is like no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<String>,
    /// Without `days`: who is around a record, the members of any of these groups.
    #[serde(default)]
    pub among: Vec<AmongDescriptor>,
    /// Without `days`: the tests that a member must pass to count.
    #[serde(default)]
    pub only: Tests,
    /// What was expected of a member; the mean of all outcomes otherwise, with `days` of those of the same days.
    #[serde(default)]
    pub expected: Option<ExpectedDescriptor>,
    /// With `days`: what the mean of all outcomes is drawn to; it is taken as it is otherwise, and is 0 of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overall: Option<OverallDescriptor>,
    /// By how many members without any surprise the mean is drawn to 0.
    pub prior: f64,
    /// Without `days`: the fields that name a record, such as a name and a number.
    #[serde(default)]
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
    /// How many days before the day of a member count for what was expected of it; needed where the step has `days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3660))]
    pub days: Option<u32>,
    /// As if this many records stood for the mean of all.
    pub prior: f64,
}

/// What the mean of all outcomes of some days is drawn to.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverallDescriptor {
    /// As if this many records had this rate.
    pub prior: f64,
    /// The rate of the positive class, or a number.
    pub rate: f64,
}
