//! What is no schema, or no record of one, is told with every fault in its place.

use lifeboat::table::{Fault, Record, Schema, json, load};
use serde_json::json;

const TITANIC: &[u8] = include_bytes!("../../model/titanic/schema.json");

fn titanic() -> Schema {
    load::schema(TITANIC).unwrap()
}

fn read(schema: &Schema, record: &serde_json::Value) -> Result<Record, Vec<Fault>> {
    json::from_slice(schema, record.to_string().as_bytes()).unwrap()
}

#[test]
fn two_spellings_are_one_record() {
    let schema = titanic();
    let one = json!({"PassengerId": 7, "Pclass": 1, "Sex": "male", "SibSp": 1, "Age": 54, "Name": " A, Mr. B "});
    let other = json!({"passenger_id": 7, "pclass": 1.0, "sex": "MALE", "sib_sp": 1, "age": 54.0, "Name": "A, Mr. B", "Cabin": ""});
    let record = read(&schema, &one).unwrap();
    assert_eq!(record, read(&schema, &other).unwrap());
    let written: serde_json::Value = serde_json::from_str(&record.text(&schema)).unwrap();
    let expected = json!({"PassengerId": 7, "Pclass": 1, "Sex": "male", "SibSp": 1, "Age": 54.0, "Name": "A, Mr. B"});
    assert_eq!(written, expected);
}

#[test]
fn every_fault_of_a_record_is_named() {
    let record = json!({
        "PassengerId": -1, "Pclass": 4, "Name": 7, "Age": 120.5, "SibSp": 1.5, "Parch": "2", "Ticket": [1],
        "Cabin": "x".repeat(257), "Embarked": "X", "Agee": 3, "Survived": "whatever",
    });
    let faults = read(&titanic(), &record).unwrap_err();
    let mut said: Vec<String> = faults.iter().map(Fault::to_string).collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [
            "Age must be a number from 0 to 120 or null, found 120.5",
            "Agee is not a field of a passenger: expected one of PassengerId, Pclass, Name, Sex, Age, SibSp, Parch, Ticket, Fare, \
         Cabin, Embarked",
            "Cabin must be at most 256 characters, found 257",
            "Embarked must be \"C\", \"Q\", \"S\" or null, found the text \"X\"",
            "Name must be a text or null, found 7",
            "Parch must be an integer from 0 to 20 or null, found the text \"2\"",
            "PassengerId must be an integer from 0 to 9007199254740991 or null, found -1",
            "Pclass must be 1, 2 or 3, found 4",
            "Sex is required",
            "SibSp must be an integer from 0 to 20 or null, found 1.5",
            "Ticket must be a text or null, found a list or an object",
        ]
    );
}

#[test]
fn what_is_no_object_says_so() {
    let faults = read(&titanic(), &json!([1])).unwrap_err();
    assert_eq!(faults[0].to_string(), "must be an object with the fields of a passenger, found a list");
}

#[test]
fn every_fault_of_a_schema_is_named_with_its_place() {
    let schema = json!({
        "fields": [
            {"name": "a", "type": "integer", "constraints": {"minimum": 3, "maximum": 2}},
            {"name": "A", "type": "number", "constraints": {"minimum": "x"}},
            {"name": "b", "constraints": {"pattern": "(", "minimum": 1}},
            {"name": "c", "type": "integer", "categories": [1, "x", 1]},
            {"name": "d", "type": "date", "format": "%d.%m.%Y", "lifeboat": {"ignore_case": true}},
            {"name": "e ", "type": "number", "decimalChar": ","},
        ],
        "lifeboat": {"label": "d", "key": ["b", "b", "z"], "time": "c", "timezone": "Mars/Olympus", "compare_by": ["d"]},
    });
    let error = load::schema(schema.to_string().as_bytes()).unwrap_err();
    insta::assert_snapshot!(error.faults().join("\n"));
}

#[test]
fn a_text_that_is_no_schema_is_told_with_its_place() {
    let said = |text: &str| load::schema(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        said(r#"{"fields": [{"name": 1}]}"#),
        "fields[0].name: invalid type: integer `1`, expected a string at line 1 column 22"
    );
    assert!(said(r#"{"fields": [], "lifeboat": {"label": "x"}}"#).contains("/lifeboat/label: \"x\" is not a field"));
}
