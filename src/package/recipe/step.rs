//! The steps of a recipe, compiled: each fills the slots of its columns from earlier slots.

pub(super) mod date_part;
pub(super) mod extract;
pub(super) mod impute;
pub(super) mod number;
pub(super) mod one_hot;
pub(super) mod pattern;
pub(super) mod when;

pub(super) use date_part::DatePartStep;
pub(super) use extract::ExtractStep;
pub(super) use impute::ImputeStep;
pub(super) use number::NumberStep;
pub(super) use one_hot::OneHotStep;
pub(super) use when::WhenStep;
