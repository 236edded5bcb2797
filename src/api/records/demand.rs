//! What every record of a request must be.

use crate::api::whole_key::without_null;
use crate::table::{Fault, Record, Schema};

/// A schema, and whether its key must be whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'s> {
    pub(super) schema: &'s Schema,
    pub(super) needs_key: bool,
}

impl Demand<'_> {
    /// Returns a record as it was read, unless its key must be whole and is not.
    pub(super) fn met_by(self, read: Result<Record, Vec<Fault>>) -> Result<Record, Vec<Fault>> {
        if !self.needs_key {
            return read;
        }
        match read {
            Ok(record) => {
                let faults = self.missing(&record);
                if faults.is_empty() { Ok(record) } else { Err(faults) }
            }
            Err(faults) => Err(faults.into_iter().map(|fault| self.said(fault)).collect()),
        }
    }

    fn missing(self, record: &Record) -> Vec<Fault> {
        let missing = self.schema.key().iter().filter(|&&place| record.get(place).is_none());
        let fault =
            |&place: &usize| Fault::of_field(&*self.schema.fields()[place].name, "is required with kaggle=true");
        missing.map(fault).collect()
    }

    fn said(self, fault: Fault) -> Fault {
        let column = fault.field.as_deref().and_then(|name| self.schema.column(name));
        match column {
            Some(column) if self.schema.key().contains(&column.field()) => {
                Fault { detail: without_null(&fault.detail), ..fault }
            }
            _ => fault,
        }
    }
}
