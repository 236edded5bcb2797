//! How features come from a record: steps, compiled at load to something flat.
//!
//! A recipe is a list of steps, each of which makes a *column* from fields and from columns of earlier steps. What a step learns from
//! training rows stands in a [`State`], the earlier records that `history` steps look up in [`HistoryRecords`]; [`fit()`] makes both.
//! [`Recipe::compile`] checks all of that and makes it a list of operations on numbered slots.
//!
//! - [`descriptor`]: the text of `recipe.json`.
//! - [`state`]: the text of `state.json`.
//! - [`error`]: what is wrong with either.
//! - `slots`, `key`, `test`, `step`: what runs for each record.
//! - [`history`]: earlier records, and how those around a record fared.
//! - [`recent`]: how the records of the last days fared, as of one moment of each day.
//! - `program`, `compile`: steps in order, and how they come from a descriptor.
//! - [`mod@fit`]: learns from training rows, by `learn`.
//! - [`evaluate`]: the recipe as others use it.

pub mod descriptor;
pub mod error;
pub mod state;

mod slots;

mod key;

mod test;

pub mod history;

pub mod recent;

mod step;

mod program;

mod compile;

pub mod evaluate;

mod learn;

pub mod fit;

pub use descriptor::{RecipeDescriptor, parse};
pub use error::{FitError, RecipeError};
pub use evaluate::{Computer, Past, Recipe};
pub use fit::{Fitted, fit};
pub use history::HistoryRecords;
pub use recent::{Calendar, Change, Day, Recent, Sheet, StepSummary};
pub use state::State;
