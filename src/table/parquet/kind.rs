//! What a column of a file holds, by its physical and its logical type.

use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use ::parquet::schema::types::ColumnDescriptor;

use crate::table::output_cell::ColumnType;

/// The most digits of a decimal, as 128 bits hold them.
const MAX_SCALE: u32 = 38;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    /// Of 32 bits.
    Short,
    UnsignedShort,
    /// Of 64 bits.
    Long,
    UnsignedLong,
    Single,
    Double,
    /// Texts, or bytes that may be one.
    Text,
    /// Days since 1970.
    Date,
    Timestamp(Unit, Clock),
    /// A timestamp as Impala wrote it.
    OldTimestamp,
    /// Of 32 bits, with so many digits behind the point.
    ShortDecimal(u32),
    LongDecimal(u32),
    BytesDecimal(u32),
    FixedDecimal(u32),
}

/// What a timestamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// Whose clock a timestamp is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Utc,
    /// That of the schema's time zone.
    Local,
}

impl Kind {
    /// Finds what a column holds, or says what it is that is not read.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let (physical, logical, converted) =
            (column.physical_type(), column.logical_type_ref(), column.converted_type());
        let scale = || u32::try_from(column.type_scale()).unwrap_or_default();
        if scale() > MAX_SCALE {
            return Err(format!("is a decimal of more than {MAX_SCALE} digits: write it as numbers"));
        }
        Ok(match (physical, logical, converted) {
            (_, Some(LogicalType::Time(_)), _) | (_, None, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => {
                return Err("holds times of the day, which no field does: write it as a text".to_owned());
            }
            (_, Some(LogicalType::Float16), _) => {
                return Err("holds numbers of 16 bits: write it as float32".to_owned());
            }
            (Physical::BOOLEAN, ..) => Self::Boolean,
            (Physical::INT32, Some(LogicalType::Date), _) | (Physical::INT32, None, ConvertedType::DATE) => Self::Date,
            (Physical::INT32, Some(LogicalType::Decimal(_)), _) | (Physical::INT32, None, ConvertedType::DECIMAL) => {
                Self::ShortDecimal(scale())
            }
            (Physical::INT32, Some(LogicalType::Integer(integer)), _) if !integer.is_signed => Self::UnsignedShort,
            (Physical::INT32, None, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32) => {
                Self::UnsignedShort
            }
            (Physical::INT32, ..) => Self::Short,
            (Physical::INT64, Some(LogicalType::Timestamp(timestamp)), _) => {
                let clock = if timestamp.is_adjusted_to_u_t_c { Clock::Utc } else { Clock::Local };
                let unit = match timestamp.unit {
                    TimeUnit::MILLIS => Unit::Milliseconds,
                    TimeUnit::MICROS => Unit::Microseconds,
                    TimeUnit::NANOS => Unit::Nanoseconds,
                };
                Self::Timestamp(unit, clock)
            }
            // These older types are of UTC, by the standard.
            (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => Self::Timestamp(Unit::Milliseconds, Clock::Utc),
            (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => Self::Timestamp(Unit::Microseconds, Clock::Utc),
            (Physical::INT64, Some(LogicalType::Decimal(_)), _) | (Physical::INT64, None, ConvertedType::DECIMAL) => {
                Self::LongDecimal(scale())
            }
            (Physical::INT64, Some(LogicalType::Integer(integer)), _) if !integer.is_signed => Self::UnsignedLong,
            (Physical::INT64, None, ConvertedType::UINT_64) => Self::UnsignedLong,
            (Physical::INT64, ..) => Self::Long,
            (Physical::INT96, ..) => Self::OldTimestamp,
            (Physical::FLOAT, ..) => Self::Single,
            (Physical::DOUBLE, ..) => Self::Double,
            (Physical::BYTE_ARRAY, Some(LogicalType::Decimal(_)), _)
            | (Physical::BYTE_ARRAY, None, ConvertedType::DECIMAL) => Self::BytesDecimal(scale()),
            (
                Physical::BYTE_ARRAY,
                None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json | LogicalType::Unknown),
                _,
            ) => Self::Text,
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Decimal(_)), _)
            | (Physical::FIXED_LEN_BYTE_ARRAY, None, ConvertedType::DECIMAL) => Self::FixedDecimal(scale()),
            (physical, logical, _) => {
                let name = logical.map_or_else(|| physical.to_string(), |logical| format!("{logical:?}"));
                return Err(format!("is of the type {name}, which is not read: write it as text or numbers"));
            }
        })
    }

    /// Returns what a column holds in which such cells are written.
    pub(super) fn written(self) -> ColumnType {
        match self {
            Self::Boolean => ColumnType::Boolean,
            Self::Short | Self::UnsignedShort | Self::Long | Self::UnsignedLong => ColumnType::Integer,
            Self::Single => ColumnType::Single,
            Self::Double
            | Self::ShortDecimal(_)
            | Self::LongDecimal(_)
            | Self::BytesDecimal(_)
            | Self::FixedDecimal(_) => ColumnType::Number,
            Self::Text => ColumnType::Text,
            Self::Date => ColumnType::Date,
            Self::Timestamp(_, Clock::Utc) | Self::OldTimestamp => ColumnType::Time,
            Self::Timestamp(_, Clock::Local) => ColumnType::LocalTime,
        }
    }
}
