//! Earlier records and how they fared, looked up by what they have in common with a record.
//!
//! - [`records`]: the text of `history.json`.
//! - `members`: the same by slots.
//! - `index`: members by a key; `group`, those around a record; `identity`, those that may be the record itself.
//! - `outcome`: sums of outcomes, whatever their order.
//! - `lookup`: all of it together.

pub mod records;

pub(super) mod members;

mod index;

pub(super) mod group;

pub(super) mod identity;

pub(super) mod outcome;

pub(super) mod lookup;

pub use records::HistoryRecords;
