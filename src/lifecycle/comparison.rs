//! Champion against challenger: whether a new model may take the place of the one that serves.
//!
//! - [`bootstrap`]: what paired samples say of a gain.
//! - [`group`]: records that have the same values in the schema's `compare_by`.
//! - [`rule`]: the one place where it is decided.

pub mod bootstrap;

pub mod group;

pub mod rule;

pub use rule::{Comparison, Pair};
