//! One value of many: sums, means and the like along axes.

use super::super::broadcast::{strides, walk};
use super::super::data::Data;
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::{Prepare, around, axis, one};
use super::shape::axes;

/// Prepares an operator by its name.
pub(super) fn find(name: &str) -> Option<Prepare> {
    Some(match name {
        "ReduceL1" => |node| reduction(node, Reduction::L1),
        "ReduceL2" => |node| reduction(node, Reduction::L2),
        "ReduceLogSum" => |node| reduction(node, Reduction::LogSum),
        "ReduceLogSumExp" => |node| reduction(node, Reduction::LogSumExp),
        "ReduceMax" => |node| reduction(node, Reduction::Max),
        "ReduceMean" => |node| reduction(node, Reduction::Mean),
        "ReduceMin" => |node| reduction(node, Reduction::Min),
        "ReduceProd" => |node| reduction(node, Reduction::Product),
        "ReduceSum" => |node| reduction(node, Reduction::Sum),
        "ReduceSumSquare" => |node| reduction(node, Reduction::SumOfSquares),
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reduction {
    L1,
    L2,
    LogSum,
    LogSumExp,
    Max,
    Mean,
    Min,
    Product,
    Sum,
    SumOfSquares,
}

impl Reduction {
    /// Computes in double precision, which is rounded at the end.
    fn of(self, values: impl Iterator<Item = f64> + Clone) -> f64 {
        match self {
            Self::L1 => values.map(f64::abs).sum(),
            Self::L2 => values.map(|value| value * value).sum::<f64>().sqrt(),
            Self::LogSum => libm::log(values.sum()),
            Self::LogSumExp => {
                let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
                let shift = if largest.is_finite() { largest } else { 0.0 };
                libm::log(values.map(|value| libm::exp(value - shift)).sum()) + shift
            }
            Self::Max => {
                values.fold(f64::NEG_INFINITY, |most, value| if value.is_nan() || value > most { value } else { most })
            }
            Self::Mean => {
                let (mut sum, mut count) = (0.0, 0.0);
                for value in values {
                    sum += value;
                    count += 1.0;
                }
                sum / count
            }
            Self::Min => {
                values.fold(f64::INFINITY, |least, value| if value.is_nan() || value < least { value } else { least })
            }
            Self::Product => values.product(),
            Self::Sum => values.sum(),
            Self::SumOfSquares => values.map(|value| value * value).sum(),
        }
    }

    /// Computes with integers as far as these go.
    fn of_integers(self, values: impl Iterator<Item = i64> + Clone) -> i64 {
        match self {
            Self::Max => values.max().unwrap_or(i64::MIN),
            Self::Min => values.min().unwrap_or(i64::MAX),
            Self::Product => values.fold(1, i64::wrapping_mul),
            Self::Sum => values.fold(0, i64::wrapping_add),
            Self::SumOfSquares => values.fold(0, |sum, value| sum.wrapping_add(value.wrapping_mul(value))),
            Self::L1 => values.fold(0, |sum, value| sum.wrapping_add(value.wrapping_abs())),
            _ => self.of(values.map(|value| value as f64)) as i64,
        }
    }
}

fn reduction(node: &Node<'_>, reduction: Reduction) -> Result<Kernel, Fault> {
    let (keeps, does_nothing) = (node.is_set("keepdims", true)?, node.is_set("noop_with_empty_axes", false)?);
    let told = node.told_integers("axes", 1)?;
    one(move |inputs| {
        let input = inputs.need(0)?;
        let gone = match axes(&told, inputs, input.rank())? {
            Some(axes) if !axes.is_empty() => axes,
            _ if does_nothing => Vec::new(),
            _ => (0..input.rank()).collect(),
        };
        reduced(input, &gone, keeps, reduction)
    })
}

fn reduced(input: &Tensor, gone: &[usize], keeps: bool, reduction: Reduction) -> Result<Tensor, Fault> {
    let shape = input.shape();
    let target: Vec<usize> = (0..shape.len()).map(|at| if gone.contains(&at) { 1 } else { shape[at] }).collect();
    let kept: Vec<usize> = if keeps {
        target.clone()
    } else {
        (0..shape.len()).filter(|at| !gone.contains(at)).map(|at| shape[at]).collect()
    };
    // Axes that go stand together in most graphs, at the end: then each value is of a run of neighbours.
    let mut order: Vec<usize> = (0..shape.len()).filter(|at| !gone.contains(at)).collect();
    let outer: Vec<usize> = order.iter().map(|&at| shape[at]).collect();
    order.extend((0..shape.len()).filter(|at| gone.contains(at)));
    let strides = strides(shape);
    let sizes: Vec<usize> = order.iter().map(|&at| shape[at]).collect();
    let steps: Vec<usize> = order.iter().map(|&at| strides[at]).collect();
    let count: usize = outer.iter().product();
    let run: usize = sizes[outer.len()..].iter().product();
    let places = walk(&sizes, &steps, 0)?;
    let runs = || (0..count).map(|place| places.get(place * run..(place + 1) * run).unwrap_or(&[]));
    let data = match input.data() {
        Data::Float(values) => Data::Float(
            runs()
                .map(|run| reduction.of(run.iter().filter_map(|&at| values.get(at)).map(|&x| x.into())) as f32)
                .collect(),
        ),
        Data::Double(values) => {
            Data::Double(runs().map(|run| reduction.of(run.iter().filter_map(|&at| values.get(at)).copied())).collect())
        }
        Data::Integer(values) => Data::Integer(
            runs().map(|run| reduction.of_integers(run.iter().filter_map(|&at| values.get(at)).copied())).collect(),
        ),
        Data::Short(values) => Data::Short(
            runs()
                .map(|run| reduction.of_integers(run.iter().filter_map(|&at| values.get(at)).map(|&x| x.into())) as i32)
                .collect(),
        ),
        Data::Boolean(values) if matches!(reduction, Reduction::Max | Reduction::Min) => {
            let truths = |run: &[usize]| {
                let mut truths = run.iter().filter_map(|&at| values.get(at));
                if reduction == Reduction::Max { truths.any(|&truth| truth) } else { truths.all(|&truth| truth) }
            };
            Data::Boolean(runs().map(truths).collect())
        }
        data => return Err(Fault::new("numbers", data.element().name())),
    };
    Tensor::new(kept, data)
}

pub(super) fn cumulative_sum(node: &Node<'_>) -> Result<Kernel, Fault> {
    let (excludes, is_reversed) = (node.is_set("exclusive", false)?, node.is_set("reverse", false)?);
    one(move |inputs| {
        let input = inputs.need(0)?;
        let at = axis(inputs.need(1)?.one_integer()?, input.rank())?;
        let data = match input.data() {
            Data::Float(values) => Data::Float(summed(values, input.shape(), at, excludes, is_reversed, |a, b| a + b)),
            Data::Double(values) => {
                Data::Double(summed(values, input.shape(), at, excludes, is_reversed, |a, b| a + b))
            }
            Data::Integer(values) => {
                Data::Integer(summed(values, input.shape(), at, excludes, is_reversed, i64::wrapping_add))
            }
            Data::Short(values) => {
                Data::Short(summed(values, input.shape(), at, excludes, is_reversed, i32::wrapping_add))
            }
            data => return Err(Fault::new("numbers", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

fn summed<T: Copy + Default>(
    values: &[T],
    shape: &[usize],
    axis: usize,
    excludes: bool,
    is_reversed: bool,
    add: fn(T, T) -> T,
) -> Vec<T> {
    let (before, along, behind) = around(shape, axis);
    let mut sums = values.to_vec();
    for outer in 0..before {
        for inner in 0..behind {
            let mut sum = T::default();
            for step in 0..along {
                let step = if is_reversed { along - 1 - step } else { step };
                let place = (outer * along + step) * behind + inner;
                let with = add(sum, values[place]);
                sums[place] = if excludes { sum } else { with };
                sum = with;
            }
        }
    }
    sums
}
