//! The columns of an export, whatever the format.

use jiff::Timestamp;

use crate::features::FEATURE_NAMES;
use crate::passenger::Port;
use crate::prediction::Prediction;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Double,
    Single,
    Time,
}

/// A cell, unless it is empty.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Integer(i64),
    Double(f64),
    Single(f32),
    Time(Timestamp),
}

/// The columns before the features. `Survived` is what happened, as in training data; `predicted` is what the model said.
const COLUMNS: [(&str, Kind); 20] = [
    ("PassengerId", Kind::Integer),
    ("Survived", Kind::Integer),
    ("Pclass", Kind::Integer),
    ("Name", Kind::Text),
    ("Sex", Kind::Text),
    ("Age", Kind::Double),
    ("SibSp", Kind::Integer),
    ("Parch", Kind::Integer),
    ("Ticket", Kind::Text),
    ("Fare", Kind::Double),
    ("Cabin", Kind::Text),
    ("Embarked", Kind::Text),
    ("id", Kind::Text),
    ("model_version", Kind::Text),
    ("probability", Kind::Single),
    ("predicted", Kind::Integer),
    ("created_at", Kind::Time),
    ("outcome_recorded_at", Kind::Time),
    ("shadow_version", Kind::Text),
    ("shadow_probability", Kind::Single),
];

/// So many of them are Kaggle's.
const KAGGLE_COLUMNS: usize = 12;

/// Returns the columns, the features last; or Kaggle's only.
pub(super) fn columns(kaggle: bool) -> impl Iterator<Item = (String, Kind)> {
    let features = FEATURE_NAMES.iter().map(|name| (format!("feature_{name}"), Kind::Single));
    COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).chain(features).take(if kaggle {
        KAGGLE_COLUMNS
    } else {
        usize::MAX
    })
}

/// Hands each cell of a prediction's row on, in the order of the columns.
pub(super) fn cells<E>(
    prediction: &Prediction,
    mut take: impl FnMut(Option<Cell<'_>>) -> Result<(), E>,
) -> Result<(), E> {
    let passenger = &prediction.passenger;
    take(passenger.passenger_id.and_then(|id| id.try_into().ok()).map(Cell::Integer))?;
    take(prediction.outcome.map(|outcome| Cell::Integer(outcome.survived.into())))?;
    take(Some(Cell::Integer(passenger.class.number().into())))?;
    take(passenger.name.as_deref().map(Cell::Text))?;
    take(Some(Cell::Text(passenger.sex.as_str())))?;
    take(passenger.age.map(Cell::Double))?;
    take(passenger.sib_sp.map(|count| Cell::Integer(count.into())))?;
    take(passenger.parch.map(|count| Cell::Integer(count.into())))?;
    take(passenger.ticket.as_deref().map(Cell::Text))?;
    take(passenger.fare.map(Cell::Double))?;
    take(passenger.cabin.as_deref().map(Cell::Text))?;
    take(passenger.embarked.map(Port::as_str).map(Cell::Text))?;
    take(Some(Cell::Text(&prediction.id.to_string())))?;
    take(Some(Cell::Text(&prediction.model_version)))?;
    take(Some(Cell::Single(prediction.probability)))?;
    take(Some(Cell::Integer(prediction.survived.into())))?;
    take(Some(Cell::Time(prediction.created_at)))?;
    take(prediction.outcome.map(|outcome| Cell::Time(outcome.recorded_at)))?;
    let shadow = prediction.shadow.as_ref();
    take(shadow.map(|shadow| Cell::Text(&shadow.model_version)))?;
    take(shadow.map(|shadow| Cell::Single(shadow.probability)))?;
    // A feature that did not exist when the prediction was stored is not a number.
    prediction.features.0.into_iter().try_for_each(|value| take((!value.is_nan()).then_some(Cell::Single(value))))
}
