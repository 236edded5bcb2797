//! What a schedule asks for, and who does it: a report over the window that ends when it was to be made, or the next snapshot of a history
//! that changes.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use tracing::{info, warn};

use super::report::Report;
use super::reports::{ReportError, Reports};
use super::snapshot::{SnapshotError, SnapshotMaker, Told};
use super::window::{InvalidWindow, Wanted};
use crate::store::Window;

/// The event of a schedule. One that is delivered twice asks for the same: a report on the same window takes the place of the first, and a
/// snapshot of the same moment is the same text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Members")]
pub enum Schedule {
    /// A report.
    Report(WantedReport),
    /// The next snapshot of the history.
    Snapshot(WantedSnapshot),
}

/// Which window a report is to be about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedReport {
    /// When the report was to be made; now, unless it is given.
    scheduled_time: Option<Timestamp>,
    /// How long before then the window begins, as in `24h` or `7d`. Default: `24h`.
    since: Option<String>,
}

/// Which snapshot is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedSnapshot {
    /// That of the newest moment up to then; of the newest one that is settled, unless it is given.
    as_of: Option<Timestamp>,
}

/// An event as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    scheduled_time: Option<Timestamp>,
    since: Option<String>,
    snapshot: Option<WantedSnapshot>,
}

/// An event that asks for two things at once.
#[derive(Debug, Error)]
#[error("an event has either snapshot, or scheduled_time and since, which are those of a report")]
struct Mixed;

impl TryFrom<Members> for Schedule {
    type Error = Mixed;

    fn try_from(members: Members) -> Result<Self, Mixed> {
        match members {
            Members { scheduled_time: None, since: None, snapshot: Some(wanted) } => Ok(Self::Snapshot(wanted)),
            Members { scheduled_time, since, snapshot: None } => {
                Ok(Self::Report(WantedReport { scheduled_time, since }))
            }
            Members { snapshot: Some(_), .. } => Err(Mixed),
        }
    }
}

impl Schedule {
    /// Names what is asked for.
    pub fn wanted(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Snapshot(_) => "snapshot",
        }
    }
}

impl WantedReport {
    /// Returns the window that is asked for.
    fn window(&self, now: Timestamp) -> Result<Window, InvalidWindow> {
        let end = self.scheduled_time.unwrap_or(now);
        Wanted { since: self.since.as_deref(), ..Wanted::default() }.window(end)
    }
}

/// Does what schedules ask for.
#[derive(Debug, Clone)]
pub struct ScheduledWork {
    reports: Reports,
    snapshots: SnapshotMaker,
}

/// What was done.
#[derive(Debug)]
pub enum Done {
    /// A report was made and kept.
    Report(Box<Report>),
    /// A snapshot was made and published.
    Snapshot(Told),
    /// The package has no history that changes, so that there is no snapshot to make: that is no failure, which would come each day.
    NoHistory(String),
}

/// Why it was not done.
#[derive(Debug, Error)]
pub enum ScheduleError {
    /// There is no such window.
    #[error(transparent)]
    Window(#[from] InvalidWindow),
    /// No report was made, or it was not kept.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// No snapshot was made.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl ScheduledWork {
    /// Does what schedules ask for with what a service has stored.
    pub fn new(reports: Reports, snapshots: SnapshotMaker) -> Self {
        Self { reports, snapshots }
    }

    /// Does what one asks for.
    pub async fn carry_out(&self, schedule: &Schedule, now: Timestamp) -> Result<Done, ScheduleError> {
        match schedule {
            Schedule::Report(wanted) => {
                let window = wanted.window(now)?;
                let report = self.reports.report(window).await?;
                self.reports.keep(window, &report).await?;
                Ok(Done::Report(Box::new(report)))
            }
            Schedule::Snapshot(wanted) => match self.snapshots.make(wanted.as_of, now).await {
                Ok(told) => {
                    tell(&told);
                    Ok(Done::Snapshot(told))
                }
                Err(error @ SnapshotError::NoHistory(_)) => {
                    warn!(%error, "no snapshot is made of this package: leave its schedule out");
                    Ok(Done::NoHistory(error.to_string()))
                }
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// Writes what was made into the log, since nobody waits for an answer to a schedule.
fn tell(told: &Told) {
    let added = told.added.map(|added| added.added);
    info!(snapshot = %told.hash, as_of = %told.as_of, added, is_newest = told.is_newest, "a snapshot of the history was made");
    for warning in &told.warnings {
        warn!(snapshot = %told.hash, warning, "something about the snapshot is worth a look");
    }
}

impl Done {
    /// Returns the answer to who asks for it by hand.
    pub fn answer(&self) -> Value {
        match self {
            Self::Report(report) => {
                json!({"verdict": report.verdict, "rows": report.rows, "from": report.from, "to": report.to})
            }
            Self::Snapshot(told) => json!({"snapshot": told}),
            Self::NoHistory(reason) => json!({"snapshot": null, "reason": reason}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(event: &str) -> Result<(String, String), InvalidWindow> {
        let Ok(Schedule::Report(wanted)) = serde_json::from_str(event) else { panic!("{event} asks for no report") };
        let window = wanted.window("2026-11-24T12:00:00Z".parse().unwrap())?;
        Ok((window.from.to_string(), window.to.to_string()))
    }

    #[test]
    fn a_window_ends_when_its_report_was_to_be_made() {
        let moments = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        let event = r#"{"scheduled_time": "2026-11-24T03:00:00Z", "since": "7d"}"#;
        assert_eq!(window(event), moments("2026-11-17T03:00:00Z", "2026-11-24T03:00:00Z"));
        assert_eq!(window("{}"), moments("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z"));
        assert_eq!(window(r#"{"since": "soon"}"#), Err(InvalidWindow::Since));
    }

    #[test]
    fn an_event_asks_for_a_snapshot_or_for_a_report() {
        let snapshot = |as_of: Option<&str>| {
            Schedule::Snapshot(WantedSnapshot { as_of: as_of.map(|moment| moment.parse().unwrap()) })
        };
        let moment = "2026-11-24T06:00:00+01:00";
        for (event, expected) in [
            (r#"{"snapshot": {}}"#.to_owned(), snapshot(None)),
            (json!({"snapshot": {"as_of": moment}}).to_string(), snapshot(Some(moment))),
            (r#"{"snapshot": null}"#.to_owned(), Schedule::Report(WantedReport::default())),
        ] {
            assert_eq!(serde_json::from_str::<Schedule>(&event).unwrap(), expected, "{event}");
        }
        for (event, said) in [
            (r#"{"snapshot": {}, "since": "7d"}"#, "an event has either snapshot, or"),
            (r#"{"snapshot": {"asof": null}}"#, "unknown field `asof`"),
            (r#"{"snapshot": {"as_of": "yesterday"}}"#, "at line 1 column 34"),
            (r#"{"Since": "7d"}"#, "unknown field `Since`"),
        ] {
            let error = serde_json::from_str::<Schedule>(event).unwrap_err().to_string();
            assert!(error.contains(said), "{event}: {error}");
        }
    }
}
