//! What was done for a schedule, as metrics that alarms can watch.

use jiff::Timestamp;

use super::embedded::{Document, EmbeddedConfig};
use crate::lifecycle::schedule::Done;
use crate::lifecycle::snapshot::Told;

impl<'a> Document<'a> {
    /// Tells what was done, if anything was.
    pub fn of_done(config: &'a EmbeddedConfig, done: &'a Done, time: Timestamp) -> Option<Self> {
        match done {
            Done::Report(report) => Some(Self::of_report(config, report, time)),
            Done::Snapshot(told) => Some(Self::of_snapshot(config, told, time)),
            Done::NoHistory(_) => None,
        }
    }

    /// Tells of a snapshot. One that a later one keeps from serving is none that was made for the day: an alarm waits for that.
    fn of_snapshot(config: &'a EmbeddedConfig, told: &'a Told, time: Timestamp) -> Self {
        let mut document = Self::new(config, time);
        document.property("snapshot", &*told.hash);
        document.property("as_of", told.as_of.to_string());
        document.property("warnings", told.warnings.join("; "));
        document.count("SnapshotsMade", told.is_newest.into());
        document.count("SnapshotOutcomes", told.added.map_or(0, |added| added.added) as u64);
        document
    }
}
