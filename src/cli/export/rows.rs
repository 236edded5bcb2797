//! The rows of an export: which columns a table of predictions has, and how a prediction becomes a row of it.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use crate::lifecycle::stored::label;
use crate::package::Package;
use crate::prediction::{Prediction, scalar};
use crate::store::PredictionStore;
use crate::table::columns::KNOWN_AT;
use crate::table::json;
use crate::table::output_cell::{ColumnType, OutputCell, OutputColumn};
use crate::table::writer::TableWriter;
use crate::table::{Task, Value};

/// What stands beside the record and what happened, but for what a task does not have.
const ADDED: [&str; 10] = [
    "id",
    "model_version",
    "snapshot",
    "predicted",
    "probability",
    "created_at",
    "known_at",
    "shadow_version",
    "shadow_predicted",
    "shadow_probability",
];

/// Adds a column that is not the table's; where the table has one of its name, this one gives way.
fn push(name: String, kind: ColumnType, columns: &mut Vec<OutputColumn>) {
    let is_taken = columns.iter().any(|column| column.name == name);
    columns.push(OutputColumn::new(if is_taken { format!("prediction_{name}") } else { name }, kind));
}

/// How a prediction becomes a row.
pub(super) struct Rows {
    package: Arc<Package>,
    own_only: bool,
    /// Where each of the package's features stands among those of a version.
    places: HashMap<Arc<str>, Vec<Option<usize>>>,
}

impl Rows {
    /// Begins without any version met.
    pub(super) fn new(package: Arc<Package>, own_only: bool) -> Self {
        Self { package, own_only, places: HashMap::new() }
    }

    /// Returns the columns: the table's own, the label being what happened; then what the program adds, and the features.
    pub(super) fn columns(&self) -> Vec<OutputColumn> {
        let schema = self.package.schema();
        let own = schema.fields().iter().map(|field| OutputColumn::new(&*field.name, ColumnType::of(field)));
        let mut columns: Vec<OutputColumn> = own.collect();
        if self.own_only {
            columns.extend(self.tells_known_at().then(|| OutputColumn::new(KNOWN_AT, ColumnType::Time)));
            return columns;
        }
        for name in ADDED.into_iter().filter(|name| self.has(name)) {
            let kind = match name {
                "predicted" | "shadow_predicted" => ColumnType::of(schema.label_field()),
                "probability" | "shadow_probability" => ColumnType::Single,
                "created_at" | "known_at" => ColumnType::Time,
                _ => ColumnType::Text,
            };
            push(name.to_owned(), kind, &mut columns);
        }
        for class in self.classes() {
            let name = format!("probability_{}", schema.label_field().written(class));
            push(name, ColumnType::Single, &mut columns);
        }
        let features = self.package.feature_names().iter();
        columns.extend(features.map(|name| OutputColumn::new(format!("feature_{name}"), ColumnType::Single)));
        columns
    }

    /// Returns whether the table's own columns are not enough to train on: a history needs to know when a label became known.
    fn tells_known_at(&self) -> bool {
        self.package.living_recipe().is_some() && self.package.schema().column(KNOWN_AT).is_none()
    }

    /// Returns the classes that have a probability each.
    fn classes(&self) -> &[Value] {
        let schema = self.package.schema();
        if schema.task() == Task::Multiclass { schema.classes().unwrap_or_default() } else { &[] }
    }

    /// Returns whether answers of this table have such a thing.
    fn has(&self, name: &str) -> bool {
        match name {
            "probability" | "shadow_probability" => self.package.schema().task() == Task::Binary,
            _ => true,
        }
    }

    /// Finds the features of a version by their names.
    pub(super) async fn learn(&mut self, version: &Arc<str>, store: &dyn PredictionStore) -> anyhow::Result<()> {
        if self.own_only || self.places.contains_key(version) {
            return Ok(());
        }
        let own = self.package.feature_names();
        let places = if version == self.package.version() {
            (0..own.len()).map(Some).collect()
        } else {
            let names = store.feature_names(version).await?.unwrap_or_default();
            own.iter().map(|name| names.iter().position(|other| other == name)).collect()
        };
        self.places.insert(Arc::clone(version), places);
        Ok(())
    }

    /// Adds the row of a prediction, whose version is learnt, to a table.
    pub(super) fn write<W: Write + Send>(
        &self,
        prediction: &Prediction,
        table: &mut TableWriter<W>,
    ) -> anyhow::Result<()> {
        let schema = self.package.schema();
        let record = json::stored(schema, &prediction.record);
        let happened = prediction.outcome().and_then(|outcome| label(schema, &outcome.label));
        let own = schema.fields().iter().enumerate().map(|(place, field)| {
            let value = if place == schema.label() { happened.as_ref() } else { record.get(place) };
            OutputCell::from(value.map(|value| field.written(value)))
        });
        let mut cells: Vec<OutputCell<'_>> = own.collect();
        let known_at = prediction.outcome().map_or(OutputCell::Missing, |outcome| OutputCell::Time(outcome.known_at));
        if self.own_only {
            cells.extend(self.tells_known_at().then_some(known_at));
            return Ok(table.write_row(&cells)?);
        }
        let id = prediction.id.to_string();
        let answer = &prediction.answer;
        let shadow = prediction.shadow.as_ref();
        let predicted = label(schema, &answer.label);
        let shadow_predicted = shadow.and_then(|shadow| label(schema, &shadow.answer.label));
        let added = [
            OutputCell::Text(&id),
            OutputCell::Text(&prediction.model_version),
            prediction.snapshot.as_deref().map_or(OutputCell::Missing, OutputCell::Text),
            OutputCell::from(predicted.as_ref().map(|value| schema.label_field().written(value))),
            answer.probability.map_or(OutputCell::Missing, OutputCell::Single),
            OutputCell::Time(prediction.created_at),
            known_at,
            shadow.map_or(OutputCell::Missing, |shadow| OutputCell::Text(&shadow.model_version)),
            OutputCell::from(shadow_predicted.as_ref().map(|value| schema.label_field().written(value))),
            shadow.and_then(|shadow| shadow.answer.probability).map_or(OutputCell::Missing, OutputCell::Single),
        ];
        cells.extend(ADDED.into_iter().zip(added).filter(|(name, _)| self.has(name)).map(|(_, cell)| cell));
        let probability = |class: &Value| {
            let class = scalar(schema, class);
            let by_class = answer.probabilities.iter().flatten();
            by_class.into_iter().find(|(other, _)| *other == class).map(|(_, probability)| *probability)
        };
        cells.extend(
            self.classes().iter().map(|class| probability(class).map_or(OutputCell::Missing, OutputCell::Single)),
        );
        let features = prediction.features.as_deref().unwrap_or_default();
        let places = self.places.get(&prediction.model_version).into_iter().flatten();
        let feature =
            |place: &Option<usize>| place.and_then(|place| features.get(place)).filter(|value| !value.is_nan());
        cells
            .extend(places.map(|place| feature(place).map_or(OutputCell::Missing, |value| OutputCell::Single(*value))));
        Ok(table.write_row(&cells)?)
    }
}
