//! Products of matrices. A row of the result is computed in one order, whatever rows stand around it.

use std::ops::{AddAssign, Mul};

use super::super::broadcast::{Places, common_shape, strides, walk};
use super::super::data::{Data, Item};
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::{Shape, Tensor, size};
use super::kernel::one;
use super::math::zip;

/// Multiplications that one node may take: some seconds.
const MAX_MULTIPLICATIONS: usize = 1 << 33;

/// The rows, the shared dimension and the columns of a product.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    rows: usize,
    shared: usize,
    columns: usize,
}

pub(super) fn matmul(_: &Node<'_>) -> Result<Kernel, Fault> {
    one(|inputs| {
        let (left, right) = (inputs.need(0)?, inputs.need(1)?);
        match (left.data(), right.data()) {
            (Data::Float(a), Data::Float(b)) => stacked(left, right, a, b),
            (Data::Double(a), Data::Double(b)) => stacked(left, right, a, b),
            (Data::Integer(a), Data::Integer(b)) => stacked(left, right, a, b),
            (Data::Short(a), Data::Short(b)) => stacked(left, right, a, b),
            (one, other) => Err(Fault::new(
                "two matrices of numbers of one type",
                format!("{} and {}", one.element().name(), other.element().name()),
            )),
        }
    })
}

/// Multiplies matrices that may stand in stacks. A row alone is a matrix of one row, and a column one of one column.
fn stacked<T: Number>(left: &Tensor, right: &Tensor, a: &[T], b: &[T]) -> Result<Tensor, Fault> {
    let misfit = || {
        Fault::new(
            format!("a matrix that {} can be multiplied with", Shape(left.shape())),
            Shape(right.shape()).to_string(),
        )
    };
    let (left_shape, right_shape) = match (left.shape(), right.shape()) {
        ([], _) | (_, []) => return Err(misfit()),
        (&[columns], _) => (vec![1, columns], right.shape().to_vec()),
        (shape, _) => (shape.to_vec(), right.shape().to_vec()),
    };
    let right_shape = if right.rank() == 1 { vec![right_shape[0], 1] } else { right_shape };
    let (left_stack, left_matrix) = left_shape.split_at(left_shape.len() - 2);
    let (right_stack, right_matrix) = right_shape.split_at(right_shape.len() - 2);
    let sizes = Sizes { rows: left_matrix[0], shared: left_matrix[1], columns: right_matrix[1] };
    if right_matrix[0] != sizes.shared {
        return Err(misfit());
    }
    let stack = common_shape([left_stack, right_stack])?;
    let mut shape = stack.clone();
    if left.rank() > 1 {
        shape.push(sizes.rows);
    }
    if right.rank() > 1 {
        shape.push(sizes.columns);
    }
    let mut result = vec![T::default(); size(&shape)?];
    let (lefts, rights) = (Places::new(left_stack, &stack)?, Places::new(right_stack, &stack)?);
    let each = sizes.rows * sizes.columns;
    sizes.check(result.len())?;
    for (place, result) in result.chunks_exact_mut(each.max(1)).enumerate() {
        let (one, other) =
            (lefts.at(place) * sizes.rows * sizes.shared, rights.at(place) * sizes.shared * sizes.columns);
        multiply(&a[one..], &b[other..], sizes, result);
    }
    Tensor::from(shape, result)
}

trait Number: Item + Copy + Default + AddAssign + Mul<Output = Self> {}

impl<T: Item + Copy + Default + AddAssign + Mul<Output = Self>> Number for T {}

impl Sizes {
    fn check(self, results: usize) -> Result<(), Fault> {
        let work = results.checked_mul(self.shared).filter(|&work| work <= MAX_MULTIPLICATIONS);
        work.map(|_| ()).ok_or_else(|| Fault::new(format!("{MAX_MULTIPLICATIONS} multiplications at most"), "more"))
    }
}

fn multiply<T: Number>(a: &[T], b: &[T], sizes: Sizes, result: &mut [T]) {
    let Sizes { rows, shared, columns } = sizes;
    for row in 0..rows {
        let target = &mut result[row * columns..(row + 1) * columns];
        for (step, &factor) in a[row * shared..(row + 1) * shared].iter().enumerate() {
            for (target, &other) in target.iter_mut().zip(&b[step * columns..(step + 1) * columns]) {
                *target += factor * other;
            }
        }
    }
}

pub(super) fn gemm(node: &Node<'_>) -> Result<Kernel, Fault> {
    let (alpha, beta) = (node.float("alpha")?.unwrap_or(1.0), node.float("beta")?.unwrap_or(1.0));
    let (turns_left, turns_right) = (node.is_set("transA", false)?, node.is_set("transB", false)?);
    one(move |inputs| match inputs.need(0)?.data() {
        Data::Float(_) => general(inputs, turns_left, turns_right, alpha, beta),
        Data::Double(_) => general(inputs, turns_left, turns_right, f64::from(alpha), f64::from(beta)),
        data => Err(Fault::new("float or double", data.element().name())),
    })
}

fn general<T: Number>(
    inputs: &Inputs<'_>,
    turns_left: bool,
    turns_right: bool,
    alpha: T,
    beta: T,
) -> Result<Tensor, Fault> {
    let ((rows, shared), a) = matrix::<T>(inputs.need(0)?, turns_left)?;
    let ((shared_too, columns), b) = matrix::<T>(inputs.need(1)?, turns_right)?;
    if shared != shared_too {
        return Err(Fault::new(format!("a second matrix of {shared} rows"), shared_too.to_string()));
    }
    let sizes = Sizes { rows, shared, columns };
    let mut result = vec![T::default(); size(&[rows, columns])?];
    sizes.check(result.len())?;
    multiply(&a, &b, sizes, &mut result);
    for value in &mut result {
        *value = *value * alpha;
    }
    let product = Tensor::from([rows, columns], result)?;
    let Some(more) = inputs.get(2) else { return Ok(product) };
    let sum = zip(&product, more, |value: &T, more: &T| {
        let mut sum = *value;
        sum += *more * beta;
        Some(sum)
    });
    let sum = sum?.ok_or_else(|| Fault::new("a sum", "none"))?;
    sum.reshaped(vec![rows, columns])
}

/// Returns a matrix, turned around if asked for.
fn matrix<T: Number>(tensor: &Tensor, turns: bool) -> Result<((usize, usize), Vec<T>), Fault> {
    let (rows, columns) = match tensor.shape() {
        &[rows, columns] => (rows, columns),
        shape => return Err(Fault::new("a matrix", Shape(shape).to_string())),
    };
    let values = tensor.values::<T>()?;
    if !turns {
        return Ok(((rows, columns), values.to_vec()));
    }
    let from = strides(tensor.shape());
    let places = walk(&[columns, rows], &[from[1], from[0]], 0)?;
    Ok(((columns, rows), places.iter().map(|&place| values[place]).collect()))
}
