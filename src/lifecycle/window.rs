//! Which window is meant: `24h` before now, or from one moment to another.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::store::Window;

const DEFAULT_SINCE: &str = "24h";

/// What somebody says of a window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// A span of time before now, as in `24h` or `7d`.
    pub since: Option<&'a str>,
    /// The first moment, as in `2026-11-23` or `2026-11-23T10:15:00Z`.
    pub from: Option<&'a str>,
    /// The moment after the last; now, unless it is given.
    pub to: Option<&'a str>,
}

/// Why there is no such window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWindow {
    /// Not a span of time.
    #[error("since must be a span of time such as 24h, 90m or 7d")]
    Since,
    /// Not a moment.
    #[error("{0} must be a date or a time such as 2026-11-23 or 2026-11-23T10:15:00Z")]
    Moment(&'static str),
    /// Both a span and moments.
    #[error("since cannot be given with from or to")]
    Both,
    /// No beginning.
    #[error("to needs a from")]
    NoBeginning,
    /// It ends before it begins.
    #[error("from must be before to")]
    Backwards,
}

impl Wanted<'_> {
    /// Returns the window, of the last 24 hours where nothing else is said.
    pub fn window(self, now: Timestamp) -> Result<Window, InvalidWindow> {
        let (from, to) = match (self.since, self.from, self.to) {
            (None, Some(from), to) => (moment("from", from)?, to.map_or(Ok(now), |to| moment("to", to))?),
            (None, None, Some(_)) => return Err(InvalidWindow::NoBeginning),
            (since, None, None) => (before(now, since.unwrap_or(DEFAULT_SINCE))?, now),
            (Some(_), ..) => return Err(InvalidWindow::Both),
        };
        if from < to { Ok(Window { from, to }) } else { Err(InvalidWindow::Backwards) }
    }
}

fn before(now: Timestamp, since: &str) -> Result<Timestamp, InvalidWindow> {
    let span: Span = since.parse().map_err(|_| InvalidWindow::Since)?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| InvalidWindow::Since)?;
    if span <= SignedDuration::ZERO {
        return Err(InvalidWindow::Since);
    }
    now.checked_sub(span).map_err(|_| InvalidWindow::Since)
}

fn moment(name: &'static str, text: &str) -> Result<Timestamp, InvalidWindow> {
    let day = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    text.parse().ok().or_else(day).ok_or(InvalidWindow::Moment(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(since: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<(String, String), InvalidWindow> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        Wanted { since, from, to }.window(now).map(|window| (window.from.to_string(), window.to.to_string()))
    }

    #[test]
    fn spans_and_moments_are_read() {
        let now = "2026-11-24T12:00:00Z";
        let day = Ok(("2026-11-23T12:00:00Z".to_owned(), now.to_owned()));
        assert_eq!(window(None, None, None), day);
        for since in ["24h", "1d", "1440 minutes", "PT24H"] {
            assert_eq!(window(Some(since), None, None), day, "{since}");
        }
        let midnight = "2026-11-23T00:00:00Z".to_owned();
        assert_eq!(window(None, Some("2026-11-23"), None), Ok((midnight.clone(), now.to_owned())));
        let moments = window(None, Some("2026-11-23"), Some("2026-11-23T01:02:03+01:00"));
        assert_eq!(moments, Ok((midnight, "2026-11-23T00:02:03Z".to_owned())));
    }

    #[test]
    fn what_is_no_window_is_told() {
        use InvalidWindow::{Backwards, Both, Moment, NoBeginning, Since};
        for since in ["", "yesterday", "-1h", "0s", "1mo", "99999999999h"] {
            assert_eq!(window(Some(since), None, None), Err(Since), "{since}");
        }
        assert_eq!(window(None, Some("soon"), None), Err(Moment("from")));
        assert_eq!(window(None, Some("2026-11-23"), Some("2026-13-01")), Err(Moment("to")));
        assert_eq!(window(Some("1h"), Some("2026-11-23"), None), Err(Both));
        assert_eq!(window(None, None, Some("2026-11-23")), Err(NoBeginning));
        assert_eq!(window(None, Some("2026-11-24"), Some("2026-11-24")), Err(Backwards));
    }
}
