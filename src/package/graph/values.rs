//! What a run of a graph gave.

use std::borrow::Cow;
use std::sync::Arc;

use tract_onnx::prelude::{DatumType, TValue, TractResult};

use super::evaluator::{Data, Tensor};

/// An output of a run, whoever computed it.
#[derive(Debug)]
pub(super) enum Output {
    Tract(TValue),
    Evaluated(Arc<Tensor>),
}

/// A label of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label<'a> {
    Number(i64),
    Text(&'a str),
}

impl Output {
    pub(super) fn shape(&self) -> &[usize] {
        match self {
            Self::Tract(value) => value.shape(),
            Self::Evaluated(tensor) => tensor.shape(),
        }
    }

    /// Returns the numbers as FP32; an error names what they are instead.
    #[expect(clippy::cast_possible_truncation, reason = "doubles are rounded")]
    pub(super) fn floats(&self) -> Result<Cow<'_, [f32]>, String> {
        match self {
            Self::Tract(value) if value.datum_type() == DatumType::F32 => slice::<f32>(value).map(Cow::Borrowed),
            Self::Tract(_) => Ok(self.doubles()?.iter().map(|&number| number as f32).collect()),
            Self::Evaluated(tensor) => match tensor.data() {
                Data::Float(numbers) => Ok(numbers.into()),
                Data::Double(numbers) => Ok(numbers.iter().map(|&number| number as f32).collect()),
                data => Err(format!("{:?} where numbers are expected", data.element())),
            },
        }
    }

    /// Returns whether the numbers are doubles.
    pub(super) fn is_double(&self) -> bool {
        match self {
            Self::Tract(value) => value.datum_type() == DatumType::F64,
            Self::Evaluated(tensor) => matches!(tensor.data(), Data::Double(_)),
        }
    }

    /// Returns numbers that are doubles.
    pub(super) fn doubles(&self) -> Result<&[f64], String> {
        match self {
            Self::Tract(value) => slice::<f64>(value),
            Self::Evaluated(tensor) => match tensor.data() {
                Data::Double(numbers) => Ok(numbers),
                data => Err(format!("{:?} where doubles are expected", data.element())),
            },
        }
    }

    /// Returns the label of a row, where there is one.
    pub(super) fn label(&self, row: usize) -> Option<Label<'_>> {
        match self {
            Self::Tract(value) => match value.datum_type() {
                DatumType::I64 => slice::<i64>(value).ok()?.get(row).copied().map(Label::Number),
                DatumType::I32 => slice::<i32>(value).ok()?.get(row).map(|&number| Label::Number(number.into())),
                DatumType::Bool => slice::<bool>(value).ok()?.get(row).map(|&truth| Label::Number(truth.into())),
                _ => None,
            },
            Self::Evaluated(tensor) => match tensor.data() {
                Data::Integer(numbers) => numbers.get(row).copied().map(Label::Number),
                Data::Short(numbers) => numbers.get(row).map(|&number| Label::Number(number.into())),
                Data::Boolean(truths) => truths.get(row).map(|&truth| Label::Number(truth.into())),
                Data::Text(texts) => texts.get(row).map(|text| Label::Text(text)),
                Data::Float(_) | Data::Double(_) => None,
            },
        }
    }
}

fn slice<T: tract_onnx::prelude::Datum>(value: &TValue) -> Result<&[T], String> {
    let read = || -> TractResult<&[T]> { value.try_as_plain_ram()?.as_slice() };
    read().map_err(|error| format!("{error:#}"))
}
