//! Which columns of an input are read, and what becomes of those that the schema does not know.

use super::fault::shorten;
use super::read_error::ReadError;
use super::schema::{Column, Schema};

/// The column of labelled rows, beside the fields, that tells when a label became known.
pub const KNOWN_AT: &str = "known_at";

/// What becomes of columns that are no fields of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExtraColumns {
    /// They are faults, each by its name: a misspelt field is not lost without a word.
    #[default]
    Refuse,
    /// They are not read.
    Ignore,
    /// They are carried along, to be written beside what is made of a record.
    Keep,
}

impl ExtraColumns {
    /// Each choice.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::Ignore, Self::Keep];

    /// Returns its name, as options and inputs have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Ignore => "ignore",
            Self::Keep => "keep",
        }
    }
}

/// What an input is read for, which says the columns that it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// Records: the required fields have columns.
    #[default]
    Records,
    /// Records with their labels: the label has a column as well, and [`KNOWN_AT`] may be one.
    Labels,
    /// Some fields of a record, whichever there are.
    Fields,
    /// Whatever there is: a schema is yet to be made.
    Columns,
}

/// What is read of a table, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// What becomes of other columns.
    pub extra_columns: ExtraColumns,
    /// What the input is read for.
    pub purpose: Purpose,
}

/// What a column of a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Field(Column),
    /// So many-th of the columns that are kept.
    Extra(usize),
    Skipped,
}

/// The columns of a file, in its order, and the names of those that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slots {
    pub(super) slots: Vec<Slot>,
    pub(super) extras: Vec<String>,
}

impl Slots {
    /// Finds what each column holds, or all faults of them.
    pub(super) fn new(names: &[&str], schema: &Schema, selection: Selection) -> Result<Self, ReadError> {
        let mut resolver = Resolver {
            schema,
            selection,
            slots: Vec::new(),
            extras: Vec::new(),
            faults: Vec::new(),
            has_unknown: false,
            are_listed: false,
        };
        for (place, name) in names.iter().enumerate() {
            let slot = resolver.slot(place, name.trim());
            resolver.slots.push(slot);
        }
        resolver.require();
        let Resolver { slots, extras, faults, has_unknown, .. } = resolver;
        match faults.is_empty() {
            true => Ok(Self { slots, extras }),
            false if has_unknown => Err(ReadError::UnknownColumns(faults)),
            false => Err(ReadError::Header(faults)),
        }
    }
}

struct Resolver<'a> {
    schema: &'a Schema,
    selection: Selection,
    slots: Vec<Slot>,
    extras: Vec<String>,
    faults: Vec<String>,
    /// Whether a column is refused that is no field.
    has_unknown: bool,
    /// Whether a fault lists the fields.
    are_listed: bool,
}

impl Resolver<'_> {
    fn slot(&mut self, place: usize, name: &str) -> Slot {
        if let Some(column) = self.schema.column(name) {
            if self.has(column.field()) {
                self.faults.push(format!("column {name} stands twice"));
            }
            return Slot::Field(column);
        }
        if is_index(place, name) {
            return Slot::Skipped;
        }
        if name == KNOWN_AT && self.selection.extra_columns != ExtraColumns::Keep {
            match self.selection.purpose {
                // It belongs to the labels, even where other columns are not read.
                Purpose::Labels => return self.extra(name),
                // As a label is, where only records are read.
                Purpose::Records => return Slot::Skipped,
                Purpose::Fields | Purpose::Columns => {}
            }
        }
        match self.selection.extra_columns {
            ExtraColumns::Ignore => return Slot::Skipped,
            ExtraColumns::Refuse if name.is_empty() => {}
            ExtraColumns::Refuse => {
                let said = self.schema.unknown_beside(name, &mut self.are_listed);
                self.faults.push(format!("column {:?} {said}", shorten(name)));
                self.has_unknown = true;
                return Slot::Skipped;
            }
            ExtraColumns::Keep => {}
        }
        if name.is_empty() {
            self.faults.push(format!("column {} has no name", place + 1));
        }
        self.extra(name)
    }

    /// Keeps a column that is no field.
    fn extra(&mut self, name: &str) -> Slot {
        if self.extras.iter().any(|other| other == name) {
            self.faults.push(format!("column {:?} stands twice", shorten(name)));
        }
        self.extras.push(name.to_owned());
        Slot::Extra(self.extras.len() - 1)
    }

    fn has(&self, field: usize) -> bool {
        self.slots.iter().any(|slot| matches!(slot, Slot::Field(column) if column.field() == field))
    }

    fn require(&mut self) {
        let needs_none = self.selection.purpose == Purpose::Columns;
        if self.faults.is_empty() && !needs_none && !self.slots.iter().any(|slot| matches!(slot, Slot::Field(_))) {
            let one = self.schema.noun().one_with_article();
            self.faults.push(format!(
                "no column is a field of {one}: is the first line a header, and the package that of this table?"
            ));
        }
        let is_needed = |place: usize, is_required: bool| match self.selection.purpose {
            Purpose::Records => is_required && place != self.schema.label(),
            Purpose::Labels => is_required || place == self.schema.label(),
            Purpose::Fields | Purpose::Columns => false,
        };
        for (place, field) in self.schema.fields().iter().enumerate() {
            if is_needed(place, field.is_required) && !self.has(place) {
                self.faults.push(format!("column {} is missing", field.name));
            }
        }
    }
}

/// Returns whether a column is the index that pandas writes: in CSV the first, without a name or with the one that pandas gives it
/// when it reads such a file; in Parquet any that is called so.
fn is_index(place: usize, name: &str) -> bool {
    place == 0 && matches!(name, "" | "Unnamed: 0") || name == "__index_level_0__"
}
