//! Predictions as the rows of a table: key and label under the table's own names, then what the program adds.

use crate::package::explanation::Explanation;
use crate::prediction::Answer;
use crate::table::descriptor::Scalar;
use crate::table::output_cell::{ColumnType, OutputCell, OutputColumn};
use crate::table::{Record, Schema, Value};

/// Which columns there are; each has those of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Those of the key, and the label.
    KeyAndLabel,
    /// The probabilities and the model's version, too.
    Answer,
    /// The id, too.
    Named,
    /// The time, too.
    Stored,
}

/// The columns of predictions of a table.
#[derive(Debug)]
pub struct AnswerColumns<'a> {
    schema: &'a Schema,
    part: Part,
    groups: &'a [Box<str>],
    columns: Vec<OutputColumn>,
}

/// A prediction as a row.
#[derive(Debug)]
pub struct AnswerRow<'a> {
    /// The record.
    pub record: &'a Record,
    /// What the model says of it.
    pub answer: &'a Answer,
    /// The version of the model.
    pub model_version: &'a str,
    /// The id.
    pub id: Option<String>,
    /// When the prediction was stored.
    pub created_at: Option<String>,
    /// Why the model says so.
    pub explanation: Option<&'a Explanation>,
}

impl<'a> AnswerColumns<'a> {
    /// Lists the columns of a table's predictions; with groups, the contribution of each to an answer.
    pub fn new(schema: &'a Schema, part: Part, groups: &'a [Box<str>]) -> Self {
        let fields = schema.fields();
        let keyed = schema.key().iter().map(|&place| &fields[place]).chain([schema.label_field()]);
        let mut columns: Vec<OutputColumn> =
            keyed.map(|field| OutputColumn::new(&*field.name, ColumnType::of(field))).collect();
        for (name, kind) in own_columns(schema, part, groups) {
            // A field has its own name; what is not of the table gives way.
            let is_taken = columns.iter().any(|column| column.name == name);
            columns.push(OutputColumn::new(if is_taken { format!("prediction_{name}") } else { name }, kind));
        }
        Self { schema, part, groups, columns }
    }

    /// Returns the columns.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// Returns the cells of a prediction, in the order of the columns.
    pub fn cells<'c>(&'c self, row: &'c AnswerRow<'_>) -> Vec<OutputCell<'c>> {
        let mut cells = Vec::with_capacity(self.columns.len());
        self.push_cells(row, &mut cells);
        cells
    }

    /// Adds the cells of a prediction, in the order of the columns.
    pub fn push_cells<'c>(&'c self, row: &'c AnswerRow<'_>, cells: &mut Vec<OutputCell<'c>>) {
        let fields = self.schema.fields();
        let written =
            |&place: &usize| OutputCell::from(row.record.get(place).map(|value| fields[place].written(value)));
        cells.extend(self.schema.key().iter().map(written));
        cells.push(cell(&row.answer.label));
        if self.part == Part::KeyAndLabel {
            return;
        }
        let probabilities = row.answer.probabilities.iter().flatten().map(|(_, probability)| *probability);
        cells.extend(row.answer.probability.into_iter().chain(probabilities).map(OutputCell::Single));
        cells.push(OutputCell::Text(row.model_version));
        let text = |text: &'c Option<String>| text.as_deref().map_or(OutputCell::Missing, OutputCell::Text);
        if self.part == Part::Stored {
            cells.push(text(&row.created_at));
        }
        if self.part >= Part::Named {
            cells.push(text(&row.id));
        }
        if let Some(explanation) = row.explanation {
            self.explain(explanation, cells);
        }
    }

    fn explain(&self, explanation: &Explanation, cells: &mut Vec<OutputCell<'_>>) {
        let mut amounts = vec![0.0; self.groups.len()];
        for contribution in &explanation.contributions {
            amounts[contribution.group] = contribution.amount;
        }
        let numbers = [explanation.output, explanation.baseline].into_iter().chain(amounts);
        cells.extend(numbers.map(OutputCell::Number));
    }
}

/// Returns the columns that are none of the table's.
fn own_columns(schema: &Schema, part: Part, groups: &[Box<str>]) -> Vec<(String, ColumnType)> {
    if part == Part::KeyAndLabel {
        return vec![];
    }
    let mut own: Vec<(String, ColumnType)> = match schema.classes() {
        Some([_, _]) => vec![("probability".to_owned(), ColumnType::Single)],
        Some(classes) => classes.iter().map(|class| (of_class(schema, class), ColumnType::Single)).collect(),
        None => vec![],
    };
    let texts = [("model_version", Part::Answer), ("created_at", Part::Stored), ("id", Part::Named)];
    let texts = texts.into_iter().filter(|(_, least)| part >= *least);
    own.extend(texts.map(|(name, _)| (name.to_owned(), ColumnType::Text)));
    if !groups.is_empty() {
        let explained = ["output".to_owned(), "baseline".to_owned()].into_iter();
        let groups = groups.iter().map(|group| format!("contribution_{group}"));
        own.extend(explained.chain(groups).map(|name| (name, ColumnType::Number)));
    }
    own
}

/// Returns a value of the label as a cell.
pub fn cell(value: &Scalar) -> OutputCell<'_> {
    match value {
        Scalar::Boolean(value) => OutputCell::Boolean(*value),
        Scalar::Integer(number) => OutputCell::Integer(*number),
        Scalar::Number(number) => OutputCell::Number(*number),
        Scalar::Text(text) => OutputCell::Text(text),
    }
}

fn of_class(schema: &Schema, class: &Value) -> String {
    format!("probability_{}", schema.label_field().written(class))
}
