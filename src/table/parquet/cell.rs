//! What stands in a cell of a file.

use ::parquet::data_type::Int96;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::kind::{Clock, Kind, Unit};
use crate::table::descriptor::FieldType;
use crate::table::output_cell::OutputCell;
use crate::table::record::Draft;
use crate::table::schema::Column;
use crate::table::value::Cell;

const NANOSECONDS_A_DAY: i128 = 86_400 * 1_000_000_000;

/// The day 1970-01-01 of the calendar that Impala's timestamps count in.
const JULIAN_EPOCH: i128 = 2_440_588;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ParquetCell<'a> {
    Missing,
    Boolean(bool),
    Integer(i64),
    Single(f32),
    Double(f64),
    Text(&'a str),
    Date(Date),
    Moment(Timestamp),
    /// By the clock of the schema's time zone.
    Local(DateTime),
    /// As it is written.
    Decimal(String),
    /// What cannot be read, with the reason.
    Bad(&'static str),
}

impl<'a> ParquetCell<'a> {
    pub(super) fn from_short(number: i32, kind: Kind) -> Self {
        match kind {
            Kind::UnsignedShort => Self::Integer(number.cast_unsigned().into()),
            Kind::Date => match Timestamp::from_second(i64::from(number) * 86_400) {
                Ok(midnight) => Self::Date(TimeZone::UTC.to_datetime(midnight).date()),
                Err(_) => Self::Bad("is out of the range of dates"),
            },
            Kind::ShortDecimal(scale) => Self::Decimal(decimal(number.into(), scale)),
            _ => Self::Integer(number.into()),
        }
    }

    pub(super) fn from_long(number: i64, kind: Kind) -> Self {
        match kind {
            // One that is larger is beyond what any field may hold.
            #[expect(clippy::cast_precision_loss, reason = "beyond what any field may hold exactly")]
            Kind::UnsignedLong if number < 0 => Self::Double(number.cast_unsigned() as f64),
            Kind::Timestamp(unit, clock) => {
                let nanoseconds = match unit {
                    Unit::Milliseconds => 1_000_000,
                    Unit::Microseconds => 1_000,
                    Unit::Nanoseconds => 1,
                };
                Self::from_nanoseconds(i128::from(number) * nanoseconds, clock)
            }
            Kind::LongDecimal(scale) => Self::Decimal(decimal(number.into(), scale)),
            _ => Self::Integer(number),
        }
    }

    pub(super) fn from_bytes(bytes: &'a [u8], kind: Kind) -> Self {
        match kind {
            Kind::BytesDecimal(scale) | Kind::FixedDecimal(scale) => match big_endian(bytes) {
                Some(number) => Self::Decimal(decimal(number, scale)),
                None => Self::Bad("is a decimal of more than 38 digits"),
            },
            _ => std::str::from_utf8(bytes).map_or(Self::Bad("is not UTF-8"), Self::Text),
        }
    }

    pub(super) fn from_old(number: Int96) -> Self {
        let [low, high, day] = *number.data() else { return Self::Bad("is no timestamp") };
        let time = i128::from(high) << 32 | i128::from(low);
        Self::from_nanoseconds((i128::from(day) - JULIAN_EPOCH) * NANOSECONDS_A_DAY + time, Clock::Utc)
    }

    fn from_nanoseconds(nanoseconds: i128, clock: Clock) -> Self {
        match (Timestamp::from_nanosecond(nanoseconds), clock) {
            (Ok(moment), Clock::Utc) => Self::Moment(moment),
            (Ok(moment), Clock::Local) => Self::Local(TimeZone::UTC.to_datetime(moment)),
            (Err(_), _) => Self::Bad("is out of the range of times"),
        }
    }

    /// Puts the cell into a draft.
    pub(super) fn put(self, column: Column, draft: &mut Draft<'_>) {
        let kind = draft.schema().fields()[column.field()].kind;
        match self {
            Self::Missing => draft.set(column, Cell::Missing),
            Self::Boolean(value) => draft.set(column, Cell::Boolean(value)),
            Self::Integer(number) if kind == FieldType::Boolean => {
                draft.set_from_file(column, itoa::Buffer::new().format(number));
            }
            Self::Integer(number) => draft.set(column, Cell::Integer(number)),
            Self::Single(number) => put_number(widen(number), kind, column, draft),
            Self::Double(number) => put_number(number, kind, column, draft),
            Self::Text(text) => draft.set_from_file(column, text),
            Self::Decimal(text) => draft.set_from_file(column, &text),
            Self::Date(date) => draft.set(column, Cell::Text(&date.to_string())),
            Self::Moment(moment) => draft.set(column, Cell::Text(&moment.to_string())),
            // Pandas has no column of days: it writes the midnight at which each begins.
            Self::Local(time) if kind == FieldType::Date && time.time() == Time::midnight() => {
                draft.set(column, Cell::Text(&time.date().to_string()));
            }
            Self::Local(time) => draft.set(column, Cell::Text(&time.to_string())),
            Self::Bad(detail) => draft.fault(column, detail),
        }
    }

    /// Returns the cell as it is carried along.
    pub(super) fn written(self) -> OutputCell<'a> {
        match self {
            Self::Missing | Self::Bad(_) => OutputCell::Missing,
            Self::Boolean(value) => OutputCell::Boolean(value),
            Self::Integer(number) => OutputCell::Integer(number),
            Self::Single(number) => OutputCell::Single(number),
            Self::Double(number) => OutputCell::Number(number),
            Self::Text(text) => OutputCell::Text(text),
            Self::Date(date) => OutputCell::Date(date),
            Self::Moment(moment) => OutputCell::Time(moment),
            Self::Local(time) => OutputCell::LocalTime(time),
            Self::Decimal(text) => text.parse().map_or(OutputCell::Missing, OutputCell::Number),
        }
    }
}

/// Puts a number; pandas writes NaN for a missing one, and writes integers and booleans of which some are missing as such numbers.
fn put_number(number: f64, kind: FieldType, column: Column, draft: &mut Draft<'_>) {
    match Cell::Float(number).integer() {
        _ if number.is_nan() => draft.set(column, Cell::Missing),
        Some(integer) if kind == FieldType::Boolean => {
            draft.set_from_file(column, itoa::Buffer::new().format(integer));
        }
        _ => draft.set(column, Cell::Float(number)),
    }
}

/// Returns the number that the shortest decimal for an FP32 stands for: 0.42 is 0.42 then, and the record the same as in JSON.
fn widen(number: f32) -> f64 {
    if !number.is_finite() {
        return number.into();
    }
    ryu::Buffer::new().format_finite(number).parse().unwrap_or_else(|_| number.into())
}

/// Writes a number of which so many digits stand behind the point.
fn decimal(number: i128, scale: u32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let scale = scale as usize;
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// Reads a signed number of at most 16 bytes.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let fill = if first >= 0x80 { 0xff } else { 0 };
    let mut whole = [fill; 16];
    whole[16_usize.checked_sub(bytes.len())?..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_digit_by_digit() {
        for (number, scale, written) in [(12345, 2, "123.45"), (-5, 2, "-0.05"), (7, 0, "7"), (0, 3, "0.000")] {
            assert_eq!(decimal(number, scale), written);
        }
        assert_eq!(big_endian(&[0xff, 0xfe]), Some(-2));
        assert_eq!(big_endian(&[0x01, 0x00]), Some(256));
        assert_eq!(big_endian(&[0; 17]), None);
    }

    #[test]
    fn single_numbers_are_the_decimals_that_name_them() {
        assert!((widen(0.42) - 0.42).abs() < f64::EPSILON);
        assert!(widen(f32::NAN).is_nan());
    }
}
