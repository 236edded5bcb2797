//! The records of a request: one or a list of them in JSON, or a table of comma-separated values.

pub(super) mod csv;
mod demand;
mod json;

use axum::extract::Request;

use super::body::{Format, whole};
use super::error::{ApiError, Pointed};
use crate::table::{Fault, Record, Schema};
use demand::Demand;

/// The records of a request, and how they came.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) records: Vec<Record>,
    pub(super) places: Places,
}

impl Records {
    /// Reads a request's body, or names every fault of it; where `needs_key`, every record must have a whole key.
    pub(super) async fn read(request: Request, schema: &Schema, needs_key: bool) -> Result<Self, ApiError> {
        let format = Format::of(request.headers());
        let body = whole(request).await?;
        let format = format.ok_or(ApiError::UnsupportedMediaType)?;
        if body.is_empty() {
            let one = schema.noun().one_with_article();
            return Err(ApiError::Malformed(format!("the body is empty: expected {one} or a list of them")));
        }
        let demand = Demand { schema, needs_key };
        match format {
            Format::Json => {
                let (records, is_one) = json::parse(&body, demand)?;
                Ok(Self { records, places: if is_one { Places::Body } else { Places::List } })
            }
            Format::Csv => {
                let (records, lines) = csv::parse(&body, demand)?;
                Ok(Self { records, places: Places::Lines(lines) })
            }
        }
    }
}

/// Where the records of a request stand in its body.
#[derive(Debug)]
pub(super) enum Places {
    /// The body is the one record.
    Body,
    /// They are the elements of a list.
    List,
    /// They are the rows of a table, on these lines.
    Lines(Vec<u64>),
}

impl Places {
    /// Points at a record by its number.
    pub(super) fn pointed(&self, row: usize, fault: Fault) -> Pointed {
        match self {
            Self::Body => Pointed::new("", fault),
            Self::List => Pointed::new(&format!("/{row}"), fault),
            Self::Lines(lines) => Pointed::in_table(lines.get(row).copied().unwrap_or_default(), fault),
        }
    }
}
