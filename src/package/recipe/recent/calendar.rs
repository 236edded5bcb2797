//! The moments at which snapshots are, one a day, and the days of events.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::table::Value;

/// A day of the calendar, as the number of days since 1970-01-01.
pub type Day = i32;

/// A snapshot is made so long behind its moment: clocks and indexes that are late do not change it any more.
pub const LAG: SignedDuration = SignedDuration::from_mins(15);

/// The first day that is numbered.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// When snapshots are: at one time of each day, by the clocks of a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    at: Time,
    zone: TimeZone,
}

impl Calendar {
    /// Takes the time of the day, and the zone of its clocks.
    pub fn new(at: Time, zone: TimeZone) -> Self {
        Self { at, zone }
    }

    /// Returns the moment of a day. Where the clocks pass over it, it is as much later.
    pub fn moment(&self, day: Day) -> Timestamp {
        let limit = if day < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.zone.to_timestamp(date(day).to_datetime(self.at)).unwrap_or(limit)
    }

    /// Returns the day that a moment is on.
    pub fn day(&self, time: Timestamp) -> Day {
        number(self.zone.to_datetime(time).date())
    }

    /// Returns the day of a value that is a day or a moment.
    pub fn day_of(&self, value: &Value) -> Option<Day> {
        match value {
            Value::Date(date) => Some(number(*date)),
            Value::Datetime(time) => Some(self.day(*time)),
            _ => None,
        }
    }

    /// Returns the first day at whose moment something is known that became known at a time.
    pub fn known_by(&self, known_at: Timestamp) -> Day {
        let day = self.day(known_at);
        if self.moment(day) >= known_at { day } else { day + 1 }
    }

    /// Returns the day of the last moment up to a time.
    pub fn last_by(&self, time: Timestamp) -> Day {
        let day = self.day(time);
        if self.moment(day) <= time { day } else { day - 1 }
    }

    /// Returns the day of the newest snapshot that is made at a time.
    pub fn newest_at(&self, time: Timestamp) -> Day {
        self.last_by(time.checked_sub(LAG).unwrap_or(Timestamp::MIN))
    }

    /// Returns the day of the newest snapshot that is made when a record's event begins; a day begins at midnight.
    pub fn newest_before(&self, value: &Value) -> Option<Day> {
        match value {
            Value::Date(date) => {
                let midnight = self.zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
                Some(self.newest_at(midnight))
            }
            Value::Datetime(time) => Some(self.newest_at(*time)),
            _ => None,
        }
    }
}

/// Returns the number of a date.
#[expect(clippy::cast_possible_truncation, reason = "the calendar has seven million days")]
pub fn number(date: Date) -> Day {
    (date.duration_since(EPOCH).as_hours() / 24) as Day
}

/// Returns the date of a number, or the last or first one.
pub fn date(day: Day) -> Date {
    let limit = if day < 0 { Date::MIN } else { Date::MAX };
    EPOCH.checked_add(SignedDuration::from_hours(i64::from(day) * 24)).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> Calendar {
        Calendar::new(jiff::civil::time(6, 0, 0, 0), TimeZone::get("America/New_York").unwrap())
    }

    fn day(text: &str) -> Day {
        number(text.parse().unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_numbered() {
        for text in ["1969-12-31", "1970-01-01", "2013-11-03", "9999-12-31", "-009999-01-01"] {
            assert_eq!(date(day(text)), text.parse().unwrap(), "{text}");
        }
        assert_eq!((day("1969-12-31"), day("1970-01-02")), (-1, 1));
    }

    #[test]
    fn a_moment_is_by_the_clocks_of_the_zone() {
        let calendar = new_york();
        assert_eq!(calendar.moment(day("2013-11-02")), at("2013-11-02T06:00-04:00"));
        assert_eq!(calendar.moment(day("2013-11-03")), at("2013-11-03T06:00-05:00"), "the day of 25 hours");
        let skipped = Calendar::new(jiff::civil::time(2, 30, 0, 0), TimeZone::get("America/New_York").unwrap());
        assert_eq!(skipped.moment(day("2013-03-10")), at("2013-03-10T03:30-04:00"), "the hour that is missing");
    }

    #[test]
    fn what_is_known_at_the_moment_is_in() {
        let calendar = new_york();
        assert_eq!(calendar.known_by(at("2013-01-02T06:00-05:00")), day("2013-01-02"));
        assert_eq!(calendar.known_by(at("2013-01-02T06:00:00.001-05:00")), day("2013-01-03"));
        assert_eq!(calendar.known_by(at("2013-01-01T23:59-05:00")), day("2013-01-02"));
    }

    #[test]
    fn a_snapshot_is_there_a_quarter_of_an_hour_behind_its_moment() {
        let calendar = new_york();
        assert_eq!(calendar.newest_at(at("2013-01-02T06:14:59-05:00")), day("2013-01-01"));
        assert_eq!(calendar.newest_at(at("2013-01-02T06:15-05:00")), day("2013-01-02"));
        assert_eq!(calendar.newest_at(at("2013-01-03T00:10-05:00")), day("2013-01-02"));
        let of_day = Value::Date("2013-01-03".parse().unwrap());
        assert_eq!(calendar.newest_before(&of_day), Some(day("2013-01-02")), "the event may begin at midnight");
        assert_eq!(calendar.newest_before(&Value::Integer(3)), None);
    }
}
