//! A graph that is prepared to answer.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tract_onnx::prelude::*;

use super::declared::Declared;
use super::interface::{ColumnKind, Entry, PLAN_ROWS};
use super::operators;
use super::outputs::{Answering, choose};
use super::reader::{Reader, inference_error};
use crate::package::answer::{Answer, InferenceError};
use crate::package::error::LoadError;
use crate::package::files::GRAPH;

/// A graph that is prepared for [`PLAN_ROWS`] rows.
pub(in crate::package) struct Graph {
    plan: Arc<TypedRunnableModel>,
    /// Buffers of earlier runs, to run in again.
    idle: Mutex<Vec<TypedSimpleState>>,
    inputs: Box<[Matrix]>,
    /// How many columns all inputs have together.
    columns: usize,
    takes_missing: bool,
    reader: Reader,
}

/// One input: so many of a row's columns.
#[derive(Debug)]
struct Matrix {
    kind: ColumnKind,
    first: usize,
    columns: usize,
}

impl Graph {
    /// Prepares a graph whose inputs have so many columns each.
    pub(in crate::package) fn new(
        mut declared: Declared,
        columns: &[usize],
        answering: Answering<'_>,
    ) -> Result<Self, LoadError> {
        let chosen = choose(&declared, &answering)?;
        let mut outputs = vec![chosen.main.as_str()];
        outputs.extend(chosen.label.as_deref());
        declared.keep(&outputs)?;
        let (inputs, takes_missing) = (matrices(&declared, columns), declared.takes_missing());
        let plan = plan(declared, &inputs)?;
        let shape = plan.model().output_fact(0).and_then(|fact| {
            let shape = fact.shape.as_concrete().map(<[usize]>::to_vec);
            shape.ok_or_else(|| TractError::msg("the shape of the output depends on what is read"))
        });
        let reader = Reader::new(answering, &chosen, &shape.map_err(unusable)?)?;
        Ok(Self { plan, idle: Mutex::default(), inputs, columns: columns.iter().sum(), takes_missing, reader })
    }

    /// Returns whether the graph makes something of missing values.
    pub(in crate::package) fn takes_missing(&self) -> bool {
        self.takes_missing
    }

    /// Returns the first column of a row that has no value, where the graph needs one. It would go through sums and products, and be
    /// lost where a function has bounds: tract's sigmoid makes a small probability of it.
    pub(in crate::package) fn lacks(&self, row: &[Entry<'_>]) -> Option<usize> {
        let is_missing = |entry: &Entry<'_>| match entry {
            Entry::Missing => true,
            Entry::Number(number) => number.is_nan(),
            Entry::Text(_) => false,
        };
        if self.takes_missing { None } else { row.iter().position(is_missing) }
    }

    /// Answers rows whose entries stand one after another, in the order of the inputs.
    pub(in crate::package) fn answers(&self, entries: &[Entry<'_>]) -> Result<Vec<Answer>, InferenceError> {
        let mut answers = Vec::with_capacity(entries.len() / self.columns);
        for rows in entries.chunks(PLAN_ROWS * self.columns) {
            let outputs = self.run(rows).map_err(inference_error)?;
            self.reader.read(&outputs, rows.len() / self.columns, &mut answers)?;
        }
        Ok(answers)
    }

    fn run(&self, entries: &[Entry<'_>]) -> TractResult<TVec<TValue>> {
        let inputs = self.inputs.iter().map(|input| Ok(input.tensor(entries, self.columns)?.into()));
        let inputs = inputs.collect::<TractResult<TVec<TValue>>>()?;
        let idle = self.idle().pop();
        let mut state = idle.map_or_else(|| self.plan.spawn(), Ok)?;
        let outputs = state.run(inputs)?;
        self.idle().push(state);
        Ok(outputs)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<TypedSimpleState>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("inputs", &self.inputs).field("reader", &self.reader).finish_non_exhaustive()
    }
}

fn matrices(declared: &Declared, columns: &[usize]) -> Box<[Matrix]> {
    let mut first = 0;
    let inputs = declared.inputs().iter().zip(columns).map(|(input, &columns)| {
        let matrix = Matrix { kind: input.kind, first, columns };
        first += columns;
        matrix
    });
    inputs.collect()
}

fn plan(declared: Declared, inputs: &[Matrix]) -> Result<Arc<TypedRunnableModel>, LoadError> {
    let model = declared.into_model();
    let onnx = operators::onnx();
    let missing = operators::missing(&onnx, &model);
    if !missing.is_empty() {
        let mend = if missing.iter().any(|name| name == "ZipMap") {
            "export the classifier with zipmap=False"
        } else {
            "export the model as sums, products and functions of numbers, or build this program with cargo's feature all-operators"
        };
        let expected = "among those that this program was built with";
        return Err(LoadError::mismatch(GRAPH, "every operator", expected, missing.join(", "), mend));
    }
    let prepare = || -> TractResult<Arc<TypedRunnableModel>> {
        let mut graph = onnx.model_for_proto_model(&model)?;
        for (place, input) in inputs.iter().enumerate() {
            let fact = InferenceFact::dt_shape(input.data_type(), [PLAN_ROWS, input.columns]);
            graph.set_input_fact(place, fact)?;
        }
        let mut graph = graph.into_typed()?;
        // The first half of `into_optimized`, which rearranges graphs, finds nothing to do in one of these, for a third of the time.
        graph.optimize()?;
        graph.into_runnable()
    };
    // tract panics on some files that are no graphs.
    let prepared = catch_unwind(AssertUnwindSafe(prepare));
    prepared.unwrap_or_else(|_| Err(TractError::msg("tract cannot make sense of it"))).map_err(unusable)
}

fn unusable(error: TractError) -> LoadError {
    LoadError::malformed(GRAPH, "an ONNX graph that reads these columns", error)
}

impl Matrix {
    fn data_type(&self) -> DatumType {
        match self.kind {
            ColumnKind::Float => DatumType::F32,
            ColumnKind::Double => DatumType::F64,
            ColumnKind::Integer => DatumType::I64,
            ColumnKind::Boolean => DatumType::Bool,
        }
    }

    /// Returns this input of the rows, padded.
    #[expect(clippy::cast_possible_truncation, reason = "floats are rounded, and integers are within 2^53")]
    fn tensor(&self, entries: &[Entry<'_>], all_columns: usize) -> TractResult<Tensor> {
        let mut tensor = Tensor::zero_dt(self.data_type(), &[PLAN_ROWS, self.columns])?;
        let rows = entries.chunks_exact(all_columns).map(|row| &row[self.first..self.first + self.columns]);
        match self.kind {
            ColumnKind::Float => self.fill(&mut tensor, rows, |number| number as f32)?,
            ColumnKind::Double => self.fill(&mut tensor, rows, |number| number)?,
            ColumnKind::Integer => self.fill(&mut tensor, rows, |number| number as i64)?,
            ColumnKind::Boolean => self.fill(&mut tensor, rows, |number| number != 0.0)?,
        }
        Ok(tensor)
    }

    fn fill<'a, T: Datum>(
        &self,
        tensor: &mut Tensor,
        rows: impl Iterator<Item = &'a [Entry<'a>]>,
        convert: impl Fn(f64) -> T,
    ) -> TractResult<()> {
        let mut plain = tensor.try_as_plain_ram_mut()?;
        let cells = plain.as_slice_mut::<T>()?;
        for (cells, row) in cells.chunks_exact_mut(self.columns).zip(rows) {
            for (cell, entry) in cells.iter_mut().zip(row) {
                // A package that loads gives no text to a column of numbers, and nothing missing to one that has no NaN.
                *cell = convert(if let Entry::Number(number) = entry { *number } else { f64::NAN });
            }
        }
        Ok(())
    }
}
