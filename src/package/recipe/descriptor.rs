//! The text of `recipe.json`.
//!
//! - [`condition`]: tests, and the step that makes a value of them.
//! - [`mod@column`]: the steps that make columns of columns.
//! - [`around`]: the step that looks up earlier records.
//! - [`recipe`]: all of it.

pub mod condition;

pub mod column;

pub mod around;

pub mod recipe;

pub use around::{AmongDescriptor, ExpectedDescriptor, HistoryDescriptor, OverallDescriptor};
pub use column::{
    DatePart, DatePartDescriptor, ExtractDescriptor, Extracted, Fill, ImputeDescriptor, NumberDescriptor,
    OneHotDescriptor, Operand,
};
pub use condition::{
    CaseDescriptor, ColumnDescriptor, RangeDescriptor, TestDescriptor, Tests, ValueDescriptor, WhenDescriptor,
};
pub use recipe::{RecipeDescriptor, SnapshotsDescriptor, StepDescriptor, parse};
