//! The answers of cross-validation, row by row from a file.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::{Value as Json, json};

use crate::cli::format;
use crate::lifecycle::stored::StoredAnswer;
use crate::table::chunk::{Chunk, Row};
use crate::table::columns::{ExtraColumns, Purpose, Selection};
use crate::table::fault::in_words;
use crate::table::reader::{Options, Reader};
use crate::table::{Schema, Task, Value, load};

/// From this probability on, the positive of two classes is predicted; baselines do not tell.
const HALF: f32 = 0.5;

/// A file with an answer a row.
pub(super) struct OutOfFold {
    name: String,
    task: Task,
    /// The columns of the file as a table of their own.
    columns: Schema,
    reader: Reader,
    chunk: Chunk,
    next: usize,
}

impl OutOfFold {
    pub(super) fn open(path: &Path, schema: &Schema) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let columns = load::schema(columns(schema).to_string().as_bytes())
            .with_context(|| format!("{name}: the columns of the answers cannot be told apart"))?;
        let selection = Selection { extra_columns: ExtraColumns::Ignore, purpose: Purpose::Labels };
        let options = Options { selection, ..Options::default() };
        let reader = Reader::open(format::source(path)?, &columns, &options);
        let reader = reader.with_context(|| format!("cannot read answers from {name}"))?;
        Ok(Self { name, task: schema.task(), columns, reader, chunk: Chunk::default(), next: 0 })
    }

    /// Returns the answer of the next row.
    pub(super) fn next(&mut self) -> anyhow::Result<StoredAnswer> {
        if !self.has_next()? {
            bail!("{} has fewer rows: expected an answer for each", self.name);
        }
        let row = self.chunk.rows().nth(self.next).context("a chunk has the rows that it counts")?;
        self.next += 1;
        self.answer(row)
    }

    /// Checks that the file ends here.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        if self.has_next()? {
            bail!("{} has more rows than the data: expected an answer for each", self.name);
        }
        Ok(())
    }

    fn has_next(&mut self) -> anyhow::Result<bool> {
        if self.next < self.chunk.len() {
            return Ok(true);
        }
        self.next = 0;
        let read = self.reader.next_chunk(&mut self.chunk);
        read.with_context(|| format!("cannot read answers from {}", self.name))
    }

    fn answer(&self, row: Row<'_>) -> anyhow::Result<StoredAnswer> {
        let bad = |detail: String| anyhow!("{}, {}: {detail}", self.name, row.place());
        let read = row.labelled(&self.columns).map_err(|faults| bad(in_words(&faults)))?;
        let numbers: Vec<f64> = read.record.values().iter().flatten().chain(&read.label).filter_map(number).collect();
        answer(self.task, &numbers).ok_or_else(|| bad("expected a number in each column".to_owned()))
    }
}

/// Describes the columns of the answers, the last as the label that each table has.
fn columns(schema: &Schema) -> Json {
    let label = schema.label_field();
    let probability = |name: String| json!({"name": name, "type": "number", "constraints": {"required": true, "minimum": 0, "maximum": 1}});
    let fields = match (schema.task(), schema.classes()) {
        (Task::Multiclass, Some(classes)) => {
            classes.iter().map(|class| probability(format!("probability_{}", label.written(class)))).collect()
        }
        (Task::Binary, _) => vec![probability("probability".to_owned())],
        _ => vec![json!({"name": &*label.name, "type": "number", "constraints": {"required": true}})],
    };
    let last = fields.last().map(|field| field["name"].clone());
    json!({"fields": fields, "lifeboat": {"label": last, "record": "prediction"}})
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a graph answers in single precision too")]
fn answer(task: Task, numbers: &[f64]) -> Option<StoredAnswer> {
    let probabilities = || numbers.iter().map(|number| *number as f32);
    match task {
        Task::Binary => probabilities().next().map(|number| StoredAnswer::Binary(number, number >= HALF)),
        Task::Multiclass => {
            let greatest = |best: usize, place: usize| if numbers[place] > numbers[best] { place } else { best };
            let predicted = (0..numbers.len()).reduce(greatest)?;
            Some(StoredAnswer::Multiclass(probabilities().collect(), predicted))
        }
        Task::Regression => numbers.first().copied().map(StoredAnswer::Regression),
    }
}
