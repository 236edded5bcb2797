//! What the parts of a folder have in common, and which of them are not of a whole day: the file `_EXPORT` beside them says it, so that
//! no other export is mixed with them, and none is taken for what it is not.

use std::collections::BTreeSet;

use anyhow::Context;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::failure::Advised;
use super::destination::{Destination, FILE};
use crate::package::Package;
use crate::table::format::Format;
use crate::table::output_cell::OutputColumn;

/// What an export is of.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    database: String,
    table: String,
    format: String,
    labelled: bool,
    columns: Vec<String>,
    /// The days whose parts were written before they were over.
    unfinished: BTreeSet<Date>,
}

impl Terms {
    /// Begins an export without any part.
    pub(super) fn new(
        database: String,
        package: &Package,
        format: Format,
        labelled: bool,
        columns: &[OutputColumn],
    ) -> Self {
        Self {
            database,
            table: package.name().to_owned(),
            format: format.extension().to_owned(),
            labelled,
            columns: columns.iter().map(|column| column.name.clone()).collect(),
            unfinished: BTreeSet::new(),
        }
    }

    /// Goes on with the export that a destination holds, which must be of the same, or begins one there.
    pub(super) fn agree(mut self, destination: &Destination) -> anyhow::Result<Self> {
        let Some(text) = destination.read_terms()? else {
            if let Some(part) = destination.names()?.into_iter().find(|name| self.day(name).is_some()) {
                let problem = format!("{destination} holds {part}, but no {FILE} that says what it is a part of");
                let advice = "choose another folder, or remove the parts".to_owned();
                return Err(Advised { problem, advice }.into());
            }
            self.keep(destination)?;
            return Ok(self);
        };
        let found: Self =
            serde_json::from_slice(&text).with_context(|| format!("{FILE} in {destination} cannot be read"))?;
        if let Some((found, asked)) = self.difference(&found) {
            let problem = format!("{destination} holds another export: {found}, and not {asked}");
            let advice = format!("choose another folder, or remove the parts and {FILE}");
            return Err(Advised { problem, advice }.into());
        }
        self.unfinished = found.unfinished;
        Ok(self)
    }

    /// Returns what differs in what is there, and how it would be.
    fn difference(&self, found: &Self) -> Option<(String, String)> {
        let told = |terms: &Self| {
            let which = if terms.labelled { "those with an outcome" } else { "all predictions" };
            let of_table = format!("of the table {}", terms.table);
            let of_columns = format!("with the columns {}", terms.columns.join(", "));
            [format!("from {}", terms.database), of_table, format!("as {}", terms.format), which.to_owned(), of_columns]
        };
        told(found).into_iter().zip(told(self)).find(|(found, asked)| found != asked)
    }

    /// Returns whether a day's part is not of a whole day.
    pub(super) fn is_unfinished(&self, day: Date) -> bool {
        self.unfinished.contains(&day)
    }

    /// Notes of a day, whose part is still to take its place, that it is not over.
    pub(super) fn begin(&mut self, day: Date, destination: &Destination) -> anyhow::Result<()> {
        if self.unfinished.insert(day) { self.keep(destination) } else { Ok(()) }
    }

    /// Notes of a day, whose part is in its place, that it was over.
    pub(super) fn finish(&mut self, day: Date, destination: &Destination) -> anyhow::Result<()> {
        if self.unfinished.remove(&day) { self.keep(destination) } else { Ok(()) }
    }

    fn keep(&self, destination: &Destination) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        destination.write_terms(text.into_bytes())
    }

    /// Returns what the part of a day is called.
    pub(super) fn name(&self, day: Date) -> String {
        format!("{day}.{}", self.format)
    }

    /// Returns the day that a part is of, by its name.
    pub(super) fn day(&self, name: &str) -> Option<Date> {
        let day = name.strip_suffix(&self.format)?.strip_suffix('.')?.parse().ok()?;
        (self.name(day) == name).then_some(day)
    }
}
