//! Schemas of what no type of the program is: a passenger before it is read, and bodies of several forms.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, Schema, SchemaType, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::examples;
use crate::api::answer::Answer;
use crate::api::{MAX_PASSENGERS, inference};
use crate::passenger::{Field, MAX_AGE_YEARS, MAX_FARE_POUNDS, MAX_PASSENGER_ID, MAX_RELATIVES, MAX_TEXT_CHARS};

/// A passenger as a client describes it.
pub(in crate::api) struct PassengerSchema;

impl PartialSchema for PassengerSchema {
    fn schema() -> RefOr<Schema> {
        let object = Field::ALL
            .into_iter()
            .fold(ObjectBuilder::new(), |object, field| object.property(field.name(), property(field)));
        let closed = AdditionalProperties::FreeForm(false);
        let required = object.required(Field::Pclass.name()).required(Field::Sex.name());
        let described = required.additional_properties(Some(closed)).description(Some(
            "A passenger in Kaggle's terms; `snake_case` names such as `sib_sp` are understood too. Any other field is refused.",
        ));
        described.examples([examples::becker()]).into()
    }
}

impl ToSchema for PassengerSchema {
    fn name() -> Cow<'static, str> {
        "Passenger".into()
    }
}

/// Returns the rule of a field.
fn property(field: Field) -> ObjectBuilder {
    let nullable = |of: Type| SchemaType::Array(vec![of, Type::Null]);
    let object = ObjectBuilder::new();
    let text = |description: &str| {
        let text = ObjectBuilder::new().schema_type(nullable(Type::String)).max_length(Some(MAX_TEXT_CHARS));
        text.description(Some(description))
    };
    let number = |of: Type, maximum: f64, description: &str| {
        let number = ObjectBuilder::new().schema_type(nullable(of)).minimum(Some(0)).maximum(Some(maximum));
        number.description(Some(description))
    };
    let choice =
        |choices: &[Value]| ObjectBuilder::new().schema_type(SchemaType::AnyValue).enum_values(Some(choices.to_vec()));
    match field {
        Field::PassengerId => {
            let id = object.schema_type(nullable(Type::Integer)).minimum(Some(0)).maximum(Some(MAX_PASSENGER_ID));
            id.description(Some("The client's own number."))
        }
        Field::Survived => {
            object.schema_type(SchemaType::AnyValue).description(Some("Ignored: a labelled row can be posted."))
        }
        Field::Pclass => choice(&[json!(1), json!(2), json!(3)]).description(Some("Ticket class.")),
        Field::Name => text("`Surname, Title. Given names`."),
        Field::Sex => choice(&[json!("female"), json!("male")]).description(Some("In any case.")),
        Field::Age => number(Type::Number, MAX_AGE_YEARS, "Years."),
        Field::SibSp => {
            number(Type::Integer, MAX_RELATIVES.into(), "Siblings and spouses aboard; the model takes null for 0.")
        }
        Field::Parch => {
            number(Type::Integer, MAX_RELATIVES.into(), "Parents and children aboard; the model takes null for 0.")
        }
        Field::Ticket => text("Number of the ticket, with what stands before it."),
        Field::Fare => number(Type::Number, MAX_FARE_POUNDS, "Pounds of 1912."),
        Field::Cabin => text("Deck and number."),
        Field::Embarked => choice(&[json!("C"), json!("Q"), json!("S"), Value::Null])
            .description(Some("Cherbourg, Queenstown or Southampton; in any case.")),
    }
}

/// One passenger, or a list of them.
pub(in crate::api) struct PassengersSchema;

impl PartialSchema for PassengersSchema {
    fn schema() -> RefOr<Schema> {
        let passenger = || Ref::from_schema_name(PassengerSchema::name());
        let list = ArrayBuilder::new().items(passenger()).min_items(Some(1)).max_items(Some(MAX_PASSENGERS));
        OneOfBuilder::new().item(passenger()).item(list).into()
    }
}

impl ToSchema for PassengersSchema {
    fn name() -> Cow<'static, str> {
        "Passengers".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((PassengerSchema::name().into(), PassengerSchema::schema()));
    }
}

/// One prediction, or a list of them.
pub(in crate::api) struct AnswersSchema;

impl PartialSchema for AnswersSchema {
    fn schema() -> RefOr<Schema> {
        let answer = || Ref::from_schema_name(Answer::name());
        OneOfBuilder::new().item(answer()).item(ArrayBuilder::new().items(answer())).into()
    }
}

impl ToSchema for AnswersSchema {
    fn name() -> Cow<'static, str> {
        "Predictions".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Answer::name().into(), Answer::schema()));
        Answer::schemas(schemas);
    }
}

/// Passengers as a table. The pattern is narrower than what is read, so that whoever generates tables from it is understood.
pub(in crate::api) struct TableSchema;

impl PartialSchema for TableSchema {
    fn schema() -> RefOr<Schema> {
        let table = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^Pclass,Sex,Age,PassengerId\n([123],(female|male),[1-9]?[0-9]?,[1-9][0-9]{0,6}\n){1,20}$"));
        let described = table.description(Some(
            "A header of Kaggle's columns in any order, `Pclass` and `Sex` among them, and 1 to 1,000 rows. An empty cell is a missing value.",
        ));
        described.into()
    }
}

impl ToSchema for TableSchema {
    fn name() -> Cow<'static, str> {
        "Table".into()
    }
}

/// The id of a prediction.
pub(in crate::api) struct PredictionIdSchema;

impl PartialSchema for PredictionIdSchema {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^([0-9]+-)?[0-9a-f]{32}$"));
        id.examples([examples::answer()["id"].clone()]).into()
    }
}

impl ToSchema for PredictionIdSchema {
    fn name() -> Cow<'static, str> {
        "PredictionId".into()
    }
}

/// The name of a model that is served here.
pub(in crate::api) struct ModelNameSchema;

impl PartialSchema for ModelNameSchema {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some([inference::MODEL])).into()
    }
}

impl ToSchema for ModelNameSchema {
    fn name() -> Cow<'static, str> {
        "ModelName".into()
    }
}

/// What really happened, as a client tells it.
pub(in crate::api) struct NewOutcomeSchema;

impl PartialSchema for NewOutcomeSchema {
    fn schema() -> RefOr<Schema> {
        let survived = ObjectBuilder::new().schema_type(SchemaType::AnyValue).enum_values(Some([0, 1]));
        let survived = survived.description(Some("1 for a passenger who survived, else 0."));
        let object = ObjectBuilder::new().property("Survived", survived).required("Survived");
        object.additional_properties(Some(AdditionalProperties::FreeForm(false))).into()
    }
}

impl ToSchema for NewOutcomeSchema {
    fn name() -> Cow<'static, str> {
        "NewOutcome".into()
    }
}
