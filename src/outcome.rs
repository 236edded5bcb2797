//! What really happened, as somebody tells it: of a prediction by its id, or of an entity's latest one by its key.
//!
//! Beside the fields of the table stand two names of ours, `id` and `corrects`. They give way to a field that is called so.

use crate::identity::{Entity, PredictionId};
use crate::prediction::scalar;
use crate::table::descriptor::Scalar;
use crate::table::output_cell::OutputCell;
use crate::table::{Fault, Schema, Value};

/// Which prediction is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The one of this id.
    Prediction(PredictionId),
    /// The one that was made last of those of an entity.
    LatestOf(Entity),
}

/// An outcome that is told.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOutcome {
    /// Which prediction is meant.
    pub subject: Subject,
    /// The value of the label.
    pub label: Scalar,
    /// Whether it takes the place of another outcome that was told before.
    pub corrects: bool,
}

/// What tells an outcome: the values of fields by their places in the schema, and what stands under the names of ours.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The values; those of the key and of the label are looked at.
    pub values: &'a [Option<Value>],
    /// The id of a prediction, where one is named.
    pub id: Option<&'a str>,
    /// Whether it says that it corrects.
    pub corrects: bool,
}

impl NewOutcome {
    /// Makes an outcome of what tells it, or names all that is missing or wrong.
    pub fn new(schema: &Schema, parts: &Parts<'_>) -> Result<Self, Vec<Fault>> {
        let subject = Subject::find(schema, parts.id, parts.values);
        let label = parts.values[schema.label()].as_ref().map(|value| scalar(schema, value));
        match (subject, label) {
            (Ok(subject), Some(label)) => Ok(Self { subject, label, corrects: parts.corrects }),
            (subject, label) => {
                let missing = || Fault::of_field(&*schema.label_field().name, "must have a value");
                Err(subject.err().into_iter().chain(label.is_none().then(missing)).collect())
            }
        }
    }
}

impl Subject {
    /// Finds which prediction is meant: by its id, or else by the values of the key's fields.
    pub fn find(schema: &Schema, id: Option<&str>, values: &[Option<Value>]) -> Result<Self, Fault> {
        let Some(id) = id else { return latest(schema, values) };
        id.parse().map(Self::Prediction).map_err(|_| Fault::of_field(Names::new(schema).id, MUST_BE_AN_ID))
    }
}

/// Finds whose latest prediction is meant, by the values of the key's fields.
fn latest(schema: &Schema, values: &[Option<Value>]) -> Result<Subject, Fault> {
    let key = schema.key().iter();
    let key: Option<Vec<_>> = key.map(|&place| Some((&schema.fields()[place], values[place].as_ref()?))).collect();
    let id = Names::new(schema).id;
    let problem = match schema.key() {
        [] => format!("{id} is missing, and the table has no key to find a prediction by"),
        _ => format!("neither {id} nor a whole key says whose outcome it is"),
    };
    key.and_then(Entity::from_values).map(Subject::LatestOf).ok_or_else(|| Fault::of_record(problem))
}

/// Returns the places of the fields that tell an outcome: those of the key, and the label.
pub fn fields(schema: &Schema) -> Vec<usize> {
    schema.key().iter().copied().chain([schema.label()]).collect()
}

/// What the names of ours are beside the fields of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Of the id of a prediction: `id`, or `prediction_id`.
    pub id: String,
    /// Of whether an outcome corrects another: `corrects`, or `outcome_corrects`.
    pub corrects: String,
}

impl Names {
    /// Finds names that no field of a table has.
    pub fn new(schema: &Schema) -> Self {
        Self { id: free_name(schema, "prediction", "id"), corrects: free_name(schema, "outcome", "corrects") }
    }
}

fn free_name(schema: &Schema, prefix: &str, name: &str) -> String {
    let mut name = name.to_owned();
    while schema.column(&name).is_some() {
        name = format!("{prefix}_{name}");
    }
    name
}

/// Where the names of ours stand among the columns of a file that are no fields.
#[derive(Debug)]
pub struct Columns {
    names: Names,
    id: Option<usize>,
    corrects: Option<usize>,
}

impl Columns {
    /// Finds the names of ours among these.
    pub fn new<'a>(schema: &Schema, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut columns = Self { names: Names::new(schema), id: None, corrects: None };
        for (place, name) in names.into_iter().enumerate() {
            if name == columns.names.id {
                columns.id = Some(place);
            } else if name == columns.names.corrects {
                columns.corrects = Some(place);
            }
        }
        columns
    }

    /// Makes an outcome of a row: the cells that are no fields, and the values of its fields or their faults.
    pub fn outcome(
        &self,
        schema: &Schema,
        cells: &[OutputCell<'_>],
        values: Result<Vec<Option<Value>>, Vec<Fault>>,
    ) -> Result<NewOutcome, Vec<Fault>> {
        let cell = |place: Option<usize>| place.and_then(|place| cells.get(place));
        let id = cell(self.id).and_then(text);
        let corrects = cell(self.corrects).map_or(Ok(false), |cell| self.corrects(cell));
        match (values, corrects) {
            (Ok(values), Ok(corrects)) => {
                NewOutcome::new(schema, &Parts { values: &values, id: id.as_deref(), corrects })
            }
            (values, corrects) => {
                let faults = values.err().unwrap_or_default().into_iter();
                Err(faults.chain(corrects.err()).collect())
            }
        }
    }

    fn corrects(&self, cell: &OutputCell<'_>) -> Result<bool, Fault> {
        let word = match cell {
            OutputCell::Missing => return Ok(false),
            OutputCell::Boolean(corrects) => return Ok(*corrects),
            OutputCell::Text(text) => text.trim().to_ascii_lowercase(),
            OutputCell::Json(raw) => raw.get().to_owned(),
            _ => "a value of another type".to_owned(),
        };
        match &*word {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            _ => Err(Fault::of_field(&*self.names.corrects, MUST_BE_BOOLEAN)),
        }
    }
}

/// What is said of an id that no prediction can have.
pub const MUST_BE_AN_ID: &str = "must be that of a prediction";

/// What is said of a word that is neither.
pub const MUST_BE_BOOLEAN: &str = "must be true or false";

/// Returns the text of a cell, where it has one.
fn text(cell: &OutputCell<'_>) -> Option<String> {
    let text = match cell {
        OutputCell::Text(text) => text.trim().to_owned(),
        OutputCell::Json(raw) => serde_json::from_str(raw.get()).ok()?,
        _ => return None,
    };
    Some(text).filter(|text: &String| !text.is_empty())
}
