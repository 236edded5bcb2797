//! What a slice of a bulk job came to, as metrics that alarms and dashboards can watch.

use jiff::Timestamp;

use super::embedded::{Document, EmbeddedConfig};
use crate::bulk::report::SliceDone;

impl<'a> Document<'a> {
    /// Tells of a slice whose part was written.
    pub fn of_slice(config: &'a EmbeddedConfig, done: &'a SliceDone, time: Timestamp) -> Self {
        let mut document = Self::new(config, time);
        document.property("part", &*done.part);
        document.count("BulkSlices", 1);
        document.count("BulkRows", done.rows);
        document.count("BulkInvalidRows", done.invalid);
        document
    }
}
