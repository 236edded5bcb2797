//! The ONNX operators that a graph may be made of.
//!
//! tract knows some two hundred, most of them for images, sound and text; a program that can run them all is half as large
//! again, and a Lambda function that much slower to start. Those of a table's models are here: linear models and networks, with
//! scaling inside. The cargo feature `all-operators` builds with every one that tract has, tree ensembles among them.

use tract_onnx::Onnx;
use tract_onnx::pb::ModelProto;

use super::softmax::softmax;

/// Returns tract's reader of ONNX, with the operators of this program.
#[cfg(feature = "all-operators")]
pub(super) fn onnx() -> Onnx {
    let mut onnx = tract_onnx::onnx();
    onnx.op_register.insert("Softmax", |_, node| softmax(node));
    onnx
}

/// Returns tract's reader of ONNX, with the operators of this program.
#[cfg(not(feature = "all-operators"))]
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

/// Returns the operators of a graph that this program does not have.
pub(super) fn missing(onnx: &Onnx, model: &ModelProto) -> Vec<String> {
    let nodes = model.graph.iter().flat_map(|graph| &graph.node);
    let mut missing: Vec<_> =
        nodes.map(|node| node.op_type.clone()).filter(|name| !onnx.op_register.0.contains_key(name)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}
