//! What the program says of each passenger, in the formats that it writes.

use serde_json::Value;

/// What is said of one passenger: its number, whether it survives, the probability, the model.
pub(crate) type Line = (u64, u64, f64, String);

pub(crate) fn of_objects(objects: &[Value]) -> Vec<Line> {
    let line = |one: &Value| {
        let integer = |field: &str| one[field].as_u64().unwrap();
        let version = one["model_version"].as_str().unwrap().to_owned();
        (integer("PassengerId"), integer("Survived"), one["probability"].as_f64().unwrap(), version)
    };
    objects.iter().map(line).collect()
}

pub(crate) fn of_csv(text: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["PassengerId", "Survived", "probability", "model_version"]);
    reader.deserialize().map(Result::unwrap).collect()
}

pub(crate) fn of_ndjson(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
