//! Softmax over the columns of a row.
//!
//! tract's own adds up a row in another order where the row stands at another address, and so rounds the last bit of a record's answer by
//! the company in which it was asked for.

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::{
    Datum, EvalContext, EvalOp, Expansion, InferenceOp, InferenceResult, IntoTValue, IntoTensor, Op, OutletId, Solver,
    SpecialOps, StaticName, TValue, TVec, TensorProxy, TractResult, TypedFact, TypedModel, TypedOp, args_1, as_op,
    bail, check_input_arity, check_output_arity, expand, op_as_typed_op, op_out_of_plan, tvec,
};

/// Reads a node: any axis is refused but the last one of a matrix, which is the same in all versions of ONNX.
pub(super) fn softmax(node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    match node.get_attr_opt::<i64>("axis")? {
        None | Some(1 | -1) => Ok((expand(Softmax), vec![])),
        Some(axis) => bail!("Softmax over axis {axis}: only that over the columns, axis 1, is known"),
    }
}

#[derive(Debug, Clone, Hash, PartialEq, Eq)]
struct Softmax;

impl Expansion for Softmax {
    fn name(&self) -> StaticName {
        "Softmax".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        solver.equals(&inputs[0].rank, 2)?;
        solver.equals(&inputs[0].datum_type, f32::datum_type())?;
        solver.equals(&inputs[0].datum_type, &outputs[0].datum_type)?;
        solver.equals(&inputs[0].shape, &outputs[0].shape)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        model.wire_node(name, self.clone(), inputs)
    }
}

impl Op for Softmax {
    fn name(&self) -> StaticName {
        "RowSoftmax".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Softmax {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let mut output = args_1!(inputs).into_tensor();
        let columns = output.shape().last().copied().unwrap_or(1).max(1);
        let mut plain = output.try_as_plain_ram_mut()?;
        plain.as_slice_mut::<f32>()?.chunks_exact_mut(columns).for_each(normalize);
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for Softmax {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(inputs[0].without_value()))
    }

    as_op!();
}

/// Makes probabilities of a row of log-odds.
#[expect(clippy::cast_possible_truncation, reason = "the graph computes in FP32")]
fn normalize(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for number in row.iter_mut() {
        *number = libm::expf(*number - max);
        sum += f64::from(*number);
    }
    for number in row {
        *number = (f64::from(*number) / sum) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_whatever_the_size_of_the_numbers() {
        for mut row in [[0.0, 0.0, 0.0], [1000.0, 1000.0, -1000.0], [-1e30, 0.0, 1e30], [1e-30, 2.0, 3.0]] {
            normalize(&mut row);
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
            assert!(row.iter().all(|number| (0.0..=1.0).contains(number)), "{row:?}");
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let mut row = [f32::NAN, 1.0];
        normalize(&mut row);
        assert!(row.iter().all(|number| number.is_nan()), "{row:?}");
    }
}
