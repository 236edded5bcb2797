//! A graph that tract runs: sums, products and functions of numbers, which it makes kernels of that nothing beats.
//!
//! - `operators`: those that it is asked for.
//! - `softmax`: one that is not its own.

mod operators;
mod softmax;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::*;

use super::interface::{Cell, ColumnKind};
use super::matrix::Matrix;

use operators::is_known;

/// Rows that go through the graph at once; fewer are padded with zeros.
///
/// The number is always the same, since tract takes other kernels for other numbers, which round the last bit differently: a record has
/// one answer, alone or in any company. A run of 32 rows takes 4 µs, one of a single row 3 µs.
pub(super) const ROWS: usize = 32;

/// A graph that is prepared for [`ROWS`] rows.
pub(super) struct Plan {
    plan: Arc<TypedRunnableModel>,
    /// Buffers of earlier runs, to run in again.
    idle: Mutex<Vec<TypedSimpleState>>,
}

/// Returns whether tract is to run a graph: it has no other operators than these.
pub(super) fn takes(graph: &GraphProto, inputs: &[Matrix]) -> bool {
    let is_plain = |domain: &str| matches!(domain, "" | "ai.onnx");
    graph.node.iter().all(|node| is_plain(&node.domain) && is_known(&node.op_type))
        && inputs.iter().all(|input| input.kind != ColumnKind::Text)
}

impl Plan {
    /// Prepares a graph.
    pub(super) fn new(model: &ModelProto, inputs: &[Matrix]) -> TractResult<Self> {
        let prepare = || -> TractResult<Arc<TypedRunnableModel>> {
            let mut graph = operators::onnx().model_for_proto_model(model)?;
            for (place, input) in inputs.iter().enumerate() {
                let fact = InferenceFact::dt_shape(data_type(input.kind)?, [ROWS, input.columns]);
                graph.set_input_fact(place, fact)?;
            }
            let mut graph = graph.into_typed()?;
            // The first half of `into_optimized`, which rearranges graphs, finds nothing to do in one of these, for a third of the time.
            graph.optimize()?;
            graph.into_runnable()
        };
        // tract panics on some files that are no graphs.
        let prepared = catch_unwind(AssertUnwindSafe(prepare));
        let plan = prepared.unwrap_or_else(|_| Err(TractError::msg("tract cannot make sense of it")))?;
        Ok(Self { plan, idle: Mutex::default() })
    }

    /// Returns the shape of the first output.
    pub(super) fn shape(&self) -> TractResult<Vec<usize>> {
        let shape = self.plan.model().output_fact(0)?.shape.as_concrete().map(<[usize]>::to_vec);
        shape.ok_or_else(|| TractError::msg("the shape of the output depends on what is read"))
    }

    /// Computes the outputs for rows whose cells stand one after another, in the order of the inputs.
    pub(super) fn run(&self, inputs: &[Matrix], cells: &[impl Cell], all_columns: usize) -> TractResult<TVec<TValue>> {
        let inputs = inputs.iter().map(|input| Ok(tensor(input, cells, all_columns)?.into()));
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

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").finish_non_exhaustive()
    }
}

fn data_type(kind: ColumnKind) -> TractResult<DatumType> {
    Ok(match kind {
        ColumnKind::Float => DatumType::F32,
        ColumnKind::Double => DatumType::F64,
        ColumnKind::Integer => DatumType::I64,
        ColumnKind::Boolean => DatumType::Bool,
        ColumnKind::Text => return Err(TractError::msg("texts are not for tract")),
    })
}

/// Returns an input of the rows, padded.
#[expect(clippy::cast_possible_truncation, reason = "floats are rounded, and integers are within 2^53")]
fn tensor<C: Cell>(input: &Matrix, cells: &[C], all_columns: usize) -> TractResult<Tensor> {
    match (input.kind, C::floats(cells)) {
        (ColumnKind::Float, Some(floats)) if floats.len() == ROWS * input.columns && all_columns == input.columns => {
            Tensor::from_shape(&[ROWS, input.columns], floats)
        }
        (ColumnKind::Float, _) => filled(input, cells, all_columns, |number| number as f32),
        (ColumnKind::Double, _) => filled(input, cells, all_columns, |number| number),
        (ColumnKind::Integer, _) => filled(input, cells, all_columns, |number| number as i64),
        (ColumnKind::Boolean, _) => filled(input, cells, all_columns, |number| number != 0.0),
        (ColumnKind::Text, _) => Err(TractError::msg("texts are not for tract")),
    }
}

/// Fills a list and has it copied: tract's own way to zeros takes longer than all the rest.
fn filled<T: Datum + Copy + Default>(
    input: &Matrix,
    cells: &[impl Cell],
    all_columns: usize,
    convert: impl Fn(f64) -> T,
) -> TractResult<Tensor> {
    let mut numbers = vec![T::default(); ROWS * input.columns];
    input.fill(&mut numbers, cells, all_columns, convert);
    Tensor::from_shape(&[ROWS, input.columns], &numbers)
}
