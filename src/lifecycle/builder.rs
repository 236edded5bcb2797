//! Makes a baseline from training records, one at a time or in parts that are merged, in constant memory.
//!
//! Numbers are exact for up to [`super::cells::MAX_CELLS`] distinct values of a column; quantiles of more are exact to a cell, and the
//! counts of bins stay exact. Categories and answers are exact. Texts are known again for up to [`MAX_TEXTS`] distinct ones.
//!
//! Where the schema has a time, each day is counted too: a column's bins by so many cells that together they are 65,536 at most.
//!
//! `fields` has the values of one field, `predictions` the answers, `days` and `day_fields` the same day by day, `quality` how good answers are, and `table` all columns.

mod fields;

mod predictions;

mod day_fields;

mod days;

mod quality;

mod table;

pub use fields::MAX_TEXTS;
pub use table::BaselineBuilder;
