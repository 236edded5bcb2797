//! The ONNX operators that tract is asked for.
//!
//! It knows some two hundred, most of them for images, sound and text; a program that can run them all is half as large again, and a
//! Lambda function that much slower to start. These are linear models and networks, with scaling inside.

use tract_onnx::Onnx;

use super::softmax::softmax;

/// Operators that tract is asked for.
const KNOWN: [&str; 18] = [
    "Abs",
    "Add",
    "Concat",
    "Div",
    "Erf",
    "Exp",
    "Identity",
    "Log",
    "MatMul",
    "Mul",
    "Neg",
    "Reciprocal",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Sqrt",
    "Sub",
    "Tanh",
];

/// Returns whether tract is asked for an operator.
pub(in crate::package::graph) fn is_known(operator: &str) -> bool {
    KNOWN.contains(&operator)
}

/// Returns tract's reader of ONNX, with these operators.
pub(super) fn onnx() -> Onnx {
    use tract_onnx::tract_hir::internal::{BinIntoHir, ElementWiseIntoHir, expand};
    use tract_onnx::tract_hir::ops::activations::Clip;
    use tract_onnx::tract_hir::ops::identity::Identity;
    use tract_onnx::tract_hir::ops::matmul::MatMulInference;
    use tract_onnx::tract_hir::ops::{array, math, nn};

    let mut onnx = Onnx::default();
    let known = &mut onnx.op_register;
    known.insert("Abs", |_, _| Ok((math::abs().into_hir(), vec![])));
    known.insert("Add", |_, _| Ok((math::Add.into_hir(), vec![])));
    known.insert("Concat", |_, node| Ok((expand(array::Concat::new(node.get_attr("axis")?)), vec![])));
    known.insert("Div", |_, _| Ok((math::Div.into_hir(), vec![])));
    known.insert("Erf", |_, _| Ok((math::erf().into_hir(), vec![])));
    known.insert("Exp", |_, _| Ok((math::exp().into_hir(), vec![])));
    known.insert("Identity", |_, _| Ok((Box::<Identity>::default(), vec![])));
    known.insert("Log", |_, _| Ok((math::ln().into_hir(), vec![])));
    known.insert("MatMul", |_, _| Ok((expand(MatMulInference::default()), vec![])));
    known.insert("Mul", |_, _| Ok((math::Mul.into_hir(), vec![])));
    known.insert("Neg", |_, _| Ok((math::neg().into_hir(), vec![])));
    known.insert("Reciprocal", |_, _| Ok((math::recip().into_hir(), vec![])));
    known.insert("Relu", |_, _| Ok((expand(Clip::new(Some(0.0), None)), vec![])));
    known.insert("Sigmoid", |_, _| Ok((nn::sigmoid().into_hir(), vec![])));
    known.insert("Softmax", |_, node| softmax(node));
    known.insert("Sqrt", |_, _| Ok((math::sqrt().into_hir(), vec![])));
    known.insert("Sub", |_, _| Ok((math::Sub.into_hir(), vec![])));
    known.insert("Tanh", |_, _| Ok((math::tanh().into_hir(), vec![])));
    onnx
}
