//! Predictions as the service makes them, without a model and a store.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use lifeboat::identity::{Entity, Naming};
use lifeboat::prediction::{Answer, Prediction};
use lifeboat::store::Owner;
use lifeboat::table::descriptor::Scalar;
use lifeboat::table::{Field, Record, Schema, Value as FieldValue, json, load};
use serde_json::{Value, json};

use crate::fixtures::passengers::numbered;

const VERSION: &str = "1.0.0-0123abcd";

pub(crate) static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| load::schema(include_bytes!("../../model/titanic/schema.json")).unwrap());

static FEATURES: LazyLock<Arc<[Box<str>]>> = LazyLock::new(|| ["female", "age", "fare"].map(Into::into).into());

/// Returns whose the databases of these tests are.
pub(crate) fn owner() -> Owner {
    Owner::new("titanic", &SCHEMA, VERSION.into(), Arc::clone(&FEATURES))
}

/// Returns a time that many milliseconds after some moment.
pub(crate) fn at(milliseconds: i64) -> Timestamp {
    const MOMENT: i64 = 1_795_428_904_211;
    Timestamp::from_millisecond(MOMENT + milliseconds).unwrap()
}

/// Predicts for a passenger that a client describes so.
pub(crate) fn prediction(passenger: &Value, created_at: Timestamp) -> Prediction {
    let record = json::from_slice(&SCHEMA, passenger.to_string().as_bytes()).unwrap().unwrap();
    let probability = f32::from(u8::try_from(passenger.to_string().len() % 100).unwrap()) / 100.0;
    Prediction {
        id: Naming::new(VERSION.into(), None).name(&SCHEMA, &record),
        record: record.text(&SCHEMA).into(),
        features: Some(features(&record)),
        answer: Answer { label: label(probability >= 0.5), probability: Some(probability), probabilities: None },
        model_version: VERSION.into(),
        snapshot: None,
        created_at,
        outcomes: Vec::new(),
        shadow: None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "features are numbers of 32 bits")]
fn features(record: &Record) -> Box<[f32]> {
    let number = |name: &str| match record.get(SCHEMA.place(name).unwrap()) {
        Some(FieldValue::Number(number)) => *number as f32,
        _ => f32::NAN,
    };
    let is_female = record.get(SCHEMA.place("Sex").unwrap()) == Some(&FieldValue::Category(0));
    let values = [f32::from(u8::from(is_female)), number("Age"), number("Fare")];
    // What is not a number is equal to nothing, itself included.
    values.map(|value| if value.is_nan() { -1.0 } else { value }).into()
}

/// Returns the label as the table has it.
pub(crate) fn label(survived: bool) -> Scalar {
    Scalar::Integer(survived.into())
}

/// Returns the entity of a passenger's number.
pub(crate) fn entity(passenger_id: u64) -> Entity {
    let field: &Field = &SCHEMA.fields()[SCHEMA.key()[0]];
    Entity::from_values([(field, &FieldValue::Integer(passenger_id.try_into().unwrap()))]).unwrap()
}

/// Predicts for the passenger of this number.
pub(crate) fn of_number(number: u64, created_at: Timestamp) -> Prediction {
    prediction(&numbered(number), created_at)
}

/// Predicts for a passenger of this `PassengerId` who differs from its other selves by its fare.
pub(crate) fn of_passenger(passenger_id: u64, fare: u32, created_at: Timestamp) -> Prediction {
    let passenger = json!({"PassengerId": passenger_id, "Pclass": 3, "Sex": "male", "Fare": fare});
    prediction(&passenger, created_at)
}

/// Returns the same prediction as another version of the model would have made it.
pub(crate) fn of_version(version: &str, prediction: &Prediction) -> Prediction {
    let record = json::from_slice(&SCHEMA, prediction.record.as_bytes()).unwrap().unwrap();
    let id = Naming::new(version.into(), None).name(&SCHEMA, &record);
    Prediction { id, model_version: version.into(), ..prediction.clone() }
}
