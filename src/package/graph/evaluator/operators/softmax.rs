//! Values by what they are together: probabilities of log-odds, and vectors of length 1.

use super::super::data::Data;
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::{around, axis, one};

/// From this version on, the values along one axis are normalized; before, all those behind it.
const ALONG_ONE_AXIS: i64 = 13;

pub(super) fn softmax(node: &Node<'_>) -> Result<Kernel, Fault> {
    prepare(node, |exponential, _, sum| exponential / sum)
}

pub(super) fn log_softmax(node: &Node<'_>) -> Result<Kernel, Fault> {
    prepare(node, |_, shifted, sum| shifted - libm::log(sum))
}

/// Makes a value of its exponential, itself less the largest one, and the sum of the exponentials.
type Normalized = fn(f64, f64, f64) -> f64;

fn prepare(node: &Node<'_>, normalized: Normalized) -> Result<Kernel, Fault> {
    let is_old = node.version < ALONG_ONE_AXIS;
    let at = node.integer("axis")?.unwrap_or(if is_old { 1 } else { -1 });
    one(move |inputs| {
        let input = inputs.need(0)?;
        let at = axis(at, input.rank())?;
        let (before, along, behind) = match around(input.shape(), at) {
            (before, along, behind) if is_old => (before, along * behind, 1),
            parts => parts,
        };
        let data = match input.data() {
            Data::Float(values) => {
                let wide: Vec<f64> = values.iter().map(|&value| value.into()).collect();
                Data::Float(all(&wide, before, along, behind, normalized).iter().map(|&value| value as f32).collect())
            }
            Data::Double(values) => Data::Double(all(values, before, along, behind, normalized)),
            data => return Err(Fault::new("float or double", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

pub(super) fn lp_normalization(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(-1);
    let is_first = match node.integer("p")?.unwrap_or(2) {
        1 => true,
        2 => false,
        other => return Err(Fault::new("p of 1 or 2", other.to_string())),
    };
    one(move |inputs| {
        let input = inputs.need(0)?;
        let (before, along, behind) = around(input.shape(), axis(at, input.rank())?);
        let divided = |values: &[f64]| {
            let mut result = values.to_vec();
            for outer in 0..before {
                for inner in 0..behind {
                    let places = || (0..along).map(|step| (outer * along + step) * behind + inner);
                    let norm = if is_first {
                        places().map(|place| values[place].abs()).sum()
                    } else {
                        places().map(|place| values[place] * values[place]).sum::<f64>().sqrt()
                    };
                    if norm != 0.0 {
                        places().for_each(|place| result[place] /= norm);
                    }
                }
            }
            result
        };
        let data = match input.data() {
            Data::Float(values) => {
                let wide: Vec<f64> = values.iter().map(|&value| value.into()).collect();
                Data::Float(divided(&wide).iter().map(|&value| value as f32).collect())
            }
            Data::Double(values) => Data::Double(divided(values)),
            data => return Err(Fault::new("float or double", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

fn all(values: &[f64], before: usize, along: usize, behind: usize, normalized: Normalized) -> Vec<f64> {
    let mut result = vec![0.0; values.len()];
    for outer in 0..before {
        for inner in 0..behind {
            let places = || (0..along).map(|step| (outer * along + step) * behind + inner);
            let largest = places().map(|place| values[place]).fold(f64::NEG_INFINITY, f64::max);
            let sum = places().map(|place| libm::exp(values[place] - largest)).sum();
            for place in places() {
                let shifted = values[place] - largest;
                result[place] = normalized(libm::exp(shifted), shifted, sum);
            }
        }
    }
    result
}
