//! What the model gives of each row, as tensors.

use serde::Serialize;

use super::tensor::Datatype;
use crate::prediction::Prediction;
use crate::table::descriptor::Scalar;
use crate::table::{Schema, Task};

/// A tensor that the model gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The label, under the table's own name.
    Label,
    /// The probability of the positive one of two classes.
    Probability,
    /// The probability of each of several classes, in the order of the classes.
    Probabilities,
    /// The name of the prediction.
    Id,
}

impl Output {
    /// Returns what there is of a table.
    pub(super) fn all(schema: &Schema) -> impl Iterator<Item = Self> {
        let confidence = match schema.task() {
            Task::Binary => Some(Self::Probability),
            Task::Multiclass => Some(Self::Probabilities),
            Task::Regression => None,
        };
        [Some(Self::Label), confidence, Some(Self::Id)].into_iter().flatten()
    }

    pub(super) fn from_name(schema: &Schema, name: &str) -> Option<Self> {
        Self::all(schema).find(|output| output.name(schema) == name)
    }

    /// Returns the tensor's name; where the label is called so, another one.
    pub(super) fn name(self, schema: &Schema) -> &str {
        let label = &*schema.label_field().name;
        let (own, other) = match self {
            Self::Label => return label,
            Self::Probability => ("probability", "prediction_probability"),
            Self::Probabilities => ("probabilities", "prediction_probabilities"),
            Self::Id => ("id", "prediction_id"),
        };
        if label == own { other } else { own }
    }

    pub(super) fn datatype(self, schema: &Schema) -> Datatype {
        match self {
            Self::Label => Datatype::of(schema.label_field()),
            Self::Probability | Self::Probabilities => Datatype::Fp32,
            Self::Id => Datatype::Bytes,
        }
    }

    /// Returns the shape of the tensor for so many rows; of any number where that is negative.
    pub(super) fn shape(self, schema: &Schema, rows: i64) -> Vec<i64> {
        match self {
            Self::Probabilities => {
                vec![rows, schema.classes().map_or(0, |classes| i64::try_from(classes.len()).unwrap_or(0))]
            }
            _ => vec![rows],
        }
    }
}

/// The elements of a tensor.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Data {
    Flags(Vec<bool>),
    Integers(Vec<i64>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Texts(Vec<String>),
}

impl Data {
    /// Reads an output of all predictions.
    pub(super) fn new(output: Output, schema: &Schema, predictions: &[&Prediction]) -> Self {
        let answers = predictions.iter().map(|prediction| &prediction.answer);
        match output {
            Output::Label => Self::of_labels(Datatype::of(schema.label_field()), answers.map(|answer| &answer.label)),
            Output::Probability => Self::Floats(answers.map(|answer| answer.probability.unwrap_or(f32::NAN)).collect()),
            Output::Probabilities => {
                let each = answers.flat_map(|answer| answer.probabilities.iter().flatten());
                Self::Floats(each.map(|(_, probability)| *probability).collect())
            }
            Output::Id => Self::Texts(predictions.iter().map(|prediction| prediction.id.to_string()).collect()),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a label is within 2^53")]
    fn of_labels<'a>(datatype: Datatype, labels: impl Iterator<Item = &'a Scalar>) -> Self {
        match datatype {
            Datatype::Bool => Self::Flags(labels.map(|label| *label == Scalar::Boolean(true)).collect()),
            Datatype::Int64 => Self::Integers(
                labels
                    .map(|label| match label {
                        Scalar::Integer(number) => *number,
                        _ => 0,
                    })
                    .collect(),
            ),
            Datatype::Bytes => Self::Texts(labels.map(Scalar::text).collect()),
            _ => Self::Doubles(
                labels
                    .map(|label| match label {
                        Scalar::Number(number) => *number,
                        Scalar::Integer(number) => *number as f64,
                        _ => f64::NAN,
                    })
                    .collect(),
            ),
        }
    }

    /// Writes the elements as they stand in memory, least byte first, and each text behind its length.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Flags(flags) => flags.into_iter().map(u8::from).collect(),
            Self::Integers(integers) => integers.into_iter().flat_map(i64::to_le_bytes).collect(),
            Self::Floats(floats) => floats.into_iter().flat_map(f32::to_le_bytes).collect(),
            Self::Doubles(doubles) => doubles.into_iter().flat_map(f64::to_le_bytes).collect(),
            Self::Texts(texts) => texts
                .into_iter()
                .flat_map(|text| {
                    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    [&length.to_le_bytes(), text.as_bytes()].concat()
                })
                .collect(),
        }
    }
}
