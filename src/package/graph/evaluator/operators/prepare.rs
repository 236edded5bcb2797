//! What a pipeline does with its numbers before the model.

use super::super::data::Data;
use super::super::fault::Fault;
use super::super::fault::check_length;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::{Tensor, size};
use super::index::taken;
use super::kernel::one;

/// Returns the value of a column, where there is one for each or one for all.
fn of_column<T: Copy>(values: &[T], column: usize) -> Option<T> {
    if let [one] = values { Some(*one) } else { values.get(column).copied() }
}

/// Checks that there is a value for each column, or one for all.
fn check_columns(what: &str, values: usize, columns: usize) -> Result<(), Fault> {
    if values == 1 { Ok(()) } else { check_length(what, columns, values) }
}

pub(super) fn imputer(node: &Node<'_>) -> Result<Kernel, Fault> {
    let floats = node.weights("imputed_value_floats")?.to_vec();
    let replaced = node.float("replaced_value_float")?.unwrap_or(0.0);
    let integers = node.integers("imputed_value_int64s")?.to_vec();
    let replaced_integer = node.integer("replaced_value_int64")?.unwrap_or(0);
    if floats.is_empty() == integers.is_empty() {
        return Err(Fault::new("imputed values, floats or integers", if floats.is_empty() { "none" } else { "both" }));
    }
    one(move |inputs| {
        let input = inputs.need(0)?;
        let columns = input.shape().last().copied().unwrap_or(1);
        let data = match input.data() {
            Data::Float(values) => {
                check_columns("imputed values", floats.len(), columns)?;
                let is_gone = |value: f32| value == replaced || (value.is_nan() && replaced.is_nan());
                Data::Float(filled(values, columns, is_gone, |column| of_column(&floats, column))?)
            }
            Data::Double(values) => {
                check_columns("imputed values", floats.len(), columns)?;
                let replaced = f64::from(replaced);
                let is_gone = |value: f64| value == replaced || (value.is_nan() && replaced.is_nan());
                Data::Double(filled(values, columns, is_gone, |column| of_column(&floats, column).map(f64::from))?)
            }
            Data::Integer(values) => {
                check_columns("imputed integers", integers.len(), columns)?;
                let is_gone = |value| value == replaced_integer;
                Data::Integer(filled(values, columns, is_gone, |column| of_column(&integers, column))?)
            }
            data => return Err(Fault::new("float, double or int64", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

fn filled<T: Copy>(
    values: &[T],
    columns: usize,
    is_gone: impl Fn(T) -> bool,
    filling: impl Fn(usize) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let filled = values.iter().enumerate();
    let filled =
        filled.map(|(place, &value)| if is_gone(value) { filling(place % columns.max(1)) } else { Some(value) });
    filled.collect::<Option<_>>().ok_or_else(|| Fault::new("an imputed value for each column", "too few"))
}

pub(super) fn scaler(node: &Node<'_>) -> Result<Kernel, Fault> {
    let (offsets, scales) = (node.weights("offset")?.to_vec(), node.weights("scale")?.to_vec());
    check_length("scales, as many as offsets", offsets.len(), scales.len())?;
    if scales.is_empty() {
        return Err(Fault::new("offsets and scales", "none"));
    }
    one(move |inputs| {
        let input = inputs.need(0)?;
        let columns = input.shape().last().copied().unwrap_or(1);
        check_columns("scales", scales.len(), columns)?;
        let at = |place: usize| {
            let column = if scales.len() == 1 { 0 } else { place % columns.max(1) };
            (offsets[column], scales[column])
        };
        let values: Vec<f32> = match input.data() {
            Data::Double(values) => {
                scaled(values, at, |value, (offset, scale)| ((value - f64::from(offset)) * f64::from(scale)) as f32)
            }
            _ => scaled(&input.floats()?, at, |value, (offset, scale)| (value - offset) * scale),
        };
        Tensor::from(input.shape(), values)
    })
}

fn scaled<T: Copy>(values: &[T], at: impl Fn(usize) -> (f32, f32), scale: impl Fn(T, (f32, f32)) -> f32) -> Vec<f32> {
    values.iter().enumerate().map(|(place, &value)| scale(value, at(place))).collect()
}

pub(super) fn normalizer(node: &Node<'_>) -> Result<Kernel, Fault> {
    let norm: fn(&[f32]) -> f32 = match node.text("norm")?.as_deref().unwrap_or("MAX") {
        "MAX" => |row| row.iter().copied().fold(f32::MIN, f32::max),
        "L1" => |row| row.iter().map(|value| value.abs()).sum(),
        "L2" => |row| row.iter().map(|value| value * value).sum::<f32>().sqrt(),
        other => return Err(Fault::new("norm MAX, L1 or L2", format!("{other:?}"))),
    };
    one(move |inputs| {
        let input = inputs.need(0)?;
        let columns = input.rows_and_columns()?.1;
        let mut values = input.floats()?.into_owned();
        for row in values.chunks_exact_mut(columns.max(1)) {
            let norm = norm(row);
            if norm != 0.0 {
                for value in row {
                    *value /= norm;
                }
            }
        }
        Tensor::from(input.shape(), values)
    })
}

pub(super) fn binarizer(node: &Node<'_>) -> Result<Kernel, Fault> {
    let threshold = node.float("threshold")?.unwrap_or(0.0);
    one(move |inputs| {
        let input = inputs.need(0)?;
        let data = match input.data() {
            Data::Float(values) => Data::Float(values.iter().map(|&x| f32::from(x > threshold)).collect()),
            Data::Double(values) => Data::Double(values.iter().map(|&x| f64::from(x > threshold.into())).collect()),
            Data::Integer(values) => Data::Integer(values.iter().map(|&x| i64::from(x as f32 > threshold)).collect()),
            Data::Short(values) => Data::Short(values.iter().map(|&x| i32::from(x as f32 > threshold)).collect()),
            data => return Err(Fault::new("numbers", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

pub(super) fn feature_vectorizer(node: &Node<'_>) -> Result<Kernel, Fault> {
    let dimensions = super::shape::dimensions(node.integers("inputdimensions")?)?;
    one(move |inputs| {
        let all = inputs.all()?;
        check_length("inputs", dimensions.len(), all.len())?;
        let rows = all.first().and_then(|input| input.shape().first()).copied().unwrap_or(1);
        let columns = dimensions.iter().fold(0_usize, |sum, &columns| sum.saturating_add(columns));
        let mut features = vec![0.0; size(&[rows, columns])?];
        let mut first = 0;
        for (input, &wanted) in all.iter().zip(&dimensions) {
            let values = input.floats()?;
            if rows > 0 && values.len() % rows != 0 {
                return Err(Fault::new(format!("{rows} rows"), format!("{} numbers", values.len())));
            }
            let given = values.len() / rows.max(1);
            for (row, target) in values.chunks_exact(given.max(1)).zip(features.chunks_exact_mut(columns.max(1))) {
                // What is not given stays 0, and what nobody asked for is left out.
                for (target, value) in target[first..first + wanted].iter_mut().zip(row) {
                    *target = *value;
                }
            }
            first += wanted;
        }
        Tensor::from([rows, columns], features)
    })
}

pub(super) fn array_feature_extractor(_: &Node<'_>) -> Result<Kernel, Fault> {
    one(|inputs| {
        let (input, indices) = (inputs.need(0)?, inputs.need(1)?);
        let numbers = indices.integers()?;
        if input.rank() == 0 || numbers.is_empty() || numbers.iter().any(|&index| index < 0) {
            return Err(Fault::new("places of columns", format!("{numbers:?}")));
        }
        let taken = taken(input, &numbers, &[numbers.len()], input.rank() - 1)?;
        if input.rank() == 1 { taken.reshaped(vec![1, numbers.len()]) } else { Ok(taken) }
    })
}
