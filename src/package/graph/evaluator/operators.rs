//! What nodes do: the operators of ONNX and of `ai.onnx.ml` that tabular models are made of, as the standard and onnxruntime have them.
//!
//! - `kernel`: what all of them need.
//! - `math`, `compare`, `cast`: element by element.
//! - `shape`, `index`, `make`: what stands where.
//! - `reduce`, `order`, `softmax`, `product`: over rows, columns and matrices.
//! - `prepare`, `encode`, `label_encoder`: what a pipeline does before its model.
//! - `linear`, `svm`, `trees`, `scores`: models, and what they make of their scores.
//! - `scan`: a graph inside of a node.

#![expect(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "operators round, cut off and compare as onnxruntime does"
)]

mod cast;
mod compare;
mod encode;
mod index;
mod kernel;
mod label_encoder;
mod linear;
mod make;
mod math;
mod order;
mod prepare;
mod product;
mod reduce;
mod scan;
mod scores;
mod shape;
mod softmax;
mod svm;
mod svm_classifier;
mod trees;

use super::fault::Fault;
use super::node::Node;
use super::steps::Kernel;
use kernel::Prepare;

/// The domains that `find` knows.
const CORE: [&str; 2] = ["", "ai.onnx"];
const ML: &str = "ai.onnx.ml";

/// Prepares a node.
pub(super) fn prepare(node: &Node<'_>) -> Result<Kernel, Fault> {
    let prepare = find(&node.proto.domain, &node.proto.op_type).ok_or_else(|| unknown(node))?;
    prepare(node)
}

pub(super) fn find(domain: &str, name: &str) -> Option<Prepare> {
    if CORE.contains(&domain) {
        core(name)
    } else if domain == ML {
        ml(name)
    } else {
        None
    }
}

fn ml(name: &str) -> Option<Prepare> {
    Some(match name {
        "ArrayFeatureExtractor" => prepare::array_feature_extractor,
        "Binarizer" => prepare::binarizer,
        "FeatureVectorizer" => prepare::feature_vectorizer,
        "Imputer" => prepare::imputer,
        "LabelEncoder" => label_encoder::label_encoder,
        "LinearClassifier" => linear::classifier,
        "LinearRegressor" => linear::regressor,
        "Normalizer" => prepare::normalizer,
        "OneHotEncoder" => encode::one_hot_encoder,
        "SVMClassifier" => svm_classifier::classifier,
        "SVMRegressor" => svm::regressor,
        "Scaler" => prepare::scaler,
        "TreeEnsemble" => trees::ensemble,
        "TreeEnsembleClassifier" => trees::classifier,
        "TreeEnsembleRegressor" => trees::regressor,
        "ZipMap" => encode::zip_map,
        _ => return None,
    })
}

fn core(name: &str) -> Option<Prepare> {
    math::find(name).or_else(|| compare::find(name)).or_else(|| reduce::find(name)).or_else(|| {
        Some(match name {
            "ArgMax" => order::arg_max,
            "ArgMin" => order::arg_min,
            "Cast" => cast::cast,
            "CastLike" => cast::cast_like,
            "Concat" => shape::concat,
            "Constant" => make::constant,
            "ConstantOfShape" => make::constant_of_shape,
            "CumSum" => reduce::cumulative_sum,
            "Expand" => shape::expand,
            "Flatten" => shape::flatten,
            "Gather" => index::gather,
            "GatherElements" => index::gather_elements,
            "Gemm" => product::gemm,
            "Identity" => shape::identity,
            "LogSoftmax" => softmax::log_softmax,
            "LpNormalization" => softmax::lp_normalization,
            "MatMul" => product::matmul,
            "OneHot" => make::one_hot,
            "Range" => make::range,
            "Reshape" => shape::reshape,
            "Scan" => scan::scan,
            "Shape" => shape::shape,
            "Slice" => index::slice,
            "Softmax" => softmax::softmax,
            "Split" => index::split,
            "Squeeze" => shape::squeeze,
            "TopK" => order::top_k,
            "Transpose" => shape::transpose,
            "Unsqueeze" => shape::unsqueeze,
            _ => return None,
        })
    })
}

fn unknown(node: &Node<'_>) -> Fault {
    let (domain, name) = (&node.proto.domain, &node.proto.op_type);
    let mend = match (domain.as_str(), name.as_str()) {
        (_, "Compress" | "If" | "Loop") => {
            "KNNImputer writes this, and graphs inside of graphs: impute with SimpleImputer instead"
        }
        (_, "Einsum") => "export the model with a newer exporter, or without the Gaussian process or mixture in it",
        (
            _,
            "StringNormalizer" | "Tokenizer" | "TfIdfVectorizer" | "StringSplit" | "StringConcat" | "RegexFullMatch",
        ) => "words are not taken apart by the graph: compute these features before sending",
        (_, "DictVectorizer" | "CastMap") => "export the model with one input a column, or one matrix",
        ("com.microsoft", _) => "export the model without options={'optim': …}, or with {'optim': None}",
        ("" | "ai.onnx" | ML, _) => "export the model in another way, or compute this before sending",
        _ => "export the model with the operators of ONNX alone",
    };
    let found = if domain.is_empty() { name.clone() } else { format!("{name} of {domain}") };
    Fault::new("an operator that this program has", found).mended_by(mend)
}
