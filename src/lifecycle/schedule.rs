//! What a schedule asks for: a report over the window that ends when it was to be made.

use jiff::Timestamp;
use serde::Deserialize;

use super::window::{InvalidWindow, Wanted};
use crate::store::Window;

/// The event of a schedule. One that is delivered twice names the same window, whose report takes its own place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// When the report was to be made; now, unless it is given.
    scheduled_time: Option<Timestamp>,
    /// How long before then the window begins, as in `24h` or `7d`. Default: `24h`.
    since: Option<String>,
}

impl Schedule {
    /// Returns the window that is asked for.
    pub fn window(&self, now: Timestamp) -> Result<Window, InvalidWindow> {
        let end = self.scheduled_time.unwrap_or(now);
        Wanted { since: self.since.as_deref(), ..Wanted::default() }.window(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(event: &str) -> Result<(String, String), InvalidWindow> {
        let event: Schedule = serde_json::from_str(event).unwrap();
        let window = event.window("2026-11-24T12:00:00Z".parse().unwrap())?;
        Ok((window.from.to_string(), window.to.to_string()))
    }

    #[test]
    fn a_window_ends_when_its_report_was_to_be_made() {
        let moments = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        let event = r#"{"scheduled_time": "2026-11-24T03:00:00Z", "since": "7d"}"#;
        assert_eq!(window(event), moments("2026-11-17T03:00:00Z", "2026-11-24T03:00:00Z"));
        assert_eq!(window("{}"), moments("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z"));
        assert_eq!(window(r#"{"since": "soon"}"#), Err(InvalidWindow::Since));
        assert!(serde_json::from_str::<Schedule>(r#"{"Since": "7d"}"#).is_err());
    }
}
