//! A part of a date or a datetime.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::package::recipe::descriptor::DatePart;
use crate::package::recipe::slots::{Block, MISSING};
use crate::table::Value;

/// A `date_part` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct DatePartStep {
    /// The field.
    pub(in crate::package::recipe) from: usize,
    pub(in crate::package::recipe) part: DatePart,
    pub(in crate::package::recipe) timezone: TimeZone,
    pub(in crate::package::recipe) to: usize,
}

impl DatePartStep {
    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, block: &mut Block<'_>) {
        for (number, record) in block.slots.numbers_mut(self.to).iter_mut().zip(block.records) {
            *number = match record.get(self.from) {
                Some(Value::Date(date)) => self.of_date(*date),
                Some(Value::Datetime(moment)) => {
                    let local = self.timezone.to_datetime(*moment);
                    match self.part {
                        DatePart::Hour => local.hour().into(),
                        DatePart::Minute => local.minute().into(),
                        _ => self.of_date(local.date()),
                    }
                }
                _ => MISSING,
            };
        }
    }

    fn of_date(&self, date: Date) -> f64 {
        match self.part {
            DatePart::Year => date.year().into(),
            DatePart::Month => date.month().into(),
            DatePart::Day => date.day().into(),
            DatePart::Weekday => date.weekday().to_monday_one_offset().into(),
            DatePart::DayOfYear => date.day_of_year().into(),
            DatePart::Hour | DatePart::Minute => MISSING,
        }
    }
}
