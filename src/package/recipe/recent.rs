//! How the records of the last days fared, as of one moment of each day: what `history` steps with `days` look up.
//!
//! An *event* is a record whose outcome became known. A *snapshot* is what the steps look up as of a moment; a *sheet* is the events that
//! became known between two moments. Snapshots are computed from sheets, or from labelled rows, by the same code; their counts and sums
//! are whole numbers, and numbers with a fraction come last, in one order.
//!
//! - [`calendar`]: the moments of snapshots, and the days of events.
//! - `plan`: the steps, and the columns that they look at.
//! - `keys`: values of columns together as a key.
//! - `table`: what a step looks up in a snapshot, by key.
//! - `events`: events by columns.
//! - `columns`: columns of events as a text has them.
//! - `rates`: how the events of the days before each day fared.
//! - [`sheet`], [`snapshot`]: their texts.
//! - [`rows`]: labelled rows, each with the snapshot that it would have seen.
//! - [`making`]: sheets and snapshots of what became known.

pub mod calendar;

pub(super) mod plan;

mod keys;

pub(super) mod table;

pub(super) mod events;

mod columns;

mod rates;

pub mod sheet;

pub mod snapshot;

pub mod rows;

pub mod making;

pub use calendar::{Calendar, Day};
pub use making::Change;
pub use sheet::Sheet;
pub use snapshot::{Recent, StepSummary};
