//! Tests of columns, and the step that makes a value of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize};

use crate::table::descriptor::Scalar;
use crate::table::{ScalarOr, scalar_or};

/// The value of the first case whose tests all hold: a number, a category or a text.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// The cases, tried in order.
    #[schemars(length(min = 1))]
    pub cases: Vec<CaseDescriptor>,
    /// The value where no case holds; missing unless it is given.
    #[serde(default)]
    pub otherwise: ValueDescriptor,
}

/// A case of a `when` step.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseDescriptor {
    /// The tests by column, which must all hold.
    #[serde(rename = "if")]
    pub tests: Tests,
    /// The value.
    pub then: ValueDescriptor,
}

/// Tests by column.
pub type Tests = BTreeMap<String, TestDescriptor>;

/// A test of a column. A missing value satisfies no test but `{"missing": true}`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TestDescriptor {
    /// The value is equal.
    Equals(Scalar),
    /// The value is one of these.
    OneOf(Vec<Scalar>),
    /// The value is within bounds, or missing.
    Range(RangeDescriptor),
}

impl<'de> Deserialize<'de> for TestDescriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar_or(deserializer)
    }
}

impl<'de> ScalarOr<'de> for TestDescriptor {
    const EXPECTED: &'static str = "a value, a list of values, or an object of min, max, above, below and missing";

    fn of_scalar(scalar: Scalar) -> Self {
        Self::Equals(scalar)
    }

    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(Self::OneOf)
    }

    fn of_object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(object)).map(Self::Range)
    }
}

/// Bounds of a number, or whether a value is missing.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeDescriptor {
    /// The least number.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest number.
    #[serde(default)]
    pub max: Option<f64>,
    /// What the number is greater than.
    #[serde(default)]
    pub above: Option<f64>,
    /// What the number is less than.
    #[serde(default)]
    pub below: Option<f64>,
    /// Whether the value is missing.
    #[serde(default)]
    pub missing: Option<bool>,
}

/// A value that a `when` step takes.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ValueDescriptor {
    /// This one.
    Scalar(Scalar),
    /// None.
    #[default]
    Missing,
    /// The value of a column.
    Column(ColumnDescriptor),
}

impl<'de> Deserialize<'de> for ValueDescriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar_or(deserializer)
    }
}

impl<'de> ScalarOr<'de> for ValueDescriptor {
    const EXPECTED: &'static str = "a number, a text, true, false, null or {\"column\": name}";

    fn of_scalar(scalar: Scalar) -> Self {
        Self::Scalar(scalar)
    }

    fn of_null() -> Option<Self> {
        Some(Self::Missing)
    }

    fn of_object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(object)).map(Self::Column)
    }
}

/// The name of a column.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnDescriptor {
    /// The name.
    pub column: String,
}
