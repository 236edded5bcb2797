//! Earlier records and how they fared, looked up by what they have in common with a record.
//!
//! - [`records`]: the text of `history.json`.
//! - `stored`: a column of them as that text has it; `numbers`: a list of them as that text has it.
//! - `places`: small whole numbers, by which members are sorted.
//! - `texts`: the texts of a column, each with a code.
//! - `members`: the same records by slots.
//! - `index`: members in the order of a key; `group`, those around a record; `identity`, those that may be the record itself.
//! - `outcome`: sums of outcomes, whatever their order.
//! - `lookup`: all of it together.

pub mod records;

pub(super) mod numbers;

pub(super) mod stored;

mod places;

pub(super) mod texts;

pub(super) mod members;

mod index;

pub(super) mod group;

pub(super) mod identity;

pub(super) mod outcome;

pub(super) mod lookup;

pub use records::HistoryRecords;
